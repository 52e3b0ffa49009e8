"""The opening handshake as a client meets it (RFC 6455 §4.1): responses that are good in unusual ways, and
responses that make it fail: it ends TCP without having sent one frame."""

import ssl
from typing import NamedTuple

import wire
from suite.case import Event
from suite.opening import read_client_request, response_head
from suite.play import Outcome
from suite.shake import finish_as_server, refused_by_client
from wire import CLOSE, PING, PONG, TEXT, WireError, frame

OTHER_KEY = "AAAAAAAAAAAAAAAAAAAAAA=="


class Response(NamedTuple):
    """How a good response is changed, and what comes of it. `status` is what the client reports when it
    refuses (0: nothing that is an HTTP response); None: it accepts."""

    id: str
    clause: str
    title: str
    change: object = None  # a function of the good response's octets and the request
    status: object = None
    frames: bytes = b""  # glued to the response
    back: tuple = ()  # what comes for them
    pieces: int = 0
    options: tuple = ()  # for the client
    reset: bool = False  # the client need not read all of the response, and may answer it with RST
    autobahn: str = ""
    roles: tuple = ("client",)
    quick: bool = True

    def runs_in(self, config) -> bool:
        return config.role == "client" and not config.deflate

    def sent(self) -> str:
        return self.title + ("; frames glued to it" if self.frames else "")

    def expected(self) -> str:
        return "accepted" if self.status is None else f"refused, status {self.status}"

    def ending(self) -> str:
        return "Close 1000; the server ends TCP first" if self.status is None else "the client ends TCP, without a frame"

    def play(self, config, subjects) -> Outcome:
        with subjects.accept(config, f"/{self.id}?query=1", list(self.options)) as link:
            request = read_client_request(link, f"/{self.id}?query=1", config)
            asked = ",".join(option.partition("=")[2] for option in self.options if option.startswith("subprotocol="))
            if ",".join(request.field("Sec-WebSocket-Protocol")).replace(" ", "") != asked:
                raise WireError(f"subprotocols {asked!r} were to be asked for: {request}")
            data = response_head(request)
            data = self.change(data, request) if self.change else data
            try:
                link.send_frame(data + self.frames, config.octets and len(data) < 4096, self.pieces or None)
            except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):  # it has read enough
                link.end = link.end or wire.End("RST")
            # [6455-7.2.1-1]
            if self.status is not None:
                return refused_by_client(link, subjects, self.status, self.reset)
            return finish_as_server(link, config, subjects, "accepted", (*self.back, Event(TEXT, b"Hello")))


# ---------------------------------------------------------------------- changes to a response


def drop(name: str):
    return lambda head, _: b"\r\n".join(line for line in head.split(b"\r\n")
                                        if not line.lower().startswith(name.lower().encode() + b":"))


def put(name: str, *values: str):
    """Other values for the field, each in a line of its own."""
    def change(head, request):
        more = "".join(f"{name}: {value}\r\n" for value in values).encode("latin-1")
        return drop(name)(head, request)[:-2] + more + b"\r\n"
    return change


def swap(*octets: bytes):
    """Old and new octets in turn."""
    def change(head, _):
        for old, new in zip(octets[::2], octets[1::2]):
            head = head.replace(old, new)
        return head
    return change


def add(*lines: str):
    return lambda head, _: head[:-2] + "".join(line + "\r\n" for line in lines).encode("latin-1") + b"\r\n"


def status_line(line: str):
    return lambda head, _: line.encode("latin-1") + head[head.index(b"\r\n"):]


def only(*lines: str, body: str = ""):
    return lambda *_: ("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1")


def accept(make):
    """Another Sec-WebSocket-Accept: what `make` makes of the right one."""
    return lambda head, request: head.replace(wire.accept_for(request.key).encode(),
                                              make(wire.accept_for(request.key)).encode())


def cases():
    yield from accepted()
    yield from glued()
    yield from subprotocols()
    yield from other_statuses()
    yield from bad_fields()
    yield from malformed()


