"""Tables as users have them: the data sets that scikit-learn ships, CSV, NPZ and IDX files, read into columns.

read_table("digits")                          a shipped set: digits, iris, wine, breast_cancer, diabetes
read_table("flowers.csv", target="species")   a header line; the target is the last column unless named; a first line
                                              of numbers alone is data, and the columns are called column 0, column 1 …
read_table("images.npz")                      arrays x and y
read_table("train-images-idx3-ubyte.gz")      MNIST's format; the labels file is found beside it
"""

from __future__ import annotations

import csv
import gzip
import importlib.util
import io
import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import ChainruleError, DataError, FileError, ShapeError, unknown_name
from chainrule.files import as_path

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

    def __post_init__(self) -> None:
        if self.inputs.ndim != 2 or self.inputs.shape[1] != len(self.columns):
            raise ShapeError(
                f"{self.name}: {len(self.columns)} columns need inputs (rows, {len(self.columns)}), got {self.inputs.shape}"
            )
        if self.target is not None and (self.target.ndim not in (1, 2) or len(self.target) != len(self.inputs)):
            raise ShapeError(
                f"{self.name}: {len(self.inputs):,} rows need a target (rows,) or (rows, k), got {self.target.shape}"
            )

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
    path = as_path(source)
    try:
        return _checked(_read(path, target, optional))
    except ChainruleError:
        raise
    except (OSError, EOFError, zlib.error) as error:
        raise FileError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def _read(path: Path, target: str | None, optional: bool) -> Table:
    name = path.name.lower().removesuffix(".gz")
    if str(path) in SHIPPED and not path.exists():
        return _with_its_own_target(SHIPPED[str(path)](), None if optional else target)
    if path.is_dir():
        raise FileError(f"{path} is a folder: name a file in it (CSV, NPZ or IDX)")
    if not path.exists():
        raise (
            FileError(f"there is no file {path}")
            if path.suffix or len(path.parts) > 1
            else unknown_name("data set or file", str(path), SHIPPED)
        )
    if name.endswith(".npz"):
        return _read_npz(path, target, optional)
    if "idx" in name and name.endswith("ubyte"):
        return _with_its_own_target(_read_idx_pair(path), None if optional else target)
    if name.endswith((".csv", ".tsv", ".txt")):
        return _read_csv(path, target, optional)
    if name.endswith(".safetensors"):
        raise FileError(
            f"{path} is a model, and a data set is needed here: a CSV, NPZ or IDX file, or {', '.join(SHIPPED)}"
        )
    raise FileError(f"cannot tell what {path} holds: name it .csv, .tsv, .npz, or as MNIST's files (…-idx3-ubyte)")


def _with_its_own_target(table: Table, target: str | None) -> Table:
    if target not in (None, table.target_name):
        raise DataError(f"{table.name} brings its own target, {table.target_name!r}, and {target!r} is none of it")
    return table


def _checked(table: Table) -> Table:
    if len(table) == 0:
        raise DataError(f"{table.name} holds no rows")
    if not table.columns:
        raise DataError(
            f"{table.name} has no column of inputs beside the target {table.target_name!r}; commas, semicolons, tabs or | "
            "separate the columns of a text file"
        )
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
    rows, numbers = _rows(path, _text(path))
    header, first = _header(path, rows)
    rows, numbers = rows[first:], numbers[first:]
    for row, number in zip(rows, numbers):
        if len(row) != len(header):
            raise DataError(
                f"{path}, line {number}: the number of values is {len(row)}, and the first line has {len(header)}"
            )
    cells = [[row[i] for row in rows] for i in range(len(header))]
    if optional and target in header and all(map(_is_gap, cells[header.index(target)])):
        at = header.index(target)  # an empty column for the answers to come
        header, cells = header[:at] + header[at + 1 :], cells[:at] + cells[at + 1 :]
    columns = [_column(path, name, values, numbers, optional) for name, values in zip(header, cells)]
    if optional and target not in header:
        return Table(path.name, tuple(header), _as_inputs(columns, len(rows)), None, target or "y")
    return _with_target(path.name, header, columns, target)


def _text(path: Path) -> str:
    opener: Callable[..., Any] = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8-sig", newline="") as stream:
            text: str = stream.read()
    except UnicodeDecodeError as error:
        raise FileError(
            f"{path} is no text in UTF-8 (byte {error.start:,}): if it is a CSV file, save it in UTF-8"
        ) from None
    if "\0" in text:
        raise FileError(f"{path} is no text, for it holds the character 0: is it a CSV file?")
    return text


