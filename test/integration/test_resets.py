"""Peers that go away without a word, by RST, at every stage of a connection: the server serves on
and keeps nothing of them. Under a sanitizer this is where use after free would show."""

import os
import random
import unittest

from echo_server import each_way
from wire import BINARY, CONTINUATION, PING, TEXT, Client, close_frame, frame, upgrade_head, wait_until

TIMES = 10  # each stage, since what a reset meets depends on the moment


@each_way
class Resets:
    def setUp(self):
        self.witness = self.open()
        self.assert_echoes(self.witness)
        self.before = len(self.server.descriptors())

    def tearDown(self):
        wait_until(lambda: len(self.server.descriptors()) <= self.before, "descriptors are given back")
        self.assert_echoes(self.witness)

    def reset_after(self, *data, upgraded=True, reading=True):
        """Connects, sends each of `data`, and resets; several times."""
        for _ in range(TIMES):
            client = self.open() if upgraded else self.connect()
            for part in data:
                client.send(part, reading=reading)
            client.reset()

    def test_tcp_only(self):
        for _ in range(TIMES):
            Client(self.server.ports[self.scheme]).reset()

    def test_in_the_tls_handshake(self):
        for _ in range(TIMES):
            client = Client(self.server.ports["wss"])
            client.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
            client.reset()

    def test_before_and_in_the_head(self):
        head = upgrade_head("/" + self.scheme)
        for size in (0, 1, len(head) // 2, len(head) - 1):
            self.reset_after(head[:size], upgraded=False)

    def test_while_the_answer_is_on_its_way(self):
        self.reset_after(upgrade_head("/" + self.scheme), upgraded=False)
        self.reset_after(upgrade_head("/nowhere"), upgraded=False)
        self.reset_after(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", upgraded=False)

    def test_open_and_idle(self):
        self.reset_after()

    def test_in_a_frame(self):
        whole = frame(TEXT, b"x" * 1000)
        for size in (1, 2, 4, 7, 8, 500, len(whole) - 1):
            self.reset_after(whole[:size])

    def test_in_a_message(self):
        self.reset_after(frame(TEXT, b"a", fin=False), frame(CONTINUATION, b"b", fin=False))

    def test_while_the_echo_is_on_its_way(self):
        self.reset_after(frame(TEXT, b"never read"))
        self.reset_after(frame(BINARY, os.urandom(1 << 20)), reading=False)
        self.reset_after(frame(PING, b"p") * 1000, reading=False)

    def test_in_the_closing_handshake(self):
        self.reset_after(close_frame(1000))
        self.reset_after(frame(BINARY, os.urandom(1 << 20)), close_frame(1000), reading=False)
        self.reset_after(frame(15))

    def test_after_the_close_frame_was_read(self):
        for _ in range(TIMES):
            client = self.open()
            client.send(close_frame(1000))
            client.read_frame()
            client.reset()

    def test_anywhere(self):
        chance = random.Random(6455)
        data = upgrade_head("/" + self.scheme) + frame(TEXT, b"x" * 3000) + frame(PING) + close_frame(1000)
        for _ in range(10):
            self.reset_after(data[: chance.randrange(len(data))], upgraded=False)


if __name__ == "__main__":
    unittest.main()
