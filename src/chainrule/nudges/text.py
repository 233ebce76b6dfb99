"""How nudges are written: a change with its sign, a value, a step, a miss; with a true minus."""

from __future__ import annotations

import math

from chainrule.nudges.change import Change


def signed(value: float) -> str:
    """A change with its sign: six decimals, or six digits with a power of ten where those would hide it; 0 is 0."""
    if value == 0:
        return "0"
    if math.isnan(value):
        return "no number"
    if math.isinf(value):
        return "+∞" if value > 0 else "−∞"
    if 1e-4 <= abs(value) < 1e5:
        return minus(f"{value:+.6f}")
    mantissa, exponent = f"{value:+.5e}".split("e")
    return minus(f"{mantissa}e{int(exponent)}")


def number(value: float) -> str:
    """A value, as `signed` writes it but without a plus."""
    return signed(value).removeprefix("+")


def step_text(step: float) -> str:
    """A step with its sign, as short as it is."""
    return "0" if step == 0 else minus(f"{step:+.12g}")


def miss_text(change: Change) -> str:
    """The miss in percent; — where nothing was predicted, and in words where it is hidden."""
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


def minus(text: str) -> str:
    return text.replace("-", "−")
