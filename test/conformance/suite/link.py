"""One TCP (TLS) connection on which the suite plays the client or the server, and judges strictly what
the end under test sends: framing (RFC 6455 §5.2), masking (§5.1), control frames (§5.5), the order of
fragments (§5.4), Close payloads (§7.4), and compression as agreed (RFC 7692)."""

import select
import socket
import time
from typing import Optional

import wire
from suite.case import KINDS, RSV1, Event
from suite.deflate import Agreement, Compressor, Decompressor
from wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, WireError

ALL_SINGLY = 4096  # octets of a frame up to which each is sent by itself
EDGE, PIECE = 2048, 1499  # of a larger frame: octets at both ends, sent singly; the rest in pieces
CODES = {*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)}  # §7.4.2, IANA registry


class Link(wire.Client):
    """A connection to a server under test. `theirs_masked`: whether its peer has to mask."""

    theirs_masked = False

    def __init__(self, port, tls):
        super().__init__(port, tls)
        self._prepare()

    def _prepare(self):
        self.events = []
        self.close_code = self.close_seen = None
        self.masking_keys = []
        self.compressor = self._decompressor = None
        self._message = None  # [opcode, compressed, payloads] of the message that is under way

    def agree(self, agreed: Agreement, level=6, small_steps=False):
        """Puts permessage-deflate into use."""
        client = (agreed.client_bits, agreed.client_takeover)
        server = (agreed.server_bits, agreed.server_takeover)
        ours, theirs = (server, client) if self.theirs_masked else (client, server)
        self.compressor = Compressor(*ours, level)
        self._decompressor = Decompressor(*theirs, small_steps)

    # -- sending

    def send_frame(self, data: bytes, octets: bool, cut=None):
        """Sends `data` whole, in pieces of `cut` octets, or octet by octet."""
        if octets and len(data) <= ALL_SINGLY:
            self.send_octets(data)
        elif octets:
            self.send_octets(data[:EDGE])
            self.send_cut(data[EDGE:-EDGE], range(PIECE, len(data) - 2 * EDGE, PIECE))
            self.send_octets(data[-EDGE:])
        elif isinstance(cut, int):
            self.send_cut(data, range(cut, len(data), cut))
        else:
            self.send(data)

    # -- receiving

    def await_events(self, count: int):
        """Waits until so many messages and control frames have come."""
        until = time.monotonic() + wire.DEADLINE
        while not self.take_events(count):
            if self.end or self.close_seen:
                return
            self._pull(until, f"event {count} after {self._tell()}")

    def take_events(self, count=None) -> bool:
        """Judges what has come; says whether there are `count` events by now."""
        while (count is None or len(self.events) < count) and (got := self._take()) is not None:
            self._judge(*got)
        return count is not None and len(self.events) >= count

    def await_close(self):
        """Waits for a Close frame, or for the end of the connection."""
        until = time.monotonic() + wire.DEADLINE
        while True:
            self.take_events()
            if self.close_seen or self.end:
                return
            self._pull(until, f"a Close frame after {self._tell()}")

    def await_end(self, finish=True) -> wire.End:
        """Waits until the other end has ended TCP; ends this side, and waits until TCP is over."""
        until = time.monotonic() + wire.DEADLINE
        while not self.end:
            self._pull(until, f"the end of TCP after {self._tell()}")
        self.take_events()
        if self._bytes:
            raise WireError(f"TCP ended within a frame: {bytes(self._bytes[:32]).hex()}")
        if finish:
            self._end_our_side(until)
        return self.end

    def ends_by_itself(self, seconds: float) -> bool:
        """Says whether the other end ends TCP although it is not its turn. Seeing that takes some
        time; an end that comes later than `seconds` is missed, an end that is none is never seen."""
        self.poll()
        if not self.end and self._ready(select.POLLIN, seconds):
            self._receive()
        return self.end is not None

    def _tell(self) -> str:
        last = f", the last {self.events[-1]}" if self.events else ""
        return f"{len(self.events)} events{last}" + (f" and Close {self.close_code}" if self.close_seen else "")

    def _take(self) -> Optional[tuple]:
        """Takes a frame off the received octets: (first octet, payload)."""
        have = self._bytes
        if len(have) < 2:
            return None
        masked, size = have[1] & 0x80, 2
        if bool(masked) != self.theirs_masked:
            raise WireError(f"a frame {'without' if self.theirs_masked else 'with'} a mask: {bytes(have[:2]).hex()}")
        if (length := have[1] & 0x7F) > 125:
            size = (4, 10)[length - 126]
            if len(have) < size:
                return None
            long = int.from_bytes(have[2:size], "big")
            if not (126 <= long < 1 << 16 if length == 126 else 1 << 16 <= long < 1 << 63):
                raise WireError(f"{long} is not in the shortest form of a length")
            length = long
        start = size + (4 if masked else 0)
        if len(have) < start + length:
            return None
        payload = bytes(memoryview(have)[start : start + length])
        if masked:
            self.masking_keys.append(key := bytes(have[size:start]))
            payload = wire.mask(payload, key)
        first = have[0]
        del have[: start + length]
        return first, payload

    def _judge(self, first: int, payload: bytes):
        fin, rsv, opcode = bool(first & 0x80), first >> 4 & 7, first & 0xF
        shown = f"{first:02x} with {len(payload)} octets"
        if opcode not in KINDS:
            raise WireError(f"a reserved opcode: {shown}")
        if self.close_seen:
            raise WireError(f"a frame after the Close frame: {shown}")
        starts = opcode in (TEXT, BINARY)
        if rsv and (rsv != RSV1 or not starts or not self._decompressor):
            raise WireError(f"reserved bits: {shown}")
        if opcode >= CLOSE:
            if not fin or len(payload) > 125:
                raise WireError(f"a fragmented or long control frame: {shown}")
            if opcode == CLOSE:
                self._note_close(payload)
            else:
                self.events.append(Event(opcode, payload))
            return
        if starts == (self._message is not None):
            raise WireError(f"fragments out of order: {shown}")
        if starts:
            self._message = [opcode, bool(rsv), []]
        self._message[2].append(payload)
        if fin:
            (opcode, compressed, payloads), self._message = self._message, None
            whole = payloads[0] if len(payloads) == 1 else b"".join(payloads)
            self.events.append(Event(opcode, self._decompressor.message(whole) if compressed else whole))

    def _note_close(self, payload: bytes):
        self.close_seen = True
        if not payload:
            return
        self.close_code = int.from_bytes(payload[:2], "big")
        if len(payload) == 1 or self.close_code not in CODES:
            raise WireError(f"Close with the payload {payload.hex()}")
        try:
            payload[2:].decode()
        except UnicodeDecodeError:
            raise WireError(f"Close with a reason that is not UTF-8: {payload.hex()}") from None


