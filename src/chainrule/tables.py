"""Tables as users have them: the data sets that scikit-learn ships, CSV, NPZ and IDX files, read into columns.

read_table("digits")                          a shipped set: digits, iris, wine, breast_cancer, diabetes
read_table("flowers.csv", target="species")   a header line; the target is the last column unless named
read_table("images.npz")                      arrays x and y
read_table("train-images-idx3-ubyte.gz")      MNIST's format; the labels file is found beside it
"""

from __future__ import annotations

import csv
import gzip
import importlib.util
import io
import os
import struct
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import DataError, FileError, unknown_name

Array = np.ndarray
GAPS = {"", "na", "n/a", "nan", "null", "none", "?"}


@dataclass(frozen=True)
class Table:
    """Rows of a data set: named columns of inputs (rows, columns), numbers or texts, and a target (rows,) or (rows, k)."""

    name: str
    columns: tuple[str, ...]
    inputs: Array
    target: Array | None
    target_name: str = "y"

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, rows: Array) -> Table:
        """The table of these rows, in this order."""
        target = None if self.target is None else self.target[rows]
        return Table(self.name, self.columns, self.inputs[rows], target, self.target_name)


def read_table(source: str | os.PathLike[str], target: str | None = None, *, optional: bool = False) -> Table:
    """The table behind a name or a path (CSV, TSV, NPZ or IDX, gzipped or not), every value present and finite.

    `target` names the column to learn (in a CSV file the last one, unless named). With `optional` it may be absent, as
    in rows that are still to be predicted: then every column is an input.
    Raises FileError where there is no such file or it is not what its name says, DataError where rows are ragged, empty
    or hold gaps, with the line and the column.
    """
    text = os.fspath(source)
    if text in SHIPPED and not Path(text).exists():
        if target is not None and not optional:
            raise DataError(f"the data set {text} has its own target; --target is for CSV files")
        return SHIPPED[text]()
    path = Path(text)
    if path.is_dir():
        raise FileError(f"{path} is a folder: name a file in it (CSV, NPZ or IDX)")
    if not path.exists():
        if path.suffix:
            raise FileError(f"there is no file {path}")
        raise unknown_name("data set or file", text, SHIPPED)
    name = path.name.removesuffix(".gz")
    try:
        if name.endswith(".npz"):
            return _checked(_read_npz(path, None if optional else target))
        if "idx" in name and name.endswith("ubyte"):
            return _checked(_read_idx_pair(path))
        if name.endswith((".csv", ".tsv", ".txt")):
            return _checked(_read_csv(path, target, optional))
    except (OSError, EOFError, zipfile.BadZipFile, struct.error) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    raise FileError(f"cannot tell what {path} holds: name it .csv, .tsv, .npz, or as MNIST's files (…-idx3-ubyte)")


def _checked(table: Table) -> Table:
    if len(table) == 0:
        raise DataError(f"{table.name} holds no rows")
    if not table.columns:
        raise DataError(f"{table.name} has no column of inputs beside the target {table.target_name!r}")
    if table.inputs.dtype.kind == "f":
        _check_finite(table.name, table.inputs, table.columns)
    if table.target is not None and table.target.dtype.kind == "f":
        _check_finite(table.name, table.target.reshape(len(table), -1), (table.target_name,))
    return table


def _check_finite(name: str, values: Array, columns: Sequence[str]) -> None:
    bad = ~np.isfinite(values)
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        label = columns[min(column, len(columns) - 1)]
        raise DataError(
            f"{name}: row {row}, column {label!r} is {values[row, column]} ({int(bad.sum()):,} such values in all): "
            "fill or remove those rows; a network needs finite numbers"
        )


