"""predictor.py: a prepared network answers as predict does, bit for bit, also from several threads."""

import copy
import datetime
import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.cli.decimals import lines_of
from chainrule.data import Preprocessing, Table
from chainrule.data.columns import Category, Dates, Dropped, Number
from chainrule.data.mapped import MappedFile, MappedRows
from chainrule.errors import ChainruleError, DataWarning
from chainrule.last_layer import LastLayer
from chainrule.prediction import activations_of_rows, network_rows, outputs

NAMES = ("size", "city", "built", "open", "rooms")
CITIES = ("Bern", "Oslo", "Rome", "York")


def values(rows: int, seed: int = 0) -> dict[str, list[Any]]:
    """Rows of numbers, texts, dates, truth values and whole numbers, as Python has them."""
    rng = np.random.default_rng(seed)
    days = [datetime.date(2001, 1, 1) + datetime.timedelta(int(d)) for d in rng.integers(3000, size=rows)]
    return {
        "size": rng.normal(80, 20, rows).tolist(),
        "city": [CITIES[i] for i in rng.integers(4, size=rows)],
        "built": days,
        "open": rng.integers(2, size=rows).astype(bool).tolist(),
        "rooms": rng.integers(1, 9, size=rows).tolist(),
    }


def network(output: str = "softmax", dtype: str = "float32", *, gaps: bool = False) -> cr.Network:
    """A network of those five columns; with gaps, one of them has an input that says where its gaps are."""
    columns = values(60)
    if gaps:
        columns["size"][3] = columns["city"][5] = None
    rng = np.random.default_rng(3)
    target = (
        rng.normal(size=60) if output == "identity" else np.array(["low", "middle", "high"])[rng.integers(3, size=60)]
    )
    table = cr.data.frames.table_of_frame({**columns, "y": target}, "y")
    terms = Preprocessing.fit_table(table, task="regression" if output == "identity" else "auto")
    width, out = terms.width or 0, 1 if output == "identity" else len(np.unique(target))
    return cr.Network.random([width, 6, out], "tanh", output, seed=1, dtype=dtype).with_preprocessing(terms)


def row(columns: dict[str, list[Any]], i: int) -> dict[str, Any]:
    return {name: column[i] for name, column in columns.items()}


def one_row_table(one: dict[str, Any]) -> Table:
    """The same row as a table, which takes the longer way."""
    return cr.data.frames.table_of_frame({name: [value] for name, value in one.items()}, optional=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output", ["softmax", "identity"])
@pytest.mark.parametrize("gaps", [False, True])
def test_a_row_with_names_has_the_bits_of_its_table(output: str, dtype: str, gaps: bool) -> None:
    net, columns = network(output, dtype, gaps=gaps), values(20, seed=1)
    predict = net.predictor()
    for i in range(20):
        one = row(columns, i)
        assert predict._single(one, np.empty(net.sizes[0], dtype)) is not None, "the short way is not taken"
        backwards = dict(reversed(one.items())) | {"a column more": "that is passed over"}
        expected = outputs(net, one_row_table(one))
        assert predict.outputs(one).dtype == dtype
        for given in (one, backwards):
            assert np.array_equal(predict.outputs(given), expected[0])
        assert predict(one) == cr.predict(net, one) == cr.predict(net, one_row_table(one))[0]


@pytest.mark.parametrize(
    "change",
    [
        {"size": np.float32(71.3)}, {"size": np.int64(71)}, {"size": 71}, {"size": "71.5"}, {"city": np.str_("Oslo")},
        {"built": "2004-02-29"}, {"built": datetime.datetime(2004, 2, 29, 12, 30)}, {"built": np.datetime64("2004-02-29")},
        {"built": datetime.datetime(2004, 2, 29)}, {"built": "2004-02-29T00:00"},
        {"built": datetime.datetime(2004, 3, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=3)))},
        {"open": np.bool_(True)}, {"open": 1}, {"size": 2**70},
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_what_it_is_in_a_table(change: dict[str, Any]) -> None:
    net, one = network(dtype="float64"), row(values(1), 0) | change
    assert np.array_equal(net.predictor().outputs(one), outputs(net, one_row_table(one))[0])


def test_rare_levels_a_column_left_out_and_one_of_whole_numbers_as_levels() -> None:
    columns = (
        Dropped("id"), Category("kind", levels=("a", "b"), rare=("c", "d")), Number("size", mean=2.0, scale=3.0),
        Category("code", levels=("1", "2"), indicator=True, gaps=1, fill="1"), Dates("day", parts=(("hour", 0.0, 1.0),)),
    )  # fmt: skip
    net = cr.Network.random([9, 3], seed=1, dtype="float64").with_preprocessing(Preprocessing(columns))
    for kind, code, day in (
        ("a", "2", "2020-01-01"),
        ("d", 2, "2020-01-01T18:30"),
        ("c", None, datetime.date(2020, 1, 1)),
    ):
        one = {"kind": kind, "size": 4, "code": code, "day": day}
        assert np.array_equal(net.predictor().outputs(one), outputs(net, one_row_table(one))[0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"city": "Paris"}, "'city' has 1 value not seen in training"),
        ({"city": None}, "'city' has 1 gap"),
        ({"size": float("nan")}, "'size' has 1 gap"),
        ({"built": None}, "'built' has 1 gap"),
        ({"built": np.datetime64("NaT")}, "'built' has 1 gap"),
    ],
)
def test_what_was_not_seen_in_training_is_told_as_it_is_of_a_table(change: dict[str, Any], said: str) -> None:
    net, one = network(), row(values(1), 0) | change
    with pytest.warns(DataWarning, match=said):
        found = net.predictor().outputs(one)
    with pytest.warns(DataWarning, match=said):
        assert np.array_equal(found, outputs(net, one_row_table(one))[0])


