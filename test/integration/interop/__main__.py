"""The interop matrix: our server and our client with the implementations of others. Prints a table,
peer by direction by transport by deflate, and ends with 1 if a row failed.

    python3 -m interop --ours DIR [--quick] [--only PHRASE...] [--list]     in test/integration

DIR holds interop_server and interop_client. A peer that is not installed is skipped, and with CI in
the environment it is a failure. README.md tells the rules.
"""

import argparse
import asyncio
import os
import sys
import time
from collections import Counter

from . import peers
from .judge import Fault
from .play import Stage
from .scenarios import matrix, quick_matrix


def arguments():
    parser = argparse.ArgumentParser(prog="interop", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--ours", required=True, metavar="DIR", help="where interop_server and interop_client are")
    parser.add_argument("--quick", action="store_true", help="two peers, the main scenarios, fewer messages")
    parser.add_argument("--only", metavar="PHRASE", nargs="+", default=[], help="scenarios whose name has all of these")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="scenarios at once")
    parser.add_argument("--list", action="store_true", help="only name the scenarios")
    return parser.parse_args()


def chosen_scenarios(options):
    rows = quick_matrix() if options.quick else matrix(messages=1000)
    return [row for row in rows if all(phrase in str(row) for phrase in options.only)]


def prepare(rows, ours, work):
    """What starts each peer, and why the others are missing."""
    commands, missing = {}, {}
    for peer in dict.fromkeys(row.peer for row in rows):
        try:
            commands[peer] = peers.PEERS[peer](work)
        except peers.Missing as problem:
            missing[peer] = str(problem)
    for role, command in ours.items():
        if not os.access(command[0], os.X_OK):
            missing[f"our {role}"] = f"{command[0]} is not built"
    return commands, missing


async def play_all(rows, stage, commands, missing, jobs):
    """Returns row -> "yes", "NO: why" or "skipped: why"."""
    results, slots = {}, asyncio.Semaphore(jobs)

    async def play(row):
        lack = missing.get(row.peer) or missing.get(row.direction)
        if lack:
            results[row] = ("NO: " if os.environ.get("CI") else "skipped: ") + lack
            return
        async with slots:
            try:
                await stage.play(row, commands[row.peer])
                results[row] = "yes"
            except Fault as fault:
                results[row] = f"NO: {fault}"
            except Exception as problem:  # a fault of the matrix itself is one of the row
                results[row] = f"NO: {type(problem).__name__}: {problem}"
            if results[row] != "yes":
                print(f"{row}: {results[row]}", file=sys.stderr, flush=True)

    await asyncio.gather(*map(play, rows))
    return results


def show(results):
    line = "{:<19} {:<11} {:<4} {:<32} {}".format
    print(line("peer", "direction", "over", "deflate", "passed"))
    for row in sorted(results, key=lambda row: (row.direction == "our client", row.peer)):
        print(line(row.peer, row.direction, row.scheme, row.deflate.name, results[row].splitlines()[0]))


def main() -> int:
    options = arguments()
    rows = chosen_scenarios(options)
    if not rows:
        sys.exit(f"interop: no scenario's name has all of {options.only}")
    if options.list:
        print(*rows, sep="\n")
        return 0
    start = time.monotonic()
    work = os.path.join(options.ours, "peers")
    os.makedirs(work, exist_ok=True)
    ours = {role: [os.path.join(options.ours, f"interop_{role}")] for role in ("server", "client")}
    commands, missing = prepare(rows, ours, work)
    stage = Stage(ours, work)
    try:
        results = asyncio.run(play_all(rows, stage, commands, missing, options.jobs))
    finally:
        stage.browser.stop()
    show(results)
    count = Counter(result.split(":")[0] for result in results.values())
    skipped = f", {count['skipped']} skipped" if count["skipped"] else ""
    print(f"{rows[0].messages} messages each, in {time.monotonic() - start:.0f} s")
    print(f"{count['yes']} passed, {count['NO']} failed{skipped}")
    return 1 if count["NO"] or not count["yes"] else 0


if __name__ == "__main__":
    sys.exit(main())
