"""Build the documentation as a website to read offline: `make site`, or python docs/website.py [FOLDER].

The pages are those of this folder, README and CONTRIBUTING. What GitHub does not need is added to copies of them: the side bar,
made of the links in index.md, the docstrings of the public names below api.md, and links to four pages of the explorer.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from html import escape
from pathlib import Path

import explorer_pages

import chainrule
from chainrule.texts import TEXTS

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
OUTSIDE = {"README.md": "readme.md", "CONTRIBUTING.md": "contributing.md"}  # their names on the site


def source(folder: Path) -> None:
    """Write the pages as Sphinx reads them into an empty folder."""
    shutil.copytree(DOCS, folder, ignore=_left_out, dirs_exist_ok=True)
    for page in folder.glob("*.md"):
        page.write_text(_links(page.read_text()))
    for given, name in OUTSIDE.items():
        (folder / name).write_text(_links((ROOT / given).read_text().replace("](docs/", "](")))
    index = folder / "index.md"
    index.write_text(index.read_text() + "\n" + side_bar((DOCS / "index.md").read_text()))
    api = folder / "api.md"
    api.write_text(with_docstrings(api.read_text()))
    explorer = folder / "explorer.md"
    explorer.write_text(with_pages(explorer.read_text()))
    static = folder / "_static"
    static.mkdir()
    shutil.copy(ROOT / "src/chainrule/writing/fonts/chainrule-math.woff2", static)
    (static / "site.css").write_text(CSS)


def _left_out(folder: str, names: list[str]) -> set[str]:
    """The modules that write the pages; the scripts of the examples are there to be downloaded."""
    are_examples = Path(folder).name == "examples"
    return {name for name in names if name == "__pycache__" or (name.endswith(".py") and not are_examples)}


def _links(text: str) -> str:
    """Links out of this folder, to the pages by their names on the site."""
    for given, name in OUTSIDE.items():
        text = text.replace(f"](../{given})", f"]({name})").replace(f"]({given})", f"]({name})")
    return text


def side_bar(index: str) -> str:
    """The links of index.md, below its headings, as Sphinx has them in the side bar."""
    _, *sections = re.split(r"^## (.+)\n", _links(index), flags=re.MULTILINE)
    trees = ["```{toctree}\n:hidden:\n\nGetting started <readme>\n```\n"]
    for heading, section in zip(sections[::2], sections[1::2]):
        links = re.findall(r"\[([^\]]+)\]\((\w+)\.md\)", section)
        lines = "\n".join(f"{_short(text, name)} <{name}>" for text, name in links)
        trees.append(f"```{{toctree}}\n:hidden:\n:caption: {heading}\n\n{lines}\n```\n")
    return "\n".join(trees)


def _short(text: str, name: str) -> str:
    """What the side bar calls a page: S2: nielsen, The four equations."""
    named = {each.short: each.name for each in TEXTS}
    return f"{text}: {named[name]}" if name in named else text[:1].upper() + text[1:]


def with_pages(page: str) -> str:
    """Below the title of explorer.md links to the pages that are tried there."""
    title, rest = page.split("\n", 1)
    links = ", ".join(
        f'<a href="{name}">{escape(says)}</a>'
        for name, says in zip(explorer_pages.PAGES, explorer_pages.SAID, strict=True)
    )
    return f"{title}\n\n<p>Try it: {links}.</p>\n{rest}"


def with_docstrings(page: str) -> str:
    """Below each heading of api.md the entries of its names."""
    parts = re.split(r"^(?=## )", page, flags=re.MULTILINE)
    return "".join(f"{part}\n{_entries(part)}" if part.startswith("## ") else part for part in parts)


def _entries(section: str) -> str:
    names = re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE)
    entries = "\n".join(_entry(name) for name in names)
    return f"```{{eval-rst}}\n.. currentmodule:: chainrule\n\n{entries}\n```\n\n"


def _entry(name: str) -> str:
    thing = getattr(chainrule, name)
    if not isinstance(thing, type):
        return f".. autofunction:: {name}\n"
    if issubclass(thing, (Exception, Warning)):
        return f".. autoexception:: {name}\n"
    return f".. autoclass:: {name}\n   :members:\n"


CSS = """
@font-face { font-family: chainrule-math; src: url(chainrule-math.woff2) format("woff2"); }
math { font-family: chainrule-math, math; font-size: 1.1em; }
.content { width: 58em; }
@media (max-width: 92em) {
  .main { min-width: 0; }
  .content { width: 100%; max-width: 58em; min-width: 0; }
}
article img { border-radius: 4px; }
article pre { font-variant-ligatures: none; }
article pre .go { color: inherit; }
article td { vertical-align: top; min-width: 5em; }
article td:first-child code { white-space: nowrap; }
article th { text-align: left; }
.sidebar-brand-text { font-size: 1.3rem; }
@media (max-width: 40em) {
  article p:has(> img) { overflow-x: auto; }
  article p > img:not([src$="front.svg"]) { max-width: none; width: auto; min-width: 36em; }
  article h1 { font-size: 2em; }
}
"""


def main() -> None:
    site = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/site").resolve()
    pages = site.parent / f"{site.name}-source"
    shutil.rmtree(pages, ignore_errors=True)
    source(pages)
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet", "-c", str(DOCS)]
    static = f"html_static_path={pages / '_static'}"
    done = subprocess.run([*command, "-D", static, str(pages), str(site)], check=False)
    if not done.returncode:
        explorer_pages.write(site)
    if done.returncode:
        sys.exit(done.returncode)
    print(f"open {site / 'index.html'}")


if __name__ == "__main__":
    main()
