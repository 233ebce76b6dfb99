"""How fast `chainrule predict` answers a million mixed rows of a file, and how much memory it takes.

python benchmarks/streaming.py [rows]

The rows have numbers, whole numbers, categories, a date, gaps and the target; the model is trained on 20,000 of them. For CSV
and Parquet: CPU seconds of the whole command on one core, rows per second, peak memory.
"""

from __future__ import annotations

import csv
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROWS, TRAINED, CHUNK = 1_000_000, 20_000, 50_000
HEADER = ["size", "rooms", "age", "price", "distance", "score", "city", "kind", "grade", "built", "open", "sold"]
CITIES = [f"city {i}" for i in range(40)]
KINDS, GRADES = ["flat", "house", "office", "shop"], list("ABCDEFG")
MOST_SECONDS_PER_ROW, MOST_MEMORY = 1 / 150_000, 500e6


def chunk(rng: np.random.Generator, rows: int) -> Iterator[list[str]]:
    """Rows of cells, of which some are gaps."""
    numbers = rng.normal(size=(rows, 6)) * [40, 2, 20, 1e5, 10, 1] + [90, 3, 30, 3e5, 15, 0]
    columns = [
        [f"{v:.2f}" for v in numbers[:, 0]],
        [f"{max(1, v):.0f}" for v in numbers[:, 1]],
        [f"{abs(v):.0f}" for v in numbers[:, 2]],
        [f"{v:.0f}" for v in numbers[:, 3]],
        [f"{v:.3f}" for v in numbers[:, 4]],
        [repr(v) for v in numbers[:, 5].tolist()],
        [CITIES[i] for i in rng.integers(len(CITIES), size=rows)],
        [KINDS[i] for i in rng.integers(len(KINDS), size=rows)],
        [GRADES[i] for i in rng.integers(len(GRADES), size=rows)],
        (np.datetime64("1990-01-01") + rng.integers(0, 12_000, size=rows)).astype(str).tolist(),
        [("true", "false")[i] for i in rng.integers(2, size=rows)],
        ["yes" if v > 0 else "no" for v in numbers[:, 5] + (numbers[:, 0] - 90) / 40],
    ]
    for place in (0, 2, 5, 7, 9):
        for row in np.flatnonzero(rng.random(rows) < 0.03).tolist():
            columns[place][row] = ""
    return zip(*columns)  # type: ignore[return-value]


def write(path: Path, rows: int) -> None:
    rng = np.random.default_rng(0)
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(HEADER)
        for start in range(0, rows, CHUNK):
            writer.writerows(chunk(rng, min(CHUNK, rows - start)))


def measured(*arguments: str) -> tuple[float, float]:
    """(CPU seconds, peak memory in bytes) of the command."""
    code = (
        "import sys; sys.argv = ['chainrule', *sys.argv[1:]]\n"
        "import chainrule.cli.main\n"
        "try: chainrule.cli.main.main()\n"
        "finally: print(next(l for l in open('/proc/self/status') if l.startswith('VmHWM')), file=sys.stderr)"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, env=environment
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, int(done.stderr.split()[-2]) * 1024


def main(rows: int = ROWS) -> int:
    """Exit code 0 where CSV and Parquet both keep to the limits."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        write(Path("some.csv"), TRAINED)
        write(Path("rows.csv"), rows)
        measured("train", "some.csv", "--epochs", "2", "--output", "model", "--quiet")
        files = ["rows.csv"]
        try:
            import pandas as pd  # noqa: PLC0415 - for this file alone

            pd.read_csv("rows.csv").to_parquet("rows.parquet")
            files.append("rows.parquet")
        except ImportError:
            print("Parquet is left out: it needs pandas and pyarrow")
        print(f"{'file':<14}{'options':<16}{'MB':>6}{'CPU s':>8}{'rows/s':>10}{'peak MB':>9}")
        kept = True
        for file in files:
            for options in ((), ("--probabilities",), ("--json",)):
                seconds, memory = measured("predict", "model.safetensors", file, "-o", "answers", *options)
                size = Path(file).stat().st_size / 1e6
                print(
                    f"{file:<14}{' '.join(options):<16}{size:>6.0f}{seconds:>8.2f}{rows / seconds:>10,.0f}{memory / 1e6:>9.0f}",
                    flush=True,
                )
                if not options:
                    kept &= seconds / rows <= MOST_SECONDS_PER_ROW and memory <= MOST_MEMORY
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
