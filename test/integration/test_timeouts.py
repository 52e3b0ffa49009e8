"""Deadlines: of the opening handshake (absolute, TLS included), of silence, of the closing
handshake, and the end of the whole server at SIGTERM.

Nothing here measures how punctual the server is: it must act, not before half of the time that it
was given, and while this side still waits.
"""

import time
import unittest

from echo_server import CROSSED, EchoServer, each_way
from wire import (
    CLOSE, DEADLINE, PING, PONG, TEXT,
    Client, Frame, close_frame, frame, parse_head, upgrade_head, wait_until,
)

HANDSHAKE_TIMEOUT = 1000  # ms


def assert_nothing_or_408(test, data: bytes):
    """What a peer may get that has not sent a whole request in time."""
    if data:
        test.assertEqual(parse_head(data.partition(b"\r\n\r\n")[0]).status, 408, data)


@each_way(ways=CROSSED)
class OpeningHandshake:
    flags = {"handshake_timeout": HANDSHAKE_TIMEOUT}

    def assert_cut(self, client, since):
        data, end = client.read_bytes_to_end()
        self.assertGreater(time.monotonic() - since, HANDSHAKE_TIMEOUT / 2000)
        assert_nothing_or_408(self, data)
        return end

    def test_silent_tcp(self):
        since = time.monotonic()
        client = Client(self.server.ports[self.scheme])  # over wss: no ClientHello either
        self.addCleanup(client.close)
        self.assertEqual(self.assert_cut(client, since).tcp, "FIN")

    def test_silent_after_tls(self):
        since = time.monotonic()
        self.assertTrue(self.assert_cut(self.connect(), since).clean)

    def test_half_a_head(self):
        since = time.monotonic()
        client = self.connect()
        client.send(upgrade_head("/" + self.scheme)[:-2])
        self.assertTrue(self.assert_cut(client, since).clean)

    def test_slow_head(self):
        """An octet now and then does not move the deadline: it is absolute."""
        since = time.monotonic()
        client = self.connect()
        endless = upgrade_head("/" + self.scheme)[:-2] + b"X: " + b"y" * 8000
        sent = 0
        while not client.end:
            try:
                client.send(endless[sent : sent + 1])
            except (ConnectionResetError, BrokenPipeError):  # it was cut, and does not wait for more
                break
            sent += 1
            self.assertLess(time.monotonic() - since, DEADLINE, "a head sent octet by octet is not cut off")
            time.sleep(0.02)  # the slow peer itself
            client.poll()
        self.assertGreater(time.monotonic() - since, HANDSHAKE_TIMEOUT / 2000)
        self.assert_echoes(self.open())

    def test_fast_enough_is_left_alone(self):
        """The deadline ends with the handshake: an open connection outlives it."""
        client = self.open()
        unfinished = self.connect()
        unfinished.read_bytes_to_end()  # began later, and is cut: the first one's time is over too
        self.assert_echoes(client)


