"""Compressed messages, octet by octet as RFC 7692 §7.2 describes them: its examples, blocks of every kind,
fragments, what may refer to what, and data that is no DEFLATE data or has no end."""

import zlib

from suite.case import (
    HELLO, RSV1, Case, Event, Part, binary, fails, in_fragments, more, ping, some_bytes, some_text, text,
)
from suite.deflate import TAIL, Compressor, deflated
from wire import BINARY, TEXT

STREAM = bytes.fromhex("f248cdc9c90700")  # “Hello”, §7.2.3.1
AGAIN = bytes.fromhex("f200110000")  # the same by reference to the message before, §7.2.3.2
SAID = Event(TEXT, b"Hello")


def packed(data: bytes, opcode=TEXT, **options) -> Part:
    """A frame whose payload is compressed already."""
    return Part(opcode, data, rsv=RSV1, literal=True, **options)


def packed_fragments(data: bytes, cuts, opcode=TEXT) -> tuple:
    first, *rest = in_fragments(opcode, data, cuts)
    return (first._replace(rsv=RSV1, literal=True), *(part._replace(literal=True) for part in rest))


def cases():
    for case in (*examples(), *blocks(), *fragments(), *mixed(), *takeover(), *broken(), *not_text()):
        yield case._replace(id="deflate." + case.id, deflate=True)


def good(id_, clause, title, parts, back=(SAID,), **options) -> Case:
    return Case(id_, "RFC 7692 " + clause, title, parts, back=tuple(back), **options)


def bad(id_, clause, title, part, code=1007, before=(HELLO,), **options) -> Case:
    return fails(id_, "RFC 7692 " + clause, title, before, part, code, **options)


def examples():
    yield good("example.one_block", "§7.2.3.1", "“Hello” in one block", (packed(STREAM),))
    yield good("example.fragments", "§7.2.3.1", "cut into 3 and 4 octets", packed_fragments(STREAM, [3]))
    yield good("example.takeover", "§7.2.3.2", "twice, the second by reference", (packed(STREAM), packed(AGAIN)),
               (SAID,) * 2)
    yield good("example.no_takeover", "§7.2.3.2", "twice, each by itself", (packed(STREAM), packed(STREAM)),
               (SAID,) * 2)
    yield good("example.stored", "§7.2.3.3", "a block without compression",
               (packed(bytes.fromhex("000500faff48656c6c6f00")),))
    yield good("example.final", "§7.2.3.4", "a block with BFINAL", (packed(bytes.fromhex("f348cdc9c9070000")),))
    yield good("example.final_and_more", "§7.2.3.4", "the next message begins a new stream",
               (packed(bytes.fromhex("f348cdc9c9070000")), packed(STREAM), packed(AGAIN)), (SAID,) * 3)
    yield good("example.two_blocks", "§7.2.3.5", "two blocks in a message",
               (packed(bytes.fromhex("f24805000000ffffcac9c90700")),))
    yield good("example.empty", "§7.2.3.6", "an empty message", (packed(b"\0"),), (Event(TEXT),))


def blocks():
    clause = "§7.2.1, RFC 1951 §3.2"
    for level in range(10):
        data = some_text(5000)
        yield good(f"block.level_{level}", clause, f"zlib's level {level}", (packed(deflated(data, level)),),
                   (Event(TEXT, data),))
    for name, strategy in (("huffman_only", zlib.Z_HUFFMAN_ONLY), ("rle", zlib.Z_RLE), ("fixed", zlib.Z_FIXED)):
        data = some_text(3000)
        stream = zlib.compressobj(6, zlib.DEFLATED, -15, 9, strategy)
        whole = stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH)
        yield good(f"block.{name}", clause, f"zlib's strategy {name}", (packed(whole[:-4]),), (Event(TEXT, data),))
    yield good("block.empty_ones", clause, "empty blocks around data",
               (packed(b"\0\0\0\xff\xff" * 3 + STREAM[:-1] + b"\0\0\0\xff\xff" + b"\0"),))
    yield good("block.full_flush", clause, "a full flush in the middle", (packed(flushed(zlib.Z_FULL_FLUSH)),),
               (Event(TEXT, b"Hello" * 6),))
    yield good("block.partial_flush", clause, "a partial flush in the middle",
               (packed(flushed(zlib.Z_PARTIAL_FLUSH)),),
               (Event(TEXT, b"Hello" * 6),))
    yield good("block.no_payload", clause, "a message whose payload has no octet counts as empty",
               (packed(b""), HELLO), (Event(TEXT), SAID))
    yield good("block.no_payload.fragments", clause, "the same in two fragments",
               (*packed_fragments(b"", [0]), HELLO), (Event(TEXT), SAID))


