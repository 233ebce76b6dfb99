"""What a demon can do for C: each neuron of a layer moved in turn, or all weights together (S0.16, S2.3, S2.4)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations import Activation
from chainrule.aligned import Printed, Table
from chainrule.backward import gradient_of
from chainrule.costs import Cost
from chainrule.errors import FormError, SettingError, counted, unknown_name
from chainrule.ids import Id
from chainrule.json_text import as_json
from chainrule.network import Network, as_network, cost_for
from chainrule.nudges.change import Change
from chainrule.nudges.kinks import crossed, units_between
from chainrule.nudges.question import CALL, NudgeQuestion, ask, finite, left_the_numbers
from chainrule.nudges.text import miss_text, step_text, style_of_changes
from chainrule.parameters import Layers
from chainrule.problem import Problem
from chainrule.verification.moved import Followed, follow, largest_term
from chainrule.writing.numbers import number, short, style_of

Array = np.ndarray
DEMONS = ("good", "activation", "gradient")
NEAR = 1e-3  # of the cost: a step that promises less promises little; near optimal, if the outputs are right too
FLAT = 0.05  # of the largest |σ′|: a neuron with less is saturated


@dataclass(frozen=True)
class Deed:
    """What the demon did at one place: the change of C, and the units that it left on another side of a kink.

    stopped  what lets nothing of the error through, if anything does; right  whether the outputs leave little to gain
    """

    at: str
    change: Change
    crossed: tuple[str, ...]
    stopped: str = ""
    right: bool = False

    @property
    def promises_little(self) -> bool:
        return abs(self.change.predicted) <= NEAR * abs(self.change.before)

    @property
    def near_optimal(self) -> bool:
        """True where the slope predicts next to no change and the outputs are right (S2.3).

        A small slope alone says nothing about the optimum: σ′ or the weights above may let little through at C = 0.995.
        """
        return self.promises_little and self.right

    @property
    def remark(self) -> str:
        """What a reader should see at once."""
        risen = self.change.actual > 0 and self.change.note != "lost in rounding"
        words = ["near optimal"] if self.near_optimal else ["overshot"] if risen else []
        if self.promises_little and not self.near_optimal:
            words = [self.stopped or "little effect"]
        if self.crossed:
            words.append(f"over {counted(len(self.crossed), 'kink')}")
        return ", ".join(words)


@dataclass(frozen=True)
class Demon(Printed):
    """What the demon can do for C, the most promising place first; prints as a table."""

    kind: str
    layer: int | None
    size: float
    cost: str
    deeds: tuple[Deed, ...]

    @property
    def before(self) -> float:
        """C before anything is moved."""
        return self.deeds[0].change.before

    @property
    def best(self) -> Deed:
        """The deed that lowered C most in fact, which need not be the one with the largest prediction."""
        return min(self.deeds, key=lambda deed: deed.change.actual if math.isfinite(deed.change.actual) else math.inf)

    def _parts(self) -> list[str | Table]:
        slope = {"good": "δ = ∂C/∂z", "activation": "∂C/∂a", "gradient": "−‖∇C‖"}[self.kind]
        rows = [["", slope, "Δ", "predicted", "actual", "miss", ""]]
        slopes = style_of(deed.change.slope for deed in self.deeds)
        changes = style_of_changes(deed.change for deed in self.deeds)
        for deed in self.deeds:
            c = deed.change
            predicted, happened = changes.of(c.predicted, True), changes.of(c.actual, True)
            step, slope = step_text(c.step), slopes.of(c.slope, True)
            rows.append([deed.at, slope, step, predicted, happened, miss_text(c), deed.remark])
        said = []
        if self.best.change.actual < 0 and self.best.at != self.deeds[0].at:
            said.append(f"the largest gain was predicted at {self.deeds[0].at}, and happened at {self.best.at}")
        if any(deed.near_optimal for deed in self.deeds):
            said.append(f"near optimal: the tangent predicts less than {NEAR:.1%} of C, and the outputs are right")
        if any("little effect" in deed.remark for deed in self.deeds):
            said.append(
                f"little effect: the tangent predicts less than {NEAR:.1%} of C, though the outputs are not right"
            )
        if any("off" in deed.remark or "saturated" in deed.remark for deed in self.deeds):
            said.append(
                f"off: σ′ = 0, saturated: |σ′| below {FLAT:.0%} of its largest; then the slope does not tell what would help"
            )
        return [self._title(), Table(rows, "<>>>>><"), *said]

    def _title(self) -> str:
        steps = f"by {step_text(self.size).removeprefix('+')}"
        whose = "all weights and biases" if self.layer is None else f"the weights and biases of layer {self.layer}"
        doing = {
            "good": f"the good demon at layer {self.layer} moves each z {steps} against its δ",
            "activation": f"the demon on the activations of layer {self.layer} moves each {steps} against its ∂C/∂a",
            "gradient": f"the demon of the gradient moves {whose} {steps} along −∇C",
        }[self.kind]
        return f"{doing}; C ({self.cost}) before {number(self.before)}"

    def to_json(self) -> dict[str, Any]:
        """Everything in the table."""
        names = ("near_optimal", "stopped", "crossed")
        deeds = [{"at": d.at, **d.change.to_json(), **{name: getattr(d, name) for name in names}} for d in self.deeds]
        return as_json({**self.__dict__, "before": self.before, "deeds": deeds, "best": self.best.at})


def demon(
    network: Network,
    x: Any,
    y: Any,
    layer: int | None = None,
    size: float = 0.1,
    cost: str | Cost | None = None,
    kind: str = "good",
) -> Demon:
    """What small moves can do for the cost of one example: predicted and actual, the most promising first.

    good        each z of the layer alone, Δz = −size · sign δ                (S2.3, S0.16)
    activation  each a of the layer alone, Δa = −size · sign ∂C/∂a; layer 0 is x   (S2.4)
    gradient    all weights and biases, or those of the layer, by a step of norm `size` along −∇C
    """
    if kind not in DEMONS:
        raise unknown_name("demon", kind, DEMONS)
    length = finite(size, "the demon's size")
    if length <= 0:
        raise SettingError(f"the demon's size is > 0, its sign is the demon's choice; got {short(length)}")
    if layer is not None or kind != "gradient":
        _check_layer(as_network(network, "demon(network, x, y)"), layer, kind)
    if kind == "gradient":
        deeds = [_along_the_gradient(network, x, y, layer, length, cost)]
    else:
        assert layer is not None
        letter = "x" if layer == 0 else f"{'z' if kind == 'good' else 'a'}/{layer}"
        names = [f"{letter}/{j}" for j in range(network.sizes[layer])]
        deeds = [_against_the_slope(ask(network, x, y, name, "C", cost), length) for name in names]
    deeds.sort(key=lambda deed: deed.change.predicted)
    return Demon(kind, layer, length, repr(cost_for(network, cost)), tuple(deeds))


def _check_layer(network: Network, layer: Any, kind: str) -> None:
    first = 0 if kind == "activation" else 1
    if isinstance(layer, (int, np.integer)) and first <= layer <= network.depth:
        return
    zero = " (0 is the input)" if first == 0 else ""
    raise SettingError(f"the demon {kind!r} sits at a layer {first}…{network.depth}{zero}, got layer={layer!r}")


def _against_the_slope(question: NudgeQuestion, size: float) -> Deed:
    """One place moved by `size` in the direction that lowers C, not at all where the slope is 0."""
    step = -size * float(np.sign(question.slope)) + 0.0
    start, end = question.followed(0.0), question.followed(step)
    stopped = stopped_by(question.network, question.cost, question.v, start.z)
    right = outputs_are_right(start, question.y, question.cost, size)
    return Deed(str(question.v), question.change(step), crossed(start, end, question.y, question.units), stopped, right)


def outputs_are_right(here: Followed, y: Array, cost: Cost, size: float) -> bool:
    """Whether C is next to nothing, or no output moved by `size` alone is predicted to lower it by more than that."""
    if abs(float(here.C)) <= NEAR:
        return True
    pair, last = cost.on(here.network.output), here.network.depth
    a, z, target = (np.atleast_2d(each) for each in (here.a[last], here.z[last], y))
    errors = pair.delta(z, target) if pair.delta is not None else pair.slope(a, target)
    return bool(size * np.abs(errors).max() <= NEAR * abs(float(here.C)))


def stopped_by(network: Network, cost: Cost, v: Id, z: Layers[Any]) -> str:
    """What lets nothing of the error through to v: σ′ of its own neuron, or of a whole layer after it; "" where none does.

    No σ′ is passed where the cost is a function of z^L (S3.14), and a softmax has a matrix.
    """
    first = v.layer if v.kind == "z" else v.layer + 1
    for layer in range(first, network.depth + 1):
        sigma = network.activations[layer]
        if sigma.full_slope or (layer == network.depth and cost.on(network.output).delta is not None):
            continue
        own = v.kind == "z" and layer == v.layer
        slopes = np.abs(np.ravel(sigma.slope(np.atleast_2d(z[layer])))[v.neuron if own else slice(None)]).max()
        state = "off" if slopes == 0 else "saturated" if slopes < FLAT * _largest_slope(sigma) else ""
        if state:
            return f"{state}{' (σ′ = 0)' if state == 'off' else ''}" if own else f"layer {layer} is {state}"
    return ""


def _largest_slope(sigma: Activation) -> float:
    """The largest |σ′| at |z| ≤ 8."""
    with np.errstate(all="ignore"):
        return float(np.nanmax(np.abs(sigma.slope(np.linspace(-8.0, 8.0, 1601)))))


def _along_the_gradient(
    network: Network, x: Any, y: Any, layer: int | None, size: float, cost: str | Cost | None
) -> Deed:
    """All weights and biases, or those of a layer, moved by a step of norm `size` along −∇C: predicted is −size ‖∇C‖."""
    problem = Problem.one(network, x, y, cost, "nudged", CALL)
    exact, target = problem.network, problem.y[0]
    slopes = gradient_of(problem)
    if layer is not None:
        slopes = slopes.zeros().with_layers([layer], slopes)
    steepness = slopes.norm()
    start = follow(problem, Id("x"), 0.0)
    if not (math.isfinite(steepness) and math.isfinite(start.C)):
        said = f"the cost is {short(start.C)} and its gradient has the length {short(steepness)}"
        raise FormError(f"{said}: take smaller weights")
    moved = exact if steepness == 0 else exact.with_parameters(exact.parameters - slopes / steepness * size)
    end = follow(problem.with_network(moved), Id("x"), 0.0)
    units = list(units_between(exact, problem.cost, Id("x"), Id("C"), target))
    change = Change(size, start.C, end.C, -steepness, largest_term(start), left_the_numbers(end))
    right = outputs_are_right(start, target, problem.cost, size)
    return Deed("all" if layer is None else f"layer {layer}", change, crossed(start, end, target, units), right=right)
