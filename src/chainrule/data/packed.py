"""Files packed by gzip or ZIP: what is in them, and how large it is."""

from __future__ import annotations

import gzip
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from chainrule.errors import FileError, listed

DAMAGED = (zipfile.BadZipFile, zlib.error, ValueError, struct.error, EOFError)


def unpacked(path: Path) -> bytes:
    """The bytes of a file, or of the one file of rows that is packed in it (.gz, .zip)."""
    with opened(path) as stream:
        return stream.read()


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The same as a stream, which may be read in parts."""
    if path.suffix.lower() == ".zip":
        with _unzipped(path) as stream:
            yield stream
        return
    opener: Callable[..., Any] = gzip.open if path.suffix.lower() == ".gz" else open
    with opener(path, "rb") as stream:
        yield stream


@contextmanager
def _unzipped(path: Path) -> Iterator[IO[bytes]]:
    with _archive(path) as archive:
        names = [name for name in archive.namelist() if name.lower().endswith((".csv", ".tsv", ".txt"))]
        names = [name for name in names if not name.startswith("__MACOSX/")]
        if len(names) != 1:
            found = listed(names, 8) or "none"
            raise FileError(
                f"{path} must hold one file of rows (.csv, .tsv or .txt) and holds {found}: unpack it first"
            )
        try:
            with archive.open(names[0]) as stream:
                yield stream
        except (*DAMAGED, RuntimeError, NotImplementedError) as error:  # with a password; packed in another way
            raise FileError(f"cannot read {names[0]} in {path}: {error}") from error


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    if not zipfile.is_zipfile(path):
        raise FileError(f"{path} is not a ZIP file, or is damaged")
    try:
        archive = zipfile.ZipFile(path)
    except DAMAGED as error:
        raise FileError(f"{path} is a damaged ZIP file: {error}") from error
    with archive:
        yield archive


def unpacked_size(path: Path) -> int:
    """How many bytes the compressed parts of an NPZ or ZIP file hold once they are unpacked; 0 for any other file."""
    if path.suffix.lower() not in (".npz", ".zip") or not path.is_file() or not zipfile.is_zipfile(path):
        return 0
    with suppress(FileError), _archive(path) as archive:
        return sum(info.file_size for info in archive.infolist() if info.compress_type != zipfile.ZIP_STORED)
    return 0
