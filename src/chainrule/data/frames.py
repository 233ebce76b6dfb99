"""Data frames as tables: pandas, Polars, pyarrow, and dictionaries of columns, known by what they can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.data.coercion import as_array
from chainrule.data.table import Table, learning_table
from chainrule.data.values import Texts, Values, column_of, sorted_texts
from chainrule.errors import DataError, ShapeError

Array = np.ndarray


def is_frame(given: Any) -> bool:
    """Whether a value has columns with names: a data frame of any library, or a dictionary of columns."""
    if isinstance(given, (str, bytes, np.ndarray, Table)):
        return False
    return isinstance(given, Mapping) or any(_has(given, name) for name in ("columns", "column_names", "collect"))


def _has(given: Any, name: str) -> bool:
    """Whether it has such an attribute which is no column of this name: asking a frame for what it has not takes long."""
    return hasattr(type(given), name) or name in getattr(given, "__dict__", ())


def table_of_frame(frame: Any, target: str | None = None, *, optional: bool = False, name: str = "data") -> Table:
    """A data frame as a Table. `target` names the column to learn, the last one unless named.

    With `optional` it may be absent, or a column of gaps: then every other column is an input.
    """
    return learning_table(name, *_columns(frame), target, optional)


def column_names(given: Any) -> list[str]:
    """The names of the columns of a Table or a data frame, with that of a Table's target; none of anything else."""
    if isinstance(given, Table):
        return [*given.columns, given.target_name]
    if not is_frame(given) or _has(given, "collect"):
        return []
    names = (
        given if isinstance(given, Mapping) else given.column_names if _has(given, "column_names") else given.columns
    )
    return [_name(name) for name in names]


def _name(label: Any) -> str:
    """A column's label as one text; of several levels they stand side by side."""
    return " ".join(map(str, label)) if isinstance(label, tuple) else str(label)


def row_of(given: Any) -> Table | None:
    """One example with names, a Series (`frame.iloc[0]`) or a dictionary of single values, as a table of one row; else None."""
    if isinstance(given, Mapping) and given and not any(_is_column(value) for value in given.values()):
        return _one_row(list(given), list(given.values()))
    index = getattr(given, "index", None)  # of lists and tuples it is a method
    if index is None or callable(index) or np.ndim(given) != 1:
        return None
    labels, values = (each.tolist() if hasattr(each, "tolist") else list(each) for each in (index, given))
    return _one_row(labels, values) if any(isinstance(label, str) for label in labels) else None


def values_of_row(given: Any) -> Mapping[Any, Any] | None:
    """The values of one row by name: of a dictionary, a Series, or a data frame of one row. None for anything else.

    Of a dictionary the values may be columns.
    """
    if isinstance(given, Mapping):
        return given
    if _has(given, "iloc") and getattr(given, "ndim", 0) in (1, 2):  # pandas
        if given.ndim == 1:
            return _by_name(given.index.tolist(), given.tolist())
        return _by_name(given.columns.tolist(), given.to_numpy()[0].tolist()) if len(given) == 1 else None
    if _has(given, "get_columns") and len(given) == 1:  # Polars
        row: Mapping[str, Any] = given.row(0, named=True)
        return row
    return None


def _by_name(names: Sequence[Any], values: Sequence[Any]) -> Mapping[str, Any] | None:
    """None where two names are alike."""
    found = dict(zip(names, values))
    return found if len(found) == len(names) else None


def _is_column(value: Any) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, (str, bytes))


def _one_row(names: Sequence[Any], values: Sequence[Any]) -> Table:
    return Table("row", [str(name) for name in names], [single(value) for value in values])


def single(value: Any) -> Values:
    if isinstance(value, float) and value == value:  # most rows hold this or a text, and predictions come one by one
        return np.array([value], dtype=np.float64)
    if type(value) is str:
        return Texts(np.zeros(1, dtype=np.int32), (value,))
    return _objects([value])


def _objects(values: Any) -> Values:
    array = np.empty(len(values), dtype=object)
    array[:] = list(values)
    return column_of(array, cells=False)


def _columns(frame: Any) -> tuple[list[str], list[Values]]:
    """The names of a frame's columns, and their values."""
    if isinstance(frame, Mapping):
        return column_names(frame), [_of_sequence(str(name), values) for name, values in frame.items()]
    if _has(frame, "collect"):
        raise DataError(f"a {type(frame).__name__} holds no values yet: pass what its collect() gives")
    if _has(frame, "column_names"):  # pyarrow
        return list(frame.column_names), [_arrow(column) for column in frame.columns]
    names = column_names(frame)
    if _has(frame, "iloc"):  # pandas
        return names, [_pandas(series) for _, series in frame.items()]
    if _has(frame, "get_columns"):  # Polars
        return names, [_polars(column) for column in frame.get_columns()]
    array = as_array(frame, "inputs", gaps=True)
    if array.ndim != 2 or array.shape[1] != len(names):
        raise ShapeError(f"{len(names)} names of columns need as many columns, got an array of shape {array.shape}")
    return names, [column_of(array[:, place]) for place in range(len(names))]


def _of_sequence(name: str, values: Any) -> Values:
    array = as_array(values, f"values of {name!r}", gaps=True)
    if array.ndim != 1:
        raise ShapeError(f"the column {name!r} is one value per row (rows,), got an array of shape {array.shape}")
    return column_of(array, cells=False)


def _pandas(series: Any) -> Values:
    dtype = series.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "fiub":
        return column_of(series.to_numpy(), cells=False)
    if getattr(dtype, "tz", None) is not None:
        series = series.dt.tz_convert("UTC").dt.tz_localize(None)
    elif not isinstance(dtype, np.dtype) and getattr(dtype, "kind", "O") in "iufb":  # nullable numbers
        missing = series.isna().to_numpy()
        if missing.any():
            return np.asarray(series.to_numpy(dtype="float64", na_value=np.nan))
        return column_of(series.to_numpy(dtype=getattr(dtype, "numpy_dtype", None)))
    elif getattr(dtype, "kind", "O") == "O":
        try:
            codes, levels = series.factorize()
        except TypeError:  # lists and other values that no dictionary takes
            return column_of(np.asarray(series, dtype=object), cells=False)
        texts = list(levels)
        if texts and all(isinstance(text, str) for text in texts):
            return sorted_texts(np.asarray(codes, dtype=np.int32), texts)
        return column_of(np.asarray(series, dtype=object), cells=False)
    return column_of(np.asarray(series), cells=False)


def _polars(column: Any) -> Values:
    values = column.to_numpy()
    return column_of(values if isinstance(values, np.ndarray) else np.asarray(values), cells=False)


def _arrow(column: Any) -> Values:
    kind = str(column.type)
    if kind in ("string", "large_string", "string_view"):
        whole = column.combine_chunks() if hasattr(column, "combine_chunks") else column
        encoded = whole.dictionary_encode()
        if hasattr(encoded, "chunks"):  # a chunked array of one chunk or of none
            encoded = encoded.chunk(0) if encoded.num_chunks else None
        if encoded is None:
            return np.empty(0)
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return sorted_texts(codes.astype(np.int32), encoded.dictionary.to_pylist())
    if kind.startswith("dictionary"):
        return _arrow(column.cast(column.type.value_type))
    if kind in ("int64", "uint64") and column.null_count:
        try:
            column = column.cast("float64")
        except ValueError:  # as float64 some of them would change
            return _objects(column.to_pylist())
    return column_of(
        column.to_numpy(zero_copy_only=False) if not hasattr(column, "chunks") else column.to_numpy(), cells=False
    )
