"""The rows that a command is given, read; a packed file that becomes large says so first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from chainrule.cli.output import tell
from chainrule.data import Table, read_table
from chainrule.data.mapped import MappedRows
from chainrule.data.packed import unpacked_size
from chainrule.data.streaming import read_parts
from chainrule.data.table import with_target_column
from chainrule.errors import DataError, counted, listed
from chainrule.memory import in_bytes
from chainrule.network import Network

LARGE = 200_000_000  # bytes: a second or more to unpack


def read_rows(source: str, target: str | None = None, *, optional: bool = False, quiet: bool = False) -> Table:
    """`read_table`, with a line on stderr before a file is unpacked to more than 200 MB."""
    _say_size(source, quiet)
    table = read_table(source, target, optional=optional)
    if isinstance(table.matrix, MappedRows) and not quiet:
        file = table.matrix.file
        tell(f"{source} stays in its file ({in_bytes(file.values.nbytes)} of numbers) and is read batch by batch")
    return table


def rows_for(network: Network, source: str) -> Table:
    """The rows of a file as this network takes them, with their target where the file has it.

    A network that was saved with the names of its columns finds them by name. One without takes columns of inputs in order,
    and behind them those of the target, or one that is called y wherever it stands.
    """
    terms = network.preprocessing
    table = read_rows(source, None if terms is None else terms.target_name, optional=True)
    return table if terms is not None and terms.columns is not None else _in_order(table, network)


def parts_for(network: Network, source: str, *, quiet: bool = False) -> Iterator[Table]:
    """The same in parts, one after the other."""
    terms = network.preprocessing
    _say_size(source, quiet)
    for table in read_parts(source, terms):
        yield table if terms is not None and terms.columns is not None else _in_order(table, network)


def _say_size(source: str, quiet: bool) -> None:
    """A line before a file is unpacked to more than 200 MB."""
    size = 0 if quiet else unpacked_size(Path(source))
    if size > LARGE:
        tell(f"{source} unpacks to {size / 1e6:,.0f} MB: reading it")


def _in_order(table: Table, network: Network) -> Table:
    """A table as inputs and target by the number of its columns."""
    inputs, outputs, names = network.sizes[0], network.sizes[-1], table.columns
    if table.target is not None or len(names) == inputs:
        return table
    if len(names) == inputs + 1:
        return with_target_column(table, "y" if "y" in names else names[-1])
    if len(names) == inputs + outputs:
        learnt = np.stack([np.asarray(table.column(name)) for name in names[inputs:]], axis=1)
        return table.select(names[:inputs]).with_target(learnt)
    sizes, fits = "-".join(map(str, network.sizes)), sorted({inputs, inputs + 1, inputs + outputs})
    raise DataError(
        f"{table.name} has {counted(len(names), 'column')} ({listed(names, 8)}), and the network {sizes} takes "
        f"{counted(inputs, 'column')} of inputs, and behind them those of the target: {' or '.join(map(str, fits))} in all"
    )
