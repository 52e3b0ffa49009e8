"""More connections than there is room for: 503 over the limit, which follows RLIMIT_NOFILE; and an
accept loop that survives the lack of descriptors, serves on, and resumes."""

import time
import unittest

from echo_server import CROSSED, EchoServer, each_way
from wire import upgrade_head, wait_until


class Full:
    """What every full server does; `room` is how many it takes."""

    room = 0

    def try_open(self):
        """A connection and the status that its handshake got."""
        client = self.connect()
        client.send(upgrade_head("/" + self.scheme))
        response = client.read_head()
        return client, response

    def assert_unavailable(self):
        client, response = self.try_open()
        self.assertEqual(response.status, 503, response)
        self.assertEqual(len(response.field("Date")), 1, response)
        self.assertTrue(client.read_bytes_to_end()[1].clean)

    def is_accepted(self) -> bool:
        client, response = self.try_open()
        client.close()
        self.assertIn(response.status, (101, 503), response)
        return response.status == 101

    def test_full_and_again_free(self):
        inside = [self.open() for _ in range(self.room)]
        for _ in range(5):
            self.assert_unavailable()
        for client in inside:
            self.assert_echoes(client)
        inside[0].close()
        wait_until(self.is_accepted, "room again after one has left")
        for client in inside[1:]:
            self.assert_echoes(client)


@each_way
class OverTheLimit(Full):
    flags = {"max_connections": 10}
    room = 10


@each_way(ways=CROSSED)
class FewDescriptors(Full):
    """The limit is never more than RLIMIT_NOFILE − 64, whatever was asked for."""

    room = 36

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(EchoServer(handler=cls.handler, descriptors_limit=100, max_connections=5000))


@each_way(ways=[("coroutine", "ws"), ("callback", "ws")])
class NoDescriptors:
    """EMFILE at accept, brought about by lowering the running server's limit."""

    def test_serves_on_and_resumes(self):
        client = self.open()
        self.assert_echoes(client)
        self.server.limit_descriptors(self.server.descriptors()[-1] + 1)
        waiting = [self.connect() for _ in range(20)]  # complete for TCP, not accepted
        for other in waiting:
            other.send(upgrade_head())
        lines, used = self.server.log().count("\n"), self.server.cpu_seconds()
        time.sleep(1)  # long enough for a loop that spins to burn it
        self.assertLess(self.server.cpu_seconds() - used, 0.5, "spins")
        self.assertLess(self.server.log().count("\n") - lines, 10, f"logs each try:\n{self.server.log()[-2000:]}")
        for number in range(100):
            self.assert_echoes(client, b"%d" % number)
        for other in waiting:
            other.poll()
        self.assertTrue(any(not other.received for other in waiting), "the limit had no effect")
        self.server.limit_descriptors(1024)
        for other in waiting:
            other.read_upgrade()
            self.assert_echoes(other)
        self.assert_echoes(client)


if __name__ == "__main__":
    unittest.main()
