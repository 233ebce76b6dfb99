"""Signals that end a command: Ctrl-C, SIGTERM, a terminal that is closed. While nothing is under way they end it at once."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

NAMES = "SIGINT", "SIGTERM", "SIGHUP"  # SIGHUP does not exist on Windows
SIGNALS = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
BASE = 128  # a shell adds it to the number of the signal that has ended a program


class Stopped(KeyboardInterrupt):
    """A signal asks the command to end; `signal` is its number."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.signal = signal.Signals(number)

    def __str__(self) -> str:
        return "Ctrl-C" if self.signal is signal.SIGINT else self.signal.name


def exit_code(stopped: KeyboardInterrupt) -> int:
    """What a shell says of a program that this has ended: 130 for Ctrl-C, 143 for SIGTERM."""
    return BASE + getattr(stopped, "signal", signal.SIGINT)


def ends_at_once() -> None:
    """From here on Ctrl-C ends the process, silently: nothing has to be put in order. Where it is ignored it stays so.

    An exception would not do while modules are imported: what is written in C may print it, or turn it into another.
    """
    if signal.getsignal(signal.SIGINT) in (signal.default_int_handler, _stop):
        _set(signal.SIGINT, _end)
    for number in SIGNALS:
        if signal.getsignal(number) is _stop:
            _set(number, signal.SIG_DFL)


def interrupts() -> None:
    """From here on these signals are KeyboardInterrupts, for a command to keep what is to be kept."""
    if signal.getsignal(signal.SIGINT) is not _end:
        return  # of another program, which has called the command in its own process
    for number in SIGNALS:
        if signal.getsignal(number) in (_end, signal.SIG_DFL):
            _set(number, _stop)


def handlers() -> dict[int, Any]:
    """What is done at each of the signals that may be handled here; one that is ignored stays ignored."""
    if threading.current_thread() is not threading.main_thread():
        return {}  # signals are for the main thread alone
    found = {number: signal.getsignal(number) for number in SIGNALS}
    return {number: does for number, does in found.items() if does not in (None, signal.SIG_IGN)}


def _set(number: int, does: Any) -> None:
    if threading.current_thread() is threading.main_thread():
        signal.signal(number, does)


def _end(number: int, frame: Any) -> None:
    os._exit(BASE + number)


def _stop(number: int, frame: Any) -> None:
    raise Stopped(number)
