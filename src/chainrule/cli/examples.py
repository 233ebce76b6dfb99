"""What a command looks at: rows of a model's data as the network takes them, a network of one's own, or the worked chain."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.by_hand import check_width, matrices_in, network_of_texts, rows_of_text, takes_classes, targets
from chainrule.cli.options import Which
from chainrule.cli.output import one_line
from chainrule.cli.rows import rows_for
from chainrule.costs import Cost
from chainrule.data import Dataset, Preprocessing, Table, encode_targets, gaps, known_targets
from chainrule.errors import DataError, FileError, SettingError, ShapeError, UnknownNameError, counted, listed
from chainrule.network import Network, cost_for
from chainrule.storage import load, load_notes
from chainrule.writing.numbers import minus

X, Y = [0.6], [1.0]  # of the chain
CHAIN_CONVENTION, CONVENTION = "3blue1brown", "nielsen"  # whose the chain is; how a model is written
MOST_AROUND = 10_000  # rows that are read around one
MOST_SHOWN = 8  # inputs of an example that are written out


@dataclass(frozen=True)
class Given:
    """The network that a command is given: by a model's file, or by --weights, or neither: the worked example's chain.

    A file is a trained model, a network in JSON, or a CSV file of weights, beside which the other options stand.

    --x and --y give the example to look at, whichever it is.
    """

    model: Path | None = None
    weights: Sequence[str] | None = None
    biases: Sequence[str] | None = None
    activation: str | None = None
    x: str | None = None
    y: str | None = None

    @property
    def is_chain(self) -> bool:
        """Whether it is the worked example's chain."""
        return self.model is None and not self.weights

    @property
    def is_written(self) -> bool:
        """Whether its weights alone are written out, in --weights or in a CSV file, and the rest in the options beside them."""
        return bool(self.weights) or (self.model is not None and self.model.suffix.lower() == ".csv")

    @property
    def name(self) -> str:
        """The network as a command names it."""
        return "--weights …" if self.weights else str(self.model)

    def open(self) -> tuple[Network, dict[str, Any]]:
        """The network, and the notes of its file."""
        if self.is_written:
            texts = self.weights or [matrices_in(Path(self.name))]
            named = "--weights" if self.weights else self.name
            try:
                return network_of_texts(texts, self.biases or (), self.activation, named), {}
            except DataError as error:
                if self.weights:
                    raise
                raise DataError(
                    f"{error}; if it is a table of examples, chainrule train {self.name} makes a model"
                ) from None
        if self.model is None:
            return chain(), {"x": [X], "y": Y}
        return load(self.model), load_notes(self.model)

    def check(self, command: str, data: str | None = None, row: int | None = None) -> None:
        """Raises SettingError for options that cannot be combined."""
        if self.model is not None and self.weights:
            raise SettingError(f"MODEL {self.model} and --weights each give a network: leave one of them out")
        for name, value in (("--biases", self.biases), ("--activation", self.activation)):
            if value and not self.is_written:
                raise SettingError(
                    f'{name} goes with --weights: chainrule {command} --weights "0.5 -1; 1.5 0.3 | 1 -2" {name} …'
                )
        if self.x is not None and data is not None:
            raise SettingError("--x and --data each give the example: leave one of them out")
        if self.y is not None and self.x is None:
            raise SettingError("--y is the target of --x: give both, as --x 0.6,-0.4 --y 1")
        if self.is_chain and (data is not None or (row is not None and self.x is None)):
            raise SettingError(f"--data and --row go with a model: chainrule {command} MODEL --data FILE --row 3")


@dataclass(frozen=True)
class Examples:
    """x (batch, in) and y (batch, out) of a network, a line about them, and the cost: the one named, else the network's own.

    `notes` are those of the network's file, and `numbers` the rows' own in the data.

    Of one example they may be x (in,) and y (out,).

    y is None if the rows have no target, which is enough where no cost is asked about.
    """

    network: Network
    x: np.ndarray
    y: Any
    about: str
    cost: Cost
    notes: Mapping[str, Any] = field(default_factory=dict)
    numbers: Sequence[int] = ()

    def one(self) -> Examples:
        """The first of them, without the axis of rows."""
        return replace(self, x=self.x[0], y=None if self.y is None else self.y[0])


def chain() -> Network:
    """The network 1-1-1-1 of the worked example (S1.2), whose cost has no ½."""
    return Network([[[1.5]], [[-2.0]], [[1.2]]], [[-0.4], [0.9], [-0.3]], "sigmoid", cost="squared_error")


