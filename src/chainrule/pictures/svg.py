"""Scenes as SVG: no foreignObject, ids with a prefix of their own, a title and a description in each.

Letters of formulas are set in the maths font of the HTML pages, whose 70 glyphs each figure carries, for an image on a page
can load nothing. A program that reads no fonts out of a picture, as rsvg-convert, takes the slanted letters of a serif font.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib import resources
from itertools import groupby

from chainrule.errors import unknown_name
from chainrule.names import printable
from chainrule.pictures.shapes import POWER, SMALL, TEN, Circle, Element, Label, Line, Rect, Spans
from chainrule.pictures.widths import MARKS
from chainrule.writing.formula import Bracket, Formula, Marked, Row, Sign, Symbol, Transposed, Underbraced

SANS = "Helvetica, Arial, 'DejaVu Sans', sans-serif"
MATHS = ' font-family="Chainrule,serif"'
UPRIGHT = "∇ΣΔ()"  # in a formula; every other letter leans
THEMES: dict[str, dict[str, str]] = {
    "light": {
        "ink": "#1b1b1b", "faint": "#6f6f6f", "paper": "#ffffff", "panel": "#f3f3f0", "accent": "#7a4ea3",
        "forward": "#007a78", "backward": "#b3140a", "positive": "#2166ac", "negative": "#b35806",
        "w": "#1f5fbf", "b": "#b8327f", "z": "#20703a", "a": "#1b1b1b", "y": "#8a6500", "C": "#b3140a",
    },
    "dark": {
        "ink": "#eeeeee", "faint": "#a0a0a0", "paper": "#16181d", "panel": "#23262d", "accent": "#c9a6f2",
        "forward": "#7df0dc", "backward": "#ff5240", "positive": "#62aeff", "negative": "#ff9a2e",
        "w": "#7db8f5", "b": "#f08cc4", "z": "#7fd79a", "a": "#eeeeee", "y": "#e6c14b", "C": "#ff5240",
    },
}  # fmt: skip
AUTO = "auto"


def as_svg(
    elements: Sequence[Element],
    size: tuple[float, float],
    title: str,
    description: str,
    name: str,
    theme: str,
    has_font: bool = True,
) -> str:
    """A picture in one theme, the same bytes for the same elements; "auto" is dark where the reader's screen is.

    It is never wider than what it stands in, and its paper reaches beyond its edges: where a program scales it to parts of
    a pixel, no light line is left at a dark one. Without the maths font its letters are those of the reader's serif font.
    """
    if theme not in (*THEMES, AUTO):
        raise unknown_name("theme", theme, (*THEMES, AUTO))
    colours = THEMES.get(theme, THEMES["light"])
    body = "".join(_alike([*run], colours) for _, run in groupby(elements, key=_look))
    digest = hashlib.sha256((name + title + description + body).encode(errors="surrogatepass")).hexdigest()[:8]
    prefix = f"{name}-{digest}"
    body = body.replace("url(#arrow-", f"url(#{prefix}-arrow-")
    width, height = map(_n, size)
    paper = f'<rect x="-1" y="-1" width="{_n(size[0] + 2)}" height="{_n(size[1] + 2)}" fill="{colours["paper"]}"/>'
    own, style = (f' id="{prefix}"', _style(prefix, body)) if theme == AUTO else ("", "")
    style += _font() if has_font and MATHS in body else ""
    return printable(
        f'<svg xmlns="http://www.w3.org/2000/svg"{own} viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'style="max-width:100%;height:auto" role="img" aria-labelledby="{prefix}-title {prefix}-desc" font-family="{SANS}">'
        f'<title id="{prefix}-title">{escape(title)}</title><desc id="{prefix}-desc">{escape(description)}</desc>'
        f"{style}{_arrows(elements, colours, prefix)}{paper}{body}</svg>\n"
    )


@cache
def _font() -> str:
    """The letters of formulas as a style; plain text in it is the slanted letters of mathematics."""
    data = resources.files("chainrule.writing").joinpath("fonts/chainrule-letters.woff").read_bytes()
    source = f"data:font/woff;base64,{b64encode(data).decode()}"
    return f"<style>@font-face{{font-family:Chainrule;font-style:italic;src:url({source}) format('woff')}}</style>"


def _style(prefix: str, body: str) -> str:
    """Each colour of the body as a CSS variable, which a page may set: --chainrule-ink, …; else the light or the dark one.

    What knows no CSS keeps the light colours, which stand in the attributes.
    """
    names = {light: role for role, light in reversed(THEMES["light"].items()) if light in body or role == "paper"}
    light, dark = (
        f"#{prefix}{{{''.join(f'--{role}:var(--chainrule-{role},{colours[role]});' for role in names.values())}}}"
        for colours in THEMES.values()
    )
    rules = "".join(
        f'#{prefix} [{kind}="{hex}"]{{{kind}:var(--{role})}}'
        for hex, role in names.items()
        for kind in ("fill", "stroke")
    )
    return f"<style>{light}@media(prefers-color-scheme:dark){{{dark}}}{rules}</style>"


def _arrows(elements: Sequence[Element], colours: dict[str, str], prefix: str) -> str:
    roles = sorted({each.role for each in elements if isinstance(each, Line) and each.arrow})
    heads = "".join(
        f'<marker id="{prefix}-arrow-{role}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
        f'markerUnits="userSpaceOnUse" orient="auto-start-reverse">'
        f'<path d="M0 0.8L10 5L0 9.2z" fill="{colours[role]}"/></marker>'
        for role in roles
    )
    return f"<defs>{heads}</defs>" if heads else ""


def _look(each: Element) -> object:
    """What cells have in common that are drawn as one; anything else stands for itself."""
    if isinstance(each, Rect) and not (each.stroke or each.round or each.of):
        return each.filled, each.opacity
    return id(each)


def _alike(run: list[Element], colours: dict[str, str]) -> str:
    """Cells of one shade, one after the other, as one path: they do not overlap, and a tile of 784 is a tenth as long."""
    cells = [each for each in run if isinstance(each, Rect)]
    if len(run) == 1 or len(cells) < len(run):
        return "".join(_element(each, colours) for each in run)
    return "".join(_rows(height, [*row], colours) for height, row in groupby(cells, key=lambda cell: cell.height))


def _rows(height: float, cells: list[Rect], colours: dict[str, str]) -> str:
    """Cells of one height as one line, which is as thick as they are high and leaves out what lies between them."""
    path, x, y = "", 0.0, 0.0
    for each in cells:  # from where the line is, as it is written: rounding does not add up
        left, middle = round(each.x, 2), round(each.y + height / 2, 2)
        path += f"m{_n(left - x)} {_n(middle - y)}h{_n(each.width)}"
        x, y = left + round(each.width, 2), middle
    stroke, opacity = _stroke(cells[0].filled, height, colours), _opacity(cells[0].opacity)
    return f'<path d="M0 0{path}" shape-rendering="crispEdges"{stroke}{opacity}/>'


def _element(each: Element, colours: dict[str, str]) -> str:
    match each:
        case Line():
            return _line(each, colours)
        case Rect():
            corner = f' rx="{_n(each.round)}"' if each.round else ""
            if not (each.stroke or each.round):  # cells and bars that touch leave no hairline between them
                corner = ' shape-rendering="crispEdges"'
            return (
                f'<rect x="{_n(each.x)}" y="{_n(each.y)}" width="{_n(each.width)}" height="{_n(each.height)}"{corner}'
                f"{_fill(each.filled, colours)}{_stroke(each.role, each.stroke, colours)}{_opacity(each.opacity)}{_of(each)}/>"
            )
        case Circle():
            return (
                f'<circle cx="{_n(each.x)}" cy="{_n(each.y)}" r="{_n(each.radius)}"'
                f"{_fill(each.filled, colours)}{_stroke(each.role, each.stroke, colours)}{_opacity(each.opacity)}{_of(each)}/>"
            )
        case Label():
            return _label(each, colours)


def _line(line: Line, colours: dict[str, str]) -> str:
    (x, y), *rest = line.points
    if line.curved:
        path = f"M{_n(x)} {_n(y)}" + "".join(
            "C" + " ".join(f"{_n(px)} {_n(py)}" for px, py in rest[i : i + 3]) for i in range(0, len(rest), 3)
        )
    else:
        path = f"M{_n(x)} {_n(y)}" + "".join(f"L{_n(px)} {_n(py)}" for px, py in rest)
    dashes = f' stroke-dasharray="{_n(max(5, 2.5 * line.width))} {_n(max(3, line.width))}"' if line.dashed else ""
    arrow = f' marker-end="url(#arrow-{line.role})"' if line.arrow else ""
    look = f"{_fill(line.filled, colours)}{_stroke(line.role, line.width, colours)}{dashes}{arrow}"
    return f'<path d="{path}"{look}{_opacity(line.opacity)}{_of(line)}/>'


def _fill(role: str, colours: dict[str, str]) -> str:
    return f' fill="{colours[role]}"' if role else ' fill="none"'


def _stroke(role: str, width: float, colours: dict[str, str]) -> str:
    return f' stroke="{colours[role]}" stroke-width="{_n(width)}"' if width else ""


def _of(each: Element) -> str:
    return f' data-of="{each.of}"' if each.of else ""


def _opacity(opacity: float) -> str:
    return f' opacity="{_n(opacity)}"' if opacity != 1 else ""


def _label(label: Label, colours: dict[str, str]) -> str:
    anchor = f' text-anchor="{label.anchor}"' if label.anchor != "start" else ""
    style = ' font-style="italic"' if label.slanted else ""
    weight = ' font-weight="bold"' if label.bold else ""
    y = label.y + 0.35 * label.size  # the baseline that puts the middle of a digit at y
    body = _spans(label, colours) if isinstance(label.text, Spans) else _text(label.text, label.size)
    place = f'<text x="{_n(label.x)}" y="{_n(y)}" font-size="{_n(label.size)}"'
    look = f' fill="{colours[label.role]}"{anchor}{style}{weight}'
    halo = (
        f' stroke="{colours["paper"]}" stroke-width="6" paint-order="stroke" stroke-linejoin="round"'
        if label.halo
        else ""
    )
    behind, end = "", f' xml:space="preserve">{body}</text>'
    if halo and "<tspan" in body:  # the halo of a piece would cover the piece before it: all halos come first
        behind, halo = f'{place}{look}{halo} aria-hidden="true"{end}', ""
    return f"{behind}{place}{look}{halo}{_of(label)}{end}"


def _spans(label: Label, colours: dict[str, str]) -> str:
    """Pieces in the looks of their roles; what looks like the label itself needs no words about it."""
    assert isinstance(label.text, Spans)
    found = ""
    for span in label.text.pieces:
        looks = f' fill="{colours[span.role]}"' if span.role != label.role else ""
        looks += ' font-style="italic"' if span.slanted and not label.slanted else ""
        body = _text(span.content, label.size)
        found += f"<tspan{looks}>{body}</tspan>" if looks else body
    return found


def _text(content: str | Formula, size: float) -> str:
    """Text and tspans: marks stand above and below the line in small type."""
    match content:
        case "/" | "(" | ")" | Sign(sign="/"):
            return f"<tspan{MATHS}>{content}</tspan>"
        case str(text):
            return _powers(text, size)
        case Symbol(letter, above, below):
            return _symbol(letter, _marks(above, below, size))
        case Row(pieces):
            return "".join(_text(piece, size) for piece in pieces)
        case Bracket(left, inside, right):
            return f"{_text(left, size)}{_text(inside, size)}{_text(right, size)}"
        case Marked(base, above, below):
            return _text(base, size) + _symbol("", _marks(above, below, size))
        case Transposed(base):
            return f"{_text('(', size)}{_text(base, size)}{_text(')', size)}{_symbol('', _marks('T', '', size))}"
        case Underbraced(body):
            return _text(body, size)
    return _powers(str(content), size)


def _powers(text: str, size: float) -> str:
    """Text as it is, but 4e−5 as 4 · 10⁻⁵, its exponent raised."""
    return POWER.sub(lambda found: TEN + _marks(found[1], "", size), escape(text))


def _symbol(letter: str, marks: str) -> str:
    """A letter in the maths font with its marks; what is not a letter is text."""
    base = letter.rstrip("′")
    if not (len(base) == 1 and (base.isalpha() or base in UPRIGHT + "∂")):
        return escape(letter) + (f"<tspan{MATHS}>{marks}</tspan>" if marks else "")
    inside = base if base in UPRIGHT else f'<tspan font-style="italic">{base}</tspan>'
    if base == letter:
        return f"<tspan{MATHS}>{inside}{marks}</tspan>"
    return f"<tspan{MATHS}>{inside}</tspan>{letter[len(base) :]}{marks}"


def _marks(above: str, below: str, size: float) -> str:
    """Raised and lowered marks, one after the other, and back to the line. (dy works everywhere, baseline-shift does not.)"""
    small, up, down = _n(SMALL * size), 0.38 * size, 0.24 * size
    if above and below:
        up, down = 0.45 * size, 0.28 * size  # apart, so that brackets above do not touch digits below
        wide, low = (SMALL * size * sum(MARKS.get(each, 0.56) for each in marks) for marks in (above, below))
        return (
            f'<tspan font-size="{small}" dy="{_n(-up)}">{escape(above)}</tspan>'
            f'<tspan font-size="{small}" dx="{_n(-wide)}" dy="{_n(up + down)}">{escape(below)}</tspan>'
            f'<tspan dx="{_n(max(0.0, wide - low))}" dy="{_n(-down)}">\u200b</tspan>'
        )
    if above:
        return f'<tspan font-size="{small}" dy="{_n(-up)}">{escape(above)}</tspan><tspan dy="{_n(up)}">\u200b</tspan>'
    if below:
        return (
            f'<tspan font-size="{small}" dy="{_n(down)}">{escape(below)}</tspan><tspan dy="{_n(-down)}">\u200b</tspan>'
        )
    return ""


def _n(value: float) -> str:
    """A coordinate with two decimals at most, and no −0."""
    return f"{round(float(value), 2) + 0.0:g}" if abs(value) < 1e5 else f"{value:.0f}"