@pytest.mark.parametrize(
    "x",
    [
        {"size": 71.0}, {**row(values(1), 0), "size": "large"}, {**row(values(1), 0), "size": float("inf")},
        {**row(values(1), 0), "size": 1e300}, {**row(values(1), 0), "built": "yesterday"}, {1: 2.0}, {},
        [1.0, 2.0], np.zeros(3), np.zeros((0, 5)), None, "text", cr.load_data("iris"),
    ],
)  # fmt: skip
def test_errors_are_those_of_predict(x: Any) -> None:
    net = network()
    with pytest.raises(ChainruleError) as expected:
        cr.predict(net, x)
    predict = net.predictor()
    for attempt in (predict, predict.outputs, predict.probabilities):
        with pytest.raises(type(expected.value)) as found:
            attempt(x)
        assert str(found.value) == str(expected.value)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_without_names_have_the_bits_of_their_rows(dtype: str, rng: np.random.Generator) -> None:
    """A network of its own terms, one of scaled columns; one example, one row, several; of any type."""
    x = rng.normal(size=(7, 5)) * 40
    scaled = Preprocessing.fit(list("abcde"), x, np.arange(7.0) / 2)
    plain = cr.Network.random([5, 8, 1], "sigmoid", seed=1, dtype=dtype)
    for net in (plain, plain.with_preprocessing(scaled)):
        predict = net.predictor()
        for given in (
            x,
            x.astype("float32"),
            np.asfortranarray(x),
            x.astype(int),
            x > 0,
            x.astype("float16"),
            x[:, ::-1],
        ):
            last = LastLayer(net.parameters, net.activations)
            expected = np.concatenate([last.of_rows(network_rows(net, row)) for row in given])
            assert np.array_equal([predict.outputs(row) for row in given], expected)
            assert np.array_equal([predict.outputs(row[None])[0] for row in given], expected)
            assert np.array_equal([predict.outputs(row.tolist()) for row in given], expected) or given.dtype == bool
            assert np.array_equal(predict(given), cr.predict(net, given))
            np.testing.assert_allclose(predict.outputs(given), expected, rtol=1e-5 if dtype == "float32" else 1e-12)


