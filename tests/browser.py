"""A page in Chromium without a window: what it is after its scripts have run, or driven by hand, with keys and a mouse."""

from __future__ import annotations

import fcntl
import html
import json
import os
import re
import select
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run", "--hide-scrollbars"]  # fmt: skip
MEASURED = """<script>
addEventListener('load', async () => {
  await document.fonts.ready;
  const found = await (async () => { %s })();
  document.body.innerHTML = '<pre id="found"></pre>';
  document.getElementById('found').textContent = JSON.stringify(found);
});
</script>"""
DOMAINS = ("Page", "Runtime", "Log", "Network")  # what the browser is to speak about
PATIENCE = 60.0  # seconds until an answer of the browser counts as missing
FIRST = 10  # the numbers of the pipes before they become 3 and 4, which the browser reads and writes
WITH_PIPES = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execvp(sys.argv[3], sys.argv[3:])"
)


def measured(page: str, script: str, folder: Path, wide: int = 1200) -> Any:
    """What the body of a function in JavaScript returns on a page, once it is laid out with its fonts."""
    (folder / "page.html").write_text(page.replace("</body>", f"{MEASURED % script}</body>"), encoding="utf-8")
    command = ["chromium", *QUIET, f"--user-data-dir={folder / 'profile'}", f"--window-size={wide},900",
               "--virtual-time-budget=60000", "--dump-dom", (folder / "page.html").as_uri()]  # fmt: skip
    dom = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, timeout=180).stdout
    found = re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)
    assert found is not None, dom[-2000:]
    return json.loads(html.unescape(found.group(1)))


