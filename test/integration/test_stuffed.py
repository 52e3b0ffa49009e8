"""Peers that send and never read: everything is full, in both directions. Whatever ends them, the
server gets rid of them, and loses nothing for a peer that was only slow."""

import socket
import time
import unittest

from echo_server import EchoServer, each_way
from wire import BINARY, CLOSE, close_frame, frame, upgrade_head, wait_until

BOTH_STYLES = (("coroutine", "ws"), ("callback", "ws"))


def stuff(server) -> socket.socket:
    """Sends echo requests, without reading, until nothing goes out any more."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    peer.connect(("127.0.0.1", server.ports["ws"]))
    peer.sendall(upgrade_head("/ws"))
    message = frame(BINARY, b"x" * 60000)
    peer.settimeout(0.5)
    try:
        for _ in range(2000):
            peer.sendall(message)
    except TimeoutError:
        return peer
    raise AssertionError("120 MB were taken from a peer that does not read")


@each_way(ways=BOTH_STYLES)
class Stuffed:
    flags = {"max_connections": 3, "write_timeout": 1000, "close_timeout": 500}

    def test_reset_gives_the_place_back(self):
        for _ in range(2):
            peers = [stuff(self.server) for _ in range(3)]
            for peer in peers:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                peer.close()
            self.await_free_place()

    def test_staying_gives_the_place_back(self):
        peers = [stuff(self.server) for _ in range(3)]
        self.await_free_place()  # by write_timeout
        for peer in peers:
            peer.close()

    def await_free_place(self):
        def is_free():
            with self.server.connect("ws") as client:
                client.send(upgrade_head("/ws"))
                return client.read_head().status == 101

        wait_until(is_free, "a new connection is let in")


@each_way(ways=BOTH_STYLES)
class StuffedAtTheEnd:
    """SIGTERM while a peer does not read: the server ends all the same, in its drain time."""

    flags = {"drain_timeout": 3000, "close_timeout": 500}

    @classmethod
    def setUpClass(cls):
        pass  # each test ends its server

    def test_sigterm(self):
        with EchoServer(handler=self.handler, **self.flags) as server:
            peer = stuff(server)
            server.terminate()
            self.assertEqual(server.wait(), 0)
            peer.close()


@each_way(ways=BOTH_STYLES)
class SlowPeers:
    """A peer may be slow for longer than close_timeout, as long as write_timeout holds."""

    flags = {"close_timeout": 500, "write_timeout": 20000}

    def test_every_echo_precedes_the_close(self):
        client = self.open(receive_buffer=16384)
        message = frame(BINARY, b"y" * 60000)
        client.send(message * 80 + close_frame(1000), reading=False)
        time.sleep(2)  # four times close_timeout
        frames, end = client.read_to_end()
        self.assertEqual(len(frames), 81)
        self.assertTrue(all(len(got.payload) == 60000 for got in frames[:-1]))
        self.assertEqual((frames[-1].opcode, frames[-1].close_code), (CLOSE, 1000))
        self.assertTrue(end.clean, end)


if __name__ == "__main__":
    unittest.main()
