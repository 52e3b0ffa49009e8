#!/usr/bin/python3
"""Tests of the suite's own judgement: servers and clients that do one thing wrong must fail a case that
the right ones pass. Needs neither of the programs under test."""

import base64
import contextlib
import os
import socket
import sys
import tempfile
import threading
import unittest
import zlib

os.environ.setdefault("WEBSOCK_DEADLINE_SCALE", "0.15")  # what never comes is given up after three seconds
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import suite  # noqa: E402, F401
import cases as table_of_cases  # noqa: E402
import wire  # noqa: E402
from cases.utf8 import first_bad  # noqa: E402
from suite import report  # noqa: E402
from suite.case import HELLO, Await, Case, Event, Part, close, fails, in_fragments, ping, text  # noqa: E402
from suite.deflate import Compressor, Decompressor, deflated, judge_answer  # noqa: E402
from suite.link import Accepted, Link  # noqa: E402
from suite.matrix import Config, Result, configurations  # noqa: E402
from suite.opening import response_head, judge_request  # noqa: E402
from suite.play import Outcome, compare, play  # noqa: E402
from suite.subjects import Subjects, make_certificate  # noqa: E402
from wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, WireError, frame  # noqa: E402

ECHO = Case("echo", "", "", (HELLO, close()))
PINGS = Case("pings", "", "", (ping(b"a"), HELLO, ping(b"b"), Await(3), close()))
BAD_OPCODE = fails("opcode", "", "", (HELLO,), Part(3), 1002)
MANY = Case("many", "", "", tuple(text(f"{n}") for n in range(20)) + (close(),))
TABLE = {case.id: case for case in table_of_cases.table()}


def frames(*parts, masked=False, key=None) -> bytes:
    return b"".join(frame(op, payload, masked=masked, **({"key": key} if key else {})) for op, payload in parts)


def closing(code, masked=False) -> bytes:
    return frame(CLOSE, wire.close_payload(code), masked=masked)


def drain(link):
    with contextlib.suppress(OSError, WireError):
        while not link.end:
            link._pull(wire.time.monotonic() + wire.DEADLINE, "the end")


# How an end of the connection ends TCP; the first of them is right for a server.
def fin(link, _):
    link.finish_sending()
    drain(link)


def reset(link, _):
    link.reset()


def fin_then_reset(link, over):
    link.finish_sending()
    link.reset()
    over.set()


def ragged(link, _):
    link.socket.shutdown(socket.SHUT_WR)
    drain(link)


def never(_, over):
    over.wait(5 * wire.DEADLINE)


def wait_for_fin(link, _):
    """Right for a client."""
    drain(link)
    with contextlib.suppress(OSError):
        link.finish_sending()


class Patient(Link):
    """Sends its FIN only when the planted server has done what it does: an RST comes before that."""

    over = None

    def _end_our_side(self, until):
        if self.over:
            self.over.wait(wire.DEADLINE)
        super()._end_our_side(until)


class PlantedServer(Subjects):
    """Sends canned octets after a right 101, whatever it receives, and ends as told."""

    def __init__(self, certificate, canned: bytes, ending=fin, extensions=""):
        super().__init__(certificate)
        self._canned, self._ending, self._extensions = canned, ending, extensions
        self._over = threading.Event()

    def connect(self, config):
        listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, args=(listener, config.scheme == "wss"), daemon=True).start()
        link = Patient(listener.getsockname()[1], config.scheme == "wss")
        link.over = self._over if self._ending is fin_then_reset else None
        return link

    def _serve(self, listener, tls):
        with listener, contextlib.suppress(OSError, WireError):
            with Accepted(listener.accept()[0], self._tls() if tls else None) as link:
                request = judge_request(link.read_request(), "127.0.0.1")
                link.send(response_head(request, self._extensions) + self._canned)
                self._ending(link, self._over)


class PlantedClient:
    """Sends canned octets after a right request, ends as told, and reports what it is told to."""

    def __init__(self, canned=b"", ending=wait_for_fin, says="ended 1000 clean peer", request=None):
        self._canned, self._ending, self._says, self._request = canned, ending, says, request

    def start(self, url, _):
        threading.Thread(target=self._connect, args=(url,), daemon=True).start()

    def _connect(self, url):
        scheme, _, rest = url.partition("://")
        place, _, path = rest.partition("/")
        head = wire.upgrade_head("/" + path, host=place)
        with contextlib.suppress(OSError, WireError), Link(int(place.partition(":")[2]), scheme == "wss") as link:
            link.send(self._request(head) if self._request else head)
            link.read_head()
            link.send(self._canned)
            self._ending(link, threading.Event())

    def report(self):
        return self._says

    def stop(self):
        pass


