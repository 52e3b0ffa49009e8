"""Negotiation of permessage-deflate (RFC 7692 §5, §7.1): offers that the suite makes as a client, and answers
that it gives as a server."""

from typing import NamedTuple, Optional

import wire
from suite.deflate import agreement, judge_answer, parameters
from suite.opening import read_client_request, response_head
from suite.play import Outcome
from suite.shake import finish_as_client, finish_as_server, refused_by_client, refused_by_server
from wire import WireError

PMD = "permessage-deflate"
GOOD = ["", "; server_no_context_takeover", "; client_no_context_takeover",
        "; server_no_context_takeover; client_no_context_takeover", "; client_max_window_bits",
        *(f"; client_max_window_bits={bits}" for bits in range(8, 16)),
        *(f"; server_max_window_bits={bits}" for bits in range(9, 16)),
        '; server_max_window_bits="10"', "; client_max_window_bits; server_max_window_bits=12",
        "; client_max_window_bits=9; server_max_window_bits=9; client_no_context_takeover; server_no_context_takeover"]
# §7.1: "A server MUST decline an extension negotiation offer … if" (unknown, repeated, invalid).
DECLINED = ["; server_max_window_bits=8", "; server_max_window_bits", "; server_max_window_bits=7",
            "; server_max_window_bits=16",
            "; server_max_window_bits=0", "; server_max_window_bits=09", "; server_max_window_bits=+9",
            "; server_max_window_bits=-9", "; server_max_window_bits=1e1", "; server_max_window_bits=abc",
            "; server_max_window_bits=9.0", "; server_max_window_bits=99999999999999999999",
            "; client_max_window_bits=7",
            "; client_max_window_bits=16", "; client_max_window_bits=08", "; client_max_window_bits=x",
            "; server_no_context_takeover=true", "; server_no_context_takeover=1", "; client_no_context_takeover=0",
            "; server_no_context_takeover; server_no_context_takeover",
            "; client_max_window_bits; client_max_window_bits",
            "; server_max_window_bits=10; server_max_window_bits=11", "; unknown", "; unknown=1",
            "; client_max_window_bits; unknown"]
MALFORMED = [PMD + ";", PMD + "; =1", PMD + "; a=", ";" + PMD, PMD + '; a="b', PMD + ' ; a="b c"', PMD + " x",
             "perm@ssage",
             PMD + ";; a", PMD + "; a=b=c", ",", '"quoted"', PMD + "\x7f"]


class Offers(NamedTuple):
    """A request with offers, and which of them (by index) must be accepted; None: none of them."""

    id: str
    clause: str
    title: str
    lines: tuple  # each a Sec-WebSocket-Extensions field
    accepted: Optional[str]  # the offer that must be accepted, where the server has the extension
    status: int = 101
    autobahn: str = ""
    roles: tuple = ("server",)
    quick: bool = True

    def runs_in(self, config) -> bool:
        return config.role == "server"

    def sent(self) -> str:
        return " | ".join(f"Sec-WebSocket-Extensions: {line}" for line in self.lines)

    def expected(self) -> str:
        return f"{self.status}, {self.accepted or 'no extension'}"

    def ending(self) -> str:
        return "Close 1000; the server ends TCP first; no RST" if self.status == 101 else "the server ends TCP; no RST"

    def play(self, config, subjects) -> Outcome:
        extra = [f"Sec-WebSocket-Extensions: {line}" for line in self.lines]
        with subjects.connect(config) as link:
            link.send_frame(wire.upgrade_head(subjects.path(config), extra=extra), config.octets)
            if self.status != 101:
                return refused_by_server(link, self.status)
            answers = link.read_upgrade().field("Sec-WebSocket-Extensions")
            offer = self.accepted if config.deflate else None
            if len(answers) != (1 if offer else 0):
                raise WireError(f"expected {offer!r} to be agreed on, the answer was {answers}")
            if offer:
                link.agree(judge_answer(offer.replace('"', ""), answers[0]))
            return finish_as_client(link, config, f"101, {answers[0] if answers else 'no extension'}")


