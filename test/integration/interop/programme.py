"""What a client of the interop matrix sends, and how an end sums up what it received. The same
rules stand in programme.cjs, programme.hpp and gorilla/programme.go; README.md tells them.

Message number i is text if i is even, else binary; its content and size follow from i alone, so
both ends can be compared by one digest.
"""

import struct
import zlib
from typing import Iterator, List, NamedTuple

BLOCK = 65536
# Eight words of eight bytes, of code points of 1 to 4 bytes and the edges between those lengths.
WORDS = ("Grüße!", "κόσμ", "日本 a", "€uro£", "😀😁", "plain ab", "ÿ\u07ff\u0800a", "𝄞 ½!")


def xorshift(state: int) -> Iterator[int]:
    """Marsaglia's xorshift32."""
    while True:
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        yield state


def _blocks():
    numbers = xorshift(2463534242)
    text = b"".join(WORDS[next(numbers) >> 29].encode() for _ in range(BLOCK // 8))
    numbers = xorshift(1)
    return text, b"".join(struct.pack("<I", next(numbers)) for _ in range(BLOCK // 4))


TEXT, RANDOM = _blocks()


def sizes(messages: int, largest: int) -> List[int]:
    """Every edge of the frame format twice (as text and as binary), then `messages` mixed ones."""
    edges = [size for size in (1, 125, 126, 127, 65535, 65536, 1 << 20, 16 << 20) if size <= largest]
    numbers = xorshift(7)
    mixed = []
    for _ in range(messages):
        scale = 1 << next(numbers) % 17
        mixed.append(min(BLOCK, scale + next(numbers) % scale))
    return [size for size in edges for _ in range(2)] + mixed


def payload(index: int, size: int) -> bytes:
    block, offset = TEXT, 8 * (index * 613 % (BLOCK // 8))
    if index % 4 == 1:
        block, offset = RANDOM, index * 7919 % BLOCK
    ring = (block * (size // BLOCK + 2))[offset : offset + size + 1]
    end = size
    while index % 2 == 0 and ring[end] & 0xC0 == 0x80:
        end -= 1  # not inside a code point
    return ring[:end] + b"x" * (size - end)


def is_text(index: int) -> bool:
    return index % 2 == 0


def in_fragments(index: int, size: int) -> bool:
    """Sent in three fragments, by peers that can."""
    return index % 8 in (2, 3) and size >= 3


class Request(NamedTuple):
    """The client's wish that the server closes: a text message that is neither echoed nor counted."""

    code: int

    @staticmethod
    def of(message):
        if isinstance(message, str) and message.startswith("close ") and len(message) == 10:
            return Request(int(message[6:]))
        return None


class Tally:
    """Sums up received messages: their number, their bytes, and a CRC-32 over kind, size and content."""

    def __init__(self):
        self.messages = self.bytes = self.digest = 0

    def add(self, text: bool, content: bytes):
        self.messages += 1
        self.bytes += len(content)
        head = struct.pack("<BI", 1 if text else 2, len(content))
        self.digest = zlib.crc32(content, zlib.crc32(head, self.digest))


def expected(messages: int, largest: int) -> Tally:
    """What the whole programme sums up to."""
    tally = Tally()
    for index, size in enumerate(sizes(messages, largest)):
        tally.add(is_text(index), payload(index, size))
    return tally
