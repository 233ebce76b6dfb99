"""Every figure by its name, one row per figure: what it shows, and the chapter that draws it; the ideas it serves beside it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np

from chainrule.conventions import as_convention
from chainrule.cost_curve import cost_curve
from chainrule.errors import SettingError, ShapeError, brief, unknown_name
from chainrule.explanation.view import view
from chainrule.forward import total_cost
from chainrule.ids import Id
from chainrule.network import as_network
from chainrule.pictures.scene import Scene
from chainrule.problem import Problem
from chainrule.report import Report
from chainrule.writing.numbers import cost_text


@dataclass(frozen=True)
class Figure:
    """One figure, and the chapter that draws it: a file and the function in it, imported on demand.

    of  what the chapter takes: "example", one of them seen from the cost; "rows", a problem of one or several, and the
        convention; "call", whatever it was called with
    """

    name: str
    says: str
    chapter: str
    of: str = "example"

    @property
    def function(self) -> Callable[..., Scene]:
        found: Callable[..., Scene] = getattr(
            import_module(f"chainrule.explanation.chapters.{self.chapter}"), self.chapter
        )
        return found

    @property
    def rows(self) -> bool:
        """Whether it is drawn of several examples too."""
        return self.of == "rows" or self.name == "activation"

    @cached_property
    def options(self) -> list[str]:
        """What it takes beside the network, the example, the convention and the cost."""
        parameters = inspect.signature(self.function).parameters.values()
        known = ("convention", "cost")
        return [each.name for each in parameters if each.kind == each.KEYWORD_ONLY and each.name not in known]

    def draw(
        self,
        network: Any = None,
        x: Any = None,
        y: Any = None,
        *,
        convention: Any = "nielsen",
        cost: Any = None,
        **told: Any,
    ) -> Scene:
        """The figure of one example, or of rows, with its cost and the value: below it where it says them nowhere."""
        if self.of == "call":
            return self.function(network, x, y, convention=convention, cost=cost, **told)
        how, call = as_convention(convention), f"{self.name}(network, x, y)"
        the_cost = how.cost_for(as_network(network, call), cost)
        if self.of == "example":
            seen = view(network, x, y, the_cost, Id("C"), how)
            return _with_cost(self.function(seen, **told), cost_text(how.letter, the_cost, seen.cost_value))
        problem = Problem.exact(network, x, y, the_cost)
        with np.errstate(all="ignore"):  # a chapter says itself what overflows
            value = float(total_cost(problem, "sum" if how.over == "sum" else "mean"))
        return _with_cost(self.function(problem, how, **told), cost_text(how.letter, the_cost, value))


def _with_cost(scene: Scene, says: str) -> Scene:
    return scene if any(str(label.text).endswith(says) for label in scene.labels()) else scene.footed(says)


CURVE = "curve"  # of a training, and of no network and example
FIGURES: dict[str, Figure] = {
    figure.name: figure
    for figure in (
        Figure(  # S4.3, S4.4, S4.7
            "network", "the neurons with a and δ, and edges as wide as their weights or gradients", "network_figure"
        ),
        Figure(
            "unit_circuit", "one neuron as gates, values above the wires and gradients below", "unit_circuit"
        ),  # S3.5–S3.12
        Figure("whole_circuit", "every gate of a small network, both passes numbered", "whole_circuit"),  # S3.1
        Figure(
            "computation_tree", "what depends on what, with one route highlighted", "computation_tree"
        ),  # S1.5, S1.14
        Figure(
            "number_lines", "one line per variable, and a nudge travelling along them", "number_lines"
        ),  # S1.6, S1.7
        Figure("path_sum", "the product of every route, and their running sum", "path_sum"),  # S1.17
        Figure("matrix_form", "Wᵀδ ⊙ σ′ with its shapes and entries", "matrix_form"),  # S4.12, S2.9
        Figure(
            "delta_batch", "a batch as columns, and the gradient of each example", "delta_batch", "rows"
        ),  # S4.16, S4.17
        Figure("demon", "the exact C(z + Δz) against its tangent", "demon"),  # S2.2–S2.4
        Figure(
            "activation", "σ and σ′, with the z of a layer marked below", "activation_figure", "call"
        ),  # S2.12–S2.16
        Figure("gradient_vector", "w¹, b¹, …, w^L, b^L as one vector", "gradient_vector", "rows"),  # S1.1, S1.11
        Figure("in_weight_out", "a_in → w → δ_out, and why the weight learns slowly", "in_weight_out"),  # S2.9, S2.15
        Figure("weight_tiles", "rows of W¹ and of its gradient as images", "weight_tiles"),  # S1.22
        Figure("six_steps", "one update, written out in six steps", "six_steps"),  # S4.15
        Figure("summary", "the four equations in a convention", "summary_page", "call"),  # S2.23, S3.17, S4.13
        Figure("unrolled", "a recurrent network over time", "unrolled_figure", "call"),  # S4.20
    )
}


def _curve(run: Any, rest: Sequence[Any]) -> Scene:
    """How the cost of a run went."""
    report = getattr(run, "report", run)
    if not isinstance(report, Report) or any(each is not None for each in rest):
        raise SettingError(
            f"the figure curve is of what train gives, or of its report: figure('curve', run); got {brief(run)}"
        )
    return cost_curve(report.history, report.in_short)


def figure(name: str, network: Any, x: Any = None, y: Any = None, **options: Any) -> Scene:
    """The figure of that name, as a scene: shown in a notebook as it is, `scene.svg()` for a file.

    `network, x, y` as for `explain`, with the options of the figure: figure("demon", net, x, y, by="z/2/0"). The figure
    "summary" needs no network, "unrolled" takes a Recurrent and its sequences, and "curve" a Run or its report:
    figure("curve", run). Raises UnknownNameError for another name.
    """
    key = str(name).replace("-", "_")
    if key == CURVE:
        return _curve(network, [x, y, *options])
    if key not in FIGURES:
        raise unknown_name("figure", str(name), [*FIGURES, CURVE])
    found = FIGURES[key]
    taken = [*found.options, "convention", "cost"]
    for option in options:
        if option not in taken:
            raise SettingError(f"the figure {key} takes {', '.join(taken)}, got {option}")
    if x is None and key != "summary":  # which says itself what it needs
        raise ShapeError(f"the figure {key} is drawn of an example: figure({key!r}, network, x, y)")
    if y is None and found.of != "call":
        raise ShapeError(f"the figure {key} is drawn of an example with its target y: figure({key!r}, network, x, y)")
    if found.of == "example" and np.ndim(x) != 1:
        raise ShapeError(
            f"the figure {key} is drawn of one example, x of shape (in,), got {np.shape(x)}: pass x[i], y[i]"
        )
    return found.draw(network, x, y, **options)
