"""Limits and performance (Autobahn 9.x): messages up to the limit, fragments of every size, many messages; and
what lies beyond the limits (RFC 6455 §7.4.1: 1009; §10.4). The ends under test take messages of 16 MiB in at
most 131,072 fragments."""

import functools

from suite.case import (
    HELLO, RSV1, Await, Case, Event, Later, Part, binary, fails, in_fragments, more, ping, some_bytes, some_text,
    text,
)
from suite.deflate import deflated
from wire import BINARY, CONTINUATION, TEXT

KIB, MIB = 1 << 10, 1 << 20
MAX_MESSAGE, MAX_FRAGMENTS = 16 * MIB, 131_072
KINDS = ((TEXT, some_text, "text", 1), (BINARY, some_bytes, "binary", 2))


def cases():
    yield from sizes()
    yield from fragments()
    yield from pieces()
    yield from many()
    yield from beyond()


def one(kind, make, size: int) -> Later:
    return Later(f"a message of {size} octets", lambda: (Part(kind, make(size)),))


def cut(kind, make, size: int) -> tuple:
    return in_fragments(kind, make(4 * MIB), range(size, 4 * MIB, size))


def sizes():
    for kind, make, name, section in KINDS:
        for number, size in enumerate((64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB), 1):
            yield Case(f"limits.size.{name}.{size // KIB}k", "§5.2", f"one message of {size} octets",
                       one(kind, make, size), autobahn=f"9.{section}.{number}", octets=False, quick=size <= MIB,
                       level=1)


def fragments():
    for kind, make, name, section in KINDS:
        for number, size in enumerate((64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB), 1):
            yield Case(f"limits.fragments.{name}.{size}", "§5.4", f"4 MiB in fragments of {size} octets",
                       Later(f"{name} of 4 MiB in fragments of {size}", functools.partial(cut, kind, make, size)),
                       autobahn=f"9.{section + 2}.{number}",
                       octets=False, quick=size == 64 * KIB, level=0)


def pieces():
    for kind, make, name, section in KINDS:
        for number, size in enumerate((64, 128, 256, 512, 1024, 2048), 1):
            yield Case(f"limits.pieces.{name}.{size}", "§5.2", f"1 MiB written in pieces of {size} octets",
                       one(kind, make, MIB), cut=size, autobahn=f"9.{section + 4}.{number}", octets=False,
                       quick=size == 2048, level=1)


def many():
    for kind, make, name, section in KINDS:
        for number, size in enumerate((0, 16, 64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB), 1):
            messages = tuple(Part(kind, make(size)) for n in range(1000))
            yield Case(f"limits.thousand.{name}.{size}", "§5.4", f"1,000 messages of {size} octets, pipelined",
                       messages,
                       octets=False, quick=size in (0, 256), level=1)
            if size <= 4 * KIB:
                yield Case(f"limits.round_trips.{name}.{size}", "§5.4",
                           f"1,000 messages of {size} octets, one by one",
                           tuple(step for n, part in enumerate(messages) for step in (part, Await(n + 1))),
                           octets=False, quick=size == 64, level=1, autobahn=f"9.{section + 6}.{number}")
            else:
                yield Case(f"limits.round_trips.{name}.{size}", "§5.4",
                           f"1,000 messages of {size} octets, ten at a time",
                           tuple(step for n, part in enumerate(messages) for step in
                                 ((part, Await(n + 1)) if n % 10 == 9 else (part,))),
                           octets=False, quick=False, level=1, autobahn=f"9.{section + 6}.{number}")


def beyond():
    clause = "§7.4.1, §10.4"
    for size in (MAX_MESSAGE + 1, 1 << 32, (1 << 63) - 1):
        for kind, _, name, _ in KINDS:
            yield fails(f"limits.too_big.{name}.{size}", clause, f"a header announces {size} octets", (HELLO,),
                        Part(kind, missing=size, literal=True), 1009)
    start = Part(BINARY, b"x" * 10, fin=False, literal=True)
    yield fails("limits.too_big.by_one", clause, "by one octet, over two fragments", (start,),
                Part(CONTINUATION, missing=MAX_MESSAGE - 9, literal=True), 1009)
    yield fails("limits.too_big.sum", clause, "a sum of lengths over 63 bits", (start,),
                Part(CONTINUATION, missing=(1 << 63) - 1, literal=True), 1009)
    yield fails("limits.too_big.behind_ping", clause, "a ping between the fragments", (start, ping(b"p")),
                Part(CONTINUATION, missing=MAX_MESSAGE, literal=True), 1009)
    key = bytes(4)
    empty = (text(b"", fin=False, key=key, literal=True),
             *(more(b"", fin=False, key=key, literal=True),) * (MAX_FRAGMENTS - 2))
    yield Case("limits.fragments.most", "§10.4", f"{MAX_FRAGMENTS} fragments, all but one empty",
               (*empty, more(b"end", literal=True), HELLO), octets=False, quick=False)
    yield fails("limits.fragments.too_many", "§7.4.1, §10.4", "one fragment more", (HELLO, *empty),
                (more(fin=False, literal=True),) * 2, 1008, octets=False, quick=False)
    yield from inflated()


def inflated():
    """Sizes are those of the message, not of what is on the wire."""
    clause = "RFC 7692 §8.1, RFC 6455 §10.4"
    options = {"deflate": True, "octets": False}
    for kind, _, name, _ in KINDS:
        data = deflated(b"x" * MAX_MESSAGE)
        yield Case(f"limits.inflated.{name}.most", clause, "16 MiB that are 16 KiB on the wire",
                   (Part(kind, data, rsv=RSV1, literal=True),), back=(Event(kind, b"x" * MAX_MESSAGE),), quick=False,
                   **options)
        data = deflated(b"x" * (MAX_MESSAGE + 1))
        yield fails(f"limits.inflated.{name}.too_big", clause, "one octet more", (HELLO,),
                    Part(kind, data, rsv=RSV1, literal=True), 1009, **options)
        yield fails(f"limits.inflated.{name}.too_big.withheld", clause, "told before the frame has come whole",
                    (HELLO,),
                    Part(kind, data, rsv=RSV1, literal=True, missing=10_000), 1009, **options)
    data = deflated(bytes(4 * MAX_MESSAGE))
    cut = in_fragments(BINARY, data, range(1000, len(data), 1000))
    yield fails("limits.inflated.bomb", clause, "64 MiB in fragments of 1,000 octets", (HELLO,),
                (cut[0]._replace(rsv=RSV1, literal=True), *(part._replace(literal=True) for part in cut[1:])), 1009,
                **options)
