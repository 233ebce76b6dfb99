"""Files: which may be read, where one can be written, and writing one whole or not at all."""

from __future__ import annotations

import difflib
import itertools
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from chainrule.errors import FileError, cut

fcntl: Any = import_module("fcntl") if os.name == "posix" else None  # Windows has no such locks
TEMPORARY = ".chainrule-"  # what the names of files that are being written begin with
LOOKED_AT = 2000  # files of a folder in which a name is looked for
NAME_MAX = 255  # bytes in a file's name, where the system does not say


def as_path(given: Any) -> Path:
    """A text or a path-like object as a path. Raises FileError for anything else."""
    try:
        text = os.fsdecode(given)
    except TypeError:
        raise FileError(f"a file is named by a text or a pathlib.Path, got {type(given).__name__}") from None
    if "\0" in text:
        raise FileError(f"no file can have the name {text!r}: it holds the character 0")
    return Path(text)


def as_file(given: Any, needed: str, ending: str = "") -> Path:
    """The path of a file that can be read more than once, which a pipe cannot; `needed` says what it is to hold, as which
    the name of a file usually has the `ending`.

    Raises FileError where there is none, or it is a folder, a pipe or a device, or the user may not read it.
    """
    path = as_path(given)
    try:
        mode = path.stat().st_mode
        if stat.S_ISREG(mode):
            path.open("rb").close()
            return path
    except (FileNotFoundError, NotADirectoryError):
        raise no_file(path, ending) from None
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror or error}") from error
    raise FileError(f"{path} is a {'folder' if stat.S_ISDIR(mode) else 'pipe or a device'}, and {needed} is needed")


def no_file(path: Path, ending: str = "") -> FileError:
    """The error for a file that is not there: the nearest name, with this ending if there is one, in its folder or in runs."""
    if re.match(r"https?:/", str(path)):
        return FileError(
            f"there is no file {path}: files are read from a disk, so download it first, and name the copy"
        )
    if not path.parent.is_dir():
        return FileError(f"there is no file {path}, for there is no folder {path.parent}")
    near = [each for folder in (path.parent, path.parent / "runs") for each in _near(folder, path.name)]
    found = next((each for each in near if each.name.endswith(ending)), None)
    return FileError(f"there is no file {path}" + (f": did you mean {found}?" if found else ""))


def _near(folder: Path, name: str) -> list[Path]:
    """The files of a folder with such a name: but for the ending, or but for a few letters."""
    try:
        names = sorted(entry.name for entry in itertools.islice(folder.iterdir(), LOOKED_AT) if entry.is_file())
    except OSError:
        return []
    alike = [each for each in names if each.partition(".")[0].lower() == name.lower()]
    return [folder / each for each in (*alike, *difflib.get_close_matches(cut(name), names, n=3, cutoff=0.75))]


# writing ------------------------------------------------------------------------------------------------------------
def write_atomically(path: str | os.PathLike[str], content: bytes) -> Path:
    """Put `content` at `path` so that a reader, at any moment, finds the old file or the new one, never half of one.

    A link is followed, and a file that is replaced keeps its permissions. Raises FileError where the folder is missing
    or cannot be written; then nothing has changed.
    """
    with writing(path) as stream:
        stream.write(content)
    return Path(path)


@contextmanager
def writing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A stream whose bytes are put at `path` in the same way once all of them are written; nothing where an error ends it."""
    check_writable(path)
    target = Path(os.path.realpath(path))
    try:
        with _temporary(target.parent) as (temporary, stream):
            yield stream
            _written(stream)
            if target.exists():
                temporary.chmod(stat.S_IMODE(target.stat().st_mode))
            temporary.replace(target)
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"cannot write {path}: {error.strerror or error}") from error


def write_new(paths: Iterable[Path], content: bytes) -> Path:
    """Put `content` at the first of these paths, all in one folder, that does not exist, and give that path.

    Of several processes that do this at once each gets a path of its own. Raises FileError where none can be written.
    """
    places = iter(paths)
    first = next(places)
    check_writable(first)
    try:
        with _temporary(first.parent) as (temporary, stream):
            stream.write(content)
            _written(stream)
            return next(place for place in itertools.chain([first], places) if _publish(temporary, place))
    except StopIteration:
        raise FileError(f"cannot write {first}: a file of that name is there already") from None
    except OSError as error:
        raise FileError(f"cannot write {first}: {error.strerror or error}") from error


@contextmanager
def _temporary(folder: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """A new file in that folder, open to be written to, which is gone in the end unless it was moved.

    It is locked while it is here: one that is not locked was left by a process that was killed, and is removed.
    """
    _remove_stale(folder)
    while True:
        # a name of its own length: the target's, with more letters, might be longer than a name may be
        path = folder / f"{TEMPORARY}{secrets.token_hex(8)}.tmp"
        with path.open("xb") as stream:
            try:
                if _lock(stream.fileno()) and os.fstat(stream.fileno()).st_nlink == 0:
                    continue  # another process took it for a stale one, in the moment before it was locked
                yield path, stream
                return
            finally:
                path.unlink(missing_ok=True)  # there only if something failed


def _written(stream: IO[bytes]) -> None:
    """Make sure that what was written to a file is on the disk."""
    stream.flush()
    os.fsync(stream.fileno())
    if fcntl is None:
        stream.close()  # Windows does not move an open file


def _publish(temporary: Path, target: Path) -> bool:
    """Give a file that is written its name, unless something has that name."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        return False
    except OSError:  # a file system without links: there the name is reserved, and then replaced
        try:
            target.open("xb").close()
        except FileExistsError:
            return False
        temporary.replace(target)
    return True


