"""Large CSV files: pyarrow and the standard library find the same table, whatever is in it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.data import Table, Texts, arrow_csv, cells, read_table
from chainrule.data import csv as csv_file
from chainrule.errors import ChainruleError


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done for large files is done for small ones, in chunks of a few rows."""
    monkeypatch.setattr(arrow_csv, "LARGE", 0)
    monkeypatch.setattr(csv_file, "LARGE", 0)
    monkeypatch.setattr(csv_file, "SAMPLE", 3)
    monkeypatch.setattr(cells, "CHUNK", 4)
    monkeypatch.setattr(cells, "MANY", 6)


def facts(table: Table) -> list[Any]:
    """All that a table holds, to be compared."""
    found: list[Any] = [table.columns, table.target_name, repr(table.target)]
    for name in table.columns:
        values = table.column(name)
        if isinstance(values, Texts):
            found.append((name, values.levels, values.codes.tolist(), values.codes.dtype))
        else:
            found.append((name, values.dtype, repr(values.tolist())))
    return found


def both(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any, bool]:
    """What the two readers make of a file, an error's words if it is one; and whether pyarrow read it."""
    pytest.importorskip("pyarrow")
    used: list[bool] = []
    by_arrow = arrow_csv.columns_by_arrow

    def watched(*given: Any) -> Any:
        found = by_arrow(*given)
        used.append(found is not None)
        return found

    answers = []
    for reader in (watched, lambda *given: None):
        monkeypatch.setattr(csv_file, "columns_by_arrow", reader)
        try:
            answers.append(facts(read_table(path)))
        except ChainruleError as error:
            answers.append([str(error)])
    return answers[0], answers[1], any(used)


COLUMNS = {
    "numbers": ["1", "2.5", "-3e5", ".5", "7."],
    "numbers with gaps": ["1", "NA", "", "nan", "2", "None", "NULL", "?", "n/a", "NaN", "<NA>"],
    "signs": ["+1", "-2", "+0.5"],
    "spaces": [" 1", "2 ", " 3 ", " NA "],
    "underscores": ["12_34", "1_000", "7"],
    "leading zeros": ["007", "7", "010"],
    "zeros": ["0", "0.5", "-0.25", "00.5"],
    "infinities": ["1", "inf", "-Infinity", "1e999"],
    "hexadecimal": ["0x1A", "0xff", "12"],
    "letters among digits": ["1", "2", "3", "4", "1o"],
    "too exact": ["9007199254740993", "9007199254740992", "1"],
    "too exact, with gaps": ["9007199254740993", "NA", "9007199254740992"],
    "too long": ["12345678901234567890123", "12345678901234567890124"],
    "large and fractional": ["9007199254740993", "0.5", "1e300"],
    "dates": ["2024-01-31", "2024-02-29", "NA"],
    "no dates": ["2024-02-30", "2024-01-31"],
    "times": ["2024-01-31 05:00", "2024-01-31T06:07:08.5"],
    "times in zones": ["2024-01-31T05:00:00Z", "2024-01-31T05:00:00+02:00"],
    "truth values": ["true", "FALSE", "True"],
    "truth values with gaps": ["true", "false", ""],
    "truth and numbers": ["true", "1", "0"],
    "percent": ["12%", "13%"],
    "thousands": ['"1,000"', '"12,500"'],
    "texts": ["red", "blue", "größe", "日本"],
    "texts with separators": ['"a,b"', '"c;d"', "e"],
    "texts with quotes": ['"say ""no"""', '"x"', "y"],
    "quotes inside": ['ab"c', "d", 'e"f"g'],
    "quotes after spaces": [' "a, b"', ' "c"', "d"],
    "several lines": ['"a\nb"', '"c\r\nd"', "e"],
    "empty": ["", "", ""],
    "gaps alone": ["NA", "null", ""],
    "quoted gaps": ['""', '"NA"', '"1"'],
    "digits of other scripts": ["١", "٢", "3"],
    "later text": ["1", "2", "3", "4", "5", "6", "7", "8", "9", "x10", "11", "12"],
    "later zeros": ["1", "2", "3", "4", "5", "6", "7", "8", "9", "010", "11", "12"],
    "later gap": ["1", "2", "3", "4", "5", "6", "7", "8", "9", "NA", "11.5", "12"],
    "later large": ["1", "2", "3", "4", "5", "6", "7", "8", "9", "9007199254740993", "11", "12"],
    "many numbers": [str(i / 7) for i in range(40)],
    "many texts": [f"t{i}" for i in range(40)],
}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_both_readers_find_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, end: str) -> None:
    rows = COLUMNS[name]
    lines = ["a,b,y", *(f"{cell},{i},{i % 2}" for i, cell in enumerate(rows * 3))]
    (tmp_path / "d.csv").write_text(end.join(lines) + end, encoding="utf-8", newline="")
    one, other, used = both(tmp_path / "d.csv", monkeypatch)
    assert one == other
    plain = end != "\r" and not any('"' in cell for cell in rows)
    assert used or not plain


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffa,b,y\n1,2,0\n3,4,1\n",
        "\n\na,b,y\n\n1,2,0\n\n\n3,4,1\n\n",
        "a,b,y\n1,2,0\n3,4",
        "a,b,y\n1,2,0\n3,4,1,5\n",
        "a,b,y\n1,2,0\n \n3,4,1\n",
        'a,b,y\n1,"2,0\n3,4,1\n',
        'a,b,y\n1,"2"x,0\n3,4,1\n',
        "a;b;y\n1;2,5;0\n3;4,5;1\n",
        "a|b|y\n1|2|0\n3|4|1",
        "a,b,y\n1,2,0\n3,4,1" * 1,
        "1,2,0\n3,4,1\n",
        "a,b,y\n",
        '"a","b\nc","y"\n1,2,0\n3,4,1\n',
        "a\n1\n2\n\n3\n",
        "a,y\n" + "x" * 1000 + ",1\n",
    ],
)
def test_both_readers_find_the_same_in_odd_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    (tmp_path / "d.csv").write_text(content, encoding="utf-8", newline="")
    one, other, _ = both(tmp_path / "d.csv", monkeypatch)
    assert one == other


