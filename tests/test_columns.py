"""columns.py, choosing.py, overview.py: what columns become, unless a user says otherwise, and how it is told."""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.data import (
    Category,
    Choices,
    Dates,
    Dropped,
    Number,
    Preprocessing,
    Table,
    learnable,
    load_data,
    overview,
    read_table,
)
from chainrule.errors import DataError, DataWarning, SettingError, UnknownNameError

COUNT = 60


def table(**columns: list[Any]) -> Table:
    """A table of typed columns, without a target."""
    return Table("t", list(columns), np.array(list(columns.values()), dtype=object).T)


def fitted(given: Table, **choices: Any) -> Preprocessing:
    """Fitted, and through JSON once; its warnings are read where a test is about them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        terms = Preprocessing.fit_table(given, **choices)
    again = Preprocessing.from_json(json.loads(json.dumps(terms.to_json())))
    assert again == terms
    assert again.to_json() == terms.to_json()
    return again


def only(given: Table, **choices: Any) -> Any:
    """What the first column becomes; the others are there so that something is left to learn from."""
    return fitted(given, **choices).columns[0]  # type: ignore[index]


OTHER = [i % 7 + 0.5 for i in range(COUNT)]


# gaps ---------------------------------------------------------------------------------------------------------------
def test_gaps_of_numbers_are_the_median_and_an_input_tells_them() -> None:
    given = table(a=[1.0, None, 2.0, 9.0], b=[1.5, 2.5, 3.5, 1.0])
    column = only(given)
    assert (column.fill, column.gaps, column.width) == (2.0, 1, 2)
    rows = fitted(given).rows(given)
    assert rows[:, 1].tolist() == [0, 1, 0, 0]
    assert rows[1, 0] == rows[2, 0]
    assert np.isclose(rows[[0, 2, 3], 0].mean(), 0)
    matrix = Table("m", ("a", "b"), np.array([[1, 1.5], [np.nan, 2.5], [2, 3.5], [9, 1]]))
    assert np.array_equal(fitted(matrix).rows(matrix), rows)


def test_gaps_of_texts_have_an_input_of_their_own() -> None:
    given = table(a=["u", None, "v", "u"], b=[1.5, 2.5, 3.5, 1.0])
    assert only(given) == Category("a", ("u", "v"), fill="u", gaps=1, indicator=True)
    assert fitted(given).rows(given)[:, :3].tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]]


def test_of_many_columns_the_first_are_told_and_the_rest_counted() -> None:
    names = [f"c{number}" for number in range(1_000)]
    given = table(**{name: [1.0, 1.0, 1.0] for name in names}, x=[1.0, 2.0, 4.0])
    with pytest.warns(DataWarning) as told:
        terms = Preprocessing.fit_table(given)
    assert [str(each.message) for each in told] == [
        *(f"t: the column '{name}': constant (1)" for name in names[:12]),
        "t: and 988 more columns have such notes: print(preprocessing) shows them",
    ]
    assert terms.width == 1
    given = table(**{name: [1.0, 2.0, 4.0] for name in names})
    with pytest.warns(DataWarning) as told:
        Preprocessing.fit_table(given).rows(table(**{name: [1.0, None] for name in names}))
    assert str(told[-1].message) == "t: and 988 more columns have gaps or values not seen in training"


def test_gaps_that_training_had_not_are_filled_and_counted() -> None:
    terms = fitted(table(a=["u", "v", "u"], b=[1.0, 2.0, 6.0], c=["2013-01-01", "2013-01-03", "2013-01-09"]))
    met = table(a=[None, "v", None], b=[None, 2.0, 2.0], c=["2013-01-03", None, "2013-01-03"])
    with pytest.warns(DataWarning) as told:
        rows = terms.rows(met)
    assert [str(each.message) for each in told] == [
        "t: the column 'a' has 2 gaps, and had none in training: taken for u",
        "t: the column 'b' has 1 gap, and had none in training: taken for 2",
        "t: the column 'c' has 1 gap, and had none in training: taken for 2013-01-03",
    ]
    assert np.array_equal(rows, terms.rows(table(a=["u", "v", "u"], b=[2.0] * 3, c=["2013-01-03"] * 3)))


def test_gaps_are_refused_where_that_is_asked_for() -> None:
    for given in (table(a=[1.0, None], b=[1.0, 2.5]), table(a=["u", None], b=[1.0, 2.5])):
        with pytest.raises(DataError, match="row 1: the column 'a' has no value"):
            fitted(given, gaps="refuse")
    terms = fitted(table(a=["u", "v"], b=[1.0, 2.5]), gaps="refuse")
    with pytest.raises(DataError, match="row 0: the column 'b' has no value"):
        terms.rows(table(a=["u"], b=[None]))


def test_rows_with_gaps_are_dropped_where_that_is_asked_for_and_counted() -> None:
    given = table(a=[1.0, None, 3.0, 4.0], b=["u", "v", None, "v"], empty=[None] * 4, c=[None, 1, 1, 1])
    choices = Choices(gaps="drop", drop=["c"])
    whole, said = learnable(given, choices)
    assert whole.inputs[:, 0].tolist() == [1, 4]
    assert said == ["2 rows with gaps are left out"]
    terms = fitted(given, gaps="drop", drop=["c"])
    assert [column.width for column in terms.columns or ()] == [1, 2, 0, 0]
    with pytest.raises(DataError, match="no row is without a gap"):
        Choices(gaps="drop").complete(table(a=[None, 1.0], b=[1.0, None]))


@pytest.mark.parametrize("values", ["0.5", "u"])
def test_rows_whose_target_is_unknown_are_left_out_and_counted(values: str, tmp_path: Path) -> None:
    lines = [f"{i},{'NA' if i % 4 == 0 else values if i % 2 else '1.5'}" for i in range(12)]
    (tmp_path / "d.csv").write_text("\n".join(["x,y", *lines]) + "\n")
    with pytest.warns(DataWarning, match=r"d\.csv: 3 rows without y are left out"):
        data = load_data(tmp_path / "d.csv")
    assert len(data) == 9
    (tmp_path / "none.csv").write_text("x,y\n1,\n2,NA\n")
    with pytest.raises(DataError, match=r"the target 'y' has no value in any row"):
        load_data(tmp_path / "none.csv")


# levels -------------------------------------------------------------------------------------------------------------
def test_rare_levels_are_one_input_which_stands_for_unseen_ones_too() -> None:
    given = table(a=["u", "v"] * 1500 + ["w", "x"], b=[float(i % 9) for i in range(3002)])
    column = only(given)
    assert (column.levels, column.rare) == (("u", "v"), ("w", "x"))
    terms = fitted(given)
    met = table(a=["x", "v", "new", "newer"], b=[1.0, 2.0, 3.0, 4.0])
    with pytest.warns(DataWarning, match=r"'a' has 2 values not seen in training \(new, newer\): taken for other"):
        rows = terms.rows(met)
    assert rows[:, :3].tolist() == [[0, 0, 1], [0, 1, 0], [0, 0, 1], [0, 0, 1]]


def test_an_unseen_level_is_none_of_the_known_ones_where_none_was_rare() -> None:
    terms = fitted(table(a=["u", "v"], b=[1.0, 2.5]))
    with pytest.warns(DataWarning, match=r"'a' has 1 value not seen in training \(w\): taken for none of its levels"):
        assert terms.rows(table(a=["w", "u"], b=[1.0, 1.0]))[:, :2].tolist() == [[0, 0], [1, 0]]


def test_one_unseen_level_does_not_stop_a_network_nor_one_in_the_test_part(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("a,y\n" + "u,1\nv,2\n" * 20 + "w,1\n")
    data = load_data(tmp_path / "d.csv")
    for seed in range(4):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            rest, test = data.split(0.5, seed)
        assert rest.inputs.shape[1] == test.inputs.shape[1]


# what is left out, or looks as if it should be ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "values", "note"),
    [
        ("c", [3.0] * COUNT, "constant (3)"),
        ("c", ["same"] * COUNT, "constant (same)"),
        ("c", [True] * COUNT, "constant (True)"),
        ("c", [None] * COUNT, "empty"),
        ("id", [7 * i for i in range(COUNT)], "every row has its own number: an index or identifier"),
        ("", list(range(COUNT)), "every row has its own number: an index or identifier"),
        ("Unnamed: 0", list(range(COUNT)), "every row has its own number: an index or identifier"),
        ("PassengerId", list(range(1, COUNT + 1)), "every row has its own number: an index or identifier"),
        ("user_id", [f"u{i}" for i in range(COUNT)], "every row has its own text"),
        ("name", [f"name {i}" for i in range(COUNT)], "every row has its own text"),
        ("name", [f"name {i % 40}" for i in range(COUNT)], "40 different texts: names or free text"),
        ("d", ["2013-01-01"] * COUNT, "constant (2013-01-01)"),
    ],
)
def test_columns_that_teach_nothing_are_dropped_aloud(name: str, values: list[Any], note: str) -> None:
    given = table(**{name: values, "other": OTHER})
    assert only(given) == Dropped(name, gaps=values.count(None), note=note)
    with pytest.warns(DataWarning, match="the column"):
        Preprocessing.fit_table(given)
    assert "dropped" in str(fitted(given))


@pytest.mark.parametrize(
    ("name", "values", "kind", "note"),
    [
        ("t", list(range(COUNT)), Number, "counts the rows? an index tells a sorted file's target"),
        ("customer_id", [1000 + i % 500 * 3 % 151 for i in range(300)], Number, "named as an identifier, whose size"),
        ("store_id", [i % 5 for i in range(COUNT)], Category, "named as an identifier"),
        ("day", [20130101 + i % 28 for i in range(COUNT)], Number, "dates? their parts are read where"),
        ("day", [f"{i % 28 + 1}/01/2013" for i in range(COUNT)], Category, "dates? their parts are read where"),
    ],
)
def test_columns_that_look_like_an_index_an_identifier_or_dates_are_told(
    name: str, values: list[Any], kind: type, note: str
) -> None:
    given = table(**{name: values, "other": (OTHER * 5)[: len(values)]})
    column = only(given)
    assert isinstance(column, kind)
    assert column.note.startswith(note)
    with pytest.warns(DataWarning, match="the column"):
        Preprocessing.fit_table(given)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("x", [1.5 * i for i in range(COUNT)]),
        ("salary", [1000 * i for i in range(COUNT)]),
        ("valid", [i % 2 for i in range(COUNT)]),
        ("paid", [float(i) for i in range(COUNT - 1)] + [3.0]),
        ("kid", [i % 3 for i in range(COUNT)]),
        ("grid", [i % 30 for i in range(COUNT)]),
        ("year", [2010 + i % 9 for i in range(COUNT)]),
        ("b", [i % 2 == 0 for i in range(COUNT)]),
    ],
)
def test_numbers_that_are_numbers_are_told_nothing_of(name: str, values: list[Any]) -> None:
    column = only(table(**{name: values, "other": OTHER}))
    assert isinstance(column, Number)
    assert column.note == ""
    assert column.boolean == isinstance(values[0], bool)


def test_a_column_that_gives_the_target_away_is_told() -> None:
    y = np.array([float(i * i % 37) for i in range(COUNT)])
    given = Table("t", ("late", "x"), [y + 0.1 * np.arange(COUNT) % 1, np.array(OTHER)], y, "delay")
    assert (
        only(given, task="regression").note == "correlates 1.00 with delay: leave it out if it is known only with delay"
    )
    down = Table("t", ("late", "x"), [-y, np.array(OTHER)], y, "delay")
    assert only(down, task="regression").note.startswith("correlates −1.00 with delay:")


@pytest.mark.parametrize("rows", [2, 3, 9])
def test_from_a_few_rows_no_correlation_is_concluded(rows: int) -> None:
    y = np.arange(rows) * 1.5
    assert only(Table("t", ("x", "z"), [y, y**2], y, "y"), task="regression").note == ""


def test_texts_that_differ_in_each_of_a_few_rows_are_a_category_with_a_note() -> None:
    """Fewer than fifty rows conclude nothing, and a name is the likely reason."""
    names = [f"name {i}" for i in range(8)]
    assert only(table(name=names, b=OTHER[:8])).note == "every row has its own text: a name?"
    assert only(table(name=[*names[:-1], names[0]], b=OTHER[:8])).note == ""
    assert only(table(name=names[:4], b=OTHER[:4])).note == ""


def test_a_matrix_of_numbers_keeps_all_its_columns() -> None:
    digits = read_table("digits")  # pixels that are never inked among them
    terms = Preprocessing.fit_table(digits)
    assert terms.width == 64
    assert all(isinstance(column, Number) for column in terms.columns or ())


def test_nothing_left_to_learn_from_is_an_error() -> None:
    with pytest.raises(DataError, match=r"no column is left to learn from \('a': constant \(1\); 'b': empty\)"):
        fitted(table(a=[1.0, 1.0], b=[None, None]))
    with pytest.raises(DataError, match=r"^t holds 1 row, and a network learns from how rows differ: add rows$"):
        fitted(table(a=[1.0], b=["x"]))


# dates --------------------------------------------------------------------------------------------------------------
def test_dates_become_the_parts_that_vary() -> None:
    given = table(d=["2012-12-31", "2013-01-01", "2013-06-03"], b=[1.0, 2.5, 3.5])
    column = only(given)
    assert [part for part, _, _ in column.parts] == ["year", "month", "day", "weekday"]
    rows = fitted(given).rows(given)[:, :6]
    assert np.allclose(rows[:, 0], (np.array([2012, 2013, 2013]) - 2012.6667) / np.std([2012, 2013, 2013]), atol=1e-3)
    angle = 2 * np.pi * np.array([11, 0, 5]) / 12
    assert np.allclose(rows[:, 1:3], np.stack([np.sin(angle), np.cos(angle)], axis=1))
    angle = 2 * np.pi * np.array([0, 1, 0]) / 7  # a Monday, a Tuesday, a Monday
    assert np.allclose(rows[:, 4:6], np.stack([np.sin(angle), np.cos(angle)], axis=1))


def test_times_of_day_count_with_their_minutes() -> None:
    given = table(d=["2013-01-01T06:00", "2013-01-01T18:30", None], b=[1.0, 2.5, 3.5])
    column = only(given)
    assert [part for part, _, _ in column.parts] == ["hour"]
    angle = 2 * np.pi * np.array([6, 18.5, 18.5]) / 24
    rows = fitted(given).rows(given)
    assert np.allclose(rows[:, :2], np.stack([np.sin(angle), np.cos(angle)], axis=1))
    assert rows[:, 2].tolist() == [0, 0, 1]
    with pytest.raises(
        DataError, match="row 0: the column 'd' holds 'soon', and the network was trained on dates there"
    ):
        fitted(given).rows(table(d=["soon"], b=[1.0]))


# what a user decides --------------------------------------------------------------------------------------------------
def test_what_is_asked_for_wins() -> None:
    given = table(id=list(range(COUNT)), zip=[1000 + i % 5 for i in range(COUNT)], b=OTHER, c=["u", "v"] * (COUNT // 2))
    columns = fitted(given, kinds={"id": "number", "zip": "category", "c": "drop"}, drop=["b"]).columns or ()
    assert [column.title for column in columns] == ["number", "category", "dropped", "dropped"]
    assert columns[1] == Category("zip", ("1000", "1001", "1002", "1003", "1004"), fill="1000")
    assert columns[2].note == "as asked"
    assert fitted(given, columns=["b", "c"]).width == 3
    assert fitted(given, kinds={"zip": "category"}).rows(given)[:, :5].sum() == COUNT
    assert isinstance(only(table(d=["2013-01-01", "2013-01-02"], b=[1.0, 2.0]), kinds={"d": "category"}), Category)
    names = table(name=[f"n{i}" for i in range(COUNT)], b=OTHER)
    assert only(names, kinds={"name": "category"}).width == COUNT
    assert isinstance(only(table(d=["2013-01-01", "2013-01-02"], b=[1.0, 2.0]), kinds={"d": "date"}), Dates)
    matrix = Table("m", ("a", "b"), np.array([[1.0, 2], [2, 2]]))
    assert fitted(matrix, kinds={"a": "category"}).rows(matrix)[:, :2].tolist() == [[1, 0], [0, 1]]
    assert fitted(matrix, drop=["a"]).rows(matrix).shape == (2, 1)


@pytest.mark.parametrize(
    ("choices", "error", "reason"),
    [
        ({"drop": ["nosuch"]}, UnknownNameError, "unknown column 'nosuch'"),
        ({"columns": ["a", "nosuch"]}, UnknownNameError, "unknown column 'nosuch'"),
        ({"kinds": {"nosuch": "number"}}, UnknownNameError, "unknown column 'nosuch'"),
        ({"kinds": {"a": "numbre"}}, UnknownNameError, "did you mean 'number'"),
        ({"gaps": "imptue"}, UnknownNameError, "did you mean 'impute'"),
        ({"drop": "a"}, SettingError, r"takes the names of columns, as drop=\['a'\]"),
        ({"drop": ["a", "b"]}, DataError, "no column is left to learn from"),
        ({"kinds": {"a": "number"}}, DataError, "row 0: the column 'a' holds 'u'"),
        ({"kinds": {"a": "date"}}, DataError, "row 0: the column 'a' holds 'u'"),
    ],
)
def test_what_cannot_be_decided_is_refused(choices: Any, error: Any, reason: str) -> None:
    with pytest.raises(error, match=reason):
        Preprocessing.fit_table(table(a=["u", "v"], b=[1.0, 2.0]), **choices)


def test_rows_to_predict_need_no_column_that_was_dropped() -> None:
    given = table(id=list(range(COUNT)), b=OTHER, c=["u", "v"] * (COUNT // 2))
    terms = fitted(given)
    rows = terms.rows(given)
    assert np.array_equal(terms.rows(given.select(["c", "b"])), rows)
    assert np.array_equal(terms.rows(given.inputs), rows)  # all columns of training, by their places
    assert np.array_equal(terms.rows(given.inputs[:, 1:]), rows)
    assert terms.rows(given, dtype=np.float32).dtype == np.float32


def test_load_data_takes_the_same_choices_and_keeps_them_when_it_is_split(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("id,a,b,y\n" + "".join(f"{i},{i % 3},{i % 5},{i % 2}\n" for i in range(COUNT)))
    with pytest.warns(DataWarning, match="'id': every row has its own number"):
        assert load_data(tmp_path / "d.csv").inputs.shape[1] == 2
    data = load_data(tmp_path / "d.csv", kinds={"a": "category"}, drop=["id"], scale="none")
    rest, test = data.split(0.3)
    assert data.inputs.shape[1] == rest.inputs.shape[1] == test.inputs.shape[1] == 4
    assert set(rest.inputs[:, 3].tolist()) == {0, 1, 2, 3, 4}


# how it is told -------------------------------------------------------------------------------------------------------
def test_the_overview_fits_a_terminal_and_puts_equal_columns_together() -> None:
    columns = (
        *(Number(f"a_rather_long_name_{i}") for i in range(5)),
        Category("sex", ("f", "m"), ("x",), fill="f", gaps=12, indicator=True),
        Number("age", fill=28.0, gaps=177, indicator=True),
        Number("alone", boolean=True),
        Dates("when", (("year", 0.0, 1.0), ("month", 0.0, 1.0))),
        Dropped("", note="every row has its own number: an index or identifier"),
        Dropped("one", note="constant (1)"),
        Dropped("uno", note="constant (1)"),
    )
    lines = overview(columns)
    assert max(map(len, lines)) <= 80
    assert "\n".join(lines) == (
        "became       inputs  gaps  columns\n"
        "number            5     –  a_rather_long_name_0, a_rather_long_name_1,\n"
        "                           a_rather_long_name_2, a_rather_long_name_3,\n"
        "                           a_rather_long_name_4\n"
        "number            2   177  age: gaps become 28, and an input tells them\n"
        "truth value       1     –  alone\n"
        "category          4    12  sex: 2 levels, and other for 1 rare one; an input for\n"
        "                           gaps\n"
        "date              3     –  when: year, month\n"
        "dropped           –     –  '': every row has its own number: an index or\n"
        "                           identifier\n"
        "dropped           –     –  one, uno: constant (1)"
    )
    pixels = overview([Number(f"pixel {i}") for i in range(784)])
    assert pixels[1].split("  ")[-1] == "pixel 0, pixel 1, pixel 2 … pixel 783 (784 columns)"


def test_a_network_trained_on_columns_of_every_kind_is_saved_and_answers(tmp_path: Path) -> None:
    lines = [f"{i},{i % 4 or ''},{'uv'[i % 2]},2013-0{i % 9 + 1}-01,{i % 3 == 0},{i % 2}" for i in range(COUNT)]
    (tmp_path / "d.csv").write_text("\n".join(["id,a,b,c,d,y", *lines]) + "\n")
    with pytest.warns(DataWarning, match="'id'"):
        data = load_data(tmp_path / "d.csv")
    run = cr.train(
        cr.Network.random([data.inputs.shape[1], 4, 2], output="softmax"), data, rule=cr.adam(0.05), epochs=30
    )
    again = cr.load(cr.save(run.network, tmp_path / "m.safetensors"))
    given = read_table(tmp_path / "d.csv")
    assert cr.score(again, given) == cr.score(run.network, given) == 1.0
    assert str(again.preprocessing) == str(run.network.preprocessing)
