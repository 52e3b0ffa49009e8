"""UTF-8 in text messages (RFC 6455 §5.6, §8.1, RFC 3629): what is valid is echoed, what is not fails the
connection with 1007, at the first octet that no valid text can have there."""

from suite.case import FRAMES, HELLO, Case, Part, binary, fails, in_fragments, more, ping, text
from wire import CONTINUATION, TEXT

GREEK = "κόσμε".encode()
# The Unicode Standard, table 3-7: octets that may follow a leading one; the others must be 80..BF.
LEADING = {**{c: (0x80, 0xBF, 1) for c in range(0xC2, 0xE0)}, 0xE0: (0xA0, 0xBF, 2),
           **{c: (0x80, 0xBF, 2) for c in (*range(0xE1, 0xED), 0xEE, 0xEF)}, 0xED: (0x80, 0x9F, 2),
           0xF0: (0x90, 0xBF, 3), **{c: (0x80, 0xBF, 3) for c in (0xF1, 0xF2, 0xF3)}, 0xF4: (0x80, 0x8F, 3)}
BOUNDARIES = [0x00, 0x01, 0x7F, 0x80, 0x7FF, 0x800, 0xFFF, 0x1000, 0xCFFF, 0xD000, 0xD7FF, 0xE000, 0xFDD0, 0xFDEF,
              0xFEFF, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000, 0x1FFFE, 0x1FFFF, 0x2FFFE, 0x3FFFF, 0x4FFFE, 0x7FFFF, 0x8FFFE,
              0xBFFFF, 0xCFFFE, 0xFFFFF, 0x100000, 0x10FFFE, 0x10FFFF]


def first_bad(data: bytes):
    """The index of the first octet that cannot belong to UTF-8; None if there is none."""
    low, high, rest = 0x80, 0xBF, 0
    for index, octet in enumerate(data):
        if rest:
            if not low <= octet <= high:
                return index
            low, high, rest = 0x80, 0xBF, rest - 1
        elif octet >= 0x80:
            if octet not in LEADING:
                return index
            low, high, rest = LEADING[octet]
    return None


def is_complete(data: bytes) -> bool:
    try:
        data.decode()
        return True
    except UnicodeDecodeError:
        return False


def bad_sequences() -> list:
    """Each class of leading octet with each boundary of what may follow it."""
    found = [bytes([c]) for c in (0x80, 0xBF, 0xC0, 0xC1, 0xF5, 0xF7, 0xF8, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF)]
    seconds = (0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC3, 0xFF)
    for lead in (0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4):
        found += [bytes([lead, second]) for second in seconds if first_bad(bytes([lead, second])) == 1]
    for start in ("e0a0", "e180", "ed9f", "efbf", "f090", "f180", "f48f", "f09080", "f1bfbf", "f48fbf"):
        found += [bytes.fromhex(start) + bytes([octet]) for octet in (0x00, 0x7F, 0xC0, 0xE2)]
    return found


# Whole sequences that look like text: overlong forms, surrogates, forms of five and six octets (Autobahn 6.x).
LOOKALIKES = """c080 e08080 f0808080 f880808080 fc8080808080 c1bf e09fbf f08fbfbf f887bfbfbf fc83bfbfbfbf
    eda080 edadbf edae80 edafbf edb080 edbe80 edbfbf eda080edb080 edadbfedbfbf edafbfedbfbf
    f4908080 f7bfbfbf f888808080 fbbfbfbfbf fc8480808080 fdbfbfbfbfbf c328 a0a1 e228a1 e28228 f0288cbc f09028bc
    80 8080 808080 bfbfbfbf c020 e020 e08020 f020 f08020 f0808020 f820 fe ff fefeffff""".split()


def cases():
    yield from valid()
    yield from invalid()
    yield from incomplete()
    yield from cuts()


def valid():
    for point in BOUNDARIES:
        data = chr(point).encode()
        parts = (text(data), text(b"a" + data + b"z"), *in_fragments(TEXT, data, range(1, len(data))),
                 *in_fragments(TEXT, GREEK + data + data, range(1, len(GREEK + data + data))))
        yield Case(f"utf8.valid.u{point:04x}", "§5.6, RFC 3629 §4",
                   f"U+{point:04X}: whole, and octet by octet in fragments",
                   parts, autobahn="6.7–6.9, 6.11, 6.13, 6.15–6.17, 6.22, 6.23")
    yield Case("utf8.valid.empty", "§5.6", "an empty text message; empty fragments",
               (text(""), *in_fragments(TEXT, b"", [0, 0])), autobahn="6.1.1, 6.1.2")
    yield Case("utf8.valid.empty_then_text", "§5.6", "empty fragments around text",
               in_fragments(TEXT, "middle frame payload".encode(), [0, 20]), autobahn="6.1.3")
    said = "Hello-µ@ßöäüàá-UTF-8!!".encode()
    yield Case("utf8.valid.latin", "§5.6", "whole, in two fragments, in fragments of one octet",
               (text(said), *in_fragments(TEXT, said, [9]), *in_fragments(TEXT, said, range(1, len(said)))),
               autobahn="6.2.1–6.2.4")
    everything = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x110000)))).encode()
    yield Case("utf8.valid.everything", "§5.6", "every code point, in fragments of 65,537 octets",
               in_fragments(TEXT, everything, range(65537, len(everything), 65537)), octets=False)
    yield Case("utf8.valid.binary_is_not_judged", "§5.6", "a binary message may hold anything",
               (binary(b"\xff\xfe\xc0\x80"), binary(b"\xed", fin=False), more(b"\xa0\x80")))
    yield Case("utf8.valid.state_ends_with_message", "§8.1", "each message is judged by itself",
               (text(GREEK), binary(b"\xc3"), text(GREEK), binary(b"\xf0\x9f", fin=False), more(b""), text("x")))


