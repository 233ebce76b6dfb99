"""Write the gallery, docs/examples.md and its figures, by running each script of docs/examples: python docs/examples_page.py

A script is a whole example: its docstring has a title and a text; it prints something, and saves its `picture` under its own
name. `make docs` calls this too, and tests/test_examples.py runs the scripts again.
"""

from __future__ import annotations

import contextlib
import io
import re
import runpy
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chainrule.pictures.scene import Scene

DOCS = Path(__file__).resolve().parent
SCRIPTS = tuple(sorted((DOCS / "examples").glob("plot_*.py")))
HEAD = """\
# Examples

What `NetworkClassifier` and `NetworkRegressor` do that scikit-learn's networks do not, one script each. Download one and run it
(`python plot_activations.py`): it prints what stands here, and saves its picture in the folder you are in.

| | |
|---|---|
"""


@dataclass(frozen=True)
class Example:
    """A script, what it prints and what it draws."""

    name: str
    source: str
    printed: str
    picture: Scene
    svg: str

    @property
    def title(self) -> str:
        return self._parts[0]

    @property
    def _parts(self) -> tuple[str, str, str]:
        """Title, text and code."""
        found = re.fullmatch(r'"""(.+?)\n\n(.+?)\n"""\n\n(.+)', self.source, re.DOTALL)
        if found is None:
            raise ValueError(f"{self.name}.py begins with a docstring: a title, an empty line, a text")
        return found[1], found[2], found[3]

    @property
    def cell(self) -> str:
        """The picture and its title, which lead to the section."""
        anchor = re.sub(r"[^\w -]", "", self.title.lower()).replace(" ", "-")
        return f"[![{self.title}](figures/{self.name}.svg)](#{anchor})<br>[{self.title}](#{anchor})"

    @property
    def section(self) -> str:
        """Title, text, picture, code and what it prints."""
        title, text, code = self._parts
        return (
            f"## {title}\n\n{text}\n\n![{self.picture.title}](figures/{self.name}.svg)\n\n"
            f"[{self.name}.py](examples/{self.name}.py):\n\n```py\n{code}```\n```\n{self.printed}```\n"
        )


def run(script: Path) -> Example:
    """A script, run in an empty folder."""
    out = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), contextlib.redirect_stdout(out):
        names = runpy.run_path(str(script))
        svg = Path(f"{script.stem}.svg").read_text()
    return Example(script.stem, script.read_text(), out.getvalue(), names["picture"], svg)


def page(examples: Sequence[Example]) -> str:
    """The pictures with their titles, two in a row, and a section for each."""
    cells = [example.cell for example in examples]
    cells += [""] * (len(cells) % 2)
    rows = "".join(f"| {left} | {right} |\n" for left, right in zip(cells[::2], cells[1::2]))
    return HEAD + rows + "".join(f"\n{example.section}" for example in examples)


def write() -> None:
    """Run all of them, and write the page and the figures."""
    examples = [run(script) for script in SCRIPTS]
    for example in examples:
        (DOCS / "figures" / f"{example.name}.svg").write_text(example.svg)
    (DOCS / "examples.md").write_text(page(examples))


if __name__ == "__main__":
    write()
