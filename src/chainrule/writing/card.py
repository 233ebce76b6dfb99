"""A network or a run as a notebook shows it: a small table, and what takes more room folded below it. No script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from chainrule.names import printable
from chainrule.writing.numbers import short

Array = np.ndarray
MOST = 12  # rows and columns of a matrix that is written out
STYLE = (  # every colour is mixed with that of the text around it: a notebook's dark theme is not a prefers-color-scheme
    "<style>.chainrule-card{font-size:.95em;line-height:1.45;max-width:56em}"
    ".chainrule-card h4{margin:.2em 0 .5em;font-size:1.1em}"
    ".chainrule-card table{border-collapse:collapse;margin:.4em 0;font-variant-numeric:tabular-nums}"
    ".chainrule-card th,.chainrule-card td{padding:.15em .8em .15em 0;text-align:right;border:0;background:none}"
    ".chainrule-card th{font-weight:600;opacity:.75}.chainrule-card tr :first-child{text-align:left}"
    ".chainrule-card thead{border-bottom:1px solid #9996}.chainrule-card .facts td{text-align:left;vertical-align:top}"
    ".chainrule-card .facts td:first-child{opacity:.75;white-space:nowrap}"
    ".chainrule-card summary{cursor:pointer;padding:.15em 0}.chainrule-card details>*:not(summary){margin-left:1.1em}"
    ".chainrule-card pre{background:none;color:inherit;margin:.3em 0;overflow-x:auto}"
    ".chainrule-card div{overflow-x:auto}.chainrule-card svg{max-width:100%;height:auto}</style>"
)


def card(title: str, *parts: str) -> str:
    """A section with a title; its parts are HTML."""
    label = escape(title, quote=True)
    body = "".join([STYLE, f"<h4>{escape(title)}</h4>", *parts])
    return printable(f'<section class="chainrule-card" aria-label="{label}">{body}</section>')


def table(rows: Sequence[Sequence[str]], kind: str = "") -> str:
    """Rows of texts, the first of them the head; of the kind "facts" each row is a name and a value, without a head."""
    if kind:
        body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
        return f'<table class="{kind}"><tbody>{body}</tbody></table>'
    head = "".join(f"<th>{escape(cell)}</th>" for cell in rows[0])
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows[1:])
    return f"<div><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def folded(summary: str, *parts: str) -> str:
    """HTML that is unfolded by a click on its summary."""
    return f"<details><summary>{escape(summary)}</summary>{''.join(parts)}</details>"


def lines(texts: Sequence[str]) -> str:
    """Lines of text in columns, as they are."""
    return f"<pre>{escape(chr(10).join(texts))}</pre>"


def layer_rows(layers: Sequence[tuple[str, Array, Array]]) -> str:
    """A row for each layer, given as (activation, weights (out, in), biases)."""
    rows = [["layer", "neurons", "activation", "weights", "biases", "mean w", "deviation", "largest |w|"]]
    for number, (sigma, w, b) in enumerate(layers, 1):
        facts = (float(w.mean()), float(w.std()), float(np.abs(w).max()))
        shape = f"{w.shape[0]:,} × {w.shape[1]:,}"
        rows.append([f"{number}", f"{len(w):,}", sigma, shape, f"{b.size:,}" if b.size else "none", *map(short, facts)])
    return table(rows)


def matrix(number: int, w: Array, b: Array) -> str:
    """The weights and biases of a layer, in numbers where they are few, folded."""
    title = f"layer {number}: weights {w.shape[0]:,} × {w.shape[1]:,}{', biases' if b.size else ''}"
    if max(w.shape) > MOST:
        ends = f"from {short(float(w.min()))} to {short(float(w.max()))}"
        said = f"{w.size:,} weights {ends}" + (
            f"; {b.size:,} biases from {short(float(b.min()))} to {short(float(b.max()))}" if b.size else ""
        )
        return folded(title, f"<p>{escape(said)}</p>")
    biases = np.broadcast_to(b, len(w)) if b.size else None
    head = ["to \\ from", *map(str, range(w.shape[1])), *(["bias"] if biases is not None else [])]
    rows = [head]
    for j, row in enumerate(w.tolist()):
        rows.append([str(j), *map(short, row), *([short(float(biases[j]))] if biases is not None else [])])
    return folded(title, table(rows))
