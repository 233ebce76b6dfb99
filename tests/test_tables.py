"""Tables: each kind of file as users have it, and each way it can be wrong, with the place where it is."""

import gzip
import hashlib
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.data import SHIPPED, Preprocessing, Table, Texts, gaps, load_data, read_table
from chainrule.errors import ChainruleError, DataError, FileError, ShapeError, UnknownNameError

X, Y = np.arange(12.0).reshape(4, 3), np.array([0, 1, 0, 1])
PLAIN = "a,b,y\n1,2,0\n3,4,1\n"


def csv(folder: Path, content: str | bytes, name: str = "data.csv") -> Path:
    path = folder / name
    raw = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(raw) if name.lower().endswith(".gz") else raw)
    return path


# CSV that is read ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "name"),
    [
        (PLAIN, "a.csv"),
        (PLAIN, "A.CSV"),
        (PLAIN, "a.csv.gz"),
        (PLAIN, "A.CSV.GZ"),
        ("\ufeff" + PLAIN, "bom.csv"),
        (PLAIN.replace("\n", "\r\n"), "crlf.csv"),
        (PLAIN.replace("\n", "\r"), "cr.csv"),
        ("\n\n" + PLAIN.replace("\n", "\n\n"), "blank_lines.csv"),
        (PLAIN.rstrip(), "no_last_newline.csv"),
        (PLAIN.replace(",", ";"), "semicolons.csv"),
        (PLAIN.replace(",", "|"), "bars.txt"),
        (PLAIN.replace(",", "\t"), "tabs.tsv"),
        (PLAIN.replace(",", "\t"), "TABS.TSV"),
        (PLAIN.replace(",", " , "), "spaces.csv"),
        ('"a", "b", "y"\n"1", "2", "0"\n3,4,1\n', "quotes.csv"),
    ],
)
def test_one_table_written_in_many_ways_is_one_table(tmp_path: Path, content: str, name: str) -> None:
    table = read_table(csv(tmp_path, content, name))
    assert table.columns == ("a", "b")
    assert table.inputs.tolist() == [[1, 2], [3, 4]]
    assert table.target is not None
    assert table.target.tolist() == [0, 1]
    assert (table.target_name, table.inputs.dtype, len(table)) == ("y", np.float64, 2)


def test_quoted_separators_and_unicode_are_part_of_names_and_texts(tmp_path: Path) -> None:
    table = read_table(csv(tmp_path, '"größe; |;|",城市,ÿ\n1,"東,京",ja\n2,京都,nein\n'))
    assert table.columns == ("größe; |;|", "城市")
    assert table.inputs.tolist() == [[1.0, "東,京"], [2.0, "京都"]]
    assert list(table.target) == ["ja", "nein"]  # type: ignore[arg-type]


def test_a_first_line_of_numbers_is_data(tmp_path: Path) -> None:
    table = read_table(csv(tmp_path, "1,2,0\n3,4,1\n"))
    assert table.columns == ("column 0", "column 1")
    assert len(table) == 2


@pytest.mark.parametrize("rows", [1, 10])
def test_few_rows_are_a_table_too(tmp_path: Path, rows: int) -> None:
    assert len(read_table(csv(tmp_path, "a,y\n" + "1,2\n" * rows))) == rows


def test_any_column_may_be_the_target(tmp_path: Path) -> None:
    table = read_table(csv(tmp_path, PLAIN), target="a")
    assert (table.columns, table.target_name, list(table.target)) == (("b", "y"), "a", [1, 3])  # type: ignore[arg-type]


@pytest.mark.parametrize("content", ["a,b\n1,2\n3,4\n", "a,b,y\n1,2,\n3,4,NA\n", "y,a,b\n,1,2\n,3,4\n"])
def test_rows_to_predict_may_lack_the_target_or_leave_it_empty(tmp_path: Path, content: str) -> None:
    table = read_table(csv(tmp_path, content), "y", optional=True)
    assert (table.columns, table.target) == (("a", "b"), None)
    assert table.inputs.tolist() == [[1, 2], [3, 4]]


def test_rows_to_predict_need_a_column_of_inputs_alone(tmp_path: Path) -> None:
    assert read_table(csv(tmp_path, "a\n1\n2\n"), "y", optional=True).inputs.tolist() == [[1], [2]]


