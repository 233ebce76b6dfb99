"""How long does a search over 24 settings take in two processes: NetworkClassifier beside scikit-learn's MLPClassifier?

Both search the digits with n_jobs=2, three folds, the same hidden layers, rule, rates, penalties and batches, and as many
epochs; the peer's rows are scaled by a StandardScaler before it, ours inside. They take turns in paired rounds: median (lower
to upper quartile) of the wall time that the peer takes, as a multiple of ours, so that above 1 ours is the faster. The first
round, in which the processes start, is printed and not counted. Beside it: the best score of each, and how many threads BLAS
may use within a process. Wanted: at least 1, and no more threads than the machine has cores.

    python benchmarks/grid_search.py [--rounds 7] [--engine NAME]
    QUICK=1 python benchmarks/grid_search.py
"""

from __future__ import annotations

import argparse
import time
import warnings
from typing import Any

import joblib
import numpy as np
from quick import QUICK
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import threadpool_info

from chainrule.estimators import NetworkClassifier

JOBS, FOLDS, EPOCHS = 2, 3, 6 if QUICK else 20
GRID = {
    "hidden_layer_sizes": [(32,), (64, 32)],
    "alpha": [0.0, 1e-4, 1e-2],
    "learning_rate_init": [1e-3, 1e-2],
    "batch_size": [32, 128],
}
SAME: dict[str, Any] = {
    "activation": "relu", "solver": "adam", "max_iter": EPOCHS, "tol": 0.0, "n_iter_no_change": EPOCHS, "random_state": 0
}  # fmt: skip


def ours(engine: str) -> GridSearchCV:
    network = NetworkClassifier(engine=engine, early_stopping=False, learning_rate="constant", **SAME)
    return GridSearchCV(network, GRID, cv=FOLDS, n_jobs=JOBS)


def theirs() -> GridSearchCV:
    grid = {f"mlpclassifier__{name}": values for name, values in GRID.items()}
    return GridSearchCV(make_pipeline(StandardScaler(), MLPClassifier(**SAME)), grid, cv=FOLDS, n_jobs=JOBS)


def threads() -> int:
    """How many threads BLAS may use here."""
    return max((each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"), default=1)


def main() -> None:
    parser = argparse.ArgumentParser(
        description="A search over 24 settings in two processes, beside scikit-learn's MLP."
    )
    parser.add_argument("--rounds", type=int, default=3 if QUICK else 7)
    parser.add_argument("--engine", default="auto")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    x, y = load_digits(return_X_y=True)
    ratios, seconds = [], []
    print(
        f"{np.prod([len(values) for values in GRID.values()])} settings, {FOLDS} folds, {EPOCHS} epochs, n_jobs={JOBS}"
    )
    print(f"{'round':>5}{'chainrule':>12}{'scikit-learn':>14}{'ratio':>8}{'score':>9}{'':3}{'score'}")
    for turn in range(asked.rounds + 1):
        took, scores = {}, {}
        contestants = [("ours", ours(asked.engine)), ("theirs", theirs())]
        for name, search in contestants[:: -1 if turn % 2 else 1]:
            started = time.perf_counter()
            scores[name] = search.fit(x, y).best_score_
            took[name] = time.perf_counter() - started
        ratio = took["theirs"] / took["ours"]
        shown = (
            f"{took['ours']:10.2f} s{took['theirs']:12.2f} s{ratio:8.2f}{scores['ours']:9.4f}{scores['theirs']:9.4f}"
        )
        print(f"{turn:5}{shown}{'' if turn else '  (processes start)'}", flush=True)
        if turn:
            ratios.append(ratio)
            seconds.append(took["ours"])
    low, middle, high = np.percentile(ratios, [25, 50, 75])
    print(f"scikit-learn takes {middle:.2f} ({low:.2f}–{high:.2f}) times as long; ours {np.median(seconds):.2f} s")
    counts = Parallel(n_jobs=JOBS)(delayed(threads)() for _ in range(2 * JOBS))
    print(f"BLAS threads in a process: {max(counts)}; {joblib.cpu_count()} cores for {JOBS} processes")


if __name__ == "__main__":
    main()
