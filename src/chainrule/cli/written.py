"""The files that commands write: never over what they read, nor over a file of another kind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from chainrule.checked_file import CHECKPOINT, MODEL, is_of
from chainrule.errors import FileError
from chainrule.files import check_writable
from chainrule.report import is_report
from chainrule.storage import load_notes


def check_text(
    path: Path, such_as: str, read: Mapping[str, str | Path | None], option: str, begins: bytes = b"\0"
) -> None:
    """Raises FileError unless a text can be written there that replaces no more than another text.

    `read` are the files that the command reads, by what they are: the model, the data. A file that `begins` as what is to be
    written may be replaced by it, though it is not text.
    """
    check_writable(path, such_as)
    check_not_read(path, read, option)
    if not path.exists():
        return
    kinds = [kind.called for kind in (MODEL, CHECKPOINT) if is_of(kind, path)]
    if kinds or is_report(path):
        what = kinds[0] if kinds else "the report of a training"
        raise FileError(f"{option} {path} is {what}, which would be lost: name another file, as {such_as}")
    with path.open("rb") as stream:
        start = stream.read(4096)
        if b"\0" in start and not start.startswith(begins):
            raise FileError(f"{option} {path} is not a text file and would be lost: name another file, as {such_as}")


def check_not_read(path: Path, read: Mapping[str, str | Path | None], option: str) -> None:
    """Raises FileError where a file would be written over one that the command reads, by whatever name or link."""
    if not path.exists():
        return
    model = read.get("model")
    noted = {"data": _data_of(Path(model))} if model is not None and read.get("data") is None else {}
    for what, given in {**read, **noted}.items():
        if given is not None and Path(given).exists() and path.samefile(given):
            raise FileError(f"{option} {path} is the {what} itself, which would be lost: name another file")


def _data_of(model: Path) -> str | None:
    """The data that a model was trained on, which commands read where no other is named."""
    data = load_notes(model).get("data") if model.exists() else None
    return data if isinstance(data, str) else None