def flushed(how: int) -> bytes:
    stream = zlib.compressobj(6, zlib.DEFLATED, -15)
    whole = stream.compress(b"Hello" * 3) + stream.flush(how) + stream.compress(b"Hello" * 3)
    return (whole + stream.flush(zlib.Z_SYNC_FLUSH))[:-4]


def fragments():
    clause = "§6.1, §7.2.1"
    for cut in range(len(STREAM) + 1):
        yield good(f"fragments.cut_{cut}", clause, f"cut at {cut}", packed_fragments(STREAM, [cut]))
    yield good("fragments.each_octet", clause, "each octet in a fragment of its own",
               packed_fragments(STREAM, range(1, len(STREAM))))
    yield good("fragments.empty", clause, "empty fragments first, between and last",
               packed_fragments(STREAM, [0, 0, 3, 3, len(STREAM)]))
    one, two = packed_fragments(STREAM, [3])
    yield good("fragments.ping_between", "§6.1", "control frames between are not compressed",
               (one, ping(b"p"), two), (Event(10, b"p"), SAID))
    data = some_text(20_000)
    yield good("fragments.many", clause, "20,000 octets in fragments of 7",
               packed_fragments(deflated(data), range(7, len(deflated(data)), 7)),
               (Event(TEXT, data),))
    for op, name in ((0, "continuation"), (8, "close"), (9, "ping"), (10, "pong")):
        part = Part(op, b"\x03\xe8" if op == 8 else b"", rsv=RSV1, literal=True)
        yield bad(f"rsv1.{name}", "§6", "RSV1 is for the first frame of a data message", part, 1002,
                  before=(HELLO, one) if op == 0 else (HELLO,), back=(SAID,))
    for rsv in (5, 6, 7):
        yield bad(f"rsv1.with_others.{rsv:03b}", "§6, RFC 6455 §5.2", "another reserved bit as well",
                  Part(TEXT, STREAM, rsv=rsv, literal=True), 1002)


def mixed():
    clause = "§6"
    plain = Part(TEXT, b"Hello", literal=True)
    yield good("mixed.messages", clause, "compressed and uncompressed messages in turn",
               (packed(STREAM), plain, packed(AGAIN), plain, packed(AGAIN)), (SAID,) * 5)
    yield good("mixed.window", "§7.2.3.2", "an uncompressed message is not in the window",
               (packed(STREAM), Part(TEXT, b"other", literal=True), packed(AGAIN)),
               (SAID, Event(TEXT, b"other"), SAID))
    yield good("mixed.kinds", clause, "text and binary share the window",
               (packed(STREAM), packed(AGAIN, BINARY), packed(AGAIN)),
               (SAID, Event(BINARY, b"Hello"), SAID))
    yield good("mixed.empty", clause, "empty messages between do not change the window",
               (packed(STREAM), packed(b"\0"), packed(b""), packed(AGAIN)), (SAID, Event(TEXT), Event(TEXT), SAID))
    data = some_bytes(1000)
    yield good("mixed.noise", clause, "data that does not get smaller", (packed(deflated(data), BINARY),),
               (Event(BINARY, data),))


def takeover():
    far = some_bytes(40_000)
    for distance, back in ((32_768 - 500, True), (33_000, False)):
        first = far[:distance]
        stream = Compressor(15, True)
        head = stream.fragment(first, True)
        # The window of 32 KiB reaches back to the first octets of the message before, or not.
        again = stream.fragment(first[:200], True)
        shown = (Event(BINARY, first), Event(BINARY, first[:200]))
        yield good(f"takeover.distance_{distance}", "§7.1.1", f"{'within' if back else 'beyond'} the window",
                   (packed(head, BINARY), packed(again, BINARY)), shown)
    both = "; server_no_context_takeover; client_no_context_takeover"
    yield bad("takeover.not_agreed", "§7.1.1", "a reference to the message before, without context takeover",
              packed(AGAIN),
              before=(Part(TEXT, b"Hello", literal=True),), params=both)
    yield bad("takeover.nothing_before", "§7.2.2", "a reference to what is in front of the first message",
              packed(AGAIN), before=())
    yield bad("takeover.after_uncompressed", "§7.2.3.2", "a reference to an uncompressed message", packed(AGAIN),
              before=(Part(TEXT, b"Hello", literal=True),))


