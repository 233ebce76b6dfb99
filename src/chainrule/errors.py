"""Every error chainrule raises on purpose, as one tree.

    ChainruleError
    ├── ShapeError          an array of the wrong shape or size          (a ValueError)
    ├── UnknownNameError    a name that is not in its table              (a ValueError)
    ├── SettingError        a setting out of its range                   (a ValueError)
    ├── DataError           rows, columns or targets that cannot be used (a ValueError)
    ├── PairError           an output and a cost that do not fit         (a ValueError)
    ├── IdError             "w/9/0/0" where there is no layer 9          (a KeyError)
    ├── FileError           a file missing, foreign, damaged, unwritable (an OSError)
    ├── MemoryLimitError    what was asked for does not fit in memory    (a MemoryError)
    ├── FormError           a user's own σ or C that cannot be used      (a ValueError)
    ├── EngineError         native code that cannot be made here         (a RuntimeError)
    ├── CircuitError        wires, values or gates that do not fit       (a ValueError)
    ├── DisagreementError   two methods disagree on a derivative         (an ArithmeticError)
    └── DivergenceError     training became NaN or infinite              (an ArithmeticError)

And three warnings (UserWarnings), DataWarning: what became of a table's columns, gaps and unknown values; FileWarning: a file
that could not be written while the work goes on; and EngineWarning: a run that is slower than it could be.
Each message says what was given, what was needed, where, and what to write instead. Of a value that is longer than 60
characters it shows the beginning: in quotation marks by itself, any other with `brief`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any

LONGEST = 60  # characters of a value that an error shows
MOST = 40  # names that an error lists
WHOLE = 4_000  # characters of a message: more than any list of names takes
WORD = re.compile(r"[^\s:,]{256,}")  # longer than the name of any file
QUOTED = re.compile(r"""(?<!\w)(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""", re.DOTALL)  # as repr writes a text


def cut(text: str, longest: int = LONGEST) -> str:
    """A text, or its beginning with … where it is longer than so many characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def brief(value: object) -> str:
    """A value as an error shows it: its repr, on one line and cut."""
    if isinstance(value, str):
        return repr(cut(value))
    try:
        return cut(" ".join(repr(value).split()))
    except (ValueError, RecursionError):  # a number of more than 4,300 digits, a list in itself
        return f"this {type(value).__name__}"


def shortened(message: str) -> str:
    """A message in which texts in quotation marks are cut, words that are longer than the name of any file, and its middle."""
    quoted = QUOTED.sub(lambda found: found[0][0] + cut(found[0][1:-1]) + found[0][-1], message)
    short = WORD.sub(lambda found: cut(found[0]), quoted)
    return short if len(short) <= WHOLE else f"{short[: WHOLE - 1000]} … {short[-900:]}"


class DataWarning(UserWarning):
    """What became of columns, gaps and unknown values of a table, where that may not be what a user means."""


class FileWarning(UserWarning):
    """A file that could not be written while the work goes on."""


class EngineWarning(UserWarning):
    """A run that is slower than it could be."""


class ChainruleError(Exception):
    """The root: `except chainrule.ChainruleError` catches all of them."""

    def __init__(self, message: str = "", *rest: Any) -> None:
        super().__init__(shortened(message) if isinstance(message, str) else message, *rest)


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


class MemoryLimitError(ChainruleError, MemoryError):
    """What was asked for does not fit in the memory that is available."""


class FormError(ChainruleError, ValueError):
    """A user's own activation or cost that cannot be used."""


class EngineError(ChainruleError, RuntimeError):
    """Native code that cannot be made on this machine."""


class CircuitError(ChainruleError, ValueError):
    """Wires of two circuits, a value that does not fit its wires, a gate where it is not defined."""


class DisagreementError(ChainruleError, ArithmeticError):
    """Two methods disagree on a derivative by more than their errors explain."""


class DivergenceError(ChainruleError, ArithmeticError):
    """Training became NaN or infinite; `run` holds the network of the lowest cost and the history up to there."""

    def __init__(self, message: str, run: Any) -> None:
        super().__init__(message)
        self.run = run

    def __reduce__(self) -> tuple[Any, ...]:  # an exception is pickled by its args, which are the message alone
        return type(self), (str(self), self.run)


def unknown_name(what: str, given: object, known: Iterable[str], also: Iterable[str] = ()) -> UnknownNameError:
    """The error for a name that is not in its table: the known ones are listed, those that are near first.

    `also` are other names for them, which are proposed where none of the known ones is near.
    """
    names, text = [cut(str(name)) for name in known], cut(given) if isinstance(given, str) else brief(given)
    near = difflib.get_close_matches(text, names, n=3, cutoff=0.6)  # s9 is near to none of s0 … s4
    ordered = near + [name for name in names if name not in near]
    meant = near or difflib.get_close_matches(text, list(also), n=1, cutoff=0.6)
    hint = f"did you mean {meant[0]!r}? " if meant else ""
    return UnknownNameError(f"unknown {what} {brief(given)}: {hint}known are {listed(ordered)}")


def counted(number: int, what: str) -> str:
    """1 epoch, 2 epochs."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def listed(names: Iterable[object], most: int = MOST) -> str:
    """Names with commas between them, so many at most, and each of them cut."""
    all_of_them = [cut(str(name)) for name in names]
    more = len(all_of_them) - most
    return ", ".join(all_of_them[:most]) + (f" and {more:,} more" if more > 0 else "")


def joined(names: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
