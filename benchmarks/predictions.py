"""How fast are predictions, norms of per-example gradients, and looks at a run? Four benchmarks in turn, for the docs.

python benchmarks/predictions.py [--output build/predictions.json]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from asked import write
from machine import machine

COMMANDS = ("one_row.py", "many_rows.py", "per_example.py", "watching.py")


def printed(command: str) -> list[str]:
    """What a benchmark prints, shown as it comes; nothing of what is said beside it."""
    print(f"\npython benchmarks/{command}", flush=True)
    lines = []
    arguments = [sys.executable, str(Path(__file__).with_name(command))]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line.rstrip())
    if process.returncode:
        raise SystemExit(f"benchmarks/{command} ended with exit code {process.returncode}: nothing is written")
    return lines


def report(found: dict[str, Any]) -> Iterator[str]:
    """What was printed, below the commands."""
    yield f"{found['machine']['processor']}, {len(found['machine']['cores'])} cores, of which one is used"
    for command, lines in found["printed"].items():
        yield from ("", f"python benchmarks/{command}", *lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path("build/predictions.json"))
    asked = parser.parse_args()
    found = {"machine": machine(), "printed": {command: printed(command) for command in COMMANDS}}
    write(asked.output, found, {})


if __name__ == "__main__":
    main()
