"""How long does a prediction of one row take, prepared (`network.predictor()`) and not (`chainrule.predict`)?

Microseconds of CPU time a call, BLAS with one thread: median (lower to upper quartile) and least of rounds in which all calls
take turns. The first line is a yardstick for the machine and its load: the same products, biases and activations called in
NumPy by hand. Wanted, prepared: under 20 for an array through 784-100-10, at most 100 for a dictionary of twelve columns.

    python benchmarks/one_row.py
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

import chainrule as cr
from chainrule.data import Preprocessing
from chainrule.data.frames import table_of_frame

ROUNDS, CALLS = 101, 30
CITIES = [f"city {i}" for i in range(40)]


def columns(rows: int) -> dict[str, list[Any]]:
    """Twelve columns: numbers, whole numbers, texts, a date, truth values."""
    rng = np.random.default_rng(0)
    return {
        **{f"number {i}": rng.normal(size=rows).tolist() for i in range(6)},
        **{f"count {i}": rng.integers(100, size=rows).tolist() for i in range(2)},
        "city": [CITIES[i] for i in rng.integers(40, size=rows)],
        "kind": [("flat", "house", "shop")[i] for i in rng.integers(3, size=rows)],
        "built": (np.datetime64("1990-01-01") + rng.integers(0, 12_000, size=rows)).tolist(),
        "open": rng.integers(2, size=rows).astype(bool).tolist(),
    }


def calls() -> dict[str, Callable[[], Any]]:
    """What is timed, by name."""
    x = np.random.default_rng(0).random(784)
    timed: dict[str, Callable[[], Any]] = {"the NumPy calls alone, float32": by_hand(x.astype("float32"))}
    for dtype in ("float32", "float64"):
        network, row = cr.Network.random([784, 100, 10], "relu", "softmax", dtype=dtype), x.astype(dtype)
        timed[f"array of 784, {dtype}"] = partial(network.predictor(), row)
        timed[f"array of 784, {dtype}, predict"] = partial(cr.predict, network, row)
    flowers = cr.load_data("iris")
    network = cr.train(cr.Network.random([4, 8, 3], "relu", "softmax"), flowers, epochs=1).network
    timed["array of 4 columns of iris"] = partial(network.predictor(), np.array([5.1, 3.5, 1.4, 0.2]))
    given = columns(500)
    labels = [("low", "high")[value > 0] for value in given["number 0"]]
    terms = Preprocessing.fit_table(table_of_frame({**given, "label": labels}, "label"))
    network = cr.Network.random([terms.width or 0, 32, 2], "relu", "softmax").with_preprocessing(terms)
    row_by_name = {name: values[7] for name, values in given.items()}
    timed["dictionary of 12 columns"] = partial(network.predictor(), row_by_name)
    timed["dictionary of 12 columns, predict"] = partial(cr.predict, network, row_by_name)
    if find_spec("pandas") is not None:
        import pandas as pd  # noqa: PLC0415  (for these lines alone)

        frame = pd.DataFrame({name: values[7:8] for name, values in given.items()})
        timed["data frame of one row"] = partial(network.predictor(), frame)
        timed["data frame of one row, predict"] = partial(cr.predict, network, frame)
        timed["Series of one row"] = partial(network.predictor(), frame.iloc[0])
    return timed


def by_hand(x: np.ndarray) -> Callable[[], Any]:
    """The class of a row as a few lines of NumPy give it, without a look at what they are given."""
    network = cr.Network.random([784, 100, 10], "relu", "softmax")
    (w1, w2), (b1, b2) = network.weights, network.biases
    a, z, zeros = np.empty(100, x.dtype), np.empty(10, x.dtype), np.zeros(100, x.dtype)

    def call() -> Any:
        np.dot(w1, x, a)
        np.add(a, b1, a)
        np.maximum(a, zeros, out=a)
        np.dot(w2, a, z)
        np.add(z, b2, z)
        e = np.exp(z - z.max())
        return (e / e.sum()).argmax()

    return call


def microseconds(call: Callable[[], Any]) -> float:
    started = time.process_time()
    for _ in range(CALLS):
        call()
    return (time.process_time() - started) / CALLS * 1e6


def main() -> None:
    timed = calls()
    rounds = [[microseconds(call) for call in timed.values()] for _ in range(ROUNDS + 1)][1:]  # the first one warms up
    print("microseconds a row: median (quartiles)")
    for name, found in zip(timed, zip(*rounds)):
        low, middle, high = np.percentile(found, [25, 50, 75])
        print(f"{name:36}{middle:8.1f}   ({low:.1f} to {high:.1f}), least {min(found):.1f}")


if __name__ == "__main__":
    main()
