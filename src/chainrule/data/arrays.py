"""Files of arrays: NumPy's NPZ and NPY, and the IDX files of MNIST."""

from __future__ import annotations

import math
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data.coercion import decoded
from chainrule.data.packed import unpacked
from chainrule.data.table import Table, learning_table, target_place, with_target_column
from chainrule.data.values import column_of, native
from chainrule.errors import DataError, FileError, listed

Array = np.ndarray


def read_npz(path: Path, target: str | None, optional: bool) -> Table:
    """The arrays x (or X) and y (or Y, or the one named as target) of an NPZ file. Only these are read."""
    arrays = _Archive(path)
    x_name, y_name = arrays.name_of("x"), target or arrays.name_of("y") or "y"
    if y_name == x_name and x_name is not None:
        raise DataError(f"{path}: {x_name} holds the inputs, and cannot be the target too")
    for name, needed in ((x_name, "x"), (y_name, y_name)):
        if name not in arrays.headers and (needed == "x" or not (optional or target is None)):
            raise DataError(
                f"{path} has no array {needed!r} among {listed(arrays.headers) or 'none'}: needed are x (rows, inputs) and, "
                "to learn, y or the array named as target"
            )
    shape, dtype = arrays.headers[str(x_name)]
    if dtype.kind not in "fiub" or len(shape) < 2:
        raise DataError(f"{path}: {x_name} is {dtype} of shape {shape}, and rows of numbers (rows, inputs) are needed")
    x = arrays.read(str(x_name))
    y = _npz_target(path, y_name, arrays.read(y_name), len(x)) if y_name in arrays.headers else None
    x = native(x.reshape(len(x), math.prod(x.shape[1:])))
    return Table(path.name, [f"x{i}" for i in range(x.shape[1])], x, y, y_name, named=False)


class _Archive:
    """An NPZ file: the shape and type of each array, known before any of them is read. Pickles are never read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not zipfile.is_zipfile(path):
            raise FileError(f"{path} is not an NPZ file, or is damaged: numpy.savez(path, x=x, y=y) writes them")
        self.headers: dict[str, tuple[tuple[int, ...], np.dtype[Any]]] = {}
        with self._errors(), zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.filename.endswith(".npy"):  # not other files in it
                    with archive.open(info) as stream:
                        header = _npy_header(stream)
                    if header is not None:
                        self._check_size(info, *header)
                        self.headers[info.filename.removesuffix(".npy")] = header

    def _check_size(self, info: zipfile.ZipInfo, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        size = math.prod(shape) * dtype.itemsize
        if not dtype.hasobject and not size <= info.file_size <= size + 2**16:
            raise ValueError(f"{info.filename} says {size:,} bytes of {shape} and holds {info.file_size:,}")

    def name_of(self, letter: str) -> str | None:
        """The name of the array x or y, in small letters if there are both."""
        return next((name for name in (letter, letter.upper()) if name in self.headers), None)

    def read(self, name: str) -> Array:
        with self._errors(), self.path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            array: Array = archive[name]
            return array
        raise AssertionError("an error is raised in there")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # a damaged archive fails in zipfile, zlib, tokenize, ast and struct alike
            what = str(error) or type(error).__name__
            raise FileError(f"cannot read {self.path}: {what}; plain arrays of numbers or texts are needed") from error


def _npy_header(stream: Any) -> tuple[tuple[int, ...], np.dtype[Any]] | None:
    """Shape and type of the array that a stream holds in NumPy's format; None where it holds none."""
    if stream.read(6) != b"\x93NUMPY":
        return None
    version = tuple(stream.read(2))
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(stream)
    return shape, dtype


def read_npy(path: Path, target: str | None, optional: bool) -> Table:
    """A plain array (rows, columns), as a CSV file without a header; or a structured one, whose fields are columns."""
    try:
        array = np.array(np.load(path, mmap_mode="r", allow_pickle=False))
    except (ValueError, EOFError) as error:  # objects, a file cut short, no array at all
        raise FileError(f"cannot read {path}: {error}; a plain array of numbers is needed") from error
    if array.dtype.names is not None and array.ndim == 1:
        columns = [column_of(array[name]) for name in array.dtype.names]
        return learning_table(path.name, array.dtype.names, columns, target, optional)
    if array.dtype.kind not in "fiub" or array.ndim < 2:
        raise DataError(
            f"{path} is {array.dtype} of shape {array.shape}, and rows of numbers (rows, columns) are needed"
        )
    array = native(array.reshape(len(array), math.prod(array.shape[1:])))
    names = [f"column {i}" for i in range(array.shape[1])]
    table = Table(path.name, names, array, None, target or "y", named=False)
    at = target_place(names, target, optional) if names else None
    return table if at is None else with_target_column(table, names[at])


def _npz_target(path: Path, name: str, y: Array, rows: int) -> Array:
    y = decoded(y, f"{path}: {name}")
    if y.dtype.kind not in "fiubU":
        raise DataError(f"{path}: {name} is {y.dtype}, and targets are numbers, truth values or texts")
    if y.ndim not in (1, 2) or len(y) != rows or 0 in y.shape[1:]:
        raise DataError(
            f"{path}: x has {rows:,} rows, and {name} the shape {y.shape}: needed is ({rows},) or ({rows}, k)"
        )
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y


def _read_idx(path: Path, what: str, ranks: tuple[int, ...]) -> Array:
    content = unpacked(path)
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise FileError(f"{path} is not an IDX file of bytes: it must begin with 00 00 08")
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
        return Table(path.name, names, inputs, None, "label", named=False)
    labels = _read_idx(found, "labels", (1,))
    if len(labels) != len(inputs):
        raise DataError(f"{path} holds {len(inputs):,} images and {found} {len(labels):,} labels")
    return Table(path.name, names, inputs, labels.astype(np.int64), "label", named=False)
