"""The explorer's pages: how large they are, how fast one is written, and what a frame takes while a weight is dragged.

A drag is a mouse that moves without a rest in Chromium, on the page of the digits (64-128-10). A frame is the time between two
pictures of the page, work per frame the processor time of the page's thread: script, styles, layout. Memory is measured after
the browser has collected its garbage.

    python benchmarks/explorer.py                 ten seconds of dragging
    python benchmarks/explorer.py --minutes 10    and memory over ten minutes
"""

from __future__ import annotations

import argparse
import math
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "docs")]

from browser import Driven, driven  # noqa: E402 - it drives Chromium in the tests too
from explorer_pages import PAGES  # noqa: E402

WANTED_FRAME = 17.5  # milliseconds, the 95th percentile on a quiet machine
WANTED_COMMAND = 2.0  # seconds from the command to the page of the digits
SWING = 80  # pixels to each side that the dot is dragged
COUNT_FRAMES = """(() => {
  window.frames_ = []; let before = performance.now(); window.counting = true;
  const next = (now) => { window.frames_.push(now - before); before = now; if (window.counting) requestAnimationFrame(next); };
  requestAnimationFrame((now) => { before = now; requestAnimationFrame(next); });
})()"""


def sizes(folder: Path) -> list[str]:
    """Each prepared page in a file, and how large it is."""
    lines = []
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")
        lines.append(f"{name:22} {(folder / name).stat().st_size / 1000:6.0f} kB")
    return lines


def command_times(folder: Path, count: int = 3) -> list[tuple[float, float]]:
    """Seconds from the command to the page of the digits, the process included: by the clock, and of the processor."""
    model = folder / "digits.safetensors"
    chainrule = [sys.executable, "-m", "chainrule"]
    subprocess.run(
        [*chainrule, "train", "digits", "--hidden", "128", "--quiet", "--output", str(model)],
        check=True,
        capture_output=True,
    )
    found = []
    for _ in range(count):
        started, used = time.perf_counter(), _of_children()
        explore = [*chainrule, "explore", str(model), "-o", str(folder / "timed.html")]
        subprocess.run(explore, check=True, capture_output=True)
        found.append((time.perf_counter() - started, _of_children() - used))
    return found


def _of_children() -> float:
    """Seconds of the processor that processes which have ended took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def drag(browser: Driven, seconds: float) -> tuple[list[float], float, int]:
    """Milliseconds of each frame while the dot is dragged, seconds of work for each frame, and how many moves there were."""
    x, y = browser.middle(".handle .grip")
    browser.hold((x, y))
    _move(browser, x, y, 1.0)  # code is compiled, caches are full
    before = browser.metrics()
    browser.evaluate(COUNT_FRAMES)
    moves = _move(browser, x, y, seconds)
    frames: list[float] = browser.evaluate("(window.counting = false, window.frames_)")
    after = browser.metrics()
    browser.release((x, y))
    return frames, (after["ThreadTime"] - before["ThreadTime"]) / len(frames), moves


def _move(browser: Driven, x: float, y: float, seconds: float) -> int:
    started, moves = time.monotonic(), 0
    while (passed := time.monotonic() - started) < seconds:
        browser.move((x + SWING * math.sin(2.0 * passed), y))
        moves += 1
    return moves


def memory(browser: Driven, minutes: float) -> list[float]:
    """Megabytes in use before, and after each tenth of so many minutes of dragging."""
    found = [browser.metrics()["JSHeapUsedSize"] / 1e6]
    for _ in range(10):
        drag(browser, 6.0 * minutes)
        found.append(browser.metrics()["JSHeapUsedSize"] / 1e6)
    return found


def main() -> None:
    """Print each figure in a line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10.0, help="of dragging")
    parser.add_argument("--minutes", type=float, default=0.0, help="of dragging while memory is measured")
    given = parser.parse_args()
    with TemporaryDirectory() as name, driven("about:blank", Path(name)) as browser:
        folder = Path(name)
        print("page", *sizes(folder), sep="\n  ")
        clock, processor = min(command_times(folder))
        print(f"command to page, digits: {clock:.2f} s, {processor:.2f} of the processor (wanted ≤ {WANTED_COMMAND:g})")
        browser.fresh((folder / "explorer-digits.html").as_uri())
        frames, work, moves = drag(browser, given.seconds)
        slow = statistics.quantiles(frames, n=20)[-1]
        print(
            f"dragging the digits for {given.seconds:g} s: {len(frames)} frames, {moves} moves; a frame takes "
            f"{statistics.median(frames):.1f} ms, 95 % at most {slow:.1f} (wanted ≤ {WANTED_FRAME:g}); work {1e3 * work:.1f} ms"
        )
        if given.minutes:
            used = memory(browser, given.minutes)
            print(
                f"memory over {given.minutes:g} minutes of dragging: {used[0]:.2f} MB before, then "
                f"{', '.join(f'{each:.2f}' for each in used[1:])}"
            )
        for each in browser.errors:
            sys.exit(f"the page reports an error: {each}")


if __name__ == "__main__":
    main()
