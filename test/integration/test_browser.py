"""The echo app's page in headless Chromium, over ws and wss: connect, send, see the echoes and
their round-trip times, close with 4001 and see 4001 come back.

Keeps a screenshot in the directory named by WEBSOCK_ARTIFACTS (default: the current one).
"""

import os
import shutil
import tempfile
import unittest

from echo_server import EchoServer, each_way
from wire import wait_until

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


def setUpModule():
    if not (CHROMIUM and DRIVER) and not os.environ.get("CI"):
        raise unittest.SkipTest("chromium and chromium-driver are not installed (apt-get install chromium-driver)")


def start_chromium(profile: str):
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (
        "headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
        "disable-component-update", "disable-sync", "disable-dev-shm-usage", "ignore-certificate-errors",
        "no-proxy-server", "window-size=1100,900", f"user-data-dir={profile}",
    ):
        options.add_argument("--" + flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service(DRIVER), options=options)


@each_way
class Page:
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        profile = cls.enterClassContext(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        cls.browser = start_chromium(profile)
        cls.addClassCleanup(cls.browser.quit)

    def setUp(self):
        port = self.server.ports[self.scheme]
        self.route = f"{self.scheme}://127.0.0.1:{port}/{self.scheme}"
        self.browser.get(f"http{'s' if self.scheme == 'wss' else ''}://127.0.0.1:{port}/")

    def tearDown(self):
        faults = [entry for entry in self.browser.get_log("browser") if "WebSocket connection to" not in entry["message"]]
        self.assertEqual(faults, [], "the page's console is not empty")

    # -- what a user does and sees

    def element(self, name):
        return self.browser.find_element("id", name)

    def text(self, name) -> str:
        return self.element(name).text

    def fill(self, name, value):
        self.element(name).clear()
        self.element(name).send_keys(value)

    def state(self) -> str:
        return self.element("status").get_attribute("data-state")

    def wait_for(self, true, what):
        wait_until(true, f"{what}; status {self.text('status')!r}, close {self.text('last-close')!r}")

    def connect(self):
        self.element("connect").click()
        self.wait_for(lambda: self.state() == "open", "connected")

    def send(self, text, kind="text", times=1):
        self.fill("message", text)
        self.element("kind").send_keys(kind)
        self.fill("count", str(times))
        self.element("send").click()

    def close(self, code, reason):
        self.fill("close-code", code)
        self.fill("close-reason", reason)
        self.element("close").click()
        self.wait_for(lambda: self.state() == "closed", "closed")
        line = self.element("last-close")
        return line.get_attribute("data-code"), line.get_attribute("data-clean"), line.text

    def echoes(self):
        """(text, kind and size, round-trip time) of each echo, newest first; faults stand between."""
        return [item.text.split("\n") for item in self.browser.find_elements("css selector", "#echoes li")]

    def screenshot(self, name):
        folder = os.environ.get("WEBSOCK_ARTIFACTS", ".")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, f"page-{name}-{self.handler}-{self.scheme}.png")
        self.assertTrue(self.browser.save_screenshot(path), path)

    # -- tests

    def test_echoes_and_close(self):
        self.assertEqual(self.element("url").get_attribute("value"), self.route)
        self.assertFalse(self.element("send").is_enabled())
        self.connect()
        self.send("first")
        self.send("Grüße, κόσμε €", "binary")
        self.send("many", "text", 50)
        self.wait_for(lambda: self.text("rtt-count") == "52", "52 echoes")
        listed = self.echoes()
        self.assertEqual([echo[0] for echo in listed], ["many"] * 50 + ["Grüße, κόσμε €", "first"])
        self.assertEqual([echo[1] for echo in listed[-2:]], ["binary, 23 B", "text, 5 B"])
        for echo in listed:
            self.assertEqual(len(echo), 3, echo)  # a fourth part would tell a fault
            self.assertRegex(echo[2], r"^\d+\.\d+ ms$")
        for name in ("rtt-last", "rtt-p50", "rtt-max"):
            self.assertRegex(self.text(name), r"^\d+\.\d+ ms$", name)
        points = self.element("plot-line").get_attribute("points").split()
        self.assertEqual(len(points), 52)
        for point in points:
            x, y = map(float, point.split(","))
            self.assertTrue(0 <= x <= 99 and 0 <= y <= 100, point)
        self.assertEqual(self.text("pending"), "0")
        code, clean, line = self.close("4001", "that was all")
        self.assertEqual((code, clean), ("4001", "true"), line)
        self.assertIn("4001", line)
        self.screenshot("closed")

    def test_repeats_and_connects_again(self):
        self.connect()
        self.fill("message", "tick")
        self.fill("interval", "20")
        self.element("repeat").click()
        self.wait_for(lambda: int(self.text("rtt-count")) >= 30, "30 echoes by themselves")
        self.screenshot("open")
        self.assertEqual(self.close("", "")[:2], ("1005", "true"))  # a Close frame without a code
        self.assertFalse(self.element("repeat").is_selected())
        self.connect()
        self.send("again")
        self.wait_for(lambda: self.echoes()[0][0] == "again", "an echo on the second connection")
        self.assertEqual(self.close("1000", "")[:2], ("1000", "true"))

    def test_code_that_a_browser_may_not_send(self):
        self.connect()
        self.fill("close-code", "1002")
        self.element("close").click()
        self.wait_for(lambda: "Not closed" in self.text("last-close"), "the refusal is shown")
        self.assertEqual(self.state(), "open")

    def test_failed_connect_is_told(self):
        self.fill("url", self.route + "-nowhere")
        self.element("connect").click()
        self.wait_for(lambda: self.state() == "failed", "the failure is shown")
        self.assertIn("could not connect", self.text("status"))
        self.assertEqual(self.element("last-close").get_attribute("data-code"), "1006")
        self.fill("url", "nonsense:")
        self.element("connect").click()
        self.wait_for(lambda: "not a WebSocket URL" in self.text("status"), "a bad URL is told")

    def test_server_goes_away(self):
        with EchoServer(handler=self.handler) as server:
            port = server.ports["ws"]
            self.browser.get(f"http://127.0.0.1:{port}/")
            self.connect()
            server.stop()
            self.wait_for(lambda: self.state() == "closed", "closed by the server")
            line = self.element("last-close")
            self.assertEqual((line.get_attribute("data-code"), line.get_attribute("data-clean")), ("1001", "true"))


if __name__ == "__main__":
    unittest.main()
