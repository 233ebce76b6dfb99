"""How accurate is the default way of training on the digits, when the test rows decide nothing?

A 5-fold repeated with seeds 0, 1, 2. In each of the 15 folds every recipe of a small grid is trained on 80 % of the training
rows and scored on the other 20 %; the best one by that score is trained again on all training rows, and only then are the test
rows looked at. scikit-learn's MLPClassifier (64 neurons, 60 epochs, its other settings
as they come) sees the same folds. Prints a table, writes JSON.

    python benchmarks/digits_accuracy.py [runs/digits_accuracy.json]
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import chainrule as cr
from chainrule.data import split_rows

GOAL = 0.970


@dataclass(frozen=True)
class Candidate:
    """One recipe of the grid."""

    hidden: tuple[int, ...]
    learning_rate: float
    activation: str = "relu"
    epochs: int = 45

    def train(self, table: cr.Table, seed: int) -> cr.Network:
        """A network trained on all rows of a table."""
        terms = cr.Preprocessing.fit(table.columns, table.inputs, table.target, target_name=table.target_name)
        net = cr.Network.random([64, *self.hidden, 10], self.activation, "softmax", seed=seed)
        data = cr.Dataset.from_table(table, terms)
        return cr.train(net, data, rule=cr.adam(self.learning_rate), epochs=self.epochs, seed=seed).network


GRID = [
    Candidate(hidden, rate, activation)
    for hidden in ((128,), (256,))
    for rate in (1e-3, 3e-3)
    for activation in ("relu", "gelu", "tanh")
]


def choose(table: cr.Table, seed: int) -> Candidate:
    """The candidate with the best score on a fifth of the training rows."""
    rest, validation = split_rows(len(table), 0.2, seed, table.target)
    scores = [cr.score(each.train(table.take(rest), seed), table.take(validation)) for each in GRID]
    return GRID[int(np.argmax(scores))]


def peer(train: cr.Table, test: cr.Table, seed: int) -> float:
    """scikit-learn's own network on the same rows."""
    model = make_pipeline(StandardScaler(), MLPClassifier((64,), max_iter=60, random_state=seed))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 60 epochs are its setting here
        model.fit(train.inputs, train.target)
    return float(model.score(test.inputs, test.target))


def main() -> None:
    """Run the folds and print what they give."""
    table, rows, started = cr.read_table("digits"), [], time.perf_counter()
    print(f"{'seed':>4} {'fold':>4}  {'chosen on validation rows':<42} {'test':>7} {'scikit-learn':>12}")
    for seed in range(3):
        folds = StratifiedKFold(5, shuffle=True, random_state=seed).split(table.inputs, table.target)
        for fold, (train_rows, test_rows) in enumerate(folds):
            train, test = table.take(train_rows), table.take(test_rows)
            best = choose(train, seed)
            ours = cr.score(best.train(train, seed), test)
            theirs = peer(train, test, seed)
            rows.append({"seed": seed, "fold": fold, "chosen": best.__dict__, "test": ours, "scikit_learn": theirs})
            name = f"{'-'.join(map(str, best.hidden))} {best.activation}, adam({best.learning_rate:g}), {best.epochs} epochs"
            print(f"{seed:>4} {fold:>4}  {name:<42} {ours:>7.4f} {theirs:>12.4f}", flush=True)
    ours, theirs = (np.array([row[key] for row in rows]) for key in ("test", "scikit_learn"))
    verdict = "met" if ours.mean() >= GOAL else "MISSED"
    print(f"mean accuracy {ours.mean():.4f} ± {ours.std(ddof=1):.4f} over {len(rows)} folds", end="")
    print(f" ({ours.min():.4f} to {ours.max():.4f}); goal ≥ {GOAL:.3f}: {verdict}")
    print(f"scikit-learn  {theirs.mean():.4f} ± {theirs.std(ddof=1):.4f}; {time.perf_counter() - started:.0f} s")
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/digits_accuracy.json")
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"folds": rows, "mean": ours.mean(), "deviation": ours.std(ddof=1)}, indent=1))
    sys.exit(int(ours.mean() < GOAL))


if __name__ == "__main__":
    main()
