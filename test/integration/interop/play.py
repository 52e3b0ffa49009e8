"""Plays one scenario: starts the server's program, then the client's, and has their reports judged.
Every program ends by itself; one that does not is killed at the deadline, and none outlives us."""

import asyncio
import ctypes
import json
import os
import re
import signal
import tempfile
import time

from echo_server import PR_SET_PDEATHSIG, SANITIZER_REPORT
from wire import DEADLINE

from . import browser, peers
from .judge import Fault, demand, judge
from .scenarios import FLAGS, Scenario

PLAY_DEADLINE = 3 * DEADLINE  # of one program, for the whole programme
LIBC = ctypes.CDLL(None)


class Program:
    """A running program, and what it prints."""

    def __init__(self, name, command, role, settings):
        self.name = name
        words = [[f"--{key}", str(value)] for key, value in settings.items()]
        self.command = [*command, role, *sum(words, [])]

    async def __aenter__(self):
        self._out, self._err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self._process = await asyncio.create_subprocess_exec(
            *self.command, stdin=asyncio.subprocess.DEVNULL, stdout=self._out, stderr=self._err,
            env=peers.environment(), preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
        return self

    async def __aexit__(self, *_):
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        self._out.close()
        self._err.close()

    def _read(self, file) -> str:
        return os.pread(file.fileno(), 1 << 20, 0).decode("utf-8", "replace")

    def lines(self):
        return self._read(self._out).splitlines()

    async def port(self) -> int:
        until = time.monotonic() + DEADLINE
        while not self.lines():
            demand(self._process.returncode is None and time.monotonic() < until,
                   f"{self.name} does not listen: {self._read(self._err)[-1000:]}")
            await asyncio.sleep(0.01)
        return json.loads(self.lines()[0])["port"]

    async def report(self) -> dict:
        """Waits for its end; the last line is its report."""
        try:
            await asyncio.wait_for(self._process.wait(), PLAY_DEADLINE)
        except asyncio.TimeoutError:
            raise Fault(f"{self.name} has not ended after {PLAY_DEADLINE:.0f} s") from None
        errors = self._read(self._err)
        demand(not SANITIZER_REPORT.search(errors), f"{self.name}: {errors[-4000:]}")
        lines = self.lines()
        demand(lines and "digest" in lines[-1],
               f"{self.name} ended with {self._process.returncode}, no report: {errors[-1000:]}")
        seen = json.loads(lines[-1])
        code = self._process.returncode
        demand(code == 0 or seen.get("problem"), f"{self.name} ended with {code}: {errors[-1000:]}")
        return seen


class Stage:
    """What the scenarios share: programs, certificate, browser."""

    def __init__(self, ours, work):
        self.ours = ours  # role -> command
        self.work = work
        self.tls = peers.certificate(work)
        self.browser = browser.Browser()

    def settings(self, scenario: Scenario, role: str) -> dict:
        chosen = {"messages": scenario.messages, "largest": scenario.largest,
                  "closer": scenario.closer, "code": scenario.code}
        deflate = scenario.deflate.settings(role)
        if deflate is not None:
            chosen["deflate"] = 1
            chosen.update({FLAGS[name]: int(value) for name, value in deflate.items()})
        if scenario.peer == "libwebsockets" and scenario.role == role == "server":
            # Where the extension is in use, its client (4.1) hands on uncompressed messages twice.
            chosen["compress-all"] = 1
        if scenario.scheme == "wss":
            chosen.update(self.tls if role == "server" else {"ca": self.tls["cert"]})
        return chosen

    async def play(self, scenario: Scenario, command):
        """Raises Fault unless all is as it must be."""
        servers = self.ours["server"] if scenario.role == "server" else command
        clients = command if scenario.role == "server" else self.ours["client"]
        names = ("our server", scenario.peer) if scenario.role == "server" else (scenario.peer, "our client")
        async with Program(names[0], servers, "server", self.settings(scenario, "server")) as server:
            url = f"{scenario.scheme}://127.0.0.1:{await server.port()}/ws"
            if scenario.peer == "curl":
                return await self.curl(scenario, command[0], url)
            settings = {"url": url, **self.settings(scenario, "client")}
            if scenario.peer == "chromium":
                seen = await asyncio.to_thread(self.browser.report, settings)
            else:
                async with Program(names[1], clients, "client", settings) as client:
                    seen = await client.report()
            other = await server.report()
        ours, theirs = (other, seen) if scenario.role == "server" else (seen, other)
        judge(scenario, ours, theirs)

    async def curl(self, scenario: Scenario, program: str, url: str):
        """The handshake only: Debian 12's curl speaks no ws://."""
        offer = {} if scenario.deflate.client is None else {"Sec-WebSocket-Extensions": "permessage-deflate"}
        fields = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", **offer}
        headers = [word for name, value in fields.items() for word in ("--header", f"{name}: {value}")]
        # After 101 it would wait for ever; what it wrote until then is all that is asked of it.
        process = await asyncio.create_subprocess_exec(
            program, "--silent", "--http1.1", "--noproxy", "*", "--max-time", "1", "--cacert", self.tls["cert"],
            "--dump-header", "-", *headers, url.replace("ws", "http", 1),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL)
        out, _ = await asyncio.wait_for(process.communicate(), DEADLINE)
        head = out.decode("latin-1")
        demand(head.startswith("HTTP/1.1 101 "), f"not 101: {head!r}")
        demand("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head, f"a wrong Sec-WebSocket-Accept: {head!r}")
        agreed = re.search(r"(?im)^sec-websocket-extensions: *(.*?)\r$", head)
        wanted = "permessage-deflate" if scenario.deflate.agreed is not None else None
        demand((agreed and agreed[1]) == wanted, f"agreed on {agreed and agreed[1]}, expected {wanted}")
