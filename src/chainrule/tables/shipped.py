"""The data sets that come with scikit-learn, read without importing it."""

from __future__ import annotations

import gzip
import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from chainrule.errors import FileError
from chainrule.tables.table import Table


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
