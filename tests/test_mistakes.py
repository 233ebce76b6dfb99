"""Fifty mistakes of a beginner: each answer says what was given, what is needed and what to write, and nothing is written."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
import chainrule.cli.main

MODEL, ROWS = "runs/points.safetensors", "points.csv"
IDS = "ids are w/l/j/k, b/l/j, z/l/j, a/l/j"
MISTAKES = [  # what is typed; what the answer says was given, what it says is needed, what it says to write
    # commands and options
    ("trian points.csv", "'trian'", "the commands are train, predict", "did you mean 'train'?"),
    ("digits", "'digits'", "the commands are", "did you mean chainrule train digits?"),
    ("points.csv", "'points.csv'", "the commands are", "did you mean chainrule train points.csv?"),
    ("w/2/0/0", "'w/2/0/0'", "the commands are", "chainrule explain --by w/2/0/0"),
    ("--by w/2/0/0", "--by", "of chainrule", "chainrule --help"),
    ("train points.csv --hiden 3", "--hiden", "train --help lists all options", "did you mean --hidden?"),
    ("train points.csv -lr 0.1", "-lr", "train --help lists all options", "did you mean --learning-rate?"),
    ("train points.csv --epochs", "--epochs", "needs a value", "chainrule train --help"),
    ("train points.csv digits", "'digits'", "it is written as", "chainrule train house.csv --target price"),
    ("predict", "predict", "needs MODEL", "chainrule predict runs/digits.safetensors digits"),
    ("predict runs/points.safetensors", "predict", "needs DATA", "chainrule predict runs/digits.safetensors digits"),
    ("explain --json=yes", "--json", "takes no value", "chainrule explain --help"),
    # files
    ("train point.csv", "no file point.csv", "there is no file", "did you mean points.csv?"),
    ("train points", "no file points", "there is no file", "did you mean points.csv?"),
    ("train mnist", "mnist", "is not on this machine", "take the four files"),
    ("train https://example.com/a.csv", "example.com/a.csv", "read from a disk", "download it first"),
    ("train nowhere/points.csv", "nowhere/points.csv", "there is no folder", "nowhere"),
    ("train runs/points.safetensors", "is a model", "a data set is needed", "a CSV, NPZ or IDX file, or digits"),
    ("train picture.png", "picture.png", "cannot tell what", "name it .csv"),
    ("train header.csv", "header.csv holds no rows", "a line with the names of its columns", "a line for each example"),
    ("train commas.csv", "'1,5'", "write numbers with a point", "as 1.5"),
    ("explain points", "no file points", "there is no file", "did you mean runs/points.safetensors?"),
    ("explain points.csv", "'a' is not a finite number", "write numbers with spaces", "chainrule train points.csv makes"),
    ("verify prices.csv", "'size' is not a finite number", "write numbers with spaces", "chainrule train prices.csv"),
    ("predict points.csv runs/points.safetensors", "is a model", "DATA is a table",
     "chainrule predict runs/points.safetensors points.csv"),
    ("predict runs/points.safetensors other.csv", "has size, price", "the data lacks a, b", "name its columns as in training"),
    # columns and classes
    ("train points.csv --target sied", "'sied'", "known are side", "did you mean 'side'?"),
    ("train one.csv", "one class only, 3", "a network needs two", "--target NAME"),
    ("train single.csv", "single.csv holds 1 row", "learns from how rows differ", "add rows"),
    ("train yes.csv", "'y' has one row", "needs rows of at least two classes", "add rows"),
    ("train prices.csv --cost cross_entropy", "looks like a number", "tells classes apart", "use --cost quadratic"),
    ("train points.csv --task regression", "holds texts such as", "regression needs numbers", "regression"),
    ("train points.csv --drop a,b", "'a': as asked", "no column is left", "to learn from"),
    # numbers
    ("train points.csv --lr 0,1", "got '0,1'", "takes a number", "--learning-rate 0.1"),
    ("train points.csv --lr 0", "got 0.0", "a finite number above 0", "as 0.01"),
    ("train points.csv --test 20%", "got '20%'", "takes a number", "--test 0.2"),
    ("train points.csv --test 20", "got 20.0", "between 0 and 1", "as 0.2"),
    ("train points.csv --epochs 1e3", "got '1e3'", "takes a whole number", "--epochs 1000"),
    ("train points.csv --epochs 0", "got 0", "a whole number", "≥ 1"),
    ("train points.csv --hidden 64x32", "got '64x32'", "the neurons of each hidden layer", "as 128 or 64,32"),
    ("nudge --range 1", "--range", "needs two numbers", "--range -1 1"),
    ("nudge --range 1 -1", "1 to −1", "from a lower to a higher", "step"),
    # names
    ("train points.csv --activation rleu", "'rleu'", "known are relu", "did you mean 'relu'?"),
    ("train points.csv --rule sgdd", "'sgdd'", "known are delta_rule", "did you mean 'sgd'?"),
    ("train digits --target species", "'species'", "brings its own target, 'digit'", "leave out --target"),
    ("quiz --kind foo", "'foo'", "known are shapes", "six"),
    ("show digits", "digits is a data set", "not a model", "chainrule train digits"),
    ("plot digits", "digits is a data set", "not a model", "chainrule train digits"),
    ("show points", "no file points", "did you mean", "chainrule show runs/points.safetensors?"),
    ("train points.csv --rule adan", "'adan'", "known are adam", "did you mean 'adam'?"),
    ("train points.csv --cost crosentropi", "'crosentropi'", "known are cross_entropy", "did you mean 'cross_entropy'?"),
    ("explain --convention nielson", "'nielson'", "known are nielsen", "did you mean 'nielsen'?"),
    ("explain --form dleta", "'dleta'", "known are delta", "did you mean 'delta'?"),
    ("show demmon", "'demmon'", "known are demon", "did you mean 'demon'?"),
    ("page workshet", "'workshet'", "known are worksheet", "did you mean 'worksheet'?"),
    ("verify --plant transposed", "'transposed'", "known are transpose", "did you mean 'transpose'?"),
    ("verify --methods delta", "got delta", "takes two methods", "delta, raw"),
    # ids and rows
    ("explain --by w2", "'w2' is not an id", IDS, "write w/2/0/0 for the weight to neuron 0 of layer 2 from neuron 0"),
    ("explain --by w²₀₀", "'w²₀₀' is not an id", IDS, "write w/2/0/0 for the weight"),
    ("explain --by w[1][0,0]", "'w[1][0,0]' is not an id", IDS, "write w/1/0/0 for the weight to neuron 0 of layer 1"),
    ("explain --by dC/db", "'dC/db' is not an id", IDS, "write b/1/0 for the bias of neuron 0 of layer 1"),
    ("explain w2", "no file w2", "is named with --by", "chainrule explain --by w/2/0/0"),
    ("explain --by w/9/0/0", "no layer 9", "has the layers 1…3", "1…3"),
    ("explain --by w/1/5/0", "you asked for 5", "layer 1 has one neuron", "(0)"),
    ("explain runs/points.safetensors --row 99", "--row 99", "has the rows 0…11", "as --row 0"),
    ("explain --row 3", "--row", "go with a model", "chainrule explain MODEL --data FILE --row 3"),
    ("why --by z/1/0", "'z/1/0'", "what learns is a weight", "as w/1/0/0"),
    # networks of one's own
    ("explain --x 0.6,0.7 --y 1", "--x has 2 numbers", "takes 1 input", "1-1-1-1"),
    ("explain --weights 'a b' --x 1,2 --y 1", "'a' is not a finite number", "write numbers with spaces",
     '"0.5 -1; 1.5 0.3 | 1 -2"'),
    ("explain --weights '0.5 -1; 1.5 0.3' --x 1,2 --y 2", "--y has 1 number", "2-2 has 2 outputs", "layers are separated by |"),
    ("explain --weights '0.5 -1; 1.5 0.3' --activation softmax --x 1,2 --y 2", "label 2", "the labels 0…1",
     "number the classes from 0"),
    # where it goes
    ("show demon -o demon.jpg", "demon.jpg", "ends in .svg, .png, .pdf", "as demon.svg"),
    ("train points.csv -o nowhere/x", "nowhere/x", "there is no folder", "make it first"),
    ("predict runs/points.safetensors points.csv -o points.csv", "is the data itself", "would be lost", "name another file"),
]  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A beginner's folder."""
    folder = tmp_path_factory.mktemp("files")
    texts = {
        "points.csv": "a,b,side\n" + "".join(f"{i},{i % 3},{'left' if i % 2 else 'right'}\n" for i in range(12)),
        "prices.csv": "size,price\n" + "".join(f"{i},{100 + 3 * i}.5\n" for i in range(30)),
        "one.csv": "a,b,y\n1,2,3\n4,5,3\n",
        "single.csv": "a,b,y\n1,2,3.5\n",
        "yes.csv": "a,b,y\n1,2,yes\n",
        "header.csv": "a,b,y\n",
        "commas.csv": "a;y\n1,5;0\n2,5;1\n",
        "other.csv": "size,price\n1,2\n",
        "picture.png": "\x00",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    network = cr.Network.random([2, 3, 2], "tanh", "softmax", seed=1)
    trained = cr.train(network, cr.load_data(folder / "points.csv"), epochs=1).network
    (folder / "runs").mkdir()
    cr.save(trained, folder / MODEL, {"data": "points.csv"})
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def told(
    files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], tuple[int, str, str]]:
    """The exit code of a line, what it prints, and what it tells."""
    monkeypatch.chdir(tmp_path)
    Path("runs").mkdir()
    for name, content in files.items():
        Path(name).write_bytes(content)

    def run(line: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["chainrule", *shlex.split(line)])
        capsys.readouterr()
        code = 0
        try:
            chainrule.cli.main.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        return code, *capsys.readouterr()

    return run


