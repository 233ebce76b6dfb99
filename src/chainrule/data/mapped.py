"""Rows of a memory-mapped file, read as they are asked for: a batch at a time, so that the file may be larger than memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from chainrule.data.coercion import as_array
from chainrule.errors import DataError, FileError

Array = np.ndarray
Step = Callable[[Array], Array]  # of rows (rows, columns)
CHUNK = 2**20  # bytes that are read at a time


@dataclass(frozen=True, eq=False)
class MappedFile:
    """An array (rows, columns) of numbers in a file, and how the file was when it was mapped."""

    values: Array
    path: Path | None
    mapping: Any  # the mmap object below the values
    size: int  # of the file, in bytes
    stamp: tuple[int, int, int, int] | None

    @classmethod
    def of(cls, array: np.memmap) -> MappedFile:
        """The file below an array that numpy.load(path, mmap_mode="r") or numpy.memmap gave, or below a part of one."""
        path = None if array.filename is None else Path(array.filename)
        mapping: Any = array._mmap  # type: ignore[attr-defined]  # the only way to its length now
        return cls(np.asarray(array), path, mapping, mapping.size(), None if path is None else stamp_of(path))

    def read(self, rows: Array | slice) -> Array:
        """These rows of the file, in the order that is given. Raises FileError where the file was changed meanwhile."""
        self.check()
        return self.values[rows]

    def check(self) -> None:
        """Raises FileError where the file was written to after it was mapped. One that was replaced is still mapped whole."""
        now = None if self.path is None else stamp_of(self.path)
        shorter = self.mapping.size() < self.size
        if shorter or (now is not None and self.stamp is not None and now[:2] == self.stamp[:2] and now != self.stamp):
            what = (
                f"is cut short: it had {self.size:,} bytes, and has {self.mapping.size():,}"
                if shorter
                else "was changed"
            )
            raise FileError(
                f"{self.path or 'the memory-mapped file'} {what} while its rows were read. Take a copy to which nothing else "
                "is written, and begin again"
            )

    @cached_property
    def is_finite(self) -> bool:
        """Whether no value is NaN or infinite: one pass over the file, unless it holds whole numbers."""
        return self.values.dtype.kind != "f" or all(np.isfinite(part).all() for part in MappedRows.of(self).chunks())

    @cached_property
    def content(self) -> str:
        """SHA-256 over the values, in hexadecimal, with their shape and type."""
        digest = hashlib.sha256(f"{self.values.shape} {self.values.dtype.str};".encode())
        for part in MappedRows.of(self).chunks():
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()


@dataclass(frozen=True, eq=False, repr=False)
class MappedRows:
    """Rows (rows, columns) of a mapped file, in any order, and made into others by `steps`; x[3:7] and x[[5, 2]] are arrays.

    `taken` and `then` give another view and read nothing. `numpy.asarray` reads all of it.
    """

    file: MappedFile
    width: int
    dtype: np.dtype[Any]
    numbers: Array | None = None  # of the rows in the file; None for all, in order
    steps: tuple[Step, ...] = ()
    ndim: ClassVar[int] = 2

    @classmethod
    def of(cls, file: MappedFile) -> MappedRows:
        """All rows of a file as they are."""
        return cls(file, file.values.shape[1], _native(file.values.dtype))

    def __len__(self) -> int:
        return len(self.file.values) if self.numbers is None else len(self.numbers)

    def __repr__(self) -> str:
        return f"<{len(self):,} rows of {self.width:,} from {self.file.path or 'a mapped file'}>"

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return len(self), self.width

    @property
    def size(self) -> int:
        """How many numbers these are."""
        return len(self) * self.width

    def __getitem__(self, rows: Array | slice | int) -> Array:
        if isinstance(rows, (int, np.integer)):
            return np.asarray(self[range(len(self))[rows] : range(len(self))[rows] + 1][0])
        part = self.file.read(rows if self.numbers is None else self.numbers[rows])
        part = part.astype(_native(part.dtype), copy=False)
        for step in self.steps:
            part = step(part)
        return part.astype(self.dtype, copy=False)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        return np.array(self[:], dtype=dtype)

    def taken(self, rows: Array | slice) -> MappedRows:
        """The view of these rows: numbers, truth values or a slice."""
        every = np.arange(len(self)) if self.numbers is None else self.numbers
        return replace(self, numbers=every[rows])

    def then(self, step: Step, width: int, dtype: Any) -> MappedRows:
        """The view in which each row that is read goes through one more step, which makes so many columns of this type."""
        return replace(self, steps=(*self.steps, step), width=width, dtype=np.dtype(dtype))

    def astype(self, dtype: Any) -> MappedRows:
        """The same rows in another type."""
        return replace(self, dtype=np.dtype(dtype))

    def in_file_order(self) -> MappedRows:
        """The same rows as they follow one another in the file, which is how a disk reads them fastest."""
        return self if self.numbers is None else replace(self, numbers=np.sort(self.numbers))

    def chunks(self) -> Iterator[Array]:
        """The rows in order, a few megabytes at a time."""
        width = max(self.width, self.file.values.shape[1]) * max(self.dtype.itemsize, self.file.values.itemsize)
        rows = max(1, CHUNK // max(width, 1))
        for start in range(0, len(self), rows):
            yield self[start : start + rows]

    def column(self, place: int) -> Array:
        """All values of one column (rows,)."""
        return np.concatenate([part[:, place].copy() for part in self.chunks()])

    def check_finite(self, what: str) -> None:
        """Raises DataError with a row and column that hold NaN or an infinity."""
        if self.steps or self.file.is_finite:
            return
        before = 0
        for part in self.chunks():
            if not np.isfinite(part).all():
                row, column = np.argwhere(~np.isfinite(part))[0].tolist()
                raise DataError(
                    f"row {before + row:,}, column {column} of the {what} is {part[row, column]}: fill or remove such rows; a "
                    "network needs finite numbers"
                )
            before += len(part)


Inputs = Array | MappedRows


def as_inputs(given: Any, what: str, *, gaps: bool = False) -> Inputs:
    """Rows that were given as an array; those of a memory-mapped file stay in it."""
    if isinstance(given, MappedRows):
        return given
    if isinstance(given, np.memmap) and given.ndim == 2 and given.dtype.kind in "fiub" and given.size:
        return MappedRows.of(MappedFile.of(given))
    return as_array(given, what, gaps=gaps)


def taken(inputs: Inputs, rows: Array | slice) -> Inputs:
    """These rows: of an array a copy, of a mapped file a view."""
    return inputs.taken(rows) if isinstance(inputs, MappedRows) else inputs[rows]


def in_memory(given: Any) -> Any:
    """What was given; a copy of it where it is memory-mapped."""
    return np.array(given, subok=False) if isinstance(given, np.memmap) else given


def _native(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type that this machine computes in."""
    return np.dtype({"e": np.float32, "g": np.float64}.get(dtype.char, dtype.newbyteorder("=")))


def stamp_of(path: Path) -> tuple[int, int, int, int] | None:
    """Which file it is, its size and when it was last written to; None where it is not there any more."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
