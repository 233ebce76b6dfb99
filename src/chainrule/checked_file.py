"""Tensors and JSON in one safetensors file that notices damage. Never a pickle.

The JSON stands in the header under one key. It names the tensors and ends with a checksum (SHA-256) of everything in
the file, so that one changed bit is an error and never another network.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from chainrule.errors import FileError, brief, listed
from chainrule.files import as_file

Tensors = dict[str, np.ndarray]
CHECKSUM = "checksum"
HEADER = 100_000_000  # bytes, the most that safetensors takes for a header
TABLES = ".csv", ".tsv", ".txt", ".npz", ".parquet", ".xlsx"


@dataclass(frozen=True)
class Kind:
    """A kind of file: what it is called, who writes it, the header's entry that holds its JSON, and its newest version."""

    key: str
    called: str
    writer: str
    version: int
    first_checked: int = 1  # files of earlier versions have neither the list of tensors nor the checksum


MODEL = Kind("chainrule", "a model", "save or chainrule train", 2, first_checked=2)
CHECKPOINT = Kind(
    "chainrule checkpoint", "a checkpoint", "train(…, checkpoint=…) or chainrule train --checkpoint-every 1", 1
)
RECORD = Kind("chainrule record", "a record", "save_record or chainrule train --record 12", 1)
OTHER = {  # what to do with a file of the other kind
    "a model": "chainrule explain or chainrule predict takes it",
    "a record": "chainrule explore MODEL --record shows it, and chainrule.load_record reads it",
    "a checkpoint": "chainrule train --resume or chainrule.resume goes on from it",
}


def pack(kind: Kind, header: Mapping[str, Any], tensors: Tensors) -> bytes:
    """The content of a file. Raises TypeError, ValueError or RecursionError where the header cannot be JSON."""
    whole = {"version": kind.version, **header, "tensors": list(tensors)}
    return safetensors.numpy.save(tensors, {kind.key: json.dumps({**whole, CHECKSUM: checksum(whole, tensors)})})


def unpack(path: str | os.PathLike[str], kind: Kind) -> tuple[dict[str, Any], Tensors]:
    """(header, tensors) of a file. Raises FileError for one that is missing, damaged, or of another kind."""
    where = as_file(
        path, f"{kind.called}'s file", ".safetensors"
    )  # says what is wrong with it; safe_open calls it missing
    try:
        with safetensors.safe_open(where, "np") as opened:
            texts = opened.metadata() or {}
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118  (not a dict)
    except safetensors.SafetensorError as error:
        table = where.suffix.lower() in TABLES
        what = "a table, and no safetensors file" if table else f"no safetensors file, or a damaged one ({error})"
        how = f"chainrule train {where}" if table else kind.writer
        raise FileError(f"{where} is {what}: {kind.called}'s file is needed, as {how} writes it") from None
    except (OSError, TypeError, AttributeError) as error:  # unreadable, or tensors of a dtype NumPy lacks
        raise FileError(f"cannot read {where}: {getattr(error, 'strerror', None) or error}") from error
    if kind.key not in texts:
        raise FileError(f"{where} is {_stranger(texts, tensors)}")
    header = _header(texts[kind.key], where, kind)
    if header["version"] >= kind.first_checked:
        _check_whole(header, tensors, where)
        if json.dumps(header) != texts[kind.key]:  # 1E-05 and \u00E9 say the same, and are not as they were saved
            raise _changed(where)
    return header, tensors


def is_of(kind: Kind, path: Path) -> bool:
    """Whether a file is of this kind, by its header."""
    with path.open("rb") as stream:
        size = int.from_bytes(stream.read(8), "little")
        return stream.read(1) == b"{" and f'"{kind.key}":'.encode() in stream.read(min(size, HEADER))


def checksum(header: Mapping[str, Any], tensors: Tensors) -> str:
    """SHA-256 of the header without its checksum, and of each tensor's name, dtype, shape and bytes (little-endian)."""
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(json.dumps([name, str(array.dtype), array.shape]).encode())
        digest.update(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()


def _stranger(texts: Mapping[str, str], tensors: Tensors) -> str:
    """What a safetensors file is that is not of the kind that is needed."""
    for kind in (MODEL, CHECKPOINT, RECORD):
        if kind.key in texts:
            return f"{kind.called}: {OTHER[kind.called]}"
    return f"a safetensors file that chainrule did not write (it holds {listed(tensors, 4) or 'nothing'})"


def _header(text: str, where: Path, kind: Kind) -> dict[str, Any]:
    try:
        header = json.loads(text)
        version = header["version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise FileError(f"{where} is damaged: its header is not one that chainrule writes") from None
    if not isinstance(header, dict) or type(version) is not int or version < 1:
        raise FileError(f"{where} is damaged: its format is {brief(version)}, and formats are 1, 2, …")
    if version > kind.version:
        raise FileError(
            f"{where} has the format {version}, and this chainrule reads up to {kind.version}: upgrade chainrule"
        )
    return header


def _check_whole(header: Mapping[str, Any], tensors: Tensors, where: Path) -> None:
    """Raises FileError unless the file holds the tensors its header lists, and everything in it is as it was saved."""
    names = header.get("tensors")
    if not isinstance(names, list) or sorted(map(str, names)) != sorted(tensors):
        lost = [name for name in map(str, names) if name not in tensors] if isinstance(names, list) else []
        raise FileError(
            f"{where} is damaged: "
            + (f"it lacks {listed(lost)}" if lost else "its tensors are not those that its header lists")
        )
    rest = {key: value for key, value in header.items() if key != CHECKSUM}
    if header.get(CHECKSUM) != checksum(rest, tensors):
        raise _changed(where)


def _changed(where: Path) -> FileError:
    return FileError(f"{where} is damaged: its checksum is not that of its content, which changed after it was saved")
