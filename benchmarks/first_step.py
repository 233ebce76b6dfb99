"""How long a new process takes from `import chainrule` to the end of its first training step in native code.

Cold, nothing is compiled yet; warm, the machine code is kept from before. Each run is a process of its own. Wanted: ≤ 60 s
cold, ≤ 1 s warm.

    python benchmarks/first_step.py            the median of five
    python benchmarks/first_step.py --cold 1   of one run that compiles, and five that do not
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from statistics import median

STEP = """
import json, time
began = time.perf_counter(), time.process_time()
import chainrule as cr
imported = time.perf_counter(), time.process_time()
import numpy as np
x = np.zeros((10, 784), np.float32)
network = cr.Network.random([784, 30, 10], "sigmoid", "sigmoid")
cr.train(network, x, np.zeros((10, 10)), cost="quadratic", rule="delta_rule", batch_size=10, epochs=1, engine="compiled")
done = time.perf_counter(), time.process_time()
print(json.dumps([[b - a for a, b in zip(began, each)] for each in (imported, done)]))
"""


def first_step(cache: str) -> list[list[float]]:
    """Seconds and CPU seconds to the end of the import, and to that of the first step."""
    environment = {**os.environ, "CHAINRULE_CACHE": cache}
    done = subprocess.run([sys.executable, "-c", STEP], env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def line(kind: str, runs: list[list[list[float]]], wanted: int) -> str:
    """The median of some runs, and their range."""
    imported, cpu, steps = (
        [run[0][0] for run in runs],
        median(run[1][1] for run in runs),
        sorted(run[1][0] for run in runs),
    )
    return (
        f"{kind}: {median(steps):.2f} s ({steps[0]:.2f} to {steps[-1]:.2f}) to the end of the first step, of which the import "
        f"{median(imported):.2f} s; {cpu:.2f} s of CPU in this process (wanted ≤ {wanted} s)"
    )


def main() -> None:
    """Print a line for cold and one for warm processes."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--cold", type=int, default=5, help="runs that compile, about 30 s of CPU each")
    options.add_argument("--warm", type=int, default=5, help="runs that find the machine code")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cold = [first_step(f"{folder}/{number}") for number in range(max(asked.cold, 1))]
        print(line("cold", cold, 60), flush=True)
        print(line("warm", [first_step(f"{folder}/0") for _ in range(asked.warm)], 1))


if __name__ == "__main__":
    main()
