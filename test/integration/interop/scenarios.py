"""The scenarios of the matrix: which peer, which side, which transport, which deflate settings, and
what must be agreed on. Only what a peer's own API can ask for is asked of it."""

from dataclasses import dataclass
from typing import List, Optional

# Settings of permessage-deflate: "s" the server's direction, "c" the client's; None: switched off.
TAKEOVER = {}
NO_TAKEOVER = {"s_nct": True, "c_nct": True}
FLAGS = {"s_nct": "server-no-context-takeover", "c_nct": "client-no-context-takeover",
         "s_bits": "server-max-window-bits", "c_bits": "client-max-window-bits"}

MIB = 1 << 20


@dataclass(frozen=True, eq=False)
class Deflate:
    """What the client asks for, what the server is set to, and what they must agree on."""

    name: str
    client: Optional[dict]
    server: Optional[dict]
    agreed: Optional[dict]
    large: bool = True  # with the 16 MiB messages

    def settings(self, role: str) -> Optional[dict]:
        return self.client if role == "client" else self.server


OFF = Deflate("off", None, None, None)
DECLINED = Deflate("offered, declined", TAKEOVER, None, None, large=False)
NOT_OFFERED = Deflate("not offered", None, TAKEOVER, None, large=False)
ON = Deflate("takeover", TAKEOVER, TAKEOVER, TAKEOVER)
NEITHER_BY_CLIENT = Deflate("no takeover, by client", NO_TAKEOVER, TAKEOVER, NO_TAKEOVER)
NEITHER_BY_SERVER = Deflate("no takeover, by server", TAKEOVER, NO_TAKEOVER, NO_TAKEOVER, large=False)
ONE_BY_CLIENT = Deflate("no server takeover, by client", {"s_nct": True}, TAKEOVER, {"s_nct": True}, large=False)
ONE_BY_SERVER = Deflate("no client takeover, by server", TAKEOVER, {"c_nct": True}, {"c_nct": True}, large=False)


def bits(by: str, server: Optional[int], client: int) -> Deflate:
    """The windows of the server's and of the client's direction, wished by one side."""
    wanted = {"s_bits": server, "c_bits": client} if server else {"c_bits": client}
    asked = (wanted, TAKEOVER) if by == "client" else (TAKEOVER, wanted)
    return Deflate(f"window bits {server or '-'}/{client}, by {by}", *asked, wanted, large=False)


ALL_BITS = range(9, 16)
# Every size for either direction, never the same for both but in the middle: none can be mistaken.
CROSSED = [bits(by, size, 24 - size) for by in ("client", "server") for size in ALL_BITS]


@dataclass(frozen=True, eq=False)
class Scenario:
    peer: str
    role: str  # ours: "server" or "client"
    scheme: str
    deflate: Deflate
    closer: str
    code: int
    messages: int = 1000

    @property
    def largest(self) -> int:
        return 16 * MIB if self.deflate.large and self.messages >= 1000 else MIB

    @property
    def direction(self) -> str:
        return f"our {self.role}"

    def __str__(self):
        return f"{self.peer}, {self.direction}, {self.scheme}, {self.deflate.name}"


def deflates(peer: str, role: str, scheme: str) -> List[Deflate]:
    if scheme == "wss":
        return [OFF, NEITHER_BY_CLIENT if peer == "gorilla" else ON]
    common = [OFF, DECLINED, NOT_OFFERED]
    if peer == "gorilla":  # knows nothing but "no takeover", both ways
        return common + [Deflate("no takeover", TAKEOVER, TAKEOVER, NO_TAKEOVER)]
    if peer == "libwebsockets":
        # It treats both directions alike. Its server does not answer to server_max_window_bits, so
        # a client that asks for that must fail (RFC 7692 §7.1.2.1): ours does.
        windows = [bits("client", size if role == "server" else None, size) for size in ALL_BITS]
        return common + [ON, NEITHER_BY_CLIENT] + windows
    return common + [ON, NEITHER_BY_CLIENT, NEITHER_BY_SERVER, ONE_BY_CLIENT, ONE_BY_SERVER] + CROSSED


CHROMIUM = [DECLINED, ON, NEITHER_BY_SERVER, *(bits("server", size, 24 - size) for size in (9, 12, 15))]
CURL = [OFF, DECLINED, ON]


def matrix(messages: int) -> List[Scenario]:
    """All scenarios. Who closes and with which code goes round."""
    rows = [(peer, role, scheme, deflate)
            for peer in ("python3-websockets", "node-ws", "gorilla", "libwebsockets")
            for role in ("server", "client")
            for scheme in ("ws", "wss")
            for deflate in deflates(peer, role, scheme)]
    rows += [("chromium", "server", "ws", deflate) for deflate in CHROMIUM]
    rows += [("chromium", "server", "wss", ON)]
    rows += [("curl", "server", scheme, deflate) for scheme in ("ws", "wss") for deflate in CURL]
    scenarios = []
    for count, row in enumerate(rows):
        codes = (1000, 3000, 4999) if row[0] == "chromium" else (1000, 1001, 3000, 4999)  # a page may not say 1001
        scenarios.append(Scenario(*row, closer=("client", "server")[count % 2],
                                  code=codes[count // 2 % len(codes)], messages=messages))
    return scenarios


QUICK = {("ws", OFF.name), ("ws", ON.name), ("wss", ON.name), ("ws", NEITHER_BY_CLIENT.name),
         ("ws", DECLINED.name), ("ws", bits("client", 9, 15).name), ("ws", bits("server", 15, 9).name)}


def quick_matrix() -> List[Scenario]:
    """What every run of the tests does: the two peers that are always there, fewer messages."""
    return [row for row in matrix(messages=150)
            if row.peer in ("python3-websockets", "node-ws") and (row.scheme, row.deflate.name) in QUICK]
