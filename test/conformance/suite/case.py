"""The vocabulary of the table: what a case sends, what must come back, how the connection must end.

A case is written from the RFC's text and for both roles at once: the suite plays the client against
the echo server, and the server against the echo client. `good` is what an endpoint has to answer:
messages with themselves, pings with pongs, a Close with its code. `bad` is the violation and what
comes after it; none of that may be answered, and `code` is what the Close frame must say.
"""

import random
from typing import NamedTuple, Optional

from wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_payload

KINDS = {CONTINUATION: "CONT", TEXT: "TEXT", BINARY: "BINARY", CLOSE: "CLOSE", PING: "PING", PONG: "PONG"}
BOTH = ("server", "client")  # the role of the endpoint under test
FRAMES = "frames"  # a cut: each frame in a write of its own
RSV1, RSV2, RSV3 = 4, 2, 1


class Part(NamedTuple):
    """One frame to be sent, right or wrong."""

    opcode: int
    payload: bytes = b""
    fin: bool = True
    rsv: int = 0
    form: Optional[int] = None  # forces the length's form: 7, 16 or 64 bits
    missing: int = 0  # octets that the header announces and that are never sent
    masked: bool = True  # as the role demands; False: the other way round
    key: Optional[bytes] = None  # masking key; None: a random one
    literal: bool = False  # sent as it is, also where the extension is in use

    def __str__(self):
        marks = ["" if self.fin else "fin=0", f"rsv={self.rsv:03b}" if self.rsv else "",
                 f"{self.form}-bit length" if self.form else "", "" if self.masked else "wrong masking",
                 f"{self.missing} octets withheld" if self.missing else "", f"key {self.key.hex()}" if self.key
                 else ""]
        return " ".join(filter(None, [KINDS.get(self.opcode, f"opcode {self.opcode}"), show(self.payload), *marks]))


class Raw(NamedTuple):
    """Octets to be sent that are no frame."""

    data: bytes

    def __str__(self):
        return "octets " + show(self.data)


class Await(NamedTuple):
    """Sends no more before so many messages and pongs have come back."""

    count: int

    def __str__(self):
        return f"(wait for {self.count})"


class Fin(NamedTuple):
    """Ends the sending side of TCP (TLS: close_notify first) without a Close frame."""

    def __str__(self):
        return "FIN"


class Event(NamedTuple):
    """A message, a pong or a ping that came, or must come."""

    opcode: int
    payload: bytes = b""

    def __str__(self):
        return f"{KINDS[self.opcode]} {show(self.payload)}"


class Later:
    """Parts that are made only when they are needed: many, or large ones."""

    def __init__(self, shown: str, make):
        self._shown, self._make = shown, make

    def __iter__(self):
        return iter(self._make())

    def __str__(self):
        return self._shown


class Case(NamedTuple):
    id: str
    clause: str
    title: str
    good: object = ()  # a tuple, or Later
    bad: object = ()
    code: Optional[int] = 1000  # of the Close frame that comes; None: a Close frame without a code
    dropped: bool = False  # ends without a Close frame of ours; one of theirs need not come
    back: Optional[tuple] = None  # what must come back, where `good` does not say it
    autobahn: str = ""  # the case of the Autobahn testsuite that it covers
    roles: tuple = BOTH
    deflate: Optional[bool] = None  # only in configurations with, or without the extension
    params: str = ""  # "; name=value" after permessage-deflate in our offer, or in our answer
    level: int = 6  # of our own compression
    fragment: int = 0  # our compressed payloads are cut into frames of this size; 0: not at all
    small_steps: bool = False  # inflate in steps that notice distances beyond the agreed window
    cut: object = None  # None: all in one write; FRAMES; or the size of each piece
    octets: bool = True  # also octet by octet
    quick: bool = True  # also in the quick run
    reset: bool = False  # the end under test may answer what it does not read with RST

    def answers(self) -> tuple:
        return answers(self.good) if self.back is None else self.back

    def runs_in(self, config) -> bool:
        return (config.role in self.roles and self.deflate in (None, config.deflate)
                and (self.octets or not config.octets))

    def sent(self) -> str:
        shown = [[str(part)] if isinstance(part, Later) else map(str, part) for part in (self.good, self.bad)]
        return abridged([step for steps in shown for step in steps])

    def expected(self) -> str:
        if isinstance(self.good, Later) and self.back is None:
            return "the same"
        return abridged([str(event) for event in self.answers()])

    def ending(self) -> str:
        if self.dropped:
            return "no Close needed; no RST"
        return f"Close {'without code' if self.code is None else self.code}; the server ends TCP first; no RST"


