"""Networks to and from one safetensors file each: tensors w/1, b/1 … w/L, b/L, and JSON in the header. Never a pickle.

The JSON names the tensors and ends with a checksum (SHA-256) of everything in the file, so that damage is noticed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import safetensors
import safetensors.numpy

from chainrule import activations, costs
from chainrule.activations import Activation
from chainrule.by_hand import read_network
from chainrule.costs import Cost, absent_own_cost, natural
from chainrule.data import Preprocessing
from chainrule.errors import ChainruleError, FileError, SettingError, brief, listed
from chainrule.files import as_file, as_path, write_atomically
from chainrule.network import Network, as_network
from chainrule.own_forms import activation_values, cost_values

KEY = "chainrule"  # the header's entry that holds our JSON
CHECKSUM = "checksum"
HEADER = 100_000_000  # bytes, the most that safetensors takes for a header
VERSION = 2  # files of version 1 have neither the list of tensors nor the checksum

Tensors = dict[str, np.ndarray]
Row = TypeVar("Row", Activation, Cost)


def save(network: Network, path: str | os.PathLike[str], notes: Mapping[str, Any] | None = None) -> Path:
    """Write a network to one file, whole or not at all: weights, biases, activations, columns, scaling and labels.

    `notes` is any JSON to keep beside it (how it was trained). Raises FileError where the file cannot be written.
    """
    return write_atomically(path, to_bytes(network, notes))


def to_bytes(network: Network, notes: Mapping[str, Any] | None = None) -> bytes:
    """The content of a network's file."""
    as_network(network, "save(network, path)")
    tensors = _tensors(network)
    try:
        texts = json.loads(
            json.dumps({**_terms(network), "notes": dict(notes or {})})
        )  # keys are texts, as a reader has them
        header = {"version": VERSION, **texts, "tensors": list(tensors), "own_values": _own_values(network)}
    except (TypeError, ValueError, RecursionError) as error:
        raise SettingError(f"notes are a dictionary of texts, numbers, lists and dictionaries ({error})") from None
    return safetensors.numpy.save(tensors, {KEY: json.dumps({**header, CHECKSUM: _checksum(header, tensors)})})


def load(
    path: str | os.PathLike[str], activations: Activation | Iterable[Activation] = (), costs: Cost | Iterable[Cost] = ()
) -> Network:
    """The network in a file, with the cost it was trained with. No file can hold a user's own activation or cost: hand them
    in, `load(path, activations=[mish], costs=[quartic])`. Without its own cost a network still predicts.

    A file that ends in .json is a network written by hand: {"layers": [{"weights": [[0.5, -1]], "biases": [0.1],
    "activation": "tanh"}]}. Raises FileError for a file that is missing, damaged, or was not written by `save`.
    """
    own, own_costs = _by_name(activations, Activation), _by_name(costs, Cost)
    if _is_json(path):
        return read_network(path, own, own_costs)[0]
    header, tensors = _read(path)
    try:
        sigmas = [_activation(given, own, path) for given in header["activations"]]
        network = _network(tensors, sigmas, header["preprocessing"], _cost(header, sigmas[-1], own_costs))
    except FileError:
        raise
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, ChainruleError) as error:
        raise FileError(f"{path} is damaged: {type(error).__name__}: {error}") from error
    _check_same(network, header, tensors, path)
    try:
        _check_own_values(network, header, path)
    except (KeyError, TypeError, ValueError) as error:
        raise FileError(f"{path} is damaged: {type(error).__name__}: {error}") from error
    return network


