"""Rows of cells as lines: sides, rows that end early, no blanks at the end of a line."""

from chainrule.aligned import aligned


def test_a_column_is_as_wide_as_its_widest_cell_and_each_cell_stands_on_its_side() -> None:
    rows = [["name", "Δ", "remark"], ["w", "−0.25", "far"], ["bias", "12", ""]]
    assert aligned(rows, "<><") == ["name      Δ  remark", "w     −0.25  far", "bias     12"]


def test_the_last_side_serves_the_columns_that_follow() -> None:
    rows = [["road", "one", "two"], ["a", "1", "2"]]
    assert aligned(rows) == aligned(rows, "<>>") == ["road  one  two", "a       1    2"]
    assert aligned(rows, ">") == ["road  one  two", "   a    1    2"]
    assert aligned(rows, "<") == ["road  one  two", "a     1    2"]


def test_a_row_may_end_early() -> None:
    assert aligned([["a"], ["long", "1", "end"]], "<") == ["a", "long  1  end"]
    assert aligned([]) == []


def test_an_indented_line_of_blanks_is_empty() -> None:
    assert aligned([["a", "b"], ["", " "]], "<", indent=2) == ["  a  b", ""]
