"""What an activation does to learning: where σ′ is flat, how small and large it gets, its kinks, what would help (S2.16).

Everything is measured on a grid and refined between its points, so each statement names its range: "on [−50, 50]", never
"everywhere". A zone is flat where |σ′| is below 5 % of the largest |σ′|, the same line that `why` calls saturated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from chainrule.activations import Activation, as_activation, named
from chainrule.aligned import Printed
from chainrule.data.coercion import as_array
from chainrule.diagnostics.slope_curve import Bounds, Curve, Interval, SlopeKink, taken
from chainrule.errors import DataError, SettingError, listed
from chainrule.json_text import as_json
from chainrule.writing.numbers import short

Array = np.ndarray
FLAT = 0.05  # of the largest |σ′|
AIM = 0.01  # the least slope that the advice builds in
SATURATED, ONE_SIDED = 0.2, 0.75  # shares of given z in flat zones that are worth mentioning: on both sides, on one
LISTED = 8  # zones and points; the rest are counted


@dataclass(frozen=True)
class Rug:
    """The slopes at given weighted inputs z: their mean |σ′|, and the shares that lie in a flat zone and where σ′ is 0."""

    count: int
    low: float
    high: float
    mean: float
    flat: float
    zero: float

    def __str__(self) -> str:
        zero = f", {self.zero:.1%} where σ′ is 0" if self.zero else ""
        return (
            f"the {self.count:,} z given, {short(self.low)} … {short(self.high)}: "
            f"mean |σ′| = {short(self.mean)}, {self.flat:.1%} in a flat zone{zero}"
        )


@dataclass(frozen=True)
class Design(Printed):
    """One activation, measured; printed, one line per property and then the advice.

    near, wide   bounds of σ′ on the range asked for, and with the tails
    scale        what |σ′| is compared with: its largest value, or 1 where it grows without a bound that can be seen
    flat         the zones of the range where |σ′| < 5 % of scale
    slowest      where |σ′| is least on the range, and `least`, its value there
    away         the bound that keeps σ′ from 0 as far as the tails tell; 0 where there is none
    """

    name: str
    formula: str
    near: Bounds
    wide: Bounds
    scale: float
    bounded: bool
    flat: tuple[Interval, ...]
    slowest: tuple[Interval, ...]
    least: float
    away: float
    monotone: str
    turns: tuple[float, ...]
    kinks: tuple[SlopeKink, ...]
    jumps: tuple[float, ...]
    rug: Rug | None
    advice: tuple[str, ...]

    def _parts(self) -> list[str]:
        against = short(self.scale) if self.bounded else "1, for σ′ grows"
        flat = _listed(self.flat) if self.flat else f"nowhere on {self.near.on}"
        turning = f", turning at {_listed(self.turns)}" if self.turns else ""
        return [
            f"{self.name}: σ(z) = {self.formula}",
            f"σ′       {self.near}, {self.wide}",
            f"flat     {flat} (|σ′| below {FLAT:.0%} of {against})",
            f"slowest  {_listed(self.slowest)}, |σ′| = {short(self.least)}",
            f"monotone {self.monotone} on {self.near.on}{turning}",
            f"kinks    {'; '.join(map(str, self.kinks)) or f'none on {self.near.on}'}",
            *([f"jumps    σ itself jumps at {_listed(self.jumps)}"] if self.jumps else []),
            *([f"given    {self.rug}"] if self.rug else []),
            *self.advice,
        ]

    def to_json(self) -> dict[str, Any]:
        """Everything, with the share of the largest |σ′| that counts as flat."""
        return as_json({**asdict(self), "flat_below": FLAT * self.scale})


def design(sigma: str | Activation, z: Any = None, low: float = -8.0, high: float = 8.0) -> Design:
    """Measure an activation, a named one or your own from `activation(form)`, on low ≤ z ≤ high and in its tails.

    `z`, of any shape, are the weighted inputs that a network gives it (`trace.z[l]`); they are laid over the curve. Raises
    SettingError for softmax, which is not a function of one z, and for an empty range; FormError where σ′ is not finite.
    """
    given = as_activation(sigma)
    _refuse_vectors(given)
    curve = Curve(given, *_range(low, high))
    near, wide = curve.bounds(curve.near), curve.bounds(curve.finite)
    scale, bounded = curve.scale
    zones = curve.zones(FLAT * scale)
    least, slowest = curve.slowest()
    rug = None if z is None else _rug(given, _inputs(z), FLAT * scale)
    made = Design(
        repr(given), given.formula, near, wide, scale, bounded, zones, slowest, least, curve.away(), curve.monotone(),
        curve.turns, curve.kinks, curve.jumps(), rug, (),
    )  # fmt: skip
    return replace(made, advice=tuple(_advice(made)))


def steepest(sigma: Activation) -> tuple[float, bool]:
    """(the largest |σ′| as far as |z| ≤ 50, True), or (1, False) where |σ′| grows without a bound that can be seen."""
    return Curve(sigma, -8.0, 8.0).scale if sigma.own else _steepest(sigma.name, tuple(sigma.settings.items()))


@lru_cache(maxsize=64)
def _steepest(name: str, settings: tuple[tuple[str, float], ...]) -> tuple[float, bool]:
    """That of a named activation, measured once."""
    return Curve(named(name, **dict(settings)), -8.0, 8.0).scale


def _refuse_vectors(sigma: Activation) -> None:
    if sigma.full_slope:
        raise SettingError(
            "softmax is not a function of one z: each output depends on every z of its layer, and Σ′ is a matrix. Its diagonal "
            "a(1 − a) is a sigmoid's slope: design('sigmoid') tells how that behaves"
        )


def _range(low: float, high: float) -> tuple[float, float]:
    numbers = all(isinstance(each, (int, float, np.number)) and math.isfinite(each) for each in (low, high))
    if not numbers or not low < high:
        raise SettingError(f"an activation is measured on low < high, finite numbers; got low={low!r}, high={high!r}")
    return float(low), float(high)


def _inputs(z: Any) -> Array:
    numbers = as_array(z, "weighted inputs z")
    if numbers.dtype.kind not in "fiu" or numbers.size == 0 or not np.isfinite(numbers).all():
        what = "none" if numbers.size == 0 else f"{numbers.dtype} of shape {numbers.shape}"
        raise DataError(f"z are finite numbers, such as trace.z[1]; got {what} with values that are not, or no values")
    return numbers.astype(np.float64).ravel()


def _rug(sigma: Activation, z: Array, level: float) -> Rug:
    slope = np.abs(taken(sigma.slope, z))
    shares = (float(each.mean()) for each in (slope, slope < level, slope == 0))
    return Rug(z.size, float(z.min()), float(z.max()), *shares)


# the advice ---------------------------------------------------------------------------------------------------------
def _advice(made: Design) -> list[str]:
    """What the measurements mean for learning, and what would help."""
    said, on = [], made.wide.on
    least, most = made.wide.least, made.wide.most
    if made.away > 0:
        pace = f", but where it is flat it learns at {made.away / made.scale:.2g} of its pace" if made.flat else ""
        said.append(
            f"σ′ ≥ {short(made.away)} on {on}, and the tails do not lower it: no neuron can saturate fully{pace}"
        )
    else:
        said += _about_zero(made)
        said += _about_tails(made)
        if made.bounded and least >= -made.scale / 4:
            line = _up(AIM - min(least, 0.0))
            said.append(
                f"σ(z) + {short(line)} z would keep σ′ ≥ {short(least + line)} on {on}: no neuron could saturate fully then"
            )
    if not made.bounded:
        said.append(f"|σ′| still grows at the ends of {on}: errors may explode on their way back")
    elif made.scale < 0.5:
        said.append(
            f"|σ′| is at most {short(made.scale)}: {_layers(made.scale)} layers of it shrink an error at least tenfold, "
            "unless the weights make up for it"
        )
    elif max(abs(least), abs(most)) > 1 + 1e-6:
        said.append(f"|σ′| reaches {short(made.scale)}: there it makes errors larger on their way back")
    if any(kink.left != kink.right for kink in made.kinks):
        said.append("at a kink any slope between those of its two sides is right; differences across it tell nothing")
    if made.jumps:
        said.append("where σ itself jumps no gradient sees it: descent cannot learn across it")
    if made.rug:
        said += _about_rug(made, made.rug)
    return said


def _about_rug(made: Design, rug: Rug) -> list[str]:
    """Whether too many of the given z lie in a flat zone; half of them do where one side alone is flat, as with relu."""
    on = made.near.on
    both = any(zone.low == on.low for zone in made.flat) and any(zone.high == on.high for zone in made.flat)
    if rug.flat <= (SATURATED if both else ONE_SIDED):
        return []
    out = "smaller weights, or scaled inputs" if both else "other biases, or a smaller learning rate"
    return [f"{rug.flat:.0%} of the given z lie in a flat zone: {out}, would keep them out of it"]


def _about_zero(made: Design) -> list[str]:
    """Where σ′ is 0, for a while or at a point, and where its sign changes."""
    zeros = made.slowest if made.least == 0 else ()
    stretches = [each for each in zeros if each.low < each.high]
    points = [each for each in zeros if each.low == each.high]
    turned = [turn for turn in made.turns if not any(each.low <= turn <= each.high for each in zeros)]
    said = []
    if stretches:
        said.append(f"σ′ is 0 in float64 on {_listed(stretches)}: a neuron whose z stays there for every row is dead")
    if points:
        said.append(f"σ′ = 0 at {_listed(points)}: a neuron there passes nothing back")
    if turned:
        said.append(f"σ′ jumps from one sign to the other at {_listed(turned)}")
    return said


def _about_tails(made: Design) -> list[str]:
    """The flat zones at the ends of the range, where σ′ is not 0 altogether."""
    ends = (made.near.on.low, made.near.on.high)
    zeros = made.slowest if made.least == 0 else ()
    tails = [zone for zone in made.flat if (zone.low in ends or zone.high in ends) and zone not in zeros]
    if not tails and not zeros:
        far = f"σ′ is {short(made.wide.least)} at its least on {made.wide.on}"
        return [f"{far}: it is not kept away from 0, and a z far out may saturate a neuron"]
    if not tails:
        return []
    return [f"σ′ is small in {_listed(tails)}: a neuron with its z there is saturated, and its weights learn slowly"]


def _up(value: float) -> float:
    """The next number of two digits, not below."""
    digits = 1 - math.floor(math.log10(value))
    return math.ceil(round(value * 10.0**digits, 9)) / 10.0**digits


def _layers(scale: float) -> int:
    """How many factors of this size make less than a tenth."""
    return math.ceil(-1 / math.log10(scale) - 1e-9)


def _listed(places: Sequence[Any]) -> str:
    return listed((short(each) if isinstance(each, float) else each for each in places), LISTED)
