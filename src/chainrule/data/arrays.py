"""Files of arrays: NumPy's NPZ and NPY, and the IDX files of MNIST."""

from __future__ import annotations

import errno
import math
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data.coercion import decoded
from chainrule.data.mapped import Inputs, MappedFile, MappedRows, as_inputs
from chainrule.data.packed import unpacked
from chainrule.data.table import Table, learning_table, target_place, with_target_column
from chainrule.data.values import column_of, native
from chainrule.errors import DataError, FileError, MemoryLimitError, listed
from chainrule.memory import available, check_memory, in_bytes

Array = np.ndarray
MAPPED = 2**30  # bytes from which on an array is left in its file
SMALL = 2**24  # bytes of an array that is read whole, however little memory there is


def read_npz(path: Path, target: str | None, optional: bool) -> Table:
    """The arrays x (or X) and y (or Y, or the one named as target) of an NPZ file. Only these are read."""
    arrays = _Archive(path)
    x_name, y_name = arrays.name_of("x"), (arrays.name_of("y") or "y") if target is None else target
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
    x: Inputs | None = arrays.mapped(str(x_name)) if stays_in_file(shape, dtype) else None
    if x is None:
        check_memory(*_needed(path, str(x_name), shape, dtype))
        array = arrays.read(str(x_name))
        x = native(array.reshape(len(array), math.prod(shape[1:])))
    y = _npz_target(path, y_name, arrays.read(y_name), len(x)) if y_name in arrays.headers else None
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
                        self._check_size(info, *header[:2])
                        self.headers[info.filename.removesuffix(".npy")] = header[:2]

    def _check_size(self, info: zipfile.ZipInfo, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        size = math.prod(shape) * dtype.itemsize
        if not dtype.hasobject and not size <= info.file_size <= size + 2**16:
            raise ValueError(f"{info.filename} says {size:,} bytes of {shape} and holds {info.file_size:,}")

    def name_of(self, letter: str) -> str | None:
        """The name of the array x or y, in small letters if there are both."""
        return next((name for name in (letter, letter.upper()) if name in self.headers), None)

    def mapped(self, name: str) -> MappedRows | None:
        """The array where it is in the file; None where it is compressed, or stored column by column."""
        with self._errors(), zipfile.ZipFile(self.path) as archive:
            info = archive.getinfo(f"{name}.npy")
            if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
                return None
            with self.path.open("rb") as stream:
                stream.seek(info.header_offset + 26)  # the lengths of its name and of the field behind it
                stream.seek(sum(struct.unpack("<2H", stream.read(4))), 1)
                header = _npy_header(stream)
                if header is None or header[2]:
                    return None
                shape, dtype, _ = header
                return map_rows(self.path, stream.tell(), shape, dtype)
        raise AssertionError("an error is raised in there")

    def read(self, name: str) -> Array:
        with self._errors(), self.path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            array: Array = archive[name]
            return array
        raise AssertionError("an error is raised in there")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except MemoryLimitError:
            raise
        except Exception as error:  # a damaged archive fails in zipfile, zlib, tokenize, ast and struct alike
            what = str(error) or type(error).__name__
            raise FileError(f"cannot read {self.path}: {what}; plain arrays of numbers or texts are needed") from error


def _npy_header(stream: Any) -> tuple[tuple[int, ...], np.dtype[Any], bool] | None:
    """Shape and type of the array that a stream holds in NumPy's format, and whether it does so column by column.

    None where it holds none.
    """
    if stream.read(6) != b"\x93NUMPY":
        return None
    version = tuple(stream.read(2))
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, by_column, dtype = read(stream)
    return shape, dtype, by_column


def read_npy(path: Path, target: str | None, optional: bool) -> Table:
    """A plain array (rows, columns), as a CSV file without a header; or a structured one, whose fields are columns."""
    try:
        file = np.lib.format.open_memmap(path, mode="r")
    except Exception as error:  # objects, a file cut short, no array at all, a header with a slip
        _refuse_unmapped(path, error)
        what = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise FileError(f"cannot read {path}: {what}; a plain array of numbers is needed") from error
    plain = file.dtype.kind in "fiub" and file.ndim >= 2 and file.flags.c_contiguous
    if plain and stays_in_file(file.shape, file.dtype):
        return _npy_table(path, as_inputs(file.reshape(len(file), -1), "inputs"), target, optional)
    check_memory(*_needed(path, "its array", file.shape, file.dtype))
    array = np.array(file, subok=False)
    if array.dtype.names is not None and array.ndim == 1:
        columns = [column_of(array[name]) for name in array.dtype.names]
        return learning_table(path.name, array.dtype.names, columns, target, optional)
    if array.dtype.kind not in "fiub" or array.ndim < 2:
        raise DataError(
            f"{path} is {array.dtype} of shape {array.shape}, and rows of numbers (rows, columns) are needed"
        )
    return _npy_table(path, native(array.reshape(len(array), math.prod(array.shape[1:]))), target, optional)


def _npy_table(path: Path, array: Inputs, target: str | None, optional: bool) -> Table:
    names = [f"column {i}" for i in range(array.shape[1])]
    table = Table(path.name, names, array, None, target or "y", named=False)
    at = target_place(names, target, optional) if names else None
    return table if at is None else with_target_column(table, names[at])


def stays_in_file(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    """Whether an array is left in its file and read batch by batch: from a gigabyte on, or where memory is short."""
    numbers, free = math.prod(shape), available()
    in_all = numbers * (2 * dtype.itemsize + 8)  # it, the rows that are split off, and both as float32
    return numbers * dtype.itemsize >= MAPPED or (free is not None and in_all > free / 2 and in_all > SMALL)


def map_rows(path: Path, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> MappedRows | None:
    """An array (rows, …) of a file, from a byte on, as rows that stay in it; None where the file cannot be mapped."""
    try:
        array = np.memmap(path, dtype, "r", offset, (shape[0], math.prod(shape[1:])))
    except OSError as error:
        _refuse_unmapped(path, error)
        return None
    return MappedRows.of(MappedFile.of(array))


def _refuse_unmapped(path: Path, error: Exception) -> None:
    """Raises MemoryLimitError where a file is larger than the addresses that this process may use."""
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        size = in_bytes(path.stat().st_size)
        raise MemoryLimitError(
            f"{path} ({size}) cannot be mapped: the process may not use so many addresses (ulimit -v); raise that limit, or "
            "limit its data instead (ulimit -d), of which a mapped file is no part"
        ) from error


def _needed(path: Path, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[int, str, str]:
    size = f"{' × '.join(map(str, shape))} of {dtype}"
    return (
        2 * math.prod(shape) * dtype.itemsize,
        f"reading {name} ({size}) of {path}",
        "save it by numpy.save, or uncompressed by numpy.savez, and it stays in the file and is read batch by batch",
    )


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