def load_notes(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The notes kept beside a network in its file; of one written by hand in JSON its examples x and y."""
    if _is_json(path):
        return read_network(path)[1]
    notes = _read(path)[0].get("notes")
    if not isinstance(notes, dict):
        raise FileError(f"{path} is damaged: its notes are not a dictionary")
    return notes


def _is_json(path: Any) -> bool:
    return as_path(path).suffix.lower() == ".json"


def is_model(path: Path) -> bool:
    """Whether a file is a network's, by its header."""
    with path.open("rb") as stream:
        size = int.from_bytes(stream.read(8), "little")
        return stream.read(1) == b"{" and f'"{KEY}":'.encode() in stream.read(min(size, HEADER))


# what a file says of a network, there and back ----------------------------------------------------------------------
def _tensors(network: Network) -> Tensors:
    weights = {f"w/{layer}": w for layer, w in network.weights.items()}
    biases = {f"b/{layer}": b for layer, b in network.biases.items() if b.size}
    return weights | biases


def _terms(network: Network) -> dict[str, Any]:
    return {
        "activations": [_of_row(each) for each in network.activations],
        "preprocessing": None if network.preprocessing is None else network.preprocessing.to_json(),
        "cost": _of_row(network.cost),
    }


def _of_row(row: Activation | Cost) -> dict[str, Any]:
    """An activation or a cost: its name and settings, and whether it is the user's own."""
    settings = {key: float(value) for key, value in row.settings.items()}
    return {"name": row.name, "settings": settings, **({"own": True} if row.own else {})}


def _own_values(network: Network) -> dict[str, list[float]]:
    """What a user's own activations and cost give at fixed points: no file can hold them, but it can tell them apart."""
    found: dict[str, list[float]] = {}
    for sigma in network.activations:
        if sigma.own:
            values = activation_values(sigma.value)
            if found.setdefault(f"activation {sigma.name}", values) != values:
                raise SettingError(
                    f"two activations of this network have the name {sigma.name!r}, by which a file's are found again: name "
                    "them apart, activation(form, name)"
                )
    if network.cost.own:
        at_points = cost_values(lambda a, y: network.cost.on(network.output).value(a, y), network.sizes[-1])
        if at_points is not None:
            found[f"cost {network.cost.name}"] = at_points
    return found


def _check_own_values(network: Network, header: Mapping[str, Any], path: Any) -> None:
    """Raises FileError where an activation or a cost handed in is another than the one of that name that was saved."""
    saved = header["own_values"] if header["version"] > 1 else {}
    own = {f"activation {each.name}" for each in network.activations if each.own} | {f"cost {network.cost.name}"}
    if not isinstance(saved, dict) or not set(saved) <= own:
        raise FileError(
            f"{path} is damaged: its values of a user's own activations and cost are not as chainrule writes them"
        )
    for name, values in _own_values(network).items():
        before = np.array(saved.get(name, values), np.float64)
        other = ~np.isclose(values, before, rtol=1e-6, atol=1e-9) if before.size == len(values) else np.array([True])
        if other.any():
            raise FileError(
                f"{path} was saved with another {name}: at {int(other.sum())} of {len(values)} points the one handed in gives "
                f"other values, {values[int(other.argmax())]:.6g} in place of {before[int(other.argmax())]:.6g}"
            )


def _network(tensors: Tensors, sigmas: list[Activation], terms: Any, cost: Cost) -> Network:
    layers = range(1, len(sigmas) + 1)
    network = Network(
        [tensors[f"w/{layer}"] for layer in layers],
        [tensors.get(f"b/{layer}") for layer in layers],
        sigmas,
        preprocessing=None if terms is None else Preprocessing.from_json(terms),
        cost=cost,
    )
    if network.preprocessing is not None:
        network.preprocessing.check_outputs(network.sizes[-1])
    return network


def _check_same(network: Network, header: Mapping[str, Any], tensors: Tensors, path: Any) -> None:
    """Raises FileError unless `save` would write what the file holds: then nothing in it was misread or passed over."""
    written = {name: (array.dtype, array.shape) for name, array in _tensors(network).items()}
    if written != {name: (array.dtype, array.shape) for name, array in tensors.items()}:
        raise FileError(
            f"{path} is damaged: it holds the tensors {listed(sorted(tensors))} of the wrong number or kind"
        )
    terms = _terms(network)
    read = {key: header[key] for key in terms if key in header}
    for key, value in read.items():
        if not _is_part(value, terms[key]) or (header["version"] == VERSION and not _is_part(terms[key], value)):
            raise FileError(f"{path} is damaged: its {key} are not as chainrule writes them")


def _is_part(read: Any, written: Any) -> bool:
    """Whether all that was read would be written again. Of an older file that is enough: today's may say more."""
    if isinstance(read, dict) and isinstance(written, dict):
        return all(key in written and _is_part(value, written[key]) for key, value in read.items())
    if isinstance(read, list) and isinstance(written, list):
        return len(read) == len(written) and all(map(_is_part, read, written))
    return json.dumps(read) == json.dumps(written)  # 1, 1.0 and true are equal, and not the same JSON


def _checksum(header: Mapping[str, Any], tensors: Tensors) -> str:
    """SHA-256 of the header without its checksum, and of each tensor's name, dtype, shape and bytes (little-endian)."""
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(json.dumps([name, str(array.dtype), array.shape]).encode())
        digest.update(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()


def _check_whole(header: Mapping[str, Any], tensors: Tensors, where: Path) -> None:
    """Raises FileError unless the file holds the tensors its header lists, and everything in it is as it was saved."""
    names = header.get("tensors")
    if not isinstance(names, list) or sorted(map(str, names)) != sorted(tensors):
        lost = [name for name in map(str, names) if name not in tensors] if isinstance(names, list) else []
        raise FileError(
            f"{where} is damaged: "
            + (f"it lacks {listed(lost)}" if lost else "its tensors are not those that its header lists")
        )
    rest = {key: value for key, value in header.items() if key != CHECKSUM}
    if header.get(CHECKSUM) != _checksum(rest, tensors):
        raise FileError(
            f"{where} is damaged: its checksum is not that of its content, which changed after it was saved"
        )


def _read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], Tensors]:
    where = as_file(
        path, "a model's file", ".safetensors"
    )  # says what is wrong with the file; safe_open calls it missing
    try:
        with safetensors.safe_open(where, "np") as opened:
            text = (opened.metadata() or {}).get(KEY)
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118  (not a dict)
    except safetensors.SafetensorError as error:
        table = where.suffix.lower() in (".csv", ".tsv", ".txt", ".npz", ".parquet", ".xlsx")
        what = "a table, and no safetensors file" if table else f"no safetensors file, or a damaged one ({error})"
        how = f"chainrule train {where}" if table else "save or chainrule train"
        raise FileError(f"{where} is {what}: a model's file is needed, as {how} writes it") from None
    except (OSError, TypeError, AttributeError) as error:  # unreadable, or tensors of a dtype NumPy lacks
        raise FileError(f"cannot read {where}: {getattr(error, 'strerror', None) or error}") from error
    if text is None:
        held = listed(tensors, 4) or "nothing"
        raise FileError(f"{where} is a safetensors file that chainrule did not write (it holds {held})")
    header = _header(text, where)
    if header["version"] > 1:
        _check_whole(header, tensors, where)
    return header, tensors


