"""Sections as one HTML file that needs nothing else: no script, no font, no link; light, dark, and on paper."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from chainrule.names import printable
from chainrule.pictures.svg import AUTO, THEMES
from chainrule.result_parts import Caution, Facts, Gallery, Grid, Listing, Part, Picture, Section, Tiles

PAPER = {"light": "#ffffff", "dark": "#16181d"}
SURFACE = {"light": "#f6f6f4", "dark": "#1f222a"}  # of tiles and lines to copy
LINE = {"light": "#dcdcd8", "dark": "#363a44"}
ALARM = {"light": "#fdf1e3", "dark": "#38291a"}  # behind a warning
STYLE = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--chainrule-paper);color:var(--chainrule-ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif}
main{max-width:1180px;margin:0 auto;padding:2.2rem 1.2rem 4rem}
h1{font-size:1.75rem;line-height:1.2;margin:0;overflow-wrap:anywhere}
.says{color:var(--chainrule-faint);margin:.4rem 0 1.4rem;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2.2rem 0 .7rem;padding-bottom:.25rem;border-bottom:1px solid var(--line)}
h3{font-size:.95rem;margin:0 0 .1rem}
p{margin:.5rem 0;max-width:72ch;overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,150px),1fr));gap:.7rem;margin:0}
.tiles>div{background:var(--surface);border-radius:8px;padding:.7rem .9rem}
.tiles dt{color:var(--chainrule-faint);font-size:.82rem}
.tiles dd{margin:0;font-size:1.3rem;font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.tiles dd small{display:block;font-size:.8rem;font-weight:400;color:var(--chainrule-faint)}
.caution{background:var(--alarm);border-left:4px solid var(--chainrule-negative);padding:.55rem .9rem;border-radius:0 6px 6px 0;
margin-bottom:1rem}
.facts{display:grid;grid-template-columns:minmax(2rem,max-content) minmax(0,1fr);gap:.25rem 1.4rem;margin:0 0 .8rem}
.facts dt{color:var(--chainrule-faint)}
.facts dd{margin:0;overflow-wrap:anywhere}
.wide{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.92rem}
th,td{padding:.25rem .65rem;text-align:left;vertical-align:top}
th:first-child,td:first-child{padding-left:0}
th{font-weight:600;color:var(--chainrule-faint);border-bottom:1px solid var(--line)}
td{border-bottom:1px solid color-mix(in srgb,var(--line) 55%,transparent)}
.r{text-align:right;white-space:nowrap}
.shaded td,.shaded th{padding:.3rem .55rem}
.gallery{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,330px),1fr));gap:1.6rem 2rem;margin-top:1.2rem}
figure{margin:0;break-inside:avoid;min-width:0}
figure svg{display:block;width:100%;height:auto;max-width:560px;margin-top:.5rem}
figcaption{font-size:.86rem;padding-top:.3rem;color:var(--chainrule-faint)}
pre{background:var(--surface);border-radius:8px;padding:.8rem 1rem;overflow-x:auto;font-size:.86rem;line-height:1.45;
font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
details>summary{cursor:pointer;font-size:1.15rem;font-weight:700;margin:2.2rem 0 .7rem;padding-bottom:.25rem;
border-bottom:1px solid var(--line)}
@media(max-width:600px){main{padding:1.2rem .9rem 3rem}h1{font-size:1.4rem}.tiles{grid-template-columns:1fr 1fr}
.facts{grid-template-columns:minmax(5.5rem,8.5rem) minmax(0,1fr)}
.shaded td,.shaded th{padding:.2rem .2rem;font-size:.76rem}}
@media print{main{max-width:none;padding:0}body{font-size:10.5pt}h2{break-after:avoid}pre{white-space:pre-wrap}
.wide{overflow:visible}.gallery{grid-template-columns:1fr 1fr}.tiles{grid-template-columns:repeat(4,1fr)}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
"""


def as_html(title: str, says: str, sections: Sequence[Section]) -> str:
    """The whole page."""
    head = (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"/>'
        f'<meta name="color-scheme" content="light dark"/><title>{escape(title)}</title>'
        f"<style>{_colours()}{STYLE}</style></head>"
    )
    body = f'<h1>{escape(title)}</h1><p class="says">{escape(says)}</p>' + "".join(map(_section, sections))
    return printable(f"{head}<body><main>{body}</main></body></html>\n")


def _colours() -> str:
    """The colours of the page and of its figures by name: light ones, dark ones where the screen is dark, light on paper."""
    light, dark = (":root{" + "".join(f"--{name}:{value};" for name, value in _named(theme)) + "}" for theme in THEMES)
    return f"{light}@media screen and (prefers-color-scheme:dark){{{dark}}}"


def _named(theme: str) -> list[tuple[str, str]]:
    roles = {**THEMES[theme], "paper": PAPER[theme]}
    own = {"surface": SURFACE[theme], "line": LINE[theme], "alarm": ALARM[theme]}
    return [*((f"chainrule-{role}", value) for role, value in roles.items()), *own.items()]


def _section(section: Section) -> str:
    body = "".join(map(_part, section.parts))
    if section.folded:
        return f"<details><summary>{escape(section.title)}</summary>{body}</details>"
    heading = f"<h2>{escape(section.title)}</h2>" if section.title else ""
    return f"<section>{heading}{body}</section>"


def _part(part: Part) -> str:
    match part:
        case str(text):
            return f"<p>{escape(text)}</p>"
        case Caution(text):
            return f'<p class="caution">{escape(text)}</p>'
        case Tiles(rows):
            return f'<dl class="tiles">{"".join(map(_tile, rows))}</dl>'
        case Facts(rows):
            pairs = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows)
            return f'<dl class="facts">{pairs}</dl>'
        case Grid():
            return _grid(part)
        case Gallery(pictures):
            return f'<div class="gallery">{"".join(map(_figure, pictures))}</div>'
        case Listing(text):
            return f"<pre><code>{escape(text)}</code></pre>"


def _tile(row: tuple[str, str, str]) -> str:
    name, value, remark = map(escape, row)
    small = f"<small>{remark}</small>" if remark else ""
    return f"<div><dt>{name}</dt><dd>{value}{small}</dd></div>"


def _grid(grid: Grid) -> str:
    count = max(map(len, grid.rows))
    sides = grid.sides.ljust(count, grid.sides[-1])
    head = "".join(_cell("th", cell, side) for cell, side in zip(grid.rows[0], sides))
    body = ""
    for place, row in enumerate(grid.rows[1:]):
        shades = grid.shades[place] if place < len(grid.shades) else ()
        cells = (
            _cell("td", cell, side, shades[column] if column < len(shades) else None)
            for column, (cell, side) in enumerate(zip(row, sides))
        )
        body += f"<tr>{''.join(cells)}</tr>"
    kind = ' class="shaded"' if grid.shades else ""
    return f'<div class="wide"><table{kind}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(tag: str, text: str, side: str, shade: float | None = None) -> str:
    kind = ' class="r"' if side == ">" else ""
    style = ""
    if shade:
        style = f' style="background:color-mix(in srgb,var(--chainrule-positive) {100 * shade:.0f}%,transparent)"'
    return f"<{tag}{kind}{style}>{escape(text)}</{tag}>"


def _figure(picture: Picture) -> str:
    says = f"<figcaption>{escape(picture.says)}</figcaption>" if picture.says else ""
    return f"<figure><h3>{escape(picture.title)}</h3>{picture.scene.svg(AUTO)}{says}</figure>"
