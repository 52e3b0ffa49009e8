"""Frames of an open connection (RFC 6455 §5, §7, §8.1): what is echoed, what fails the connection,
with which code, how early, and that nothing comes after the Close frame."""

import os
import random
import unittest

from echo_server import CROSSED, each_way, is_sanitized
from wire import (
    BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT,
    Frame, close_frame, close_payload, frame, header, wait_until,
)

MAX_MESSAGE = 16 * 1024 * 1024
MAX_FRAGMENTS = 131_072
HELLO = frame(TEXT, b"Hello", key=b"\x37\xfa\x21\x3d")  # the example of RFC 6455 §5.7


@each_way
class Violations:
    """Each of them whole, octet by octet, and behind a message whose echo must still come."""

    def assert_fails(self, data: bytes, code, name, echoes=()):
        """`data` fails the connection with `code`, once `echoes` have come; a ping after it is
        not answered."""
        echoed = [Frame(TEXT, b"Hello")]
        with self.subTest(name, code=code):
            client = self.open()
            client.send(data)
            self.assert_ends(client, [*echoes], code, "alone")
            client = self.open()
            client.send(HELLO + data + frame(PING, b"late") + close_frame(1000))
            self.assert_ends(client, [*echoed, *echoes], code, "behind a message")
            if len(data) <= 200:
                client = self.open()
                client.send_octets(HELLO + data)
                self.assert_ends(client, [*echoed, *echoes], code, "octet by octet")

    # [6455-7.1.7-2]
    def test_headers(self):
        """All of these are told by the header, so no payload follows."""
        cases = {f"opcode {op}": header(op, 0) for op in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)}
        cases |= {f"opcode {op}, payload to come": header(op, 100) for op in (3, 11)}
        cases |= {f"rsv {rsv:03b} on {op}": header(op, 5, rsv=rsv)
                  for rsv in range(1, 8) for op in (TEXT, BINARY, CLOSE, PING, PONG)}
        cases |= {f"unmasked {op}": header(op, 5, masked=False) for op in (TEXT, BINARY, CLOSE, PING, PONG)}
        cases |= {"unmasked, empty": header(TEXT, 0, masked=False)}
        cases |= {f"{n} in 16 bits, {op}": header(op, n, form=16) for n in (0, 1, 125) for op in (TEXT, BINARY)}
        cases |= {f"{n} in 64 bits": header(TEXT, n, form=64) for n in (0, 125, 126, 65535)}
        cases |= {f"bit 63, {n:#x}": header(TEXT, n) for n in (1 << 63, (1 << 63) + 5, (1 << 64) - 1)}
        cases |= {f"fragmented control {op}": header(op, 0, fin=False) for op in (CLOSE, PING, PONG)}
        cases |= {f"control of {n}, {op}": header(op, n) for n in (126, 127, 65536) for op in (CLOSE, PING, PONG)}
        cases |= {f"control of 125 in 16 bits, {op}": header(op, 125, form=16) for op in (CLOSE, PING, PONG)}
        for name, data in cases.items():
            self.assert_fails(data, 1002, name)

    # [6455-6.2-4]
    def test_order_of_fragments(self):
        self.assert_fails(header(CONTINUATION, 5), 1002, "stray continuation")
        self.assert_fails(header(CONTINUATION, 5, fin=False), 1002, "stray first fragment")
        first = frame(TEXT, b"begun", fin=False)
        for op in (TEXT, BINARY):
            for fin in (True, False):
                self.assert_fails(first + header(op, 5, fin=fin), 1002, f"new {op}, fin {fin}, inside a message")
        done = frame(TEXT, b"a", fin=False) + frame(CONTINUATION, b"b")
        self.assert_fails(done + header(CONTINUATION, 1), 1002, "continuation after the last", [Frame(TEXT, b"ab")])

    def test_control_frame_errors_inside_a_message(self):
        first = frame(TEXT, b"begun", fin=False)
        self.assert_fails(first + header(PING, 126), 1002, "long ping")
        self.assert_fails(first + frame(PING, b"p") + header(11, 0), 1002, "reserved opcode", [Frame(PONG, b"p")])

    def test_utf8_at_the_end(self):
        """What only the end of the message tells."""
        for text in (b"\xc3", b"abc\xe2\x82", b"\xf0\x9f\x98", "κόσμε".encode()[:-1]):
            self.assert_fails(frame(TEXT, text), 1007, text.hex())
            split = frame(TEXT, text, fin=False) + frame(CONTINUATION)
            self.assert_fails(split, 1007, text.hex() + " in a fragment")

    def test_utf8_fails_fast(self):
        """The connection fails at the first byte that cannot belong to UTF-8: in the middle of a
        frame, and of a fragment, of which the rest never comes."""
        good = "κόσμε".encode()
        bad = ("80", "bf", "c0", "c1", "f5", "f8", "fc", "fe", "ff", "c328", "e28228", "e080", "e09f",
               "eda0", "edbf", "f080", "f08f", "f490", "f4bf", "f09f28", "f09f9828", "e282c0")
        for ending in (bytes.fromhex(digits) for digits in bad):
            text = good + ending
            name = ending.hex()
            self.assert_fails((frame(TEXT, text + b"x" * 100))[: 2 + 4 + len(text)], 1007, name)
            start = frame(TEXT, good, fin=False)
            rest = frame(CONTINUATION, ending + b"x" * 1000, fin=False)[: 4 + 4 + len(ending)]
            self.assert_fails(start + rest, 1007, name + " in a fragment")
        start = frame(TEXT, good + b"\xf4", fin=False)
        self.assert_fails(start + frame(CONTINUATION, b"\x90", fin=False), 1007, "split f490")
        self.assert_fails(frame(TEXT, b"\xed", fin=False) + frame(PING, b"p") + frame(CONTINUATION, b"\xa0", fin=False),
                          1007, "split eda0 around a ping", [Frame(PONG, b"p")])

    def test_too_big(self):
        """1009 at the header that tells, however little of the message is there."""
        for size in (MAX_MESSAGE + 1, 1 << 32, (1 << 63) - 1):
            for op in (TEXT, BINARY):
                self.assert_fails(header(op, size), 1009, f"{size} claimed")
        start = frame(BINARY, b"x" * 10, fin=False)
        self.assert_fails(start + header(CONTINUATION, MAX_MESSAGE - 9), 1009, "by one, over two fragments")
        self.assert_fails(start + header(CONTINUATION, (1 << 63) - 1), 1009, "sum over 64 bits")

    def test_too_many_fragments(self):
        most = frame(TEXT, fin=False, key=bytes(4)) + frame(CONTINUATION, fin=False, key=bytes(4)) * (MAX_FRAGMENTS - 2)
        client = self.open()
        client.send(most + frame(CONTINUATION, b"end") + HELLO)
        self.assertEqual([client.read_frame(), client.read_frame()], [Frame(TEXT, b"end"), Frame(TEXT, b"Hello")])
        client.send(most + frame(CONTINUATION, fin=False) + frame(CONTINUATION, fin=False))
        self.assert_ends(client, [], 1008)

    def test_close_payloads(self):
        invalid = [0, 1, 2, 100, 500, 998, 999, 1004, 1005, 1006, 1015, 1016, 1017, 1099, 1100, 1500, 1999,
                   2000, 2001, 2500, 2998, 2999, 5000, 5001, 9999, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF]
        for code in invalid:
            self.assert_fails(close_frame(code), 1002, f"code {code}")
        self.assert_fails(close_frame(1005, b"reason"), 1002, "invalid code with a reason")
        self.assert_fails(frame(CLOSE, b"\x03"), 1002, "one byte")
        for reason in (b"\xff", b"ok\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"):
            self.assert_fails(close_frame(1000, reason), 1007, f"reason {reason!r}")

    def test_pending_echo_is_delivered_before_the_failure(self):
        large = os.urandom(4 * 1024 * 1024)
        for violation, code in ((header(15, 0), 1002), (header(BINARY, MAX_MESSAGE + 1), 1009)):
            with self.subTest(code):
                client = self.open(receive_buffer=16384)
                client.send(frame(BINARY, large) + violation, reading=False)
                self.assert_ends(client, [Frame(BINARY, large)], code)