class Driven:
    """A page that is open: `evaluate` asks it, `click`, `drag` and `press` are a reader's; `errors` and `requests` are its own.

    The DevTools protocol is spoken through two pipes, JSON with a 0 between messages.
    """

    def __init__(self, reads: int, writes: int, uri: str, size: tuple[int, int]) -> None:
        self._reads, self._writes, self._number, self._unread = reads, writes, 0, b""
        self._session = ""
        self._inner: tuple[str, int] = (
            "",
            0,
        )  # the last document that began to run scripts: its session and its number
        self.errors: list[str] = []
        self.requests: list[str] = []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in DOMAINS:
            self._ask(f"{domain}.enable")
        self._ask("Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=False, flatten=True)
        self.resize(size)
        self.go(uri)

    def go(self, uri: str, *, scripts: bool = True) -> None:
        """Open an address, and wait until two frames are drawn; or without scripts until it is loaded."""
        self._ask("Emulation.setScriptExecutionDisabled", value=not scripts)
        self._ask("Page.navigate", url=uri)
        until = time.monotonic() + PATIENCE
        while self.evaluate("document.readyState") != "complete":
            assert time.monotonic() < until, f"{uri} is not loaded"
        if scripts:
            self.settle()

    def fresh(self, uri: str, size: tuple[int, int] = (1280, 720)) -> None:
        """Open an address as for the first time: nothing is left of the page before, of its errors or of its requests."""
        self.resize(size)
        self.go("about:blank")
        self.errors.clear()
        self.requests.clear()
        self.go(uri)

    def resize(self, size: tuple[int, int]) -> None:
        """The window as so many pixels, wide and high."""
        self._ask(
            "Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1, mobile=False
        )

    def settle(self) -> None:
        """Wait until two frames are drawn."""
        self.evaluate(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0))))"
        )

    def evaluate(self, expression: str) -> Any:
        """What an expression of JavaScript is, or the promise that it is."""
        return self._value("Runtime.evaluate", expression=expression)

    def until(self, expression: str) -> None:
        """Wait until that is so."""
        until = time.monotonic() + PATIENCE
        while self.evaluate(expression) is not True:
            assert time.monotonic() < until, f"never so: {expression}"
            self.settle()

    def framed(self, expression: str) -> Any:
        """The same in the document of the page's frame."""
        session, number = self._inner
        return self._value("Runtime.evaluate", session, expression=expression, contextId=number)

    def until_framed(self, expression: str) -> None:
        """Wait until that is so in the document of the page's frame, which has another one at first."""
        until = time.monotonic() + PATIENCE
        while True:
            with suppress(AssertionError):  # of a document that is gone
                if self.framed(expression) is True:
                    return
            assert time.monotonic() < until, f"never so: {expression}"
            self.settle()

    def text(self, selector: str) -> str:
        """The text of the first element of that selector."""
        return str(self.evaluate(f"document.querySelector({json.dumps(selector)}).textContent"))

    def middle(self, selector: str) -> tuple[float, float]:
        """The middle of the first element of that selector, in pixels of the window."""
        box = f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"
        x, y = self.evaluate(f"(() => {{ const b = {box}; return [b.x + b.width / 2, b.y + b.height / 2]; }})()")
        return x, y

    def point(self, x: float, y: float) -> None:
        """Move the mouse there."""
        self._mouse("mouseMoved", (x, y))
        self.settle()

    def click(self, x: float, y: float) -> None:
        self.drag((x, y))

    def drag(self, *points: tuple[float, float]) -> None:
        """Press at the first point, move to the others, and let go."""
        self._mouse("mouseMoved", points[0])
        self._mouse("mousePressed", points[0])
        for point in points[1:]:
            self._mouse("mouseMoved", point)
            self.settle()
        self._mouse("mouseReleased", points[-1])
        self.settle()

    def press(self, key: str) -> None:
        """Press a key by its name, as ArrowRight or Enter."""
        codes = {"Enter": 13, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Tab": 9, ".": 190,
                 "Escape": 27, "[": 219, "]": 221}  # fmt: skip
        text = {"text": "\r"} if key == "Enter" else {"text": key} if len(key) == 1 else {}
        down = {"key": key, "code": key, "windowsVirtualKeyCode": codes.get(key, ord(key[0]))}
        self._ask("Input.dispatchKeyEvent", type="keyDown", **down, **text)
        self._ask("Input.dispatchKeyEvent", type="keyUp", **down)
        self.settle()

    def write(self, selector: str, text: str, key: str = "Enter") -> None:
        """Write into a field instead of what is there, and press a key."""
        self.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
        self.evaluate("document.activeElement.select()")
        self._ask("Input.insertText", text=text)
        self.press(key)

    def hover(self, x: float, y: float) -> None:
        """Move the mouse there, with no button pressed."""
        self._mouse("mouseMoved", (x, y))
        self.settle()

    def hold(self, point: tuple[float, float]) -> None:
        """Press the mouse there and keep it pressed: `move` drags, and `release` lets go."""
        self._mouse("mouseMoved", point)
        self._mouse("mousePressed", point)

    def move(self, point: tuple[float, float]) -> None:
        """Move the mouse with its button pressed; the browser answers once the page has seen it."""
        self._ask("Input.dispatchMouseEvent", type="mouseMoved", x=point[0], y=point[1], button="left", buttons=1)

    def release(self, point: tuple[float, float]) -> None:
        """Let the button of the mouse go."""
        self._mouse("mouseReleased", point)
        self.settle()

    def metrics(self) -> dict[str, float]:
        """Seconds of its thread as ThreadTime, bytes in use as JSHeapUsedSize, and more, after collecting garbage."""
        self._ask("Performance.enable")
        self._ask("HeapProfiler.collectGarbage")
        return {each["name"]: each["value"] for each in self._ask("Performance.getMetrics")["metrics"]}

    def picture(self) -> bytes:
        """The window as a PNG."""
        return b64decode(self._ask("Page.captureScreenshot", format="png")["data"])

    def downloads(self, folder: Path) -> None:
        """Put what the page saves into a folder."""
        self._ask("Browser.setDownloadBehavior", "", behavior="allow", downloadPath=str(folder))

    def dark(self, is_dark: bool) -> None:
        """Whether the reader's system is dark."""
        features = [{"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}]
        self._ask("Emulation.setEmulatedMedia", features=features)

    def _mouse(self, kind: str, point: tuple[float, float]) -> None:
        held = kind != "mouseMoved"
        self._ask("Input.dispatchMouseEvent", type=kind, x=point[0], y=point[1], button="left" if held else "none",
                  buttons=0 if kind == "mouseReleased" else 1, clickCount=int(held))  # fmt: skip

    def _value(self, method: str, session: str | None = None, **parameters: Any) -> Any:
        found = self._ask(method, session, awaitPromise=True, returnByValue=True, **parameters)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def _ask(self, method: str, session: str | None = None, **parameters: Any) -> Any:
        number = self._send(method, self._session if session is None else session, parameters)
        for answer in self._messages():
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self._note(answer)
        raise AssertionError(f"{method}: the browser has ended")

    def _send(self, method: str, session: str, parameters: dict[str, Any]) -> int:
        self._number += 1
        message = {
            "id": self._number,
            "method": method,
            "params": parameters,
            **({"sessionId": session} if session else {}),
        }
        os.write(self._writes, json.dumps(message).encode() + b"\0")
        return self._number

    def _messages(self) -> Iterator[dict[str, Any]]:
        until = time.monotonic() + PATIENCE
        while True:
            message, found, rest = self._unread.partition(b"\0")
            if found:
                self._unread = rest
                yield json.loads(message)
                continue
            assert select.select([self._reads], [], [], max(0, until - time.monotonic()))[0], (
                "the browser does not answer"
            )
            part = os.read(self._reads, 2**16)
            if not part:
                return
            self._unread += part

    def _note(self, event: dict[str, Any]) -> None:
        """Keep what the page says on its console, and what it asks for from elsewhere."""
        method, facts = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = facts["exceptionDetails"]
            self.errors.append(str(details.get("exception", {}).get("description", details["text"])))
        elif method == "Log.entryAdded" and facts["entry"]["level"] in ("error", "warning"):
            self.errors.append(facts["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and facts["type"] in ("error", "warning", "assert"):
            self.errors.append(json.dumps(facts["args"]))
        elif method == "Target.attachedToTarget":  # a frame in a process of its own
            for domain in DOMAINS:
                self._send(f"{domain}.enable", facts["sessionId"], {})
        elif method == "Runtime.executionContextCreated":
            self._inner = event.get("sessionId", ""), facts["context"]["id"]
        elif method == "Network.requestWillBeSent":
            self.requests.append(facts["request"]["url"][:200])


@contextmanager
def driven(uri: str, folder: Path, size: tuple[int, int] = (1280, 720)) -> Iterator[Driven]:
    """A page in a browser of its own, which ends with the block."""
    its_in, our_out = os.pipe()
    our_in, its_out = os.pipe()
    ends = [fcntl.fcntl(each, fcntl.F_DUPFD, FIRST) for each in (its_in, its_out)]
    command = [sys.executable, "-c", WITH_PIPES, *map(str, ends), "chromium", *QUIET, "--remote-debugging-pipe",
               f"--user-data-dir={folder / 'profile'}"]  # fmt: skip
    with (folder / "chromium.log").open("wb") as log:
        process = subprocess.Popen(command, pass_fds=ends, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    for each in (*ends, its_in, its_out):
        os.close(each)
    try:
        yield Driven(our_in, our_out, uri, size)
    finally:
        process.terminate()
        process.wait(PATIENCE)
        os.close(our_in)
        os.close(our_out)
