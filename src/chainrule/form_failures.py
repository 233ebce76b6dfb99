"""Where a user's own form failed, in which function and line, and what to write there instead."""

from __future__ import annotations

import linecache
import re
import traceback
from pathlib import Path

import numpy as np

from chainrule.errors import FormError, cut
from chainrule.names import printable

LONGEST_LINE = 60  # letters of a line of a user's file
LIBRARIES = tuple(str(Path(file).parent) for file in (__file__, np.__file__))  # in whose files no line is a user's
IN_NUMPY = {
    "fabs": "np.absolute",
    "pow": "**",
    "atan": "np.arctan",
}  # where NumPy has another name for a function of math
COMPARISON = re.compile(r"(?!.*\b(?:and|or|not|in)\b)[^<>=]+[<>]=?[^<>=]+")
ONE_NUMBER = ("truth value of an array", "converted to Python scalars", "must be real number, not")


def failed(what: str, on: str, error: Exception) -> FormError:
    """The error of a form that failed: what it is of, on what it was called, and Python's own error."""
    advice = advice_for(error)
    said = advice or f"{type(error).__name__}: {error}"
    return FormError(f"the form of {what} fails on {on}{_place(error)}: {said}")


def is_of_one_number(error: BaseException | None) -> bool:
    """Whether Python asked an array for one number: a branch, a loop, a function of math."""
    return any(each in str(error) for each in ONE_NUMBER)


def advice_for(error: Exception) -> str:
    """What to write where a form asks an array for one number, or a dual number for what it has not; "" for other errors."""
    if unknown := re.search(r"'Dual' object has no attribute '(\w+)'", str(error)):
        return (
            f"its slope is made with dual numbers, which have no .{unknown[1]}: write it with + − × ÷ **, np.where and "
            "functions of NumPy or m"
        )
    if not is_of_one_number(error):
        return ""
    part = _part(error)
    if called := re.search(r"\bmath\.(\w+)", part):
        other = IN_NUMPY.get(called[1], f"np.{called[1]} or m.{called[1]}")
        return f"math.{called[1]} takes one number, and there are many: write {other} instead"
    if called := re.search(r"\b(max|min)\(", part):
        return f"{called[1]} compares two numbers, and there are many: write np.{called[1]}imum(…, …) instead"
    if called := re.search(r"\b(float|int)\(", part):
        return f"{called[1]} takes one number, and there are many: leave it out"
    if "truth value" in str(error):
        asked = part if COMPARISON.fullmatch(part) else "z > 0"
        return f"a branch asks about one number, and there are many: write np.where({asked}, …, …) instead"
    return "it takes one number, and there are many: write a function of NumPy instead, as np.exp(z), and no loop"


def _frame(error: Exception) -> traceback.FrameSummary | None:
    """The last line of a user's own that was running; None where there is none."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [each for each in frames if not each.filename.startswith(LIBRARIES)]
    return own[-1] if own else None


def _part(error: Exception) -> str:
    """The expression of that line that failed, or all of the line; "" where the source is not known."""
    frame = _frame(error)
    if frame is None or not frame.line:
        return ""
    if frame.colno is None or frame.end_colno is None or frame.lineno != frame.end_lineno:
        return frame.line
    whole = linecache.getline(frame.filename, frame.lineno or 0).encode()  # columns are counted in bytes
    return whole[frame.colno : frame.end_colno].decode(errors="replace") or frame.line


def _place(error: Exception) -> str:
    """ ", in branch, line 3, `if z > 0:`", as much as is known."""
    frame = _frame(error)
    if frame is None:
        return ""
    named = f"in {printable(cut(frame.name))}, " if frame.name.isidentifier() else ""
    line = frame.line or ""
    shown = printable(cut(line if len(line) <= LONGEST_LINE else _part(error), LONGEST_LINE))
    return f", {named}line {frame.lineno}" + (f", `{shown}`" if shown else "")
