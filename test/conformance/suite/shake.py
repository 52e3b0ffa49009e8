"""What the cases about the opening handshake have in common: how a handshake that succeeded is shown to
have done so (an echo, and a clean end), and how one that failed has to end."""

import email.utils

import wire
from suite.case import HELLO, Case, Event
from suite.play import Outcome, end_as_server, expected_report, judge, send
from wire import CLOSE, TEXT, WireError

ECHO = Case("", "", "", (HELLO,))


def finish_as_client(link, config, summary: str, back=(Event(TEXT, b"Hello"),)) -> Outcome:
    """An echo, then Close; nothing else may have come but `back`."""
    send(ECHO, link, config)
    link.send_frame(wire.close_frame(1000), config.octets)
    outcome = judge(ECHO._replace(back=tuple(back)), link, link.await_end())
    return outcome._replace(summary=f"{summary}; {outcome.summary}")


def finish_as_server(link, config, subjects, summary: str, back=(Event(TEXT, b"Hello"),)) -> Outcome:
    case = ECHO._replace(back=tuple(back))
    send(case, link, config)
    link.send_frame(wire.frame(CLOSE, wire.close_payload(1000), masked=False), config.octets)
    end_as_server(link, case)
    outcome = judge(case, link, link.await_end())
    report, wanted = subjects.client_report(), expected_report(case, link)
    if report != wanted:
        raise WireError(f"the client reports {report!r}, expected {wanted!r}")
    return outcome._replace(summary=f"{summary}; {outcome.summary}")


def refused_by_server(link, *statuses) -> Outcome:
    """One answer of a known length with one of `statuses`, then the server's end (RFC 9112 §9.6)."""
    response, end = link.read_response_to_end()
    if response.status not in statuses:
        raise WireError(f"status {response.status}, expected {statuses}: {response}")
    if response.field("Content-Length") != [str(len(response.body))]:
        raise WireError(f"Content-Length is not {len(response.body)}: {response}")
    options = {token.strip().lower() for token in ",".join(response.field("Connection")).split(",")}
    if "close" not in options:
        raise WireError(f"no Connection: close: {response}")
    dates = response.field("Date")
    if len(dates) != 1 or not email.utils.parsedate(dates[0]):
        raise WireError(f"not one Date: {response}")
    for name in ("Sec-WebSocket-Accept", "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol", "Server"):
        if response.field(name):
            raise WireError(f"{name} in a refusal: {response}")
    if not end.clean:
        raise WireError(f"an unclean end: {end}")
    return Outcome(True, f"{response.status}; TCP ended by the server")


def refused_by_client(link, subjects, status: int, reset=False) -> Outcome:
    """The client has to fail: it ends TCP without one frame (RFC 6455 §4.1), and says so. RST only
    where octets were sent that it need not read (`reset`)."""
    if not link.end:
        got, end = link.read_bytes_to_end()
        if got:
            raise WireError(f"the client goes on: {got[:32].hex()}")
    else:
        end = link.end
    if end.tcp != "FIN" and not reset:
        raise WireError(f"an unclean end: {end}")
    report = subjects.client_report()
    if report != f"refused {status}":
        raise WireError(f"the client reports {report!r}, expected 'refused {status}'")
    return Outcome(True, f"refused, status {status}; TCP ended by the client")
