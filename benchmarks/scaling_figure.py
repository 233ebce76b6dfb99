"""The figure of `scaling.py`: a chart per question, both axes in powers of ten, and the slope that is expected in the large."""

from __future__ import annotations

import math
from typing import Any

from slopes import fitted

from chainrule.pictures.panel import Curve, Panel, legend, power_text
from chainrule.pictures.plot import Scale
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Circle, Element, Label, Line
from chainrule.run_figures import HEIGHT, WIDTH, together

LEFT, RIGHT, SIZE = 62.0, 22.0, 12.0
UP, DOWN = 36.0, HEIGHT - 52.0


def scaling_figure(found: dict[str, Any]) -> Scene:
    """A chart per question, two in a row."""
    return together([chart(each) for each in found["questions"]], "How the time of a training step grows")


def chart(question: dict[str, Any]) -> Scene:
    """The measured times, and through the last of them a line of the slope that is expected."""
    unit, factor = ("ms an epoch", 1e3) if question["per_epoch"] else ("µs a step", 1e6)
    sizes, times = question["sizes"], [factor * value for value in question["seconds"]]
    measured = Curve(
        f"measured, slope {fitted(sizes, times):.2f}",
        "forward",
        tuple((math.log10(x), y) for x, y in zip(sizes, times)),
    )
    half = len(sizes) // 2
    line = tuple((math.log10(x), times[-1] * (x / sizes[-1]) ** question["slope"]) for x in (sizes[half], sizes[-1]))
    expected = Curve(f"expected, slope {question['slope']:g}", "accent", line, dashed=True)
    ends = math.log10(sizes[0]), math.log10(sizes[-1])
    across = Scale(ends[0] - 0.04 * (ends[1] - ends[0]), ends[1] + 0.04 * (ends[1] - ends[0]), LEFT, WIDTH - RIGHT)
    panel = Panel(across, UP, DOWN - UP, [expected, measured], by_tens=True, size=SIZE)
    elements = [*legend([measured, expected], LEFT, WIDTH - RIGHT, 18, SIZE)[0], *panel.elements(), *_foot(across)]
    at = [(across.at(x), panel.plot.y.at(math.log10(y))) for x, y in measured.points]
    elements += [Circle(x, y, 3.2, "forward", "forward") for x, y in at]
    elements.append(Label((across.start + across.end) / 2, DOWN + 38, question["said"], "ink", SIZE))
    title = f"{question['name']}: {unit}"
    table = (("size", unit), *((f"{x:,}", f"{y:.4g}") for x, y in zip(sizes, times)))
    described = f"{unit} from {times[0]:.3g} at {sizes[0]:,} to {times[-1]:.3g} at {sizes[-1]:,}; {expected.name}."
    return Scene(WIDTH, HEIGHT, tuple(elements), title, described, table, f"scaling-{question['name']}")


def _foot(across: Scale) -> list[Element]:
    """The axis of x, with numbers at powers of ten; at powers of two where it is short."""
    found: list[Element] = [Line(((across.start, DOWN), (across.end, DOWN)), "faint")]
    short = across.high - across.low < 2
    places = [(i * math.log10(2), f"{2**i:,}") for i in range(20)] if short else [(i, power_text(i)) for i in range(8)]
    for place, text in places:
        if across.low <= place <= across.high:
            x = across.at(place)
            found += [Line(((x, DOWN), (x, DOWN + 5)), "faint"), Label(x, DOWN + 17, text, "faint", SIZE)]
    return found