def _rows(path: Path, text: str) -> tuple[list[list[str]], list[int]]:
    """The rows of a text, without the empty ones, and the line on which each ends."""
    stream = io.StringIO(text, newline="")
    reader = csv.reader(stream, delimiter=_delimiter(path, text), skipinitialspace=True, strict=True)
    rows: list[list[str]] = []
    numbers: list[int] = []
    try:
        for row in reader:
            if row:
                rows.append(row)
                numbers.append(reader.line_num)
    except csv.Error as error:
        raise FileError(f"{path}, line {reader.line_num}: {error}; is a quotation mark left open?") from None
    if not rows:
        raise DataError(f"{path} is empty: a CSV file has a header line and rows below it")
    return rows, numbers


def _header(path: Path, rows: list[list[str]]) -> tuple[list[str], int]:
    """The names of the columns, and which row is the first with data."""
    names = [name.strip() for name in rows[0]]
    kinds = [_is_number(name) for name in names]
    if all(kinds):
        return [f"column {i}" for i in range(len(names))], 0
    if any(kinds) and len(rows) > 1 and kinds == [_is_number(value) for value in rows[1]]:
        raise DataError(
            f"{path}: the first line ({', '.join(names[:8])}) looks like the rows below it: put a line above it that names "
            "the columns, or, if it is that line, give them names that are no numbers"
        )
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{path}: two columns are named {twice!r}")
    return names, 1


def _with_target(name: str, header: list[str], columns: list[Array], target: str | None) -> Table:
    at = len(header) - 1
    if target is not None:
        if target not in header:
            raise unknown_name("target column", target, header)
        at = header.index(target)
    kept = [i for i in range(len(header)) if i != at]
    inputs = _as_inputs([columns[i] for i in kept], len(columns[at]))
    return Table(name, tuple(header[i] for i in kept), inputs, columns[at], header[at])


def _as_inputs(columns: list[Array], rows: int) -> Array:
    """Columns side by side: numbers if all are numbers, else an array of objects."""
    numbers = all(column.dtype.kind == "f" for column in columns)
    inputs = np.empty((rows, len(columns)), dtype=np.float64 if numbers else object)
    for place, column in enumerate(columns):
        inputs[:, place] = column
    return inputs


def _delimiter(path: Path, text: str) -> str:
    """The separator that the first line holds most often, outside of quotation marks."""
    if path.name.lower().removesuffix(".gz").endswith(".tsv"):
        return "\t"
    first = re.search(r"[^\r\n]+", text)
    bare = re.sub(r'"[^"]*"', "", first.group()) if first else ""
    return max(",;\t|", key=bare.count)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_gap(text: str) -> bool:
    return text.strip().lower() in GAPS


def _column(path: Path, name: str, values: list[str], lines: Sequence[int], optional: bool) -> Array:
    """A column of numbers, or of texts where they are meant as texts. Raises DataError for gaps and slips, with the line."""
    try:
        numbers = np.array(values, dtype=np.float64)
    except ValueError:
        numbers = None
    if numbers is not None and np.isfinite(numbers).all():
        return numbers
    _refuse_gaps(path, name, values, lines)
    if numbers is not None:
        at = int(np.argmin(np.isfinite(numbers)))
        raise DataError(f"{path}, line {lines[at]}: the column {name!r} holds {values[at].strip()!r}, no finite number")
    stripped = [value.strip() for value in values]
    if not optional:  # else the network says what it misses, for it knows what the column held in training
        _refuse_slips(path, name, stripped, lines)
    column = np.empty(len(values), dtype=object)
    column[:] = stripped
    return column


def _refuse_gaps(path: Path, name: str, values: list[str], lines: Sequence[int]) -> None:
    gaps = [i for i, value in enumerate(values) if _is_gap(value)]
    if gaps:
        cure = "remove the column" if len(gaps) == len(values) else "fill them, or remove those lines"
        raise DataError(
            f"{path}, line {lines[gaps[0]]}: the column {name!r} has no value ({values[gaps[0]].strip()!r}; {len(gaps):,} such "
            f"gaps in the column): {cure}"
        )


