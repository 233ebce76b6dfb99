"""`chainrule compile`: the training steps in native code, compiled ahead; what there is of it, and removing it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from chainrule.aligned import Table
from chainrule.cli.compiling import compiling_said
from chainrule.cli.output import say_json, say_result
from chainrule.cli.usage import one_of
from chainrule.engines.native import code
from chainrule.errors import EngineError, FileError, SettingError, counted, unknown_name
from chainrule.files import check_writable
from chainrule.memory import in_bytes

BOTH = "both"


def command(
    dtype: Annotated[
        str, typer.Option(help="float32, float64 or both.", autocompletion=one_of((*code.DTYPES, BOTH)))
    ] = BOTH,
    listed: Annotated[bool, typer.Option("--list", help="Say what is compiled, and compile nothing.")] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove all compiled code, that of other versions and processors too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Compile the training steps of the compiled engine for this processor, once, before they are needed."""
    dtypes = _dtypes(dtype)
    if listed and remove:
        raise SettingError("--list shows what there is and --remove removes it: give one of them")
    if remove and dtype != BOTH:
        raise SettingError("--remove removes everything: leave --dtype out")
    if remove:
        found = _removed()
    else:
        seconds = {} if listed else _compiled(dtypes, show=not (quiet or as_json))
        found = _status(dtypes, seconds)
    if as_json:
        say_json(found)
    elif not quiet:
        say_result(Table(_rows(found, "compiled" if listed else "compiled already"), "<<", head=False))


def _dtypes(name: str) -> Sequence[str]:
    if name not in (*code.DTYPES, BOTH):
        raise unknown_name("type of numbers", name, [*code.DTYPES, BOTH])
    return code.DTYPES if name == BOTH else (name,)


def _compiled(dtypes: Sequence[str], show: bool) -> dict[str, float]:
    """The seconds that it took to compile those that were not there, together."""
    if why := code.missing():
        raise EngineError(f"nothing can be compiled here: {why}; training works without it, slower")
    absent = [dtype for dtype in dtypes if not code.is_compiled(dtype)]
    if not absent:
        return {}
    _check_folder(absent)
    began = time.perf_counter()
    with compiling_said(show):
        code.compile_steps(*absent)
    if not all(map(code.is_compiled, absent)):
        raise FileError(f"what was compiled could not be kept in {code.folder()}")
    return dict.fromkeys(absent, round(time.perf_counter() - began, 1))


def _check_folder(dtypes: Sequence[str]) -> None:
    """Raises FileError where nothing can be kept: before it is compiled, not after."""
    try:
        code.folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(
            f"cannot make the folder {code.folder()} ({error.strerror or error}): name one that can be written in the "
            "environment variable CHAINRULE_CACHE"
        ) from error
    for dtype in dtypes:
        check_writable(code.file_of(dtype))


def _status(dtypes: Sequence[str], seconds: dict[str, float]) -> dict[str, Any]:
    """What there is for numbers of these types, and what of other versions and processors."""
    why = code.missing()
    own = {} if why else {dtype: code.file_of(dtype) for dtype in code.DTYPES}
    others = [path for path in code.files() if path not in own.values()]
    steps = {dtype: _of_file(own.get(dtype), dtype, seconds.get(dtype)) for dtype in dtypes}
    return {"folder": str(code.folder()), "impossible": why, "steps": steps, "others": _together(others)}


def _of_file(path: Path | None, dtype: str, seconds: float | None) -> dict[str, Any]:
    if path is None or not code.is_compiled(dtype):
        return {"compiled": False}
    return {"compiled": True, "file": path.name, "bytes": path.stat().st_size, "seconds": seconds}


def _together(paths: Sequence[Path]) -> dict[str, int]:
    return {"files": len(paths), "bytes": sum(path.stat().st_size for path in paths)}


def _removed() -> dict[str, Any]:
    paths = code.files()
    found = {"folder": str(code.folder()), "removed": _together(paths)}
    for path in paths:
        path.unlink(missing_ok=True)
        path.with_suffix(".lock").unlink(missing_ok=True)
    return found


def _rows(found: dict[str, Any], before: str) -> list[list[str]]:
    """The answer as words by line; `before` is said of what was compiled before."""
    impossible = found.get("impossible")
    rows = [[dtype, _in_words(steps, impossible, before)] for dtype, steps in found.get("steps", {}).items()]
    if found.get("others", {}).get("files"):
        rows.append(["others", _files(found["others"]) + ("" if impossible else " of other versions or processors")])
    if "removed" in found:
        rows.append(["removed", _files(found["removed"])])
    return [*rows, ["folder", found["folder"]]]


def _in_words(steps: dict[str, Any], impossible: str | None, before: str) -> str:
    if not steps["compiled"]:
        return f"cannot be compiled: {impossible}" if impossible else "not compiled"
    done = before if steps["seconds"] is None else f"compiled in {steps['seconds']:.0f} s"
    return f"{done}; {in_bytes(steps['bytes'])} in {steps['file']}"


def _files(of: dict[str, int]) -> str:
    return f"{counted(of['files'], 'file')}, {in_bytes(of['bytes'])}"