class Answer(NamedTuple):
    """A response with extensions, and whether the client may take it."""

    id: str
    clause: str
    title: str
    value: str
    good: bool
    autobahn: str = ""
    roles: tuple = ("client",)
    quick: bool = True

    def runs_in(self, config) -> bool:
        return config.role == "client"

    def sent(self) -> str:
        return f"Sec-WebSocket-Extensions: {self.value}"

    def expected(self) -> str:
        return "accepted, if offered" if self.good else "refused"

    def ending(self) -> str:
        return "Close 1000; the server ends TCP first" if self.good else "the client ends TCP, without a frame"

    def play(self, config, subjects) -> Outcome:
        with subjects.accept(config, f"/{self.id}", []) as link:
            request = read_client_request(link, f"/{self.id}", config)
            link.send_frame(response_head(request, self.value), config.octets)
            if not self.good or not config.deflate:
                return refused_by_client(link, subjects, 101)
            link.agree(agreement(parameters(self.value.replace('"', ""))))
            return finish_as_server(link, config, subjects, "accepted")


def cases():
    yield from offers()
    yield from answers()


def named(value: str) -> str:
    return value.removeprefix("; ").replace("; ", "+").replace(" ", "_").replace('"', "'") or "plain"


def offers():
    for number, params in enumerate(GOOD):
        yield Offers(f"negotiation.accept.{named(params)}", "RFC 7692 §7.1", "a good offer", (PMD + params,),
                     PMD + params,
                     quick=number % 3 == 0)
    for params in DECLINED:
        clause = "RFC 7692 §7.1"
        yield Offers(f"negotiation.decline.{named(params)}", clause, "an offer that must be declined",
                     (PMD + params,), None)
    for params in DECLINED[::4]:
        yield Offers(f"negotiation.next.{named(params)}", "RFC 7692 §5.1", "the offer behind it is good",
                     (f"{PMD}{params}, {PMD}; client_max_window_bits",), PMD + "; client_max_window_bits")
    for id_, lines, accepted in (
        ("first_of_two", (f"{PMD}; server_max_window_bits=10, {PMD}",), PMD + "; server_max_window_bits=10"),
        ("two_lines", ("x-other; a=1", PMD), PMD),
        ("two_lines.bad_first", (PMD + "; unknown", PMD + "; server_max_window_bits=9"),
         PMD + "; server_max_window_bits=9"),
        ("unknown_first", (f"x-webkit-deflate-frame, {PMD}",), PMD), ("unknown_only", ("x-unknown; z=1; y",), None),
        ("no_space", (f"x-other,{PMD};client_max_window_bits",), PMD + ";client_max_window_bits"),
        ("much_space", (f"x-other ,\t {PMD} ;  client_max_window_bits",), PMD + "; client_max_window_bits"),
        ("quoted_parameter_of_unknown", ('x-other; a="b"',), None),
        # No grammar allows it, but python3-websockets sends it for an empty list.
        ("no_value", ("",), None), ("no_value_first", ("", PMD), PMD),
        ("thirty", (", ".join([PMD + "; unknown"] * 30 + [PMD]),), PMD),
    ):
        yield Offers(f"negotiation.list.{id_}", "RFC 6455 §9.1", "several offers", lines, accepted)
    for number, value in enumerate(MALFORMED):
        yield Offers(f"negotiation.malformed.{number}", "RFC 6455 §9.1", "not in the grammar", (value,), None, 400)


def answers():
    good = ["", "; server_no_context_takeover", "; client_no_context_takeover",
            "; server_no_context_takeover; client_no_context_takeover",
            *(f"; server_max_window_bits={bits}" for bits in range(8, 16)),
            *(f"; client_max_window_bits={bits}" for bits in range(8, 16)),
            "; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=10",
            '; server_max_window_bits="10"']
    for params in good:
        yield Answer(f"negotiation.answer.{named(params)}", "RFC 7692 §7.1", "a good answer", PMD + params, True)
    for params in [*(params for params in DECLINED if params != "; server_max_window_bits=8"),
                   "; client_max_window_bits"]:
        yield Answer(f"negotiation.refuse.{named(params)}", "RFC 7692 §7.1", "an answer that must be refused",
                     PMD + params, False)
    for id_, value in (("other", "x-unknown"), ("other_too", f"{PMD}, x-unknown"), ("twice", f"{PMD}, {PMD}"),
                       ("twice_in_two_lines", f"{PMD}\r\nSec-WebSocket-Extensions: {PMD}"),
                       ("webkit", "x-webkit-deflate-frame"), ("semicolon", PMD + ";"), ("not_a_token", "perm@ssage"),
                       ("no_value", PMD + "; server_max_window_bits="), ("space", PMD + " x")):
        yield Answer(f"negotiation.refuse.{id_}", "RFC 6455 §4.1, §9.1",
                     "an extension that was not offered, or no grammar", value, False)