def _about_chain(x: Any, y: Any, cost: Cost) -> str:
    formula = re.sub(r" ?Σ \(", "(", cost.formula)  # one output, whose sum is its term
    return f"the chain x → ● → ● → ●, sigmoids, {written_example(x, y)}, C = {formula}"


def written_example(x: Any, y: Any, network: Network | None = None) -> str:
    """x = (0.6, −0.4), y = 1, or y = class 1 where one number is a class of this network."""
    of_class = network is not None and takes_classes(network) and np.ndim(y) == 0 and not isinstance(y, str)
    return f"x = {_vector(x)}" + ("" if y is None else f", y = {'class ' if of_class else ''}{_vector(y)}")


def _vector(values: Any) -> str:
    numbers = [
        minus(f"{each:g}") if isinstance(each, float) else one_line(str(each)).removesuffix(" 00:00:00")
        for each in np.ravel(values).tolist()
    ]
    more = len(numbers) - MOST_SHOWN
    shown = ", ".join(numbers[:MOST_SHOWN]) + (f", … {more:,} more" if more > 0 else "")
    return shown if len(numbers) == 1 else f"({shown})"


def convention_of(given: Given, named: str | None) -> str:
    """Whose way of writing: the one that is named; else a network's is nielsen, and the worked example has its own."""
    if named is not None:
        return named
    return CHAIN_CONVENTION if given.is_chain else CONVENTION


def examples(given: Given, data: str | None, row: int = 0, rows: int = 1, cost: str | None = None) -> Examples:
    """`rows` rows from `row` on, of the data that is named or else of what the model was trained on, with their targets."""
    return _examples(given, data, row, rows, cost, targets=True)


def example_of(command: str, given: Given, which: Which, of: str = "C") -> Examples:
    """One row to look at the quantity `of` on: the cost (C), or one before it, for which no target is needed."""
    given.check(command, which.data, which.row)
    return _examples(given, which.data, which.row or 0, 1, which.cost, targets=of == "C").one()


def examples_around(given: Given, data: str | None, row: int | None, cost: str | None) -> tuple[Examples, list[int]]:
    """A row and the rows beside it, or the first rows, as many as a page looks through, and their numbers; none without a
    target."""
    if row is None:
        found = _examples(given, data, 0, MOST_AROUND, cost, targets=True)
    else:
        start = 0 if row < MOST_AROUND else row
        found = _examples(given, data, row, MOST_AROUND, cost, targets=True, start=start)
    return found, list(found.numbers)


def check_no_id(model: Path | None, command: str, kinds: str = "wb", what: str = "a weight or a bias") -> None:
    """Raises FileError where a quantity of these kinds, as w/2/0/0 or w2, was given in the place of a model."""
    if model is not None and not model.exists() and re.fullmatch(rf"[{kinds}](\d+|(/\d+)+)", str(model)):
        written = (
            str(model)
            if "/" in str(model)
            else f"{str(model)[0]}/{str(model)[1:]}/0{'/0' if str(model)[0] == 'w' else ''}"
        )
        raise FileError(f"there is no file {model}; {what} is named with --by: chainrule {command} --by {written}")


def sample(given: Given, data: str | None, rows: int, seed: int, cost: str | None) -> Examples:
    """`rows` rows drawn from all of them by a seed, in their order: the first ones of a sorted file are of one class."""
    return _examples(given, data, 0, rows, cost, targets=True, seed=seed)


