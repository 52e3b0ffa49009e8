"""Frames (RFC 6455 §5.2, §5.3): every length and its form, masking, cuts."""

from suite.case import BEGUN, HELLO, Case, Part, binary, fails, ping, some_bytes, some_text, text
from wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT

SIZES = [*range(0, 10), 63, 64, *range(123, 131), 255, 256, 257, 1000, 4095, 4096, 4097, 16384,
         65533, 65534, 65535, 65536, 65537, 65538, 100_000, 131_072]
AUTOBAHN = {size: number + 1 for number, size in enumerate([0, 125, 126, 127, 128, 65535, 65536])}
NAMES = {TEXT: "text", BINARY: "binary", CONTINUATION: "continuation", CLOSE: "close", PING: "ping", PONG: "pong"}


def cases():
    yield from lengths()
    yield from cuts()
    yield from masks()
    yield from wrong_lengths()
    yield from wrong_masks()


def lengths():
    for kind, make in ((TEXT, some_text), (BINARY, some_bytes)):
        for size in SIZES:
            covered = f"1.{kind}.{AUTOBAHN[size]}" if size in AUTOBAHN else ""
            yield Case(f"framing.{NAMES[kind]}.{size}", "§5.2", f"{NAMES[kind]} message of {size} octets",
                       (Part(kind, make(size)),), autobahn=covered)


def cuts():
    for kind, make in ((TEXT, some_text), (BINARY, some_bytes)):
        for piece in (1, 7, 997, 1460, 4096):
            size = 65536 if piece > 7 else 700
            yield Case(f"framing.{NAMES[kind]}.in_pieces_of_{piece}", "§5.2", f"{size} octets in pieces of {piece}",
                       (Part(kind, make(size)),), cut=piece, octets=False,
                       autobahn=f"1.{kind}.8" if piece == 997 else "")
    many = tuple(Part((TEXT, BINARY)[n % 2], b"%d" % n * (n % 50)) for n in range(300))
    for piece in (0, 2, 3, 61, 1024):
        yield Case(f"framing.many.in_pieces_of_{piece or 'any_size'}", "§5.2", "300 messages, one behind the other",
                   many, cut=piece or None, octets=piece == 0)


def masks():
    for key in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\1\2\3\4", b"\0\0\0\xff", b"\x80\0\0\1"):
        parts = tuple(binary(some_bytes(size), key=key) for size in [*range(0, 20), 31, 33, 63, 65, 127, 129, 1000])
        yield Case(f"framing.mask.{key.hex()}", "§5.3", f"masking key {key.hex()}, many sizes", parts,
                   roles=("server",))


def wrong_lengths():
    for kind in (TEXT, BINARY):
        for form, sizes in ((16, (0, 1, 124, 125)), (64, (0, 1, 125, 126, 127, 65534, 65535))):
            for size in sizes:
                yield fails(f"framing.not_minimal.{NAMES[kind]}.{size}_in_{form}", "§5.2",
                            "“the minimal number of bytes MUST be used to encode the length”",
                            (HELLO,), Part(kind, b"", form=form, missing=size, literal=True)
                            if size else Part(kind, form=form, literal=True), 1002)
        for missing in (1 << 63, (1 << 63) + 5, (1 << 64) - 1):
            yield fails(f"framing.bit_63.{NAMES[kind]}.{missing:x}", "§5.2", "“the most significant bit MUST be 0”",
                        (HELLO,), Part(kind, missing=missing, literal=True), 1002)
    for op in (CLOSE, PING, PONG):
        for form in (16, 64):
            yield fails(f"framing.not_minimal.{NAMES[op]}.125_in_{form}", "§5.2, §5.5",
                        "a control frame's long length",
                        (HELLO,), Part(op, form=form, missing=125), 1002)
    yield fails("framing.not_minimal.continuation", "§5.2", "a continuation's length in 16 bits",
                (BEGUN,), Part(CONTINUATION, form=16, missing=5, literal=True), 1002)


def wrong_masks():
    for op in (TEXT, BINARY, CLOSE, PING, PONG):
        for size in (0, 5, 125, 126, 65536):
            if op >= CLOSE and size > 125:
                continue
            yield fails(f"framing.wrong_mask.{NAMES[op]}.{size}", "§5.1",
                        "an unmasked frame to a server, a masked one to a client",
                        (HELLO,), Part(op, missing=size, masked=False, literal=True), 1002)
    yield fails("framing.wrong_mask.continuation", "§5.1", "in the middle of a message",
                (BEGUN,), Part(CONTINUATION, b"more", masked=False, literal=True), 1002)
    yield fails("framing.wrong_mask.first", "§5.1", "the first frame of all", (),
                Part(TEXT, b"Hello", masked=False, literal=True), 1002)
    yield fails("framing.wrong_mask.after_ping", "§5.1", "behind a good ping", (ping(b"p"), text("x")),
                Part(TEXT, b"Hello", masked=False, literal=True), 1002)
