"""A raw WebSocket client for tests: sends any bytes, reads strictly, and says how TCP ended.

Rules: every wait has a deadline; whatever the server sends is judged by RFC 6455 §5 (unmasked,
shortest length form, no reserved bit or opcode); the end of the connection is a value to compare,
with FIN told from RST and, over TLS, a close_notify from a ragged end. Standard library only.
"""

import base64
import hashlib
import os
import select
import socket
import ssl
import struct
import time
from typing import NamedTuple, Optional

# Seconds that one step may take. Never a measurement: only the point where waiting is given up.
DEADLINE = 20.0 * float(os.environ.get("WEBSOCK_DEADLINE_SCALE", "1"))

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
TCP_CLOSE = 7  # Linux: the first octet of TCP_INFO
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3
SAMPLE_KEY = "dGhlIHNhbXBsZSBub25jZQ=="


class WireError(AssertionError):
    """The server broke a rule of the wire, or a deadline passed."""


# ---------------------------------------------------------------------------------- frames


class Frame(NamedTuple):
    """A frame that the server sent."""

    opcode: int
    payload: bytes = b""
    fin: bool = True

    def __repr__(self):
        name = {0: "CONT", 1: "TEXT", 2: "BINARY", 8: "CLOSE", 9: "PING", 10: "PONG"}[self.opcode]
        shown = bytes(self.payload[:40])
        if len(self.payload) > 40:
            shown = f"{shown}…{len(self.payload)} bytes, sha1 {hashlib.sha1(self.payload).hexdigest()[:8]}"
        return f"{name}({shown}{'' if self.fin else ', fin=0'})"

    @property
    def close_code(self) -> Optional[int]:
        """The code of a Close frame; None if it has none."""
        assert self.opcode == CLOSE, self
        return struct.unpack("!H", self.payload[:2])[0] if self.payload else None


class End(NamedTuple):
    """How TCP, and TLS above it, ended."""

    tcp: str  # "FIN" or "RST"
    close_notify: Optional[bool] = None  # None: no TLS

    @property
    def clean(self) -> bool:
        return self.tcp == "FIN" and self.close_notify is not False


def mask(payload: bytes, key: bytes) -> bytes:
    """Masks, or unmasks, `payload` (RFC 6455 §5.3)."""
    size = len(payload)
    pad = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")).to_bytes(size, "big")


def header(opcode, length, *, fin=True, rsv=0, masked=True, key=b"\0\0\0\0", form=None) -> bytes:
    """A frame header, right or wrong: `rsv` 0–7, `form` 7, 16 or 64 forces a length form."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    if form is None:
        form = 7 if length < 126 else 16 if length < 1 << 16 else 64
    bit = 0x80 if masked else 0
    if form == 7:
        head = struct.pack("!BB", first, bit | length)
    elif form == 16:
        head = struct.pack("!BBH", first, bit | 126, length)
    else:
        head = struct.pack("!BBQ", first, bit | 127, length)
    return head + (key if masked else b"")


def frame(opcode, payload=b"", **options) -> bytes:
    """A client's frame; `options` as for `header`. A fresh masking key unless one is given."""
    if options.get("masked", True):
        key = options.setdefault("key", os.urandom(4))
        return header(opcode, len(payload), **options) + mask(payload, key)
    return header(opcode, len(payload), **options) + payload


def close_payload(code, reason=b"") -> bytes:
    return struct.pack("!H", code) + reason


def close_frame(code=1000, reason=b"") -> bytes:
    return frame(CLOSE, close_payload(code, reason))


# ------------------------------------------------------------------------------------ HTTP


class Response(NamedTuple):
    status: int
    reason: str
    fields: list  # of (name in lower case, value)
    body: bytes = b""

    def field(self, name) -> list:
        """The values of all fields of that name."""
        return [value for key, value in self.fields if key == name.lower()]


def upgrade_head(path="/ws", *, host="127.0.0.1", key=SAMPLE_KEY, version="13", extra=()) -> bytes:
    """The head of a good upgrade request (RFC 6455 §4.1) and `extra` lines."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        f"Sec-WebSocket-Version: {version}",
        *extra,
    ]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def accept_for(key: str) -> str:
    return base64.b64encode(hashlib.sha1(key.encode() + MAGIC).digest()).decode()


def parse_head(head: bytes) -> Response:
    """Parses a response head strictly: CRLF, no folding, a known shape of the status line."""
    status_line, *lines = head.decode("latin-1").split("\r\n")
    version, status, reason = status_line.split(" ", 2)
    if version != "HTTP/1.1" or len(status) != 3:
        raise WireError(f"bad status line: {status_line!r}")
    fields = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip() or "\n" in line or "\r" in line:
            raise WireError(f"bad header line: {line!r}")
        fields.append((name.lower(), value.strip(" \t")))
    return Response(int(status), reason, fields)


# ---------------------------------------------------------------------------------- client


def tls_context() -> ssl.SSLContext:
    """A client's context that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # Python turns this on for all, and then a ragged end looks like a close_notify.
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    return context


