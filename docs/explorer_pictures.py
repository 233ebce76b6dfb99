"""The explorer's pages as a reader sees them, as PNG: in seven states, at three sizes, light and dark. Needs Chromium.

python docs/explorer_pictures.py build/pictures             look at them: name what is ugly or confusing, and mend it
python docs/explorer_pictures.py build/pictures xor demon   those alone whose names have both words
python docs/explorer_pictures.py --front                    docs/figures/explorer.png, the first picture of the README
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser import Driven, driven  # noqa: E402 - it drives Chromium in the tests too
from explorer_pages import PAGES, softmax  # noqa: E402

SIZES = ((1280, 720), (1920, 1080), (390, 844))
THEMES = ("light", "dark")
STATES = {  # of every page, by its address
    "first": "",
    "demon": "demon=true&change=1.5",
    "steps": "step=3",
    "question": "step=3&ask=1",
    "projector": "view=network",
    "projected-formula": "view=formula",
    "tables": "tables=true",
}
FRONT = ROOT / "docs/figures/explorer.png"
NUDGED = 90  # pixels that the dot is dragged in the first picture


def pictures(folder: Path, words: Sequence[str] = ()) -> Iterator[Path]:
    """Every page in every state, or those whose names have all of these words; of a phone the whole page, however long."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as kept, driven("about:blank", Path(kept)) as browser:
        for page, (state, address), size, theme in product(PAGES, STATES.items(), SIZES, THEMES):
            name = f"{Path(page).stem}-{state}-{size[0]}x{size[1]}-{theme}.png"
            if not all(word in name for word in words):
                continue
            file = Path(kept) / page
            if not file.exists():
                file.write_text(PAGES[page](), encoding="utf-8")
            browser.dark(theme == "dark")
            browser.fresh(f"{file.as_uri()}#{address}", size)
            (folder / name).write_bytes(_whole(browser, size))
            yield folder / name


def _whole(browser: Driven, size: tuple[int, int]) -> bytes:
    """The window, or all of a page that is longer than it."""
    high = int(browser.evaluate("document.documentElement.scrollHeight"))
    if high > size[1]:
        browser.resize((size[0], high))
        browser.settle()
    return browser.picture()


def front(target: Path = FRONT) -> Path:
    """The softmax page with its weight dragged: what the README begins with."""
    with TemporaryDirectory() as kept, driven("about:blank", Path(kept)) as browser:
        file = Path(kept) / "page.html"
        file.write_text(softmax(), encoding="utf-8")
        browser.fresh(file.as_uri(), SIZES[0])
        x, y = browser.middle(".handle .grip")
        browser.drag((x, y), (x + NUDGED, y))
        target.write_bytes(browser.picture())
    return target


if __name__ == "__main__":
    if sys.argv[1:] == ["--front"]:
        print(f"wrote {front()}")
    else:
        for each in pictures(Path(sys.argv[1] if len(sys.argv) > 1 else "build/pictures"), sys.argv[2:]):
            print(f"wrote {each}")