# CSV that is refused ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("a,b,y\n", "holds no rows"),
        ("a,b,y\n1,2,0\n3,4\n", "line 3: the number of values is 2, and the first line has 3"),
        ('a,b,y\n"x\nz",2,0\n3,4\n', "line 4: the number of values is 2"),
        ("a,b\n1,2,0\n", "line 2: the number of values is 3"),
        ("a,b,y,\n1,2,0,\n", "the target '' has no value in any row: name another column to learn"),
        ("a,a,y\n1,2,0\n", "two columns are named 'a'"),
        ("y\n1\n2\n", "no column of inputs beside the target 'y'"),
        ("a b y\n1 2 0\n", "commas, semicolons, tabs or"),
        ("a;y\n1,5;0\n2,5;1\n", "line 2: the column 'a' holds '1,5': write numbers with a point"),
        ('a,y\n"1,000",0\n12,1\n', "'1,000': write numbers"),
        ("a,y\n12%,0\n13%,1\n", "'12%': write numbers"),
        ("5.1,3.5,setosa\n4.9,3.0,virginica\n", "first line .5.1, 3.5, setosa. looks like the rows below it"),
        *((f"a,b,y\n1,5,0\n1,{gap},0\n", "line 3: the column 'b' has no value") for gap in ("", " ", "NA", "nan", "NULL", "?")),
        ("a,y\nu,0\n,1\n", "line 3: the column 'a' has no value"),
        *((f"a,y\n1,0\n{value},1\n", "line 3: the column 'a' is -?inf .1 such") for value in ("inf", "-inf", "1e999")),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_used_is_refused_with_its_place(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        load_data(csv(tmp_path, content), gaps="refuse")


@pytest.mark.parametrize("numbers", [2, 9, 40])
def test_a_column_of_numbers_with_one_slip_names_the_line(tmp_path: Path, numbers: int) -> None:
    content = "a,y\n" + "".join(f"{i},{i % 2}\n" for i in range(numbers)) + "1o,1\n"
    with pytest.raises(DataError, match=rf"line {numbers + 2}: the column 'a' holds '1o' among numbers"):
        load_data(csv(tmp_path, content))


def test_a_category_may_have_numbers_among_its_texts(tmp_path: Path) -> None:
    table = read_table(csv(tmp_path, "a,y\n" + "1,0\n2,1\n3+,1\n" * 5))
    assert set(table.inputs[:, 0]) == {"1", "2", "3+"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (PLAIN.encode("utf-16"), "not UTF-8 text"),
        ("größe,y\n1,2\n".encode("latin-1"), r"not UTF-8 text \(byte 2\).*save it in UTF-8"),
        (b"a,y\n1\0,1\n", "holds the character 0"),
        (b'a,y\n"x,1\n2,1\n', "line 3: unexpected end of data; is a quotation mark left open"),
        (b"a,y\n" + b"x" * 200_000 + b",1\n", "line 2: field larger than"),
    ],
)
def test_bytes_that_are_no_csv_are_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(FileError, match=reason):
        read_table(csv(tmp_path, content))


def test_a_target_that_is_no_column_is_answered_with_the_columns(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown target column 'bb': did you mean 'b'"):
        read_table(csv(tmp_path, PLAIN), target="bb")


@pytest.mark.parametrize("cut", [0, 1, 15, 60, -4])
def test_a_damaged_gzip_file_is_refused(tmp_path: Path, cut: int) -> None:
    whole = gzip.compress((PLAIN + "".join(f"{i**7},{i**5},1\n" for i in range(50))).encode())
    for raw in (whole[:cut], whole[:cut] + b"\xff\x00" + whole[cut + 2 :], b"" if cut else PLAIN.encode()):
        (tmp_path / "d.csv.gz").write_bytes(raw)
        with pytest.raises((FileError, DataError), match=r"d\.csv\.gz"):
            read_table(tmp_path / "d.csv.gz")


# paths --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("source", "error", "reason"),
    [
        ("missing.csv", FileError, "there is no file missing.csv"),
        ("digit", UnknownNameError, "did you mean 'digits'.*iris"),
        ("", FileError, "is a folder"),
        ("a" * 300 + ".csv", FileError, "name too long"),
        ("a\0.csv", FileError, "no file can have the name"),
    ],
)
def test_a_source_that_is_not_there_is_refused(source: str, error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match="(?i)" + reason):
        read_table(source)