class Planted(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certificate = make_certificate(cls.enterClassContext(tempfile.TemporaryDirectory()))

    def play_server(self, case, canned, ending=fin, scheme="ws", deflate=False, extensions=""):
        server = PlantedServer(self.certificate, canned, ending, extensions)
        with contextlib.closing(server):
            outcome = play(case, Config("server", scheme, deflate, False), server)
        server._over.set()
        return outcome

    def play_client(self, case, *canned, scheme="ws", **options):
        subjects = Subjects(self.certificate, lambda _: PlantedClient(*canned, **options))
        with contextlib.closing(subjects):
            return play(case, Config("client", scheme, False, False), subjects)

    def assert_passes(self, outcome):
        self.assertTrue(outcome.passed, outcome)

    def assert_fails(self, outcome, word):
        self.assertFalse(outcome.passed, outcome)
        self.assertRegex(outcome.detail, word)


class PlantedServers(Planted):
    hello = frames((TEXT, b"Hello"))
    right = hello + closing(1000)

    def test_right_ones(self):
        for scheme in ("ws", "wss"):
            self.assert_passes(self.play_server(ECHO, self.right, scheme=scheme))
            self.assert_passes(self.play_server(BAD_OPCODE, self.hello + closing(1002), scheme=scheme))
        in_two = frame(TEXT, b"Hel", fin=False, masked=False) + frame(CONTINUATION, b"lo", masked=False)
        self.assert_passes(self.play_server(ECHO, in_two + closing(1000)))
        pongs = frames((PONG, b"a"), (PONG, b"b"), (TEXT, b"Hello"))
        self.assert_passes(self.play_server(PINGS, pongs + closing(1000)))

    def test_wrong_close(self):
        for canned, word in (
            (self.hello + closing(1000), "Close 1000, expected 1002"),
            (self.hello + frames((CLOSE, b"")), "Close None"),
            (self.hello, "no Close"), (b"", "no Close"), (closing(1002), "message 1 of 1"),
            (self.hello * 2 + closing(1002), "message 2 of 1"), (self.hello + closing(1002) * 2, "after the Close"),
            (self.hello + closing(1002) + self.hello, "after the Close"),
            (self.hello + closing(1005), "Close with the payload"),
            (self.hello + frames((CLOSE, b"\3")), "Close with the payload"),
            (self.hello + frames((CLOSE, b"\3\xea\xff")), "not UTF-8"),
            (self.hello + frames((PONG, b"late")) + closing(1002), "pong 1 of 0"),
        ):
            with self.subTest(canned=canned):
                self.assert_fails(self.play_server(BAD_OPCODE, canned), word)

    def test_wrong_end(self):
        for ending, word in ((reset, "RST|reset|no Close|Broken pipe"),
                             (fin_then_reset, "RST|reset|Broken pipe"), (never, "deadline")):
            with self.subTest(ending.__name__):
                self.assert_fails(self.play_server(ECHO, self.right, ending), word)
        self.assert_fails(self.play_server(ECHO, self.right, ragged, "wss"), "unclean end")
        self.assert_passes(self.play_server(ECHO, self.right, ragged, "ws"))

    def test_wrong_frames(self):
        for canned, word in (
            (frames((BINARY, b"Hello")), "message 1 of 1"), (frames((TEXT, b"hello")), "message 1 of 1"),
            (frames((TEXT, b"Hello"), masked=True), "with a mask"),
            (frame(TEXT, b"Hello", masked=False, form=16), "shortest"),
            (frame(TEXT, b"Hello", masked=False, rsv=4), "reserved bits"),
            (frame(3, b"Hello", masked=False), "reserved opcode"),
            (frame(TEXT, b"Hello", masked=False, fin=False), "no Close|message 1"),
            (frame(CONTINUATION, b"Hello", masked=False), "out of order"),
            (frame(PING, b"", masked=False, fin=False), "fragmented"),
            (frame(PONG, b"x" * 126, masked=False), "long control"),
            (self.hello[:3], "."),
        ):
            with self.subTest(canned=canned):
                self.assert_fails(self.play_server(ECHO, canned + closing(1000)), word)
        self.assert_fails(self.play_server(ECHO, self.hello + self.hello[:3]), "within a frame")

    def test_wrong_order_of_pongs(self):
        for order, word in (((PONG, b"b"), (PONG, b"a"), (TEXT, b"Hello")), "pong 1 of 2"), \
                           (((TEXT, b"Hello"), (PONG, b"a"), (PONG, b"b")), "behind a later message"):
            self.assert_fails(self.play_server(PINGS, frames(*order) + closing(1000)), word)

    def test_wrong_handshakes(self):
        self.assert_fails(self.play_server(ECHO, self.right, extensions="permessage-deflate"), "offered")
        for extensions in ("", "x-other", "permessage-deflate; unknown", "permessage-deflate, permessage-deflate"):
            with self.subTest(extensions):
                self.assert_fails(self.play_server(ECHO, self.right, deflate=True, extensions=extensions),
                                  "WireError")
        self.assert_fails(self.play_server(TABLE["request.refuse.path.0"], self.right), "status 101|ended")

    def test_compressed_answers(self):
        agreed = {"deflate": True, "extensions": "permessage-deflate"}
        packed = frame(TEXT, deflated(b"Hello"), masked=False, rsv=4)
        self.assert_passes(self.play_server(ECHO, packed + closing(1000), **agreed))
        self.assert_passes(self.play_server(ECHO, self.right, **agreed))
        for canned, word in ((frame(TEXT, b"Hello", masked=False, rsv=4), "inflated|message 1"),
                             (frame(TEXT, b"\x07", masked=False, rsv=4), "inflated"),
                             (frame(TEXT, deflated(b"Hello"), masked=False), "message 1"),
                             (frame(PONG, deflated(b""), masked=False, rsv=4), "reserved bits")):
            with self.subTest(canned=canned):
                self.assert_fails(self.play_server(ECHO, canned + closing(1000), **agreed), word)


class PlantedClients(Planted):
    right = frames((TEXT, b"Hello"), masked=True) + closing(1000, masked=True)

    def test_right_ones(self):
        for scheme in ("ws", "wss"):
            self.assert_passes(self.play_client(ECHO, self.right, scheme=scheme))
        failed = frames((TEXT, b"Hello"), masked=True) + closing(1002, masked=True)
        self.assert_passes(self.play_client(BAD_OPCODE, failed, says="ended 1002 unclean local"))

    def test_wrong_frames_and_ends(self):
        for canned, options, word in (
            (self.right, {"ending": fin}, "before the server"),
            (self.right, {"ending": reset}, "before the server|RST|reset|Broken pipe"),
            (self.right, {"ending": never}, "deadline"), (self.right, {"says": "ended 1000 unclean peer"}, "reports"),
            (frames((TEXT, b"Hello")) + closing(1000, True), {}, "without a mask"),
            (closing(1001, True), {}, "Close 1001"),
            (closing(1000, True), {}, "message 1 of 1"), (b"", {"ending": fin}, "no Close|before the server"),
        ):
            with self.subTest(word, **options):
                self.assert_fails(self.play_client(ECHO, canned, **options), word)
        same_keys = b"".join(frame(TEXT, b"%d" % n, key=b"\1\2\3\4") for n in range(20)) + closing(1000, True)
        self.assert_fails(self.play_client(MANY, same_keys), "masking keys")

    def test_wrong_requests(self):
        short = base64.b64encode(bytes(15))
        for old, new in ((b"Version: 13", b"Version: 12"), (b"Upgrade: websocket\r\n", b""), (b"GET", b"POST"),
                         (b"HTTP/1.1", b"HTTP/1.0"),
                         (wire.SAMPLE_KEY.encode(), short), (b"Host: 127.0.0.1:", b"Host: localhost:"),
                         (b"Upgrade\r\n", b"close\r\n"),
                         (b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"),
                         (b"/echo", b"/other"),
                         (b"\r\n\r\n", b"\r\nSec-WebSocket-Protocol: chat\r\n\r\n"), (b"\r\n\r\n", b"\r\n\r\nearly")):
            with self.subTest(old, new=new):
                self.assert_fails(self.play_client(ECHO, self.right, request=lambda head: head.replace(old, new, 1)),
                                  "WireError")  # noqa: B023

    def test_refusals(self):
        case = TABLE["response.refuse.accept.other_key"]
        self.assert_passes(self.play_client(case, b"", ending=fin, says="refused 101"))
        self.assert_fails(self.play_client(case, b"", ending=fin, says="refused 0"), "reports")
        self.assert_fails(self.play_client(case, closing(1002, True), ending=fin, says="refused 101"), "goes on")
        self.assert_fails(self.play_client(case, b"", ending=never, says="refused 101"), "deadline")
        self.assert_fails(self.play_client(case, b"", ending=reset, says="refused 101"), "RST|unclean")


class Judgement(unittest.TestCase):
    def test_compare(self):
        a, b, p = Event(TEXT, b"a"), Event(TEXT, b"b"), Event(PONG, b"p")
        for expected, got, good in (((a, b), (a, b), True), ((a, b), (b, a), False), ((a, p), (p, a), True),
                                    ((p, a), (a, p), False),
                                    ((a, b, p), (a, p, b), True), ((a,), (a, a), False), ((), (p,), False)):
            self.assertEqual(compare(expected, got) is None, good, (expected, got))

    def test_windows_and_takeover_are_noticed(self):
        far = bytes(zlib.crc32(b"%d" % n) & 0xFF for n in range(700))
        data = Compressor(15, True).fragment(far + far, True)
        self.assertEqual(Decompressor(15, True, True).message(data), far * 2)
        with self.assertRaisesRegex(WireError, "too far back"):
            Decompressor(9, True, True).message(data)
        self.assertEqual(Decompressor(9, True, True).message(Compressor(9, True).fragment(far + far, True)), far * 2)
        for takeover in (True, False):
            sender, receiver = Compressor(15, takeover), Decompressor(15, False)
            self.assertEqual(receiver.message(sender.fragment(far, True)), far)
            if takeover:
                with self.assertRaisesRegex(WireError, "too far back"):
                    receiver.message(sender.fragment(far, True))
            else:
                self.assertEqual(receiver.message(sender.fragment(far, True)), far)
        for payload in (b"", b"x", far):
            for cuts in ([], [0], [0, 0]):
                sender = Compressor(15, True)
                parts = in_fragments(BINARY, payload, cuts)
                whole = b"".join(sender.fragment(part.payload, part.fin) for part in parts)
                self.assertEqual(Decompressor(15, True).message(whole), payload)

    def test_answers_to_offers(self):
        offer = "permessage-deflate; server_max_window_bits=10; server_no_context_takeover"
        good = "permessage-deflate; server_max_window_bits=9; server_no_context_takeover"
        self.assertEqual(judge_answer(offer, good).server_bits, 9)
        for bad in ("permessage-deflate", good + "; client_max_window_bits=9", good.replace("=9", "=11"),
                    good.replace("=9", ""),
                    good + "; server_no_context_takeover", good + "; x"):
            with self.assertRaises(WireError):
                judge_answer(offer, bad)

    def test_utf8_as_pythons(self):
        for data in (bytes([a, b, 0x80, 0x80][:size]) for a in range(256) for b in range(256)
                     for size in (1, 2, 3, 4)):
            try:
                data.decode()
                bad = None
            except UnicodeDecodeError as problem:
                ends_early = problem.reason == "unexpected end of data"
                bad = None if ends_early else problem.start if problem.reason == "invalid start byte" else problem.end
            self.assertEqual(first_bad(data), bad, data.hex())

    def test_golden(self):
        config = Config("server", "ws", False, False)
        results = [Result(ECHO, config, Outcome(True, "fine"), 0.0),
                   Result(ECHO, config._replace(octets=True), Outcome(True, "so"), 0.0)]
        kept = report.golden(results)
        self.assertEqual(report.differences(kept, results), [])
        changed = [results[0]._replace(outcome=Outcome(False, "failed"))]
        self.assertEqual(len(report.differences(kept, changed)), 1)
        self.assertEqual(len(report.differences({}, results)), 2)
        self.assertEqual(len(report.gone(kept, [])), 1)
        for made in (report.as_html(changed, 1), report.as_json(changed)):
            self.assertIn("failed", made)

    def test_table(self):
        configs = configurations(("server", "client"))
        self.assertEqual(len(configs), 16)
        for case in TABLE.values():
            self.assertTrue(any(case.runs_in(config) for config in configs), case.id)
            self.assertTrue(case.clause and case.title and case.sent() and case.ending(), case.id)


if __name__ == "__main__":
    unittest.main()
