"""Parquet, Feather, JSON lines and Excel, by packages that are installed on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data.frames import table_of_frame
from chainrule.data.table import Table, learning_table
from chainrule.data.values import Values, column_of
from chainrule.errors import ChainruleError, DataError, FileError

ROWS = 2**16  # of a batch


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
    with _errors(path):
        if suffix in EXCEL:
            names, columns = _excel(path)
            return learning_table(path.name, names, columns, target, optional)
        frame = ARROW[suffix](path)
        _check_flat(path, frame.schema)
        return table_of_frame(frame, target, optional=optional, name=path.name)
    raise AssertionError("an error is raised in there")


def batches_of(path: Path, target: str | None, names: frozenset[str]) -> Iterator[Table]:
    """The tables of a Parquet or Feather file's rows, part after part; of the columns `names` alone if it has them."""
    with _errors(path):
        if path.suffix.lower() == ".parquet":
            file = _module("pyarrow.parquet", path, "a Parquet file").ParquetFile(path)
            schema, wanted = file.schema_arrow, _wanted(file.schema_arrow.names, target, names)
            batches = file.iter_batches(batch_size=ROWS, columns=wanted)
        else:
            dataset = _module("pyarrow.dataset", path, "a Feather file").dataset(path, format="feather")
            schema, wanted = dataset.schema, _wanted(dataset.schema.names, target, names)
            batches = dataset.to_batches(columns=wanted, batch_size=ROWS, use_threads=False)
        _check_flat(path, schema)
        table, done = import_module("pyarrow").Table, 0
        for batch in batches:
            if batch.num_rows:
                made = table_of_frame(table.from_batches([batch]), target, optional=True, name=path.name)
                yield made.behind(done)
                done += batch.num_rows


def _wanted(names: list[str], target: str | None, wanted: frozenset[str]) -> list[str] | None:
    """The columns to read, in the file's order; None for all."""
    return [name for name in names if name in wanted or name == target] if wanted and wanted <= set(names) else None


def _check_flat(path: Path, schema: Any) -> None:
    nested = [field.name for field in schema if field.type.num_fields and "dictionary" not in str(field.type)]
    if nested:
        raise DataError(f"{path}: the column {nested[0]!r} holds lists or records; one value per row is needed")


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    """Whatever fails in here is a file that cannot be read."""
    try:
        yield
    except ChainruleError:
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
