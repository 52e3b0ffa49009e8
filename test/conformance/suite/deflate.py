"""permessage-deflate as the suite itself performs it (RFC 7692 §7), with Python's zlib."""

import zlib
from typing import NamedTuple

from wire import WireError

TAIL = b"\x00\x00\xff\xff"  # §7.2.1
FLAGS = ("server_no_context_takeover", "client_no_context_takeover")
BITS = ("server_max_window_bits", "client_max_window_bits")


class Agreement(NamedTuple):
    """The agreed parameters, by the direction in which they hold."""

    server_takeover: bool = True
    client_takeover: bool = True
    server_bits: int = 15
    client_bits: int = 15


def parameters(value: str) -> dict:
    """The parameters of an extension as this suite writes it and as §7.1 lets it be answered."""
    name, *rest = [piece.strip() for piece in value.split(";")]
    if name != "permessage-deflate":
        raise WireError(f"another extension: {value!r}")
    found = {}
    for piece in rest:
        key, equals, argument = piece.partition("=")
        if key in found:
            raise WireError(f"{key} twice: {value!r}")
        found[key] = argument if equals else None
    return found


def judge_answer(offer: str, answer: str) -> Agreement:
    """Judges a server's answer to one offer (§7.1.1, §7.1.2) and returns what has been agreed."""
    asked, given = parameters(offer), parameters(answer)
    for key, value in given.items():
        if key in FLAGS:
            if value is not None:
                raise WireError(f"{key} has a value: {answer!r}")
        elif key not in BITS or value not in [str(bits) for bits in range(8, 16)]:
            raise WireError(f"unknown or invalid: {key}={value} in {answer!r}")
    if "client_max_window_bits" in given and "client_max_window_bits" not in asked:
        raise WireError(f"client_max_window_bits without an offer of it: {answer!r}")
    if FLAGS[0] in asked and FLAGS[0] not in given:
        raise WireError(f"{FLAGS[0]} was asked for: {answer!r}")
    if BITS[0] in asked and int(given.get(BITS[0], 99)) > int(asked[BITS[0]]):
        raise WireError(f"{BITS[0]} was asked for: {answer!r}")
    return agreement(given)


def agreement(given: dict) -> Agreement:
    return Agreement(FLAGS[0] not in given, FLAGS[1] not in given,
                     int(given.get(BITS[0], 15)), int(given.get(BITS[1], 15)))


class Compressor:
    """Compresses messages, fragment by fragment; each fragment can be inflated as it comes."""

    def __init__(self, bits: int, takeover: bool, level: int = 6):
        # zlib cannot deflate with a window of 8 bits; without matches it needs none.
        strategy = zlib.Z_HUFFMAN_ONLY if bits == 8 else zlib.Z_DEFAULT_STRATEGY
        self._start = lambda: zlib.compressobj(level, zlib.DEFLATED, -max(9, bits), 8, strategy)
        self._stream, self._takeover = self._start(), takeover

    def fragment(self, payload: bytes, fin: bool) -> bytes:
        data = self._stream.compress(payload) + self._stream.flush(zlib.Z_SYNC_FLUSH)
        if not fin:
            return data
        if not self._takeover:
            self._stream = self._start()
        return data[:-4] if data else b"\0"  # §7.2.3.6


class Decompressor:
    """Inflates whole messages, within the window that has been agreed on."""

    def __init__(self, bits: int, takeover: bool, small_steps: bool = False):
        self._start = lambda: zlib.decompressobj(-bits)
        self._stream, self._takeover, self._small_steps = self._start(), takeover, small_steps

    def message(self, payload: bytes) -> bytes:
        try:
            data = self._inflate(payload + TAIL)
        except zlib.error as problem:
            raise WireError(f"the compressed message cannot be inflated: {problem}") from None
        if self._stream.eof or self._stream.unused_data:
            raise WireError("a final block in the compressed message")
        if not self._takeover:
            self._stream = self._start()
        return data

    def _inflate(self, data: bytes) -> bytes:
        if not self._small_steps:
            return self._stream.decompress(data)
        # zlib notices a distance beyond the window only behind what it has written in this call.
        pieces = []
        while piece := self._stream.decompress(data, 1):
            pieces.append(piece)
            data = self._stream.unconsumed_tail
        return b"".join(pieces)


def deflated(payload: bytes, level: int = 6) -> bytes:
    """One message, compressed by itself."""
    return Compressor(15, False, level).fragment(payload, True)
