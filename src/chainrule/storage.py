"""Networks to and from one file each: tensors w/1, b/1 … w/L, b/L, and JSON that says the rest."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from chainrule import activations, costs
from chainrule.activations import Activation
from chainrule.by_hand import read_network
from chainrule.checked_file import MODEL, Tensors, pack, unpack
from chainrule.costs import Cost, absent_own_cost, natural
from chainrule.data import Preprocessing
from chainrule.errors import ChainruleError, FileError, SettingError, brief, listed
from chainrule.files import as_path, write_atomically
from chainrule.network import Network, as_network
from chainrule.own_forms import activation_values, cost_values

Row = TypeVar("Row", Activation, Cost)
MORE = "training/"  # how the names of tensors begin that are not the network's, but of how it goes on learning
NO_MORE: Mapping[str, np.ndarray] = MappingProxyType({})


def save(network: Network, path: str | os.PathLike[str], notes: Mapping[str, Any] | None = None) -> Path:
    """Write a network to one file, whole or not at all: weights, biases, activations, columns, scaling and labels.

    `notes` is any JSON to keep beside it (how it was trained). Raises FileError where the file cannot be written.
    """
    return write_atomically(path, to_bytes(network, notes))


def to_bytes(
    network: Network, notes: Mapping[str, Any] | None = None, more: Mapping[str, np.ndarray] = NO_MORE
) -> bytes:
    """The content of a network's file; `more` are tensors that `read` gives back beside it."""
    as_network(network, "save(network, path)")
    beside = {f"{MORE}{name}": tensor for name, tensor in more.items()}
    return pack(MODEL, parts_of(network, notes), tensors_of(network) | beside)


def parts_of(network: Network, notes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the header of a file says of a network; its numbers are in `tensors_of`."""
    try:
        texts = json.loads(json.dumps({**_terms(network), "notes": dict(notes or {})}))  # keys are texts, as in a file
    except (TypeError, ValueError, RecursionError) as error:
        raise SettingError(f"notes are a dictionary of texts, numbers, lists and dictionaries ({error})") from None
    return {**texts, "own_values": _own_values(network)}


def load(
    path: str | os.PathLike[str], activations: Activation | Iterable[Activation] = (), costs: Cost | Iterable[Cost] = ()
) -> Network:
    """The network in a file, with the cost it was trained with. No file can hold a user's own activation or cost: hand them
    in, `load(path, activations=[mish], costs=[quartic])`. Without its own cost a network still predicts.

    A file that ends in .json is a network written by hand: {"layers": [{"weights": [[0.5, -1]], "biases": [0.1],
    "activation": "tanh"}]}. Raises FileError for a file that is missing, damaged, or was not written by `save`.
    """
    return read(path, activations, costs)[0]


def read(
    path: str | os.PathLike[str], activations: Activation | Iterable[Activation] = (), costs: Cost | Iterable[Cost] = ()
) -> tuple[Network, dict[str, Any], Tensors]:
    """The network in a file, the notes beside it, and the tensors that were saved as `more`."""
    own, own_costs = by_name(activations, Activation), by_name(costs, Cost)
    if _is_json(path):
        return *read_network(path, own, own_costs), {}
    header, tensors = unpack(path, MODEL)
    more = {name.removeprefix(MORE): tensor for name, tensor in tensors.items() if name.startswith(MORE)}
    weights = {name: tensor for name, tensor in tensors.items() if not name.startswith(MORE)}
    return network_of(header, weights, path, own, own_costs), _notes_of(header, path), more


def network_of(
    header: Mapping[str, Any], tensors: Tensors, path: Any, own: Mapping[str, Activation], own_costs: Mapping[str, Cost]
) -> Network:
    """The network that a file's header and tensors say. Raises FileError where they are not as `parts_of` makes them."""
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
    return _notes_of(unpack(path, MODEL)[0], path)


def _notes_of(header: Mapping[str, Any], path: Any) -> dict[str, Any]:
    notes = header.get("notes")
    if not isinstance(notes, dict):
        raise FileError(f"{path} is damaged: its notes are not a dictionary")
    return notes


def _is_json(path: Any) -> bool:
    return as_path(path).suffix.lower() == ".json"


# what a file says of a network, there and back ----------------------------------------------------------------------
def tensors_of(network: Network) -> Tensors:
    """The weights and biases by the names that they have in a file."""
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
    written = {name: (array.dtype, array.shape) for name, array in tensors_of(network).items()}
    if written != {name: (array.dtype, array.shape) for name, array in tensors.items()}:
        raise FileError(
            f"{path} is damaged: it holds the tensors {listed(sorted(tensors))} of the wrong number or kind"
        )
    terms = _terms(network)
    read = {key: header[key] for key in terms if key in header}
    for key, value in read.items():
        if not _is_part(value, terms[key]) or (header["version"] == MODEL.version and not _is_part(terms[key], value)):
            raise FileError(f"{path} is damaged: its {key} are not as chainrule writes them")


def _is_part(read: Any, written: Any) -> bool:
    """Whether all that was read would be written again. Of an older file that is enough: today's may say more."""
    if isinstance(read, dict) and isinstance(written, dict):
        return all(key in written and _is_part(value, written[key]) for key, value in read.items())
    if isinstance(read, list) and isinstance(written, list):
        return len(read) == len(written) and all(map(_is_part, read, written))
    return json.dumps(read) == json.dumps(written)  # 1, 1.0 and true are equal, and not the same JSON


def by_name(given: Row | Iterable[Row], kind: type[Row]) -> dict[str, Row]:
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
