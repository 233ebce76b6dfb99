"""Parquet, Feather, JSON lines and Excel, by packages that are installed on demand."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data.frames import table_of_frame
from chainrule.data.table import Table, learning_table
from chainrule.data.values import Values, column_of
from chainrule.errors import DataError, FileError


def _module(name: str, path: Path, kind: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        package = name.split(".")[0]
        raise FileError(f'{path} is {kind}, and reading it needs {package}: pip install "chainrule[tables]"') from None


def _parquet(path: Path) -> Any:
    return _module("pyarrow.parquet", path, "a Parquet file").read_table(path)


def _feather(path: Path) -> Any:
    return _module("pyarrow.feather", path, "a Feather file").read_table(path)


def _json_lines(path: Path) -> Any:
    return _module("pyarrow.json", path, "a file of JSON lines").read_json(path)


ARROW: dict[str, Callable[[Path], Any]] = {
    ".parquet": _parquet,
    ".feather": _feather,
    ".arrow": _feather,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
}
EXCEL = (".xlsx", ".xlsm")


def read_optional(path: Path, target: str | None, optional: bool) -> Table:
    """The table of a file whose suffix is one of ARROW or EXCEL. Raises FileError where its package is not installed."""
    suffix = path.suffix.lower()
    try:
        if suffix in EXCEL:
            names, columns = _excel(path)
            return learning_table(path.name, names, columns, target, optional)
        frame = ARROW[suffix](path)
        nested = [field.name for field in frame.schema if field.type.num_fields and "dictionary" not in str(field.type)]
        if nested:
            raise DataError(f"{path}: the column {nested[0]!r} holds lists or records; one value per row is needed")
        return table_of_frame(frame, target, optional=optional, name=path.name)
    except (FileError, DataError):
        raise
    except Exception as error:  # a damaged file fails in pyarrow, zipfile and the readers of XML alike
        raise FileError(
            f"cannot read {path}: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
        ) from error


def _excel(path: Path) -> tuple[list[str], list[Values]]:
    """The names and the values of the columns on the first sheet: its first row, and the rows below it."""
    book = _module("openpyxl", path, "an Excel file").load_workbook(path, read_only=True, data_only=True)
    try:
        rows = [row for row in book.worksheets[0].iter_rows(values_only=True) if any(cell is not None for cell in row)]
    finally:
        book.close()
    if not rows:
        raise DataError(f"the first sheet of {path} is empty: a row of names and rows below it are needed")
    width = max(map(len, rows))
    cells = np.empty((len(rows), width), dtype=object)
    for place, row in enumerate(rows):
        cells[place, : len(row)] = row
    kept = [place for place in range(width) if any(cell is not None for cell in cells[:, place])]
    names = ["" if cells[0, place] is None else str(cells[0, place]).strip() for place in kept]
    return names, [column_of(cells[1:, place]) for place in kept]
