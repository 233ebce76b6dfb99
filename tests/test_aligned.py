"""Rows of cells and sentences as lines: sides, rows that end early, what is done where a line gets too wide."""

from chainrule.aligned import Heading, Table, aligned, laid_out, wrapped


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


WORDS = [["id", "slope", "why"], ["w/1/0/0", "−0.5", "the rows pull against each other in this layer"]]
NUMBERS = [["method", "layer 1", "layer 2", ""], ["delta", "7.0e−16", "1.1e−15", "✓"]]


def test_a_table_that_fits_is_as_it_was_and_one_that_does_not_wraps_its_words() -> None:
    assert Table(WORDS).lines() == Table(WORDS).lines(80) == aligned(WORDS)
    assert Table(WORDS, "<><").lines(45) == [
        "id       slope  why",
        "w/1/0/0   −0.5  the rows pull against each",
        "                other in this layer",
    ]


def test_where_words_have_no_room_each_row_is_written_by_itself() -> None:
    assert Table(NUMBERS, "<").lines(24) == ["method delta  ✓", "  layer 1  7.0e−16", "  layer 2  1.1e−15"]
    assert Table(WORDS[1:], "<><", 2, head=False).lines(24) == [
        "  w/1/0/0  −0.5  the",
        "           rows pull",
        "           against each",
        "           other in this",
        "           layer",
    ]


def test_no_line_is_too_wide_and_no_word_is_lost_or_broken() -> None:
    text = "trained   20 epochs in 0.04 s, cost 1.2331 → 0.2772, and a hyphened-word behind"
    for width in range(30, 120):
        lines = wrapped(text, width)
        assert " ".join(lines).split() == text.split()
        for each in (lines, Table(WORDS).lines(width), Table(NUMBERS).lines(width)):
            assert max(map(len, each)) <= width, (width, each)


def test_a_sentence_goes_on_below_itself_and_behind_its_label() -> None:
    assert wrapped("cost      quadratic, of each row", 26) == ["cost      quadratic, of", "          each row"]
    assert wrapped("  a line that is moved in", 14) == ["  a line that", "    is moved", "    in"]
    assert wrapped("tied\u00a0words", 6) == wrapped("tied words", None) == ["tied words"]


def test_headings_are_known_by_their_type_and_print_like_other_lines() -> None:
    lines = laid_out([Heading("two\nlines"), Table(NUMBERS), "a sentence"])
    assert [line for line in lines if isinstance(line, Heading)] == [*["two", "lines"], aligned(NUMBERS)[0]]
