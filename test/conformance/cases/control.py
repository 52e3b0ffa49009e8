"""Control frames, reserved bits and opcodes (RFC 6455 §5.2, §5.5)."""

from cases.framing import NAMES
from suite.case import (
    BEGUN, FRAMES, HELLO, RSV1, Await, Case, Part, binary, close, fails, more, ping, pong, some_bytes, some_text,
    text,
)
from wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT

CONTEXTS = {"first": (), "after": (HELLO,), "within": (BEGUN,)}


def cases():
    yield from pings()
    yield from long_control_frames()
    yield from reserved_bits()
    yield from reserved_opcodes()


def pings():
    numbers = {0: "2.1", 125: "2.4"}
    for size in (0, 1, 2, 3, 4, 5, 7, 8, 9, 64, 124, 125):
        yield Case(f"control.ping.{size}", "§5.5.2, §5.5.3", f"a ping of {size} octets",
                   (ping(some_bytes(size)),), autobahn=numbers.get(size, ""))
    yield Case("control.ping.text", "§5.5.2", "a ping with text", (ping(b"Hello, world!"),), autobahn="2.2")
    yield Case("control.ping.not_utf8", "§5.5.2", "a ping's payload is not text",
               (ping(b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"),), autobahn="2.3")
    yield Case("control.ping.in_octets", "§5.5.2", "125 octets, one by one", (ping(b"\xfe" * 125),), cut=1,
               autobahn="2.6")
    yield Case("control.pong.empty", "§5.5.3", "an unsolicited pong is not answered", (pong(),), autobahn="2.7")
    yield Case("control.pong.text", "§5.5.3", "an unsolicited pong with a payload", (pong(b"unsolicited"),),
               autobahn="2.8")
    yield Case("control.pong.then_ping", "§5.5.3", "an unsolicited pong, then a ping",
               (pong(b"unsolicited"), ping(b"ping")), autobahn="2.9")
    ten = tuple(ping(b"payload-%d" % n) for n in range(10))
    yield Case("control.ping.ten", "§5.5.3", "ten pings, ten pongs in order", ten, autobahn="2.10")
    yield Case("control.ping.ten_in_octets", "§5.5.3", "the same, octet by octet", ten, cut=1, autobahn="2.11")
    yield Case("control.ping.thousand", "§5.5.3", "a thousand pings in one write",
               tuple(ping(b"%d" % n) for n in range(1000)))
    yield Case("control.ping.one_by_one", "§5.5.3", "each ping when the pong before it has come",
               tuple(step for n in range(100) for step in (ping(b"%d" % n), Await(n + 1))))
    yield Case("control.ping.between_messages", "§5.5.3", "pings and messages in turn",
               tuple(part for n in range(50) for part in (text(f"{n}"), ping(b"%d" % n), binary(bytes(n)),
                                                          pong(b"no"))))
    yield Case("control.ping.behind_large", "§5.5.3", "a ping behind a message of 1 MiB",
               (binary(some_bytes(1 << 20)), ping(b"small"), text(some_text(1000))), octets=False)


def long_control_frames():
    for op in (CLOSE, PING, PONG):
        for size in (126, 127, 65536):
            for context, before in CONTEXTS.items():
                yield fails(f"control.long.{NAMES[op]}.{size}.{context}", "§5.5",
                            "“a payload length of 125 bytes or less”",
                            before, Part(op, missing=size), 1002,
                            autobahn="2.5" if (op, size, context) == (PING, 126, "first") else "")
        yield fails(f"control.long.{NAMES[op]}.whole", "§5.5", "126 octets, all of them sent",
                    (), Part(op, b"\x03\xe8" + b"x" * 124), 1002, autobahn="7.3.6" if op == CLOSE else "")
        for context, before in CONTEXTS.items():
            for payload in (b"", b"\x03\xe8ab"):
                yield fails(f"control.fragmented.{NAMES[op]}.{len(payload)}.{context}", "§5.5",
                            "control frames “MUST NOT be fragmented”",
                            before, (Part(op, payload, fin=False), more(b"rest")), 1002,
                            autobahn={PING: "5.1", PONG: "5.2"}.get(op, "") if (payload, context) == (b"", "first")
                            else "")


def reserved_bits():
    for rsv in range(1, 8):
        for op in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            contexts = ["within"] if op == CONTINUATION else ["first", "after"] if op < CLOSE else ["first", "within"]
            for context in contexts:
                # RSV1 alone on a first frame belongs to the extension, where it is in use.
                deflate = False if rsv == RSV1 and op in (TEXT, BINARY) else None
                payload = close().payload if op == CLOSE else b"small"
                yield fails(f"control.rsv.{rsv:03b}.{NAMES[op]}.{context}", "§5.2",
                            "reserved bits “MUST be 0 unless an extension is negotiated”",
                            CONTEXTS[context], Part(op, payload, rsv=rsv, literal=True), 1002, deflate=deflate,
                            autobahn={(4, TEXT): "3.1", (2, TEXT): "3.2", (6, TEXT): "3.3", (1, TEXT): "3.4",
                                      (5, BINARY): "3.5", (3, PING): "3.6", (7, CLOSE): "3.7"}.get((rsv, op), ""))
    for payload in (b"", b"x"):
        yield fails(f"control.rsv.header_only.{len(payload)}", "§5.2", "told by the header: no payload follows",
                    (), Part(TEXT, missing=5 * len(payload) or 1, rsv=2, literal=True), 1002)


def reserved_opcodes():
    for op in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        covered = {"first": f"4.{1 if op < 8 else 2}.{op - 2 if op < 8 else op - 10}"}
        for context, before in CONTEXTS.items():
            for payload in (b"", b"payload"):
                yield fails(f"control.opcode.{op}.{context}.{len(payload)}", "§5.2", f"the reserved opcode {op}",
                            before, Part(op, payload), 1002, autobahn=covered.get(context, ""))
        yield fails(f"control.opcode.{op}.not_final", "§5.2", "a fragment of it", (HELLO,), Part(op, b"x", fin=False),
                    1002)
        yield fails(f"control.opcode.{op}.header_only", "§5.2", "told by the header: no payload follows",
                    (HELLO, ping(b"p")), Part(op, missing=65536), 1002, cut=FRAMES)
