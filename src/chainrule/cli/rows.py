"""The rows that a command is given, read; a packed file that becomes large says so first."""

from __future__ import annotations

from pathlib import Path

from chainrule.cli.output import tell
from chainrule.data import Table, read_table
from chainrule.data.packed import unpacked_size

LARGE = 200_000_000  # bytes: a second or more to unpack


def read_rows(source: str, target: str | None = None, *, optional: bool = False, quiet: bool = False) -> Table:
    """`read_table`, with a line on stderr before a file is unpacked to more than 200 MB."""
    size = 0 if quiet else unpacked_size(Path(source))
    if size > LARGE:
        tell(f"{source} unpacks to {size / 1e6:,.0f} MB: reading it")
    return read_table(source, target, optional=optional)
