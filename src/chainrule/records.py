"""The networks of a run at epochs spaced logarithmically, to and from one file: how it learnt, from the beginning on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from chainrule.activations import Activation
from chainrule.checked_file import MODEL, RECORD, pack, unpack
from chainrule.costs import Cost
from chainrule.errors import FileError, SettingError, ShapeError
from chainrule.files import write_atomically
from chainrule.network import Network
from chainrule.storage import by_name, network_of, parts_of, tensors_of

LAST = "last/"  # how the names of the last network's tensors begin


def save_record(record: Mapping[int, Network], path: str | os.PathLike[str]) -> Path:
    """Write the networks of `run.record` to one file, whole or not at all. Raises FileError where it cannot be written."""
    if not record:
        raise SettingError("there is no record to save: train(…, record=12) keeps one")
    last = record[max(record)]
    tensors = {f"{LAST}{name}": value for name, value in tensors_of(last).items()}
    tensors |= {f"epoch/{epoch}": network.parameters.flat() for epoch, network in record.items()}
    return write_atomically(path, pack(RECORD, {"network": parts_of(last), "epochs": sorted(record)}, tensors))


def load_record(
    path: str | os.PathLike[str], activations: Activation | Iterable[Activation] = (), costs: Cost | Iterable[Cost] = ()
) -> dict[int, Network]:
    """The networks in a file by their epochs, 0 being before the first. Raises FileError for a file that is not a record."""
    header, tensors = unpack(path, RECORD)
    own = by_name(activations, Activation), by_name(costs, Cost)
    given = {name.removeprefix(LAST): value for name, value in tensors.items() if name.startswith(LAST)}
    try:
        last = network_of({"version": MODEL.version, **header["network"]}, given, path, *own)
        return {e: last.with_parameters(last.parameters.like(tensors[f"epoch/{e}"])) for e in header["epochs"]}
    except FileError:
        raise
    except (KeyError, TypeError, ValueError, ShapeError) as error:
        raise FileError(f"{path} is damaged: {type(error).__name__}: {error}") from error