def accepted():
    for id_, clause, change in (
        ("plain", "§4.1", None),
        ("any_case", "§4.1", swap(b"Upgrade: websocket", b"UPGRADE: WebSocket", b"Connection: Upgrade", b"connection: upgrade")),
        ("no_space", "RFC 9112 §5", swap(b": ", b":")), ("much_space", "RFC 9112 §5", swap(b": ", b": \t ")),
        ("other_reason", "RFC 9112 §4", status_line("HTTP/1.1 101 Web Socket Protocol Handshake")),
        ("no_reason", "RFC 9112 §4", status_line("HTTP/1.1 101 ")),
        ("more_fields", "RFC 9110 §5", add("Server: x", "Date: Sun, 06 Nov 1994 08:49:37 GMT", "X-A: b", "X-A: c")),
        ("connection_list", "§4.1", put("Connection", "keep-alive, Upgrade")),
        ("two_connection_lines", "RFC 9110 §5.3", put("Connection", "keep-alive", "Upgrade")),
        ("cookie", "§4.1", add("Set-Cookie: a=b; Path=/")),
        ("sixty_fields", "RFC 9110 §5.4", add(*[f"X-{n}: y" for n in range(60)])),
        ("long_line", "RFC 9110 §5.4", add("X: " + "y" * 7000)),
        # "A user agent that receives an obs-fold in a response … MUST replace each received obs-fold".
        ("folded", "RFC 9112 §5.2", add("X: a", " b", "\tc")),
        ("folded_accept", "RFC 9112 §5.2", swap(b"Accept: ", b"Accept:\r\n ")),
        # "A client MUST be able to parse one or more 1xx responses received prior to a final response".
        ("after_100", "RFC 9110 §15.2", lambda head, _: b"HTTP/1.1 100 Continue\r\n\r\n" + head),
        ("after_103", "RFC 9110 §15.2", lambda head, _: b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 2 + head),
    ):
        yield Response(f"response.accept.{id_}", clause, f"accepted: {id_}", change)
    for size in (1, 3, 17, 64):
        yield Response(f"response.accept.in_pieces_of_{size}", "§4.1", f"the head in pieces of {size}", pieces=size)


def glued():
    text, ping = frame(TEXT, b"early", masked=False), frame(PING, b"p", masked=False)
    for id_, frames, back in (
        ("message", text, (Event(TEXT, b"early"),)), ("ping", ping, (Event(PONG, b"p"),)),
        ("many", (text + ping) * 50, (Event(TEXT, b"early"), Event(PONG, b"p")) * 50),
        ("large", frame(TEXT, b"x" * 100_000, masked=False), (Event(TEXT, b"x" * 100_000),)),
    ):
        yield Response(f"response.glued.{id_}", "§4.1", f"{id_} in one segment with the 101", frames=frames,
                       back=back)
        if id_ != "large":
            yield Response(f"response.glued.{id_}.in_pieces", "§4.1", f"{id_} in pieces with the head", frames=frames,
                           back=back, pieces=37)
    yield Response("response.glued.to_refusal", "§4.1", "frames behind a response that is none", drop("Upgrade"), 101,
                   frames=text + frame(CLOSE, masked=False), reset=True)


def subprotocols():
    asked = ("subprotocol=chat", "subprotocol=superchat")
    field = "Sec-WebSocket-Protocol"
    for id_, change in (("first", add(f"{field}: chat")), ("second", add(f"{field}: superchat")), ("none", None)):
        yield Response(f"response.subprotocol.{id_}", "§4.1", f"of two subprotocols the {id_}", change, options=asked)
    for id_, change, options in (
        ("unasked", add(f"{field}: chat"), ()), ("another", add(f"{field}: other"), asked),
        ("other_case", add(f"{field}: CHAT"), asked),
        ("both", add(f"{field}: chat, superchat"), asked), ("twice", add(f"{field}: chat", f"{field}: chat"), asked),
        ("empty", add(f"{field}:"), asked), ("no_token", add(f"{field}: ch at"), asked),
    ):
        yield Response(f"response.subprotocol.refuse.{id_}", "§4.1, §4.2.2",
                       f"a subprotocol that must be refused: {id_}", change, 101, options=options)


