"""How nudges are written: a change with its sign, a value, a step, a miss; with a true minus."""

from __future__ import annotations

from collections.abc import Iterable

from chainrule.nudges.change import Change
from chainrule.writing.numbers import Style, minus, number, short_exponent, style_of


def signed(value: float) -> str:
    """A change with its sign."""
    return number(value, sign=True)


def style_of_changes(changes: Iterable[Change]) -> Style:
    """How the predicted and the actual changes of a table are written: all alike."""
    return style_of(value for change in changes for value in (change.predicted, change.actual))


def step_text(step: float) -> str:
    """A step with its sign, as short as it is."""
    return "0" if step == 0 else minus(short_exponent(f"{step:+.12g}"))


def miss_text(change: Change) -> str:
    """The miss in percent; — where nothing was predicted, and a sentence where it is hidden."""
    if change.miss is None:
        return "—" if change.note == "nothing predicted" else change.note
    if change.miss == 0:
        return "0 %"
    percent = 100 * change.miss
    text = f"{percent:+.1f}" if abs(percent) < 1e5 else signed(percent)
    return f"{'0.0' if text in ('+0.0', '-0.0') else minus(text)} %"


def named(of: str, cost: str) -> str:
    """u in a title, C with the cost that it is."""
    return f"C ({cost})" if of == "C" else of
