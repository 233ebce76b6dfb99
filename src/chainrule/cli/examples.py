"""What a command looks at: the chain of the worked example, or rows of a model's data as the network takes them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.cli.output import one_line
from chainrule.cli.rows import read_rows
from chainrule.costs import Cost
from chainrule.data import Dataset, Table, encode_targets, gaps, known_targets
from chainrule.errors import DataError, FileError, SettingError, UnknownNameError, counted
from chainrule.network import Network, cost_for
from chainrule.storage import load, load_notes

X, Y = [0.6], [1.0]  # of the chain
CHAIN_CONVENTION, CONVENTION = "3blue1brown", "nielsen"  # whose the chain is; how a model is written


@dataclass(frozen=True)
class Examples:
    """x (batch, in) and y (batch, out) of a network, a line about them, and the cost: the one named, else the network's own.

    Of one example they may be x (in,) and y (out,).

    y is None of rows without a target, which do where no cost is asked about.
    """

    network: Network
    x: np.ndarray
    y: Any
    about: str
    cost: Cost

    def one(self) -> Examples:
        """The first of them, without the axis of rows."""
        return replace(self, x=self.x[0], y=None if self.y is None else self.y[0])


def chain() -> Network:
    """The network 1-1-1-1 of the worked example (S1.2), whose cost has no ½."""
    return Network([[[1.5]], [[-2.0]], [[1.2]]], [[-0.4], [0.9], [-0.3]], "sigmoid", cost="squared_error")


def worked(cost: str | None = None) -> Examples:
    """The chain with the cost that is named, else (a − y)², the worked example's own."""
    the_cost = cost_for(chain(), cost)
    formula = re.sub(r" ?Σ \(", "(", the_cost.formula)  # one output, whose sum is its term
    about = f"the chain x → ● → ● → ●, sigmoids, x = {X[0]:g}, y = {Y[0]:g}, C = {formula}"
    return Examples(chain(), np.array(X), np.array(Y), about, the_cost)


def convention_of(model: Path | None, named: str | None) -> str:
    """Whose way of writing: the one that is named; else a model's is nielsen, and the worked example has its own."""
    if named is not None:
        return named
    return CHAIN_CONVENTION if model is None else CONVENTION


def examples(model: Path, data: str | None, row: int = 0, rows: int = 1, cost: str | None = None) -> Examples:
    """`rows` rows from `row` on, of the data that is named or else of what the model was trained on, with their targets."""
    return _examples(model, data, row, rows, cost, targets=True)


def example_of(
    command: str, model: Path | None, data: str | None, row: int | None, cost: str | None, of: str = "C"
) -> Examples:
    """The chain, or one row to look at the quantity `of` on: the cost (C), or one before it, for which no target is needed."""
    check_of_model(command, model, data, row)
    return worked(cost) if model is None else _examples(model, data, row or 0, 1, cost, targets=of == "C").one()


def check_of_model(command: str, model: Path | None, data: str | None, row: int | None) -> None:
    """Raises SettingError where --data or --row is given without a model."""
    if model is None and (data is not None or row is not None):
        raise SettingError(f"--data and --row go with a model: chainrule {command} MODEL --data FILE --row 3")


def check_no_id(model: Path | None, command: str, kinds: str = "wb", what: str = "a weight or a bias") -> None:
    """Raises FileError where a quantity of these kinds, as w/2/0/0, was given in the place of a model."""
    if model is not None and not model.exists() and "/" in str(model) and model.parts[0] in tuple(kinds):
        raise FileError(f"there is no file {model}; {what} is named with --by: chainrule {command} --by {model}")


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
