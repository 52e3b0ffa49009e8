"""The peer python3-websockets: `python_peer.py client|server --name value ...`, see README.md."""

import asyncio
import json
import socket
import ssl
import struct
import sys

import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, ServerPerMessageDeflateFactory

from programme import Request, Tally, in_fragments, is_text, payload, sizes

BYTES_RECEIVED = 128  # offset in Linux's struct tcp_info


def deflate(options, factory, **more):
    if options.get("deflate") != "1":
        return None  # an empty list would be an empty header field
    chosen = dict(more)
    for side in ("server", "client"):
        if options.get(f"{side}-no-context-takeover") == "1":
            chosen[f"{side}_no_context_takeover"] = True
        if f"{side}-max-window-bits" in options:
            chosen[f"{side}_max_window_bits"] = int(options[f"{side}-max-window-bits"])
    return [factory(**chosen)]


class Wire:
    """Counts the bytes that came over the socket; to be sampled while it is open."""

    def __init__(self, connection):
        self._socket = connection.transport.get_extra_info("socket")
        self.sample()

    def sample(self):
        info = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
        self.received, = struct.unpack_from("=Q", info, BYTES_RECEIVED)


def report(connection, tally, wire):
    print(json.dumps({
        "messages": tally.messages, "bytes": tally.bytes, "digest": tally.digest,
        "extensions": connection.response_headers.get("Sec-WebSocket-Extensions", ""),
        "wire_in": wire.received,
        "code": connection.close_code, "reason": connection.close_reason,
        "clean": bool(connection.close_rcvd and connection.close_sent),
    }), flush=True)


def pieces(index, content):
    third = -(-len(content) // 3)
    return [content[start : start + third] for start in range(0, len(content), third)]


async def client(options):
    messages = list(enumerate(sizes(int(options["messages"]), int(options["largest"]))))
    tls = ssl.create_default_context(cafile=options["ca"]) if "ca" in options else None
    connection = await websockets.connect(
        options["url"], ssl=tls, compression=None, max_size=None, ping_interval=None,
        extensions=deflate(options, ClientPerMessageDeflateFactory))
    wire, tally = Wire(connection), Tally()

    async def send_all():
        for index, size in messages:
            content = payload(index, size)
            content = content.decode() if is_text(index) else content
            await connection.send(pieces(index, content) if in_fragments(index, len(content)) else content)

    sending = asyncio.create_task(send_all())
    for index, size in messages:
        echo = await connection.recv()
        content = echo.encode() if isinstance(echo, str) else echo
        if isinstance(echo, str) != is_text(index) or content != payload(index, size):
            raise AssertionError(f"the echo of message {index}, {size} bytes, differs")
        tally.add(is_text(index), content)
    await sending
    wire.sample()
    if options.get("closer") == "server":
        await connection.send(f"close {options['code']}")
        await connection.wait_closed()
    else:
        await connection.close(int(options["code"]), "Grüße")
    report(connection, tally, wire)


async def server(options):
    tls = None
    if "cert" in options:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(options["cert"], options["key"])
    ended = asyncio.get_running_loop().create_future()

    async def echo(connection):
        wire, tally = Wire(connection), Tally()
        try:
            async for message in connection:
                if wish := Request.of(message):
                    await connection.close(wish.code, "as asked")
                    break
                tally.add(isinstance(message, str), message.encode() if isinstance(message, str) else message)
                await connection.send(message)
                wire.sample()
        except websockets.ConnectionClosed:
            pass
        await connection.wait_closed()
        report(connection, tally, wire)
        ended.set_result(None)

    more = {"require_client_max_window_bits": True} if "client-max-window-bits" in options else {}
    async with websockets.serve(
            echo, "127.0.0.1", 0, ssl=tls, compression=None, max_size=None, ping_interval=None,
            extensions=deflate(options, ServerPerMessageDeflateFactory, **more)) as listening:
        print(json.dumps({"port": listening.sockets[0].getsockname()[1]}), flush=True)
        await ended


if __name__ == "__main__":
    arguments = sys.argv[2:]
    pairs = {name[2:]: value for name, value in zip(arguments[::2], arguments[1::2])}
    asyncio.run({"client": client, "server": server}[sys.argv[1]](pairs))