def abridged(items: list) -> str:
    shown = items if len(items) <= 12 else [*items[:5], f"… {len(items) - 8} more …", *items[-3:]]
    return ", ".join(shown) or "–"


def show(data: bytes) -> str:
    if len(data) > 24:
        return f"{data[:12].hex()}… ({len(data)})"
    return f"“{data.decode()}”" if data.isascii() and data.decode().isprintable() else data.hex() or "(0)"


# ------------------------------------------------------------------------------- building


def text(payload, **options) -> Part:
    return Part(TEXT, payload.encode() if isinstance(payload, str) else payload, **options)


def binary(payload=b"", **options) -> Part:
    return Part(BINARY, payload, **options)


def more(payload=b"", **options) -> Part:
    return Part(CONTINUATION, payload, **options)


def ping(payload=b"", **options) -> Part:
    return Part(PING, payload, **options)


def pong(payload=b"", **options) -> Part:
    return Part(PONG, payload, **options)


def close(code=1000, reason=b"", **options) -> Part:
    return Part(CLOSE, b"" if code is None else close_payload(code, reason), **options)


HELLO = text("Hello")
BEGUN = text("begun", fin=False)
# What follows a violation: none of it may be answered.
LATE = (ping(b"late"), text("late"), close(4999))


def in_fragments(opcode: int, payload: bytes, cuts) -> tuple:
    """The frames of one message, cut at the offsets in `cuts`."""
    edges = [0, *cuts, len(payload)]
    pieces = [payload[start:end] for start, end in zip(edges, edges[1:])]
    last = len(pieces) - 1
    return tuple(Part(CONTINUATION if n else opcode, piece, fin=n == last) for n, piece in enumerate(pieces))


def fails(id_, clause, title, good, bad, code, **options) -> Case:
    """A case whose violation is `bad`, with more behind it unless it ends within a frame."""
    if isinstance(bad, Later):
        return Case(id_, clause, title, good=good, bad=bad, code=code, **options)
    bad = (bad,) if isinstance(bad, (Part, Raw)) else bad  # these are tuples themselves
    ends_within = isinstance(bad[-1], Part) and bad[-1].missing
    return Case(id_, clause, title, good=good, bad=bad if ends_within else (*bad, *LATE), code=code, **options)


def answers(steps) -> tuple:
    """What an echoing endpoint sends back for frames that break no rule."""
    back, opcode, payload = [], None, []
    for part in steps:
        if not isinstance(part, Part) or part.opcode == PONG:
            continue
        if part.opcode == PING:
            back.append(Event(PONG, part.payload))
        elif part.opcode == CLOSE:
            break
        else:
            opcode = part.opcode or opcode
            payload.append(part.payload)
            if part.fin:
                back.append(Event(opcode, b"".join(payload)))
                payload = []
    return tuple(back)


SYLLABLES = "κόσμε Grüße 😀 € straße plain words 水 ".encode()


def some_text(size: int) -> bytes:
    """UTF-8 of exactly `size` octets, of code points of every length."""
    whole = (SYLLABLES * (size // len(SYLLABLES) + 1))[:size]
    good = whole.decode("utf-8", "ignore").encode()
    return good + b"." * (size - len(good))


def some_bytes(size: int) -> bytes:
    return random.Random(size).randbytes(size)