def test_a_data_frame_of_polars_of_one_row_is_that_row() -> None:
    pl = pytest.importorskip("polars")
    predict, columns = network(dtype="float64").predictor(), values(4, seed=2)
    for i in range(4):
        assert np.array_equal(predict.outputs(pl.DataFrame(columns)[i]), predict.outputs(row(columns, i))[None])
    assert predict(pl.DataFrame(columns)).tolist() == [predict(row(columns, i)) for i in range(4)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_class_of_one_row_is_the_first_largest_of_its_softmax_however_near_the_next_is(dtype: str) -> None:
    """Where e^z rounds to the same number, the first class has it, though another z is larger."""
    eye = cr.Network([np.eye(4, dtype=dtype)], None, "softmax")
    predict, rng, ties = eye.predictor(), np.random.default_rng(0), 0
    for scale in (np.finfo(dtype).eps / 8, np.finfo(dtype).eps, 1e-3, 1.0, 500.0):
        for z in (rng.integers(-3, 4, size=(60, 4)) * scale).astype(dtype):
            assert predict(z) == cr.predict(eye, z) == predict.probabilities(z).argmax()
            ties += predict(z) != z.argmax()
    assert ties, "no z was near enough to the next"


def test_a_data_frame_of_one_row_and_a_series_are_that_row() -> None:
    pd = pytest.importorskip("pandas")
    net, columns = network(dtype="float64"), values(4, seed=2)
    predict, frame = net.predictor(), pd.DataFrame(columns)
    for i in range(4):
        expected = predict.outputs(row(columns, i))
        assert np.array_equal(predict.outputs(frame.iloc[i]), expected)
        assert np.array_equal(predict.outputs(frame[i : i + 1]), expected[None])
    assert predict(frame).tolist() == [predict(row(columns, i)) for i in range(4)]


def test_what_was_answered_stays_as_it_was() -> None:
    net = cr.Network.random([3, 4, 2], seed=1)
    predict, x = net.predictor(), np.eye(3, dtype="float32")
    first, many = predict.outputs(x[0]), predict.outputs(x)
    kept = first.copy(), many.copy()
    predict.outputs(x[1]), predict.outputs(-x)
    assert np.array_equal(first, kept[0])
    assert np.array_equal(many, kept[1])


def test_several_threads_share_a_predictor(rng: np.random.Generator) -> None:
    net = cr.Network.random([20, 300, 300, 3], "relu", "softmax", seed=1)
    predict, x = net.predictor(), rng.normal(size=(400, 20)).astype("float32")
    alone = np.array([predict.outputs(row) for row in x])
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            assert np.array_equal(list(pool.map(predict.outputs, x)), alone)
            together = list(pool.map(predict.outputs, [x[i : i + 100] for i in (0, 100, 200, 300)]))
            assert all(np.array_equal(found, predict.outputs(x[100 * i :][:100])) for i, found in enumerate(together))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_are_written_with_the_decimals_of_python(
    dtype: str, classes: int, rng: np.random.Generator
) -> None:
    halves = (rng.integers(0, 10**6, size=(400, classes)) + 0.5) / 1e6  # where the last decimal may go either way
    beside = np.nextafter(halves, rng.integers(2, size=halves.shape))
    ends = np.array([[0.0, 1.0, 0.5], [1e-9, 1 - 1e-9, 2.0**-20], [5e-7, 2.5e-6, 0.9999995]])[:, :classes]
    strange = [np.array([[bad, 0.5, 0.5]])[:, :classes] for bad in (np.nan, 2.0, -0.25)]
    for shares in (halves, beside, ends, rng.random((400, classes)), *strange):
        given = shares.astype(dtype)
        assert lines_of(given) == [",".join(f"{share:.6f}" for share in row) + "\n" for row in given.tolist()]


class Library:
    """A BLAS of which so many threads may be used."""

    def __init__(self, threads: int) -> None:
        self.num_threads = threads

    def set_num_threads(self, count: int) -> None:
        self.num_threads = count


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    found = Library(4)
    monkeypatch.setattr("chainrule.engines.threads._libraries", lambda: (found,))
    return found


@pytest.fixture
def seen(library: Library, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, int]]:
    """Which thread wrote each chunk, with whose buffers, and how many threads BLAS had there."""
    found: list[tuple[int, int, int]] = []
    write = LastLayer._write

    def noted(self: LastLayer, *arguments: Any) -> None:
        found.append((threading.get_ident(), id(self), library.num_threads))
        time.sleep(0.002)  # the others have their turn
        write(self, *arguments)

    monkeypatch.setattr(LastLayer, "_write", noted)
    return found


def test_many_chunks_are_shared_among_threads_and_have_the_same_bits(
    library: Library, seen: list[tuple[int, int, int]], rng: np.random.Generator
) -> None:
    net = cr.Network.random([6, 40, 3], "relu", "softmax", seed=1)
    last, x = LastLayer(net.parameters, net.activations, 5), rng.normal(size=(58, 6)).astype("float32")
    z = np.empty((58, 3), "float32")
    shared = last.of_rows(x, z)
    threads, buffers, blas = (set(each) for each in zip(*seen))
    assert len(threads) == len(buffers) == len({each[:2] for each in seen}) == 4
    assert blas == {1}
    assert (len(seen), library.num_threads) == (12, 4)
    library.num_threads, alone = 1, np.empty((58, 3), "float32")
    assert np.array_equal(last.of_rows(x, alone), shared)
    assert np.array_equal(z, alone)
    assert len({thread for thread, _, _ in seen[12:]}) == 1


def test_few_chunks_and_a_users_own_function_stay_in_one_thread(
    library: Library, seen: list[tuple[int, int, int]]
) -> None:
    own = cr.activation(lambda z, m: m.tanh(z), "mine")
    for activation, rows in (("tanh", 15), (own, 58)):
        net = cr.Network.random([2, 3, 2], activation, activation, seed=1)
        LastLayer(net.parameters, net.activations, 5).of_rows(np.ones((rows, 2), "float32"))
    assert {thread for thread, _, _ in seen} == {threading.get_ident()}


