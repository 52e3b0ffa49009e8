"""Real clients of others against the echo app: Debian's python3-websockets, node-ws and curl. A
client that is not installed is a failure: these are what the server is for."""

import asyncio
import os
import random
import shutil
import subprocess
import unittest

from echo_server import each_way
from wire import DEADLINE, TLS_CONTEXT

HERE = os.path.dirname(os.path.abspath(__file__))
SIZES = (1, 125, 126, 65535, 65536, 1 << 20)


def tool(name: str, package: str) -> str:
    path = shutil.which(name)
    if not path:
        raise AssertionError(f"{name} is missing (apt-get install {package})")
    return path


@each_way
class PythonWebsockets:
    def run_with_client(self, work, **options):
        try:
            import websockets
        except ImportError as problem:
            raise AssertionError("websockets is missing (apt-get install python3-websockets)") from problem
        url = f"{self.scheme}://127.0.0.1:{self.server.ports[self.scheme]}/{self.scheme}"
        if self.scheme == "wss":
            options["ssl"] = TLS_CONTEXT

        async def run():
            client = await websockets.connect(url, max_size=None, **options)
            try:
                await work(client)
            finally:
                await client.close()
            return client

        async def run_in_time():
            return await asyncio.wait_for(run(), DEADLINE)

        return asyncio.run(run_in_time())

    def test_sizes_and_kinds(self):
        async def work(client):
            for size in SIZES:
                for payload in ("x" * size, random.Random(size).randbytes(size), "€😀"[size % 2] * (size // 4)):
                    await client.send(payload)
                    self.assertTrue(await client.recv() == payload, f"{type(payload)} of {len(payload)}")

        self.run_with_client(work)

    def test_a_thousand_messages_in_order(self):
        async def work(client):
            sent = [f"message {number} κόσμε" for number in range(1000)]

            async def send_all():
                for message in sent:
                    await client.send(message)

            sending = asyncio.create_task(send_all())
            self.assertEqual([await client.recv() for _ in sent], sent)
            await sending

        self.run_with_client(work)

    def test_fragments_and_ping(self):
        async def work(client):
            await client.send(["in ", "three ", "fragments"])
            await (await client.ping(b"are you there"))
            self.assertEqual(await client.recv(), "in three fragments")

        self.run_with_client(work)

    def test_close_codes(self):
        for code, reason in ((1000, ""), (1001, "gone"), (3000, "Grüße"), (4999, "r" * 123)):
            with self.subTest(code):
                async def work(client):
                    await client.close(code, reason)

                client = self.run_with_client(work)
                self.assertEqual(client.close_code, code)

    def test_without_compression_offered(self):
        async def work(client):
            await client.send("plain")
            self.assertEqual(await client.recv(), "plain")

        self.run_with_client(work, compression=None)


@each_way
class NodeWs:
    def test_node_ws(self):
        node = tool("node", "nodejs node-ws")
        url = f"{self.scheme}://127.0.0.1:{self.server.ports[self.scheme]}/{self.scheme}"
        paths = os.pathsep.join(filter(None, [os.environ.get("NODE_PATH"), "/usr/share/nodejs"]))
        done = subprocess.run(
            [node, os.path.join(HERE, "interop_ws.cjs"), url, str(DEADLINE)],
            capture_output=True, text=True, timeout=2 * DEADLINE,
            env={**os.environ, "NODE_PATH": paths}, check=False,
        )
        self.assertEqual((done.returncode, done.stdout.strip()), (0, "ok"), done.stderr)


@each_way
class Curl:
    def curl(self, path, *arguments):
        """Returns (exit code, HTTP status, body)."""
        url = f"http{'s' if self.scheme == 'wss' else ''}://127.0.0.1:{self.server.ports[self.scheme]}{path}"
        done = subprocess.run(
            [tool("curl", "curl"), "--silent", "--insecure", "--noproxy", "*", "--max-time", str(DEADLINE),
             "--write-out", "\n%{http_code}", *arguments, url],
            capture_output=True, timeout=2 * DEADLINE, check=False,
        )
        body, _, status = done.stdout.rpartition(b"\n")
        return done.returncode, int(status), body

    def test_page(self):
        code, status, body = self.curl("/")
        self.assertEqual((code, status), (0, 200))
        self.assertTrue(body.startswith(b"<!DOCTYPE html>") and body.rstrip().endswith(b"</html>"))

    def test_page_twice_over_one_curl(self):
        """Whether the connection is kept or closed, the second request is served."""
        code, status, _ = self.curl("/", f"http{'s' if self.scheme == 'wss' else ''}://127.0.0.1:"
                                    f"{self.server.ports[self.scheme]}/", "--output", "/dev/null")
        self.assertEqual((code, status), (0, 200))

    def test_head(self):
        code, status, body = self.curl("/", "--head")
        self.assertEqual((code, status), (0, 200))
        self.assertIn(b"content-length:", body.lower())

    def test_refusals(self):
        for path, arguments, expected in (
            ("/nowhere", [], 404),
            ("/" + self.scheme, [], 426),
            ("/" + self.scheme, ["--request", "POST"], 405),
            ("/", ["--request", "DELETE"], 405),
        ):
            with self.subTest(path, arguments=arguments):
                code, status, _ = self.curl(path, *arguments)
                self.assertEqual((code, status), (0, expected))

    def test_upgrade_by_hand(self):
        """Debian 12's curl speaks no ws://, so it only performs the handshake here."""
        code, status, _ = self.curl(
            "/" + self.scheme, "--http1.1", "--max-time", "1",
            "--header", "Connection: Upgrade", "--header", "Upgrade: websocket",
            "--header", "Sec-WebSocket-Version: 13", "--header", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        )
        self.assertEqual((code, status), (28, 101))  # 28: it then waits until its time is over


if __name__ == "__main__":
    unittest.main()
