"""permessage-deflate against Python's zlib: every level, window and takeover, through the real echo
app; and messages that are small on the wire and huge behind it (RFC 7692 §7, §8)."""

import itertools
import random
import unittest
import zlib

from echo_server import EchoServer, is_sanitized
from wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Client, close_frame, frame, wait_until

TAIL = b"\0\0\xff\xff"
MIB = 1024 * 1024
MAX_MESSAGE = 16 * MIB  # the echo app's limit
RSV1 = 4
CODE_TOO_BIG = 1009


class DeflateClient(Client):
    """A client that understands RSV1 on the first frame of a message. The server sends a message as
    one frame."""

    def __init__(self, server, scheme, *, level=6, bits=15, server_takeover=True, client_takeover=True):
        super().__init__(server.ports[scheme], scheme == "wss")
        self.bits, self.level = bits, level
        self.takes_over = {"server": server_takeover, "client": client_takeover}
        self.was_compressed = False
        parameters = [f"{side}_no_context_takeover" for side in ("server", "client") if not self.takes_over[side]]
        if bits < 15:
            parameters += [f"server_max_window_bits={bits}", f"client_max_window_bits={bits}"]
        agreed = "; ".join(["permessage-deflate", *parameters])
        response = self.upgrade(f"/{scheme}", extra=[f"Sec-WebSocket-Extensions: {agreed}"])
        if response.field("sec-websocket-extensions") != [agreed]:
            raise AssertionError(f"offered {agreed}, answered {response.fields}")
        self._compressor = self._decompressor = None

    def compress(self, message: bytes) -> bytes:
        if not self._compressor or not self.takes_over["client"]:
            self._compressor = zlib.compressobj(self.level, zlib.DEFLATED, -self.bits)
        data = self._compressor.compress(message) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        if not data.endswith(TAIL):
            raise AssertionError("zlib's flush marker is missing")
        return data[:-4]

    def decompress(self, payload: bytes) -> bytes:
        """In steps so small that zlib notices a distance beyond the agreed window."""
        if not self._decompressor or not self.takes_over["server"]:
            self._decompressor = zlib.decompressobj(-self.bits)
        rest, parts = payload + TAIL, []
        while rest:
            parts.append(self._decompressor.decompress(rest, 200))
            rest = self._decompressor.unconsumed_tail
        while part := self._decompressor.decompress(b"", 200):
            parts.append(part)
        return b"".join(parts)

    def read_message(self) -> bytes:
        got = self.read_frame()
        if got.opcode not in (TEXT, BINARY):
            raise AssertionError(f"a message was awaited: {got}")
        return self.decompress(got.payload) if self.was_compressed else got.payload

    def _take_frame(self):
        first = self._bytes[0] if self._bytes else 0
        compressed = bool(first & 0x40) and first & 0xF in (TEXT, BINARY)
        if compressed:
            self._bytes[0] = first & ~0x40
        got = super()._take_frame()
        if got is not None:
            self.was_compressed = compressed
        elif compressed:
            self._bytes[0] = first
        return got


