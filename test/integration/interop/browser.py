"""Headless Chromium as a peer: one browser, started when it is first needed, one page at a time."""

import os
import shutil
import tempfile
import threading

from wire import DEADLINE

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPT_DEADLINE = 3 * DEADLINE


class Browser:
    def __init__(self):
        self._lock = threading.Lock()
        self._driver = self._profile = None

    def report(self, settings: dict) -> dict:
        """Plays the client's side in a page of the server's origin."""
        with self._lock:
            self._start()
            self._driver.get(settings["url"].replace("ws", "http", 1).removesuffix("ws"))
            scripts = []
            for name in ("programme.cjs", "browser_peer.js"):
                with open(os.path.join(HERE, name), encoding="utf-8") as file:
                    scripts.append(file.read())
            return self._driver.execute_async_script("\n".join(scripts), settings)

    def _start(self):
        if self._driver:
            return
        from test_browser import start_chromium

        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._driver = start_chromium(self._profile.name)
        self._driver.set_script_timeout(SCRIPT_DEADLINE)
        self._driver.set_page_load_timeout(DEADLINE)

    def stop(self):
        if self._driver:
            self._driver.quit()
        if self._profile:
            self._profile.cleanup()
