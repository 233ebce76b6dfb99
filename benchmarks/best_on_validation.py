"""Is the network that did best on validation rows better on test rows than the last one? On diabetes, over eight seeds.

Each seed splits the rows anew: 20 % test, of the rest 20 % validation. One training of 223 epochs gives
both networks: that of the last epoch, and that of the epoch with the lowest validation cost.

    python benchmarks/best_on_validation.py
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import chainrule as cr

SEEDS = range(8)


def scores(seed: int) -> tuple[float, float, int]:
    """(R² of the last network, of the best one on validation rows, the epoch of that) on rows that neither has seen."""
    rest, test = cr.load_data("diabetes").split(0.2, seed)
    learning, watched = rest.split(0.2, seed)
    network = cr.Network.random([10, 128, 1], "relu", seed=seed)
    given = {"epochs": 223, "seed": seed, "validation": watched}
    last, best = cr.train(network, learning, **given), cr.train(network, learning, **given, best="cost")
    costs = [facts["validation_cost"] for facts in last.history]
    return cr.score(last.network, test), cr.score(best.network, test), int(np.argmin(costs)) + 1


def main() -> None:
    """Print a row for each seed, and the means."""
    found = [scores(seed) for seed in SEEDS]
    print("seed  last    best    epoch of the best")
    for seed, (last, best, epoch) in zip(SEEDS, found):
        print(f"{seed:4}  {last:.4f}  {best:.4f}  {epoch}")
    last, best, _ = np.mean(found, axis=0)
    wins = sum(b > l for l, b, _ in found)
    print(f"mean  {last:.4f}  {best:.4f}  better with {wins} of {len(found)} seeds")


if __name__ == "__main__":
    main()