TLS_CONTEXT = tls_context()


def wait_until(true, what: str, deadline=None):
    """Waits until `true()` holds; fails at the deadline with `what`."""
    until = time.monotonic() + (deadline or DEADLINE)
    while not true():
        if time.monotonic() > until:
            raise WireError(f"deadline passed: {what}")
        time.sleep(0.01)


class Client:
    """One TCP connection, with TLS if asked for, and the client's side of WebSocket on it."""

    def __init__(self, port, tls=False, *, host="127.0.0.1", receive_buffer=None):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.end: Optional[End] = None
        self._bytes = bytearray()  # received (and decrypted), not taken yet
        self._tls = None
        try:
            if receive_buffer:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self.socket.settimeout(DEADLINE)
            self.socket.connect((host, port))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket.setblocking(False)
            if tls:
                self._start_tls()
        except BaseException:
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Ends TCP with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def finish_sending(self):
        """Half-closes: close_notify over TLS, then FIN. Reading goes on."""
        if self._tls:
            try:
                self._tls.unwrap()
            except (ssl.SSLWantReadError, ssl.SSLSyscallError):
                pass  # ours is written; theirs is not here yet
            self._push(self._out.read(), reading=True)
        self.socket.shutdown(socket.SHUT_WR)

    # -- sending

    def send(self, data: bytes, *, reading=True):
        """Sends `data` in as few writes as it takes. With `reading`, what arrives meanwhile is
        kept, so that a server with back-pressure can go on; without, this peer does not read."""
        self._push(self._seal(data), reading)

    def send_octets(self, data: bytes):
        """Sends each octet by itself (over TLS: in a record by itself)."""
        for octet in data:
            self.send(bytes([octet]))

    def send_cut(self, data: bytes, cuts):
        """Sends `data` in pieces that end at the offsets in `cuts`."""
        offset = 0
        for cut in [*cuts, len(data)]:
            self.send(data[offset:cut])
            offset = cut

    # -- receiving

    def read_head(self) -> Response:
        """Reads an HTTP response's head."""
        until = time.monotonic() + DEADLINE
        while (size := self._bytes.find(b"\r\n\r\n")) < 0:
            if self.end:
                raise WireError(f"ended ({self.end}) in the head: {bytes(self._bytes)!r}")
            self._pull(until, "a response head")
        response = parse_head(bytes(self._bytes[:size]))
        del self._bytes[: size + 4]
        return response

    def read_response_to_end(self):
        """Reads one whole HTTP response and the end: (Response, End)."""
        response = self.read_head()
        body, end = self.read_bytes_to_end()
        return response._replace(body=body), end

    def upgrade(self, path="/ws", **options) -> Response:
        """Performs the opening handshake; fails unless the server accepts it rightly."""
        self.send(upgrade_head(path, **options))
        return self.read_upgrade(options.get("key", SAMPLE_KEY))

    def read_upgrade(self, key=SAMPLE_KEY) -> Response:
        """Reads the server's half of the opening handshake and judges it (RFC 6455 §4.1)."""
        response = self.read_head()
        shown = {name: response.field(name) for name in ("connection", "sec-websocket-accept")}
        shown["upgrade"] = [value.lower() for value in response.field("upgrade")]
        shown["connection"] = [value.lower() for value in shown["connection"]]
        expected = {
            "connection": ["upgrade"],
            "sec-websocket-accept": [accept_for(key)],
            "upgrade": ["websocket"],
        }
        if response.status != 101 or shown != expected:
            raise WireError(f"not a good 101: {response}")
        return response

    def read_frame(self) -> Frame:
        """Reads one frame; the end of the connection is a failure."""
        until = time.monotonic() + DEADLINE
        while (got := self._take_frame()) is None:
            if self.end:
                raise WireError(f"ended ({self.end}) while a frame was awaited: {bytes(self._bytes)!r}")
            self._pull(until, "a frame")
        return got

    def read_to_end(self):
        """Reads all frames up to the end of the connection: (frames, End)."""
        until = time.monotonic() + DEADLINE
        frames = []
        while True:
            while (got := self._take_frame()) is not None:
                frames.append(got)
            if self.end:
                break
            self._pull(until, f"the end, after {frames}")
        if self._bytes:
            raise WireError(f"ended ({self.end}) inside a frame: {bytes(self._bytes[:64])!r}")
        self._end_our_side(until)
        return frames, self.end

    def read_bytes_to_end(self):
        """Reads all bytes up to the end of the connection: (bytes, End)."""
        until = time.monotonic() + DEADLINE
        while not self.end:
            self._pull(until, f"the end, after {len(self._bytes)} bytes")
        rest = bytes(self._bytes)
        self._bytes.clear()
        self._end_our_side(until)
        return rest, self.end

    def poll(self):
        """Takes in what has arrived, without waiting."""
        if not self.end and self._ready(select.POLLIN, 0):
            self._receive()

    @property
    def received(self) -> int:
        """Bytes that arrived and are not read yet."""
        return len(self._bytes)

    # -- inside

    def _start_tls(self):
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = TLS_CONTEXT.wrap_bio(self._in, self._out)
        until = time.monotonic() + DEADLINE
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._push(self._out.read(), reading=False)
                self._await(select.POLLIN, until, "the TLS handshake")
                data = self.socket.recv(1 << 16)
                if not data:
                    raise WireError("ended in the TLS handshake") from None
                self._in.write(data)
        self._push(self._out.read(), reading=False)

    def _seal(self, data: bytes) -> bytes:
        if not self._tls or not data:
            return data
        self._tls.write(data)
        return self._out.read()

    def _push(self, raw: bytes, reading: bool):
        until = time.monotonic() + DEADLINE
        view = memoryview(raw)
        while view:
            listen = select.POLLIN if reading and not self.end else 0
            events = self._await(select.POLLOUT | listen, until, f"room to send {len(view)} bytes")
            if listen and events & select.POLLIN:
                self._receive()
            try:
                view = view[self.socket.send(view[: 1 << 18]) :]
            except BlockingIOError:
                pass

    def _pull(self, until, what):
        self._await(select.POLLIN, until, what)
        self._receive()

    def _receive(self):
        """Takes in one readable piece, or notes the end."""
        try:
            data = self.socket.recv(1 << 18)
        except BlockingIOError:
            return
        except ConnectionResetError:
            self.end = End("RST", self._decrypt(b"") if self._tls else None)
            return
        if self._tls:
            notified = self._decrypt(data)
            if not data:
                self.end = End("FIN", notified)
        elif data:
            self._bytes += data
        else:
            self.end = End("FIN")

    def _end_our_side(self, until):
        """Sends our FIN and waits until TCP is over: an RST that follows the server's FIN cannot be
        seen by reading, but it would destroy what is under way to the server's peer."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:  # over already: by our own FIN before, or by RST
            pass
        while self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != TCP_CLOSE:
            if time.monotonic() > until:
                raise WireError("deadline passed: our FIN is not acknowledged")
            time.sleep(0.0002)
        if self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.end = self.end._replace(tcp="RST")

    def _decrypt(self, data: bytes) -> bool:
        """Feeds `data`, or the end if empty, to TLS. Says whether a close_notify has come."""
        if data:
            self._in.write(data)
        else:
            self._in.write_eof()
        while True:
            try:
                plain = self._tls.read(1 << 18)
            except ssl.SSLWantReadError:
                return False
            except ssl.SSLZeroReturnError:
                return True
            except ssl.SSLError as problem:  # a ragged end: truncation looks like this
                if "EOF" not in (problem.reason or ""):
                    raise
                return False
            if not plain:
                return True
            self._bytes += plain

    def _ready(self, events, seconds) -> int:
        poller = select.poll()
        poller.register(self.socket, events)
        for _, got in poller.poll(max(0, seconds * 1000)):
            return got
        return 0

    def _await(self, events, until, what) -> int:
        got = self._ready(events, until - time.monotonic())
        if not got or time.monotonic() > until:
            raise WireError(f"deadline passed while waiting for {what}; so far {bytes(self._bytes[:64])!r}")
        return got

    def _take_frame(self) -> Optional[Frame]:
        """Takes one frame off the received bytes and judges it as RFC 6455 §5.2 and §5.5 demand."""
        have = self._bytes
        if len(have) < 2:
            return None
        fin, rsv, opcode = bool(have[0] & 0x80), have[0] >> 4 & 7, have[0] & 0xF
        length, size = have[1] & 0x7F, 2
        if rsv or opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            raise WireError(f"reserved bits or opcode in the server's frame: {bytes(have[:2]).hex()}")
        if have[1] & 0x80:
            raise WireError("the server's frame is masked (§5.1)")
        if opcode >= CLOSE and (length > 125 or not fin):
            raise WireError(f"long or fragmented control frame: {bytes(have[:2]).hex()}")
        if length >= 126:
            size = 4 if length == 126 else 10
            if len(have) < size:
                return None
            least = 126 if length == 126 else 1 << 16
            length = int.from_bytes(have[2:size], "big")
            if length < least or length >> 63:
                raise WireError(f"length {length} not in its shortest form")
        if len(have) < size + length:
            return None
        payload = bytes(have[size : size + length])
        del have[: size + length]
        if opcode == CLOSE and len(payload) != 0:
            if len(payload) == 1:
                raise WireError("the server's Close payload is one byte")
            payload[2:].decode("utf-8")
        return Frame(opcode, payload, fin)
