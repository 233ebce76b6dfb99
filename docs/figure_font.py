"""Write src/chainrule/writing/fonts/chainrule-letters.woff, the letters of formulas in figures: python docs/figure_font.py

A subset of Latin Modern Math (Debian: fonts-lmodern-math, https://www.gust.org.pl/projects/e-foundry/lm-math), the font of
the HTML pages, renamed as its licence asks. Its plain letters are the slanted ones of mathematics, so that a drawing program
without it writes the same text in a font of its own; and they are as high as those of the text beside them.
"""

from __future__ import annotations

from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

SOURCE = Path("/usr/share/texmf/fonts/opentype/public/lm-math/latinmodern-math.otf")
TARGET = Path(__file__).resolve().parents[1] / "src/chainrule/writing/fonts/chainrule-letters.woff"
NAME, HIGHER = "Chainrule", 1.12
LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # in the order of the slanted letters of mathematics
GREEK = "αβγδεζηθικλμνξοπρςστυφχψω"
LETTERS = "abcdefghijklmnopqrstuvwxyzCEJLT" + "αβγδεηθλσ"  # those that formulas of figures use
UPRIGHT = "0123456789()+,./−≠∇ΣΔℓ· "
NAMES = {1: NAME, 3: f"{NAME} 1", 4: NAME, 6: NAME.replace(" ", ""), 16: NAME}


def letters() -> TTFont:
    """The font: ∂ and plain letters slanted, figures and signs upright."""
    font = TTFont(SOURCE)
    known = font.getBestCmap()
    wanted = {ord(each): known[ord(each)] for each in UPRIGHT if ord(each) in known}
    for first, alphabet in ((0x1D434, LATIN), (0x1D6FC, GREEK)):
        for place, each in enumerate(alphabet):
            if each in LETTERS:
                wanted[ord(each)] = known.get(
                    first + place, known.get(0x210E)
                )  # the italic h is the constant of Planck
    wanted[ord("∂")] = known[0x1D715]
    for table in font["cmap"].tables:
        table.cmap = {code: name for code, name in wanted.items() if code < 0x10000}
    options = subset.Options(
        layout_features=[], hinting=False, desubroutinize=True, name_IDs=["*"], notdef_outline=False
    )
    options.drop_tables += ["MATH", "GSUB", "GPOS", "GDEF"]
    maker = subset.Subsetter(options)
    maker.populate(unicodes=wanted)
    maker.subset(font)
    higher(font)
    font["name"].names = [each for each in font["name"].names if each.nameID in (0, 13, 14, *NAMES)]
    for each in font["name"].names:
        if each.nameID in NAMES:
            each.string = NAMES[each.nameID]
    font.flavor, font.recalcTimestamp = "woff", False
    return font


def higher(font: TTFont) -> None:
    """Makes its letters as much higher as they are lower than those of common text fonts."""
    size = round(font["head"].unitsPerEm / HIGHER)
    font["head"].unitsPerEm = size
    top = font["CFF "].cff.topDictIndex[0]
    top.FontMatrix = [1 / size, 0, 0, 1 / size, 0, 0]


if __name__ == "__main__":
    letters().save(TARGET)
    print(TARGET, TARGET.stat().st_size)
