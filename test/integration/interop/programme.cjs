// programme.py in JavaScript, for node and for a browser: the messages, and their digest.
"use strict";

const programme = (() => {
  const BLOCK = 65536;
  const WORDS = ["Grüße!", "κόσμ", "日本 a", "€uro£", "😀😁", "plain ab", "ÿ\u07ff\u0800a", "𝄞 ½!"];

  function xorshift(state) {
    return () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>>= 0);
    };
  }

  function textBlock() {
    const words = WORDS.map(word => new TextEncoder().encode(word));
    const next = xorshift(2463534242);
    const block = new Uint8Array(BLOCK);
    for (let offset = 0; offset < BLOCK; offset += 8) block.set(words[next() >>> 29], offset);
    return block;
  }

  function randomBlock() {
    const next = xorshift(1);
    const block = new DataView(new ArrayBuffer(BLOCK));
    for (let offset = 0; offset < BLOCK; offset += 4) block.setUint32(offset, next(), true);
    return new Uint8Array(block.buffer);
  }

  const TEXT = textBlock(), RANDOM = randomBlock();

  function sizes(messages, largest) {
    const all = [];
    for (const size of [1, 125, 126, 127, 65535, 65536, 1 << 20, 16 << 20]) {
      if (size <= largest) all.push(size, size);
    }
    const next = xorshift(7);
    for (let count = 0; count < messages; ++count) {
      const scale = 2 ** (next() % 17);
      all.push(Math.min(BLOCK, scale + next() % scale));
    }
    return all;
  }

  const isText = index => index % 2 === 0;
  const inFragments = (index, size) => (index % 8 === 2 || index % 8 === 3) && size >= 3;

  // The payload as bytes, whatever the kind.
  function payload(index, size) {
    const random = index % 4 === 1;
    const block = random ? RANDOM : TEXT;
    const offset = random ? index * 7919 % BLOCK : 8 * (index * 613 % (BLOCK / 8));
    let end = size;
    while (isText(index) && (block[(offset + end) % BLOCK] & 0xc0) === 0x80) --end;
    const bytes = new Uint8Array(size).fill(0x78);
    for (let at = 0, from = offset; at < end; from = 0) {
      const part = block.subarray(from, Math.min(BLOCK, from + end - at));
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  function same(left, right) {
    if (left.length !== right.length) return false;
    if (typeof Buffer !== "undefined") return Buffer.compare(left, right) === 0;
    for (let at = 0; at < left.length; ++at) if (left[at] !== right[at]) return false;
    return true;
  }

  // The code that the client asks the server to close with, or undefined.
  const closeWish = text => (/^close (\d{4})$/.exec(text) || [])[1];

  const CRC = new Uint32Array(256).map((_, index) => {
    for (let bit = 0; bit < 8; ++bit) index = index & 1 ? 0xedb88320 ^ (index >>> 1) : index >>> 1;
    return index;
  });

  function crc(bytes, seed) {
    let value = ~seed;
    for (let at = 0; at < bytes.length; ++at) value = CRC[(value ^ bytes[at]) & 255] ^ (value >>> 8);
    return ~value >>> 0;
  }

  class Tally {
    messages = 0;
    bytes = 0;
    digest = 0;

    add(text, content) {
      const head = new DataView(new ArrayBuffer(5));
      head.setUint8(0, text ? 1 : 2);
      head.setUint32(1, content.length, true);
      this.messages += 1;
      this.bytes += content.length;
      this.digest = crc(content, crc(new Uint8Array(head.buffer), this.digest));
    }
  }

  return { sizes, isText, inFragments, payload, same, closeWish, Tally };
})();

if (typeof module !== "undefined") module.exports = programme;
