"""Writing a file whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from chainrule.errors import FileError


def write_atomically(path: str | os.PathLike[str], content: bytes) -> Path:
    """Put `content` at `path` so that a reader, at any moment, finds the old file or the new one, never half of one.

    Raises FileError where the folder is missing or cannot be written; then nothing has changed.
    """
    target = Path(path)
    check_writable(target)
    try:
        # the umask decides who may read the file, as for any other file; mkstemp alone would make it private
        mask = os.umask(0)
        os.umask(mask)
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).chmod(0o666 & ~mask)
            Path(temporary).replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise
    except OSError as error:
        raise FileError(f"cannot write {target}: {error.strerror or error}") from error
    return target


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raises FileError where a file could not be put at `path`: before hours of work, not after."""
    target = Path(path)
    if target.is_dir():
        raise FileError(
            f"cannot write {target}: it is a folder; name a file in it, as in {target / 'model.safetensors'}"
        )
    if not target.parent.is_dir():
        raise FileError(f"cannot write {target}: there is no folder {target.parent}; make it first")
    if not os.access(target.parent, os.W_OK):
        raise FileError(f"cannot write {target}: the folder {target.parent} may not be written by this user")
