"""errors.py: what an error shows of a value, and of names, however long they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ChainruleError, DataError, FileError, IdError, brief, listed, unknown_name

LONG = "a" * 100_000
DIGITS = "1" * 5000  # Python makes no number of more than 4,300 digits


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("relu", "'relu'"),
        ("it's", '"it\'s"'),
        ("a" * 60, f"'{'a' * 60}'"),
        ("a" * 61, f"'{'a' * 59}…'"),
        (3.5, "3.5"),
        (list(range(1000)), str(list(range(1000)))[:59] + "…"),
        (np.zeros((2, 2)), "array([[0., 0.], [0., 0.]])"),
        (10**5000, "this int"),
    ],
    ids=lambda value: "" if isinstance(value, int) else None,
)
def test_a_value_is_shown_on_one_line_and_cut(value: Any, shown: str) -> None:
    assert brief(value) == shown


@pytest.mark.parametrize("kind", [DataError, FileError, IdError, ChainruleError])
def test_every_error_cuts_what_it_quotes_and_nothing_else(kind: type[ChainruleError]) -> None:
    kept = "the model's file doesn't hold 'w/1', and the users' own one \"b/2\" is needed: " + "so it is said " * 20
    assert str(kind(kept)) == kept
    assert str(kind(f"unknown {LONG!r}: 'x'")) == f"unknown '{'a' * 59}…': 'x'"
    assert str(kind(f"unknown {LONG + chr(39)!r}: 'x'")) == f"unknown \"{'a' * 59}…\": 'x'"
    path = "/".join(["folder"] * 30)
    assert str(kind(f"there is no file {path}, {LONG}")) == f"there is no file {path}, {'a' * 59}…"


def test_of_a_message_without_end_beginning_and_end_are_kept() -> None:
    whole = str(DataError(f"most={list(range(50_000))}: a whole number of entries, at least one, is compared"))
    assert len(whole) < 4_000
    assert whole.startswith("most=[0, 1, 2")
    assert whole.endswith("49999]: a whole number of entries, at least one, is compared")


def test_names_are_listed_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed(range(5), 3) == "0, 1, 2 and 2 more"
    message = str(unknown_name("column", LONG, [LONG + "1", *(f"c{i}" for i in range(20_000))]))
    assert message.startswith(
        f"unknown column '{'a' * 59}…': did you mean '{'a' * 59}…'? known are {'a' * 59}…, c0, c1"
    )
    assert message.endswith("c38 and 19,961 more")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: cr.Network.random([2, 1, 1], LONG),
        lambda: cr.Network.random([2, 1], dtype=LONG),
        lambda: cr.Network.random([2] * 50_000 + [0]),
        lambda: cr.Network.random([2, 1], dtype="1_0"),
        lambda: cr.Network.random([2, 1], dtype="f4,("),
        lambda: cr.train(cr.Network.random([2, 1]), (np.ones((2, 2)), np.ones((2, 1))), cost=LONG),
        lambda: cr.load_data(LONG),
        lambda: cr.load(LONG),
        lambda: cr.explain(cr.Network.random([2, 1]), [0, 0], [1], f"w/{DIGITS}/0/0"),
        lambda: cr.explain(cr.Network.random([2, 1]), [0, 0], [1], f"w/0{DIGITS}/0/0"),
        lambda: cr.explain(cr.Network.random([2, 1]), [0, 0], [1], LONG),
    ],
)
def test_no_value_makes_an_error_long(wrong: Any) -> None:
    with pytest.raises(ChainruleError) as caught:
        wrong()
    assert len(str(caught.value)) < 700
