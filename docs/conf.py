"""How Sphinx builds the website, which `docs/website.py` calls: everything offline, formulas as MathML, warnings as errors."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from docutils.nodes import SkipNode
from latex2mathml.converter import convert

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

project = "chainrule"
author = "the authors of chainrule"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "chainrule"
html_math_renderer = "mathml"
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
highlight_language = "text"
pygments_style = "friendly"
pygments_dark_style = "github-dark"
autodoc_member_order = "bysource"
smartquotes = False  # "auto" is a value to copy
autodoc_typehints = "none"  # shapes and types are in the text
suppress_warnings = ["misc.highlighting_failure"]


def readable(app: Any, what: str, name: str, obj: object, options: Any, lines: list[str]) -> None:
    """One of our docstrings as reStructuredText: paragraphs as prose, aligned lines as they are."""
    paragraphs = re.split(r"\n\s*\n", "\n".join(lines).strip("\n"))
    lines[:] = [line for paragraph in paragraphs for line in (*_set(paragraph.split("\n")), "")]


def _set(paragraph: list[str]) -> list[str]:
    if len(paragraph) > 2 and set(paragraph[1]) == {"-"}:  # Parameters or Attributes: a list of definitions
        entries = (re.sub(r"^(\S+) : ", r"**\1** : ", _escaped(line)) for line in paragraph[2:])
        return [f"**{paragraph[0]}**", "", *entries]
    aligned = any(re.search(r"\S {2,}\S", line) or line.startswith((" ", "|")) for line in paragraph)
    if aligned:
        return ["::", "", *(f"    {line}" for line in paragraph)]
    return [_escaped(line) for line in paragraph]


def _escaped(line: str) -> str:
    """`code` as ``code``; every other character of reStructuredText stands for itself."""
    parts = line.split("`")
    if len(parts) % 2 == 0:  # a lone quotation mark
        return re.sub(r"([\\*_|`<>])", r"\\\1", line)
    return "".join(
        f"``{part}``" if place % 2 else re.sub(r"([\\*_|<>])", r"\\\1", part) for place, part in enumerate(parts)
    )


def setup(app: Any) -> None:
    """Formulas as MathML, which browsers set without a script."""

    def inline(writer: Any, node: Any) -> None:
        writer.body.append(convert(node.astext()))
        raise SkipNode

    def block(writer: Any, node: Any) -> None:
        writer.body.append(convert(node.astext(), display="block"))
        raise SkipNode

    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    app.connect("autodoc-process-docstring", readable)
