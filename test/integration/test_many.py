"""Many connections one after the other: each ends cleanly, and the server keeps nothing of them,
neither descriptors nor memory. WEBSOCK_CYCLES_SCALE (default 1) scales how many."""

import os
import unittest

from echo_server import each_way, is_sanitized
from wire import TEXT, Frame, close_frame, frame, upgrade_head, wait_until

SCALE = float(os.environ.get("WEBSOCK_CYCLES_SCALE", "1"))
CYCLES = {"ws": 10_000, "wss": 2_000}
# A leak of one small allocation per cycle would show: 10,000 × 400 bytes, 2,000 × 2 KiB.
SLACK = 4 * 1024 * 1024


@each_way
class Cycles:
    def cycle(self, number):
        payload = b"cycle %d" % number
        with self.server.connect(self.scheme) as client:
            client.send(upgrade_head("/" + self.scheme))
            client.read_upgrade()
            client.send(frame(TEXT, payload) + close_frame(1000))
            self.assert_ends(client, [Frame(TEXT, payload)], 1000, number)

    def test_nothing_is_left(self):
        cycles = max(1, int(CYCLES[self.scheme] * SCALE))
        idle = len(self.server.descriptors())
        for number in range(max(1, cycles // 5)):  # pools and caches reach their size
            self.cycle(number)
        before = self.server.resident_bytes()
        for number in range(cycles):
            self.cycle(number)
        wait_until(lambda: len(self.server.descriptors()) <= idle, f"descriptors go back to {idle}")
        grown = self.server.resident_bytes() - before
        print(f"{self.handler} {self.scheme}: {cycles} cycles, all clean, RSS {grown / 1024:+.0f} KiB", flush=True)
        if not is_sanitized():
            self.assertLess(grown, SLACK)


if __name__ == "__main__":
    unittest.main()