def other_statuses():
    for status in (200, 201, 204, 206, 300, 304, 400, 403, 404, 426, 429, 500, 502, 503, 999):
        change = only(f"HTTP/1.1 {status} Whatever", "Connection: close", "Content-Length: 0")
        yield Response(f"response.status.{status}", "§4.1", f"status {status}", change, status)
    for status in (301, 302, 303, 307, 308):
        change = only(f"HTTP/1.1 {status} Moved", "Location: ws://127.0.0.1:9/", "Content-Length: 0")
        yield Response(f"response.status.{status}", "§4.1", f"status {status} is not followed unasked", change,
                       status)
    yield Response("response.status.401", "§4.1", "401 with a challenge",
                   only("HTTP/1.1 401 No", 'WWW-Authenticate: Basic realm="x"', "Content-Length: 0"), 401)
    yield Response("response.status.404_with_body", "§4.1", "404 with a body",
                   only("HTTP/1.1 404 No", "Content-Length: 5", body="no..."), 404, reset=True)
    yield Response("response.status.200_but_upgrade", "§4.1", "200 with all the fields of an upgrade",
                   status_line("HTTP/1.1 200 OK"), 200)


def bad_fields():
    name = "Sec-WebSocket-Accept"
    for id_, change in (
        ("accept.missing", drop(name)), ("accept.empty", put(name, "")),
        ("accept.other_key", put(name, wire.accept_for(OTHER_KEY))),
        ("accept.is_the_key", lambda head, request: head.replace(wire.accept_for(request.key).encode(),
                                                                 request.key.encode())),
        ("accept.lower_case", accept(lambda right: right.lower() if right.lower() != right else right.upper())),
        ("accept.without_padding", accept(lambda right: right.rstrip("="))),
        ("accept.and_more", accept(lambda right: right + "x")),
        ("accept.with_space", accept(lambda right: right[:5] + " " + right[5:])),
        ("accept.twice", lambda head, request: add(f"{name}: {wire.accept_for(request.key)}")(head, request)),
        ("accept.twice_different", add(f"{name}: {wire.accept_for(OTHER_KEY)}")),
        ("upgrade.missing", drop("Upgrade")), ("upgrade.other", put("Upgrade", "h2c")),
        ("upgrade.longer", put("Upgrade", "websockets")),
        ("upgrade.empty", put("Upgrade", "")), ("upgrade.list", put("Upgrade", "websocket, h2c")),
        ("upgrade.twice", put("Upgrade", "h2c", "websocket")),
        ("connection.missing", drop("Connection")), ("connection.other", put("Connection", "keep-alive")),
        ("connection.longer", put("Connection", "upgrades")),
        ("connection.empty", put("Connection", "")),
        ("extension.unasked", add("Sec-WebSocket-Extensions: permessage-deflate")),
        ("extension.unknown", add("Sec-WebSocket-Extensions: x-unknown")),
        ("extension.nothing", add("Sec-WebSocket-Extensions: ,")),
        ("http_1_0", status_line("HTTP/1.0 101 Switching Protocols")),
    ):
        yield Response(f"response.refuse.{id_}", "§4.1", f"refused: {id_}", change, 101)


def malformed():
    for id_, change in (
        ("connection_quoted", put("Connection", '"Upgrade"')),
        ("http_2", status_line("HTTP/2.0 101 Switching Protocols")),
        ("other_protocol", status_line("SIP/2.0 101 Switching Protocols")),
        ("status_of_two_digits", status_line("HTTP/1.1 10 Switching")),
        ("status_of_four_digits", status_line("HTTP/1.1 1010 Switching")),
        ("status_no_number", status_line("HTTP/1.1 1x1 Switching")), ("no_status", status_line("HTTP/1.1")),
        ("no_colon", lambda head, _: head[:-2] + b"nonsense\r\n\r\n"),
        ("space_before_colon", lambda head, _: head.replace(b"Upgrade:", b"Upgrade :", 1)),
        ("no_name", lambda head, _: head[:-2] + b": x\r\n\r\n"),
        ("nul", lambda head, _: head[:-2] + b"X: a\0b\r\n\r\n"),
        ("bare_cr", lambda head, _: head[:-2] + b"X: a\rb\r\n\r\n"),
        ("garbage", lambda *_: b"\xff" * 64), ("frame", lambda *_: frame(TEXT, b"too early", masked=False)),
        ("empty_lines", lambda *_: b"\r\n\r\n\r\n"),
        ("too_large.head", add(*["X: " + "y" * 6000] * 3)), ("too_large.line", add("X: " + "y" * 8300)),
        ("too_large.fields", add(*["X: y"] * 120)),
        ("too_large.without_end", lambda head, _: head[:-2] + b"X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n" * 5000),
    ):
        yield Response(f"response.malformed.{id_}", "§4.1, RFC 9112 §4", f"malformed: {id_}", change, 0, reset=True)