def test_folders_and_foreign_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="is a folder: name a file in it"):
        read_table(tmp_path)
    with pytest.raises(FileError, match=r"cannot tell what .*name it \.csv"):
        read_table(csv(tmp_path, PLAIN, "data.foo"))


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = csv(tmp_path, PLAIN)

    def shut(*given: Any, **options: Any) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("builtins.open", shut)
    with pytest.raises(FileError, match=r"cannot read .*data\.csv: Permission denied"):
        read_table(path)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_set_is_read_and_brings_its_own_target(name: str) -> None:
    table = read_table(name)
    assert table.target is not None
    assert table.inputs.shape == (len(table.target), len(table.columns))
    assert read_table(name, table.target_name).name == name
    assert read_table(name, "price", optional=True).name == name
    with pytest.raises(DataError, match="brings its own target"):
        read_table(name, "price")


SUMS = {  # SHA-256 of the inputs' bytes and the answers' texts
    "digits": "af4a35ddb74df4be4e537b564e0da9477c2c6cd5351c2db206715a16cfcf2bd2",
    "iris": "ee99152c1c547f04ca5d5e902765a66b17bfc1f86d06d3fa11bc0cfe8da372f3",
    "wine": "7b9a0ce71c9fef0a0f1f9718c02e563fd5e3a35038622bb37020c9ceac891612",
    "breast_cancer": "d981883397c6f0083e444171832fb0271be1fcfa261f5291bfaaa8bf47453c53",
    "diabetes": "12670405901976a4eff3b718efe6f139efa13a885c4120a99c8830124fd3b029",
}


@pytest.mark.parametrize("name", SHIPPED)
def test_the_numbers_of_every_shipped_set_are_those_of_its_source(name: str) -> None:
    table = read_table(name)
    assert table.target is not None
    inputs = np.ascontiguousarray(table.inputs, dtype="<f8").tobytes()
    answers = "\n".join(map(str, table.target.tolist())).encode()
    assert hashlib.sha256(inputs + answers).hexdigest() == SUMS[name]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_set_is_the_one_that_scikit_learn_loads(name: str) -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    theirs = getattr(datasets, f"load_{name}")(**({"scaled": False} if name == "diabetes" else {}))
    table = read_table(name)
    answers = theirs.target_names[theirs.target] if table.target.dtype == object else theirs.target
    assert np.array_equal(table.inputs, theirs.data)
    assert table.target.tolist() == answers.tolist()


def test_a_table_whose_parts_do_not_fit_is_refused() -> None:
    with pytest.raises(ShapeError, match="2 columns need inputs"):
        Table("t", ("a", "b"), X, None)
    with pytest.raises(ShapeError, match="4 rows need a target"):
        Table("t", ("a", "b", "c"), X, Y[:2])


# NPZ ----------------------------------------------------------------------------------------------------------------
def npz(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "data.npz", **arrays)
    return folder / "data.npz"


@pytest.mark.parametrize(
    "kind", [np.float16, np.float32, np.float64, np.longdouble, ">f8", np.uint8, np.int64, np.bool_]
)
def test_inputs_of_any_real_kind_are_read_as_native_numbers(tmp_path: Path, kind: Any) -> None:
    table = read_table(npz(tmp_path, x=X.astype(kind), y=Y))
    assert table.inputs.dtype.isnative
    assert table.inputs.dtype in (np.float32, np.float64, np.uint8, np.int64, np.bool_)
    assert np.array_equal(table.inputs, X.astype(kind).astype(np.float64))


@pytest.mark.parametrize(
    "y", [Y, Y > 0, Y / 2, Y[:, None], np.array(["a", "é", "b", "c"]), np.array([b"a", b"b", b"a", b"c"])], ids=str
)
def test_targets_are_numbers_truth_values_or_texts(tmp_path: Path, y: np.ndarray) -> None:
    target = read_table(npz(tmp_path, x=X.reshape(4, 1, 3), y=y)).target
    assert target is not None
    assert target.shape == (4,)
    assert target.dtype.kind in "fiubU"


def test_the_named_array_is_the_target_also_of_rows_to_predict(tmp_path: Path) -> None:
    path = npz(tmp_path, x=X, y=1 - Y, t=Y)
    for optional in (False, True):
        target = read_table(path, "t", optional=optional).target
        assert target is not None
        assert target.tolist() == Y.tolist()
    assert read_table(path, "q", optional=True).target is None


