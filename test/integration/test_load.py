"""websock-load measures what is there: counts, rates, times, the server's costs; and it finds what
is wrong: replies that are changed, late or lost, and connections that end. Against the echo app, a
fan-out server, and servers in Python that misbehave on purpose.

WEBSOCK_LOAD, WEBSOCK_ECHO and WEBSOCK_FANOUT name the binaries.
"""

import asyncio
import json
import logging
import os
import signal
import ssl
import subprocess
import tempfile
import threading
import unittest

import websockets
from echo_server import EchoServer
from wire import DEADLINE

LOAD = os.environ.get("WEBSOCK_LOAD", "")
FANOUT = os.environ.get("WEBSOCK_FANOUT", "")
for logger in ("asyncio", "websockets.server"):  # what a client refuses, or closes, is no news
    logging.getLogger(logger).setLevel(logging.CRITICAL)
TIMES = {"mean", "p50", "p90", "p99", "p999", "max"}


class Result:
    def __init__(self, process):
        self.code = process.returncode
        self.out = process.stdout
        self.err = process.stderr
        self.json = json.loads(self.out) if self.out.startswith("{") else None

    def __repr__(self):
        return f"exit {self.code}\n{self.out}\n{self.err}"


def load(*arguments, as_json=True):
    """Runs the load generator to its end. Short by default: no warm-up."""
    command = [LOAD, *(["--json", "-"] if as_json else []), *map(str, arguments)]
    if "--warmup" not in arguments:
        command += ["--warmup", "0"]
    return Result(subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False))


class AsyncServer:
    """A server in Python on a thread of its own; what `start()` returns is awaited, and gives the
    server, which listens on a port that the system chose."""

    def __init__(self, start):
        self._start = start
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(DEADLINE)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(DEADLINE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE)
        self._loop.close()

    async def _listen(self):
        return await self._start()

    async def _stop(self):
        self._server.close()
        await asyncio.wait_for(self._server.wait_closed(), DEADLINE)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)


def websocket_server(answer, **options):
    """A server that answers the nth message of a connection with what `answer(n, message, peer)`
    returns; None: with nothing."""

    async def serve_one(peer, _path=None):
        number = 0
        async for message in peer:
            reply = await answer(number, message, peer)
            if reply is not None:
                await peer.send(reply)
            number += 1

    return AsyncServer(lambda: websockets.serve(serve_one, "127.0.0.1", 0, close_timeout=0.2, **options))


