"""The explorer's four prepared pages: `make site` puts them on the website, and benchmarks/explorer.py measures them.

python docs/explorer_pages.py build/explorer     write them into a folder
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import chainrule as cr

ROW = 1729  # of the digits, a 3 that is misread
EPOCHS = 500  # of XOR


def chain() -> str:
    """A chain of single neurons, 1-1-1-1."""
    network = cr.Network([[[1.5]], [[-2.0]], [[1.2]]], [[-0.4], [0.9], [-0.3]], "sigmoid", cost="squared_error")
    page = cr.explore(network, [0.6], [1.0], by="w/2/0/0", convention="3blue1brown", title="A chain of single neurons")
    return page.html


def xor() -> str:
    """XOR in a network 2-2-1, from its first weights to its last: all four rows, twelve snapshots."""
    x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = np.array([[0.0], [1.0], [1.0], [0.0]])
    network = cr.Network.random([2, 2, 1], "tanh", "sigmoid", seed=3, dtype="float64")
    run = cr.train(network, x, y, rule=cr.delta_rule(1.0), batch_size=4, epochs=EPOCHS, record=12)
    return cr.explore(run.network, x, y, row=1, snapshots=run.record, title="XOR").html


def softmax() -> str:
    """Two inputs, three hidden neurons and a softmax of two, 2-3-2."""
    network = cr.Network(
        [[[0.5, -1.0], [1.5, 0.3], [-0.7, 0.9]], [[1.0, -2.0, 0.4], [0.6, 0.8, -1.1]]],
        [[0.1, 0.0, -0.2], [0.2, -0.1]],
        ["tanh", "softmax"],
    )
    return cr.explore(network, [0.6, -0.4], [1.0, 0.0], by="w/1/1/0", title="A softmax of two").html


def digits() -> str:
    """The digits after a training, 64-128-10, with twelve snapshots of it."""
    with TemporaryDirectory() as folder:
        model = Path(folder) / "digits.safetensors"
        _call("train", "digits", "--hidden", "128", "--record", "12", "--quiet", "--output", model)
        page = Path(folder) / "page.html"
        record = model.with_suffix(".record")
        _call("explore", model, "--row", ROW, "--record", record, "--title", "Handwritten digits", "-o", page)
        return page.read_text(encoding="utf-8")


def _call(*arguments: object) -> None:
    command = [sys.executable, "-m", "chainrule", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True, text=True)


PAGES: dict[str, Callable[[], str]] = {
    "explorer-chain.html": chain,
    "explorer-xor.html": xor,
    "explorer-softmax.html": softmax,
    "explorer-digits.html": digits,
}
SAID = (  # how the website calls them
    "a chain of single neurons",
    "XOR",
    "a softmax of two",
    "handwritten digits, with twelve snapshots of their training",
)


def write(folder: Path) -> None:
    """All four into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "build/explorer"))
