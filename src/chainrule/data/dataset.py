"""Dataset: rows of inputs, targets and weights, ready for a network; splits and the seeded order of batches."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from chainrule.data.choices import Choices, kinds_as_they_stand
from chainrule.data.coercion import as_array, as_target, as_weights, check_rows_finite, contents
from chainrule.data.frames import is_frame, table_of_frame
from chainrule.data.labels import guess_task, target_of
from chainrule.data.mapped import Inputs, MappedRows, as_inputs, in_memory, taken
from chainrule.data.preprocessing import Preprocessing
from chainrule.data.reading import read_table
from chainrule.data.table import Table
from chainrule.data.values import gaps
from chainrule.errors import DataError, DataWarning, SettingError, ShapeError, brief, counted

Array = np.ndarray


@dataclass(frozen=True)
class Source:
    """The table that a Dataset was made from, and what was decided about its columns (the keywords of `fit_table`)."""

    table: Table
    choices: Mapping[str, Any]

    def fit(self, rows: Table, labels: tuple[Any, ...] | None) -> Preprocessing:
        """The preprocessing learnt from these rows of the table; `labels` are the classes where they are known already."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)  # said when the whole was read
            return Preprocessing.fit_table(rows, labels=labels, **self.choices)


@dataclass(frozen=True)
class Dataset:
    """Inputs (rows, in); targets (rows, out) as numbers, or (rows,) as class labels; weights (rows,) or None.

    `preprocessing` says how the rows came about from a user's table, and travels with the network trained on them; `source`
    is that table where `split` may fit it again. Inputs that are memory-mapped (a numpy.memmap) stay in their file, as
    `MappedRows`, which are read batch by batch.
    Raises DataError for empty sets, NaN, infinities and negative weights, ShapeError where lengths differ.
    """

    inputs: Inputs
    targets: Array
    weights: Array | None = None
    preprocessing: Preprocessing | None = None
    name: str = "data"
    source: Source | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        inputs, targets = as_inputs(self.inputs, "inputs"), as_target(in_memory(self.targets))
        if inputs.ndim != 2:
            raise ShapeError(f"inputs are rows of numbers (rows, in), got an array of shape {inputs.shape}")
        if not isinstance(inputs, MappedRows) and inputs.dtype.kind not in "fiub":
            raise DataError(
                f"inputs are numbers, got {contents(inputs)}: read tables with texts by chainrule.load_data"
            )
        if len(inputs) == 0 or inputs.shape[1] == 0:
            raise DataError(f"a data set needs rows and columns, got inputs of shape {inputs.shape}")
        if targets.ndim not in (1, 2) or len(targets) != len(inputs) or targets.size == 0:
            raise ShapeError(
                f"{len(inputs):,} rows of inputs need as many targets, got targets of shape {targets.shape}"
            )
        if targets.ndim == 2 and targets.dtype.kind == "U":
            raise DataError(f"targets of shape {targets.shape} are rows of numbers, got texts; labels come as (rows,)")
        if isinstance(inputs, MappedRows):
            inputs.check_finite("inputs")
        else:
            check_rows_finite(inputs, "inputs")
        object.__setattr__(self, "inputs", inputs)
        object.__setattr__(self, "targets", targets)
        if self.weights is not None:
            object.__setattr__(self, "weights", as_weights(in_memory(self.weights), len(inputs)))

    def __len__(self) -> int:
        return len(self.inputs)

    def __repr__(self) -> str:
        rows, inputs = self.inputs.shape
        what = f"targets of shape {self.targets.shape}"
        if (terms := self.preprocessing) is not None and terms.target_name:
            what = f"target {terms.target_name!r}"
            if terms.labels is not None:
                what = f"{len(terms.labels)} classes of {terms.target_name}"
        return f"<Dataset {self.name}: {rows:,} rows × {inputs:,} inputs, {what}>"

    @classmethod
    def from_table(
        cls, table: Table, preprocessing: Preprocessing, dtype: str | type | np.dtype[Any] = np.float64
    ) -> Dataset:
        """A table's rows as `preprocessing` (fitted on this table or on another with its columns) makes them."""
        target = target_of(table)
        inputs = preprocessing.rows(table, dtype=dtype)
        return cls(inputs, preprocessing.targets(target), None, preprocessing, table.name)

    def take(self, rows: Array) -> Dataset:
        """The data set of these rows, in this order."""
        weights = None if self.weights is None else self.weights[rows]
        source = None if self.source is None else replace(self.source, table=self.source.table.take(rows))
        return replace(
            self, inputs=taken(self.inputs, rows), targets=self.targets[rows], weights=weights, source=source
        )

    def split(self, share: float | None = None, seed: int | np.random.Generator = 0) -> tuple[Dataset, Dataset]:
        """(the rest, a share of the rows), at random; classes keep their proportions.

        Without a share it is the division that a known set comes with, as the 60,000 + 10,000 rows of fashion-mnist, and
        0.2 where there is none.

        What `load_data` gives is scaled and encoded anew, by the means, scales and levels of the rest alone: nothing of the
        rows held out is learnt. Splitting the rest once more keeps those, so that all parts fit one network.
        """
        own = own_division(self.source.table) if share is None and self.source is not None else None
        share = 0.2 if share is None else share
        rest, part = own or split_rows(len(self), share, seed, self.targets if self.targets.ndim == 1 else None)
        if self.source is None:
            return self.take(rest), self.take(part)
        table = self.source.table
        terms = self.source.fit(table.take(rest), None if self.preprocessing is None else self.preprocessing.labels)

        def made(rows: Array) -> Dataset:
            weights = None if self.weights is None else self.weights[rows]
            return replace(Dataset.from_table(table.take(rows), terms), weights=weights)

        return made(rest), made(part)


