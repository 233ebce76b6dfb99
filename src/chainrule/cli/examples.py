"""Rows of a model's data as the network takes them, with their targets and the cost that is meant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.cli.output import counted, one_line
from chainrule.cli.rows import read_rows
from chainrule.costs import Cost
from chainrule.data import Dataset, Table, encode_targets, gaps, known_targets
from chainrule.errors import DataError, FileError, UnknownNameError
from chainrule.network import Network, cost_for
from chainrule.storage import load, load_notes


@dataclass(frozen=True)
class Examples:
    """x (batch, in) and y (batch, out) of a network, a line about them, and the cost: the one named, else the network's own.

    y is None of rows without a target, which do where no cost is asked about.
    """

    network: Network
    x: np.ndarray
    y: Any
    about: str
    cost: Cost


def examples(model: Path, data: str | None, row: int = 0, rows: int = 1, cost: str | None = None) -> Examples:
    """`rows` rows from `row` on, of the data that is named or else of what the model was trained on, with their targets."""
    return _examples(model, data, row, rows, cost, targets=True)


def example_of(model: Path, data: str | None, row: int, cost: str | None, of: str) -> Examples:
    """One row to look at the quantity `of` on, which is the cost (C) or comes before it: then the row may have no target."""
    return _examples(model, data, row, 1, cost, targets=of == "C")


def sample(model: Path, data: str | None, rows: int, seed: int, cost: str | None) -> Examples:
    """`rows` rows drawn from all of them by a seed, in their order: the first ones of a sorted file are of one class."""
    return _examples(model, data, 0, rows, cost, targets=True, seed=seed)


def _examples(
    model: Path, data: str | None, row: int, rows: int, cost: str | None, *, targets: bool, seed: int | None = None
) -> Examples:
    network, notes = load(model), load_notes(model)
    the_cost = cost_for(network, cost)
    terms = network.preprocessing
    learnt = None if terms is None else terms.target_name
    table = _table(model, data, notes.get("data"), learnt)
    if table.target is None and targets:
        missing = "target" if learnt is None else f"column {learnt!r}, the target of {model}"
        raise DataError(f"{table.name} has no {missing}, and a cost needs one")
    if seed is not None:
        table = known_targets(table)
    if not 0 <= row < len(table):
        raise DataError(f"--row {row}: {table.name} has the rows 0…{len(table) - 1}")
    if rows < 1:
        raise DataError(f"--rows is a whole number ≥ 1, got {rows}")
    if seed is None:
        chosen = table.take(np.arange(row, min(row + rows, len(table))))
    else:
        chosen = table.take(np.sort(np.random.default_rng(seed).permutation(len(table))[:rows]))
        drawn = f", {len(chosen):,} of them drawn with --seed {seed}" if len(chosen) < len(table) else ""
        about = f"{table.name}, {counted(len(table), 'row')}{drawn}; inputs as the network takes them"
    if chosen.target is not None and gaps(chosen.target).all():
        if targets:
            raise DataError(
                f"row {row} of {table.name} has no {table.target_name}, and a cost needs one: take another row"
            )
        chosen = chosen.with_target(None)
    if chosen.target is None:
        x = chosen.inputs if terms is None else terms.rows(chosen)
        about = f"row {row} of {table.name}, which has no target; inputs as the network takes them"
        return Examples(network, x, None, about, the_cost)
    chosen = known_targets(chosen)
    assert chosen.target is not None
    found = Dataset(chosen.inputs, chosen.target) if terms is None else Dataset.from_table(chosen, terms)
    y, _ = encode_targets(found.targets, network.sizes[-1], len(found))
    if seed is None:
        target = one_line(f"{table.target_name} = {chosen.target[0]}")
        about = f"row {row} of {table.name}: {target}, inputs as the network takes them"
    return Examples(network, found.inputs, y, about, the_cost)


def _table(model: Path, named_data: str | None, kept: Any, target: str | None) -> Table:
    """The rows to take examples from: those that are named, else those that the model was trained on."""
    if named_data is not None:
        return read_rows(named_data, target, optional=True)
    if not isinstance(kept, str):
        raise FileError(f"{model} does not say what it was trained on: name the data with --data")
    try:
        return read_rows(kept, target, optional=True)
    except (FileError, UnknownNameError) as error:
        raise FileError(
            f"{model} was trained on {kept}, which is not to be found here: name it with --data ({error})"
        ) from None
