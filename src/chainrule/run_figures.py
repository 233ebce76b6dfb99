"""Small figures of one run or several, each of one thing over the epochs: cost, score, learning rate, norms, seconds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from chainrule.pictures.panel import Curve, Panel, legend, whole_foot
from chainrule.pictures.plot import Scale
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Element, Label, moved, titled
from chainrule.scores import TITLES
from chainrule.writing.numbers import number, short

History = Sequence[Mapping[str, Any]]
WIDTH, HEIGHT = 420.0, 290.0  # of a figure: as wide as a phone, and several in a row on a larger screen
LEFT, RIGHT, ENDS = 62.0, 26.0, 34.0  # beside the panel, and where curves have names at their ends
SIZE = 13.0  # of its words and numbers
POINTS = 300  # of a curve
ROLES = (
    "positive",
    "negative",
    "z",
    "accent",
    "b",
    "y",
    "forward",
    "backward",
)  # of several curves, one after the other
BETWEEN, HEAD = 24.0, 44.0  # figures beside each other, and the title of each
FEW = 4  # curves that a legend names with their best epochs
USUAL = 1e-3  # ‖Δθ‖ / ‖θ‖ of a step, as a rule of thumb (Karpathy, CS231n: neural networks part 3)


def cost_figure(history: History) -> Scene:
    """The cost of each epoch, and that of the validation rows, the lowest circled."""
    curves = [_curve("cost", "forward", _points(history, "cost"))]
    if _has(history, "validation_cost"):
        curves.append(_best("validation cost", "accent", _points(history, "validation_cost"), min))
    return _figure("The cost, epoch by epoch", curves, "cost")


def score_figure(history: History) -> Scene:
    """The score on the validation rows after each epoch, the highest circled."""
    measure = f"validation {TITLES[history[-1]['validation_measure']]}"
    curve = _best(measure, "accent", _points(history, "validation_score"), max)
    return _figure(f"The {measure}, epoch by epoch", [curve], "score")


def rate_figure(history: History) -> Scene:
    """The learning rate of the last step of each epoch, from 0 up: a schedule is known by its shape."""
    curve = _curve("learning rate", "b", _points(history, "learning_rate"))
    return _figure("The learning rate, epoch by epoch", [curve], "rate", least=0.0)


def seconds_figure(history: History) -> Scene:
    """How long each epoch took."""
    return _figure("Seconds per epoch", [_curve("seconds", "z", _points(history, "seconds"))], "seconds", least=0.0)


def gradient_figure(history: History) -> Scene:
    """‖∂C/∂θ‖ of each layer in the last step of an epoch, in powers of ten."""
    return _figure("Length of the gradient by layer", _by_layer(history, "gradient_norms"), "gradients", tens=True)


def update_figure(history: History) -> Scene:
    """‖Δθ‖ / ‖θ‖ of each layer in the last step of an epoch, in powers of ten, beside the usual 10⁻³."""
    curves = _by_layer(history, "update_ratios")
    return _figure("Step by length of the weights, by layer", curves, "updates", tens=True, level=USUAL)


def compared_figure(histories: Mapping[str, History], key: str, title: str, best: Callable[..., Any]) -> Scene:
    """One thing over the epochs of several runs, by their names; the best epoch of each is circled."""
    curves = [
        _best(name, ROLES[place % len(ROLES)], _points(history, key), best, name)
        for place, (name, history) in enumerate(histories.items())
        if _has(history, key)
    ]
    return _figure(title, curves, f"compared-{key.replace('_', '-')}")


def together(scenes: Sequence[Scene], title: str) -> Scene:
    """Such figures in one picture, two in a row, each below its title."""
    elements: list[Element] = []
    rows: list[tuple[str, ...]] = []
    for place, scene in enumerate(scenes):
        x, y = (place % 2) * (WIDTH + BETWEEN), (place // 2) * (HEIGHT + HEAD)
        elements += [titled(scene.title, x + 16, y + 28), *moved(scene.elements, x, y + HEAD)]
        rows += [(scene.title,), *scene.table]
    across, down = min(len(scenes), 2), math.ceil(len(scenes) / 2)
    size = across * WIDTH + (across - 1) * BETWEEN, down * (HEIGHT + HEAD) + 8
    described = " ".join(f"{scene.title}: {scene.description}" for scene in scenes)
    return Scene(*size, tuple(elements), title, described, tuple(rows), "runs")


def _has(history: History, key: str) -> bool:
    return bool(history) and history[-1].get(key) is not None


def _points(history: History, key: str) -> list[tuple[float, float]]:
    return [(int(facts["number"]), _number(facts.get(key))) for facts in history]


def _number(value: Any) -> float:
    """A number of a report, where None stands for NaN or an infinity."""
    return math.nan if value is None else float(value)


def _curve(name: str, role: str, points: Iterable[tuple[float, float]], end: str = "") -> Curve:
    return Curve(name, role, tuple(points), end=end)


def _best(
    name: str, role: str, points: Sequence[tuple[float, float]], best: Callable[..., Any], end: str = ""
) -> Curve:
    """A curve whose best point is circled, and named in the legend."""
    there = [place for place, (_, y) in enumerate(points) if math.isfinite(y)]
    marked = best(there, key=lambda place: points[place][1]) if there else None
    if marked is not None:
        name += f", best {short(points[marked][1])} in epoch {points[marked][0]:,}"
    return Curve(name, role, tuple(points), dashed=not end, marked=marked, end=end)


def _by_layer(history: History, key: str) -> list[Curve]:
    """A curve per layer over the epochs whose norms are kept, with its number at the end."""
    kept = [facts for facts in history if facts.get(key)]
    layers = range(len(kept[0][key])) if kept else ()
    return [
        _curve(f"layer {layer + 1}", ROLES[layer % len(ROLES)],
               [(int(facts["number"]), _number(facts[key][layer])) for facts in kept], f"{layer + 1}")
        for layer in layers
    ]  # fmt: skip


def _figure(
    title: str,
    curves: Sequence[Curve],
    name: str,
    tens: bool = False,
    level: float | None = None,
    least: float | None = None,
) -> Scene:
    """Curves over the epochs, their names above them or at their ends."""
    ends = any(curve.end for curve in curves)
    epochs = [x for curve in curves for x, _ in curve.points] or [1.0]
    across = Scale(min(epochs), max(max(epochs), min(epochs) + 1), LEFT, WIDTH - (ENDS if ends else RIGHT))
    named = [curve for curve in curves if curve.marked is not None or (len(curves) > 1 and not curve.end)]
    named = named if len(named) <= FEW else []  # their ends tell them apart
    said, last = legend(named, LEFT, WIDTH - 8, 14.0, SIZE) if named else ([], -6.0)
    up, down = last + 18, HEIGHT - 48
    panel = Panel(across, up, down - up, curves, tens, level, least, POINTS, SIZE)
    elements: list[Element] = [*said, *panel.elements(), *whole_foot(across, down, 6, SIZE)]
    elements.append(Label((across.start + across.end) / 2, down + 37, "epoch", "ink", SIZE))
    described = "; ".join(map(_described, curves))
    return Scene(WIDTH, HEIGHT, tuple(elements), title, f"{described}.", lambda: _table(curves), name)


def _described(curve: Curve) -> str:
    finite = curve.finite
    ends = f"from {short(finite[0])} to {short(finite[-1])}" if finite else "no finite value"
    return f"{curve.name} {ends}"


def _table(curves: Sequence[Curve]) -> tuple[tuple[str, ...], ...]:
    """A row per epoch, a column per curve."""
    values = [dict(curve.points) for curve in curves]
    epochs = sorted({x for each in values for x in each})
    head = ("epoch", *(curve.name for curve in curves))
    rows = (tuple(number(each[x]) if x in each else "" for each in values) for x in epochs)
    return (head, *((f"{x:,.0f}", *cells) for x, cells in zip(epochs, rows)))
