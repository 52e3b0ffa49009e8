"""Runs the real echo app for a test: on free ports, until it listens, and to a proper end.

The binary is named by the environment variable WEBSOCK_ECHO. Ending means SIGTERM to that one
process, exit code 0, and no sanitizer report in what it wrote.
"""

import ctypes
import functools
import mmap
import os
import random
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

import wire

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
# ASan and TSan builds; UBSan and LSan report through the same words.
SANITIZER_REPORT = re.compile(r"(Address|Leak|Thread|Memory|UndefinedBehavior)Sanitizer|runtime error:")


def binary() -> str:
    path = os.environ.get("WEBSOCK_ECHO")
    if not path or not os.access(path, os.X_OK):
        raise RuntimeError(f"WEBSOCK_ECHO must name the echo app's binary; it is {path!r}")
    return path


@functools.lru_cache(maxsize=None)
def is_sanitized() -> bool:
    """Says whether the binary is an ASan or TSan build, whose memory use says nothing."""
    with open(binary(), "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        return text.find(b"__asan_init") >= 0 or text.find(b"__tsan_init") >= 0


def free_port():
    """A port below the ephemeral range that nobody listens on, and its reservation: a name in the
    abstract namespace, since two servers with SO_REUSEPORT could share a port without noticing."""
    while True:
        port = random.randrange(20000, 32000)
        reservation = socket.socket(socket.AF_UNIX)
        try:
            reservation.bind(f"\0websock-test-port-{port}")
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
            return port, reservation
        except OSError:
            reservation.close()


class EchoServer:
    """A running echo app. `flags` become command line flags: handshake_timeout=500 is
    `--handshake-timeout 500`. `descriptors_limit` sets RLIMIT_NOFILE, soft and hard."""

    def __init__(self, *, handler="coroutine", descriptors_limit=None, **flags):
        self.flags = {"handler": handler, **flags}
        self.descriptors_limit = descriptors_limit
        self.ports = {}
        self._reservations = []
        self.exit_code = None
        self._terminated = False

    def __enter__(self):
        for scheme in ("ws", "wss"):
            self.ports[scheme], reservation = free_port()
            self._reservations.append(reservation)
        flags = {"host": "127.0.0.1", "port": self.ports["ws"], "tls_port": self.ports["wss"]}
        command = [binary()]
        for name, value in {**flags, **self.flags}.items():
            command += ["--" + name.replace("_", "-"), str(value)]
        self._log = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            preexec_fn=self._before_exec,
        )
        try:
            wire.wait_until(self._listens_or_ended, f"{command} does not say that it listens")
            if self._process.poll() is not None:
                raise RuntimeError(f"{command} ended with {self._process.returncode}:\n{self.log()}")
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise
        return self

    def __exit__(self, kind, *_):
        if self.exit_code is None:
            self.stop()
        for reservation in self._reservations:
            reservation.close()
        log = self.log()
        self._log.close()
        if SANITIZER_REPORT.search(log):
            raise AssertionError(f"sanitizer report:\n{log}")
        if self.exit_code != 0 and kind is None:
            raise AssertionError(f"exit code {self.exit_code} after SIGTERM, not 0:\n{log}")

    def connect(self, scheme, **options) -> wire.Client:
        """A TCP (and TLS) connection, before any handshake of WebSocket."""
        return wire.Client(self.ports[scheme], scheme == "wss", **options)

    def open(self, scheme, **options) -> wire.Client:
        """A connection after the opening handshake."""
        client = self.connect(scheme, **options)
        client.upgrade("/" + scheme)
        return client

    def terminate(self):
        """Sends SIGTERM, once, and returns at once."""
        if not self._terminated:
            self._process.send_signal(signal.SIGTERM)
        self._terminated = True

    def wait(self) -> int:
        """Waits for the end; returns the exit code."""
        try:
            self.exit_code = self._process.wait(wire.DEADLINE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self.exit_code = self._process.wait()
            raise AssertionError(f"did not end within {wire.DEADLINE} s:\n{self.log()}") from None
        return self.exit_code

    def stop(self) -> int:
        self.terminate()
        return self.wait()

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def log(self) -> str:
        """What it has written so far."""
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode("utf-8", "replace")

    def descriptors(self) -> list:
        """The numbers of its open descriptors."""
        return sorted(map(int, os.listdir(f"/proc/{self._process.pid}/fd")))

    def resident_bytes(self) -> int:
        with open(f"/proc/{self._process.pid}/statm") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize()

    def cpu_seconds(self) -> float:
        with open(f"/proc/{self._process.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def limit_descriptors(self, soft: int):
        """Changes the running server's soft RLIMIT_NOFILE."""
        hard = resource.prlimit(self._process.pid, resource.RLIMIT_NOFILE)[1]
        resource.prlimit(self._process.pid, resource.RLIMIT_NOFILE, (soft, hard))

    def _before_exec(self):
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # no server outlives a test that was killed
        if self.descriptors_limit:
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.descriptors_limit,) * 2)

    def _listens_or_ended(self) -> bool:
        log = self.log()
        urls = (f"{scheme}://127.0.0.1:{port}/" for scheme, port in self.ports.items())
        return all(f"listening on {url}" in log for url in urls) or self._process.poll() is not None


class EchoTestCase(unittest.TestCase):
    """A test case with a server of its own: of style `handler`, asked over `scheme`."""

    handler = "coroutine"
    scheme = "ws"
    flags = {}

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(EchoServer(handler=cls.handler, **cls.flags))

    def connect(self, **options) -> wire.Client:
        client = self.server.connect(self.scheme, **options)
        self.addCleanup(client.close)
        return client

    def open(self, **options) -> wire.Client:
        client = self.server.open(self.scheme, **options)
        self.addCleanup(client.close)
        return client

    def assert_ends(self, client, frames, code, message=None):
        """Reads to the end: exactly `frames`, one Close with `code` (None: without a code), and a
        clean end of TCP and TLS. Pongs are in order, but need not wait for a handler's echoes."""
        got, end = client.read_to_end()
        for pongs in (False, True):
            expected = [frame for frame in frames if (frame.opcode == wire.PONG) == pongs]
            self.assertEqual([frame for frame in got[:-1] if (frame.opcode == wire.PONG) == pongs], expected, message)
        self.assertTrue(got and got[-1].opcode == wire.CLOSE, f"no Close at the end of {got}")
        self.assertEqual(got[-1].close_code, code, f"{message or ''} {got[-1]}")
        self.assertTrue(end.clean, f"{message or ''} unclean end: {end}")

    def assert_echoes(self, client, text=b"still here"):
        client.send(wire.frame(wire.TEXT, text))
        self.assertEqual(client.read_frame(), wire.Frame(wire.TEXT, text))


ALL_WAYS = (("coroutine", "ws"), ("coroutine", "wss"), ("callback", "ws"), ("callback", "wss"))
# Both handler styles and both transports in half the time, for tests that mostly wait.
CROSSED = (("coroutine", "ws"), ("callback", "wss"))


def each_way(case=None, *, ways=ALL_WAYS):
    """Class decorator: makes of a plain class with tests one EchoTestCase for each handler style
    and scheme in `ways`, named `Case_handler_scheme`, in the class's module."""
    if case is None:
        return functools.partial(each_way, ways=ways)
    for handler, scheme in ways:
        name = f"{case.__name__}_{handler}_{scheme}"
        body = {
            "handler": handler,
            "scheme": scheme,
            "__module__": case.__module__,
            "__qualname__": name,
            "__doc__": case.__doc__,
        }
        setattr(sys.modules[case.__module__], name, type(name, (case, EchoTestCase), body))
    return case
