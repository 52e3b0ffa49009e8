"""Starting the echo app: what it says when it cannot start, and that flags, files and certificates
are what it then uses.

A start that fails says so in exactly one line, which names the thing, and the exit code is not 0.
The certificates are made with the openssl command.
"""

import os
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import unittest

from echo_server import LIBC, PR_SET_PDEATHSIG, SANITIZER_REPORT, EchoServer, binary, free_port
from wire import CLOSE, DEADLINE, TEXT, TLS_CONTEXT, Client, Frame, close_frame, frame, wait_until

FLAGS = """
    --help --config --host --port --tls-port --cert --key --threads --handler --log-level
    --max-message-size --max-fragments --max-header-bytes --max-header-fields --max-header-line
    --inbox-high-water --outbox-high-water --max-outbox-size --max-connections
    --handshake-timeout --ping-interval --idle-timeout --close-timeout --write-timeout
    --drain-timeout
    --no-deflate --deflate-level --deflate-memory-level --deflate-threshold --deflate-release-after
    --server-max-window-bits --client-max-window-bits
    --server-no-context-takeover --client-no-context-takeover
""".split()
# What CLI11 adds to an error in the flags; not a repeat of it.
HINT = "Run with --help for more information.\n"


def end_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(*arguments, stdin=subprocess.DEVNULL):
    """Runs the app until it ends by itself, with no terminal to ask on; one that starts to serve
    instead of failing is a failure of the test."""
    command = [binary(), *map(str, arguments)]
    try:
        return subprocess.run(
            command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=DEADLINE,
            text=True, errors="replace", start_new_session=True, preexec_fn=end_with_parent, check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise AssertionError(f"{command} did not end by itself; stderr: {late.stderr!r}") from None


class StartupTestCase(unittest.TestCase):
    """With files of its own, and two ports that nobody listens on."""

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())

    def setUp(self):
        self.port, self.tls_port = self.free_port(), self.free_port()

    def free_port(self) -> int:
        port, reservation = free_port()
        self.addCleanup(reservation.close)
        return port

    def path(self, name: str) -> str:
        return os.path.join(self.folder, name)

    def write(self, name: str, text: str) -> str:
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def start(self, *arguments, ports=True):
        """Runs an app that is to fail, on the free ports unless `arguments` name others."""
        given = ("--port", self.port, "--tls-port", self.tls_port) if ports else ()
        return run("--log-level", "warning", *given, *arguments)

    def assert_one_line(self, ended, *names):
        """The app has failed and has said why in one line, with each of `names` in it."""
        self.assertNotEqual(ended.returncode, 0, ended)
        self.assertGreater(ended.returncode, 0, f"ended by a signal: {ended}")
        self.assertEqual(ended.stdout, "")
        text = ended.stderr
        self.assertRegex(text, r"\A[^\n]+\n\Z", "not exactly one line")
        self.assertNotRegex(text, r"[\x00-\x09\x0b-\x1f]", "control characters")
        # Where in the sources of Boost it happened is no help to whoever started the app.
        self.assertNotRegex(text, r"/include/|in function|terminate called")
        for name in names:
            self.assertIn(str(name), text)

    def assert_bad_flag(self, *arguments, names=(), ports=False):
        ended = self.start(*arguments, ports=ports)
        ended.stderr = ended.stderr.removesuffix(HINT)
        self.assert_one_line(ended, *names)


class Served:
    """A running app with arguments that EchoServer does not give: until it says `lines`, and to
    SIGTERM and exit code 0."""

    def __init__(self, arguments, *lines):
        self.command = [binary(), *map(str, arguments)]
        self.lines = lines

    def __enter__(self):
        self._log = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT, preexec_fn=end_with_parent
        )
        try:
            wait_until(self._listens_or_ended, f"{self.command} does not listen")
            if self._process.poll() is not None:
                raise AssertionError(f"{self.command} ended with {self._process.returncode}:\n{self.log()}")
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise
        return self

    def __exit__(self, kind, *_):
        self._process.terminate()
        try:
            code = self._process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        log = self.log()
        self._log.close()
        if kind is None and (code != 0 or SANITIZER_REPORT.search(log)):
            raise AssertionError(f"exit code {code} after SIGTERM:\n{log}")

    def log(self) -> str:
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode("utf-8", "replace")

    def _listens_or_ended(self) -> bool:
        log = self.log()
        return all(line in log for line in self.lines) or self._process.poll() is not None