def _header(text: str, where: Path) -> dict[str, Any]:
    try:
        header = json.loads(text)
        version = header["version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise FileError(f"{where} is damaged: its header is not one that chainrule writes") from None
    if not isinstance(header, dict) or type(version) is not int or version < 1:
        raise FileError(f"{where} is damaged: its format is {brief(version)}, and formats are 1, 2, …")
    if version > VERSION:
        raise FileError(
            f"{where} has the format {version}, and this chainrule reads up to {VERSION}: upgrade chainrule"
        )
    return header


def _by_name(given: Row | Iterable[Row], kind: type[Row]) -> dict[str, Row]:
    """A user's own activations or costs, by name."""
    own = list(given) if isinstance(given, Iterable) else [given]
    if not all(isinstance(each, kind) for each in own):
        made = (
            "activations are those that chainrule.activation" if kind is Activation else "costs are those that own_cost"
        )
        raise SettingError(f"{made} makes, got {brief(own)}")
    return {each.name: each for each in own}


def _cost(header: Mapping[str, Any], output: Activation, own: Mapping[str, Cost]) -> Cost:
    """The cost a file names. Files of version 1 named it in the notes of the command `train`, and nowhere else."""
    if header["version"] == 1:
        match (header.get("notes") or {}).get("cost"):
            case [str(name), dict(settings)] if name in costs.NAMED:
                return costs.named(name, **settings)
        return natural(output)
    given = header["cost"]
    if not given.get("own"):
        return costs.named(given["name"], **given["settings"])
    return own.get(given["name"]) or absent_own_cost(given["name"])


def _activation(given: Any, own: Mapping[str, Activation], path: Any) -> Activation:
    if not given.get("own"):
        return activations.named(given["name"], **given["settings"])
    if given["name"] in own:
        return own[given["name"]]
    raise FileError(
        f"{path} uses the user's own activation {given['name']!r}, which no file can hold: "
        f"load(path, activations=[{given['name']}])"
    )