def _refuse_slips(path: Path, name: str, values: list[str], lines: Sequence[int]) -> None:
    """A column of numbers with a slip in it, or of numbers written in another way, is no category."""
    strangers = [i for i, value in enumerate(values) if not _is_number(value)]
    where = f"{path}, line {lines[strangers[0]]}: the column {name!r} holds {values[strangers[0]]!r}"
    if all(_is_number(values[i].replace(",", "").rstrip("%")) for i in strangers):  # 1,5 and 1,000 and 12%
        raise DataError(f"{where}: write numbers with a point, and without commas and %, as 1.5 or 1000")
    if len(strangers) <= max(1, len(values) // 20) and 2 * len(strangers) < len(values):
        raise DataError(f"{where} among numbers: correct it or remove the line; a category has texts throughout")


# NPZ and IDX --------------------------------------------------------------------------------------------------------
def _read_npz(path: Path, target: str | None, optional: bool) -> Table:
    y_name = target or "y"
    if y_name == "x":
        raise DataError(f"{path}: x holds the inputs, and cannot be the target too")
    arrays = _npz_arrays(path, "x", *([] if optional or target is None else [target]))
    x, y = arrays["x"], arrays.get(y_name)
    if x.dtype.kind not in "fiub" or x.ndim < 2:
        raise DataError(f"{path}: x is {x.dtype} of shape {x.shape}, and rows of numbers (rows, inputs) are needed")
    if y is not None:
        y = _npz_target(path, y_name, y, len(x))
    x = x.reshape(len(x), math.prod(x.shape[1:]))
    if x.dtype not in (np.float32, np.float64):
        with np.errstate(over="ignore"):  # of a long double, refused in words as an infinity
            x = x.astype(np.float64)
    return Table(path.name, tuple(f"x{i}" for i in range(x.shape[1])), x, y, y_name)


def _npz_arrays(path: Path, *needed: str) -> dict[str, Array]:
    """Every array of the file. Pickles are never read."""
    if not zipfile.is_zipfile(path):
        raise FileError(f"{path} is no NPZ file, or a damaged one: numpy.savez(path, x=x, y=y) writes them")
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except Exception as error:  # a damaged archive fails in zipfile, zlib, tokenize, ast and struct alike
        what = str(error) or type(error).__name__
        raise FileError(f"cannot read {path}: {what}; plain arrays of numbers or texts are needed") from error
    arrays = {name: array for name, array in arrays.items() if isinstance(array, np.ndarray)}  # not other files in it
    for name in needed:
        if name not in arrays:
            raise DataError(
                f"{path} has no array {name!r} among {', '.join(arrays) or 'none'}: needed are x (rows, inputs) and, to learn, "
                "y or the array named as target"
            )
    return arrays


def _npz_target(path: Path, name: str, y: Array, rows: int) -> Array:
    if y.dtype.kind == "S":
        try:
            y = np.strings.decode(y, "utf-8")
        except UnicodeDecodeError:
            raise DataError(f"{path}: {name} holds bytes that are no text in UTF-8") from None
    if y.dtype.kind not in "fiubU":
        raise DataError(f"{path}: {name} is {y.dtype}, and targets are numbers, truth values or texts")
    if y.ndim not in (1, 2) or len(y) != rows or 0 in y.shape[1:]:
        raise DataError(
            f"{path}: x has {rows:,} rows, and {name} the shape {y.shape}: needed is ({rows},) or ({rows}, k)"
        )
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y


def _read_idx(path: Path, what: str, ranks: tuple[int, ...]) -> Array:
    opener: Callable[..., Any] = gzip.open if path.suffix.lower() == ".gz" else open
    with opener(path, "rb") as stream:
        content = stream.read()
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise FileError(f"{path} is no IDX file of bytes: it must begin with 00 00 08")
    rank = content[3]
    if rank not in ranks:
        raise FileError(f"{path} holds an array of {rank} dimensions, and {what} have {' or '.join(map(str, ranks))}")
    if len(content) < 4 + 4 * rank:
        raise FileError(f"{path} ends in the middle of its first {4 + 4 * rank} bytes, which give its size")
    sizes = struct.unpack_from(f">{rank}I", content, 4)
    expected = math.prod(sizes)
    body = content[4 + 4 * rank :]
    if len(body) != expected:
        raise FileError(f"{path} says {'×'.join(map(str, sizes))} = {expected:,} bytes and holds {len(body):,}")
    return np.frombuffer(body, np.uint8).reshape(sizes)


def _read_idx_pair(path: Path) -> Table:
    if "labels" in path.name:
        raise FileError(f"{path} holds labels: name the images file beside it")
    images = _read_idx(path, "images", (2, 3, 4))
    inputs = images.reshape(len(images), math.prod(images.shape[1:])).astype(np.float32)
    names = tuple(f"pixel {i}" for i in range(inputs.shape[1]))
    beside = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1"))
    options = [beside, beside.with_suffix("") if beside.suffix == ".gz" else beside.with_name(beside.name + ".gz")]
    found = next((option for option in options if option.exists() and option != path), None)
    if found is None:
        return Table(path.name, names, inputs, None, "label")
    labels = _read_idx(found, "labels", (1,))
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