class PortInUse(StartupTestCase):
    """One line that names address and port; no second server that shares the port unnoticed."""

    def occupy(self, port, host="127.0.0.1"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        other = socket.socket(family)
        self.addCleanup(other.close)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((host, port))
        other.listen()

    def test_ws(self):
        self.occupy(self.port)
        for threads in (1, 4):
            with self.subTest(threads=threads):
                self.assert_one_line(self.start("--threads", threads), f"127.0.0.1:{self.port}", "in use")

    def test_wss(self):
        self.occupy(self.tls_port)
        for threads in (1, 4):
            with self.subTest(threads=threads):
                self.assert_one_line(self.start("--threads", threads), f"127.0.0.1:{self.tls_port}", "in use")

    def test_ipv6(self):
        self.occupy(self.port, "::1")
        self.assert_one_line(self.start("--host", "::1"), f"[::1]:{self.port}", "in use")

    def test_another_echo_app(self):
        """With several threads both would listen with SO_REUSEPORT."""
        for threads in (1, 4):
            with self.subTest(threads=threads), EchoServer(threads=threads) as first:
                ended = run("--log-level", "warning", "--threads", threads,
                            "--port", first.ports["ws"], "--tls-port", self.tls_port)
                self.assert_one_line(ended, f"127.0.0.1:{first.ports['ws']}", "in use")

    def test_both_listeners_on_one_port(self):
        for threads in (1, 4):
            with self.subTest(threads=threads):
                ended = self.start("--port", self.port, "--tls-port", self.port, "--threads", threads, ports=False)
                self.assert_one_line(ended, f"127.0.0.1:{self.port}", "in use")


class Address(StartupTestCase):
    def test_not_of_this_machine(self):
        self.assert_one_line(self.start("--host", "192.0.2.1"), f"192.0.2.1:{self.port}")  # RFC 5737

    def test_not_an_address(self):
        self.assert_one_line(self.start("--host", "a..b"), f"a..b:{self.port}")  # no name: DNS is not asked

    def test_ipv6(self):
        arguments = ["--host", "::1", "--port", str(self.port), "--tls-port", str(self.tls_port)]
        with Served(arguments, f"ws://[::1]:{self.port}/ws", f"wss://[::1]:{self.tls_port}/wss"):
            for port, tls in ((self.port, False), (self.tls_port, True)):
                with Client(port, tls, host="::1") as client:
                    client.upgrade("/ws", host=f"[::1]:{port}")
                    client.send(frame(TEXT, b"hello") + close_frame(1000))
                    frames, end = client.read_to_end()
                    self.assertEqual(frames[0], Frame(TEXT, b"hello"))
                    self.assertEqual(frames[1].close_code, 1000)
                    self.assertTrue(end.clean, end)


def openssl(*arguments):
    if not shutil.which("openssl"):
        raise AssertionError("openssl is missing (apt-get install openssl)")
    done = subprocess.run(
        ["openssl", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    if done.returncode:
        raise AssertionError(f"openssl {arguments}: {done.stderr}")


class Certificate(StartupTestCase):
    """--cert and --key: errors that name the file, and no question on a terminal."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        ec = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        for name, kind in (("ec", ec), ("other", ec), ("rsa", ("rsa:2048",))):
            cert, key = (os.path.join(cls.folder, f"{name}.{what}") for what in ("crt", "key"))
            openssl("req", "-x509", "-nodes", "-days", "2", "-subj", f"/CN={name}.test",
                    "-newkey", *kind, "-keyout", key, "-out", cert)
        for name, form in (("pkcs8", ("pkcs8", "-topk8")), ("traditional", ("ec", "-aes128"))):
            openssl(*form, "-in", os.path.join(cls.folder, "ec.key"), "-passout", "pass:secret",
                    "-out", os.path.join(cls.folder, f"encrypted_{name}.key"))

    def start_with(self, cert: str, key: str):
        return self.start("--cert", self.path(cert), "--key", self.path(key))

    def test_missing(self):
        self.assert_one_line(self.start_with("none.crt", "ec.key"), self.path("none.crt"), "No such file")
        self.assert_one_line(self.start_with("ec.crt", "none.key"), self.path("none.key"), "No such file")

    def test_a_directory(self):
        os.makedirs(self.path("folder"), exist_ok=True)
        self.assert_one_line(self.start_with("folder", "ec.key"), self.path("folder"))
        self.assert_one_line(self.start_with("ec.crt", "folder"), self.path("folder"))

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_not_allowed(self):
        shutil.copy(self.path("ec.key"), self.path("forbidden.key"))
        os.chmod(self.path("forbidden.key"), 0)
        self.assert_one_line(self.start_with("ec.crt", "forbidden.key"), self.path("forbidden.key"), "denied")

    def test_empty(self):
        self.write("empty.pem", "")
        self.assert_one_line(self.start_with("empty.pem", "ec.key"), self.path("empty.pem"))
        self.assert_one_line(self.start_with("ec.crt", "empty.pem"), self.path("empty.pem"))

    def test_garbage(self):
        texts = {
            "words": "this is not a certificate\n",
            "armour": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "octets": "\0\1\2\3" * 1000,
        }
        for name, text in texts.items():
            with self.subTest(name):
                garbage = self.write(f"{name}.pem", text)
                self.assert_one_line(self.start_with(garbage, "ec.key"), garbage, "certificate")
                self.assert_one_line(self.start_with("ec.crt", garbage), garbage, "private key")

    def test_exchanged(self):
        self.assert_one_line(self.start_with("ec.key", "ec.crt"), self.path("ec.key"))

    def test_encrypted_key(self):
        """Refused, and nobody is asked for a pass phrase."""
        for name in ("encrypted_pkcs8.key", "encrypted_traditional.key"):
            with self.subTest(name):
                ended = self.start_with("ec.crt", name)
                self.assert_one_line(ended, self.path(name))
                self.assertNotRegex(ended.stderr, "(?i)enter|pass phrase:")

    def test_encrypted_key_with_input(self):
        """Not even the right pass phrase on the standard input is taken."""
        read, write = os.pipe()
        os.write(write, b"secret\n" * 4)
        os.close(write)
        try:
            ended = run("--log-level", "warning", "--port", self.port, "--tls-port", self.tls_port, "--cert",
                        self.path("ec.crt"), "--key", self.path("encrypted_pkcs8.key"), stdin=read)
        finally:
            os.close(read)
        self.assert_one_line(ended, self.path("encrypted_pkcs8.key"))

    def test_key_of_another(self):
        """Of the same kind, and of another kind."""
        for key in ("other.key", "rsa.key"):
            with self.subTest(key):
                ended = self.start_with("ec.crt", key)
                self.assert_one_line(ended, self.path("ec.crt"), self.path(key), "do not belong together")

    def test_one_without_the_other(self):
        self.assert_bad_flag("--cert", self.path("ec.crt"), names=["--cert", "--key"])
        self.assert_bad_flag("--key", self.path("ec.key"), names=["--cert", "--key"])

    def test_is_the_one_that_is_served(self):
        for name in ("ec", "rsa"):
            with self.subTest(name), EchoServer(cert=self.path(f"{name}.crt"), key=self.path(f"{name}.key")) as server:
                with open(self.path(f"{name}.crt"), encoding="ascii") as file:
                    expected = ssl.PEM_cert_to_DER_cert(file.read())
                self.assertEqual(self.served_by(server.ports["wss"]), expected)
                with server.open("wss") as client:
                    client.send(frame(TEXT, b"hello"))
                    self.assertEqual(client.read_frame(), Frame(TEXT, b"hello"))

    def test_chain(self):
        """All of the file is served: a client that trusts the root alone can verify."""
        root, leaf, request, signed = map(self.path, ("other.crt", "leaf.key", "leaf.csr", "leaf.crt"))
        middle, middle_request = self.path("middle.crt"), self.path("middle.csr")
        authority = self.write("authority.cnf", "basicConstraints=critical,CA:TRUE\n")
        end = self.write("end.cnf", "subjectAltName=IP:127.0.0.1\n")
        new = ("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        sign = ("x509", "-req", "-days", "2")
        openssl(*new, "-subj", "/CN=middle", "-keyout", self.path("middle.key"), "-out", middle_request)
        openssl(*sign, "-in", middle_request, "-CA", root, "-CAkey", self.path("other.key"), "-CAcreateserial",
                "-extfile", authority, "-out", middle)
        openssl(*new, "-subj", "/CN=leaf", "-keyout", leaf, "-out", request)
        openssl(*sign, "-in", request, "-CA", middle, "-CAkey", self.path("middle.key"), "-CAcreateserial",
                "-extfile", end, "-out", signed)
        with open(signed, encoding="ascii") as first, open(middle, encoding="ascii") as second:
            chain = self.write("chain.crt", first.read() + second.read())
        with EchoServer(cert=chain, key=leaf) as server:
            context = ssl.create_default_context(cafile=root)
            with socket.create_connection(("127.0.0.1", server.ports["wss"]), DEADLINE) as raw:
                with context.wrap_socket(raw, server_hostname="127.0.0.1") as secure:
                    self.assertIn(secure.version(), ("TLSv1.2", "TLSv1.3"))

    def served_by(self, port: int) -> bytes:
        with socket.create_connection(("127.0.0.1", port), DEADLINE) as raw:
            with TLS_CONTEXT.wrap_socket(raw) as secure:
                return secure.getpeercert(binary_form=True)


class Flags(StartupTestCase):
    def test_help(self):
        ended = run("--help")
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        listed = re.findall(r"(?m)^ +(?:-\w,)?(--[\w-]+)", ended.stdout)
        self.assertEqual(sorted(listed), sorted(FLAGS))
        self.assertNotRegex(ended.stdout, r"[\x00-\x09\x0b-\x1f]", "control characters")

    def test_nothing_to_listen_on(self):
        self.assert_bad_flag("--port", 0, "--tls-port", 0, names=["--port", "--tls-port"])

    def test_bad_values(self):
        for flag, values in {
            "--port": (-1, 65536, 80_000_000_000, "x", "8888x", "1.5", ""),
            "--tls-port": (-1, 65536, "x"),
            "--threads": (-1, 1025, "many"),
            "--handler": ("neither", ""),
            "--log-level": ("loud", ""),
            "--max-message-size": (-1, 1 << 32, "1x"),
            "--max-fragments": (0, "x"),
            "--max-header-bytes": (63, "x"),
            "--max-header-fields": (0, "x"),
            "--max-header-line": (15, "x"),
            "--max-connections": (0, "x"),
            "--handshake-timeout": (-1, "10s"),
            "--drain-timeout": (-1, "x"),
            "--deflate-level": (0, 10, "x"), "--deflate-memory-level": (0, 10),
            "--server-max-window-bits": (8, 16), "--client-max-window-bits": (7, 16),
            "--deflate-threshold": (-1, "x"), "--deflate-release-after": (-1, "x"),
        }.items():
            for value in values:
                with self.subTest(flag=flag, value=value):
                    self.assert_bad_flag(f"{flag}={value}", names=[flag])

    def test_unknown(self):
        self.assert_bad_flag("--nonsense", names=["--nonsense"])
        self.assert_bad_flag("stray", names=["stray"])


class ConfigFile(StartupTestCase):
    def serve(self, text: str, *arguments) -> Served:
        file = self.write("echo.toml", text)
        return Served(["--config", file, *arguments], f"listening on ws://127.0.0.1:{self.port}/")

    def longest_echo(self, size: int):
        """Sends a message of that size; returns the frame that comes back."""
        with Client(self.port) as client:
            client.upgrade()
            client.send(frame(TEXT, b"x" * size))
            return client.read_frame()

    def test_is_read(self):
        with self.serve(f"port = {self.port}\ntls-port = 0\nmax-message-size = 100\n"):
            self.assertEqual(self.longest_echo(100), Frame(TEXT, b"x" * 100))
            too_big = self.longest_echo(101)
            self.assertEqual((too_big.opcode, too_big.close_code), (CLOSE, 1009))

    def test_command_line_wins(self):
        with self.serve(f"port = {self.tls_port}\ntls-port = 0\nmax-message-size = 100\n",
                        "--port", self.port, "--max-message-size", "200"):
            self.assertEqual(self.longest_echo(200), Frame(TEXT, b"x" * 200))

    def assert_refused(self, text: str, *names):
        file = self.write("bad.toml", f"port = {self.port}\ntls-port = 0\n" + text)
        self.assert_bad_flag("--config", file, names=names)

    def test_unknown_key(self):
        self.assert_refused("max-mesage-size = 100\n", "max-mesage-size")

    def test_unknown_section(self):
        self.assert_refused("[limits]\nmax-message-size = 100\n", "limits")

    def test_bad_value(self):
        self.assert_refused("max-message-size = 100x\n", "max-message-size")

    def test_missing_file(self):
        self.assert_bad_flag("--config", self.path("none.toml"), names=[self.path("none.toml")])


if __name__ == "__main__":
    unittest.main()