def _lock(number: int, *, wait: bool = True) -> bool:
    """Lock an open file for this process until it is closed; False where it is locked, or locks are not known."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(number, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        return False
    return True


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """While this lasts, no other process that does the same with this path is in here; the file itself stays empty.

    Raises OSError where the file cannot be made. Where the system has no such locks, nothing is locked.
    """
    with path.open("ab") as stream:
        _lock(stream.fileno())
        yield


def _remove_stale(folder: Path) -> None:
    """Remove the temporary files that processes which were killed have left in a folder."""
    if fcntl is None:
        return
    with suppress(OSError):
        names = [entry.name for entry in os.scandir(folder) if entry.name.startswith(TEMPORARY)]
        for path in (folder / name for name in names if name.endswith(".tmp")):
            with suppress(OSError), open(path, "rb", opener=_without_waiting) as stream:
                if _lock(stream.fileno(), wait=False):
                    path.unlink()


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)  # neither a link nor a pipe is followed


# where a file can be written ------------------------------------------------------------------------------------------
def check_writable(path: str | os.PathLike[str], such_as: str = "model.safetensors") -> None:
    """Raises FileError where a file could not be put at `path`, such as one of that name: before hours of work, not after."""
    target = as_path(path)
    try:
        _check_place(target, such_as)
    except FileError:
        raise
    except OSError as error:  # a folder on the way may not be entered, or the name is too long
        raise FileError(f"cannot write {target}: {error.strerror or error}") from error


def fitting(folder: Path, stem: str, ending: str) -> Path:
    """The path of a file `stem` + `ending` in that folder; a stem that is too long for a name loses its end."""
    try:
        longest = os.pathconf(folder, "PC_NAME_MAX")
    except (OSError, ValueError, AttributeError):
        longest = NAME_MAX
    room = longest - len(os.fsencode(ending))
    short = stem if len(os.fsencode(stem)) <= room else os.fsencode(stem)[:room].decode("utf-8", "ignore")
    return folder / f"{short}{ending}"


def _check_place(target: Path, such_as: str) -> None:
    if target.is_dir():
        raise FileError(f"cannot write {target}: it is a folder; name a file in it, as in {target / such_as}")
    exists = _exists(target)
    if exists and not target.is_file():
        raise FileError(f"cannot write {target}: it is a device or a pipe, and only a file can be replaced whole")
    if exists and _is_descriptor(target):
        raise FileError(
            f"cannot write {target}: it is what this process has open, and only a file with a name of its own can be "
            "replaced whole; leave the option out to print"
        )
    folder = Path(os.path.realpath(target)).parent
    if not folder.is_dir():
        raise FileError(f"cannot write {target}: there is no folder {folder}; make it first")
    if exists and not os.access(target, os.W_OK):
        raise FileError(f"cannot write {target}: this file may not be written by this user")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FileError(f"cannot write {target}: the folder {folder} may not be written by this user")


def _exists(target: Path) -> bool:
    """Whether there is a file, or a link to one. Raises OSError for a name that is too long and a link to itself."""
    try:
        target.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _is_descriptor(path: Path) -> bool:
    """Whether a path leads through the open files of a process, as /dev/stdout and /dev/fd/1 do."""
    while True:
        folder = os.path.realpath(path.parent)
        if folder.startswith("/proc/") or folder == "/dev/fd":
            return True
        if not path.is_symlink():
            return False
        path = Path(folder, path.readlink())
