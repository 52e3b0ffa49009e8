"""The five exchanges of the acceptance, byte by byte where said; each ends with a Close frame of
the server and a clean end of TCP."""

import unittest

from echo_server import each_way
from wire import CONTINUATION, PING, PONG, TEXT, Frame, close_frame, frame


@each_way
class Exchanges:
    def exchange(self, send, data, frames, code):
        client = self.open()
        getattr(client, send)(data)
        self.assert_ends(client, frames, code, send)

    def test_ten_pings(self):
        payloads = [b"payload-%d" % number for number in range(10)]
        data = b"".join(frame(PING, payload) for payload in payloads) + close_frame(1000)
        for send in ("send_octets", "send"):
            with self.subTest(send):
                self.exchange(send, data, [Frame(PONG, payload) for payload in payloads], 1000)

    def test_echo_then_reserved_opcode(self):
        data = frame(TEXT, b"Hello, world!") + frame(15) + frame(PING, b"too late")
        for send in ("send_octets", "send"):
            with self.subTest(send):
                self.exchange(send, data, [Frame(TEXT, b"Hello, world!")], 1002)

    def test_three_empty_fragments(self):
        data = frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) + frame(CONTINUATION)
        for send in ("send_octets", "send"):
            with self.subTest(send):
                self.exchange(send, data + close_frame(1000), [Frame(TEXT, b"")], 1000)

    def test_large_echo_before_close(self):
        large = b"BAsd7&jh" * (256 * 1024 // 8)
        data = frame(TEXT, large) + frame(TEXT, b"Hello World!") + close_frame(1000) + frame(PING)
        self.exchange("send", data, [Frame(TEXT, large), Frame(TEXT, b"Hello World!")], 1000)

    def test_unsolicited_pong(self):
        data = frame(PONG, b"unsolicited") + close_frame(1000)
        for send in ("send_octets", "send"):
            with self.subTest(send):
                self.exchange(send, data, [], 1000)


if __name__ == "__main__":
    unittest.main()
