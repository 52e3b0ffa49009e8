"""The opening handshake as a server meets it (RFC 6455 §4.2, RFC 9110, RFC 9112): requests that are good in
unusual ways, and requests that are refused, each with its status and an orderly end."""

import base64
from typing import NamedTuple

import wire
from suite.case import Event, show
from suite.play import Outcome
from suite.shake import finish_as_client, refused_by_server
from wire import CLOSE, PING, PONG, SAMPLE_KEY, TEXT, WireError, frame

KEY = "Sec-WebSocket-Key"


class Request(NamedTuple):
    """A request, and the status with which it must be answered. `PATH` stands for the route."""

    id: str
    clause: str
    title: str
    request: bytes
    statuses: tuple = (101,)
    frames: bytes = b""  # behind the request, in the same segment
    back: tuple = ()  # what comes for them
    pieces: int = 0  # cut into so many octets each
    key: str = SAMPLE_KEY
    autobahn: str = ""
    roles: tuple = ("server",)
    quick: bool = True

    def runs_in(self, config) -> bool:
        small = len(self.request) < 4096
        return config.role == "server" and not config.deflate and (small or not config.octets)

    def sent(self) -> str:
        if len(self.request) > 600:
            return f"{show(self.request)}: {self.title}"
        return self.request.decode("latin-1").replace("\r\n", " ⏎ ") + ("; frames behind it" if self.frames else "")

    def expected(self) -> str:
        return " or ".join(map(str, self.statuses))

    def ending(self) -> str:
        return "Close 1000; the server ends TCP first; no RST" if 101 in self.statuses else "the server ends TCP; no RST"

    def play(self, config, subjects) -> Outcome:
        data = self.request.replace(b"PATH", subjects.path(config).encode(), 1) + self.frames
        with subjects.connect(config) as link:
            link.send_frame(data, config.octets, self.pieces or None)
            if 101 not in self.statuses:
                return refused_by_server(link, *self.statuses)
            response = link.read_upgrade(self.key)
            for name in ("Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol", "Content-Length", "Transfer-Encoding"):
                if response.field(name):
                    raise WireError(f"{name} in {response}")
            return finish_as_client(link, config, "101", (*self.back, Event(TEXT, b"Hello")))


def lines(*fields: str) -> bytes:
    return "\r\n".join(fields).encode("latin-1") + b"\r\n\r\n"


GOOD = wire.upgrade_head("PATH")


def without(name: str, request: bytes = GOOD) -> bytes:
    kept = [line for line in request.split(b"\r\n") if not line.lower().startswith(name.lower().encode() + b":")]
    return b"\r\n".join(kept)


def put(name: str, *values: str, request: bytes = GOOD) -> bytes:
    """`request` with these values for the field, each in a line of its own."""
    return without(name, request)[:-2] + b"".join(f"{name}: {value}\r\n".encode("latin-1")
                                                  for value in values) + b"\r\n"


def cases():
    yield from accepted()
    yield from with_frames()
    yield from refused()
    yield from malformed()
    yield from too_large()


def accepted():
    for id_, clause, request in (
        ("plain", "§4.2.1", GOOD),
        ("any_case", "§4.2.1", put("Upgrade", "WebSocket", request=put("Connection", "uPGRADE"))),
        ("token_in_list", "§4.2.1", put("Connection", "keep-alive, Upgrade")),
        ("empty_elements", "RFC 9110 §5.6.1", put("Connection", ",, upgrade ,")),
        ("two_connection_lines", "RFC 9110 §5.3", put("Connection", "keep-alive", "Upgrade")),
        ("other_upgrades", "RFC 9110 §7.8", put("Upgrade", "h2c", "websocket")),
        ("field_names_in_any_case", "RFC 9110 §5.1", GOOD.replace(b"Sec-WebSocket-Key", b"sec-webSOCKET-kEY")),
        ("no_space", "RFC 9112 §5", GOOD.replace(b": ", b":")),
        ("much_space", "RFC 9112 §5", put(KEY, f" \t {SAMPLE_KEY} \t ")),
        ("content_length_0", "RFC 9110 §8.6", put("Content-Length", "0")),
        ("origin", "§4.1", put("Origin", "http://example.com")),
        ("cookie", "§4.1", put("Cookie", "a=b; c=d")),
        ("subprotocol_nobody_speaks", "§4.2.2", put("Sec-WebSocket-Protocol", "chat, superchat")),
        ("unknown_extension", "§9.1", put("Sec-WebSocket-Extensions", "x-y; z=1")),
        ("query", "§4.1", GOOD.replace(b"PATH", b"PATH?a=b&c=%20", 1)),
        ("hundred_fields", "RFC 9110 §5.4", put("X", *["y"] * 94)),
        ("line_of_8k", "RFC 9110 §5.4", put("X", "y" * 8100)),
        ("head_of_16k", "RFC 9110 §5.4", put("X", "y" * 7900, "y" * 7900)),
        ("obs_text", "RFC 9110 §5.5", put("X", "Gr\xfc\xdfe")),
    ):
        yield Request(f"request.accept.{id_}", clause, "accepted", request)
    for octets in (bytes(16), bytes(range(16)), b"\xff" * 16, b"\xfb\xf0" * 8):
        key = base64.b64encode(octets).decode()
        yield Request(f"request.accept.key.{octets[:2].hex()}", "§4.2.2", f"the key {key}", put(KEY, key), key=key)
    for size in (1, 3, 17, 64, 150):
        yield Request(f"request.accept.in_pieces_of_{size}", "§4.2.1", f"in pieces of {size}", GOOD, pieces=size)


