# SPDX-License-Identifier: BSD-2-Clause
"""chrome.py - a headless Chromium for tests: the DevTools protocol over a pipe, so it needs no port and no package."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
SECONDS_MAX = 120  # for an answer: a loaded machine is slow


def program():
    """The path of a Chromium; None: none is installed."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class ChromeError(Exception):
    """Chromium ended, or rejected a command."""


class Chrome:
    """A page. complaints: what the console and the log of the page said."""

    def __init__(self):
        self.home = tempfile.mkdtemp()
        self.number, self.complaints, self.waiting, self.rest = 0, [], [], b""
        to_child, self.write_end = os.pipe()
        self.read_end, from_child = os.pipe()
        words = [program(), "--headless", "--remote-debugging-pipe", "--disable-gpu", "--hide-scrollbars",
            "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-extensions",
            f"--user-data-dir={self.home}", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        # The protocol is on descriptors 3 and 4 of the browser.
        high = [os.dup2(fd, fd + 100) for fd in (to_child, from_child)]
        shell = f"exec 3<&{high[0]} 4>&{high[1]} {high[0]}<&- {high[1]}>&-; exec \"$@\""
        self.process = subprocess.Popen(["bash", "-c", shell, "bash", *words], pass_fds=high,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        for fd in (to_child, from_child, *high):
            os.close(fd)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    session = None

    def receive(self):
        """The next message."""
        until = time.monotonic() + SECONDS_MAX
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.read_end], [], [], max(0, until - time.monotonic()))
            part = os.read(self.read_end, 1 << 20) if ready else b""
            if not part:
                raise ChromeError(f"Chromium does not answer; its status: {self.process.poll()}")
            self.rest += part
        text, self.rest = self.rest.split(b"\0", 1)
        message = json.loads(text)
        self.note(message)
        return message

    def note(self, message):
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.consoleAPICalled":
            self.complaints.append(f"console: {params['args']}")
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(f"exception: {params['exceptionDetails']['text']}")
        elif method == "Log.entryAdded":
            self.complaints.append(f"log: {params['entry']['text']} {params['entry'].get('url', '')}")
        elif method == "Network.requestWillBeSent" and not params["request"]["url"].startswith(("file:", "data:")):
            self.complaints.append(f"network: {params['request']['url']}")

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                break
            self.waiting.append(answer.get("method"))
        if "error" in answer:
            raise ChromeError(f"{method}: {answer['error']}")
        return answer["result"]

    def look(self, width, height=900, scheme="light", media="screen"):
        """How wide the window is, and what the reader prefers."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
            mobile=False)
        self.call("Emulation.setEmulatedMedia", media=media,
            features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, path):
        self.waiting.clear()
        self.call("Page.navigate", url=path.resolve().as_uri())
        while "Page.loadEventFired" not in self.waiting:
            self.waiting.append(self.receive().get("method"))

    def run(self, script):
        """The value of the expression."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            raise ChromeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def picture(self, path, whole=False):
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))

    def print(self):
        """The page as PDF."""
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])

    def close(self):
        os.close(self.write_end)
        try:
            self.process.wait(SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.read_end)
        shutil.rmtree(self.home, ignore_errors=True)
