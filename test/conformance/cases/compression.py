"""Compression by size, kind of data, window bits, context takeover and automatic fragmentation: the grid of
Autobahn's 12.x and 13.x with messages of our own (RFC 7692 §7), and more of the parameters' combinations."""

import functools
import os
import random

from suite.case import Case, Later, Part
from wire import BINARY, TEXT

# (size of a message, octets of each frame; 0: a message is one frame), as in Autobahn's sub-cases 1 to 18.
SHAPES = [*((1 << n, 0) for n in (4, 6, 8, 10, 12, 13, 14, 15, 16, 17)),
          *((1 << n, 256) for n in (13, 14, 15, 16, 17)), (1 << 17, 1024), (1 << 17, 4096), (1 << 17, 32768)]
THOUSAND = 1000
# Octets of a case's messages: beyond that there are fewer of them, unless WEBSOCK_THOUSAND is set.
VOLUME = 2 << 20
LEAST = 16

# (name, Autobahn, parameters of our offer, or, as a server, of our answer)
PARAMETERS = [
    ("default", "13.1", ""),
    ("no_takeover", "13.2", "; server_no_context_takeover"),
    ("bits_9", "13.3", "; server_max_window_bits=9; client_max_window_bits"),
    ("bits_15", "13.4", "; server_max_window_bits=15; client_max_window_bits"),
    ("bits_9_no_takeover", "13.5", "; server_max_window_bits=9; server_no_context_takeover; client_max_window_bits"),
    ("bits_15_no_takeover", "13.6",
     "; server_max_window_bits=15; server_no_context_takeover; client_max_window_bits"),
    ("three_offers", "13.7", "; server_no_context_takeover; server_max_window_bits=9, permessage-deflate; "
     "server_no_context_takeover, permessage-deflate"),
    ("bits_12", "", "; server_max_window_bits=12; client_max_window_bits"),
    ("bits_12_no_takeover", "",
     "; server_max_window_bits=12; server_no_context_takeover; client_no_context_takeover"),
    ("client_no_takeover", "", "; client_no_context_takeover"),
]
DATA = [("json", "12.1"), ("bitmap", "12.2"), ("text", "12.3"), ("html", "12.4"), ("noise", "12.5")]


def cases():
    for number, (data, covered) in enumerate(DATA):
        yield from shapes(f"data.{data}", data, covered, "", level=(1, 6, 9, 6, 1)[number])
    for name, covered, params in PARAMETERS:
        yield from shapes(name, "json", covered, params, level=1)
    yield from honoured_windows()


def shapes(name: str, data: str, covered: str, params: str, level: int):
    for number, (size, fragment) in enumerate(SHAPES, 1):
        count = THOUSAND if "WEBSOCK_THOUSAND" in os.environ else max(LEAST, min(THOUSAND, VOLUME // size))
        suffix = f".in_{fragment}" if fragment else ""
        yield Case(f"compression.{name}.{size}{suffix}", "RFC 7692 §7",
                   f"{count} messages of {size} octets ({data}), {f'in frames of {fragment}' if fragment else 'not fragmented'}",
                   messages(data, size, count), params=params, fragment=fragment, level=level, deflate=True,
                   autobahn=f"{covered}.{number}" if covered else "", octets=size <= 64 and not fragment,
                   quick=name in ("data.text", "bits_9_no_takeover") and size in (16, 1024, 8192))


def honoured_windows():
    """Our inflater takes small steps here, so that a distance beyond the agreed window is noticed."""
    for bits in range(9, 16):
        for takeover in ("", "; server_no_context_takeover; client_no_context_takeover"):
            name = f"compression.window.{bits}.{'no_takeover' if takeover else 'takeover'}"
            yield Case(name, "RFC 7692 §7.1.2", f"no distance beyond a window of {bits} bits",
                       messages("json", 3 << bits, 4), deflate=True, small_steps=True,
                       params=f"; server_max_window_bits={bits}; client_max_window_bits{takeover}", octets=False,
                       quick=bits in (9, 12))


# ------------------------------------------------------------------------------------ data

WORDS = """der die und zwei mit Straße größer Mühe window frame message payload takeover extension the of and to in
    that fragment Ἀχιλλεύς socket deflate κόσμος byte octet 水 über naïve façade 😀 a close code server client""".split()


def messages(data: str, size: int, count: int) -> Later:
    """`count` messages of `size` octets each, from all over the data."""

    def make():
        whole, at = corpus(data), size * 7919
        for _ in range(count):
            at = (at + size) % len(whole)
            piece = (whole + whole)[at : at + size] if size > len(whole) - at else whole[at : at + size]
            if data in TEXTS:  # cut between code points
                piece = piece.decode("utf-8", "ignore").encode().ljust(size)
            yield Part(TEXT if data in TEXTS else BINARY, piece)

    return Later(f"{count} × {size} octets of {data}", make)


@functools.lru_cache(maxsize=None)
def corpus(name: str) -> bytes:
    """At least 256 KiB of data of a kind; the same in every run."""
    chance = random.Random(name)
    data = bytearray()
    while len(data) < 1 << 18:
        data += MAKERS[name](chance)
    return bytes(data)


def prose(chance) -> bytes:
    return (" ".join(chance.choices(WORDS, k=chance.randrange(5, 15))).capitalize() + ".\n").encode()


def page(chance) -> bytes:
    words = " ".join(chance.choices(WORDS, k=6))
    return f'<tr class="row{chance.randrange(4)}"><td><a href="/{chance.randrange(999)}">{words}</a></td></tr>\n'.encode()


def record(chance) -> bytes:
    return (f'{{"id": {chance.randrange(10**6)}, "name": "{chance.choice(WORDS)}", "active": {chance.choice(("true", "false"))}, '
            f'"at": {chance.random():.6f}, "tags": ["{chance.choice(WORDS)}", "{chance.choice(WORDS)}"]}},\n').encode()


def bitmap(chance) -> bytes:
    return bytes((x // 3 + chance.randrange(4)) & 0xFF for x in range(512))


def noise(chance) -> bytes:
    return chance.randbytes(4096)


MAKERS = {"text": prose, "html": page, "json": record, "bitmap": bitmap, "noise": noise}
TEXTS = ("text", "html", "json")
