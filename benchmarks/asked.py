"""What the benchmarks' command lines have in common: lists of names, QUICK, how far it is, the files that are written."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from machine import cores

from chainrule.engines.choose import NAMED as ENGINES
from chainrule.files import write_atomically
from chainrule.pictures.scene import Scene

WIDTH = 80  # of what is printed
DEFAULT_ENGINE = "compiled" if "compiled" in ENGINES else "reference"


def names(known: Iterable[str]) -> Callable[[str], list[str]]:
    """A list with commas, of known names."""

    def read(text: str) -> list[str]:
        found = [each.strip() for each in text.split(",") if each.strip()]
        if unknown := [each for each in found if each not in known]:
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; known are {', '.join(known)}")
        return found

    return read


def positive(kind: type[int] | type[float]) -> Callable[[str], float]:
    """A number above 0."""

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = 0
        if not value > 0:
            raise argparse.ArgumentTypeError(f"a {'whole ' if kind is int else ''}number above 0 is needed, got {text}")
        return value

    return read


def core_numbers(text: str) -> list[int]:
    """Cores that this process may use, such as 0,1."""
    try:
        found = [int(each) for each in text.split(",")]
    except ValueError:
        found = []
    if not found or not set(found) <= set(cores()):
        raise argparse.ArgumentTypeError(f"the cores here are {','.join(map(str, cores()))}; got {text}")
    return found


def earlier(text: str) -> Any:
    """What an earlier run wrote."""
    try:
        return json.loads(Path(text).read_text())
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{text} cannot be read: {error}") from None


def tell(text: str) -> None:
    """How far it is: on a terminal in one line that is written over, elsewhere without the rounds."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text[: WIDTH - 1]}", end="", file=sys.stderr, flush=True)
    elif text and ": round" not in text:
        print(text, file=sys.stderr, flush=True)


def write(path: Path, found: dict[str, Any], figures: Mapping[str, Scene]) -> None:
    """The JSON, its figures beside it by what is added to its name, and a line that says where."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(found).encode() + b"\n")
    drawn = [scene.save(path.with_name(f"{path.stem}{added}.svg"), "auto") for added, scene in figures.items()]
    print(f"\nwritten to {', '.join(map(str, [path, *drawn]))}")
