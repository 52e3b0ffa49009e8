"""Judges the two reports of a scenario: the same messages at both ends, exactly those of the
programme; the agreed extension; compression on the wire; one clean close with the right code."""

import functools

from .programme import expected
from .scenarios import FLAGS, Scenario

DEFAULTS = {"s_nct": False, "c_nct": False, "s_bits": 15, "c_bits": 15}
NAMES = {flag.replace("-", "_"): name for name, flag in FLAGS.items()}
summed = functools.lru_cache(maxsize=None)(expected)


class Fault(Exception):
    """What was not as it must be."""


def demand(true, *what):
    if not true:
        raise Fault(" ".join(map(str, what)))


def parameters(extensions: str):
    """The agreed parameters in a Sec-WebSocket-Extensions field; None if there is no extension."""
    if not extensions:
        return None
    name, *fields = [part.strip() for part in extensions.split(";")]
    demand(name == "permessage-deflate" and "," not in extensions, "unexpected extensions:", extensions)
    found = dict(DEFAULTS)
    for field in fields:
        key, _, value = field.partition("=")
        demand(key in NAMES, "unexpected parameter in", extensions)
        found[NAMES[key]] = int(value.strip('"')) if value else True
    return found


def judge_extension(scenario: Scenario, ours: dict, theirs: dict):
    agreed = parameters(ours["extensions"])
    if theirs["extensions"].endswith("; *"):  # a libwebsockets server tells only that it is in use
        demand(agreed is not None, "the peer uses an extension, we do not")
    else:
        demand(parameters(theirs["extensions"]) == agreed,
               f"we say {ours['extensions']!r}, the peer says {theirs['extensions']!r}")
    wanted = scenario.deflate.agreed
    if wanted is None or agreed is None:
        demand(wanted is agreed, f"agreed on {ours['extensions']!r}, expected {wanted}")
        return
    for name, value in {**DEFAULTS, **wanted}.items():
        # RFC 7692 §7.1.1.2, §7.1.2.2: what a client says of its own direction need not be repeated.
        unsaid = name[0] == "c" and name in (scenario.deflate.client or {}) and agreed[name] == DEFAULTS[name]
        demand(agreed[name] == value or unsaid, f"agreed on {ours['extensions']!r}, expected {name} {value}")


def judge_messages(scenario: Scenario, ours: dict, theirs: dict):
    whole = summed(scenario.messages, scenario.largest)
    for end, seen in (("we", ours), ("the peer", theirs)):
        for name in ("messages", "bytes", "digest"):
            demand(seen[name] == getattr(whole, name),
                   f"{end} received {name} {seen[name]}, not {getattr(whole, name)}")
    wire = theirs["wire_in"]
    if not wire:
        return  # a browser does not tell
    if scenario.deflate.agreed is None:
        demand(wire > whole.bytes, f"we sent {wire} bytes for {whole.bytes} of payload without compression")
    else:
        demand(wire < 0.7 * whole.bytes, f"we sent {wire} bytes for {whole.bytes} of payload with compression")


def judge_close(scenario: Scenario, ours: dict, theirs: dict):
    closer, other = (ours, theirs) if scenario.closer == scenario.role else (theirs, ours)
    reason = "Grüße" if scenario.closer == "client" else "as asked"
    for end, seen in (("we", ours), ("the peer", theirs)):
        if seen is theirs and seen is closer and seen["code"] == 0:
            continue  # libwebsockets does not tell the answer to its own Close
        demand(seen["code"] == scenario.code, f"{end} saw close code {seen['code']}, not {scenario.code}")
        demand(seen["clean"], f"{end} did not see a clean close")
    demand(other["reason"] == reason, f"the close reason arrived as {other['reason']!r}, not {reason!r}")


def judge(scenario: Scenario, ours: dict, theirs: dict):
    """Raises Fault."""
    problems = [f"{end} end says: {seen['problem']}" for end, seen in (("the peer's", theirs), ("our", ours))
                if seen.get("problem")]
    demand(not problems, "; ".join(problems))
    judge_extension(scenario, ours, theirs)
    judge_messages(scenario, ours, theirs)
    judge_close(scenario, ours, theirs)