@pytest.mark.parametrize("seed", range(40))
def test_both_readers_find_the_same_in_random_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Columns of every kind side by side, a foreign cell in some of them, in any order."""
    draw = random.Random(seed)
    kinds = [draw.choice(list(COLUMNS.values())) for _ in range(draw.randint(2, 5))]
    rows = [[draw.choice(kind) for kind in kinds] for _ in range(draw.randint(1, 40))]
    if draw.random() < 0.4:
        foreign = draw.choice(list(COLUMNS.values()))
        draw.choice(rows)[draw.randrange(len(kinds))] = draw.choice(foreign)
    separator = draw.choice(",;\t")
    lines = [separator.join(f"c{i}" for i in range(len(kinds))), *(separator.join(row) for row in rows)]
    (tmp_path / "d.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    one, other, _ = both(tmp_path / "d.csv", monkeypatch)
    assert one == other


@pytest.mark.parametrize("reader", ["pyarrow", "standard library"])
def test_the_kinds_of_columns_are_these(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: str) -> None:
    if reader == "pyarrow":
        pytest.importorskip("pyarrow")
    else:
        monkeypatch.setattr(csv_file, "columns_by_arrow", lambda *given: None)

    def column(name: str) -> Any:
        rows = COLUMNS[name]
        content = "a,y\n" + "".join(f"{cell},{i}\n" for i, cell in enumerate(rows))
        (tmp_path / "d.csv").write_text(content, encoding="utf-8", newline="")
        return read_table(tmp_path / "d.csv").column("a")

    nan = np.nan
    assert column("numbers").tolist() == [1, 2.5, -3e5, 0.5, 7]
    assert np.array_equal(
        column("numbers with gaps"), [1, nan, nan, nan, 2, nan, nan, nan, nan, nan, nan], equal_nan=True
    )
    assert column("underscores").levels == ("12_34", "1_000", "7")
    assert column("leading zeros").levels == ("007", "010", "7")
    assert column("zeros").tolist() == [0, 0.5, -0.25, 0.5]
    assert column("infinities").tolist() == [1, np.inf, -np.inf, np.inf]
    assert column("hexadecimal").levels == ("0x1A", "0xff", "12")
    assert column("too exact").tolist() == [2**53 + 1, 2**53, 1]
    assert column("too long").levels == ("12345678901234567890123", "12345678901234567890124")
    assert column("dates").dtype == "M8[us]"
    assert str(column("dates")[1]) == "2024-02-29T00:00:00.000000"
    assert isinstance(column("no dates"), Texts)
    assert column("times in zones").tolist()[1].hour == 3
    assert column("truth values").tolist() == [True, False, True]
    assert np.array_equal(column("truth values with gaps"), [1, 0, nan], equal_nan=True)
    assert column("digits of other scripts").levels == ("3", "١", "٢")
    assert np.isnan(column("gaps alone")).all()
    assert column("later text").levels[-1] == "x10"


def test_a_target_keeps_the_words_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("a,y\n1,TRUE\n2,\n3,FALSE\n4,TRUE\n")
    assert read_table(tmp_path / "d.csv").target.tolist() == ["TRUE", None, "FALSE", "TRUE"]  # type: ignore[union-attr]


def test_a_line_is_found_again_in_a_large_file(tmp_path: Path) -> None:
    rows = "".join(f'{i},"a\nb"\n\n' for i in range(20))
    (tmp_path / "d.csv").write_text("\nn,t\n" + rows)
    table = read_table(tmp_path / "d.csv", "n")
    assert table.where(0) == f"{tmp_path / 'd.csv'}, line 4"
    assert table.take(np.array([5, 3])).where(1) == f"{tmp_path / 'd.csv'}, line 13"
