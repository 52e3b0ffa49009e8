"""The opening handshake in both roles (RFC 6455 §4), for cases that are about what comes after it; the
cases about the handshake itself use the same judgement of requests and responses."""

import base64
import re
from typing import NamedTuple

import wire
from suite.deflate import judge_answer, parameters, agreement
from wire import WireError

OFFER = "permessage-deflate; client_max_window_bits"
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Upgrade(NamedTuple):
    """The opening handshake that a client under test has sent."""

    target: str
    fields: list  # of (name in lower case, value)

    def field(self, name: str) -> list:
        return [value for key, value in self.fields if key == name.lower()]

    @property
    def key(self) -> str:
        return self.field("Sec-WebSocket-Key")[0]


def judge_request(head: bytes, host: str) -> Upgrade:
    """Judges a client's opening handshake (§4.1), strictly."""
    request_line, *lines = head.decode("latin-1").split("\r\n")[:-1]
    method, target, version = request_line.split(" ")
    if (method, version) != ("GET", "HTTP/1.1") or not target.startswith("/") or "#" in target:
        raise WireError(f"bad request line: {request_line!r}")
    fields = []
    for line in lines:
        name, colon, value = line.partition(": ")
        if not colon or not TOKEN.fullmatch(name) or value != value.strip() or not value.isascii():
            raise WireError(f"bad header line: {line!r}")
        fields.append((name.lower(), value))
    request = Upgrade(target, fields)
    must = {"host": host, "upgrade": "websocket", "connection": "upgrade", "sec-websocket-version": "13"}
    for name, value in must.items():
        if [found.lower() for found in request.field(name)] != [value]:
            raise WireError(f"{name} must be {value!r} once: {fields}")
    keys = request.field("Sec-WebSocket-Key")
    if len(keys) != 1 or len(keys[0]) != 24 or len(base64.b64decode(keys[0], validate=True)) != 16:
        raise WireError(f"not one key of 16 octets: {fields}")
    for name in ("content-length", "transfer-encoding", "sec-websocket-accept"):
        if request.field(name):
            raise WireError(f"{name} in a request: {fields}")
    if len(request.field("Sec-WebSocket-Extensions")) > 1 or len(request.field("Sec-WebSocket-Protocol")) > 1:
        raise WireError(f"more fields than needed: {fields}")
    return request


def offer_of(case) -> str:
    """What the suite offers, as a client."""
    return "permessage-deflate" + case.params if case.params else OFFER


def open_to_server(link, path: str, case, config):
    """The suite's part as a client; agrees on the extension where the configuration has it."""
    offer = offer_of(case) if config.deflate else None
    extra = [f"Sec-WebSocket-Extensions: {offer}"] if offer else []
    link.send_frame(wire.upgrade_head(path, extra=extra), config.octets)
    response = link.read_upgrade()
    if response.field("Sec-WebSocket-Protocol"):
        raise WireError(f"a subprotocol that nobody asked for: {response}")
    answers = response.field("Sec-WebSocket-Extensions")
    if len(answers) != (1 if offer else 0):
        raise WireError(f"{offer!r} was offered; the answer was {answers}")
    if offer:
        # Of several offers the first that is answered for is judged here; negotiation has its own cases.
        link.agree(judge_answer(offer.split(",")[0], answers[0]), case.level, case.small_steps)


def response_head(request: Upgrade, extensions="", extra=()) -> bytes:
    """A good response (§4.2.2) and `extra` lines."""
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
             f"Sec-WebSocket-Accept: {wire.accept_for(request.key)}"]
    if extensions:
        lines.append(f"Sec-WebSocket-Extensions: {extensions}")
    return "\r\n".join([*lines, *extra]).encode("latin-1") + b"\r\n\r\n"


def answer_to(offer: str, case) -> str:
    """What the suite agrees on, as a server: the case's parameters, as far as the offer allows."""
    wanted = parameters("permessage-deflate" + case.params.split(",")[0])
    if "client_max_window_bits" not in parameters(offer):
        wanted.pop("client_max_window_bits", None)
    if "server_max_window_bits" in wanted and "client_max_window_bits" in parameters(offer):
        wanted["client_max_window_bits"] = wanted["server_max_window_bits"]
    if wanted.get("client_max_window_bits", "") is None:
        del wanted["client_max_window_bits"]
    if "server_no_context_takeover" in wanted:
        wanted["client_no_context_takeover"] = None
    return "; ".join(["permessage-deflate", *(f"{k}={v}" if v else k for k, v in wanted.items())])


def read_client_request(link, target: str, config) -> Upgrade:
    """Reads and judges the request of the client under test."""
    host, port = link.socket.getsockname()
    request = judge_request(link.read_request(), f"{host}:{port}")
    if request.target != target:
        raise WireError(f"asked for {request.target!r}, not for {target!r}")
    offers = request.field("Sec-WebSocket-Extensions")
    if config.deflate != bool(offers) or any(parameters(offer) is None for offer in offers):
        raise WireError(f"the extension was to be {'offered' if config.deflate else 'left out'}: {offers}")
    return request


def open_to_client(link, target: str, case, config):
    """The suite's part as a server."""
    request = read_client_request(link, target, config)
    if request.field("Sec-WebSocket-Protocol"):
        raise WireError(f"a subprotocol that nobody asked for: {request}")
    answer = answer_to(request.field("Sec-WebSocket-Extensions")[0], case) if config.deflate else ""
    link.send_frame(response_head(request, answer), config.octets)
    if answer:
        link.agree(agreement(parameters(answer)), case.level, case.small_steps)
