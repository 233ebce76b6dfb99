"""Large CSV files through pyarrow, where it is installed and certain to find what the standard library finds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from chainrule.data.values import EXACT, GAPS, Values, column_of_cells, texts_of_cells

Array = np.ndarray
LARGE = 1_000_000  # bytes; below, its import takes longer than the reading
NULLS = sorted(
    {form for gap in GAPS for form in (gap, gap.upper(), gap.title(), gap.replace("na", "Na"), "NaN", "NaT")}
)


def columns_by_arrow(
    data: bytes, delimiter: str, count: int, numbers: Sequence[int], labels: int | None
) -> list[Values] | None:
    """The columns of rows without their header; None where pyarrow is missing, or might read something otherwise.

    `numbers` are the places of the columns that begin as numbers, and `labels` that of the target.
    """
    if len(data) < LARGE or find_spec("pyarrow") is None or not is_plain(data, delimiter):
        return None
    arrow, reader = import_module("pyarrow"), import_module("pyarrow.csv")
    floats = set() if _has_leading_zeros(data, delimiter) else set(numbers)
    for attempt in (floats, set[int]()):
        try:
            table = _read(arrow, reader, data, delimiter, count, attempt)
        except (
            arrow.ArrowInvalid
        ):  # a text among the numbers; or a row too short, refused with its line by the other reader
            if not attempt:
                return None
            continue
        values = [_values(table.column(place), place == labels) for place in range(count)]
        if not any(_is_inexact(values[place]) for place in attempt):
            return values
    return None


def columns_of_block(
    data: bytes,
    delimiter: str,
    count: int,
    wanted: Sequence[int],
    numbers: set[int],
    texts: set[int],
    labels: int | None,
) -> dict[int, Values] | None:
    """The wanted columns, by place, of a block of rows; None where pyarrow might read something otherwise.

    `numbers` are known to be numbers, and the cells of `texts` are texts whatever is written in them.
    """
    if not is_plain(data, delimiter) or b"\0" in data:
        return None
    arrow, reader = import_module("pyarrow"), import_module("pyarrow.csv")
    for floats in (numbers, set[int]()):
        try:
            table = _read(arrow, reader, data, delimiter, count, floats, wanted)
        except arrow.ArrowInvalid:
            continue
        if table.num_rows == 0:
            return {}
        columns = (table.column(str(place)) for place in wanted)
        return {place: _values(column, place == labels, place in texts) for place, column in zip(wanted, columns)}
    return None


def _read(
    arrow: Any,
    reader: Any,
    data: bytes,
    delimiter: str,
    count: int,
    floats: set[int],
    wanted: Sequence[int] | None = None,
) -> Any:
    names = [str(place) for place in range(count)]
    text = arrow.dictionary(arrow.int32(), arrow.string())
    kinds = {name: arrow.float64() if place in floats else text for place, name in enumerate(names)}
    return reader.read_csv(
        arrow.py_buffer(data),
        reader.ReadOptions(column_names=names, block_size=1 << 23),
        reader.ParseOptions(delimiter=delimiter, newlines_in_values=b'"' in data),
        reader.ConvertOptions(
            column_types=kinds,
            null_values=NULLS,
            strings_can_be_null=False,
            include_columns=None if wanted is None else [str(place) for place in wanted],
        ),
    ).unify_dictionaries()


def _values(column: Any, labels: bool, literal: bool = False) -> Values:
    if str(column.type) == "double":
        return np.concatenate([_numbers(chunk, np.float64) for chunk in column.chunks])
    codes = np.concatenate([_numbers(chunk.indices, np.int32) for chunk in column.chunks])
    cells = column.chunk(0).dictionary.to_pylist()
    return texts_of_cells(codes, cells) if literal else column_of_cells(codes, cells, labels=labels)


def _numbers(chunk: Any, dtype: type[np.float64 | np.int32]) -> Array:
    """The numbers of an Arrow array, with NaN for a null: its own `to_numpy` would import pandas, which takes half a second."""
    valid, values = chunk.buffers()
    rows = slice(chunk.offset, chunk.offset + len(chunk))
    numbers: Array = np.frombuffer(values, dtype)[rows]
    if chunk.null_count == 0:
        return numbers
    bits = np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")[rows]
    return np.where(bits.astype(bool), numbers, np.nan)


def _is_inexact(values: Values) -> bool:
    """Whether numbers among these are so large that they may be identifiers, which their texts decide."""
    return isinstance(values, np.ndarray) and bool((np.abs(values) >= EXACT).any())


def is_plain(data: bytes, delimiter: str) -> bool:
    """Whether quotation marks stand where both readers understand them, and lines end as in most files."""
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return False
    if b'"' not in data:
        return True
    mark = re.escape(delimiter.encode())
    inside = rb"[^" + mark + rb'\r\n"]'
    return re.search(inside + b'"' + inside + rb'|[ \t]"', data) is None


def _has_leading_zeros(data: bytes, delimiter: str) -> bool:
    """Whether a cell may begin with a zero and a digit, as identifiers do."""
    begins = np.zeros(256, dtype=bool)
    begins[list(b' \t\r\n"' + delimiter.encode())] = True
    signs, letters = np.zeros(256, dtype=bool), np.frombuffer(data, dtype=np.uint8)
    signs[list(b"+-")] = True
    zero = np.flatnonzero(letters[:-1] == ord("0"))
    following = letters[zero + 1]
    zero = zero[(following >= ord("0")) & (following <= ord("9"))]
    before, earlier = letters[np.maximum(zero - 1, 0)], letters[np.maximum(zero - 2, 0)]
    first = (zero == 0) | begins[before] | (signs[before] & ((zero == 1) | begins[earlier]))
    return bool(first.any())
