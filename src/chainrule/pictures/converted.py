"""An SVG as PNG or PDF, by a program or package that may be there: rsvg-convert, resvg."""

from __future__ import annotations

import shutil
import subprocess
from importlib import import_module
from importlib.util import find_spec

from chainrule.errors import FileError

KINDS = {".svg": b"<svg", ".png": b"\x89PNG", ".pdf": b"%PDF"}  # what files of each kind begin with
ZOOM = 2.0  # pixels of a PNG for each of the picture
PROGRAM, PACKAGE = "rsvg-convert", "resvg_py"
INSTALL = {
    ".png": "install one of them: pip install 'chainrule[pictures]' (resvg), or rsvg-convert (in librsvg2-bin of Debian and "
    "Ubuntu, librsvg of Homebrew)",
    ".pdf": "install it: rsvg-convert is in librsvg2-bin of Debian and Ubuntu, and in librsvg of Homebrew",
}


def check_kind(kind: str) -> None:
    """Raises FileError with what to install where nothing here can make such pictures, .png or .pdf."""
    if kind != ".svg" and not (shutil.which(PROGRAM) or (kind == ".png" and find_spec(PACKAGE))):
        needed = "resvg or rsvg-convert" if kind == ".png" else "rsvg-convert"
        raise FileError(
            f"a {kind[1:].upper()} is made by {needed}, which is not here: {INSTALL[kind]}; an .svg needs neither"
        )


def converted(svg: str, kind: str) -> bytes:
    """A picture, which is an SVG without CSS variables (any theme but auto), as .svg, .png or .pdf."""
    check_kind(kind)
    if kind == ".svg":
        return svg.encode()
    if shutil.which(PROGRAM):
        asked = [PROGRAM, "--format", kind[1:], *(["--zoom", str(ZOOM)] if kind == ".png" else [])]
        done = subprocess.run(asked, input=svg.encode(), capture_output=True, check=False)
        if done.returncode:
            raise FileError(
                f"{PROGRAM} cannot make this {kind[1:].upper()}: {done.stderr.decode(errors='replace').strip()}"
            )
        return done.stdout
    with_fonts = svg.replace(
        "Arial,", "Arial, 'Liberation Sans', Arimo,", 1
    )  # resvg knows no fonts that stand for others
    return bytes(import_module(PACKAGE).svg_to_bytes(svg_string=with_fonts, zoom=ZOOM))
