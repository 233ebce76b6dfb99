"""What was asked for in public, W1 to W35: each has a test that names it, and a line in docs/asked_for.md.

A test names what it shows at the end of its docstring: (W14), or (W12, W14).
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SKL, SKORCH = "scikit-learn/scikit-learn", "skorch-dev/skorch"
LINKS: dict[int, tuple[str, ...]] = {  # number of a request: repository and number of each thread
    1: (f"{SKL}#6175",),
    2: (f"{SKL}#9113",),
    3: (f"{SKL}#25646",),
    4: (f"{SKL}#14571",),
    5: (f"{SKL}#30712",),
    6: (f"{SKL}#10097",),
    7: (f"{SKL}#14807",),
    8: (f"{SKL}#30199",),
    9: (f"{SKL}#9468",),
    10: (f"{SKL}#8291",),
    11: (f"{SKL}#27996",),
    12: (f"{SKL}#18507",),
    13: (f"{SKL}#16925", f"{SKL}#27676", f"{SKL}#18773"),
    14: (f"{SKL}#18748",),
    15: (f"{SKL}#29504",),
    16: (f"{SKL}#8349",),
    17: (f"{SKL}#6780", f"{SKL}#10477"),
    18: (f"{SKL}#19701",),
    19: (f"{SKL}#6091", f"{SKL}#13656"),
    20: (f"{SKL}#12505", f"{SKL}#25693"),
    21: (f"{SKL}#13567", f"{SKL}#7667"),
    22: (f"{SKL}#13108", f"{SKL}#20516", f"{SKL}#25604", f"{SKL}#15266"),
    23: (f"{SKL}#33760",),
    24: (f"{SKL}#26762",),
    25: (f"{SKL}#17759",),
    26: (
        f"{SKL}#15545", "dholzmueller/pytabkit#29", "nextmv-io/nextmv-py#291", "dswah/pyGAM#344", "mlrequest/sklearn-json#1",
    ),
    27: (f"{SKL}#28328",),
    28: ("ageron/handson-ml2#573", f"{SKORCH}#808"),
    29: (f"{SKORCH}#203",),
    30: (f"{SKORCH}#630",),
    31: (f"{SKORCH}#673",),
    32: (f"{SKORCH}#972", f"{SKORCH}#728", f"{SKORCH}#701"),
    33: (f"{SKORCH}#627",),
    34: (f"{SKORCH}#355", "keras-team/keras#11364"),
    35: (f"{SKORCH}#912",),
}  # fmt: skip
NOT_THERE = {24, 27, 35}  # whose line begins so, and says what is there instead
LINE = re.compile(r"^\| (?P<asked>.+) \| (?P<here>.+) \|$", re.MULTILINE)
LINK = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+)/(?:issues|pull)/(\d+)")
NAMED = re.compile(r"\(((?:W\d+, )*W\d+)\)\.$")


def lines() -> list[tuple[list[str], str]]:
    """(threads, what is here) of each line of the table."""
    table = [
        match for match in LINE.finditer((ROOT / "docs" / "asked_for.md").read_text()) if LINK.search(match["asked"])
    ]
    return [(["#".join(each) for each in LINK.findall(match["asked"])], match["here"]) for match in table]


@cache
def shown() -> dict[int, list[str]]:
    """The tests that name each request at the end of their docstrings."""
    found: dict[int, list[str]] = {}
    for path in sorted((ROOT / "tests").glob("test_estimators*.py")):
        for each in ast.walk(ast.parse(path.read_text())):
            if isinstance(each, ast.FunctionDef) and each.name.startswith("test_"):
                for named in NAMED.findall(ast.get_docstring(each) or ""):
                    for number in re.findall(r"\d+", named):
                        found.setdefault(int(number), []).append(f"{path.name}::{each.name}")
    return found


def test_the_table_has_a_line_for_each_request_in_order() -> None:
    assert list(LINKS) == list(range(1, 36))
    assert [tuple(threads) for threads, _ in lines()] == list(LINKS.values())


@pytest.mark.parametrize("number", LINKS)
def test_each_request_has_a_test_that_names_it_or_a_line_that_says_why_not(number: int) -> None:
    _, here = lines()[number - 1]
    assert here.startswith("Not there") == (number in NOT_THERE)
    assert number in NOT_THERE or shown().get(number)
