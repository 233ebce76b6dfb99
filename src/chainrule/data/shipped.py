"""The five data sets that come with the package; sets/README.md tells their sources."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from chainrule.data.packed import unpacked
from chainrule.data.table import Table

SHIPPED: dict[str, type] = {  # what is learnt from each: a whole number, a text or a number
    "digits": np.int64,
    "iris": object,
    "wine": object,
    "breast_cancer": object,
    "diabetes": np.float64,
}


def shipped(name: str) -> Table:
    """The set of this name, one of `SHIPPED`: inputs (rows, columns) in float64; the target is the last column of its file."""
    path = Path(__file__).parent / "sets" / f"{name}.csv.gz"
    header, *lines = unpacked(path).decode().splitlines()
    *columns, target = header.split(",")
    inputs = np.loadtxt(lines, delimiter=",", usecols=range(len(columns)))
    answers = [line.rpartition(",")[2] for line in lines]
    return Table(name, columns, inputs, np.array(answers, dtype=SHIPPED[name]), target)