# CSV ----------------------------------------------------------------------------------------------------------------
def _read_csv(path: Path, target: str | None, optional: bool) -> Table:
    opener: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8-sig", newline="") as stream:
            text = stream.read()
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is not text in UTF-8 (byte {error.start:,}): is it a CSV file?") from None
    if "\0" in text:
        raise FileError(f"{path} is no text: is it a CSV file?")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(path, text))
    lines: list[list[str]] = []
    numbers: list[int] = []
    try:
        for row in reader:
            if row:
                lines.append(row)
                numbers.append(reader.line_num)
    except csv.Error as error:
        raise FileError(f"{path}, line {reader.line_num}: {error}") from None
    if not lines:
        raise DataError(f"{path} is empty: a CSV file has a header line and rows below it")
    header = [name.strip() for name in lines[0]]
    if all(_is_number(name) for name in header):
        header, first = [f"column {i}" for i in range(len(header))], 0
    else:
        first = 1
    width = len(header)
    for row, number in zip(lines[first:], numbers[first:]):
        if len(row) != width:
            raise DataError(f"{path}, line {number}: {len(row)} values where the header has {width} columns")
    if len(set(header)) < width:
        twice = next(name for name in header if header.count(name) > 1)
        raise DataError(f"{path}: two columns are named {twice!r}")
    columns = [_column(path, name, [row[i] for row in lines[first:]], numbers[first:]) for i, name in enumerate(header)]
    if optional and target not in header:
        return Table(path.name, tuple(header), _as_inputs(columns), None, target or "y")
    return _with_target(path.name, header, columns, target)


def _with_target(name: str, header: list[str], columns: list[Array], target: str | None) -> Table:
    at = len(header) - 1
    if target is not None:
        if target not in header:
            raise unknown_name("target column", target, header)
        at = header.index(target)
    kept = [i for i in range(len(header)) if i != at]
    inputs = _as_inputs([columns[i] for i in kept]) if kept else np.empty((len(columns[0]), 0))
    return Table(name, tuple(header[i] for i in kept), inputs, columns[at], header[at])


def _as_inputs(columns: list[Array]) -> Array:
    """Columns side by side: numbers if all are numbers, else an array of objects."""
    if all(column.dtype.kind == "f" for column in columns):
        return np.stack(columns, axis=1)
    inputs = np.empty((len(columns[0]), len(columns)), dtype=object)
    for place, column in enumerate(columns):
        inputs[:, place] = column
    return inputs


def _delimiter(path: Path, text: str) -> str:
    if path.name.removesuffix(".gz").endswith(".tsv"):
        return "\t"
    first = text.split("\n", 1)[0]
    return max(",;\t|", key=first.count)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _column(path: Path, name: str, values: list[str], lines: Sequence[int]) -> Array:
    try:
        return np.array(values, dtype=np.float64)
    except ValueError:
        pass
    stripped = [value.strip() for value in values]
    gaps = [i for i, value in enumerate(stripped) if value.lower() in GAPS]
    if gaps:
        raise DataError(
            f"{path}, line {lines[gaps[0]]}: the column {name!r} has no value ({stripped[gaps[0]]!r}; {len(gaps):,} such gaps "
            "in the column): fill them, or remove those lines"
        )
    strangers = [i for i, value in enumerate(stripped) if not _is_number(value)]
    if 0 < len(strangers) <= len(values) // 20:  # a column of numbers with a slip in it is no category
        at = strangers[0]
        raise DataError(
            f"{path}, line {lines[at]}: the column {name!r} holds {stripped[at]!r} among numbers: correct it or remove the line"
        )
    column = np.empty(len(values), dtype=object)
    column[:] = stripped
    return column


# NPZ and IDX --------------------------------------------------------------------------------------------------------
def _read_npz(path: Path, target: str | None) -> Table:
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except ValueError as error:
        raise FileError(f"{path}: {error}: an NPZ file of plain arrays is needed") from None
    y_name = target or "y"
    if "x" not in arrays:
        raise DataError(
            f"{path} holds the arrays {', '.join(arrays) or 'none'}: needed are x (rows, inputs) and {y_name}"
        )
    if target is not None and target not in arrays:
        raise unknown_name("target array", target, arrays)
    x, y = arrays["x"], arrays.get(y_name)
    if x.dtype.kind not in "fiub" or x.ndim < 2:
        raise DataError(f"{path}: x is {x.dtype} of shape {x.shape}, and rows of numbers (rows, inputs) are needed")
    if y is not None and len(y) != len(x):
        raise DataError(f"{path}: x has {len(x):,} rows and {y_name} has {len(y):,}")
    if y is not None and y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y is not None and y.dtype.kind == "c":
        raise DataError(f"{path}: {y_name} is complex; targets are numbers or labels")
    x = x.reshape(len(x), -1)
    x = x if x.dtype.kind == "f" else x.astype(np.float64)
    return Table(path.name, tuple(f"x{i}" for i in range(x.shape[1])), x, y, y_name)