def ends_well(data: bytes) -> bool:
    """Says whether DEFLATE data ends at a block's boundary once the tail is put back (by zlib)."""
    stream = zlib.decompressobj(-15)
    try:
        stream.decompress(data + TAIL)
        stream.decompress(b"\x03\x00")
    except zlib.error:
        return False
    return stream.eof and not stream.unused_data


def broken():
    clause = "§7.2.2, RFC 1951 §3.2.3"
    for name, data in (
        ("reserved_block_type", "06"), ("reserved_block_type.final", "07"), ("all_ones", "ff" * 8),
        ("stored_length", "000500fffe48656c6c6f00"), ("stored_length_zero", "0005000000"),
        ("distance_too_far", "f20011000000"[:10]), ("code_lengths", "0cffffffff"),
        ("bad_distance_symbol", "4a04fc0f00"),
        ("too_many_lengths", "fcffffff"), ("garbage", "deadbeefcafe"),
    ):
        payload = bytes.fromhex(data)
        if ends_well(payload):
            raise AssertionError(name)
        for kind in (TEXT, BINARY):
            yield bad(f"broken.{name}.{'text' if kind == TEXT else 'binary'}", clause, data, packed(payload, kind),
                      before=())
    whole = deflated(some_text(300))
    for size in (*range(1, 20), *range(20, len(whole), 13), len(whole) - 1):
        if not ends_well(whole[:size]):
            yield bad(f"broken.truncated.{size}", "§7.2.2", f"only {size} octets of {len(whole)}",
                      packed(whole[:size], BINARY))
    for size in range(1, len(STREAM) - 1):
        if not ends_well(STREAM[:size]):
            yield bad(f"broken.hello.{size}", "§7.2.2", f"only {size} octets of “Hello”", packed(STREAM[:size]))
    yield bad("broken.tail_kept", "§7.2.1", "the four octets that must be removed are still there",
              packed(STREAM + TAIL))
    yield bad("broken.stored_cut", clause, "a stored block that is longer than the message",
              packed(bytes.fromhex("00ff0000ff48656c6c6f")))
    yield bad("broken.in_fragment", clause, "told by a fragment in the middle; the rest never comes",
              (packed(b"\x06", fin=False), more(b"x", fin=False, literal=True)))
    yield bad("broken.withheld", clause, "told by the first octet of a frame whose rest never comes",
              packed(b"\x07", missing=50))
    yield bad("broken.second", clause, "in the second message", packed(b"\x07"), before=(packed(STREAM),),
              back=(SAID,))


def not_text():
    clause = "§7.2.2, RFC 6455 §8.1"
    for data in ("ff", "c3", "eda080", "f4908080", "c080", "e282"):
        raw = b"Hello" + bytes.fromhex(data)
        yield bad(f"not_text.{data}", clause, "compressed text that is not UTF-8", packed(deflated(raw)))
        cut = packed_fragments(deflated(raw), [4])
        yield bad(f"not_text.{data}.fragments", clause, "in two fragments", cut)
        yield good(f"not_text.{data}.binary", clause, "binary data is not judged", (packed(deflated(raw), BINARY),),
                   (Event(BINARY, raw),))
    data = "κόσμε 😀".encode() * 20
    compressed = deflated(data)
    for size in (1, 2, 3, 5):
        yield good(f"text.in_fragments_of_{size}", clause, "code points cut between inflated fragments",
                   packed_fragments(compressed, range(size, len(compressed), size)), (Event(TEXT, data),))
    stored = deflated(data, 0)
    yield good("text.stored_in_octets", clause, "stored text, each octet in a fragment of its own",
               packed_fragments(stored, range(1, len(stored))), (Event(TEXT, data),))
