"""The figure of `fashion.py`: the accuracy on the test rows as the seconds pass, a curve per contestant."""

from __future__ import annotations

import math
from typing import Any

from speed_figure import ROLES

from chainrule.pictures.panel import Curve, Panel, legend
from chainrule.pictures.plot import Scale
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Circle, Element, Label, titled

LEFT, WIDTH, HEIGHT, UP = 76.0, 600.0, 260.0, 112.0


def fashion_figure(found: dict[str, Any]) -> Scene:
    """The run of the first seed: a dot after each epoch, a dashed line at the goal."""
    runs = {name: each[0] for name, each in found["runs"].items() if each}
    curves = [
        Curve(name, role, tuple(zip(run["seconds"], run["accuracies"])))
        for (name, run), role in zip(runs.items(), ROLES)
    ]
    across = Scale(0.0, max(x for each in curves for x, _ in each.points), LEFT, LEFT + WIDTH)
    panel = Panel(across, UP, HEIGHT, curves, level=found["goal"])
    title = "Fashion-MNIST, 784-256-128-10: accuracy on the test rows as the seconds pass"
    says = f"One seed; a dot after each epoch. Dashed: {found['goal']:g}, where each run ends"
    elements: list[Element] = [titled(title, 28), Label(28, 54, says, "faint", 12, "start")]
    elements += [*legend(curves, LEFT, LEFT + WIDTH, 82)[0], *panel.elements()]
    for each in curves:
        at = ((across.at(x), panel.plot.y.at(panel.height_of(y))) for x, y in each.points)
        elements += [Circle(x, y, 3.0, each.role, each.role) for x, y in at if math.isfinite(y)]
    elements += [*panel.plot.foot(UP + HEIGHT), Label(LEFT + WIDTH / 2, UP + HEIGHT + 38, "seconds", "ink", 13)]
    rows = [(each.name, f"{x:.2f}", f"{y:.4f}") for each in curves for x, y in each.points]
    told = "; ".join(
        f"{each.name} ends at {each.points[-1][1]:.3f} after {each.points[-1][0]:.1f} s" for each in curves
    )
    return Scene.around(elements, 24, title, f"{told}.", (("who", "seconds", "accuracy"), *rows), "fashion")
