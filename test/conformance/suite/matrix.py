"""The configurations, and the workers that play every case in each of them. A worker is a process with
servers and a client of its own; the results come in the order of the table, however the work was shared."""

import contextlib
import itertools
import multiprocessing
import time
from typing import NamedTuple

from suite.play import Outcome, play
from suite.subjects import Subjects

CHUNK = 24  # cases that a worker takes at a time


class Config(NamedTuple):
    role: str  # of the end under test: "server" or "client"
    scheme: str  # "ws" or "wss"
    deflate: bool
    octets: bool

    def __str__(self):
        return "/".join([self.role, *self.words()])

    def words(self) -> tuple:
        return self.scheme, "deflate" if self.deflate else "plain", "octets" if self.octets else "whole"


class Result(NamedTuple):
    case: object
    config: Config
    outcome: Outcome
    seconds: float


def configurations(roles, words=()) -> list:
    """The configurations of these roles; of each pair of words ("ws" or "wss", …) those in `words`."""
    every = [Config(*values) for values in itertools.product(roles, ("ws", "wss"), (False, True), (False, True))]
    kept = []
    for config in every:
        pairs = zip(config.words(), (("ws", "wss"), ("plain", "deflate"), ("whole", "octets")))
        if all(word in words or not set(pair) & set(words) for word, pair in pairs):
            kept.append(config)
    return kept


def quick_runs(cases, configs) -> list:
    """The quick run: two configurations that differ in everything; large cases in the first one alone."""
    chosen = [c for c in configs if (c.scheme, c.deflate, c.octets) in (("ws", False, False), ("wss", True, True))]
    runs = [(config, index) for config in chosen for index, case in enumerate(cases)
            if case.quick and case.runs_in(config)]
    # What runs in neither of them: compressed, but not octet by octet.
    rest = [c for c in configs if (c.scheme, c.deflate, c.octets) == ("ws", True, False)]
    return runs + [(config, index) for config in rest for index, case in enumerate(cases)
                   if case.quick and not any(case.runs_in(other) for other in chosen if other.role == config.role)
                   and case.runs_in(config)]


def full_runs(cases, configs) -> list:
    return [(config, index) for config in configs for index, case in enumerate(cases) if case.runs_in(config)]


def run_all(cases, runs, jobs: int, certificate: str, client_factory=None, progress=None) -> list:
    """Plays all `runs`, (configuration, index) each; returns the results in that order."""
    context = multiprocessing.get_context("fork")
    tasks, answers = context.SimpleQueue(), context.SimpleQueue()
    chunks = chunked(cases, runs)
    workers = [context.Process(target=work, args=(cases, runs, chunks, tasks, answers, certificate, client_factory))
               for _ in range(min(jobs, len(chunks)) or 1)]
    for worker in workers:
        worker.start()
    for number in [*range(len(chunks)), *[None] * len(workers)]:
        tasks.put(number)
    results, problems, ended = [None] * len(runs), [], 0
    while ended < len(workers):
        kind, value = answers.get()
        if kind == "result":
            results[value[0]] = Result(cases[runs[value[0]][1]], runs[value[0]][0], *value[1:])
            if progress:
                progress(results[value[0]])
        else:
            ended += 1
            problems += [value] if value else []
    for worker in workers:
        worker.join()
    if problems:
        raise RuntimeError("\n".join(problems))
    return results


def chunked(cases, runs) -> list:
    """The work in portions, the longest first: indexes into `runs`."""
    long = [n for n, (_, index) in enumerate(runs) if not cases[index].quick]
    short = [n for n, (_, index) in enumerate(runs) if cases[index].quick]
    return [[n] for n in long] + [short[start : start + CHUNK] for start in range(0, len(short), CHUNK)]


def work(cases, runs, chunks, tasks, answers, certificate, client_factory):
    """One worker: takes chunks until there are no more; says at the end what its programs said."""
    subjects = Subjects(certificate, *[client_factory] if client_factory else [])
    problem = None
    try:
        while (number := tasks.get()) is not None:
            for index in chunks[number]:
                config, case = runs[index][0], cases[runs[index][1]]
                started = time.monotonic()
                outcome = play(case, config, subjects)
                answers.put(("result", (index, outcome, time.monotonic() - started)))
    except BaseException as error:  # noqa: BLE001: said by the parent
        problem = f"a worker ended: {type(error).__name__}: {error}"
        raise
    finally:
        try:
            subjects.close()
        except (AssertionError, RuntimeError, OSError) as error:
            problem = problem or f"a program under test ended badly: {error}"
        with contextlib.suppress(OSError):
            answers.put(("ended", problem))
