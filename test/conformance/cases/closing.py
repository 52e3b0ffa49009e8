"""The closing handshake (RFC 6455 §5.5.1, §7): codes, reasons, what comes after it, and who ends TCP."""

from suite.case import (
    BEGUN, FRAMES, HELLO, LATE, Await, Case, Fin, Part, Raw, binary, close, fails, more, ping, some_bytes, text,
)
from wire import BINARY, CLOSE, TEXT

VALID = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3999, 4000, 4500, 4999]
INVALID = [0, 1, 2, 100, 500, 998, 999, 1004, 1005, 1006, 1015, 1016, 1017, 1099, 1100, 1500, 1999, 2000, 2001, 2500,
           2998, 2999, 5000, 5001, 9999, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF]
REASONS = {"empty": b"", "ascii": b"Hello", "utf8": "Grüße 😀".encode(), "longest": b"r" * 123,
           "longest_utf8": "€".encode() * 41}
AUTOBAHN_VALID = {1000: 1, 1001: 2, 1002: 3, 1003: 4, 1007: 5, 1008: 6, 1009: 7, 1010: 8, 1011: 9, 3000: 10,
                  3999: 11, 4000: 12, 4999: 13}
AUTOBAHN_INVALID = {0: 1, 999: 2, 1004: 3, 1005: 4, 1006: 5, 1016: 6, 1100: 7, 2000: 8, 2999: 9}
BAD_REASONS = ["ff", "c3", "6f6bc3", "eda080", "f4908080", "c080", "80", "e08080",
               "cebae1bdb9cf83cebcceb5eda080656469746564",
               "f8", "fe", "e282"]


def cases():
    yield from codes()
    yield from bad_payloads()
    yield from after_close()
    yield from before_close()
    yield from without_close()


def codes():
    yield Case("closing.after_message", "§7.1.2", "a message, then Close", (HELLO, close()), autobahn="7.1.1")
    yield Case("closing.no_code", "§5.5.1, §7.1.5", "a Close frame without a code", (close(None),), code=None,
               autobahn="7.3.1")
    for code in VALID:
        for name, reason in REASONS.items():
            covered = {"empty": f"7.7.{AUTOBAHN_VALID[code]}" if code in AUTOBAHN_VALID else "", "ascii": "",
                       "utf8": "", "longest": "", "longest_utf8": ""}
            if code == 1000:
                covered |= {"empty": "7.3.3, 7.7.1", "ascii": "7.3.4", "longest": "7.3.5"}
            yield Case(f"closing.code.{code}.{name}", "§7.4", f"Close {code}, reason of {len(reason)} octets",
                       (close(code, reason),), code=code, autobahn=covered[name])


def bad_payloads():
    for code in INVALID:
        yield fails(f"closing.bad_code.{code}", "§7.4", f"the code {code} may not be on the wire", (HELLO,),
                    close(code), 1002,
                    autobahn=f"7.9.{AUTOBAHN_INVALID[code]}" if code in AUTOBAHN_INVALID else "7.13" if code > 4999
                    else "")
        yield fails(f"closing.bad_code.{code}.with_reason", "§7.4", "with a reason", (), close(code, b"reason"), 1002)
    for octet in (b"\x00", b"\x03", b"\xff"):
        yield fails(f"closing.one_octet.{octet.hex()}", "§5.5.1", "a Close payload of one octet", (HELLO,),
                    Part(CLOSE, octet), 1002, autobahn="7.3.2")
    for reason in BAD_REASONS:
        yield fails(f"closing.bad_reason.{reason}", "§5.5.1, §8.1", "a reason that is not UTF-8", (HELLO,),
                    close(1000, bytes.fromhex(reason)), 1007, autobahn="7.5.1")
    yield fails("closing.bad_reason.longest", "§5.5.1, §8.1", "cut in a code point at the longest length", (),
                close(1000, b"r" * 121 + b"\xe2\x82"), 1007)


def after_close():
    """§5.5.1: after a Close frame nothing more counts."""
    clause = "§5.5.1"
    for name, late, covered in (
        ("close", (close(4999),), "7.1.2"), ("ping", (ping(b"late"),), "7.1.3"), ("text", (text("late"),), "7.1.4"),
        ("binary", (binary(b"late"),), ""), ("reserved_opcode", (Part(15),), ""), ("rsv", (Part(TEXT, rsv=2),), ""),
        ("bad_utf8", (text(b"\xff"),), ""), ("bad_code", (close(1005),), ""),
        ("garbage", (Raw(some_bytes(300)),), ""),
        ("wrong_mask", (Part(TEXT, b"x", masked=False),), ""),
        ("part_of_frame", (Part(BINARY, b"x", missing=100),), ""),
        ("all", LATE, ""), ("much", (Raw(some_bytes(300_000)),), "7.1.6"),
    ):
        for before, good in (("", ()), (".after_message", (HELLO,)), (".within_message", (BEGUN,))):
            # A Close frame in front of more: the code of the first one is echoed.
            yield Case(f"closing.then_{name}{before}", clause, f"{name} after a Close frame",
                       (*good, close(4001, b"bye")),
                       late, code=4001, autobahn=covered if not before else "", octets=name != "much")
    yield Case("closing.then_fragment", clause, "the rest of a message after the Close frame", (BEGUN, close()),
               (more(b"rest"),), autobahn="7.1.5")
    yield Case("closing.large_before", clause, "a message of 256 KiB, Close, then a ping",
               (binary(some_bytes(1 << 18)), close()), (ping(b"late"),), octets=False, autobahn="7.1.6")
    yield Case("closing.apart", clause, "each frame in a write of its own", (HELLO, ping(b"p"), close(3000)),
               (text("late"),), code=3000, cut=FRAMES)


def before_close():
    """What came before the violation is answered first (§7.1.7 says nothing of dropping it)."""
    large = some_bytes(1 << 20)
    for name, bad, code in (("opcode", Part(3, b"x"), 1002), ("utf8", text(b"\xff"), 1007),
                            ("close", close(4321), 4321)):
        closing = isinstance(bad, Part) and bad.opcode == CLOSE
        messages = tuple(part for n in range(20) for part in (text(f"{n}"), ping(b"%d" % n)))
        for size, good in (("many", messages), ("large", (binary(large), ping(b"p")))):
            yield Case(f"closing.pending.{name}.{size}", "§7.1.7", "what was received before is answered",
                       (*good, bad) if closing else good, () if closing else (bad, *LATE), code=code,
                       octets=size == "many")
    yield Case("closing.all_answered", "§5.5.1", "Close after all has come back",
               (HELLO, ping(b"p"), Await(2), close()))


def without_close():
    """TCP ends without a Close frame: what was complete is still answered, and TCP ends in order."""
    clause = "§7.1.4"
    for name, good in (("at_once", ()), ("after_message", (HELLO,)), ("after_ping", (ping(b"p"),)),
                       ("within_message", (HELLO, BEGUN)), ("large", (binary(some_bytes(1 << 20)),))):
        yield Case(f"closing.fin.{name}", clause, "FIN without a Close frame", (*good, Fin()), dropped=True,
                   octets=name != "large")
    for name, part in (("header", Raw(b"\x81")), ("payload", Part(TEXT, b"Hel", missing=2, literal=True))):
        yield Case(f"closing.fin.within_{name}", clause, "FIN within a frame", (HELLO,), (part, Fin()), dropped=True)
