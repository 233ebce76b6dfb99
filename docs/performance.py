"""The measured parts of two pages: tables and figures from docs/measured, where the benchmarks' JSON is kept.

python docs/performance.py           write them again; nothing is measured
python docs/performance.py build     take over the JSON that the benchmarks wrote to build, first
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
MEASURED = DOCS / "measured"
sys.path.append(str(DOCS.parent / "benchmarks"))

import estimators  # noqa: E402  (the benchmarks are scripts beside the package)
import fashion  # noqa: E402
import predictions  # noqa: E402
import roofline  # noqa: E402
import scaling  # noqa: E402
import speed_tables  # noqa: E402
import ways  # noqa: E402
from fashion_figure import fashion_figure  # noqa: E402
from scaling_figure import scaling_figure  # noqa: E402
from speed_figure import speed_figure  # noqa: E402
from workloads import WORKLOADS  # noqa: E402

from chainrule.aligned import laid_out  # noqa: E402

WIDER = {"estimators": estimators.WIDTH}
PAGES = "performance.md", "estimator_defaults.md"
BLOCK = re.compile(r"(<!-- measured: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
REPORTS: dict[str, Callable[[Any], Iterable[Any]]] = {
    "speed": speed_tables.report, "roofline": roofline.report, "scaling": scaling.report, "fashion": fashion.report,
    "predictions": predictions.report, "ways": ways.report, "estimators": estimators.report,
}  # fmt: skip


def page(name: str = "performance.md") -> str:
    """A page as it is, with its measured parts written again."""
    return BLOCK.sub(lambda found: found[1] + part(found[2]) + found[3], (DOCS / name).read_text())


def part(name: str) -> str:
    """The workloads as a table of Markdown; what a benchmark printed as a block."""
    if name == "workloads":
        rows = [(each.name, each.said, f"{each.rows:,}") for each in WORKLOADS.values()]
        return "".join(f"| {' | '.join(row)} |\n" for row in [("name", "recipe", "rows"), ("---", "---", "---"), *rows])
    lines = laid_out(REPORTS[name](kept(name)), WIDER.get(name, 80))
    return "```text\n" + "\n".join(lines).rstrip() + "\n```\n"


def figures() -> dict[str, str]:
    """The SVG of each figure by its file in docs."""
    speed = kept("speed")
    scenes = {
        "speed": speed_figure(speed, speed["engines"][0]),
        "scaling": scaling_figure(kept("scaling")),
        "fashion": fashion_figure(kept("fashion")),
    }
    return {f"figures/{name}.svg": scene.svg("auto") for name, scene in scenes.items()}


def kept(name: str) -> dict[str, Any]:
    """What a benchmark wrote."""
    return json.loads((MEASURED / f"{name}.json").read_text())


def main() -> None:
    for folder in map(Path, sys.argv[1:]):
        for name in REPORTS:
            if (folder / f"{name}.json").exists():
                shutil.copy(folder / f"{name}.json", MEASURED)
    for name, text in {**{name: page(name) for name in PAGES}, **figures()}.items():
        (DOCS / name).write_text(text)


if __name__ == "__main__":
    main()