def test_an_error_in_a_chunk_ends_all_of_them(
    library: Library, seen: list[tuple[int, int, int]], tmp_path: Path
) -> None:
    def step(part: np.ndarray) -> np.ndarray:
        if part[0, 0] == 40:
            raise cr.FileError("the file was changed")
        return part

    np.save(tmp_path / "rows.npy", np.arange(10_000, dtype="float32").reshape(5000, 2) / 2)
    rows = MappedRows.of(MappedFile.of(np.load(tmp_path / "rows.npy", mmap_mode="r"))).then(step, 2, "float32")
    net = cr.Network.random([2, 3, 2], seed=1)
    with pytest.raises(cr.FileError, match="was changed"):
        LastLayer(net.parameters, net.activations, 5).of_rows(rows)
    assert len(seen) < 100
    assert library.num_threads == 4


def test_what_numpy_is_told_of_overflow_holds_in_every_thread(
    library: Library, seen: list[tuple[int, int, int]]
) -> None:
    net = cr.Network([np.full((2, 2), 1e30, "float32")], None, "identity")
    last, x = LastLayer(net.parameters, net.activations, 5), np.full((58, 2), 1e30, "float32")
    with np.errstate(all="ignore"):
        assert np.isinf(last.of_rows(x)).all()


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_a_copy_or_a_pickle_answers_the_same(copied: Any) -> None:
    predict, one = network().predictor(), row(values(1), 0)
    expected = predict.probabilities(one)
    again = copied(predict)
    assert np.array_equal(again.probabilities(one), expected)
    assert again(one) == predict(one)
    assert repr(again) == repr(predict) == f"Predictor({predict.network!r})"


def test_probabilities_are_those_of_the_function_and_refused_likewise() -> None:
    net, one = network(), row(values(1), 0)
    assert np.array_equal(net.predictor().probabilities(one), cr.predict_probabilities(net, one))
    with pytest.raises(cr.SettingError, match="are not probabilities"):
        network("identity").predictor().probabilities(one)


@pytest.mark.parametrize("name", sorted(cr.activations.NAMED))
def test_an_activation_written_over_its_input_has_its_bits(name: str, rng: np.random.Generator) -> None:
    sigma = cr.activations.named(name)
    for dtype in ("float32", "float64"):
        z = (rng.normal(size=(6, 5)) * 10).astype(dtype)
        z[0] = 0, -0.0, 30, -30, 1e-30
        for given in (z, z[0], z[:, :3]):
            before = given.copy()
            expected = sigma.value(given)
            assert np.array_equal(given, before), "value(z) alone must leave z as it is"
            assert np.array_equal(sigma.over(given.copy()).view(np.uint8), expected.copy().view(np.uint8))


def test_an_activation_of_ones_own_is_not_written_over_its_input(rng: np.random.Generator) -> None:
    mine = cr.activation(lambda z, m: z * m.tanh(m.softplus(z)), "mish")
    net = cr.Network.random([3, 4, 2], mine, mine, seed=1, dtype="float64")
    x = rng.normal(size=(5, 3))
    assert np.array_equal(net.predictor().outputs(x), cr.forward(net, x).a[2])


@pytest.mark.parametrize("bias", ["neuron", "layer", "none"])
def test_the_last_layer_is_that_of_the_forward_pass(bias: str, rng: np.random.Generator) -> None:
    for sizes in ([4, 3], [4, 7, 5, 2], [4, 3, 9, 3, 9, 2]):
        net = cr.Network.random(sizes, "relu", "softmax", bias=bias, seed=1, dtype="float64")
        net = net.with_parameters(net.parameters.like(rng.normal(size=net.parameters.size)))
        x = rng.normal(size=(11, 4))
        for chunk in (None, 1, 4, 11):
            np.testing.assert_allclose(activations_of_rows(net, x, chunk), cr.forward(net, x).a[net.depth], rtol=1e-13)
            z = np.full((11, sizes[-1]), np.nan)
            LastLayer(net.parameters, net.activations, chunk).of_rows(x, z)
            np.testing.assert_allclose(z, cr.forward(net, x).z[net.depth], rtol=1e-13)
        assert np.array_equal(activations_of_rows(net, x), cr.forward(net, x).a[net.depth])
        assert np.array_equal(net.predictor().outputs(x[0]), cr.forward(net, x[0]).a[net.depth])
