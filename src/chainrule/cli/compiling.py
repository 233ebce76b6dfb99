"""What is said while the training steps are compiled: on a terminal how long it has taken so far, in a log two lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from chainrule.cli.output import tell
from chainrule.cli.terminal import width
from chainrule.engines.native import compiler
from chainrule.errors import joined

BESIDE = 12  # columns that the spinner and the time take


@contextmanager
def compiling_said(show: bool) -> Iterator[None]:
    """In here a command says on standard error that steps are compiled, or nothing."""
    before = compiler.announced
    compiler.announced = _said if show else _silently
    try:
        yield
    finally:
        compiler.announced = before


def _silently(dtypes: Sequence[str]) -> AbstractContextManager[None]:
    return nullcontext()


@contextmanager
def _said(dtypes: Sequence[str]) -> Iterator[None]:
    began, console = time.perf_counter(), Console(stderr=True)
    short = f"compiling {joined(dtypes)}"
    whole = f"{short} training steps for this processor, once: about {compiler.USUAL_SECONDS} s"
    if console.is_terminal and not console.is_dumb_terminal:
        room = (width(sys.stderr) or console.width) - BESIDE
        columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
        with Progress(*columns, console=console, transient=True) as line:
            line.add_task(next((text for text in (whole, short) if len(text) <= room), "compiling"), total=None)
            yield
    else:
        tell(whole)
        yield
    tell(f"compiled the {joined(dtypes)} training steps in {time.perf_counter() - began:.0f} s")