def tcp_server(change=lambda data: data, **options):
    """A server that sends every byte back, as `change` makes it."""

    async def serve_one(reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(change(data))
        except (ConnectionError, asyncio.CancelledError):
            pass
        writer.close()

    return AsyncServer(lambda: asyncio.start_server(serve_one, "127.0.0.1", 0, **options))


class LoadTestCase(unittest.TestCase):
    def assert_well(self, result):
        self.assertEqual(result.code, 0, result)
        self.assertEqual(result.json["errors"], {}, result)

    def assert_errors(self, result, *kinds):
        self.assertEqual(result.code, 1, result)
        self.assertEqual(set(result.json["errors"]), set(kinds), result)

    def assert_times(self, times):
        self.assertEqual(set(times), TIMES)
        self.assertGreater(times["p50"], 0)
        self.assertLessEqual(times["mean"], times["max"])
        in_order = [times[key] for key in ("p50", "p90", "p99", "p999", "max")]
        self.assertEqual(in_order, sorted(in_order), times)


class WithEcho(LoadTestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(EchoServer())
        cls.ws = f"ws://127.0.0.1:{cls.server.ports['ws']}/ws"
        cls.wss = f"wss://127.0.0.1:{cls.server.ports['wss']}/wss"
        cls.pid = cls.server._process.pid


class Echo(WithEcho):
    def test_count_is_exact(self):
        for count, connections, threads, depth in ((1000, 10, 1, 1), (1003, 7, 2, 4), (5, 10, 1, 8)):
            with self.subTest(count=count):
                result = load("--count", count, "-c", connections, "-t", threads, "--depth", depth, self.ws)
                self.assert_well(result)
                self.assertEqual(result.json["messages"], count)
                self.assertEqual(result.json["handshakes"], connections)
                self.assert_times(result.json["latency_us"])
                self.assert_times(result.json["handshake_us"])

    def test_every_payload(self):
        for payload in ("binary", "ascii", "multibyte", "json"):
            for size in (0, 1, 20, 125, 126, 70_000):
                with self.subTest(payload=payload, size=size):
                    result = load("--payload", payload, "--size", size, "--count", 40, "-c", 2, "--depth", 2,
                                  "--verify-every", 1, self.ws)
                    self.assert_well(result)
                    self.assertEqual(result.json["messages"], 40)

    def test_large_messages_deep(self):
        result = load("--size", 1_000_000, "--depth", 16, "--count", 64, "-c", 2, self.ws)
        self.assert_well(result)
        self.assertEqual(result.json["messages"], 64)

    def test_duration_and_costs(self):
        result = load("--warmup", 0.2, "--duration", 0.8, "--pid", self.pid, self.ws)
        self.assert_well(result)
        figures = result.json
        self.assertAlmostEqual(figures["duration_s"], 0.8, delta=0.4)
        self.assertAlmostEqual(figures["messages_per_s"], figures["messages"] / figures["duration_s"],
                               delta=figures["messages_per_s"] * 0.01)
        self.assertAlmostEqual(figures["bytes_per_s"], 20 * figures["messages_per_s"], delta=20)
        server = figures["server"]
        self.assertEqual(server["pid"], self.pid)
        self.assertGreater(server["cpu_us_per_message"], 0)
        self.assertAlmostEqual(server["cpu_us_per_message"],
                               server["user_us_per_message"] + server["system_us_per_message"], delta=0.01)
        self.assertGreater(figures["load"]["cpu_us_per_message"], 0)

    def test_rate_is_kept(self):
        result = load("--rate", 5000, "-c", 20, "-t", 2, "--duration", 1, self.ws)
        self.assert_well(result)
        self.assertAlmostEqual(result.json["messages"], 5000, delta=500)
        self.assertAlmostEqual(result.json["messages_per_s"], 5000, delta=500)

    def test_rate_and_count(self):
        result = load("--rate", 5000, "-c", 10, "--count", 333, self.ws)
        self.assert_well(result)
        self.assertEqual(result.json["messages"], 333)

    def test_deflate(self):
        result = load("--deflate", "--payload", "json", "--size", 2000, "--count", 200, "-c", 4, self.ws)
        self.assert_well(result)
        self.assertTrue(result.json["deflate"])

    def test_deflate_that_is_declined(self):
        async def echo(_number, message, _peer):
            return message

        with websocket_server(echo, compression=None) as server:
            result = load("--deflate", "--count", 10, "-c", 1, f"ws://127.0.0.1:{server.port}/")
        self.assert_errors(result, "handshake")

    def test_tls(self):
        self.assert_well(load("--insecure", "--count", 100, "-c", 4, self.wss))
        self.assert_errors(load("--count", 100, "-c", 4, self.wss), "connect")
        certificate = ssl.get_server_certificate(("127.0.0.1", self.server.ports["wss"]))
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(certificate)
            file.flush()
            self.assert_well(load("--ca", file.name, "--count", 100, "-c", 4, self.wss))

    def test_ramp(self):
        result = load("--ramp", 100, "-c", 41, "-t", 2, "--count", 41, self.ws, as_json=False)
        self.assertEqual(result.code, 0, result)

    def interrupt(self, *arguments):
        """Runs it until SIGINT, which comes after the connections are open."""
        process = subprocess.Popen([LOAD, "--json", "-", *map(str, arguments), self.ws], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        try:
            process.communicate(timeout=1.5)
            self.fail("it ended by itself")
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=DEADLINE)
        figures = json.loads(out)
        self.assertTrue(figures["interrupted"])
        self.assertLess(figures["duration_s"], 30)
        return process.returncode, figures, err

    def test_interrupt(self):
        code, figures, err = self.interrupt("--duration", 60)
        self.assertEqual(code, 0, err)
        self.assertGreater(figures["messages"], 0)

    def test_interrupt_in_the_warm_up(self):
        code, figures, err = self.interrupt("--warmup", 60, "--duration", 60)
        self.assertEqual(code, 0, err)
        self.assertEqual(figures["messages"], 0)

    def test_interrupt_behind_schedule(self):
        _code, figures, err = self.interrupt("--warmup", 0, "--duration", 60, "--rate", 1e7, "--timeout", 2)
        self.assertNotIn("behind schedule", figures["errors"], err)  # what is overdue does not hold it up

    def test_rate_that_cannot_be_kept(self):
        result = load("--rate", 1e7, "--duration", 1, "--timeout", 1, self.ws)
        self.assertEqual(result.code, 1, result)
        self.assertLessEqual(set(result.json["errors"]), {"behind schedule", "overrun", "timeout"}, result)

    def test_slowest_rate(self):
        result = load("--rate", 0.01, "--duration", 0.3, "-c", 200, self.ws)
        self.assert_well(result)
        self.assertEqual(result.json["messages"], 1)


class Output(WithEcho):
    """The figures are written, or there is an error; and they give nothing away."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = os.path.join(folder.name, "figures.json")

    def run_into(self, stdout, *arguments, before=()):
        command = [*before, LOAD, "-c", "1", "--count", "5", "--warmup", "0", *arguments, self.ws]
        return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=DEADLINE, check=False)

    def assert_not_written(self, process, place):
        self.assertEqual(process.returncode, 1, process)
        self.assertIn(f"websock-load: cannot write to {place}", process.stderr)

    def test_full_device(self):
        self.assert_not_written(self.run_into(subprocess.DEVNULL, "--json", "/dev/full"), "/dev/full: No space left")
        with open("/dev/full", "w") as full:
            for arguments in ((), ("--json", "-"), ("--json", "-", "--quiet"), ("--help",)):
                with self.subTest(arguments=arguments):
                    self.assert_not_written(self.run_into(full, *arguments), "standard output")
            self.assertEqual(self.run_into(full, "--quiet").returncode, 0)  # which writes nothing

    def assert_file_is_whole(self):
        with open(self.file) as file:
            self.assertEqual(json.load(file)["messages"], 5)

    def test_reader_that_has_gone(self):
        ours, theirs = os.pipe()
        os.close(ours)
        with open(theirs, "w") as pipe:
            self.assert_not_written(self.run_into(pipe, "--json", self.file), "standard output: Broken pipe")
        self.assert_file_is_whole()

    def test_closed_descriptor(self):
        # Else the summary goes into whatever is opened as number 1: the file, or a connection.
        closed = ("sh", "-c", 'exec "$@" >&-', "sh")
        process = self.run_into(subprocess.DEVNULL, "--json", self.file, before=closed)
        self.assert_not_written(process, "standard output")
        self.assert_file_is_whole()

    def test_user_and_password(self):
        url = self.ws.replace("://", "://somebody:secret@")
        for arguments, code in (((url,), 0), ((url + "/nowhere@home",), 1), ((url, url), 2),
                                ((url.replace("secret", "x/secret"),), 1), ((url.replace("ws:", "http:"),), 2),
                                ((url.replace("ws:", "tcp:").removesuffix("/ws"),), 2),
                                (("--mode", "fanout", "--publish-url", url.replace("ws:", "tcp:"), url), 2)):
            for as_json in (True, False):
                with self.subTest(arguments=arguments, as_json=as_json):
                    result = load("-c", 1, "--count", 5, *arguments, as_json=as_json)
                    self.assertEqual(result.code, code, result)
                    for word in ("somebody", "secret"):
                        self.assertNotIn(word, result.out + result.err)
        self.assertEqual(load("-c", 1, "--count", 5, url).json["url"], self.ws)
        self.assertTrue(load("-c", 1, "--count", 1, self.ws + "/@home").json["url"].endswith("/ws/@home"))

    def test_what_the_server_says_stays_text(self):
        async def close(_number, _message, peer):
            await peer.close(4321, "a\x1b[2Jb\nc\x9bd\x7fe\u00e9")

        with websocket_server(close) as server:
            result = load("-c", 1, "--count", 1, f"ws://127.0.0.1:{server.port}/", as_json=False)
        self.assertEqual(result.code, 1, result)
        self.assertIn("the first: a?[2Jb?c?d?e\u00e9", result.out)


class ServerProcess(WithEcho):
    """--pid of a process that ends."""

    def start(self):
        process = subprocess.Popen(["sleep", "600"])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_ends_during_the_run(self):
        for reaped in (False, True):
            for mode in ("echo", "idle"):
                for as_json in (True, False):
                    with self.subTest(reaped=reaped, mode=mode, as_json=as_json):
                        self.run_while_it_ends(self.start(), reaped, mode, as_json)

    def run_while_it_ends(self, process, reaped, mode, as_json):
        async def serve_one(peer, _path=None):
            process.kill()
            if reaped:
                process.wait()
            else:
                os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # a zombie
            async for message in peer:
                await peer.send(message)

        with AsyncServer(lambda: websockets.serve(serve_one, "127.0.0.1", 0)) as server:
            result = load("--mode", mode, "-c", 1, "--duration", 0.2, "--pid", process.pid,
                          f"ws://127.0.0.1:{server.port}/", as_json=as_json)
        self.assertEqual(result.code, 1, result)
        if as_json:
            self.assertEqual(result.json["errors"], {"server process": 1})
            self.assertIsNone(result.json["server"])
        text = result.err if as_json else result.out
        self.assertIn(f"process {process.pid} (--pid) has ended", text)
        self.assertNotIn("memory", text)

    def test_has_ended_before(self):
        process = self.start()
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # a zombie
        result = load("-c", 1, "--count", 5, "--pid", process.pid, self.ws)
        self.assertEqual(result.code, 2, result)
        self.assertIn(f"no process {process.pid}", result.err)

    def test_nothing_to_divide_by(self):
        for as_json in (True, False):
            result = load("-c", 2, "--count", 5, "--pid", self.pid, self.ws + "/nowhere", as_json=as_json)
            self.assertEqual(result.code, 1, result)
            if as_json:
                self.assertGreater(result.json["server"]["rss_bytes"], 0)
                for key in ("cpu_us_per_message", "rss_bytes_per_connection"):
                    self.assertIsNone(result.json["server"][key], key)
            else:
                self.assertNotIn(" per ", result.out)


class OtherModes(WithEcho):
    def test_handshake(self):
        result = load("--mode", "handshake", "-c", 4, "-t", 2, "--count", 200, "--pid", self.pid, self.ws)
        self.assert_well(result)
        self.assertEqual(result.json["messages"], 200)
        self.assertEqual(result.json["handshakes"], 200)
        self.assert_times(result.json["handshake_us"])
        result = load("--mode", "handshake", "--insecure", "-c", 2, "--duration", 0.3, self.wss)
        self.assert_well(result)
        self.assertGreater(result.json["messages"], 0)

    def test_idle(self):
        with EchoServer(ping_interval=100, idle_timeout=600) as server:
            url = f"ws://127.0.0.1:{server.ports['ws']}/ws"
            result = load("--mode", "idle", "-c", 500, "--duration", 1, "--pid", server._process.pid, url)
            self.assert_well(result)  # it answered the pings
            self.assertEqual(result.json["handshakes"], 500)
            costs = result.json["server"]
            self.assertGreater(costs["rss_bytes"], costs["rss_before_bytes"])
            self.assertAlmostEqual(costs["rss_bytes_per_connection"],
                                   (costs["rss_bytes"] - costs["rss_before_bytes"]) / 500, delta=1)

    def test_server_that_ends(self):
        with EchoServer(drain_timeout=0) as server:
            timer = threading.Timer(0.6, server.terminate)
            timer.start()
            result = load("--mode", "idle", "-c", 5, "--duration", 5, f"ws://127.0.0.1:{server.ports['ws']}/ws")
            timer.join()
        self.assertEqual(result.code, 1, result)
        self.assertEqual(sum(result.json["errors"].values()), 5, result)
        self.assertTrue(all(kind.startswith("closed ") for kind in result.json["errors"]), result)

    def test_refused(self):
        self.assert_errors(load("-c", 3, "--count", 5, self.ws + "/nowhere"), "handshake")
        result = load("-c", 3, "--count", 5, "ws://127.0.0.1:1/")
        self.assert_errors(result, "connect")
        self.assertEqual(result.json["errors"]["connect"], 3)


class FanOut(LoadTestCase):
    def setUp(self):
        self.server = subprocess.Popen([FANOUT], stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop)
        self.url = f"ws://127.0.0.1:{int(self.server.stdout.readline())}/"

    def stop(self):
        self.server.terminate()
        self.assertEqual(self.server.wait(DEADLINE), 0)
        self.server.stdout.close()

    def test_everyone_gets_everything(self):
        for size, flags in ((20, ("--depth", 3)), (4, ()), (300, ("--rate", 500)), (64, ("--payload", "multibyte"))):
            for publish in ((), ("--publish-url", self.url + "publish")):
                with self.subTest(size=size, publish=publish):
                    result = load("--mode", "fanout", "-c", 7, "-t", 2, "--count", 100, "--size", size, *flags,
                                  *publish, "--pid", self.server.pid, self.url)
                    self.assert_well(result)
                    self.assertEqual(result.json["published"], 100)
                    self.assertEqual(result.json["messages"], 700)
                    self.assert_times(result.json["latency_us"])

    def test_slowest_rate(self):
        result = load("--mode", "fanout", "-c", 7, "--rate", 0.01, "--duration", 0.3, self.url)
        self.assert_well(result)
        self.assertEqual(result.json["published"], 1)

    def test_rate_that_cannot_be_kept(self):
        result = load("--mode", "fanout", "-c", 7, "--rate", 1e7, "--duration", 1, "--timeout", 1, self.url)
        self.assertEqual(result.code, 1, result)
        self.assertLessEqual(set(result.json["errors"]), {"behind schedule", "overrun", "timeout"}, result)

    def test_lost_and_twice(self):
        peers = set()

        async def serve_one(peer, _path=None):
            peers.add(peer)
            number = 0
            async for message in peer:
                number += 1
                for _ in range({3: 0, 6: 2}.get(number, 1)):
                    for each in peers:
                        await each.send(message)

        with AsyncServer(lambda: websockets.serve(serve_one, "127.0.0.1", 0)) as server:
            result = load("--mode", "fanout", "-c", 2, "--rate", 50, "--count", 10, f"ws://127.0.0.1:{server.port}/")
        self.assert_errors(result, "lost", "unexpected message")
        self.assertEqual(result.json["errors"], {"lost": 2, "unexpected message": 2})
        self.assertEqual(result.json["messages"], 18)


class Verification(LoadTestCase):
    def assert_finds(self, kind, change, *flags, count=1):
        async def answer(number, message, peer):
            return await change(message, peer) if number == 7 else message

        with websocket_server(answer) as server:
            result = load("-c", 2, "--count", 40, "--timeout", 1, *flags, f"ws://127.0.0.1:{server.port}/")
        self.assert_errors(result, kind)
        self.assertEqual(result.json["errors"][kind], 2 * count, result)
        return result

    def test_changed_replies(self):
        async def other_kind(message, _peer):
            return message.encode() if isinstance(message, str) else "x" * len(message)

        async def shorter(message, _peer):
            return message[:-1]

        async def changed(message, _peer):
            return message[:10] + ("a" if message[10] != "a" else "b") + message[11:]

        async def changed_bytes(message, _peer):
            return bytes([message[0] ^ 1]) + message[1:]

        self.assertEqual(self.assert_finds("wrong kind", other_kind).json["messages"], 38)
        self.assert_finds("wrong kind", other_kind, "--payload", "binary")
        self.assert_finds("wrong length", shorter)
        self.assert_finds("wrong content", changed)
        self.assert_finds("wrong content", changed_bytes, "--payload", "binary")

    def test_reply_of_another_message(self):
        async def answer(_number, message, peer):
            return peer.__dict__.setdefault("first", message)

        with websocket_server(answer) as server:
            result = load("-c", 1, "--count", 5, f"ws://127.0.0.1:{server.port}/")
        self.assert_errors(result, "wrong content")
        self.assertEqual(result.json["errors"]["wrong content"], 4)

    def test_sample(self):
        async def answer(number, message, _peer):
            return message if number < 16 else "x" * len(message)

        with websocket_server(answer) as server:
            url = f"ws://127.0.0.1:{server.port}/"
            for flags, wrong in ((("--verify-every", 0), 0), (("--verify-every", 1), 184), ((), 3)):
                result = load("-c", 1, "--count", 200, *flags, url)
                self.assertEqual(result.json["errors"].get("wrong content", 0), wrong, result)

    def test_closed(self):
        async def close(_message, peer):
            await peer.close(4321, "enough")

        self.assert_finds("closed 4321", close)

    def test_twice(self):
        async def answer(number, message, peer):
            if number == 2:
                await peer.send(message)
            return message

        with websocket_server(answer) as server:
            result = load("-c", 1, "--rate", 20, "--count", 10, f"ws://127.0.0.1:{server.port}/")
        self.assert_errors(result, "unexpected message")
        self.assertEqual(result.json["messages"], 10)

    def test_stall(self):
        async def nothing(_message, _peer):
            return None

        result = self.assert_finds("timeout", nothing)
        self.assertEqual(result.json["messages"], 14)

    def test_open_loop_counts_a_pause(self):
        async def answer(number, message, _peer):
            if number == 20:
                await asyncio.sleep(0.5)
            return message

        with websocket_server(answer) as server:
            url = f"ws://127.0.0.1:{server.port}/"
            result = load("-c", 1, "--rate", 100, "--duration", 1.2, url)
        self.assert_well(result)
        self.assertAlmostEqual(result.json["messages"], 120, delta=1)
        self.assertGreaterEqual(result.json["latency_us"]["max"], 400_000)
        # Those that were due in the pause waited as well: a third of all.
        self.assertGreaterEqual(result.json["latency_us"]["p90"], 200_000)

    def test_handshake_that_hangs(self):
        async def hang(reader, writer):
            await reader.read()
            writer.close()

        with AsyncServer(lambda: asyncio.start_server(hang, "127.0.0.1", 0)) as server:
            self.assert_errors(load("-c", 2, "--timeout", 0.3, f"ws://127.0.0.1:{server.port}/"), "timeout")


class Raw(LoadTestCase):
    def test_plain(self):
        with tcp_server() as server:
            url = f"tcp://127.0.0.1:{server.port}"
            for size, depth in ((20, 1), (0, 3), (30_000, 8)):
                result = load("-c", 5, "--depth", depth, "--size", size, "--count", 300, "--verify-every", 1, url)
                self.assert_well(result)
                self.assertEqual(result.json["messages"], 300)
                self.assert_times(result.json["latency_us"])
            self.assert_well(load("-c", 5, "--rate", 500, "--count", 100, url))

    def test_changed(self):
        with tcp_server(lambda data: data[:-1] + bytes([data[-1] ^ 1])) as server:
            result = load("-c", 1, "--count", 10, f"tcp://127.0.0.1:{server.port}")
        self.assert_errors(result, "wrong content")
        self.assertEqual(result.json["errors"]["wrong content"], 10)
        with tcp_server(lambda data: b"") as server:
            self.assert_errors(load("-c", 2, "--timeout", 0.5, f"tcp://127.0.0.1:{server.port}"), "timeout")

    def test_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            key, certificate = os.path.join(folder, "key"), os.path.join(folder, "certificate")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-keyout", key, "-out", certificate, "-subj", "/CN=localhost",
                            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            with tcp_server(ssl=context) as server:
                url = f"tls://127.0.0.1:{server.port}"
                result = load("-c", 2, "--depth", 4, "--count", 100, "--ca", certificate, url)
                self.assert_well(result)
                self.assertEqual(result.json["messages"], 100)
                self.assert_well(load("-c", 2, "--size", 50_000, "--count", 20, "--insecure", url))
                self.assert_errors(load("-c", 2, "--count", 10, url), "connect")


class Usage(LoadTestCase):
    def test_bad_usage(self):
        for arguments in ((), ("http://x/",), ("--depth", 0, "ws://x/"), ("--mode", "dance", "ws://x/"),
                          ("--mode", "idle", "tcp://127.0.0.1:1"), ("tcp://127.0.0.1",), ("--nonsense", "ws://x/"),
                          ("--insecure", "--ca", "/dev/null", "wss://x/"), ("--ca", "/dev/null", "wss://x/"),
                          ("--pid", 4194304, "ws://x/"), ("--json", "/no/such/folder", "ws://x/"),
                          ("--mode", "handshake", "--rate", 5, "ws://x/"), ("-c", 1_000_000, "ws://x/"),
                          ("--mode", "handshake", "--ramp", 5, "ws://x/"), ("--json", "", "ws://x/"),
                          ("--mode", "fanout", "--publish-url", "", "ws://x/"), ("ws://x/\u00fc",), ("ws://x/\n",),
                          ("--depth", 10_000, "--size", 1 << 26, "ws://x/")):
            with self.subTest(arguments=arguments):
                result = load(*arguments, as_json=False)
                self.assertEqual(result.code, 2, result)
                self.assertTrue(result.err.startswith("websock-load: "), result)
                self.assertEqual(result.err.count("\n"), 1, result)

    def test_numbers_that_are_none(self):
        for name in ("--warmup", "--duration", "--timeout", "--rate", "--ramp", "--count", "--size", "--pid"):
            for number in ("nan", "-NaN", "nan(1)", "inf", "1e999", "-1", ""):
                with self.subTest(name=name, number=number):
                    result = load(name, number, "ws://127.0.0.1:1/", as_json=False)
                    self.assertEqual(result.code, 2, result)
                    self.assertTrue(result.err.startswith("websock-load: "), result)

    def test_rates_that_never_come(self):
        for arguments in (("--rate", 1e-12), ("--mode", "fanout", "--rate", 1e-12), ("--ramp", 1e-12),
                          ("--rate", 0.009)):
            with self.subTest(arguments=arguments):
                result = load(*arguments, "ws://127.0.0.1:1/", as_json=False)
                self.assertEqual(result.code, 2, result)
                self.assertIn("0.01", result.err)

    def test_help(self):
        result = load("--help", as_json=False)
        self.assertEqual(result.code, 0)
        for word in ("Examples", "Closed loop", "--publish-url", "--verify-every"):
            self.assertIn(word, result.out)


if __name__ == "__main__":
    unittest.main()
