"""Rounds of base, peer, base, …, and what comes out of them."""
import json
import statistics
import subprocess
import sys

from .servers import RAW, TWO_THREADS, Failure, Server
from .works import CPU, MEMORY, P99

SERVER_CORE, LOAD_CORE, BOTH_CORES = "0", "1", "0,1"
WARM_UP = 0.5
FIGURES = ("rate", CPU, "user", P99, MEMORY)


def one_run(place, work, name, seconds):
    """Starts the server, loads it, ends it. Returns its figures."""
    with Server(place, name, work.tls, BOTH_CORES if work.threads else SERVER_CORE) as server:
        raw = name in RAW.values()
        scheme = ("tls" if raw else "wss") if work.tls else ("tcp" if raw else "ws")
        url = f"{scheme}://127.0.0.1:{server.port}" + ("" if raw else "/ws")
        result = place.folder / "load.json"
        result.unlink(missing_ok=True)
        words = ["taskset", "-c", LOAD_CORE, place.program("websock-load"), *work.load,
                 *(["--insecure"] if work.tls else []), "--duration", str(seconds), "--warmup", str(WARM_UP),
                 "--pid", str(server.pid), "--json", str(result), "-q", url]
        try:
            load = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                                  timeout=seconds + 60)
        except subprocess.TimeoutExpired as problem:
            raise Failure("the load did not end") from problem
        if server.why_it_ended():
            raise Failure(server.why_it_ended())
        return figures_of(result, load)


def figures_of(path, load):
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        lines = load.stderr.strip().splitlines()
        raise Failure(f"the load ended with {load.returncode}: {lines[-1] if lines else problem}") from problem
    if any(found["errors"].values()):
        raise Failure("errors: " + ", ".join(f"{kind} {count}" for kind, count in found["errors"].items() if count))
    if found["mode"] != "idle" and not found["messages"]:
        raise Failure("no message came back")
    server = found["server"] or {}
    idle = found["mode"] == "idle"
    return {
        "rate": None if idle else found["messages_per_s"],
        CPU: None if idle else server.get("cpu_us_per_message"),
        "user": None if idle else server.get("user_us_per_message"),
        P99: None if idle else found["latency_us"]["p99"],
        MEMORY: server.get("rss_bytes_per_connection") if idle else None,
    }


class Comparison:
    """One work: all runs of the base and of each peer."""

    def __init__(self, place, work, base, peers, limit, options):
        self.place, self.work, self.base, self.options = place, work, base, options
        self.limit = limit if work.limit else None
        if work.threads:
            peers = list(TWO_THREADS)
        others = [name for name in peers if name != base]
        if self.limit and self.limit not in others and self.limit != base:
            others.append(self.limit)
        self.peers = others
        self.base_runs = []
        self.runs = {name: [] for name in others}      # figures
        self.pairs = {name: [] for name in others}     # ratios of figures to the base's
        self.failed = {}

    def run(self):
        """All rounds; the order of the peers turns around in every second one."""
        try:
            for number in range(self.options.rounds):
                self._round(number)
        except Failure as failure:
            self.failed[self.base] = str(failure)

    def _round(self, number):
        before = self._measure_base(number)
        for name in self.peers if number % 2 == 0 else reversed(self.peers):
            if name in self.failed:
                continue
            self._say(number, name)
            try:
                figures = one_run(self.place, self.work, name, self.options.seconds)
            except Failure as failure:
                self.failed[name] = str(failure)
                continue
            after = self._measure_base(number)
            self.runs[name].append(figures)
            self.pairs[name].append({key: ratio(figures[key], before[key], after[key]) for key in FIGURES})
            before = after

    def _measure_base(self, number):
        self._say(number, self.base)
        figures = one_run(self.place, self.work, self.base, self.options.seconds)
        self.base_runs.append(figures)
        return figures

    def _say(self, number, name):
        if sys.stderr.isatty():
            print(f"\r\033[K{self.work.name}, round {number + 1} of {self.options.rounds}: {name}", end="",
                  file=sys.stderr, flush=True)

    def result(self):
        """What goes to the table, the picture and the JSON file."""
        rows = {self.base: summary(self.base_runs, [], self.failed.get(self.base))}
        for name in self.peers:
            rows[name] = summary(self.runs[name], self.pairs[name], self.failed.get(name))
        rows[self.base]["ratios"] = {key: {"median": 1.0, "low": 1.0, "high": 1.0} for key in FIGURES
                                     if rows[self.base]["medians"].get(key)}
        floor = rows.get(self.limit, {}).get("ratios", {})
        for row in rows.values():
            row["to_limit"] = {key: row["ratios"][key]["median"] / floor[key]["median"] for key in FIGURES
                               if key in row["ratios"] and floor.get(key, {}).get("median")}
        return {"about": self.work.about, "tls": self.work.tls, "figure": self.work.figure, "base": self.base,
                "limit": self.limit, "load": list(self.work.load), "servers": rows}


def ratio(value, before, after):
    """To the mean of the base's runs on both sides."""
    if not value or not before or not after:
        return None
    return value / ((before + after) / 2)


def summary(runs, pairs, failed):
    row = {"failed": failed, "runs": runs, "pairs": pairs, "medians": {}, "ratios": {}}
    for key in FIGURES:
        values = [run[key] for run in runs if run[key] is not None]
        ratios = [pair[key] for pair in pairs if pair[key] is not None]
        if values:
            row["medians"][key] = statistics.median(values)
        if ratios:
            row["ratios"][key] = {"median": statistics.median(ratios), "low": min(ratios), "high": max(ratios)}
    return row