def with_frames():
    hello = frame(TEXT, b"early", key=b"\1\2\3\4")
    ping = frame(PING, b"p", key=b"\1\2\3\4")
    for id_, frames, back in (
        ("message", hello, (Event(TEXT, b"early"),)), ("ping", ping, (Event(PONG, b"p"),)),
        ("many", (hello + ping) * 20, (Event(TEXT, b"early"), Event(PONG, b"p")) * 20),
    ):
        yield Request(f"request.frames.{id_}", "§4.1", "frames in one segment with the request", GOOD, frames=frames,
                      back=back)
    yield Request("request.frames.after_refusal", "§4.2.2", "frames behind a request that is refused",
                  GOOD.replace(b"PATH", b"/nowhere"), (404,), frames=hello + frame(CLOSE, key=b"\1\2\3\4"))


def refused():
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get"):
        yield Request(f"request.refuse.method.{method}", "§4.2.1, RFC 9110 §15.5.6", "another method than GET",
                      GOOD.replace(b"GET", method.encode(), 1), (405,))
    for number, path in enumerate(("/x", "/ws/", "/WS", "/wsx", "/%77s", "//ws")):
        yield Request(f"request.refuse.path.{number}", "RFC 9110 §15.5.5", f"the path {path}",
                      GOOD.replace(b"PATH", path.encode(), 1), (404,))
    plain = lines("GET PATH HTTP/1.1", "Host: a")
    for id_, request in (("plain_get", plain), ("other_upgrade", put("Upgrade", "h2c")),
                         ("no_upgrade", without("Upgrade")),
                         ("upgrade_is_no_token", put("Upgrade", "websocket2"))):
        yield Request(f"request.refuse.upgrade.{id_}", "§4.2.2, RFC 9110 §15.5.22", "no upgrade to WebSocket",
                      request, (426,))
    for version in ("0", "7", "8", "12", "14", "255"):
        yield Request(f"request.refuse.version.{version}", "§4.4", f"version {version}",
                      put("Sec-WebSocket-Version", version), (426,))
    for number, version in enumerate(("013", "+13", "13x", "", "1e1", "-1", "256")):
        yield Request(f"request.refuse.version.no_number.{number}", "§4.2.1, §4.4", f"version {version!r}",
                      put("Sec-WebSocket-Version", version), (400, 426))
    yield Request("request.refuse.version.none", "§4.2.1", "no version", without("Sec-WebSocket-Version"), (400, 426))
    for number, value in enumerate(("keep-alive", "upgraded", "close", '"Upgrade"', "")):
        yield Request(f"request.refuse.connection.{number}", "§4.2.1", f"Connection: {value}",
                      put("Connection", value), (400, 426))
    yield Request("request.refuse.connection.none", "§4.2.1", "no Connection", without("Connection"), (400, 426))