@each_way(ways=CROSSED)
class ManyUnfinished:
    flags = {"handshake_timeout": 3000}
    many = 200

    def test_do_not_disturb_an_echoing_client(self):
        client = self.open()
        descriptors = len(self.server.descriptors())
        head = upgrade_head("/" + self.scheme)
        unfinished = []
        for number in range(self.many):
            if self.scheme == "wss" and number % 2:
                half = Client(self.server.ports["wss"])  # no TLS, or half a ClientHello
                half.send([b"", b"\x16\x03\x01\x02\x00\x01"][number % 4 // 2])
            else:
                half = self.connect()
                half.send([b"", head[:1], head[:50], head[:-1]][number // 2 % 4])
            self.addCleanup(half.close)
            unfinished.append(half)
        echoed = 0
        while not all(half.end for half in unfinished):
            payload = b"%d" % echoed
            self.assert_echoes(client, payload)
            echoed += 1
            for half in unfinished:
                half.poll()
        for half in unfinished:
            assert_nothing_or_408(self, half.read_bytes_to_end()[0])
        self.assertGreater(echoed, 10)
        for half in unfinished:
            half.close()
        wait_until(lambda: len(self.server.descriptors()) <= descriptors, "their descriptors are given back")


@each_way(ways=CROSSED)
class Silence:
    flags = {"ping_interval": 300, "idle_timeout": 1500}

    def test_answered_pings_keep_the_connection(self):
        client = self.open()
        since, pings = time.monotonic(), 0
        while time.monotonic() < since + 2.5:  # well over idle_timeout
            got = client.read_frame()
            self.assertEqual(got.opcode, PING, got)
            client.send(frame(PONG, got.payload))
            pings += 1
        self.assertGreaterEqual(pings, 2)
        self.assert_echoes_among_pings(client)

    def assert_echoes_among_pings(self, client):
        client.send(frame(TEXT, b"still here"))
        while (got := client.read_frame()).opcode == PING:
            pass
        self.assertEqual(got, Frame(TEXT, b"still here"))

    def test_unanswered_pings_end_it(self):
        client = self.open()
        since = time.monotonic()
        frames, end = client.read_to_end()
        self.assertGreater(time.monotonic() - since, 1.5 / 2)
        self.assertEqual({got.opcode for got in frames[:-1]}, {PING}, frames)
        self.assertEqual((frames[-1].opcode, frames[-1].close_code), (CLOSE, 1001), frames)
        self.assertTrue(end.clean, end)

    def test_half_a_frame_is_silence_too(self):
        client = self.open()
        client.send(frame(TEXT, b"never finished")[:-1])
        frames, _ = client.read_to_end()
        self.assertEqual((frames[-1].opcode, frames[-1].close_code), (CLOSE, 1001), frames)

    def test_any_byte_ends_the_silence(self):
        """Not only the pong that was asked for."""
        client = self.open()
        since = time.monotonic()
        while time.monotonic() < since + 2.5:
            self.assertEqual(client.read_frame().opcode, PING)
            client.send(frame(PONG, b"unsolicited"))
        self.assert_echoes_among_pings(client)


@each_way(ways=CROSSED)
class LingeringPeers:
    """Peers that got our last byte and do not end their side of TCP: let go after close_timeout."""

    flags = {"close_timeout": 500}

    def test_are_let_go(self):
        witness = self.open()
        self.assert_echoes(witness)
        descriptors = len(self.server.descriptors())
        lingering = []
        for data, code in ((close_frame(1000), 1000), (frame(15), 1002), (frame(CLOSE), None)):
            client = self.open()
            client.send(data)
            self.assertEqual(client.read_frame().close_code, code)
            lingering.append(client)
        for head, status in ((upgrade_head("/nowhere"), 404), (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200)):
            client = self.connect()
            client.send(head)
            self.assertEqual(client.read_head().status, status)
            lingering.append(client)
        wait_until(lambda: len(self.server.descriptors()) <= descriptors, "their descriptors are given back")
        used = self.server.cpu_seconds()
        for number in range(20):
            self.assert_echoes(witness, b"%d" % number)
        time.sleep(1)  # long enough for a loop that spins to burn it
        self.assertLess(self.server.cpu_seconds() - used, 0.5, "spins")


@each_way(ways=CROSSED)
class Shutdown:
    """SIGTERM: Close 1001 to all open clients, no new ones, exit code 0 (checked by EchoServer)."""

    flags = {"close_timeout": 3000, "drain_timeout": 10000}

    @classmethod
    def setUpClass(cls):
        pass  # a server for each test, since each ends its server

    def setUp(self):
        self.server = self.enterContext(EchoServer(handler=self.handler, **self.flags))

    def assert_going_away(self, client):
        got = client.read_frame()
        self.assertEqual((got.opcode, got.opcode == CLOSE and got.close_code), (CLOSE, 1001), got)

    def test_answering_clients_end_cleanly(self):
        clients = [self.open() for _ in range(20)]
        for client in clients:
            self.assert_echoes(client)
        self.server.terminate()
        for client in clients:
            self.assert_going_away(client)
            client.send(close_frame(1001))
            frames, end = client.read_to_end()
            self.assertEqual((frames, end.clean), ([], True), end)
        self.assertEqual(self.server.wait(), 0)

    def test_client_that_never_answers(self):
        """It is cut off after close_timeout; until then, nobody new comes in."""
        client = self.open()
        self.server.terminate()
        self.assert_going_away(client)
        wait_until(self.refuses, "new connections are refused")
        self.assertTrue(self.server.running, "it waits for the client's Close")
        self.assertEqual(client.read_to_end()[0], [])
        self.assertEqual(self.server.wait(), 0)

    def refuses(self) -> bool:
        try:
            Client(self.server.ports[self.scheme]).close()
        except ConnectionRefusedError:
            return True
        return False

    def test_unfinished_handshakes_do_not_hold_it_up(self):
        self.assert_echoes(self.open())
        silent = Client(self.server.ports[self.scheme])
        self.addCleanup(silent.close)
        half = self.connect()
        half.send(upgrade_head()[:20])
        for client in (silent, half):
            client.poll()
        opened = self.open()
        self.server.terminate()
        self.assert_going_away(opened)
        opened.send(close_frame(1001))
        self.assertEqual(self.server.wait(), 0)

    def test_what_was_accepted_is_echoed_first(self):
        large = b"x" * (4 * 1024 * 1024)
        client = self.open(receive_buffer=16384)
        client.send(frame(TEXT, large), reading=False)
        client.send(frame(PING, b"taken"), reading=False)
        # The first octets of the echo say that the message has reached the handler.
        wait_until(lambda: client.poll() or client.received > 1000, "the echo begins")
        self.server.terminate()
        frames = []
        while not frames or frames[-1].opcode != CLOSE:
            frames.append(client.read_frame())
        self.assertEqual([got for got in frames[:-1] if got.opcode != PONG], [Frame(TEXT, large)])
        self.assertEqual(frames[-1].close_code, 1001)


if __name__ == "__main__":
    unittest.main()
