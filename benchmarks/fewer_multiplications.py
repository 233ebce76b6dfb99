"""Would Strassen's seven products of halves beat one product, on the layers of a step? One thread, in turns; ratios of times.

One level of Winograd's form of it (7 products, 15 additions of quarters) on NumPy's sgemm, with all memory allocated before. A
ratio above 1: it takes longer than the product as it is.

    python benchmarks/fewer_multiplications.py
"""

from __future__ import annotations

import argparse
import time
from itertools import pairwise

import numpy as np
from asked import WIDTH, names, positive
from paired import quartiles
from threadpoolctl import threadpool_limits
from workloads import WORKLOADS

from chainrule.aligned import Table, laid_out

Array = np.ndarray


class Halves:
    """C = A B by seven products of halves; every side is even."""

    def __init__(self, rows: int, depth: int, columns: int) -> None:
        r, d, c = rows // 2, depth // 2, columns // 2
        self.s = [np.empty((r, d), np.float32) for _ in range(4)]
        self.t = [np.empty((d, c), np.float32) for _ in range(4)]
        self.p = [np.empty((r, c), np.float32) for _ in range(7)]

    def __call__(self, a: Array, b: Array, out: Array) -> None:
        (a11, a12, a21, a22), (b11, b12, b21, b22), (c11, c12, c21, c22) = map(quarters, (a, b, out))
        s, t, p = self.s, self.t, self.p
        np.add(a21, a22, out=s[0])
        np.subtract(s[0], a11, out=s[1])
        np.subtract(a11, a21, out=s[2])
        np.subtract(a12, s[1], out=s[3])
        np.subtract(b12, b11, out=t[0])
        np.subtract(b22, t[0], out=t[1])
        np.subtract(b22, b12, out=t[2])
        np.subtract(t[1], b21, out=t[3])
        pairs = ((a11, b11), (a12, b21), (s[3], b22), (a22, t[3]), (s[0], t[0]), (s[1], t[1]), (s[2], t[2]))
        for (left, right), product in zip(pairs, p):
            np.matmul(left, right, out=product)
        np.add(p[0], p[1], out=c11)
        np.add(p[0], p[5], out=p[5])
        np.add(p[5], p[6], out=p[6])
        np.subtract(p[6], p[3], out=c21)
        np.add(p[6], p[4], out=c22)
        np.add(p[5], p[4], out=p[5])
        np.add(p[5], p[2], out=c12)


def quarters(m: Array) -> tuple[Array, Array, Array, Array]:
    r, c = m.shape[0] // 2, m.shape[1] // 2
    return m[:r, :c], m[:r, c:], m[r:, :c], m[r:, c:]


def shapes(name: str) -> list[tuple[int, int, int]]:
    """(rows, depth, columns) of a step's products whose sides are even: aWᵀ, δW, δᵀa."""
    each = WORKLOADS[name]
    found = []
    for l, (n, m) in enumerate(pairwise(each.sizes)):
        if n % 2 == 0 and m % 2 == 0 and min(n, m) >= 64:
            found += [(each.batch, n, m), (m, each.batch, n)] + ([(each.batch, m, n)] if l else [])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    chosen = ["medium", "deep", "wide", "gemm", "tabular"]
    parser.add_argument("--only", type=names(WORKLOADS), default=chosen, metavar="NAMES", help="of workloads")
    parser.add_argument("--rounds", type=positive(int), default=9)
    asked = parser.parse_args()
    rng, rows = np.random.default_rng(0), [["", "rows × depth × columns", "ratio", "largest difference"]]
    with threadpool_limits(1, "blas"):
        for name in asked.only:
            for shape in dict.fromkeys(shapes(name)):
                r, d, c = shape
                a, b = rng.standard_normal((r, d), np.float32), rng.standard_normal((d, c), np.float32)
                whole, halves, by_halves = np.empty((r, c), np.float32), np.empty((r, c), np.float32), Halves(*shape)
                count = max(1, round(0.05 * 9e10 / (2 * r * d * c)))
                ratios = []
                for _ in range(asked.rounds):
                    began = time.perf_counter()
                    for _ in range(count):
                        np.matmul(a, b, out=whole)
                    between = time.perf_counter()
                    for _ in range(count):
                        by_halves(a, b, halves)
                    ratios.append((time.perf_counter() - between) / (between - began))
                low, middle, high = quartiles(ratios)
                away = np.abs(halves - whole).max() / np.abs(whole).max()
                rows.append([name, f"{r:,} × {d:,} × {c:,}", f"{middle:.2f} ({low:.2f}–{high:.2f})", f"{away:.0e}"])
    print("\n".join(laid_out([Table(rows, "<<>>")], WIDTH)))


if __name__ == "__main__":
    main()
