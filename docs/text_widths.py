"""Write src/chainrule/pictures/widths.py, how wide characters are, from the fonts' own tables: python docs/text_widths.py

Measured are DejaVu Sans, the widest of the fonts that readers' machines have in these places, Liberation Sans, which is as
wide as Helvetica and Arial (Debian: fonts-dejavu-core and fonts-liberation), and the letters of formulas (figure_font.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from fontTools.ttLib import TTFont

FOLDER = Path("/usr/share/fonts/truetype")
LETTERS_OF_FORMULAS = Path(__file__).resolve().parents[1] / "src/chainrule/writing/fonts/chainrule-letters.woff"
WIDEST = [FOLDER / "dejavu/DejaVuSans.ttf", FOLDER / "liberation/LiberationSans-Regular.ttf", LETTERS_OF_FORMULAS]
ASCII = "".join(map(chr, range(32, 127)))
LETTERS = "".join(map(chr, range(0xA1, 0x180))) + "αβγδεζηθικλμνξοπρςστυφχψωΓΔΘΛΞΠΣΦΨΩ"
MARKS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿˡˢᴸᵀ₀₁₂₃₄₅₆₇₈₉₊₋₌ₐᵢⱼₖₘₙₚᵣₛₜᵤᵥ′‖"
SIGNS = "−∂∇∑∏√∞≈≠≡≤≥∈⊙←→↔↑↓…⋮–—‘’“”•✓✗ℓ\u2009\u00a0\u200b"
TARGET = Path(__file__).resolve().parents[1] / "src/chainrule/pictures/widths.py"


def widths(fonts: Iterable[Path], characters: str) -> dict[float, str]:
    """Characters by their width at size 1, the widest of the fonts that have them, rounded up to hundredths."""
    tables = [(font.getBestCmap(), font["hmtx"], font["head"].unitsPerEm) for font in map(TTFont, fonts)]
    found: dict[float, str] = {}
    for character in sorted(set(characters)):
        known = [metrics[names[ord(character)]][0] / em for names, metrics, em in tables if ord(character) in names]
        if known:
            width = math.ceil(100 * max(known) - 1e-9) / 100
            found[width] = found.get(width, "") + character
    return dict(sorted(found.items()))


def module() -> str:
    """The text of the module."""
    lines = [
        '"""How wide characters are, at size 1; written by docs/text_widths.py from the tables of the fonts."""',
        "",
    ]
    for name, says, found in (
        (
            "WIDEST",
            "in DejaVu Sans, Liberation Sans or the font of formulas, whichever is widest",
            widths(WIDEST, ASCII + LETTERS + MARKS + SIGNS),
        ),
        (
            "MARKS",
            "in the font of formulas, in which marks are set",
            widths([LETTERS_OF_FORMULAS], ASCII + LETTERS + SIGNS),
        ),
    ):
        rows = ",\n".join(f"        {width}: {ascii_quoted(characters)}" for width, characters in found.items())
        lines += [
            f"# {says}", f"{name} = {{", "    character: width", "    for width, characters in {", f"{rows},", "    }.items()",
            "    for character in characters", "}  # fmt: skip", "",
        ]  # fmt: skip
    return "\n".join(lines)


def ascii_quoted(text: str) -> str:
    """A text in quotes, with what cannot be seen spelled out."""
    shown = "".join(
        c if c.isprintable() else f"\\u{ord(c):04x}" for c in text.replace("\\", "\\\\").replace('"', '\\"')
    )
    return f'"{shown}"'


if __name__ == "__main__":
    TARGET.write_text(module(), encoding="utf-8")
    print(TARGET)
