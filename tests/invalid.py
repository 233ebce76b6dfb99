"""What is invalid by construction: a case is a line or a call, the files it needs, and the reason why it is invalid."""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Put = bytes | Callable[[Path], object]  # a file's content, or what makes something else there
Content = tuple[str, int, bytes | str]


@dataclass(frozen=True)
class Case:
    """A line of `chainrule`, or a call in Python, and the reason why it is invalid."""

    family: str
    why: str
    line: tuple[str, ...] = ()
    files: Mapping[str, Put] = field(default_factory=dict)
    call: Callable[[], object] | None = None

    def __str__(self) -> str:
        return f"{self.family}: {' '.join(map(ascii, self.line))[:150]} ({self.why})"


# the folder of valid things: each case differs from them in one place ---------------------------------------------------
POINTS = "a,b,side\n" + "".join(f"{i},{i % 3},{'left' if i % 2 else 'right'}\n" for i in range(12))
PRICES = "size,price\n" + "".join(f"{i},{100 + 3 * i}.5\n" for i in range(30))
NETWORK = '{"layers": [{"weights": [[0.5, -1]], "activation": "tanh"}, {"weights": [[1]]}], "x": [1, 2], "y": [1]}'
QUIZ = "??\nOne?\n\\c: yes\n\\w: no\n??\n"
X, Y = np.arange(24.0).reshape(12, 2), np.arange(12) % 2
MODEL, RUN, REPORT = "runs/points.safetensors", "runs/points.checkpoint", "runs/points.json"
TRAINING = "--hidden", "3", "--epochs", "3", "-q"


def world() -> dict[str, bytes]:
    """The valid files. A model, its run and its report are trained beside them."""
    found = {"points.csv": POINTS.encode(), "prices.csv": PRICES.encode(), "net.json": NETWORK.encode()}
    found |= {"lesson.quiz": QUIZ.encode(), "rows.npz": npz(x=X, y=Y), "rows.npy": npy(np.c_[X, Y])}
    found |= {
        "points.csv.gz": gzip.compress(POINTS.encode(), mtime=0),
        "points.zip": zipped({"points.csv": POINTS.encode()}),
    }
    found["train-images-idx3-ubyte"] = b"\0\0\x08\x03" + struct.pack(">3I", 12, 2, 2) + bytes(range(48))
    found["train-labels-idx1-ubyte"] = b"\0\0\x08\x01" + struct.pack(">I", 12) + bytes([0, 1] * 6)
    found["points.jsonl"] = b"".join(b'{"a": %d, "side": "%s"}\n' % (i, (b"left", b"right")[i % 2]) for i in range(12))
    return found | tables()


def tables() -> dict[str, bytes]:
    """The valid files of packages that may not be installed."""
    found = {}
    try:
        import pyarrow  # noqa: PLC0415
        import pyarrow.feather  # noqa: PLC0415
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError:
        pass
    else:
        table = pyarrow.table({"a": list(range(12)), "side": ["left", "right"] * 6})
        for name, write in (
            ("points.parquet", pyarrow.parquet.write_table),
            ("points.feather", pyarrow.feather.write_feather),
        ):
            stream = io.BytesIO()
            write(table, stream)
            found[name] = stream.getvalue()
    try:
        import openpyxl  # noqa: PLC0415
    except ImportError:
        return found
    book, stream = openpyxl.Workbook(), io.BytesIO()
    for row in [("a", "side"), *((i, ("left", "right")[i % 2]) for i in range(12))]:
        book.active.append(row)
    book.save(stream)
    return found | {"points.xlsx": stream.getvalue()}


def npy(array: np.ndarray, **settings: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **settings)
    return stream.getvalue()


def npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def zipped(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()


def header(text: str, data: bytes = b"", version: bytes = b"\1\0") -> bytes:
    """An NPY file of this header and data."""
    written = text.encode("latin-1")
    return b"\x93NUMPY" + version + struct.pack("<H", len(written)) + written + data


# a folder, before and after ---------------------------------------------------------------------------------------------
def content(folder: Path) -> dict[str, Content]:
    """Everything in a folder: what it is, who may read it, and what is in it."""
    found: dict[str, Content] = {}
    for inside, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(inside, name)
            mode = path.lstat().st_mode
            held: bytes | str = b""
            if stat.S_ISLNK(mode):
                held = str(path.readlink())
            elif stat.S_ISREG(mode):
                held = path.read_bytes()
            found[str(path.relative_to(folder))] = stat.filemode(mode), mode, held
    return found


def put(folder: Path, files: Mapping[str, Put]) -> None:
    for name, what in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(what) if isinstance(what, bytes) else what(path)
