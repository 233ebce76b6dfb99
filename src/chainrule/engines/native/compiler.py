"""The compiler of the steps: a process of its own for each type of numbers, and what is said while it works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from chainrule.errors import EngineError, joined

USUAL_SECONDS = 30  # that compiling takes
BUILD = "chainrule.engines.native.build"
Process = subprocess.Popen[bytes]


@contextmanager
def in_two_lines(dtypes: Sequence[str]) -> Iterator[None]:
    """In here steps for numbers of these types are compiled: said on standard error."""
    began = time.perf_counter()
    _print(f"compiling the {joined(dtypes)} training steps for this processor, once: about {USUAL_SECONDS} s")
    yield
    _print(f"compiled in {time.perf_counter() - began:.0f} s")


def _print(text: str) -> None:
    if sys.stderr is not None:  # where it is closed, print would turn to standard output
        print(f"chainrule: {text}", file=sys.stderr, flush=True)


announced: Callable[[Sequence[str]], AbstractContextManager[None]] = in_two_lines  # a program may say it in its own way


def compiled(dtypes: Sequence[str]) -> dict[str, bytes]:
    """The machine code for numbers of each of these types, all compiled at the same time.

    Raises EngineError where that is not possible. Whatever ends the call ends the processes too.
    """
    with ExitStack() as running:
        processes = {dtype: running.enter_context(_process(dtype)) for dtype in dtypes}
        return {dtype: _made_by(process) for dtype, process in processes.items()}


@contextmanager
def _process(dtype: str) -> Iterator[Process]:
    # -P: no module of the current folder gets in the way of one of Python's
    command = [_python(), "-P", "-m", BUILD, dtype]
    try:
        # its standard input ends with this process, however that is killed, and then the compiler ends too
        process = subprocess.Popen(
            command, env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as error:
        raise EngineError(f"no compiler can be started: {command[0]}: {error.strerror or error}") from error
    held, process.stdin = process.stdin, None  # communicate would close it
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (held, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def _python() -> str:
    """The Python that compiles. Raises EngineError where this is another program that runs Python inside."""
    if not sys.executable or getattr(sys, "frozen", False):
        raise EngineError(
            "compiling takes a Python of its own, and sys.executable names none: run chainrule compile first, in a terminal"
        )
    return sys.executable


def _environment() -> dict[str, str]:
    """That of this process, without a user's settings of Numba, for they would change the code."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    source = str(Path(__file__).parents[3])  # what this package was imported from
    # Numba's own passes would be repeated for every function; the whole is optimised once, at the end
    return {**kept, "NUMBA_OPT": "0", "PYTHONPATH": os.pathsep.join([source, *sys.path])}


def _made_by(process: Process) -> bytes:
    code, errors = process.communicate()
    if process.returncode == 0 and code:
        return code
    last = errors.decode(errors="replace").strip().splitlines()[-1:]
    raise EngineError(f"compiling the training steps failed: {_ended_by(process.returncode) or ''.join(last)}")


def _ended_by(code: int) -> str:
    """The signal that has ended a process, if one did."""
    if code >= 0:
        return ""
    name = signal.Signals(-code).name if -code in list(signal.Signals) else f"signal {-code}"
    return f"its process was ended by {name}" + (", perhaps for want of memory" if name == "SIGKILL" else "")