@each_way
class Closing:
    # [6455-5.5.1-6]
    def test_codes_are_echoed(self):
        valid = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
        for code in valid:
            for reason in (b"", "Grüße".encode(), b"r" * 123):
                for send in ("send", "send_octets"):
                    with self.subTest(code, reason=reason, send=send):
                        client = self.open()
                        getattr(client, send)(close_frame(code, reason))
                        self.assert_ends(client, [], code)

    def test_no_code(self):
        client = self.open()
        client.send(frame(CLOSE))
        self.assert_ends(client, [], None)

    def test_nothing_after_the_close(self):
        client = self.open()
        client.send(HELLO + close_frame(4001, b"bye") + HELLO + frame(PING) + close_frame(1000) + header(15, 0))
        self.assert_ends(client, [Frame(TEXT, b"Hello")], 4001)

    def test_much_after_the_close(self):
        """What the peer goes on to send after its Close does not turn the end into a reset."""
        client = self.open()
        client.send(close_frame(1000) + os.urandom(300_000))
        self.assert_ends(client, [], 1000)

    def test_close_inside_a_message(self):
        client = self.open()
        client.send(frame(TEXT, b"begun", fin=False) + close_frame(1000))
        self.assert_ends(client, [], 1000)

    def test_half_close_still_gets_its_echo(self):
        """A peer that sends FIN without a Close frame: not a clean WebSocket end, but TCP is."""
        large = os.urandom(1024 * 1024)
        for payload in (b"last words", large):
            with self.subTest(len(payload)):
                client = self.open()
                client.send(frame(BINARY, payload), reading=False)
                client.finish_sending()
                frames, end = client.read_to_end()
                self.assertEqual(frames[:1], [Frame(BINARY, payload)])
                self.assertTrue(all(rest.opcode == CLOSE for rest in frames[1:]) and len(frames) <= 2, frames)
                self.assertTrue(end.clean, end)

    def test_half_close_in_the_middle_of_a_frame(self):
        client = self.open()
        client.send(HELLO + HELLO[:4])
        client.finish_sending()
        frames, end = client.read_to_end()
        self.assertEqual(frames[:1], [Frame(TEXT, b"Hello")])
        self.assertTrue(end.clean, end)


