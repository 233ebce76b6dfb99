"""Why a flat gradient of unknown origin is not what differences measured: what its numbers alone give away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.writing.numbers import short

Array = np.ndarray
CLOSE = 1e-6  # of the norm
SINGLE, SINGLE_FLOOR = 1e-4, 1e-6  # of an entry, and of the largest: float32 loses some of its 7 digits


def flat_cause(
    given: Array, measured: Array, errors: Array, apart: Array, names: Sequence[str], at: Array | None = None
) -> str:
    """A line on why a flat gradient is not what differences measured (± errors), `apart` marking the entries that differ.

    One number on all entries, or on those that differ; an L2 term, a multiple of θ = `at`; the same numbers in another
    order; else where they differ. "" where nothing is known.
    """
    if not np.isfinite(given).all():
        return "likely cause: it is not finite there: log 0, 0/0, or exp of much?"
    number = _number(given, measured, errors)
    if number is not None:
        return f"likely cause: {_spoken(number)}"
    part = given[apart], measured[apart], errors[apart]
    number, few = _number(*part), not (apart.all() or apart.sum() > len(given) // 2)
    said = "" if number is None else _spoken(number)
    if not said and at is not None:
        said = _decay(*part, at[apart])
    if not said and _reordered(*part):
        said = "the same numbers in another order: a matrix transposed, or parameters packed otherwise?"
    if not few and number is None:
        return said and f"likely cause: {said}"
    where = f"only {_runs(np.flatnonzero(apart), names)} differ{'s' if apart.sum() == 1 else ''}"
    return f"likely cause: {where}" + (said and f"; there {said}")


def looks_single(given: Array, measured: Array, errors: Array) -> bool:
    """Whether a gradient differs as one computed in float32 does: about in the seventh digit, and nearly everywhere.

    A number on all entries is not rounding, however near it is to 1.
    """
    gap, size = np.abs(given - measured), np.abs(measured)
    if not size.any() or np.any(gap > SINGLE * size + SINGLE_FLOOR * size.max() + errors):
        return False
    return bool(np.median(gap[size > 0] > errors[size > 0]) > 0) and _number(given, measured, errors) is None


def _number(given: Array, measured: Array, errors: Array) -> float | None:
    """c with given = c · measured in every entry, within the error bars; None where there is none, or it says nothing."""
    largest = float(np.abs(measured).max(initial=0))
    if largest == 0:
        return None
    with np.errstate(over="ignore"):
        given, measured, errors = given / largest, measured / largest, errors / largest
    norm = float(np.linalg.norm(measured))
    telling = np.abs(measured) > 10 * errors + CLOSE * norm
    if telling.sum() < 2 or not np.isfinite(given).all():  # one entry is always some number times another
        return None
    number = float(np.median(given[telling] / measured[telling]))
    with np.errstate(over="ignore"):
        off = np.abs(given - number * measured)
        if np.any(off > abs(number) * (errors + 10 * CLOSE * np.abs(measured)) + CLOSE * norm * max(1.0, abs(number))):
            return None
        sharp = float(np.median((off[telling] + errors[telling]) / np.abs(measured[telling])))
    return number if abs(number - 1) > max(1e-9, 10 * sharp) else None


def _spoken(number: float) -> str:
    """A factor and what it usually comes from."""
    if abs(number) < CLOSE:
        return "every entry is zero: is the way back ever run?"
    size, turned = abs(number), "the sign is turned" if number < 0 else ""
    whole, share = round(size), round(1 / size)
    sign, shown = "−" if number < 0 else "", f"{size:.{9 if abs(size - 1) < 1e-4 else 6}g}"
    why = ""
    if whole >= 2 and abs(size - whole) < 1e-4 * whole:
        shown, why = f"{whole}", f"a sum where the value is a mean over {whole}"
    elif share >= 2 and abs(size * share - 1) < 1e-4:
        shown, why = f"1/{share}", f"a mean over {share} where the value is a sum"
    elif number < 0 and abs(size - 1) < 1e-4:
        shown = "1"
    if why and 2 in (whole, share):
        why += ", or a 2 or ½ in one of the two only"
    because = " and ".join(filter(None, (turned, why)))
    end = f": {because}?" if because else ""
    return f"every entry is {sign}{shown} × the difference{end}"


def _decay(given: Array, measured: Array, errors: Array, at: Array) -> str:
    """What differs is c θ in every entry: the gradient of an L2 penalty, forgotten or counted once too often."""
    gap, square = given - measured, float(at @ at)
    if len(gap) < 3 or not square:
        return ""
    c = float(gap @ at) / square
    if np.any(np.abs(gap - c * at) > 2 * errors + 1e-4 * np.abs(gap) + 1e-5 * np.abs(measured)):
        return ""
    if c < 0:
        return f"it lacks {short(-c)} θ: the gradient of an L2 penalty that the value has?"
    return f"it has {short(c)} θ too much: is an L2 penalty counted twice, or its ½ forgotten, or not in the value?"


def _reordered(given: Array, measured: Array, errors: Array) -> bool:
    """Whether these are the same numbers in another order."""
    slack = CLOSE * float(np.linalg.norm(measured)) + errors.max(initial=0)
    return len(given) > 2 and bool(np.all(np.abs(np.sort(given) - np.sort(measured)) <= slack))


def _runs(entries: Array, names: Sequence[str]) -> str:
    """entry 3, entry 5…entry 9."""
    parts = np.split(entries, np.flatnonzero(np.diff(entries) > 1) + 1)
    shown = [names[part[0]] if len(part) == 1 else f"{names[part[0]]}…{names[part[-1]]}" for part in parts[:4]]
    return ", ".join(shown) + (", …" if len(parts) > 4 else "")