class Accepted(Link):
    """A connection from a client under test."""

    theirs_masked = True

    def __init__(self, accepted: socket.socket, tls=None):
        self.socket, self.end, self._tls = accepted, None, None
        self._bytes = bytearray()
        self._prepare()
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        accepted.setblocking(False)
        if tls:
            self._context = tls
            self._start_tls()

    def _start_tls(self):
        self._in, self._out = wire.ssl.MemoryBIO(), wire.ssl.MemoryBIO()
        self._tls = self._context.wrap_bio(self._in, self._out, server_side=True)
        until = time.monotonic() + wire.DEADLINE
        ready = False
        while not ready:
            self._await(select.POLLIN, until, "the client's part of the TLS handshake")
            if not (data := self.socket.recv(1 << 16)):
                raise WireError("the client ended in the TLS handshake")
            self._in.write(data)
            try:
                self._tls.do_handshake()
                ready = True
            except wire.ssl.SSLWantReadError:
                pass
            self._push(self._out.read(), reading=False)
        self._decrypt_rest()

    def _decrypt_rest(self):
        """Takes what came in one segment with the end of the handshake."""
        if self._in.pending:
            self._decrypt(self._in.read())

    def read_request(self) -> bytes:
        """Reads the head of the opening handshake, without its last empty line."""
        until = time.monotonic() + wire.DEADLINE
        while (size := self._bytes.find(b"\r\n\r\n")) < 0:
            if self.end:
                raise WireError(f"ended ({self.end}) in the request: {bytes(self._bytes)!r}")
            self._pull(until, "a request head")
        head = bytes(self._bytes[: size + 2])
        del self._bytes[: size + 4]
        if self._bytes:
            raise WireError(f"sent before the answer to its request: {bytes(self._bytes[:32])!r}")
        return head
