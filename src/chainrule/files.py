"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import Any

from chainrule.errors import FileError


def as_path(given: Any) -> Path:
    """A text or a path-like object as a path. Raises FileError for anything else."""
    try:
        text = os.fsdecode(given)
    except TypeError:
        raise FileError(f"a file is named by a text or a pathlib.Path, got {type(given).__name__}") from None
    if "\0" in text:
        raise FileError(f"no file can have the name {text!r}: it holds the character 0")
    return Path(text)


def write_atomically(path: str | os.PathLike[str], content: bytes) -> Path:
    """Put `content` at `path` so that a reader, at any moment, finds the old file or the new one, never half of one.

    A link is followed, and a file that is replaced keeps its permissions. Raises FileError where the folder is missing
    or cannot be written; then nothing has changed.
    """
    check_writable(path)
    target = Path(os.path.realpath(path))
    # a name of its own length: the target's, with more letters, might be longer than a name may be
    temporary = target.with_name(f".chainrule-{secrets.token_hex(8)}.tmp")
    try:
        try:
            with temporary.open("xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            if target.exists():
                temporary.chmod(stat.S_IMODE(target.stat().st_mode))
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)  # there only if something failed
    except OSError as error:
        raise FileError(f"cannot write {path}: {error.strerror or error}") from error
    return Path(path)


def check_writable(path: str | os.PathLike[str], such_as: str = "model.safetensors") -> None:
    """Raises FileError where a file could not be put at `path`, such as one of that name: before hours of work, not after."""
    target = as_path(path)
    try:
        _check_place(target, such_as)
    except FileError:
        raise
    except OSError as error:  # a folder on the way may not be entered, or the name is too long
        raise FileError(f"cannot write {target}: {error.strerror or error}") from error


def _check_place(target: Path, such_as: str) -> None:
    folder = Path(os.path.realpath(target)).parent
    if target.is_dir():
        raise FileError(f"cannot write {target}: it is a folder; name a file in it, as in {target / such_as}")
    if not folder.is_dir():
        raise FileError(f"cannot write {target}: there is no folder {folder}; make it first")
    if target.exists() and not target.is_file():
        raise FileError(f"cannot write {target}: it is a device or a pipe, and only a file can be replaced whole")
    if target.exists() and not os.access(target, os.W_OK):
        raise FileError(f"cannot write {target}: this file may not be written by this user")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FileError(f"cannot write {target}: the folder {folder} may not be written by this user")
