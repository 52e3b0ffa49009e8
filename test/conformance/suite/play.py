"""Plays one case of the table and judges all that came back, and how the connection ended."""

import random
from typing import NamedTuple, Optional

import wire
from suite.case import FRAMES, Await, Fin, Part, Raw, RSV1, abridged
from suite.opening import open_to_client, open_to_server
from wire import CLOSE, PING, PONG, WireError

GRACE = 0.002  # seconds in which a client that ends TCP before its turn is watched for
AT_ONCE = 1 << 18  # octets that are gathered into one write


class Outcome(NamedTuple):
    passed: bool
    summary: str  # the same in every run
    detail: str = ""  # of a failure; may differ from run to run


def failure(problem) -> Outcome:
    return Outcome(False, "failed", f"{type(problem).__name__}: {problem}")


# --------------------------------------------------------------------------------- sending


def encode(part: Part, link, chance: random.Random) -> list:
    """The frames of a part: one, or more where the extension's payload is cut."""
    payload, rsv = part.payload, part.rsv
    compress = link.compressor and part.opcode < CLOSE and part.opcode <= 2 and not part.literal and not rsv
    if compress:
        payload = link.compressor.fragment(payload, part.fin)
        rsv = RSV1 if part.opcode else 0
    masked = part.masked != link.theirs_masked
    key = (part.key or chance.randbytes(4)) if masked else b""
    header = wire.header(part.opcode, len(payload) + part.missing, fin=part.fin, rsv=rsv, masked=masked,
                         key=key, form=part.form)
    return header + (wire.mask(payload, key) if masked and payload else payload)


def encode_cut(part: Part, link, chance, size: int) -> bytes:
    """The frames of a whole message whose payload, compressed or not, is cut into `size` octets."""
    payload = link.compressor.fragment(part.payload, True) if link.compressor else part.payload
    starts = range(0, len(payload) or 1, size)
    last = starts[-1]
    return b"".join(
        encode(Part(0 if start else part.opcode, payload[start : start + size], fin=start == last, literal=True,
                    rsv=RSV1 if link.compressor and not start else 0), link, chance)
        for start in starts
    )


def send(case, link, config):
    """Sends what the case says, cut as it says, or octet by octet."""
    chance = random.Random(case.id)
    waiting = bytearray()

    def flush():
        link.send_frame(bytes(waiting), False, case.cut)
        waiting.clear()
        link.take_events()

    for step in (*case.good, *case.bad):
        if isinstance(step, (Await, Fin)):
            flush()
            link.await_events(step.count) if isinstance(step, Await) else link.finish_sending()
            continue
        if isinstance(step, Raw):
            data = step.data
        elif case.fragment and step.opcode <= 2:
            data = encode_cut(step, link, chance, case.fragment)
        else:
            data = encode(step, link, chance)
        if config.octets:
            link.send_frame(data, True)
            continue
        waiting += data
        if case.cut == FRAMES or len(waiting) > AT_ONCE:
            flush()
    flush()


# -------------------------------------------------------------------------------- judging


def compare(expected, got) -> Optional[str]:
    """Says how `got` differs from `expected`. Both messages and pongs come in order, and a pong may
    overtake the echo of a message that came before its ping, but comes no later than that."""
    for pongs in (False, True):
        wanted = [event for event in expected if (event.opcode == PONG) == pongs]
        came = [event for event in got if (event.opcode == PONG) == pongs]
        if wanted != came:
            n = next((n for n, pair in enumerate(zip(wanted, came)) if pair[0] != pair[1]),
                     min(len(wanted), len(came)))
            return (f"{'pong' if pongs else 'message'} {n + 1} of {len(wanted)} (got {len(came)}): expected "
                    f"{abridged([str(e) for e in wanted[n:n + 3]])}; got {abridged([str(e) for e in came[n:n + 3]])}")
    late = [n for n, (w, g) in enumerate(zip(messages_before_pongs(expected), messages_before_pongs(got))) if g > w]
    return f"pong {late[0] + 1} came behind a later message" if late else None


def messages_before_pongs(events) -> list:
    counts, messages = [], 0
    for event in events:
        if event.opcode == PONG:
            counts.append(messages)
        else:
            messages += 1
    return counts


