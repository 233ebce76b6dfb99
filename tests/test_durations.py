"""Lengths of time as people write them."""

from __future__ import annotations

from typing import Any

import pytest

import chainrule as cr
from chainrule.durations import seconds, written


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (90, 90),
        (0.5, 0.5),
        ("90", 90),
        ("90s", 90),
        ("1.5 h", 5400),
        ("10min", 600),
        ("1h30m", 5400),
        ("2 days 3 hrs", 183600),
    ],
)
def test_a_time_is_read(given: Any, expected: float) -> None:
    assert seconds(given, "max_time") == expected


@pytest.mark.parametrize(
    "given", ["", "soon", "10 parsecs", "1m1h", 0, -3, "0s", float("inf"), float("nan"), True, None, "1e400"]
)
def test_what_is_not_a_time_is_refused(given: Any) -> None:
    with pytest.raises(
        cr.SettingError, match="max_time is a time above 0: a number of seconds, or 90s, 10min, 1h30m; got"
    ):
        seconds(given, "max_time")


@pytest.mark.parametrize(("time", "text"), [(12.4, "12 s"), (89, "89 s"), (150, "2 min"), (7500, "2 h 5 min")])
def test_a_time_is_written_in_one_or_two_units(time: float, text: str) -> None:
    assert written(time) == text
