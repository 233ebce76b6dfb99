"""Ctrl-C: it ends the process at once while nothing is under way, and interrupts a command that is."""

from __future__ import annotations

import os
import signal
from typing import Any

INTERRUPTED = 130  # what a shell says of a program that Ctrl-C has ended


def ends_at_once() -> None:
    """From here on Ctrl-C ends the process, silently: nothing has to be put in order. Where it is ignored it stays so.

    An exception would not do while modules are imported: what is written in C may print it, or turn it into another.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def interrupts() -> None:
    """From here on Ctrl-C is a KeyboardInterrupt again, for a command to keep what is to be kept."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(number: int, frame: Any) -> None:
    os._exit(INTERRUPTED)