def load_data(source: Any, target: str | None = None, *, task: str = "auto", **choices: Any) -> Dataset:
    """What `read_table` reads (a shipped set by name, a file, a data frame), scaled and encoded by `Preprocessing`.

    Means, scales and levels are those of all rows; `split` holds rows out for a test, and takes them from the others alone.
    Rows whose target is unknown are left out. `choices` decide about columns, as those of `Preprocessing.fit` do: scale,
    gaps, kinds, drop, columns. A DataWarning counts rows that are left out, and names columns that are.
    """
    table = read_table(source, target)
    table, said = learnable(table, Choices.checked(choices))
    for each in said:
        warnings.warn(f"{table.name}: {each}", DataWarning, stacklevel=2)
    if task == "auto":
        task = guess_task(target_of(table))  # once, from all rows: a part may hold few of the values
    made = Source(table, {"task": task, **choices})
    return replace(Dataset.from_table(table, Preprocessing.fit_table(table, **made.choices)), source=made)


def own_division(table: Table) -> tuple[Array, Array] | None:
    """Row numbers (to learn from, for the test) of a table that comes with such a division; else None."""
    if table.test is None or table.test.all() or not table.test.any():
        return None
    return np.flatnonzero(~table.test), np.flatnonzero(table.test)


def learnable(table: Table, choices: Choices) -> tuple[Table, list[str]]:
    """The rows of a table that can be learnt from, and sentences on what was left out.

    Left out are rows whose target is unknown and, with gaps="drop", rows with a gap in a column that is used.
    """
    found = known_targets(table)
    whole = choices.complete(found)
    counts = {f"without {table.target_name}": len(table) - len(found), "with gaps": len(found) - len(whole)}
    said = [f"{counted(n, 'row')} {which} {'is' if n == 1 else 'are'} left out" for which, n in counts.items() if n]
    return whole, [*([table.note] if table.note else []), *said]


def known_targets(table: Table) -> Table:
    """The rows of a table whose target is known. Raises DataError where there are none."""
    missing = np.zeros(len(table), dtype=bool) if table.target is None else gaps(table.target)
    if missing.all() and len(table):
        raise DataError(
            f"{table.name}: the target {table.target_name!r} has no value in any row: name another column to learn"
        )
    return table.take(~missing) if missing.any() else table


