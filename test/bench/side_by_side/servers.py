"""The servers that are compared: how each is started, made ready and ended."""
import os
import pathlib
import re
import shlex
import shutil
import socket
import subprocess
import time

BASE = "websock callback"
RAW = {False: "raw epoll", True: "raw tls"}
READY_WITHIN = 20
ENDS_WITHIN = 5
ADDED_FIELDS = re.compile(r"\{(port|tls|cert|key)\}")


class Failure(Exception):
    """Says why a server or the load tool could not be measured."""


class Place:
    """A directory for one comparison: copies of the programs, a certificate, logs."""

    def __init__(self, root, folder):
        self.folder = pathlib.Path(folder)
        self.node_script = root / "test" / "bench" / "peers" / "node_ws.js"
        self.certificate, self.key = self.folder / "cert.pem", self.folder / "key.pem"
        # A build that somebody starts meanwhile changes nothing here.
        for built in [root / "build/release/apps/echo/websock-echo", root / "build/release/apps/load/websock-load",
                      *sorted((root / "build/bench/test/bench/peers").glob("peer_*"))]:
            if built.is_file():
                shutil.copy2(built, self.folder / built.name)

    def program(self, name):
        path = self.folder / name
        if not path.exists():
            raise Failure("not built: is its package installed?")
        return str(path)

    def make_certificate(self):
        made = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", self.key, "-out", self.certificate, "-days", "30", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], capture_output=True, text=True, check=False)
        if made.returncode:
            raise Failure(f"openssl made no certificate: {made.stderr.strip()}")


def _ours(style, threads=1):
    def command(place, port, tls):
        ports = ["--port", "0", "--tls-port", port] if tls else ["--port", port, "--tls-port", "0"]
        return [place.program("websock-echo"), "--host", "127.0.0.1", *ports, "--cert", str(place.certificate),
                "--key", str(place.key), "--handler", style, "--threads", str(threads), "--no-deflate",
                "--max-connections", "20000", "--log-level", "warning"]
    return command


def _peer_flags(place, port, tls):
    return ["--port", port, *(["--tls", "--cert", str(place.certificate), "--key", str(place.key)] if tls else [])]


def _peer(program, *flags):
    return lambda place, port, tls: [place.program(program), *_peer_flags(place, port, tls), *flags]


def _node(*flags):
    def command(place, port, tls):
        if not shutil.which("node"):
            raise Failure("node is not installed")
        return ["node", str(place.node_script), *_peer_flags(place, port, tls), *flags]
    return command


def _added(line):
    def command(place, port, tls):
        fields = {"port": port, "tls": str(int(tls)), "cert": str(place.certificate), "key": str(place.key)}
        return [ADDED_FIELDS.sub(lambda field: fields[field[1]], word) for word in shlex.split(line)]
    return command


def both_shapes(name, program):
    return {name: program(), f"{name} tuned": program("--tuned")}


PEERS = {
    BASE: _ours("callback"),
    "websock coroutine": _ours("coroutine"),
    **both_shapes("beast callbacks", lambda *flags: _peer("peer_beast_callbacks", *flags)),
    **both_shapes("beast coroutines", lambda *flags: _peer("peer_beast_coroutines", *flags)),
    **both_shapes("websocketpp", lambda *flags: _peer("peer_websocketpp_echo", *flags)),
    **both_shapes("libwebsockets", lambda *flags: _peer("peer_libwebsockets_echo", *flags)),
    **both_shapes("node-ws", _node),
}
RAWS = {RAW[False]: _peer("peer_raw_epoll"), RAW[True]: _peer("peer_raw_tls")}
TWO_THREADS = {
    "websock callback, 2 threads": _ours("callback", 2),
    "websock coroutine, 2 threads": _ours("coroutine", 2),
}


def add(text):
    """Takes `name=command {port} {tls}` as one more peer; returns its name."""
    name, equals, line = text.partition("=")
    if not equals or not name.strip() or "{port}" not in line:
        raise ValueError(f"--add takes NAME='COMMAND {{port}} {{tls}}', not {text!r}")
    PEERS[name.strip()] = _added(line)
    return name.strip()


def command_of(name):
    """The function that makes a server's command."""
    return {**PEERS, **RAWS, **TWO_THREADS}[name]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running server, on the cores that it is given. A context manager, which ends it."""

    def __init__(self, place, name, tls, cores):
        self.port = free_port()
        words = command_of(name)(place, str(self.port), tls)
        self.log = open(place.folder / "server.log", "w+", encoding="utf-8", errors="replace")
        paths = os.pathsep.join(filter(None, [os.environ.get("NODE_PATH"), "/usr/share/nodejs"]))
        try:
            self.process = subprocess.Popen(["taskset", "-c", cores, *words], stdin=subprocess.DEVNULL,
                                            stdout=self.log, stderr=self.log, env={**os.environ, "NODE_PATH": paths})
        except OSError as problem:
            self.log.close()
            raise Failure(str(problem)) from problem

    def __enter__(self):
        try:
            self._wait_until_ready()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_):
        self._end()

    @property
    def pid(self):
        return self.process.pid

    def why_it_ended(self):
        """A sentence if the server has ended by itself, else nothing."""
        if self.process.poll() is None:
            return ""
        self.log.seek(0)
        lines = self.log.read().strip().splitlines()
        return f"the server ended with {self.process.returncode}: {lines[-1] if lines else 'it said nothing'}"

    def _wait_until_ready(self):
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            if self.why_it_ended():
                raise Failure(self.why_it_ended())
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise Failure(f"the server does not listen after {READY_WITHIN} s")

    def _end(self):
        self.process.terminate()
        try:
            self.process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