def _read_idx(path: Path) -> Array:
    opener: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as stream:
        content = stream.read()
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise FileError(f"{path} is no IDX file of bytes: it must begin with 00 00 08")
    rank = content[3]
    sizes = struct.unpack_from(f">{rank}I", content, 4)
    expected = int(np.prod(sizes, dtype=np.int64))
    body = content[4 + 4 * rank :]
    if len(body) != expected:
        raise FileError(f"{path} says {'×'.join(map(str, sizes))} = {expected:,} bytes and holds {len(body):,}")
    return np.frombuffer(body, np.uint8).reshape(sizes)


def _read_idx_pair(path: Path) -> Table:
    if "labels" in path.name:
        raise FileError(f"{path} holds labels: name the images file beside it")
    images = _read_idx(path)
    inputs = images.reshape(len(images), -1).astype(np.float32)
    names = tuple(f"pixel {i}" for i in range(inputs.shape[1]))
    beside = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1"))
    options = [beside, beside.with_suffix("") if beside.suffix == ".gz" else beside.with_name(beside.name + ".gz")]
    found = next((option for option in options if option.exists() and option != path), None)
    if found is None:
        return Table(path.name, names, inputs, None, "label")
    labels = _read_idx(found)
    if len(labels) != len(inputs):
        raise DataError(f"{path} holds {len(inputs):,} images and {found} {len(labels):,} labels")
    return Table(path.name, names, inputs, labels.astype(np.int64), "label")


# shipped with scikit-learn, read without importing it ---------------------------------------------------------------
def _shipped_file(name: str) -> Path:
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise FileError(
            "the shipped data sets come with scikit-learn, which is not installed: pip install scikit-learn"
        )
    path = Path(spec.origin).parent / "datasets" / "data" / name
    if not path.exists():
        raise FileError(f"this scikit-learn does not ship {name}: install scikit-learn 1.6 or newer")
    return path


def _digits() -> Table:
    with gzip.open(_shipped_file("digits.csv.gz"), "rt") as stream:
        numbers = np.loadtxt(stream, delimiter=",", dtype=np.float64)
    names = tuple(f"pixel {i}" for i in range(64))
    return Table("digits", names, numbers[:, :64], numbers[:, 64].astype(np.int64), "digit")


def _headed(file: str, name: str, target_name: str, features: Sequence[str] | None) -> Table:
    """A file whose first line says: rows, columns, names of the classes."""
    with _shipped_file(file).open(encoding="utf-8") as stream:
        _, columns, *classes = stream.readline().strip().split(",")
        numbers = np.loadtxt(stream, delimiter=",", dtype=np.float64)
    count = int(columns)
    names = tuple(features or (f"x{i}" for i in range(count)))
    labels = np.array(classes, dtype=object)[numbers[:, count].astype(np.int64)]
    return Table(name, names, numbers[:, :count], labels, target_name)


def _iris() -> Table:
    return _headed("iris.csv", "iris", "species", ("sepal length", "sepal width", "petal length", "petal width"))


def _wine() -> Table:
    return _headed("wine_data.csv", "wine", "cultivar", None)


def _breast_cancer() -> Table:
    return _headed("breast_cancer.csv", "breast_cancer", "diagnosis", None)


def _diabetes() -> Table:
    with gzip.open(_shipped_file("diabetes_data_raw.csv.gz"), "rt") as stream:
        inputs = np.loadtxt(stream, dtype=np.float64)
    with gzip.open(_shipped_file("diabetes_target.csv.gz"), "rt") as stream:
        target = np.loadtxt(stream, dtype=np.float64)
    names = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")
    return Table("diabetes", names, inputs, target, "progression")


SHIPPED: dict[str, Callable[[], Table]] = {
    "digits": _digits,
    "iris": _iris,
    "wine": _wine,
    "breast_cancer": _breast_cancer,
    "diabetes": _diabetes,
}