def judge(case, link, end) -> Outcome:
    """Judges all that came, and the end."""
    if case.dropped:
        summary = "no Close needed"
    else:
        summary = "Close " + ("without code" if case.code is None else str(case.code))
        if not link.close_seen:
            raise WireError(f"no Close frame; ended with {end}; {link._tell()}")
        if link.close_code != case.code:
            raise WireError(f"Close {link.close_code}, expected {case.code}; {link._tell()}")
    came = [event for event in link.events if event.opcode != PING]
    if difference := compare(case.answers(), came):
        raise WireError(difference)
    if not end.clean and not (case.reset and end.tcp == "RST"):
        raise WireError(f"an unclean end: {end}")
    first = "the suite's FIN first" if case.dropped else "the server's FIN first"
    return Outcome(True, f"{summary}; {first}; clean; {len(came)} came back")


# ---------------------------------------------------------------------------------- roles


def has_close(case) -> bool:
    return any(isinstance(step, Part) and step.opcode == CLOSE for step in case.good)


def is_violation(case) -> bool:
    """Says whether the end under test has to close by itself."""
    return bool(case.bad) and not case.dropped and not has_close(case)


def closes(case) -> bool:
    """Says whether the case's own frames end the connection."""
    return bool(case.bad) or case.dropped or has_close(case)


def play_to_server(case, config, subjects) -> Outcome:
    """The suite is the client: the server closes TCP, after its Close frame."""
    with subjects.connect(config) as link:
        open_to_server(link, subjects.path(config), case, config)
        try:
            send(case, link, config)
            if not closes(case):
                link.send_frame(wire.close_frame(1000), config.octets)
        except (ConnectionResetError, BrokenPipeError) as problem:
            raise WireError(f"{problem} while sending; {link._tell()}") from None
        return judge(case, link, link.await_end())


def play_to_client(case, config, subjects) -> Outcome:
    """The suite is the server: it closes TCP, and the client waits for that."""
    with subjects.accept(config, f"/{case.id}", []) as link:
        open_to_client(link, f"/{case.id}", case, config)
        send(case, link, config)
        if not closes(case):
            link.send_frame(wire.frame(CLOSE, wire.close_payload(1000), masked=False), config.octets)
        end_as_server(link, case)
        outcome = judge(case, link, link.await_end())
    if len(link.masking_keys) > 8 and len(set(link.masking_keys)) < len(link.masking_keys) * 0.99:
        raise WireError("masking keys are used again (§5.3)")
    report = subjects.client_report()
    wanted = expected_report(case, link)
    if report != wanted:
        raise WireError(f"the client reports {report!r}, expected {wanted!r}")
    return outcome


def end_as_server(link, case):
    """Answers a Close frame by one, where that is due, then ends TCP first."""
    if case.dropped:
        return
    link.await_close()
    if link.end or link.ends_by_itself(GRACE):
        raise WireError(f"the client ended TCP before the server did; {link._tell()}")
    if is_violation(case):
        code = link.close_code
        link.send(wire.frame(CLOSE, wire.close_payload(code) if code else b"", masked=False))
        if link.ends_by_itself(GRACE):
            raise WireError("the client ended TCP before the server did, after both Close frames")
    link.finish_sending()


def expected_report(case, link) -> str:
    """What the echo client says about the end (`websock::close_info`)."""
    if case.dropped:
        return "ended 1006 unclean peer"
    if is_violation(case):  # after it nothing is read as frames, so no Close frame of ours either
        return f"ended {case.code} unclean local"
    return f"ended {1005 if case.code is None else case.code} clean peer"


def play(case, config, subjects) -> Outcome:
    """Plays `case` in `config`; whatever goes wrong is its failure."""
    try:
        if hasattr(case, "play"):
            return case.play(config, subjects)
        case = case._replace(good=tuple(case.good), bad=tuple(case.bad))  # made only now, if Later
        return (play_to_server if config.role == "server" else play_to_client)(case, config, subjects)
    except (AssertionError, OSError, ValueError) as problem:
        return failure(problem)
    finally:
        subjects.settle(config)
