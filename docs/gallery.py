"""A page of every figure at every size, from 1-1-1-1 to 784-30-10: python docs/gallery.py build/gallery.html

Each is at most WIDE pixels wide, as in a README or on a page of the docs, and dark where the reader's screen is. The tests look
at the same figures: no label overlaps another, none is clipped (tests/test_figures.py).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.errors import ChainruleError
from chainrule.explanation.figures import FIGURES, figure
from chainrule.pictures.scene import Scene
from chainrule.recurrent import Recurrent
from chainrule.writing.html import page


@dataclass(frozen=True)
class Size:
    """A network of some size, one example and a few rows of it."""

    name: str
    network: cr.Network
    x: np.ndarray
    y: np.ndarray

    @property
    def one(self) -> tuple[np.ndarray, np.ndarray]:
        return self.x[0], self.y[0]

    @property
    def strongest(self) -> str:
        """The weight of layer 1 with the largest |∂C/∂w| on the first row; w/1/0/0 may have an input that is 0."""
        sizes = np.abs(cr.gradient(self.network, *self.one).weights[1])
        j, k = np.unravel_index(sizes.argmax(), sizes.shape)
        return f"w/1/{j}/{k}"


@dataclass(frozen=True)
class Piece:
    """A figure at a size with its options, or why there is none."""

    size: str
    figure: str
    scene: Scene | None
    refused: str = ""
    options: str = ""


WIDE = 700
STRONGEST = "strongest"  # in the place of the weight that it is
ASKED: dict[str, dict[str, Any]] = {  # besides each figure as it comes, those that show more when they are asked
    "network": {"layer": 1, "by": STRONGEST, "bias_units": True},
    "computation_tree": {"by": STRONGEST},
    "number_lines": {"by": "x/0", "step": -0.1},
    "unit_circuit": {"layer": 1, "phase": "forward"},
    "demon": {"by": "z/1/0"},
}


@cache
def sizes() -> tuple[Size, ...]:
    """The chain of the texts, small ones of every kind, 64-128-10 trained on the digits and 784-30-10 on enlarged ones.

    Of the trained, the first row is one that is misread.
    """
    rng = np.random.default_rng(1)
    chain = cr.Network([[[1.5]], [[-2.0]], [[1.2]]], [[-0.4], [0.9], [-0.3]], "sigmoid")
    small = cr.Network.random([2, 3, 2], "tanh", "sigmoid", seed=2, dtype="float64")
    kinked = cr.Network.random([5, 4, 3, 2], "relu", "identity", seed=3, dtype="float64")
    saturated = small.with_parameters(small.parameters.map(lambda each: 40 * each))
    digits = cr.load_data("digits")
    trained = _trained([64, 128, 10], "relu", digits)
    enlarged = cr.Dataset(_enlarged(digits), digits.targets)
    large = _trained([784, 30, 10], "sigmoid", enlarged)
    return (
        Size("1-1-1-1", chain, np.array([[0.6], [-0.5], [0.1]]), np.array([[1.0], [0.0], [1.0]])),
        Size("2-3-2", small, rng.standard_normal((4, 2)), np.eye(2)[[0, 1, 1, 0]]),
        Size("5-4-3-2, ReLU", kinked, rng.standard_normal((5, 5)), rng.standard_normal((5, 2))),
        Size("2-3-2, saturated", saturated, rng.standard_normal((4, 2)), np.eye(2)[[0, 1, 1, 0]]),
        Size("64-128-10, trained on the digits", trained, *_rows(trained, digits)),
        Size("784-30-10, trained on enlarged digits", large, *_rows(large, enlarged)),
    )


def _trained(sizes: list[int], hidden: str, data: cr.Dataset) -> cr.Network:
    return cr.train(cr.Network.random(sizes, hidden, "softmax", seed=0), data, rule=cr.adam(3e-3), epochs=5).network


def _enlarged(digits: cr.Dataset) -> np.ndarray:
    """The 8 × 8 pixels of each digit as 28 × 28 from 0 to 1, by straight lines between them, without rounding noise."""
    columns = digits.preprocessing.columns
    means, scales = (np.array([getattr(column, name) for column in columns]) for name in ("mean", "scale"))
    images = np.clip((np.asarray(digits.inputs) * scales + means) / 16, 0, 1).reshape(-1, 8, 8)
    between = np.array([np.interp(np.linspace(0, 7, 28), range(8), row) for row in np.eye(8)])
    return np.einsum("nij,ia,jb->nab", images, between, between).reshape(len(images), 784).round(6)


def _rows(network: cr.Network, data: cr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """A row that is misread and eleven others, with their targets one-hot."""
    x, digits = np.asarray(data.inputs), np.asarray(data.targets)
    misread = np.flatnonzero(cr.forward(network, x).a[network.depth].argmax(axis=1) != digits)
    rows = [int(misread[0]), *(row for row in range(12) if row != misread[0])][:12]
    return x[rows], np.eye(10)[digits[rows]]


def pieces(convention: str = "nielsen") -> Iterator[Piece]:
    """Every figure at every size, in one convention; with several rows where the figure takes them."""
    for size in sizes():
        for each in FIGURES.values():
            if each.name in ("summary", "unrolled"):
                continue
            x, y = (size.x, size.y) if each.rows else size.one
            yield _piece(size.name, each.name, size.network, x, y, convention)
            if each.name in ASKED:
                options = {k: size.strongest if v == STRONGEST else v for k, v in ASKED[each.name].items()}
                yield _piece(size.name, each.name, size.network, x, y, convention, **options)
    yield _piece("any network", "summary", None, None, None, convention)
    recurrent = Recurrent.random((2, 3, 1), seed=0)
    sequence = np.random.default_rng(0).standard_normal((4, 2))
    yield _piece("2-3-1 over 4 steps", "unrolled", recurrent, sequence, np.ones((4, 1)), convention)


def _piece(size: str, name: str, network: Any, x: Any, y: Any, convention: str, **options: Any) -> Piece:
    asked = ", ".join(f"{option}={value!r}" for option, value in options.items())
    try:
        return Piece(size, name, figure(name, network, x, y, convention=convention, **options), options=asked)
    except ChainruleError as error:
        return Piece(size, name, None, str(error), asked)


def write(path: Path) -> None:
    """The page, with what could not be drawn said in its place."""
    parts = ["<h1>Every figure at every size</h1>"]
    before = ""
    for piece in pieces():
        if piece.size != before:
            parts.append(f"<h2>{escape(piece.size)}</h2>")
            before = piece.size
        parts.append(
            f"<h3>{escape(piece.figure)} {escape(piece.options)}</h3><p>{escape(FIGURES[piece.figure].says)}</p>"
        )
        drawn = piece.scene.svg("auto") if piece.scene is not None else f"<p><em>{escape(piece.refused)}</em></p>"
        parts.append(f'<div style="max-width:{WIDE}px">{drawn}</div>')
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page("chainrule: every figure", *parts), encoding="utf-8")


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "build/gallery.html")
    write(target)
    print(target)
