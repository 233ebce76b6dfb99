"""What there is at each time step, by the number of the step."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from chainrule.errors import IdError, brief

S = TypeVar("S")


class TimeSteps(Generic[S]):
    """What there is at each time step, by the number of the step: z[1]…z[T], h[0]…h[T]."""

    __slots__ = ("_rows", "first")

    def __init__(self, rows: S, first: int = 1) -> None:
        self._rows: Any = rows
        self.first = first

    @property
    def rows(self) -> S:
        """All of it, time first: the first row is that of the step `first`."""
        return self._rows

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def numbers(self) -> range:
        """The numbers of the steps, first…T."""
        return range(self.first, self.first + len(self))

    def __getitem__(self, t: Any) -> S:
        try:
            number = operator.index(t)
        except TypeError:
            raise IdError(f"a step is given by its number, got {brief(t)}; `rows` holds all steps") from None
        if number not in self.numbers:
            raise IdError(f"there is no step {number}: these are numbered {self.first}…{self.numbers[-1]}")
        return self._rows[number - self.first]

    def __iter__(self) -> Iterator[S]:
        return iter(self._rows)

    def __repr__(self) -> str:
        return f"TimeSteps({self.first}…{self.numbers[-1]}, each {self._rows.shape[1:]})"
