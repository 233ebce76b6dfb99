"""The page writes every number as Python does."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from node import answer

from chainrule.writing import numbers

SCRIPT = """
import * as numbers from './web/numbers.js';
const calls = { ...numbers, styled: ([values, value, sign]) => numbers.inStyle(numbers.styleOf(values), value, sign),
  factors: ([values, value]) => numbers.factorNumbers(values.map((each) => ({ value: each })), value) };
const call = ([name, args]) => (name in { styled: 1, factors: 1 } ? calls[name](args) : calls[name](...args));
console.log(JSON.stringify(data.map(call)));
"""
SIMPLE = [0.0, -0.0, 1.0, -2.0, 0.1, 1.2, 1e-5, 5e-4, 1e-3, 1e5, 99999.0, 123456789.0, 2.0**60, 1e16, 1e22]
ODD = [math.nan, math.inf, -math.inf, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -1e300]
CARRIES = [
    99.97, 9.9999995, 0.99999995, 9.996, 0.09996, 0.9995, 999.6, 9995.0, 99999.9999999, 0.000999999999, 9.5, 95.0, 0.00095,
    9.999999e-7, 9.9999999e-12, 9.99e99, 1e5 - 1e-9, 999999.5, 9999995.0,
]  # fmt: skip
PLACES = [1e-310, 1e-12, 3e-7, 4e-4, 0.02, 1.0, 37.0, 5e3, 8e4, 2e7, 6e23, 1e305]  # about which numbers are drawn


@dataclass(frozen=True)
class Value:
    """A factor."""

    value: float


def ties() -> list[float]:
    """Numbers exactly between two shorter ones, at one to nine digits: Python takes the even one."""
    whole = [0.5, 1.5, 2.5, 12.5, 13.5, 1234.5, 1235.5, 12345.5, 98765.5, 100000.5, 1000000.5, 12345675.0, 12345685.0]
    parts = [k / 2**n for n in (2, 3, 7, 8, 10) for k in (1, 3, 5, 13, 129, 131)]
    return [sign * each for each in [*whole, *parts, 1.25, 2.375, 20.3125] for sign in (1, -1)]


def drawn(rng: np.random.Generator) -> list[float]:
    patterns = [struct.unpack(">d", rng.bytes(8))[0] for _ in range(60)]
    near = [float(place * factor) for place in PLACES for factor in rng.normal(size=6)]
    short = [float(f"{value:.{digits}g}") for digits in (1, 2, 3, 5) for value in rng.normal(size=6)]
    return [*patterns, *near, *short]


def cases(rng: np.random.Generator) -> Iterator[tuple[str, list[Any], Any]]:
    """(name in JavaScript, arguments, what Python gives)."""
    values = [*SIMPLE, *ODD, *CARRIES, *ties(), *drawn(rng)]
    for place, value in enumerate(values):
        digits = 2 + place % 5
        yield "number", [value], numbers.number(value)
        yield "number", [value, True], numbers.number(value, sign=True)
        yield "brief", [value], numbers.brief(value)
        yield "brief", [value, digits], numbers.brief(value, digits)
        yield "short", [value, digits], numbers.short(value, digits)
        yield "written", [value], numbers.written(value)
        yield "bar", [value, place % 3], numbers.bar(value, place % 3)
        yield "exact", [value], numbers.exact(value)
    finite = [value for value in values if math.isfinite(value)]
    for value, error in zip(finite, np.abs(rng.permutation(finite)).tolist()):
        size = abs(value) * 10.0 ** rng.uniform(-12, 1)
        for bar in filter(None, (error, float(size))):
            yield "withBar", [value, bar], numbers.with_bar(value, bar)
    for _ in range(120):
        column = [float(each) for each in rng.choice(values, size=3)]
        yield "styled", [column, column[0], True], numbers.style_of(column).of(column[0], sign=True)
        factors = [float(each) for each in rng.normal(size=4) * 10.0 ** rng.integers(-4, 4, size=4)]
        yield (
            "factors",
            [factors, math.prod(factors)],
            numbers.factor_numbers(list(map(Value, factors)), math.prod(factors)),
        )
    yield "factors", [[1.2, -2.0, 0.0], 0.0], numbers.factor_numbers([Value(1.2), Value(-2.0), Value(0.0)], 0.0)
    yield "bracketed", [["−2", "−3.5", "1"]], numbers.bracketed(["−2", "−3.5", "1"])
    yield "costText", ["C", "quadratic", 0.25], numbers.cost_text("C", "quadratic", 0.25)


@pytest.mark.needs("node")
def test_two_thousand_numbers_are_written_as_in_python(rng: np.random.Generator, tmp_path: Path) -> None:
    rows = list(cases(rng))
    assert len(rows) > 2000
    found = answer(SCRIPT, [row[:2] for row in rows], tmp_path)
    different = [(*row, there) for row, there in zip(rows, found) if row[2] != there]
    assert not different, different[:20]


@pytest.mark.needs("node")
def test_a_unit_of_the_last_digit_and_whether_an_error_reaches_it_are_the_same(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    values = [value for value in [*SIMPLE, *CARRIES, *drawn(rng)] if math.isfinite(value)]
    calls = [("unit", [value]) for value in values] + [("reaches", [0.4 * abs(value), value]) for value in values]
    found = answer(SCRIPT, calls, tmp_path)
    units = [numbers.unit(value) for value in values]
    assert found[: len(values)] == pytest.approx(units, rel=1e-14, abs=0)
    assert found[len(values) :] == [numbers.reaches(0.4 * abs(value), value) for value in values]


@pytest.mark.needs("node")
def test_exact_ties_and_carries_are_those_of_python(tmp_path: Path) -> None:
    """What toFixed and toExponential alone would print differently: 2.5 as 3, 0.0078125 with 6 decimals as 0.007813."""
    calls = [
        ("brief", [1250.5]),
        ("number", [0.0078125]),
        ("brief", [1.25, 2]),
        ("bar", [9.995e-7, 1]),
        ("brief", [99.97, 2]),
    ]
    assert answer(SCRIPT, calls, tmp_path) == ["1250", "0.007812", "1.2", "1.0e−6", "100"]


MARKS = """import { marksOf } from './web/scale.js';
console.log(JSON.stringify(data.map(([low, high, most]) => marksOf({ low, high }, most))));
"""


@pytest.mark.needs("node")
def test_a_scale_has_two_marks_or_more_at_round_numbers(tmp_path: Path) -> None:
    cases = [
        (0.1, 9.2, 3.7),
        (1.1, 9.9, 3.7),
        (11.0, 19.0, 2.0),
        (-0.03, 0.9, 3.1),
        (0.0, 12.0, 6.0),
        (-1e-7, 8e-7, 2.5),
    ]
    first, *others = answer(MARKS, cases, tmp_path)
    assert first == [2, 4, 6, 8]
    assert [2 <= len(marks) <= 7 for marks in others] == [True] * len(others)
    assert answer(MARKS, [(0.1, 9.2, 1.5)], tmp_path) == [[]]  # there is no room for two