@pytest.mark.parametrize(
    ("arrays", "target", "reason"),
    [
        ({"inputs": X, "y": Y}, None, "no array 'x' among inputs, y"),
        ({"x": X, "y": Y}, "t", "no array 't' among x, y"),
        ({"x": X}, "x", "cannot be the target too"),
        ({"x": X[:, 0], "y": Y}, None, r"x is float64 of shape \(4,\)"),
        ({"x": np.float64(3), "y": Y}, None, "rows of numbers"),
        ({"x": X.astype(str), "y": Y}, None, "rows of numbers"),
        ({"x": X * 1j, "y": Y}, None, "x is complex128"),
        ({"x": X, "y": Y * 1j}, None, "y is complex128"),
        ({"x": X, "y": Y.astype("M8[D]")}, None, "y is datetime64"),
        ({"x": X, "y": np.array([b"\xff"] * 4)}, None, "not UTF-8 text"),
        ({"x": X, "y": Y[:2]}, None, r"x has 4 rows, and y the shape \(2,\)"),
        ({"x": X, "y": np.float64(1)}, None, r"y the shape \(\)"),
        ({"x": X, "y": np.zeros((4, 2, 2))}, None, "needed is"),
        ({"x": X, "y": np.zeros((4, 0))}, None, "needed is"),
        ({"x": X[:0], "y": Y[:0]}, None, "holds no rows"),
        ({"x": X[:, :0], "y": Y}, None, "no column of inputs"),
        ({"x": np.where(X == 4, np.nan, X), "y": Y}, None, "row 1: the column 'x1' has no value .1 such"),
        ({"x": X, "y": np.where(Y == 1, np.inf, 0)}, None, "row 1 has the target y = inf"),
    ],
)
def test_arrays_that_cannot_be_used_are_refused(
    tmp_path: Path, arrays: dict[str, Any], target: str | None, reason: str
) -> None:
    with pytest.raises(DataError, match=reason):
        load_data(npz(tmp_path, **arrays), target, gaps="refuse")


class Trap:
    """What a pickle in a hostile file would run."""

    def __reduce__(self) -> Any:
        return (pytest.fail, ("a pickle was run",))


def test_a_pickle_is_never_run(tmp_path: Path) -> None:
    path = npz(tmp_path, x=X, y=np.array([Trap()] * 4, dtype=object))
    with pytest.raises(FileError, match="Object arrays cannot be loaded"):
        read_table(path)
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(FileError, match="not an NPZ file"):
        read_table(path)


def test_damaged_and_foreign_archives_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez_compressed(path, x=np.random.default_rng(0).normal(size=(20, 3)), y=np.zeros(20))
    whole = path.read_bytes()
    for place in range(0, len(whole), 11):
        path.write_bytes(whole[:place])
        with pytest.raises(FileError, match=r"data\.npz"):
            read_table(path)
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            table = read_table(path)
        except ChainruleError:
            continue
        assert table.inputs.shape == (20, 3)  # the byte was one of a date
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x", "no array")
    with pytest.raises(DataError, match="no array 'x' among none"):
        read_table(path)


# IDX ----------------------------------------------------------------------------------------------------------------
IMAGES, LABELS = np.arange(24, dtype=np.uint8).reshape(4, 2, 3), np.array([1, 2, 1, 2], dtype=np.uint8)


def idx(array: np.ndarray) -> bytes:
    return b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def pair(folder: Path, images: bytes, labels: bytes | None, ending: str = "", labels_ending: str = "") -> Path:
    csv(folder, images, "t-images-idx3-ubyte" + ending)
    if labels is not None:
        csv(folder, labels, "t-labels-idx1-ubyte" + labels_ending)
    return folder / ("t-images-idx3-ubyte" + ending)


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("labels_ending", ["", ".gz"])
def test_images_find_their_labels(tmp_path: Path, ending: str, labels_ending: str) -> None:
    table = read_table(pair(tmp_path, idx(IMAGES), idx(LABELS), ending, labels_ending))
    assert np.array_equal(table.inputs, IMAGES.reshape(4, 6))
    assert table.target is not None
    assert table.target.tolist() == LABELS.tolist()


def test_images_without_labels_have_no_target(tmp_path: Path) -> None:
    assert read_table(pair(tmp_path, idx(IMAGES), None)).target is None


