"""files.py: a file is written whole or not at all, and an ordinary failure leaves nothing behind."""

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chainrule.errors import FileError
from chainrule.files import as_path, check_writable, write_atomically


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_new_file_and_one_that_is_replaced_hold_the_content(tmp_path: Path) -> None:
    for content in (b"old", b"new", b""):
        assert write_atomically(tmp_path / "größe.bin", content) == tmp_path / "größe.bin"
        assert (tmp_path / "größe.bin").read_bytes() == content
    assert names(tmp_path) == ["größe.bin"]


def test_a_replaced_file_keeps_its_permissions_and_a_new_one_has_those_of_the_umask(tmp_path: Path) -> None:
    private, new, plain = tmp_path / "private", tmp_path / "new", tmp_path / "plain"
    private.write_bytes(b"")
    private.chmod(0o600)
    plain.write_bytes(b"")
    write_atomically(private, b"1")
    write_atomically(new, b"1")
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert new.stat().st_mode == plain.stat().st_mode


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real" / "file")
    write_atomically(tmp_path / "link", b"1")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "file").read_bytes() == b"1"


def test_a_name_as_long_as_a_name_may_be_is_written(tmp_path: Path) -> None:
    write_atomically(tmp_path / ("a" * 255), b"1")
    assert names(tmp_path) == ["a" * 255]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("missing/file", "no folder .*missing; make it first"),
        ("", "it is a folder; name a file in it"),
        ("file/below", "no folder"),
        ("a" * 300, "[Nn]ame too long"),
        ("/dev/null", "a device or a pipe"),
    ],
)
def test_a_place_that_cannot_hold_the_file_is_refused_beforehand(tmp_path: Path, path: str, reason: str) -> None:
    (tmp_path / "file").write_bytes(b"old")
    for attempt in (check_writable, lambda target: write_atomically(target, b"1")):
        with pytest.raises(FileError, match=reason):
            attempt(tmp_path / path)
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize(("closed", "reason"), [("folder", "the folder .* may not"), ("file", "this file may not")])
def test_a_closed_folder_and_a_closed_file_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: str, reason: str
) -> None:
    target = tmp_path / "model"
    target.write_bytes(b"old")
    shut = tmp_path if closed == "folder" else target
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != shut)  # who runs as root may write anywhere
    with pytest.raises(FileError, match=reason):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=str)
def test_a_failure_in_the_middle_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, failure: BaseException
) -> None:
    def fail(*given: Any) -> None:
        raise failure

    target = tmp_path / "model"
    target.write_bytes(b"old")
    monkeypatch.setattr(*{"fsync": (os, "fsync", fail), "replace": (Path, "replace", fail)}[step])
    with pytest.raises(FileError if isinstance(failure, OSError) else KeyboardInterrupt) as caught:
        write_atomically(target, b"new" * 1000)
    assert "No space left" in str(caught.value) or not isinstance(failure, OSError)
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["model"]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_a_process_killed_in_the_middle_leaves_the_old_file_whole(tmp_path: Path) -> None:
    target = tmp_path / "model"
    target.write_bytes(b"old")
    code = (
        "import os, signal, sys; from chainrule.files import write_atomically; "
        "os.fsync = lambda number: os.kill(os.getpid(), signal.SIGKILL); write_atomically(sys.argv[1], b'new' * 10**6)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(target)], check=False).returncode == -signal.SIGKILL
    assert target.read_bytes() == b"old"


@pytest.mark.parametrize("given", [None, 3, [1.0], b"a\0b"])
def test_what_names_no_file_is_refused(given: Any) -> None:
    with pytest.raises(FileError, match=r"a file is named by a text|no file can have the name"):
        as_path(given)
