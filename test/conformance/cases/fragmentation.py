"""Fragments (RFC 6455 §5.4): all orders of frames up to four, judged by a table of the two states; control
frames between fragments; cuts of every kind."""

import itertools

from suite.case import (
    BEGUN, FRAMES, HELLO, Await, Case, binary, fails, in_fragments, more, ping, pong, some_bytes, some_text, text,
)
from wire import BINARY, TEXT

# §5.4: what each kind of frame does in each state; None breaks the rule.
RULE = {
    ("idle", "T"): "idle", ("idle", "t"): "open", ("idle", "c"): None, ("idle", "C"): None, ("idle", "p"): "idle",
    ("open", "T"): None, ("open", "t"): None, ("open", "c"): "open", ("open", "C"): "idle", ("open", "p"): "open",
}
# T: a whole message, t: a first fragment, c: a fragment in the middle, C: the last one, p: a ping.
MAKE = {
    "T": lambda n: (text, binary)[n % 2](b"whole %d" % n),
    "t": lambda n: (binary, text)[n % 2](b"first %d;" % n, fin=False),
    "c": lambda n: more(b"middle %d;" % n, fin=False), "C": lambda n: more(b"last %d" % n),
    "p": lambda n: ping(b"%d" % n),
}


def cases():
    yield from all_orders(4)
    yield from as_autobahn()
    yield from cut_messages()
    yield from many()


def all_orders(most: int):
    """Every sequence that breaks no rule, or breaks one by its last frame."""
    for size in range(1, most + 1):
        for letters in itertools.product("TtcCp", repeat=size):
            state = "idle"
            for letter in letters[:-1]:
                state = state and RULE[state, letter]
            if not state:
                continue
            parts = tuple(MAKE[letter](n) for n, letter in enumerate(letters))
            name = "".join(letters)
            if state := RULE[state, letters[-1]]:
                ends = " ends in the middle of a message" if state == "open" else ""
                yield Case(f"fragmentation.order.{name}", "§5.4", f"the order {name}{ends}", parts)
            else:
                yield fails(f"fragmentation.order.{name}", "§5.4", f"the order {name} breaks the rule",
                            parts[:-1], parts[-1], 1002)


def as_autobahn():
    two = (text("fragment1", fin=False), more(b"fragment2"))
    around = (text("fragment1", fin=False), ping(b"ping payload"), more(b"fragment2"))
    five = tuple(step for n in range(1, 6) for step in (
        (text if n == 1 else more)(b"fragment%d" % n, fin=n == 5), ping(b"ping %d" % n)))[:-1]
    stray = (more(b"continuation, but nothing to continue"), text("Hello, world!"))
    stray_open = (more(b"continuation, but nothing to continue", fin=False), text("Hello, world!"))
    twice = (text("fragment1", fin=False), more(b"fragment2"), text("fragment3", fin=False), more(b"fragment4"))
    clause = "§5.4"
    for cut, numbers in ((None, ("5.3", "5.6")), (FRAMES, ("5.4", "5.7")), (1, ("5.5", "5.8"))):
        name = {None: "together", FRAMES: "apart", 1: "octets"}[cut]
        yield Case(f"fragmentation.two.{name}", clause, "two fragments", two, cut=cut, autobahn=numbers[0])
        yield Case(f"fragmentation.ping_between.{name}", clause, "a ping between them", around, cut=cut,
                   autobahn=numbers[1])
        for kind, bad in (("final", stray), ("open", stray_open)):
            base = 9 if kind == "final" else 12
            yield fails(f"fragmentation.stray.{kind}.{name}", clause, "a continuation of nothing", (), bad, 1002,
                        cut=cut, autobahn=f"5.{base + (None, FRAMES, 1).index(cut)}")
    yield fails("fragmentation.stray.after_message", clause, "a continuation behind a fragmented message", two,
                (more(b"fragment3", fin=False), text("fragment4")), 1002, autobahn="5.15")
    for final in (False, True):
        yield fails(f"fragmentation.stray.{'final' if final else 'open'}.before_message", clause,
                    "a continuation of nothing, then a good message", (),
                    (more(b"fragment1", fin=final), *twice), 1002, cut=FRAMES, autobahn="5.17" if final else "5.16")
    yield fails("fragmentation.new_message_within", clause, "a second message inside the first",
                (text("fragment1", fin=False),), text("fragment2"), 1002, cut=FRAMES, autobahn="5.18")
    yield Case("fragmentation.five_with_pings", clause, "five fragments, pings between", five, autobahn="5.19")
    yield Case("fragmentation.five_with_pings_awaited", clause, "the same, each pong awaited",
               tuple(step for n, part in enumerate(five) for step in
                     ((part, Await(n // 2 + 1)) if n % 2 else (part,))), cut=FRAMES, autobahn="5.20")


def cut_messages():
    payload = some_text(61)
    for kind, name in ((TEXT, "text"), (BINARY, "binary")):
        for cut in range(0, len(payload) + 1, 4):
            yield Case(f"fragmentation.cut.{name}.{cut}", "§5.4", f"two fragments, cut at {cut} of 61",
                       in_fragments(kind, payload, [cut]))
        yield Case(f"fragmentation.cut.{name}.each_octet", "§5.4", "each octet in a fragment of its own",
                   in_fragments(kind, payload, range(1, len(payload))))
        empty = in_fragments(kind, payload, [0, 0, 5, 5, 5, 30, len(payload), len(payload)])
        yield Case(f"fragmentation.cut.{name}.empty_fragments", "§5.4", "empty fragments first, between and last",
                   empty)
        yield Case(f"fragmentation.cut.{name}.all_empty", "§5.4", "an empty message of five empty fragments",
                   in_fragments(kind, b"", [0, 0, 0, 0]))
        yield Case(f"fragmentation.cut.{name}.alternating", "§5.4", "large and small fragments in turn",
                   in_fragments(kind, some_text(200_000), [1, 70_000, 70_001, 140_000, 140_126, 199_999]),
                   octets=False)


def many():
    payload = some_bytes(20_000)
    pieces = in_fragments(BINARY, payload, range(100, 20_000, 100))
    yield Case("fragmentation.many.pings_between", "§5.4", "200 fragments, a ping behind each",
               tuple(step for n, part in enumerate(pieces) for step in (part, ping(b"%d" % n)))[:-1])
    yield Case("fragmentation.many.pongs_between", "§5.4", "pongs between fragments are passed over",
               tuple(step for part in pieces for step in (part, pong(b"unasked"))))
    yield Case("fragmentation.many.messages", "§5.4", "100 messages of three fragments",
               tuple(part for n in range(100) for part in in_fragments(1 + n % 2, b"%d" % n * 30,
                   [n // 2, n // 2 + 3])))
    yield Case("fragmentation.auto", "§5.4", "65,536 octets in fragments of 1,300",
               in_fragments(TEXT, some_text(65536), range(1300, 65536, 1300)), autobahn="10.1.1", octets=False)
    yield fails("fragmentation.violation_within", "§5.4", "a violation by a control frame inside a message",
                (HELLO, BEGUN, more(b"x", fin=False), ping(b"p")), ping(missing=126), 1002)
