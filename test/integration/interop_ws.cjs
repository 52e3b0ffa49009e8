// The node-ws half of test_interop.py: `node interop_ws.cjs URL`. Talks to the echo server at URL
// and prints "ok" when all was as it should be; otherwise says what was not and exits with 1.
"use strict";

const assert = require("node:assert");
const { randomBytes } = require("node:crypto");
const WebSocket = require("ws");

const url = process.argv[2];
setTimeout(() => fail(new Error("deadline passed")), Number(process.argv[3] || 20) * 1000).unref();

function fail(problem) {
  console.error(problem);
  process.exit(1);
}

function open(options = {}) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { rejectUnauthorized: false, ...options });
    socket.once("open", () => resolve(socket));
    socket.once("error", reject);
  });
}

function next(socket) {
  return new Promise((resolve, reject) => {
    socket.once("message", (data, isBinary) => resolve({ data, isBinary }));
    socket.once("close", code => reject(new Error(`closed with ${code} while an echo was awaited`)));
  });
}

async function echo(socket, payload) {
  const answer = next(socket);
  socket.send(payload);
  const { data, isBinary } = await answer;
  assert.strictEqual(isBinary, typeof payload !== "string");
  assert.ok(data.equals(Buffer.from(payload)), `echo of ${payload.length} differs`);
}

function closed(socket) {
  return new Promise(resolve => socket.once("close", (code, reason) => resolve([code, reason.toString()])));
}

async function main() {
  const socket = await open();
  for (const size of [0, 1, 125, 126, 127, 65535, 65536, 1 << 20]) {
    await echo(socket, randomBytes(size));
    await echo(socket, "x".repeat(size));
  }
  await echo(socket, "Grüße, κόσμε €😀".repeat(1000));

  const many = Array.from({ length: 1000 }, (_, number) => `message ${number}`);
  const received = [];
  const all = new Promise(resolve => socket.on("message", data => {
    if (received.push(data.toString()) === many.length) resolve();
  }));
  for (const message of many) socket.send(message);
  await all;
  assert.deepStrictEqual(received, many);
  socket.removeAllListeners("message");

  const pong = new Promise(resolve => socket.once("pong", resolve));
  socket.ping("are you there");
  assert.strictEqual((await pong).toString(), "are you there");

  const whole = next(socket);
  for (const part of ["in ", "three ", "fragments"]) socket.send(part, { fin: part === "fragments" });
  assert.strictEqual((await whole).data.toString(), "in three fragments");

  const end = closed(socket);
  socket.close(4001, "that was all");
  assert.strictEqual((await end)[0], 4001);

  for (const [code, expected] of [[1000, 1000], [3000, 3000], [4999, 4999], [undefined, 1005]]) {
    const other = await open({ perMessageDeflate: false });
    const ending = closed(other);
    other.close(code);
    assert.strictEqual((await ending)[0], expected);
  }

  const refused = new Promise(resolve => {
    const wrong = new WebSocket(url + "-nowhere", { rejectUnauthorized: false });
    wrong.once("unexpected-response", (_, response) => { response.resume(); resolve(response.statusCode); });
    wrong.once("error", fail);
  });
  assert.strictEqual(await refused, 404);
}

main().then(() => { console.log("ok"); process.exit(0); }, fail);