@each_way
class Echoes:
    def test_all_length_forms(self):
        sizes = [0, 1, 124, 125, 126, 127, 128, 65534, 65535, 65536, 65537, 1 << 20, MAX_MESSAGE]
        for size in sizes:
            for op in (TEXT, BINARY):
                with self.subTest(size, op=op):
                    payload = b"x" * size if op == TEXT else random.Random(size).randbytes(size)
                    client = self.open()
                    client.send(frame(op, payload))
                    self.assertEqual(client.read_frame(), Frame(op, payload))
                    if size <= 128:
                        client.send_octets(frame(op, payload))
                        self.assertEqual(client.read_frame(), Frame(op, payload))
                    client.send(close_frame(1000))
                    self.assert_ends(client, [], 1000)

    def test_any_cuts(self):
        """However the bytes are cut into segments, the same frames come back."""
        chance = random.Random(2)
        texts = ["".join(chance.choices("aß€😀", k=chance.randrange(300))).encode() for _ in range(30)]
        data = b"".join(frame(TEXT, text) for text in texts) + close_frame(1000)
        for _ in range(20):
            cuts = sorted(chance.sample(range(1, len(data)), 25))
            with self.subTest(cuts=cuts):
                client = self.open()
                client.send_cut(data, cuts)
                self.assert_ends(client, [Frame(TEXT, text) for text in texts], 1000)

    def test_masks(self):
        client = self.open()
        for key in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\1\2\3\4", b"\0\0\0\xff"):
            for size in (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 1000):
                with self.subTest(key=key.hex(), size=size):
                    payload = bytes(range(256)) * 4
                    client.send(frame(BINARY, payload[:size], key=key))
                    self.assertEqual(client.read_frame(), Frame(BINARY, payload[:size]))

    def test_utf8_boundaries(self):
        text = "\0\x7f\x80\u07ff\u0800\ud7ff\ue000\ufffd\uffff\U00010000\U0010ffff"
        client = self.open()
        for send in (client.send, client.send_octets):
            send(frame(TEXT, text.encode()))
            self.assertEqual(client.read_frame(), Frame(TEXT, text.encode()))

    def test_code_points_split_between_fragments(self):
        text = "κόσμε €😀".encode()
        client = self.open()
        for cut in range(len(text) + 1):
            with self.subTest(cut):
                client.send(frame(TEXT, text[:cut], fin=False) + frame(PING, b"p") + frame(CONTINUATION, text[cut:]))
                self.assertEqual(client.read_frame(), Frame(PONG, b"p"))
                self.assertEqual(client.read_frame(), Frame(TEXT, text))
        client.send(b"".join(
            frame(CONTINUATION if i else TEXT, text[i : i + 1], fin=i == len(text) - 1) for i in range(len(text))
        ))
        self.assertEqual(client.read_frame(), Frame(TEXT, text))

    def test_binary_is_not_judged(self):
        client = self.open()
        client.send(frame(BINARY, b"\xff\xfe", fin=False) + frame(CONTINUATION, b"\xc3"))
        self.assertEqual(client.read_frame(), Frame(BINARY, b"\xff\xfe\xc3"))

    def test_many_in_one_segment(self):
        payloads = [b"%d" % number for number in range(1000)]
        client = self.open()
        client.send(b"".join(frame(TEXT, payload) for payload in payloads))
        self.assertEqual([client.read_frame() for _ in payloads], [Frame(TEXT, payload) for payload in payloads])

    def test_control_frames_within_and_around_messages(self):
        client = self.open()
        client.send(
            frame(PING, b"") + frame(TEXT, b"a", fin=False) + frame(PING, b"1") + frame(PONG, b"unsolicited")
            + frame(CONTINUATION, b"b", fin=False) + frame(PING, b"2" * 125) + frame(CONTINUATION, b"c")
        )
        expected = [Frame(PONG, b""), Frame(PONG, b"1"), Frame(PONG, b"2" * 125), Frame(TEXT, b"abc")]
        self.assertEqual([client.read_frame() for _ in expected], expected)

    def test_pings_while_the_handler_is_busy(self):
        """The handler is held up by an echo that this peer does not read yet. The pings are
        answered all the same: in order, the last one in any case (§5.5.3), and the echoes are whole."""
        large = os.urandom(4 * 1024 * 1024)
        client = self.open(receive_buffer=16384)
        client.send(frame(BINARY, large), reading=False)
        pings = [b"ping %d" % number for number in range(100)]
        client.send(b"".join(frame(PING, ping) for ping in pings), reading=False)
        client.send(HELLO, reading=False)
        frames = []
        while len(frames) < 2 or Frame(PONG, pings[-1]) not in frames or Frame(TEXT, b"Hello") not in frames:
            frames.append(client.read_frame())
        self.assertEqual([got for got in frames if got.opcode != PONG], [Frame(BINARY, large), Frame(TEXT, b"Hello")])
        pongs = [got.payload for got in frames if got.opcode == PONG]
        self.assertEqual(pongs, [ping for ping in pings if ping in set(pongs)], "not in order, or twice")


