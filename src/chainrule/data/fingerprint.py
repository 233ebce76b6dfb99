"""The fingerprint of a data set: whether it is the one that a run began with."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from chainrule.data.dataset import Dataset
from chainrule.data.mapped import MappedRows

Array = np.ndarray
CHUNK = 2**22  # bytes that are hashed at a time


def fingerprint(data: Dataset) -> str:
    """SHA-256, in hexadecimal, over the inputs, targets and weights: their values, types, shapes and order of rows.

    It is the same for equal rows wherever they lie (in memory, in a file, in any memory layout), and another one as soon as
    one bit of them differs. How the rows came about from a user's table, and the name of the set, are no part of it. Inputs
    in a memory-mapped file are those of the file, read in its order, with the numbers of the rows and how they are scaled.
    """
    digest = hashlib.sha256()
    if isinstance(data.inputs, MappedRows):
        _add_mapped(digest, data.inputs, data)
        arrays: tuple[Array | None, ...] = (data.targets, data.weights)
    else:
        arrays = (data.inputs, data.targets, data.weights)
    for array in arrays:
        _add(digest, array)
    return digest.hexdigest()


def _add_mapped(digest: Any, rows: MappedRows, data: Dataset) -> None:
    terms = None if data.preprocessing is None or not rows.steps else data.preprocessing.to_json()
    digest.update(f"mapped {rows.file.content} {rows.shape} {rows.dtype.str} {json.dumps(terms)};".encode())
    _add(digest, rows.numbers)


def _add(digest: Any, array: Array | None) -> None:
    if array is None:
        digest.update(b"none;")
        return
    texts = array.dtype.kind == "U"  # an array of texts is as wide as its longest: the texts themselves count
    kind = "texts" if texts else array.dtype.newbyteorder("<").str
    digest.update(f"{kind} {array.shape};".encode())
    rows = max(1, CHUNK // max(array[:1].nbytes, 1))
    for start in range(0, len(array), rows):
        part = array[start : start + rows]
        digest.update(json.dumps(part.tolist()).encode() if texts else _bytes(part))


def _bytes(part: Array) -> memoryview | bytes:
    """The values in rows, lowest byte first."""
    return np.ascontiguousarray(part, part.dtype.newbyteorder("<")).tobytes()