def _examples(
    given: Given,
    data: str | None,
    row: int,
    rows: int,
    cost: str | None,
    *,
    targets: bool,
    seed: int | None = None,
    start: int | None = None,
) -> Examples:
    """`rows` rows from `row` on, or from `start` on where that is given, or drawn by a seed."""
    network, notes = given.open()
    the_cost = cost_for(network, cost)
    terms = network.preprocessing
    learnt = None if terms is None else terms.target_name
    table = _table(given, network, notes, data)
    if table.target is None and targets:
        if given.x is not None or (data is None and "x" in notes):
            raise DataError(f"{table.name} has no target, and a cost needs one: give it with --y")
        missing = "target" if learnt is None else f"column {learnt!r}, the target of {given.name}"
        raise DataError(f"{table.name} has no {missing}, and a cost needs one")
    if seed is not None:
        table = known_targets(table)
    if not 0 <= row < len(table):
        raise DataError(f"--row {row}: {table.name} has the rows 0…{len(table) - 1}; take one of them, as --row 0")
    if rows < 1:
        raise DataError(f"--rows is a whole number ≥ 1, got {rows}")
    if seed is None:
        first = row if start is None else start
        places = np.arange(first, min(first + rows, len(table)))
        chosen = table.take(places)
    else:
        places = np.sort(np.random.default_rng(seed).permutation(len(table))[:rows])
        chosen = table.take(places)
        drawn = f", {len(chosen):,} of them drawn with --seed {seed}" if len(chosen) < len(table) else ""
        about = f"{table.name}, {counted(len(table), 'row')}{drawn}; inputs as the network takes them"
    if chosen.target is not None and gaps(chosen.target)[slice(None) if start is None else row - start].all():
        if targets:
            raise DataError(
                f"row {row} of {table.name} has no {table.target_name}, and a cost needs one: take another row"
            )
        chosen = chosen.with_target(None)
    if chosen.target is None:
        x = np.asarray(chosen.inputs if terms is None else terms.rows(chosen))
        about = f"row {row} of {table.name}, which has no target; inputs as the network takes them"
        return Examples(network, x, None, about, the_cost, notes)
    numbers = tuple(places[~gaps(chosen.target)].tolist())
    chosen = known_targets(chosen)
    assert chosen.target is not None
    found = Dataset(chosen.inputs, chosen.target) if terms is None else Dataset.from_table(chosen, terms)
    y, _ = encode_targets(found.targets, network.sizes[-1], len(found))
    if data is None and len(found) == 1 and (given.x is not None or "x" in notes):
        about = _about_own(given, network, the_cost, chosen)
    elif seed is None:
        target = one_line(f"{table.target_name} = {chosen.target[0]}")
        about = f"row {row} of {table.name}: {target}, inputs as the network takes them"
    return Examples(network, np.asarray(found.inputs), y, about, the_cost, notes, numbers)


def _about_own(given: Given, network: Network, cost: Cost, row: Table) -> str:
    """A line about an example that is written out."""
    x, y = row.inputs[0], None if row.target is None else row.target[0]
    if given.is_chain:
        return _about_chain(x, y, cost)
    return f"the network {'-'.join(map(str, network.sizes))}, {network.activations_text()}, {written_example(x, y, network)}"


def _table(given: Given, network: Network, notes: dict[str, Any], data: str | None) -> Table:
    """The rows to take examples from: those written out or named, else the file's own or those that it was trained on."""
    if given.x is not None:
        one_layer = given.weights and len(network.sizes) == 2
        hint = "; layers are separated by |, rows of a layer by ;" if one_layer else ""
        return _own_rows(given.x, given.y, network, hint)
    if data is not None:
        return rows_for(network, data)
    if "x" in notes:
        x = np.array(notes["x"])
        names = [f"x{place}" for place in range(x.shape[1])]
        return Table(given.name, names, x, np.array(notes["y"]) if "y" in notes else None, named=False)
    kept = notes.get("data")
    if not isinstance(kept, str):
        if given.is_written:
            raise DataError(
                f"an example is needed: --x with {counted(network.sizes[0], 'number')}, as --x 0.6,-0.4, and --y"
            )
        raise FileError(
            f"{given.model} does not say what it was trained on: name the data with --data, or write an example with --x and "
            "--y"
        )
    try:
        return rows_for(network, kept)
    except (FileError, UnknownNameError) as error:
        raise FileError(
            f"{given.model} was trained on {kept}, which is not to be found here: name it with --data ({error})"
        ) from None


def _check_columns(count: int, terms: Preprocessing) -> None:
    """Raises ShapeError unless an example has as many values as the model was trained on columns, or uses of them."""
    names = [column.name for column in terms.columns or ()]
    used = [column.name for column in terms.columns or () if column.width]
    if count not in (len(names), len(used)):
        raise ShapeError(
            f"--x has {counted(count, 'value')}, and the model was trained on {counted(len(used), 'column')}: {listed(used, 8)}"
        )


def _own_rows(x: str, y: str | None, network: Network, hint: str) -> Table:
    """The rows of --x and --y, in the terms of the network's user."""
    rows, terms = rows_of_text(x, "--x"), network.preprocessing
    if terms is None or terms.columns is None:
        check_width(rows, network, "--x")
    else:
        _check_columns(rows.shape[1], terms)
    target = None if y is None else rows_of_text(y, "--y")
    if target is not None:
        if len(target) != len(rows):
            raise DataError(
                f"--x has {counted(len(rows), 'row')} and --y {len(target)}: one target for each example, with ; between"
            )
        target = target[:, 0] if target.shape[1] == 1 else target
        if terms is None or not terms.speaks:
            target = targets(target, len(rows), network, "--y", hint)
    return Table("--x", [f"x{place}" for place in range(rows.shape[1])], rows, target, named=False)