@each_way(ways=CROSSED)
class NeverReads:
    """A peer that sends and never reads: its memory is bounded, and it is cut off in the end."""

    flags = {"write_timeout": 2000, "outbox_high_water": 1 << 20}
    most_pings = 200_000
    slack = 12 * 1024 * 1024  # what the server may grow by; all pongs would be 26 MB

    def assert_cut(self, data: bytes, times: int) -> None:
        self.assert_echoes(self.open())  # everything that is there only once
        witness = self.open()
        before, descriptors = self.server.resident_bytes(), len(self.server.descriptors())
        client = self.open(receive_buffer=4096)
        grown = 0
        for _ in range(times):
            try:
                client.send(data, reading=False)
            except (ConnectionResetError, BrokenPipeError):
                break
            grown = max(grown, self.server.resident_bytes() - before)
        wait_until(lambda: len(self.server.descriptors()) <= descriptors, "the peer that never reads is cut off")
        if not is_sanitized():
            self.assertLess(grown, self.slack)
        self.assert_echoes(witness)

    def test_pings(self):
        pings = b"".join(frame(PING, os.urandom(125)) for _ in range(1000))
        self.assert_cut(pings, self.most_pings // 1000)

    def test_messages(self):
        self.assert_cut(frame(BINARY, os.urandom(65536)), 2000)


if __name__ == "__main__":
    unittest.main()
