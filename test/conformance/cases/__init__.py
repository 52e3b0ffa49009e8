"""The table of cases: one file for each concept of the protocol."""

from cases import (
    closing, compression, control, deflate_frames, fragmentation, framing, handshake_client, handshake_server,
    limits, negotiation, utf8,
)

CATEGORIES = {
    "framing": framing, "control": control, "fragmentation": fragmentation, "utf8": utf8, "closing": closing,
    "limits": limits, "deflate": deflate_frames, "compression": compression, "negotiation": negotiation,
    "request": handshake_server, "response": handshake_client,
}


def table() -> list:
    """All cases, in the order of the report; each id occurs once."""
    rows = [case for module in CATEGORIES.values() for case in module.cases()]
    ids = [case.id for case in rows]
    assert len(set(ids)) == len(ids), sorted(id_ for id_ in set(ids) if ids.count(id_) > 1)
    return rows
