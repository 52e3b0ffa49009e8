"""What is measured: each work is a line of flags for the load tool, and what its figure is."""
from dataclasses import dataclass
from typing import Tuple

CPU, MEMORY, P99 = "cpu", "memory", "p99"


@dataclass(frozen=True)
class Work:
    name: str
    about: str
    load: Tuple[str, ...]
    tls: bool = False
    figure: str = CPU      # what the ratios in the table are of
    quick: bool = True     # done when no --work is given
    limit: bool = True     # whether the raw byte echo can do it too
    threads: bool = False  # our own server with two threads, on both cores, instead of the peers


def _echo(size, connections, depth=1, payload="binary", *more):
    return ("--mode", "echo", "--size", str(size), "-c", str(connections), "--depth", str(depth),
            "--payload", payload, *more)


WORKS = [
    Work("20x100x1", "20 bytes, 100 connections, 1 message under way on each", _echo(20, 100)),
    Work("20x100x16", "the same with 16 under way", _echo(20, 100, 16)),
    Work("1Kx100x1", "1 KiB, 100 connections", _echo(1024, 100)),
    Work("16Kx50 binary", "16 KiB, 50 connections", _echo(16 * 1024, 50)),
    Work("16Kx50 text", "the same as text, which a server has to check", _echo(16 * 1024, 50, 1, "ascii")),
    Work("1Mx4", "1 MiB, 4 connections", _echo(1024 * 1024, 4)),
    Work("tls 20x100x1", "20 bytes over TLS", _echo(20, 100), tls=True),
    Work("tls 16Kx50", "16 KiB over TLS", _echo(16 * 1024, 50), tls=True),
    Work("handshake", "a connection opened and closed, 16 at once", ("--mode", "handshake", "-c", "16"),
         limit=False),
    Work("tls handshake", "the same over TLS", ("--mode", "handshake", "-c", "16"), tls=True, limit=False),
    Work("open loop 20000/s", "20 bytes on schedule over 100 connections: how late answers are",
         _echo(20, 100, 1, "binary", "--rate", "20000"), figure=P99),
    Work("idle 10000", "memory of 10,000 idle connections",
         ("--mode", "idle", "-c", "10000", "--ramp", "4000"), figure=MEMORY, quick=False, limit=False),
    Work("tls idle 2000", "memory of 2,000 idle connections over TLS",
         ("--mode", "idle", "-c", "2000", "--ramp", "1000"), tls=True, figure=MEMORY, quick=False,
         limit=False),
    Work("threads 2", "our server with 2 threads against 1, on both cores, beside the load", _echo(20, 100),
         quick=False, limit=False, threads=True),
]


def chosen(names):
    """The works of these names; the quick ones if there are none."""
    if not names:
        return [work for work in WORKS if work.quick]
    by_name = {work.name: work for work in WORKS}
    missing = [name for name in names if name not in by_name]
    if missing:
        raise ValueError(f"no work is called {', '.join(map(repr, missing))}; --list shows them")
    return [by_name[name] for name in names]