def invalid():
    clause = "§8.1"
    covered = "6.3.1, 6.4.1–6.4.4, 6.8, 6.10, 6.12, 6.14, 6.18–6.21"
    sequences = {data.hex(): data for data in (*bad_sequences(), *map(bytes.fromhex, LOOKALIKES))}
    for name, data in sequences.items():
        bad = first_bad(data)
        assert bad is not None or not is_complete(data), name
        yield fails(f"utf8.invalid.{name}.whole", clause, "in the middle of a whole message", (HELLO,),
                    text(GREEK + data + b"edited"), 1007, autobahn=covered)
        if bad is None:
            continue
        until = data[: bad + 1]
        yield fails(f"utf8.invalid.{name}.fast", clause, "fails at the octet that cannot be; the rest never comes",
                    (),
                    text(GREEK + until, missing=100), 1007, autobahn=covered)
        pieces = in_fragments(TEXT, GREEK + until, range(1, len(GREEK + until)))
        yield fails(f"utf8.invalid.{name}.fragments", clause, "each octet in a fragment; the message never ends",
                    (*pieces[:-1], ping(b"p")), pieces[-1]._replace(fin=False), 1007, autobahn=covered)
    yield fails("utf8.invalid.long_before", clause, "behind 64 KiB of good text, the rest withheld", (HELLO,),
                text(GREEK * 6000 + b"\xff", missing=5), 1007, octets=False)
    yield fails("utf8.invalid.long_after", clause, "in front of 1 MiB of good text", (HELLO,),
                text(b"\xed\xa0\x80" + b"x" * (1 << 20)), 1007, octets=False)
    yield fails("utf8.invalid.in_middle_fragment", clause, "in the middle of three fragments, cut as Autobahn does",
                (text(GREEK, fin=False),), (Part(CONTINUATION, b"\xf4\x90\x80\x80", fin=False), more(b"edited")),
                1007,
                cut=FRAMES, autobahn="6.4.1, 6.4.3")
    yield fails("utf8.invalid.split_code_point", clause, "F4 ends a fragment, 90 begins the next",
                (text(GREEK + b"\xf4", fin=False),),
                (Part(CONTINUATION, b"\x90", fin=False), more(b"\x80\x80edited")), 1007,
                cut=FRAMES, autobahn="6.4.2, 6.4.4")


def incomplete():
    """Text that only its end makes invalid: every prefix of it."""
    for data, name in ((GREEK, "greek"), ("ß€😀".encode(), "mixed")):
        for size in range(1, len(data) + 1):
            prefix = data[:size]
            for shape, parts in (("whole", (text(prefix),)),
                                 ("fragments", in_fragments(TEXT, prefix, range(1, size))),
                                 ("empty_last", (text(prefix, fin=False), more()))):
                id_ = f"utf8.prefix.{name}.{size}.{shape}"
                if is_complete(prefix):
                    yield Case(id_, "§8.1", f"the first {size} octets: complete", parts, autobahn="6.5, 6.6")
                else:
                    yield fails(id_, "§8.1", f"the first {size} octets: cut in a code point", parts[:-1], parts[-1],
                                1007,
                                autobahn="6.6")
    for data in ("c2", "e0a0", "ed9f", "f090", "f48fbf", "df", "efbf", "f1bfbf"):
        yield fails(f"utf8.prefix.{data}", "§8.1", "the message ends in a code point", (HELLO,),
                    text(GREEK + bytes.fromhex(data)), 1007)
        yield fails(f"utf8.prefix.{data}.next_message", "§8.1", "the next message does not complete it", (),
                    (text(bytes.fromhex(data)), text(b"\x80\x80")), 1007)


def cuts():
    data = "κόσμε €😀".encode()
    for first in range(0, len(data) + 1):
        for second in range(first, len(data) + 1, 3):
            yield Case(f"utf8.cut.{first}_{second}", "§5.4, §5.6", f"three fragments, cut at {first} and {second}",
                       (*in_fragments(TEXT, data, [first, second])[:2], ping(b"p"), more(data[second:])))
