"""Values as users have them, as arrays: what is a gap, what is a number, what is a text."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from chainrule.errors import DataError, ShapeError, brief

Array = np.ndarray
PART = 2**16  # numbers that are looked at a time
NUMBERS = (int, float, Decimal, Fraction, np.number, np.bool_)  # bool is an int


def as_array(given: Any, what: str, *, gaps: bool = False) -> Array:
    """An array of what was given; Python's numbers of any kind (Decimal, Fraction, pandas' nullable ones) as float64.

    Masked entries are gaps: NaN (or None among texts) with `gaps`, else a DataError.
    Raises ShapeError where it makes no array, as rows of different lengths.
    """
    array = _array(given, what, gaps)
    if array.dtype.kind == "O" and array.size:
        numbers = numbers_of(array)
        if numbers is not None and not all(map(is_gap, array.ravel())):
            return numbers
    return array


def _array(given: Any, what: str, gaps: bool = False) -> Array:
    if np.ma.isMaskedArray(given):
        given = _unmasked(given, what, gaps)
    try:
        return np.asarray(given)
    except (TypeError, ValueError, RuntimeError) as error:  # the latter two are what torch says of its tensors
        raise ShapeError(
            f"the {what} make no array; rows of one length are needed ({str(error).split('. ')[0]})"
        ) from None


def _unmasked(given: Any, what: str, gaps: bool) -> Array:
    filled: Array
    mask = np.ma.getmaskarray(given)
    if not mask.any():
        return np.asarray(given.data)
    if not gaps:
        row = int(np.argwhere(mask)[0][0]) if mask.ndim else 0
        raise DataError(
            f"row {row} of the {what} is masked ({int(mask.sum()):,} masked entries in all): a masked entry is a gap, and "
            "a network needs numbers; fill those entries or remove their rows"
        )
    if given.dtype.kind in "fiub":
        kept = given.dtype if given.dtype.kind == "f" else np.float64
        filled = given.data.astype(kept)
        filled[mask] = np.nan
        return filled
    filled = given.data.astype(object)
    filled[mask] = None
    return filled


def is_gap(value: Any) -> bool:
    """Whether a value stands for a missing one: None, NaN of any kind, pandas' NA and NaT, a masked entry."""
    if value is None or value is np.ma.masked:
        return True
    try:
        return bool(value != value)
    except Exception:  # a signalling NaN; pandas.NA, which answers a comparison with itself; an array in a cell
        return type(value).__name__ == "NAType" or (isinstance(value, Decimal) and value.is_nan())


def numbers_of(objects: Array) -> Array | None:
    """Python objects as float64, gaps as NaN; None where one of them is not a number."""
    flat = objects.ravel()
    out = np.empty(flat.size)
    for place, value in enumerate(flat):
        if isinstance(value, float):  # the most frequent kind, NumPy's float64 among them
            out[place] = value
        elif isinstance(value, NUMBERS) and not isinstance(value, np.complexfloating):
            try:
                out[place] = value
            except (OverflowError, ValueError):  # beyond the largest float; a signalling NaN
                out[place] = np.nan if is_gap(value) else math.inf if value > 0 else -math.inf
        elif is_gap(value):
            out[place] = np.nan
        else:
            return None
    return out.reshape(objects.shape)


def plain(value: Any) -> Any:
    """A NumPy scalar as the Python value that it is."""
    return value.item() if isinstance(value, np.generic) else value


def contents(array: Array) -> str:
    """What an array holds, for an error: its type, or for texts and other objects the first of them."""
    kind = {"U": "texts", "S": "texts", "O": "objects"}.get(array.dtype.kind)
    if kind is None or not array.size:
        return str(array.dtype)
    return f"{kind} such as {brief(array.ravel()[:1].tolist()[0])}"


def decoded(values: Array, what: str) -> Array:
    """Bytes as the texts in UTF-8 that they are; anything else as it is. Raises DataError for bytes that are none."""
    if values.dtype.kind != "S":
        return values
    try:
        return np.strings.decode(values, "utf-8")
    except UnicodeDecodeError:
        raise DataError(f"{what} holds bytes that are not UTF-8 text: decode them first") from None


def as_target(given: Any, name: str = "y") -> Array:
    """A target as an array of finite numbers, truth values or texts. Raises DataError for gaps and everything else."""
    target = decoded(_array(given, f"targets {name!r}"), f"the target {name!r}")
    if target.dtype.kind == "O" and target.ndim == 0:
        raise DataError(f"the target {name!r} is {type(given).__name__}: targets are numbers, truth values or texts")
    if target.dtype.kind == "O":
        target = _target_of_objects(target, name)
    if target.dtype.kind not in "fiubU":
        raise DataError(f"the target {name!r} is {target.dtype}: targets are numbers, truth values or texts")
    if target.ndim == 0 and not (target.dtype.kind in "iubU" or np.isfinite(target)):
        raise DataError(f"the target {name!r} is {target}: targets are finite numbers, truth values or texts")
    if target.dtype.kind == "f" and not np.isfinite(target).all():
        row = int(np.argwhere(~np.isfinite(target))[0][0])
        raise DataError(
            f"row {row} has the target {name} = {target[row]}, and finite numbers are needed: fill or remove such rows"
        )
    return target


def _target_of_objects(values: Array, name: str) -> Array:
    """An array of Python objects as one of numbers, truth values or texts, whichever they are."""
    flat = values.ravel().tolist()
    if set(map(type, flat)) == {str}:  # most often
        return np.array(flat).reshape(values.shape)
    flat = [plain(value) for value in flat]
    gap = next((place for place, value in enumerate(flat) if is_gap(value)), None)
    if gap is not None:
        row = gap // max(values.size // len(values), 1)
        raise DataError(f"row {row} has the target {name} = {flat[gap]}: fill or remove such rows")
    kinds = {type(value) for value in flat}
    if kinds == {bool} or kinds == {int}:
        return np.array(flat).reshape(values.shape)
    if bool not in kinds and (numbers := numbers_of(values)) is not None:
        return numbers
    return np.array([str(value) for value in flat]).reshape(values.shape)


def as_weights(weights: Any, rows: int) -> Array:
    """Example weights (rows,): finite, not negative, not all zero."""
    w = as_array(weights, "weights")
    if w.shape != (rows,):
        raise ShapeError(f"{rows:,} rows need as many weights, got an array of shape {w.shape}")
    if w.dtype.kind not in "fiub":
        raise DataError(f"weights are numbers, got {contents(w)}")
    w = w.astype(np.float64)
    if not np.isfinite(w).all() or (w < 0).any() or not w.any():
        raise DataError("weights are finite numbers ≥ 0, and not all of them 0")
    return w


def are_finite(values: Array) -> bool:
    """Whether no number is NaN or infinite: some rows at a time, so that their truth values stay in the cache."""
    if values.dtype.kind != "f" or not values.size:
        return True
    if values.size <= PART:
        return bool(np.isfinite(values).all())
    rows = np.atleast_1d(values)
    step = max(1, PART * len(rows) // rows.size)
    return all(bool(np.isfinite(rows[start : start + step]).all()) for start in range(0, len(rows), step))


def check_rows_finite(values: Array, what: str) -> None:
    """Raises DataError with the first row and column that hold NaN or an infinity."""
    if not are_finite(values):
        bad = ~np.isfinite(values)
        row, column = np.argwhere(bad)[0]
        raise DataError(
            f"row {row}, column {column} of the {what} is {values[row, column]} ({int(bad.sum()):,} such values in all): "
            "fill or remove those rows; a network needs finite numbers"
        )
