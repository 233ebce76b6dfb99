"""Fill in what the cells of a notebook show, without a kernel: python docs/notebook.py [--check]

The last expression of a cell is kept as a kernel keeps it: as SVG, HTML and LaTeX, where it offers them, and as its repr. Of an
explorer its figure is kept alone: the page has 300 kB, which change with each change of its script, and GitHub shows no frames.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import chainrule as cr

NOTEBOOK = Path(__file__).resolve().parent / "backpropagation.ipynb"
RICH = {"image/svg+xml": "_repr_svg_", "text/html": "_repr_html_", "text/latex": "_repr_latex_"}


def with_outputs(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook with each code cell run, in order, in one session."""
    names: dict[str, Any] = {}
    cells, count = [], 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            count += 1
            cell = {**cell, "execution_count": count, "outputs": run("".join(cell["source"]), names, count)}
        cells.append(cell)
    return {**notebook, "cells": cells}


def run(source: str, names: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """What one cell prints and shows."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed, value = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "a cell", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "a cell", "eval"), names)
    outputs: list[dict[str, Any]] = []
    if printed.getvalue():
        outputs.append({"output_type": "stream", "name": "stdout", "text": lines(printed.getvalue())})
    if value is not None:
        rich = value.figure if isinstance(value, cr.Explorer) else value
        data = {kind: lines(getattr(rich, method)()) for kind, method in RICH.items() if hasattr(rich, method)}
        shown = {"data": {**data, "text/plain": lines(repr(value))}, "metadata": {}}
        outputs.append({"output_type": "execute_result", "execution_count": count, **shown})
    return outputs


def lines(text: str) -> list[str]:
    """A text as the notebook format keeps it."""
    return text.splitlines(keepends=True)


def text_of(notebook: dict[str, Any]) -> str:
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    before = NOTEBOOK.read_text(encoding="utf-8")
    after = text_of(with_outputs(json.loads(before)))
    if "--check" in sys.argv:
        sys.exit("out of date, run make docs" if before != after else 0)
    if before != after:
        NOTEBOOK.write_text(after, encoding="utf-8")
        print(f"wrote docs/{NOTEBOOK.name}")
