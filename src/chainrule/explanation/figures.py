"""Every figure by its name, a row each: what it shows, the ideas it serves, and the chapter that draws it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np

from chainrule.conventions import Convention, as_convention
from chainrule.costs import Cost
from chainrule.errors import SettingError, ShapeError, unknown_name
from chainrule.forward import cost as cost_of
from chainrule.network import Network, cost_for
from chainrule.pictures.scene import Scene
from chainrule.writing.numbers import cost_text


@dataclass(frozen=True)
class Figure:
    """One figure: `draw(network, x, y, …)` for one example, or where `rows` is true for rows as well.

    `chapter` is the file that draws it, and the function in it; it is imported when it is asked for.
    """

    name: str
    says: str
    chapter: str
    rows: bool = False

    @property
    def module(self) -> str:
        """Where the chapter is."""
        return f"chainrule.explanation.chapters.{self.chapter}"

    @property
    def draw(self) -> Callable[..., Scene]:
        found: Callable[..., Scene] = getattr(import_module(self.module), self.chapter)
        return found

    @cached_property
    def options(self) -> list[str]:
        """What it can be told beside the network, the example, the convention and the cost."""
        known = ("network", "recurrent", "x", "xs", "y", "ys", "convention", "cost")
        return [name for name in inspect.signature(self.draw).parameters if name not in known]


FIGURES: dict[str, Figure] = {
    figure.name: figure
    for figure in (
        Figure(
            "network",
            "layers, edges by weight or gradient, a and δ at each neuron (S4.3, S4.4, S4.7)",
            "network_figure",
        ),
        Figure("unit_circuit", "one neuron as gates, values above and gradients below (S3.5–S3.12)", "unit_circuit"),
        Figure("whole_circuit", "every gate of a small network, passes numbered (S3.1)", "whole_circuit"),
        Figure("computation_tree", "what depends on what, a route lit (S1.5, S1.14)", "computation_tree"),
        Figure("number_lines", "a line a variable, a nudge travelling along them (S1.6, S1.7)", "number_lines"),
        Figure("path_sum", "every route's product, and their running sum (S1.17)", "path_sum"),
        Figure("matrix_form", "Wᵀδ ⊙ σ′ with shapes and cells (S4.12, S2.9)", "matrix_form"),
        Figure(
            "delta_batch", "a batch as columns, and the stack of gradients (S4.16, S4.17)", "delta_batch", rows=True
        ),
        Figure("demon", "exact C(z + Δz) against the tangent (S2.2–S2.4)", "demon"),
        Figure("activation", "σ and σ′ with a layer's z as a rug (S2.12–S2.16)", "activation_figure", rows=True),
        Figure("gradient_vector", "w¹,b¹…w^L,b^L as one vector (S1.1, S1.11)", "gradient_vector", rows=True),
        Figure("in_weight_out", "a_in → w → δ_out, and why it learns slowly (S2.9, S2.15)", "in_weight_out"),
        Figure("weight_tiles", "rows of W¹ and of its gradient as images (S1.22)", "weight_tiles"),
        Figure("six_steps", "one update, written out (S4.15)", "six_steps"),
        Figure("summary", "the four equations in a convention (S2.23, S3.17, S4.13)", "summary_page"),
        Figure("unrolled", "a recurrent network over time (S4.20)", "unrolled_figure"),
    )
}


def figure(name: str, network: Any, x: Any = None, y: Any = None, **options: Any) -> Scene:
    """The figure of that name, as a scene: shown in a notebook as it is, `scene.svg()` for a file.

    `network, x, y` as for `explain`, with the options of the figure: figure("demon", net, x, y, by="z/2/0"). The figure
    "summary" needs no network, "unrolled" takes a Recurrent and its sequences. Raises UnknownNameError for another name.
    """
    key = str(name).replace("-", "_")
    if key not in FIGURES:
        raise unknown_name("figure", str(name), FIGURES)
    found = FIGURES[key]
    taken = [*found.options, "convention", "cost"]
    for option in options:
        if option not in taken:
            raise SettingError(f"the figure {key} takes {', '.join(taken)}, got {option}")
    if key == "summary" and network is None:  # of any network
        return found.draw(network, x, y, **options)
    if x is None and key != "summary":  # which says itself what it needs
        raise ShapeError(f"the figure {key} is drawn of an example: figure({key!r}, network, x, y)")
    if y is None and key not in ("activation", "unrolled", "summary"):  # which looks at z alone; which is of sequences
        raise ShapeError(f"the figure {key} is drawn of an example with its target y: figure({key!r}, network, x, y)")
    if not found.rows and key not in ("unrolled", "summary") and np.ndim(x) != 1:
        raise ShapeError(
            f"the figure {key} is drawn of one example, x of shape (in,), got {np.shape(x)}: pass x[i], y[i]"
        )
    scene = found.draw(network, x, y, **options)
    return scene if key in ("activation", "unrolled") else scene.footed(_cost_line(network, x, y, **options))


def _cost_line(
    network: Network, x: Any, y: Any, convention: str | Convention = "s2", cost: str | Cost | None = None, **_: Any
) -> str:
    """Which cost the figure is about, and what it is here: "C (cross_entropy) = 0.329375"."""
    how, exact = as_convention(convention), network.astype("float64")
    with np.errstate(all="ignore"):
        value = cost_of(exact, x, y, cost, reduction="sum" if how.over == "sum" else "mean")
    return cost_text(how.letter, cost_for(network, cost), float(value))