def as_dataset(given: Any, terms: Preprocessing | None = None) -> Dataset:
    """A Dataset, a pair (x, y) or a triple (x, y, weights), or a Table or data frame with its target, as a Dataset.

    x may be a data frame or a Table, and y then also the name of its target. Its columns are found by name in `terms`, what
    a network learnt before, if there are any; else they are taken as they stand, numbers unscaled, and their names kept.
    """
    if isinstance(given, Dataset):
        return given
    if isinstance(given, Table) or is_frame(given):
        return _of_table(read_table(given), None, terms)
    if isinstance(given, (tuple, list)) and len(given) in (2, 3):
        inputs, targets, *rest = given
        weights = as_array(rest[0], "weights") if rest and rest[0] is not None else None
        if not (isinstance(inputs, Table) or is_frame(inputs)):
            return Dataset(as_inputs(inputs, "inputs"), as_target(in_memory(targets)), weights)
        if isinstance(targets, str):
            return _of_table(read_table(inputs, targets), weights, terms)
        table = inputs if isinstance(inputs, Table) else table_of_frame(inputs, optional=True)
        name = getattr(targets, "name", None)
        name = name if isinstance(name, str) else "y"
        return _of_table(table.with_target(as_target(targets, name), name), weights, terms)
    raise DataError(
        f"data comes as a Dataset, as (x, y) or as (x, y, weights), or as a data frame with its target, got "
        f"{type(given).__name__}; files are read by chainrule.load_data(path)"
    )


def _of_table(table: Table, weights: Array | None, terms: Preprocessing | None) -> Dataset:
    target = target_of(table)
    if terms is None or terms.columns is None:
        plain = Preprocessing.fit_table(
            table.with_target(None), scale="none", gaps="refuse", kinds=kinds_as_they_stand(table)
        )
        terms = replace(plain, target_name=table.target_name)
        return Dataset(terms.rows(table), target, weights, terms, table.name)
    if target.ndim == 1 or terms.labels is None:
        target = terms.targets(target)
    return Dataset(terms.rows(table), target, weights, terms, table.name)


def generator(seed: int | np.random.Generator) -> np.random.Generator:
    """The random numbers that a seed stands for. Raises SettingError where it is not a whole number ≥ 0."""
    if isinstance(seed, np.random.Generator):
        return seed
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise SettingError(f"a seed is a whole number ≥ 0 or a numpy Generator, got {brief(seed)}")
    return np.random.default_rng(seed)


def split_rows(
    rows: int, share: float, seed: int | np.random.Generator, labels: Array | None = None
) -> tuple[Array, Array]:
    """Row numbers (the rest, a share), both shuffled; with labels, each class is split in that share."""
    if not isinstance(share, (int, float, np.number)) or not 0 < share < 1:
        raise SettingError(f"a split takes a share of the rows between 0 and 1, as 0.2; got {brief(share)}")
    size = round(share * rows)
    if size == 0 or size == rows:
        raise DataError(f"{rows} rows cannot be split into {1 - share:g} and {share:g}: one side would be empty")
    shuffled = generator(seed).permutation(rows)
    if labels is None:
        return shuffled[size:], shuffled[:size]
    # rows ordered by their place within their class, in fractions of the class: any beginning has the classes' shares
    place = np.empty(rows)
    keys = labels[shuffled].astype(str) if labels.dtype.kind == "O" else labels[shuffled]
    for label in np.unique(keys):
        members = np.flatnonzero(keys == label)
        place[members] = (np.arange(members.size) + 0.5) / members.size
    order = np.argsort(place, kind="stable")
    part = np.sort(order[:size])
    rest = np.sort(order[size:])
    return shuffled[rest], shuffled[part]


def epoch_order(rows: int, batch_size: int, rng: np.random.Generator | None) -> Array:
    """One epoch's order: row numbers (steps, batch), every row once, with −1 for what the last batch lacks.

    Shuffled by `rng`, or in the given order where it is None.
    """
    batch = min(batch_size, rows)
    order = np.full((-(-rows // batch), batch), -1)
    given = order.ravel()[:rows]
    given[:] = np.arange(rows)
    if rng is not None:
        rng.shuffle(given)
    return order


def step_sizes(order: Array) -> Array:
    """How many rows each step of an epoch has, (steps,): all but the last have a whole batch."""
    sizes = np.full(len(order), order.shape[1])
    sizes[-1:] = np.count_nonzero(order[-1:] >= 0)
    return sizes