def malformed():
    key_of = {size: base64.b64encode(bytes(size)).decode() for size in (0, 15, 17, 18, 32)}
    for id_, clause, request in (
        ("no_host", "§4.2.1, RFC 9112 §3.2", without("Host")), ("two_hosts", "RFC 9112 §3.2", put("Host", "a", "b")),
        ("same_host_twice", "RFC 9112 §3.2", put("Host", "a", "a")),
        ("http_1_0", "§4.2.1", GOOD.replace(b"HTTP/1.1", b"HTTP/1.0")),
        ("http_9_9", "RFC 9112 §2.3", GOOD.replace(b"HTTP/1.1", b"HTTP/9.9")),
        ("other_protocol", "RFC 9112 §3", GOOD.replace(b"HTTP/1.1", b"SIP/2.0")), ("no_key", "§4.2.1", without(KEY)),
        ("two_keys", "§11.3.1", put(KEY, SAMPLE_KEY, SAMPLE_KEY)),
        *((f"key_of_{size}", "§4.2.1", put(KEY, key)) for size, key in key_of.items()),
        ("key_without_padding", "§4.2.1", put(KEY, SAMPLE_KEY.rstrip("="))),
        ("key_bad_character", "§4.2.1", put(KEY, "!" + SAMPLE_KEY[1:])),
        ("key_base64url", "§4.2.1", put(KEY, "__" + SAMPLE_KEY[2:])),
        ("key_and_more", "§4.2.1", put(KEY, SAMPLE_KEY + "AAAA")),
        ("key_with_space", "§4.2.1", put(KEY, SAMPLE_KEY[:8] + " " + SAMPLE_KEY[8:])),
        ("body", "§4.1", put("Content-Length", "5") + b"12345"), ("body_missing", "§4.1", put("Content-Length", "5")),
        ("length_negative", "RFC 9112 §6.3", put("Content-Length", "-1")),
        ("two_lengths", "RFC 9112 §6.3", put("Content-Length", "0", "5")),
        ("chunked", "§4.1", put("Transfer-Encoding", "chunked") + b"0\r\n\r\n"),
        ("nul_in_target", "RFC 9112 §3.2", GOOD.replace(b"PATH", b"PATH\x00", 1)),
        ("tab_in_target", "RFC 9112 §3.2", GOOD.replace(b"PATH", b"PATH\t", 1)),
        ("esc_in_target", "RFC 9112 §3.2", GOOD.replace(b"PATH", b"/\x1b", 1)),
        ("del_in_target", "RFC 9112 §3.2", GOOD.replace(b"PATH", b"PATH?\x7f", 1)),
        ("space_in_target", "RFC 9112 §3.2", GOOD.replace(b"PATH", b"PATH x", 1)),
        ("nul_in_value", "RFC 9110 §5.5", put("X", "a\x00b")),
        ("bare_cr_in_value", "RFC 9112 §2.2", put("X", "a\rb")),
        ("space_before_colon", "RFC 9112 §5.1", GOOD.replace(b"Host:", b"Host :")),
        ("no_colon", "RFC 9112 §5", GOOD[:-2] + b"nonsense\r\n\r\n"),
        ("no_name", "RFC 9112 §5", GOOD[:-2] + b": x\r\n\r\n"),
        ("name_with_space", "RFC 9112 §5.1", GOOD[:-2] + b"a b: x\r\n\r\n"),
        ("garbage.tls", "RFC 9112 §3", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(512)),
        ("garbage.ff", "RFC 9112 §3", b"\xff" * 64),
        ("garbage.nul", "RFC 9112 §3", bytes(64)),
        ("garbage.http2", "RFC 9112 §3", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("garbage.frame", "RFC 9112 §3", frame(TEXT, b"too early", key=b"\1\2\3\4")),
    ):
        yield Request(f"request.malformed.{id_}", clause, "malformed", request, (400,))


def too_large():
    long = "y" * 8300
    for id_, status, request in (
        ("request_line", 414, GOOD.replace(b"PATH", b"PATH?" + long.encode(), 1)),
        ("request_line_without_end", 414, b"GET /" + b"x" * 10_000),
        ("value", 431, put("X", long)), ("name", 431, put(long, "x")),
        ("line_without_end", 431, GOOD[:-2] + b"X: " + long.encode()),
        ("head", 431, put("X", *["y" * 6000] * 3)), ("fields", 431, put("X", *["y"] * 101)),
        ("fields_without_end", 431, GOOD[:-2] + b"X: y\r\n" * 3000),
        ("mebibyte", 431, GOOD[:-2] + b"X: yyyyyyyyyyyyyyyyyyyy\r\n" * 44_000),
    ):
        yield Request(f"request.too_large.{id_}", "RFC 9110 §15.5.15, RFC 6585 §5", f"too large: {id_}", request,
                      (status,))
