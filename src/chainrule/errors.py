"""Every error chainrule raises on purpose, as one tree.

    ChainruleError
    ├── ShapeError          an array of the wrong shape or size          (a ValueError)
    ├── UnknownNameError    a name that is not in its table              (a ValueError)
    ├── SettingError        a setting out of its range                   (a ValueError)
    ├── DataError           rows, columns or targets that cannot be used (a ValueError)
    ├── PairError           an output and a cost that do not fit         (a ValueError)
    ├── IdError             "w/9/0/0" where there is no layer 9          (a KeyError)
    ├── FileError           a file missing, foreign, damaged, unwritable (an OSError)
    ├── FormError           a user's own σ or C that cannot be used      (a ValueError)
    ├── CircuitError        wires, values or gates that do not fit       (a ValueError)
    ├── DisagreementError   two roads to one derivative differ           (an ArithmeticError)
    └── DivergenceError     training became NaN or infinite              (an ArithmeticError)

And one warning, DataWarning (a UserWarning): what became of a table's columns, gaps and unknown values.
Each message says what was given, what was needed, where, and what to write instead.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class DataWarning(UserWarning):
    """What became of columns, gaps and unknown values of a table, where that may not be what a user means."""


class ChainruleError(Exception):
    """The root: `except chainrule.ChainruleError` catches all of them."""


class ShapeError(ChainruleError, ValueError):
    """An array of the wrong shape or size."""


class UnknownNameError(ChainruleError, ValueError):
    """A name that is not in its table."""


class SettingError(ChainruleError, ValueError):
    """A setting out of its range."""


class DataError(ChainruleError, ValueError):
    """Rows, columns or targets that cannot be used."""


class PairError(ChainruleError, ValueError):
    """An output activation and a cost that do not fit each other."""


class IdError(ChainruleError, KeyError):
    """An id such as "w/9/0/0" that names nothing in this network."""

    def __str__(self) -> str:  # KeyError would print its message in quotes
        return str(self.args[0])


class FileError(ChainruleError, OSError):
    """A file that is missing, foreign, damaged or cannot be written."""


class FormError(ChainruleError, ValueError):
    """A user's own activation or cost that cannot be used."""


class CircuitError(ChainruleError, ValueError):
    """Wires of two circuits, a value that does not fit its wires, a gate where it is not defined."""


class DisagreementError(ChainruleError, ArithmeticError):
    """Two roads to one derivative differ by more than their errors explain."""


class DivergenceError(ChainruleError, ArithmeticError):
    """Training became NaN or infinite; `run` holds the last good network and the history up to there."""

    def __init__(self, message: str, run: Any) -> None:
        super().__init__(message)
        self.run = run

    def __reduce__(self) -> tuple[Any, ...]:  # an exception is pickled by its args, which are the message alone
        return type(self), (str(self), self.run)


def unknown_name(what: str, given: object, known: Iterable[str]) -> UnknownNameError:
    """The error for a name that is not in its table: the known ones are listed, those that are near first."""
    names = list(known)
    near = difflib.get_close_matches(str(given), names, n=3, cutoff=0.6)  # s9 is near to none of s0 … s4
    ordered = near + [name for name in names if name not in near]
    hint = f"did you mean {near[0]!r}? " if near else ""
    return UnknownNameError(f"unknown {what} {given!r}: {hint}known are {', '.join(ordered)}")