def test_there_are_fifty_of_them() -> None:
    assert len({line for line, *_ in MISTAKES}) == len(MISTAKES) >= 50


@pytest.mark.parametrize(("line", "given", "needed", "write"), MISTAKES, ids=[line for line, *_ in MISTAKES])
def test_a_mistake_is_answered_with_what_was_given_what_is_needed_and_what_to_write(
    told: Callable[[str], tuple[int, str, str]], files: dict[str, bytes], line: str, given: str, needed: str, write: str
) -> None:
    code, out, err = told(line)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    for part in (given, needed, write):
        assert part in err, err
    assert err.count("\n") <= 10
    assert len(err) <= 10 * 80  # ten lines of a terminal
    assert "Traceback" not in err
    here = {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    assert here == files


def test_labels_that_count_from_one_are_told_to_count_from_zero() -> None:
    """Labels 1…10 for ten outputs: every one but the last would have been another class."""
    network, x, y = cr.Network.random([2, 10], output="softmax"), np.ones((10, 2)), np.arange(1, 11)
    with pytest.raises(
        cr.DataError, match="row 9 has the label 10, and 10 outputs stand for the labels 0…9: subtract 1 from all"
    ):
        cr.train(network, x, y, epochs=1)
    with pytest.raises(cr.DataError, match="number the classes from 0, or give the network 13 outputs"):
        cr.train(network, x, [0, 1, 2, 3, 4, 5, 6, 7, 8, 12], epochs=1)
