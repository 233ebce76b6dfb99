"""How much faster is ⊙ than the matrix Σ′ (S2.21)? BP2 for one example, the same δ in two ways, by width.

    ⊙    δ^l = ((w^(l+1))ᵀ δ^(l+1)) ⊙ σ′(z^l)           n² + n multiplications
    Σ′   δ^l = Σ′(z^l) ((w^(l+1))ᵀ δ^(l+1))             2 n², and n² numbers to fill in

One BLAS thread. Each round times both, one after the other, so that a slow moment of the machine meets both; the ratio is taken
in the round. Prints a table: medians, and the quartiles of the ratio.

    python benchmarks/hadamard_or_matrix.py
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import numpy as np

from chainrule.activations import sigmoid
from chainrule.equations import bp2

WIDTHS = (8, 16, 32, 64, 128, 256, 512, 1024)
ROUNDS = 15
SECONDS = 0.02  # of each timing


def microseconds(call: Callable[[], object], repeats: int) -> float:
    """The mean time of a call over some repeats."""
    started = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - started) / repeats * 1e6


def measure(n: int, rng: np.random.Generator) -> np.ndarray:
    """Rows (⊙, Σ′ made anew, Σ′ at hand) in microseconds, one a round."""
    w, z = rng.standard_normal((n, n)) / np.sqrt(n), rng.standard_normal((1, n))
    delta, slope = rng.standard_normal((1, n)), sigmoid.slope(z)
    ready = np.diag(slope[0])
    ways: list[Callable[[], np.ndarray]] = [
        lambda: bp2(w, delta, slope),
        lambda: np.diag(slope[0]) @ (w.T @ delta[0]),
        lambda: ready @ (w.T @ delta[0]),
    ]
    first = ways[0]()[0]
    assert all(np.allclose(way(), first, rtol=1e-12, atol=1e-14) for way in ways)
    repeats = [max(3, int(SECONDS * 1e6 / microseconds(way, 3))) for way in ways]
    return np.array([[microseconds(way, count) for way, count in zip(ways, repeats)] for _ in range(ROUNDS)])


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(0)
    print(f"BP2 of one example in µs, median of {ROUNDS} paired rounds, one BLAS thread (S2.21)")
    print(
        f"{'width':>6} {'⊙':>9} {'Σ′':>10} {'Σ′ at hand':>11}   {'Σ′ / ⊙ (quartiles)':<22} Σ′ at hand / ⊙ (quartiles)"
    )
    for n in WIDTHS:
        rounds = measure(n, rng)
        dot, made, ready = np.median(rounds, axis=0)
        ratios = [np.quantile(rounds[:, k] / rounds[:, 0], [0.25, 0.5, 0.75]) for k in (1, 2)]
        shown = [f"{middle:.2f} ({low:.2f} to {high:.2f})" for low, middle, high in ratios]
        print(f"{n:>6} {dot:>9.2f} {made:>10.2f} {ready:>11.2f}   {shown[0]:<22} {shown[1]}", flush=True)


if __name__ == "__main__":
    main()
