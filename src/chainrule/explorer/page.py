"""Explorer: the explorer of one network as a value, which is one HTML file, or a cell of a notebook."""

from __future__ import annotations

import hashlib
import os
import tempfile
import webbrowser
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

from chainrule.errors import FileError, counted
from chainrule.explorer.bundle import bundle, shipped, style
from chainrule.explorer.contents import as_script
from chainrule.explorer.shortened import short_script, short_style
from chainrule.files import as_path, write_atomically
from chainrule.names import printable
from chainrule.pictures.scene import Scene
from chainrule.pictures.svg import AUTO, THEMES, as_svg
from chainrule.result_html import LINE, PAPER, SURFACE
from chainrule.writing.card import folded

FORMS = "forms.js"  # the module that is written for each network
SOURCE = "// Shortened: with comments it is in src/chainrule/explorer/web of the package, a file for each module.\n"
IN_ADDRESS = str.maketrans(
    {"%": "%25", "#": "%23", '"': "'", "'": "&amp;%2339;", "\n": "%0A", "&": "&amp;"}
)  # between "
HIGH = 720  # pixels of a notebook's cell
OLD_BROWSER = (
    "This page needs a browser of 2022 or later with scripts allowed: Chrome 105, Firefox 110, Safari 16, or newer."
)
NO_SCRIPT = "This browser runs no scripts here, so nothing can be moved. The network on the chosen row, as a figure:"


@dataclass(frozen=True, repr=False)
class Explorer:
    """A page in which weights are moved by hand, and values, curve and formula follow.

    html           the whole page, which needs nothing else: no server, no other file, no connection
    save(path)     write it, whole or not at all
    open()         write it into a folder for temporary files, and open it in a browser
    """

    title: str
    known: Mapping[str, Any]
    forms: str
    figure: Scene

    def __repr__(self) -> str:
        sizes = "-".join(map(str, self.known["network"]["sizes"]))
        rows = counted(self.known["rows"]["count"], "row")
        return f"Explorer({self.title!r}, {sizes}, {rows}, {len(self.html.encode()):,} bytes)"

    @cached_property
    def html(self) -> str:
        """The page."""
        script = SOURCE + short_script(bundle({**shipped(), FORMS: self.forms}))
        sheet = f"{_colours()}\n{short_style(style())}"
        title = escape(printable(self.title))
        return (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_policy(script, sheet)}">\n'
            '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
            f'<meta name="color-scheme" content="light dark">\n<title>{title}</title>\n'
            f"<style>{sheet}</style>\n</head>\n<body>\n"
            f'<div id="app"><p class="waiting">{escape(OLD_BROWSER)}</p></div>\n'
            f"<noscript><h1>{title}</h1><p>{escape(NO_SCRIPT)}</p>{_picture(self.figure)}</noscript>\n"
            f'<script type="application/json" id="contents">{as_script(self.known)}</script>\n'
            f'<script type="module">{script}</script>\n</body>\n</html>\n'
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page into a file that ends in .html, whole or not at all; the file. Raises FileError where it cannot."""
        file = as_path(path)
        if file.suffix.lower() not in (".html", ".htm"):
            raise FileError(f"{file}: the page is saved in a file that ends in .html, as {file.with_suffix('.html')}")
        return write_atomically(file, self.html.encode())

    def open(self) -> Path:
        """Write the page into a folder for temporary files and open it in a browser; the file."""
        folder = Path(tempfile.mkdtemp(prefix="chainrule-"))
        file = self.save(folder / "explorer.html")
        webbrowser.open(file.as_uri())
        return file

    def _repr_html_(self) -> str:
        """The page in a frame of its own, and folded below it a figure: some notebooks show no frames."""
        label = escape(self.title, quote=True)
        frame = (
            f'<iframe title="{label}" width="100%" height="{HIGH}" sandbox="allow-scripts allow-downloads" '
            f'srcdoc="{escape(self.html, quote=True)}"></iframe>'
        )
        return printable(f"{frame}{folded('the network as a figure', self.figure.svg('auto'))}")


def _policy(script: str, sheet: str) -> str:
    """What the page may load: this script, this style sheet, and pictures and fonts that it holds itself."""
    return (
        f"default-src 'none'; script-src 'sha256-{_digest(script)}'; style-src 'sha256-{_digest(sheet)}'; "
        "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _picture(scene: Scene) -> str:
    """A figure as an image that the page holds itself, for its styles are its own; without the maths font, which is large."""
    size = scene.width, scene.height
    svg = as_svg(scene.elements, size, scene.title, scene.description, scene.name, AUTO, has_font=False)
    address = f"data:image/svg+xml,{svg.translate(IN_ADDRESS)}"
    return f'<img src="{address}" alt="{escape(scene.description, quote=True)}">'


def _colours() -> str:
    """The colours of figures and of pages by name, light and dark: by the reader's system, or as the page is switched."""
    light, dark = (
        "".join(f"--chainrule-{role}:{value};" for role, value in _named(theme)) for theme in ("light", "dark")
    )
    return (
        f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root:not(.light){{{dark}}}}}\n"
        f":root.dark{{{dark}}}"
    )


def _named(theme: str) -> list[tuple[str, str]]:
    return [*{**THEMES[theme], "paper": PAPER[theme], "surface": SURFACE[theme], "line": LINE[theme]}.items()]
