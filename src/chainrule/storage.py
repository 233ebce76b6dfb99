"""Networks to and from one safetensors file each: tensors w/1, b/1 … w/L, b/L, and JSON in the header. Never a pickle."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from chainrule import activations
from chainrule.activations import Activation
from chainrule.errors import ChainruleError, FileError
from chainrule.files import write_atomically
from chainrule.network import Network
from chainrule.preprocessing import Preprocessing

KEY = "chainrule"  # the header's entry that holds our JSON
VERSION = 1


def save(network: Network, path: str | os.PathLike[str], notes: Mapping[str, Any] | None = None) -> Path:
    """Write a network to one file, whole or not at all: weights, biases, activations, columns, scaling and labels.

    `notes` is any JSON to keep beside it (how it was trained). Raises FileError where the folder is missing or closed.
    """
    tensors = {}
    for layer in network.weights.numbers:
        tensors[f"w/{layer}"] = np.ascontiguousarray(network.weights[layer])
        if network.biases[layer].size:
            tensors[f"b/{layer}"] = np.ascontiguousarray(network.biases[layer])
    header = {
        "version": VERSION,
        "activations": [
            {"name": each.name, "settings": dict(each.settings), **({"own": True} if each.own else {})}
            for each in network.activations
        ],
        "preprocessing": None if network.preprocessing is None else network.preprocessing.to_json(),
        "notes": dict(notes or {}),
    }
    return write_atomically(path, safetensors.numpy.save(tensors, {KEY: json.dumps(header, ensure_ascii=False)}))


def load(path: str | os.PathLike[str], activations: Iterable[Activation] = ()) -> Network:
    """The network in a file. A user's own activation is not in the file: hand it in, `load(path, activations=[mish])`.

    Raises FileError for a file that is missing, damaged, or was not written by `save`.
    """
    header, tensors = _read(path)
    own = {each.name: each for each in activations}
    try:
        sigmas = [_activation(given, own, path) for given in header["activations"]]
        terms = header["preprocessing"]
        return Network(
            [tensors[f"w/{layer}"] for layer in range(1, len(sigmas) + 1)],
            [tensors.get(f"b/{layer}") for layer in range(1, len(sigmas) + 1)],
            sigmas,
            preprocessing=None if terms is None else Preprocessing.from_json(terms),
        )
    except FileError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, ChainruleError) as error:
        raise FileError(f"{path} is damaged: {type(error).__name__}: {error}") from error


def load_notes(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The notes kept beside a network in its file."""
    notes = _read(path)[0].get("notes")
    return dict(notes) if isinstance(notes, dict) else {}


def _read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    where = Path(path)
    if not where.exists():
        raise FileError(f"there is no file {where}")
    if where.is_dir():
        raise FileError(f"{where} is a folder, and a network is one file")
    try:
        with safetensors.safe_open(where, "np") as opened:
            text = (opened.metadata() or {}).get(KEY)
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118  (not a dict)
    except safetensors.SafetensorError as error:
        raise FileError(f"{where} is no safetensors file, or a damaged one ({error})") from None
    except (OSError, TypeError, AttributeError) as error:  # unreadable, or tensors of a dtype NumPy lacks
        raise FileError(f"cannot read {where}: {error}") from error
    if text is None:
        held = ", ".join(list(tensors)[:4]) or "nothing"
        raise FileError(f"{where} is a safetensors file that chainrule did not write (it holds {held})")
    try:
        header = json.loads(text)
        version = header["version"]
    except (ValueError, KeyError, TypeError):
        raise FileError(f"{where} is damaged: its header is not one that chainrule writes") from None
    if not isinstance(version, int) or version > VERSION:
        raise FileError(
            f"{where} has the format {version!r}, and this chainrule reads up to {VERSION}: upgrade chainrule"
        )
    return header, tensors


def _activation(given: Mapping[str, Any], own: Mapping[str, Activation], path: Any) -> Activation:
    if not given.get("own"):
        return activations.named(given["name"], **given["settings"])
    if given["name"] in own:
        return own[given["name"]]
    raise FileError(
        f"{path} uses the user's own activation {given['name']!r}, which no file can hold: "
        f"load(path, activations=[{given['name']}])"
    )