@pytest.mark.parametrize(
    ("images", "labels", "reason"),
    [
        (idx(IMAGES)[:-2], idx(LABELS), "says 4×2×3 = 24 bytes and holds 22"),
        (idx(IMAGES) + b"x", idx(LABELS), "holds 25"),
        (idx(IMAGES)[:6], idx(LABELS), "ends in the middle of its first 16 bytes"),
        (b"", idx(LABELS), "not an IDX file"),
        (b"hello", idx(LABELS), "not an IDX file"),
        (b"\0\0\x0d" + idx(IMAGES)[3:], idx(LABELS), "not an IDX file of bytes"),
        (b"\0\0\x08\xff" + b"\0\0\0\1" * 256, idx(LABELS), "255 dimensions"),
        (b"\0\0\x08\x03" + b"\xff" * 12, idx(LABELS), "4294967295×4294967295×4294967295 = 79,228"),
        (idx(LABELS), idx(LABELS), "1 dimensions, and images have 2 or 3"),
        (idx(IMAGES), idx(IMAGES), "3 dimensions, and labels have 1"),
        (idx(IMAGES), b"", "labels-idx1-ubyte is not an IDX file"),
        (idx(IMAGES), idx(LABELS[:3]), "4 images and .* 3 labels"),
        (idx(IMAGES[:0]), idx(LABELS[:0]), "holds no rows"),
    ],
)
def test_damaged_images_and_labels_are_refused(tmp_path: Path, images: bytes, labels: bytes, reason: str) -> None:
    with pytest.raises((FileError, DataError), match=reason):
        read_table(pair(tmp_path, images, labels))


def test_a_labels_file_alone_is_refused(tmp_path: Path) -> None:
    pair(tmp_path, idx(IMAGES), idx(LABELS))
    with pytest.raises(FileError, match="name the images file"):
        read_table(tmp_path / "t-labels-idx1-ubyte")


def test_a_model_given_as_data_is_called_a_model(tmp_path: Path) -> None:
    (tmp_path / "net.safetensors").write_bytes(b"\0")
    with pytest.raises(FileError, match="is a model, and a data set is needed here"):
        read_table(tmp_path / "net.safetensors")
    with pytest.raises(FileError, match="there is no file nofolder/nofile"):
        read_table("nofolder/nofile")


# the table itself ---------------------------------------------------------------------------------------------------
def test_a_matrix_is_kept_as_it_is_and_cast_once() -> None:
    """60,000 × 784 bytes became 1.6 GB."""
    pixels = np.arange(24, dtype=np.uint8).reshape(4, 6)
    table = Table("t", [f"p{i}" for i in range(6)], pixels, Y)
    assert table.matrix is pixels
    assert table.inputs is pixels
    assert np.shares_memory(table.column("p3"), pixels)
    assert np.shares_memory(table.take(slice(1, 3)).inputs, pixels)
    assert np.shares_memory(table.with_target(None).inputs, pixels)
    terms = Preprocessing.fit_table(table)
    rows = terms.rows(table, dtype=np.float32)
    assert rows.dtype == np.float32
    assert np.array_equal(rows, terms.rows(pixels.astype(np.float64)).astype(np.float32))


def test_columns_are_typed_and_found_by_name() -> None:
    table = Table("t", ("n", "t", "b"), np.array([[1, "u", True], [None, "v", False], [3, None, True]], dtype=object))
    assert np.array_equal(table.column("n"), [1, np.nan, 3], equal_nan=True)
    texts = table.column("t")
    assert isinstance(texts, Texts)
    assert (texts.levels, texts.codes.tolist(), texts.counts.tolist()) == (("u", "v"), [0, 1, -1], [1, 1])
    assert table.column("b").dtype == bool
    assert [gaps(table.column(name)).tolist() for name in table.columns] == [
        [False, True, False], [False, False, True], [False] * 3,
    ]  # fmt: skip
    part = table.take(np.array([2, 0]))
    assert part.select(["t", "n"]).columns == ("t", "n")
    assert part.column("n").tolist() == [3, 1]
    assert part.column("t").used == ("u",)  # type: ignore[union-attr]
    assert (part.where(0), part.take(slice(1, None)).where(0)) == ("row 2", "row 0")
    with pytest.raises(UnknownNameError, match="unknown column 'm': known are n, t, b"):
        table.column("m")