def records(size: int, seed: int) -> bytes:
    by = random.Random(seed)
    lines = (f'{{"id":{by.randrange(10**5)},"name":"n{by.randrange(50)}","tags":["a","b"]}}\n' for _ in range(size // 20))
    return "".join(lines).encode()[:size]


class AgainstPythonsZlib(unittest.TestCase):
    """[7692-6.1-1, 7692-6.2-1, 7692-7.2.1-7, 7692-7.2.2-2]"""

    def messages(self):
        noise = random.Random(7).randbytes(3000)
        text = records(3000, 1)
        return [text, text, noise, b"", b"x", noise, "€é😀".encode() * 100, records(70_000, 2), bytes(5000), text[:300]]

    def exchange(self, client):
        compressed = 0
        for number, message in enumerate(self.messages()):
            payload = client.compress(message)
            opcode = TEXT if number in (0, 6) else BINARY
            if number % 3 == 1 and len(payload) > 2:  # in fragments, with a ping between
                half = len(payload) // 2
                client.send(frame(opcode, payload[:half], fin=False, rsv=RSV1) + frame(PING, b"p"))
                self.assertEqual(client.read_frame().opcode, PONG)
                client.send(frame(CONTINUATION, payload[half:]))
            else:
                client.send(frame(opcode, payload, rsv=RSV1))
            self.assertEqual(client.read_message(), message)
            compressed += client.was_compressed
        client.send(close_frame())
        self.assertEqual(client.read_frame().opcode, CLOSE)
        return compressed

    def test_every_level_window_and_takeover(self):
        connections = compressed = 0
        for level in range(1, 10):
            # Both handler styles and both transports in turn.
            handler, scheme = (("coroutine", "ws"), ("callback", "wss"))[level % 2]
            with EchoServer(handler=handler, deflate_level=level, deflate_memory_level=level) as server:
                for bits, ours, theirs in itertools.product(range(9, 16), (True, False), (True, False)):
                    with self.subTest(level=level, bits=bits, server_takeover=ours, client_takeover=theirs):
                        options = {"bits": bits, "server_takeover": ours, "client_takeover": theirs}
                        with DeflateClient(server, scheme, level=level, **options) as client:
                            compressed += self.exchange(client)
                        connections += 1
        print(f"{connections} connections, {connections * len(self.messages())} messages, {compressed} sent compressed")
        self.assertGreater(compressed, connections * 6)

    # [7692-7.2.2-2]
    def test_windows_survive_the_release_of_codecs(self):
        """Until the server has given its codecs back five times: its answer is then as large as the
        first, while what it gets goes on to refer to what came before."""
        text = random.Random(3).randbytes(1000)
        with EchoServer(deflate_release_after=1) as server, DeflateClient(server, "ws") as client:
            releases = -1  # the first answer is large, too

            def exchange():
                nonlocal releases
                payload = client.compress(text)
                client.send(frame(BINARY, payload, rsv=RSV1))
                got = client.read_frame()
                self.assertEqual(client.decompress(got.payload), text)
                self.assertEqual(len(payload) < 100, releases >= 0)
                releases += len(got.payload) > 900
                return releases >= 5

            wait_until(exchange, "codecs are given back")

    def test_a_client_window_of_256_bytes(self):
        """zlib does not compress for it; what there is to decompress are short distances."""
        with EchoServer() as server, Client(server.ports["ws"]) as client:
            offer = "permessage-deflate; client_max_window_bits=8"
            response = client.upgrade("/ws", extra=[f"Sec-WebSocket-Extensions: {offer}"])
            self.assertEqual(response.field("sec-websocket-extensions"), [offer])
            client.send(frame(TEXT, bytes.fromhex("f248cdc9c90700"), rsv=RSV1))
            client.send(frame(TEXT, bytes.fromhex("f200110000"), rsv=RSV1) + close_frame())
            received, _ = client.read_bytes_to_end()
            self.assertTrue(received.startswith(bytes.fromhex("c107f248cdc9c90700c105f200110000")), received)


class Bombs(unittest.TestCase):
    """512 MiB of zeroes in half a MiB. [6455-10.4-1]"""

    CONNECTIONS = 8
    SLACK = 24 * MIB  # codecs, buffers, and what the allocator keeps

    @classmethod
    def setUpClass(cls):
        codec = zlib.compressobj(9, zlib.DEFLATED, -15)
        zeroes = bytes(MIB)
        cls.bomb = b"".join(codec.compress(zeroes) for _ in range(512)) + codec.flush(zlib.Z_SYNC_FLUSH)[:-4]
        cls.frames = {
            "one frame": frame(BINARY, cls.bomb, rsv=RSV1),
            "fragments": b"".join(
                frame(CONTINUATION if at else BINARY, cls.bomb[at : at + 1000], rsv=0 if at else RSV1,
                      fin=at + 1000 >= len(cls.bomb))
                for at in range(0, len(cls.bomb), 1000)
            ),
        }

    def peak(self, server) -> int:
        with open(f"/proc/{server._process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))

    def reset_peak(self, server):
        with open(f"/proc/{server._process.pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")

    def explode(self, server, how: str, count: int) -> int:
        """Sends a bomb to `count` connections, a part to each in turn. Returns the growth of the
        server's memory at its peak."""
        clients = [DeflateClient(server, "ws") for _ in range(count)]
        self.reset_peak(server)
        before, cpu = self.peak(server), server.cpu_seconds()
        data = self.frames[how]
        # So much at a time that each of them holds nearly a whole message when the last begins.
        for part in (data[:15_000], data[15_000:]):
            for client in clients:
                client.send(part)
        for client in clients:
            got, _ = client.read_to_end()
            self.assertEqual([got[-1].opcode, got[-1].close_code], [CLOSE, CODE_TOO_BIG], how)
            client.close()
        growth, seconds = self.peak(server) - before, server.cpu_seconds() - cpu
        print(f"{how:10} x{count}: {len(self.bomb) / 1024:.0f} KiB each, {growth / MIB:.1f} MiB more at the peak, "
              f"{seconds:.2f} s of CPU")
        return growth

    def test_bombs(self):
        for how, count in itertools.product(self.frames, (1, self.CONNECTIONS)):
            with self.subTest(how, count=count), EchoServer() as server:
                growth = self.explode(server, how, count)
                if not is_sanitized():
                    self.assertLess(growth, count * MAX_MESSAGE + self.SLACK)
                with DeflateClient(server, "ws") as client:  # and it goes on
                    client.send(frame(TEXT, client.compress(b"Hello"), rsv=RSV1))
                    self.assertEqual(client.read_message(), b"Hello")

    def test_the_limit_to_the_byte(self):
        with EchoServer() as server:
            for extra, ending in ((0, None), (1, CODE_TOO_BIG)):
                with DeflateClient(server, "ws") as client:
                    message = bytes(MAX_MESSAGE + extra)
                    client.send(frame(BINARY, client.compress(message), rsv=RSV1))
                    if ending is None:
                        self.assertEqual(client.read_frame().opcode, BINARY)
                    else:
                        self.assertEqual(client.read_frame().close_code, ending)


if __name__ == "__main__":
    unittest.main()
