"""Files of arrays: NumPy's NPZ, and the IDX files of MNIST."""

from __future__ import annotations

import gzip
import math
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import DataError, FileError
from chainrule.tables.columns import native
from chainrule.tables.table import Table

Array = np.ndarray


def read_npz(path: Path, target: str | None, optional: bool) -> Table:
    y_name = target or "y"
    if y_name == "x":
        raise DataError(f"{path}: x holds the inputs, and cannot be the target too")
    arrays = _npz_arrays(path, "x", *([] if optional or target is None else [target]))
    x, y = arrays["x"], arrays.get(y_name)
    if x.dtype.kind not in "fiub" or x.ndim < 2:
        raise DataError(f"{path}: x is {x.dtype} of shape {x.shape}, and rows of numbers (rows, inputs) are needed")
    if y is not None:
        y = _npz_target(path, y_name, y, len(x))
    x = native(x.reshape(len(x), math.prod(x.shape[1:])))
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


def read_idx_pair(path: Path) -> Table:
    if "labels" in path.name:
        raise FileError(f"{path} holds labels: name the images file beside it")
    images = _read_idx(path, "images", (2, 3, 4))
    inputs = images.reshape(len(images), math.prod(images.shape[1:]))
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
