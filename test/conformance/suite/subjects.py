"""The programs under test, as one worker runs them: echo apps (RFC 6455 with and without deflate, both
handler styles), and the echo client, which connects to the suite's own listeners."""

import contextlib
import os
import select
import socket
import ssl
import subprocess
import tempfile
import time

import wire
from echo_server import EchoServer
from suite.link import Accepted, Link
from wire import WireError


def make_certificate(folder: str) -> str:
    """A self-signed certificate for 127.0.0.1 with its key; returns the file's path."""
    path = os.path.join(folder, "peer.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
         "-keyout", path, "-out", path + ".crt"], check=True, capture_output=True, stdin=subprocess.DEVNULL)
    with open(path, "a", encoding="ascii") as both, open(path + ".crt", encoding="ascii") as certificate:
        both.write(certificate.read())
    return path


class EchoClient:
    """The echo client's process: takes a line `URL option…` for each connection, and answers each
    with a line that says how it ended."""

    def __init__(self, certificate: str):
        command = [os.environ["WEBSOCK_ECHO_CLIENT"], certificate + ".crt"]
        self._log = tempfile.TemporaryFile()
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log)
        self._received = b""

    def start(self, url: str, options):
        self._process.stdin.write(" ".join([url, *options]).encode() + b"\n")
        self._process.stdin.flush()

    def report(self) -> str:
        until = time.monotonic() + wire.DEADLINE
        while b"\n" not in self._received:
            if not select.select([self._process.stdout], [], [], max(0, until - time.monotonic()))[0]:
                raise WireError("deadline passed: the client does not report")
            if not (data := os.read(self._process.stdout.fileno(), 4096)):
                raise WireError(f"the client has ended with {self._process.wait()}: {self.log()}")
            self._received += data
        line, _, self._received = self._received.partition(b"\n")
        return line.decode("utf-8", "replace")

    def log(self) -> str:
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace")

    def stop(self):
        """Ends it by the end of its input; it must exit with 0 and have nothing to complain about."""
        self._process.stdin.close()
        try:
            code = self._process.wait(wire.DEADLINE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        log = self.log()
        if code or log:
            raise AssertionError(f"the echo client ended with {code}: {log}")


class Subjects:
    """What one worker process has running. Started when first needed; ended by `close`."""

    def __init__(self, certificate: str, client_factory=EchoClient):
        self._certificate, self._client_factory = certificate, client_factory
        self._stack = contextlib.ExitStack()
        self._servers, self._listeners = {}, {}
        self._client = None
        self._reported = True

    def close(self):
        if self._client:
            self._stack.callback(self._client.stop)
        self._stack.close()

    # -- the echo app

    def path(self, config) -> str:
        return "/" + config.scheme

    def connect(self, config) -> Link:
        key = (config.scheme, config.deflate, config.octets)
        if key not in self._servers:
            self._servers[key] = self._stack.enter_context(self._start_server(config))
        return Link(self._servers[key].ports[config.scheme], config.scheme == "wss")

    def _start_server(self, config) -> EchoServer:
        # Each handler style with one half of the configurations, each of two levels with one half.
        flags = {"handler": "callback" if config.octets else "coroutine", "deflate_level": level(config)}
        if not config.deflate:
            file = self._stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="ascii"))
            file.write("no-deflate = true\n")
            file.flush()
            flags["config"] = file.name
        return EchoServer(**flags)

    # -- the echo client

    def accept(self, config, target: str, options) -> Accepted:
        """Has the client connect, and takes its connection."""
        if not self._client:
            self._client = self._client_factory(self._certificate)
        if config.scheme not in self._listeners:
            listener = self._stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            listener.settimeout(wire.DEADLINE)
            self._listeners[config.scheme] = listener
        listener = self._listeners[config.scheme]
        url = f"{config.scheme}://127.0.0.1:{listener.getsockname()[1]}{target}"
        self._client.start(url, [f"deflate={level(config) if config.deflate else 'off'}", *options])
        self._reported = False
        accepted, _ = listener.accept()
        try:
            return Accepted(accepted, self._tls() if config.scheme == "wss" else None)
        except BaseException:
            accepted.close()
            raise

    def client_report(self) -> str:
        self._reported = True
        return self._client.report()

    def settle(self, config):
        """After a failed case: the client's report of it is not the next case's."""
        if config.role == "client" and not self._reported:
            with contextlib.suppress(WireError):
                self.client_report()

    def _tls(self) -> ssl.SSLContext:
        if "tls" not in self._listeners:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._certificate)
            context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
            context.num_tickets = 0
            self._listeners["tls"] = context
        return self._listeners["tls"]


def level(config) -> int:
    """The compression level of the end under test: the library's default, and a fast one."""
    return 6 if config.scheme == "ws" else 1
