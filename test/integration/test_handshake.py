"""The opening handshake and what is not one (RFC 6455 §4.2, RFC 9110, RFC 9112): what is accepted,
what is refused with which status, and that each refusal is one answer and then a clean end."""

import base64
import email.utils
import re
import time
import unittest

from echo_server import each_way
from wire import PING, PONG, SAMPLE_KEY, TEXT, Client, Frame, close_frame, frame, upgrade_head


def head(*lines) -> bytes:
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def without(name: str, request: bytes) -> bytes:
    """`request` without the lines of the field `name`."""
    lines = request.split(b"\r\n")
    kept = [line for line in lines if not line.lower().startswith(name.lower().encode() + b":")]
    assert len(kept) < len(lines), name
    return b"\r\n".join(kept)


def replaced(name: str, value: str, request: bytes) -> bytes:
    """`request` with another value for the field `name`, or several lines if it holds CRLF."""
    line = f"{name}: {value}\r\n\r\n".encode("latin-1")
    return without(name, request)[:-2] + line


@each_way
class OpeningHandshake:
    @property
    def good(self) -> bytes:
        return upgrade_head("/" + self.scheme)

    # -- accepted

    def assert_accepted(self, request: bytes, send="send"):
        client = self.connect()
        getattr(client, send)(request)
        response = client.read_upgrade()
        self.assert_echoes(client)
        client.send(close_frame(1000))
        self.assert_ends(client, [], 1000)
        return response

    def test_response_has_what_it_must(self):
        before = int(time.time())
        response = self.assert_accepted(self.good)
        self.assertEqual(len(response.field("Date")), 1, response)
        date = email.utils.parsedate_to_datetime(response.field("Date")[0]).timestamp()
        self.assertTrue(before - 5 <= date <= time.time() + 5, response)
        self.assertRegex(response.field("Date")[0], r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")
        for absent in ("Server", "Content-Length", "Transfer-Encoding", "Sec-WebSocket-Protocol"):
            self.assertEqual(response.field(absent), [], response)

    def test_octet_by_octet(self):
        self.assert_accepted(self.good, "send_octets")

    def test_both_routes(self):
        for path in ("/ws", "/wss", "/ws?query=1&x=%20"):
            with self.subTest(path):
                self.assert_accepted(upgrade_head(path))

    def test_accepts(self):
        good = self.good
        cases = {
            "tokens in any case": replaced("Upgrade", "WebSocket", replaced("Connection", "uPGRADE", good)),
            "token in a list": replaced("Connection", "keep-alive, Upgrade", good),
            "list with empty elements": replaced("Connection", ",, upgrade ,", good),
            "list over several lines": replaced("Connection", "keep-alive\r\nConnection: Upgrade", good),
            "other upgrades as well": replaced("Upgrade", "h2c\r\nUpgrade: websocket", good),
            "field names in any case": good.replace(b"Sec-WebSocket-Key", b"sec-webSOCKET-kEY"),
            "no space after the colon": good.replace(b": ", b":"),
            "more space around a value": replaced("Sec-WebSocket-Key", f" \t {SAMPLE_KEY} \t ", good),
            "Content-Length: 0": replaced("Host", "a\r\nContent-Length: 0", good),
            "an extension that nobody knows": replaced("Host", "a\r\nSec-WebSocket-Extensions: x-y; z=1", good),
            "a subprotocol that nobody speaks": replaced("Host", "a\r\nSec-WebSocket-Protocol: chat", good),
            "100 fields": replaced("Host", "a" + "".join(f"\r\nX-{n}: y" for n in range(95)), good),
            "a line just below 8 KiB": replaced("Host", "a\r\nX-Long: " + "y" * 8100, good),
            "a head just below 16 KiB": replaced("Host", "a" + ("\r\nX-Long: " + "y" * 7900) * 2, good),
        }
        for name, request in cases.items():
            with self.subTest(name):
                self.assert_accepted(request)

    def test_other_keys(self):
        for raw in (bytes(16), bytes(range(16)), b"\xff" * 16):
            key = base64.b64encode(raw).decode()
            with self.subTest(key):
                self.connect().upgrade("/" + self.scheme, key=key)

    # [6455-4.2.2-7, 6455-4.2.2-8, 6455-4.2.2-9, 6455-9-1]
    def test_nothing_unasked_is_agreed_on(self):
        for field in ("Sec-WebSocket-Extensions: x-unknown", "Sec-WebSocket-Protocol: chat"):
            with self.subTest(field):
                client = self.connect()
                response = client.upgrade("/" + self.scheme, extra=[field])
                self.assertEqual(response.field(field.partition(":")[0]), [], response)

    def test_frames_in_the_same_segment(self):
        client = self.connect()
        frames = frame(TEXT, b"early") + frame(PING, b"p") + close_frame(1000)
        client.send(self.good + frames)
        client.read_upgrade()
        self.assert_ends(client, [Frame(TEXT, b"early"), Frame(PONG, b"p")], 1000)

    def test_half_a_frame_in_the_same_segment(self):
        first = frame(TEXT, b"in two halves")
        for size in range(1, len(first)):
            with self.subTest(size):
                client = self.connect()
                client.send(self.good + first[:size])
                client.read_upgrade()
                client.send(first[size:])
                self.assertEqual(client.read_frame(), Frame(TEXT, b"in two halves"))

    # -- refused

    def assert_refused(self, request: bytes, *statuses):
        """One answer with one of `statuses`, its length as it says, and a clean end."""
        client = self.connect()
        client.send(request)
        response, end = client.read_response_to_end()
        self.assertIn(response.status, statuses, response)
        self.assertEqual(response.field("Content-Length"), [str(len(response.body))], response)
        options = [token.strip().lower() for token in ", ".join(response.field("Connection")).split(",")]
        self.assertIn("upgrade" if response.status == 426 else "close", options, response)
        self.assertEqual(len(response.field("Date")), 1, response)
        self.assertEqual(response.field("Server"), [], response)
        self.assertTrue(end.clean, end)
        return response

    def test_method_not_allowed(self):
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            with self.subTest(method):
                response = self.assert_refused(self.good.replace(b"GET", method.encode(), 1), 405)
                self.assertIn("GET", ", ".join(response.field("Allow")))  # RFC 9110 §15.5.6

    def test_method_not_allowed_on_the_page(self):
        response = self.assert_refused(head("POST / HTTP/1.1", "Host: a", "Content-Length: 0"), 405)
        self.assertIn("GET", ", ".join(response.field("Allow")))

    # [6455-4.2.2-5, 6455-7.2.2-1]
    def test_not_found(self):
        for path in ("/", "/x", "/ws/", "/WS", "/wsx", "/%77s", "//ws"):
            with self.subTest(path):
                # The page at / is no WebSocket, so an upgrade there may be ignored (RFC 9110 §7.8).
                self.assert_refused(upgrade_head(path), *((200, 404, 400) if path == "/" else (404,)))
        self.assert_refused(head("GET /nowhere HTTP/1.1", "Host: a"), 404)

    def test_upgrade_required(self):
        plain = {
            "plain GET": head(f"GET /{self.scheme} HTTP/1.1", "Host: a"),
            "another upgrade": replaced("Upgrade", "h2c", self.good),
            "no Upgrade": without("Upgrade", self.good),
        }
        for name, request in plain.items():
            with self.subTest(name):
                response = self.assert_refused(request, 426)
                self.assertEqual(", ".join(response.field("Upgrade")).lower(), "websocket")  # RFC 9110 §15.5.22

    # [6455-4.2.2-4, 6455-4.4-1]
    def test_other_versions(self):
        for version in ("0", "8", "12", "14", "255"):
            with self.subTest(version):
                response = self.assert_refused(replaced("Sec-WebSocket-Version", version, self.good), 426)
                self.assertEqual(response.field("Sec-WebSocket-Version"), ["13"])  # RFC 6455 §4.4

    def test_versions_that_are_none(self):
        for version in ("013", "+13", "13x", "", "1e1"):
            with self.subTest(version):
                self.assert_refused(replaced("Sec-WebSocket-Version", version, self.good), 400, 426)
        self.assert_refused(without("Sec-WebSocket-Version", self.good), 400, 426)

    def test_no_connection_token(self):
        for value in ("keep-alive", "upgraded", "close", '"Upgrade"'):
            with self.subTest(value):
                self.assert_refused(replaced("Connection", value, self.good), 400, 426)
        self.assert_refused(without("Connection", self.good), 400, 426)

    # [6455-4.2.1-1, 6455-7.2.2-1]
    def test_bad_requests(self):
        good, path = self.good, f"/{self.scheme}".encode()
        key = "Sec-WebSocket-Key"
        cases = {
            "no Host": without("Host", good),
            "two Hosts": replaced("Host", "a\r\nHost: b", good),
            "the same Host twice": replaced("Host", "a\r\nhost: a", good),
            "HTTP/1.0": good.replace(b"HTTP/1.1", b"HTTP/1.0"),
            "no key": without(key, good),
            "two keys": replaced(key, f"{SAMPLE_KEY}\r\n{key}: {SAMPLE_KEY}", good),
            "empty key": replaced(key, "", good),
            "key of 15 bytes": replaced(key, base64.b64encode(bytes(15)).decode(), good),
            "key of 17 bytes": replaced(key, base64.b64encode(bytes(17)).decode(), good),
            "key without padding": replaced(key, SAMPLE_KEY.rstrip("="), good),
            "key with a bad character": replaced(key, "!" + SAMPLE_KEY[1:], good),
            "key in the other base64": replaced(key, "__" + SAMPLE_KEY[2:], good),
            "key with more after it": replaced(key, SAMPLE_KEY + "AAAA", good),
            "key with a space inside": replaced(key, SAMPLE_KEY[:8] + " " + SAMPLE_KEY[8:], good),
            "Content-Length: 5": replaced("Host", "a\r\nContent-Length: 5", good) + b"12345",
            "Content-Length: 5, no body": replaced("Host", "a\r\nContent-Length: 5", good),
            "Content-Length: -1": replaced("Host", "a\r\nContent-Length: -1", good),
            "two lengths": replaced("Host", "a\r\nContent-Length: 0\r\nContent-Length: 5", good),
            "chunked body": replaced("Host", "a\r\nTransfer-Encoding: chunked", good) + b"0\r\n\r\n",
            "NUL in the target": good.replace(path, path + b"\x00", 1),
            "SOH in the target": good.replace(path, path + b"?\x01", 1),
            "TAB in the target": good.replace(path, path + b"\t", 1),
            "ESC in the target": good.replace(path, b"/\x1b", 1),
            "DEL in the target": good.replace(path, path + b"?\x7f", 1),
            "space in the target": good.replace(path, path + b" x", 1),
            "NUL in a value": replaced("Host", "a\r\nX: a\x00b", good),
            "space before the colon": good.replace(b"Host:", b"Host :"),
            "field without a colon": replaced("Host", "a\r\nnonsense", good),
            "field without a name": replaced("Host", "a\r\n: x", good),
            # RFC 6455 §9.1: what does not conform to the grammar fails the handshake. [6455-9.1-1]
            "extensions that are none": replaced("Host", "a\r\nSec-WebSocket-Extensions: (x)", good),
            "an extension without a name": replaced("Host", "a\r\nSec-WebSocket-Extensions: x, ;y=1", good),
            "an extension's value left out": replaced("Host", "a\r\nSec-WebSocket-Extensions: x; y=", good),
            "a list of no extension": replaced("Host", "a\r\nSec-WebSocket-Extensions: ,", good),
            "no such HTTP version": good.replace(b"HTTP/1.1", b"HTTP/9.9"),
            "no HTTP": good.replace(b"HTTP/1.1", b"SIP/2.0"),
        }
        for name, request in cases.items():
            with self.subTest(name):
                self.assert_refused(request, 400)

    def test_garbage(self):
        # A client that speaks TLS to the plain port is answered in plain text as any garbage is.
        client_hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(512)
        for name, data in {
            "TLS ClientHello": client_hello,
            "0xFF": b"\xff" * 64,
            "NUL": bytes(64),
            "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "a frame": frame(TEXT, b"too early", key=b"\1\2\3\4"),
        }.items():
            with self.subTest(name):
                self.assert_refused(data, 400)

    def test_too_large(self):
        good = self.good
        long_line = "y" * 8300
        cases = {
            "request line over 8 KiB": (414, good.replace(b" HTTP/1.1", b"?" + long_line.encode() + b" HTTP/1.1", 1)),
            "request line without an end": (414, b"GET /" + b"x" * 10000),
            "a value over 8 KiB": (431, replaced("Host", "a\r\nX: " + long_line, good)),
            "a name over 8 KiB": (431, replaced("Host", f"a\r\n{long_line}: x", good)),
            "a field without an end": (431, good[:-2] + b"X: " + long_line.encode()),
            "head over 16 KiB": (431, replaced("Host", "a" + ("\r\nX: " + "y" * 6000) * 3, good)),
            "101 fields": (431, replaced("Host", "a" + "".join(f"\r\nX-{n}: y" for n in range(96)), good)),
            "fields without an end": (431, good[:-2] + b"X: y\r\n" * 3000),
            "1 MiB": (431, good[:-2] + b"X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n" * 24000),
        }
        for name, (status, request) in cases.items():
            with self.subTest(name):
                self.assert_refused(request, status)

    def test_what_follows_a_refusal_is_ignored(self):
        self.assert_refused(upgrade_head("/nowhere") + frame(TEXT, b"x") + self.good, 404)

    # -- the page

    def test_page(self):
        lines = ("Host: a", "Connection: close")
        page = self.assert_refused(head("GET / HTTP/1.1", *lines), 200)
        self.assertEqual(page.field("Content-Type"), ["text/html; charset=utf-8"])
        self.assertIn(b"<!DOCTYPE html>", page.body[:64])
        self.assertIn(b'id="close-code"', page.body)
        client = self.connect()
        client.send(head("HEAD / HTTP/1.1", *lines))
        answer, end = client.read_response_to_end()
        self.assertEqual((answer.status, answer.body, end.clean), (200, b"", True))
        self.assertEqual(answer.field("Content-Length"), [str(len(page.body))])
        self.assertEqual(answer.field("Content-Type"), page.field("Content-Type"))

    def test_page_is_self_contained(self):
        page = self.assert_refused(head("GET / HTTP/1.1", "Host: a", "Connection: close"), 200)
        outside = re.findall(rb"(?:src|href)=(?![\"']?data:).{20}|url\(.{20}|@import.{20}|https?://.{20}", page.body)
        self.assertEqual(outside, [])


@each_way(ways=[("coroutine", "wss")])
class WrongPort:
    # [6455-4.2.2-2]
    def test_plain_http_on_the_tls_port(self):
        client = Client(self.server.ports["wss"])
        self.addCleanup(client.close)
        client.send(upgrade_head("/wss"))
        data, _ = client.read_bytes_to_end()  # at most a TLS alert; then the end
        self.assertNotIn(b"101", data)
        self.assertLess(len(data), 64)
        self.assert_echoes(self.open())


if __name__ == "__main__":
    unittest.main()
