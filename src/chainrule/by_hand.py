"""A network written by hand: as matrices in a line of text, "0.5 -1; 1.5 0.3 | 1 -2", or in a small JSON file."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.activations import Activation
from chainrule.costs import Cost
from chainrule.data import encode_targets
from chainrule.errors import (
    ChainruleError,
    DataError,
    FileError,
    SettingError,
    ShapeError,
    brief,
    counted,
    unknown_name,
)
from chainrule.files import as_file
from chainrule.network import Network

Array = np.ndarray
WEIGHTS = '"0.5 -1; 1.5 0.3 | 1 -2"'  # of a network 2-2-1, in examples of errors
MOST_ZEROS = 8  # of a target that is written as an example
KEYS = ("layers", "cost", "x", "y")
LAYER_KEYS = ("weights", "biases", "activation")
FORM = (
    '{"layers": [{"weights": [[0.5, -1], [1.5, 0.3]], "biases": [0.1, 0], "activation": "tanh"}, …], "x": [0.6, -0.4], '
    '"y": [1]}'
)


# in a line of text ----------------------------------------------------------------------------------------------------
def network_of_texts(
    weights: Sequence[str],
    biases: Sequence[str] = (),
    activation: str | None = None,
    named: str = "--weights",
) -> Network:
    """The network of matrices written as text: `network_of_texts(["0.5 -1; 1.5 0.3 | 1 -2"], ["0.1 0 | 0.2"], "tanh,sigmoid")`.

    Numbers stand between spaces or commas, a row of weights into one neuron ends with ;, a layer with | or its text.
    Lists in brackets, as Python writes them, will do too. Biases are 0 unless given, none in a layer of "none". One activation
    holds for all layers, or one is named for each. Raises DataError and ShapeError with where the weights are from (`named`),
    the layer, what was given and what is needed.
    """
    ws = [_matrix(text, f"{named}, layer {l}") for l, text in enumerate(_layers(weights), 1)]
    _check_chain(ws, named)
    given = _layers(biases, "|")
    if [each.strip().lower() for each in given] == ["none"]:
        given = ["none"] * len(ws)
    if given and len(given) != len(ws):
        raise ShapeError(
            f"--biases has {counted(len(given), 'layer')} and {named} {len(ws)}: write a | between layers, as "
            f'"{" | ".join(" ".join("0" * len(w)) for w in ws)}"'
        )
    bs = [_biases(text, w, l) for l, (text, w) in enumerate(zip_longest(given, ws), 1)]
    names = ["sigmoid"] if activation is None else [name.strip() for name in activation.split(",")]
    if len(names) not in (1, len(ws)):
        raise SettingError(
            f"--activation names {len(names)} ({brief(activation)}) for {counted(len(ws), 'layer')}: name one for all, or "
            "one for each with commas between them"
        )
    return Network(ws, bs, names[0] if len(names) == 1 else names)


def _check_chain(ws: Sequence[Array], named: str) -> None:
    """Raises ShapeError for a layer that takes more or fewer numbers than the one before it has neurons."""
    for layer, (before, w) in enumerate(pairwise(ws), 2):
        if w.shape[1] != len(before):
            turned = "; turned, rows for columns, it fits" if len(w) == len(before) else ""
            raise ShapeError(
                f"{named}, layer {layer}: a row of it has {counted(w.shape[1], 'number')}, and layer {layer - 1} has "
                f"{counted(len(before), 'neuron')}: write {counted(len(before), 'number')} in each row, one from each{turned}"
            )


def matrices_in(path: Path) -> str:
    """The matrices of a CSV file, as they are written in a line: a line for each neuron, an empty one between layers."""
    try:
        lines = as_file(path, "a file of weights").read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is not UTF-8 text (byte {error.start:,})") from None
    rows = [re.sub(r"[;\t]", ",", line).strip(" ,") for line in lines]  # a spreadsheet fills short rows up with commas
    layers = re.split(r"\n{2,}", "\n".join(rows).strip("\n"))
    return " | ".join("; ".join(layer.split("\n")) for layer in layers)


def _layers(texts: Iterable[str], between: str = ";") -> list[str]:
    """The text of each layer; lists within lists are rows of a matrix, or `between` them."""
    plain = [re.sub(r"\]\s*\]\s*,\s*\[\s*\[", "|", text) for text in texts]
    return [layer for text in plain for layer in re.sub(r"\]\s*,\s*\[", between, text).split("|")]


def _biases(text: str | None, w: Array, layer: int) -> Array | None:
    if text is None:
        return np.zeros(len(w))
    if text.strip().lower() == "none":
        return None
    found = _matrix(text, f"--biases, layer {layer}").ravel()
    if len(found) not in (1, len(w)):
        raise ShapeError(
            f"--biases, layer {layer}: {counted(len(found), 'number')} ({brief(text.strip())}), and the layer has "
            f"{counted(len(w), 'neuron')}: one bias for each, or a single one for all of them"
        )
    return found


def _matrix(text: str, what: str) -> Array:
    """Rows of numbers (rows, columns). Raises DataError or ShapeError, which begins with `what`."""
    _check_no_decimal_comma(text, what)
    rows = [[_number(cell, what) for cell in row] for row in cells(text)]
    if not rows:
        raise ShapeError(f"{what}: no numbers in {brief(text)}; write rows of numbers, as {WEIGHTS}")
    for row, numbers in enumerate(rows):
        if len(numbers) != len(rows[0]):
            raise ShapeError(
                f"{what}: row {row} has {counted(len(numbers), 'number')} and row 0 has {len(rows[0])} "
                f"({brief(text.strip())}); a row holds the weights into one neuron, one from each input"
            )
    return np.array(rows)


def cells(text: str) -> list[list[str]]:
    """The words of a text by rows: rows end with ; or with a line, words with a space or a comma."""
    plain = text.replace("−", "-")
    rows = [re.split(r"\s*,\s*|\s+", row.strip()) for row in re.split(r"[;\n]", plain.strip("[]() \t;\n"))]
    return [] if rows == [[""]] else rows


def _check_no_decimal_comma(text: str, what: str) -> None:
    """Raises DataError for 0,2 0,4: spaces between the numbers, and commas that can only be decimal ones."""
    for row in re.split(r"[;\n]", text.replace("−", "-").strip("[]() \t;\n")):
        words = row.split()
        commas = [word for word in words if re.fullmatch(r"[-+]?\d+,\d+", word)]
        if commas and len(words) > 1 and all(re.fullmatch(r"[-+]?\d+(,\d+)?", word) for word in words):
            raise DataError(
                f"{what}: {brief(row.strip())} has commas and spaces between its digits: write numbers with a point, as "
                f"{commas[0].replace(',', '.')}"
            )


def _number(cell: str, what: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(
            f"{what}: {brief(cell)} is not a finite number; write numbers with spaces, rows with ;, layers with |, as {WEIGHTS}"
        )
    return value


# in a JSON file -------------------------------------------------------------------------------------------------------
def read_network(
    path: str | os.PathLike[str],
    activations: Mapping[str, Activation] | None = None,
    costs: Mapping[str, Cost] | None = None,
) -> tuple[Network, dict[str, Any]]:
    """The network of a JSON file, and what else it holds: examples x (rows, in) and targets y (rows,) or (rows, out).

    {"layers": [{"weights": [[0.5, -1], [1.5, 0.3]], "biases": [0.1, 0], "activation": "tanh"}, …],
     "cost": "quadratic", "x": [0.6, -0.4], "y": [1]}

    Biases are 0 unless given, and null says that a layer has none; an activation is sigmoid and the cost the network's own
    unless named; x is one example or rows of them. Names that are in `activations` or `costs` mean those. Raises FileError,
    with the place in the file.
    """
    where = as_file(path, "a network in JSON")
    given = _json(where.read_bytes(), str(where))
    if not isinstance(given, dict) or "layers" not in given:
        what = "it has no layers" if isinstance(given, dict) else f"it holds {_kind(given)}"
        raise FileError(f"{where} is not a network: {what}; needed is {FORM}")
    try:
        _check_keys(given, KEYS)
        network = _network(given, activations or {}, costs or {})
        return network, _examples(given, network)
    except ChainruleError as error:
        raise FileError(f"{where}: {error}") from None


def _json(content: bytes, where: str) -> Any:
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise FileError(f"{where} is not UTF-8 text (byte {error.start:,})") from None
    except json.JSONDecodeError as error:
        raise FileError(f"{where}, line {error.lineno}: {error.msg}; a network in JSON is {FORM}") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets without end
        raise FileError(f"{where} holds a number or a list that is too long to read") from None


def _kind(value: Any) -> str:
    return {list: "a list", str: "a text", bool: "a truth value", dict: "an object"}.get(type(value), "a number")


def _check_keys(given: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in given:
        if key not in known:
            raise unknown_name("key", key, known)


def _network(given: Mapping[str, Any], activations: Mapping[str, Activation], costs: Mapping[str, Cost]) -> Network:
    layers = given["layers"]
    if not isinstance(layers, list) or not layers:
        raise ShapeError(f"layers is a list with an object for each layer, got {brief(layers)}; needed is {FORM}")
    ws, bs, sigmas = [], [], []
    for number, layer in enumerate(layers, 1):
        if not isinstance(layer, dict) or "weights" not in layer:
            raise ShapeError(
                f'layer {number} is an object with weights, as {{"weights": [[0.5, -1]]}}, got {brief(layer)}'
            )
        _check_keys(layer, LAYER_KEYS)
        w = _array(layer["weights"], f"layer {number}, weights", 2, "rows of numbers, one for each neuron")
        b = layer.get("biases", [0.0] * len(w))
        ws.append(w)
        bs.append(None if b is None else _array(b, f"layer {number}, biases", 1, "a list of numbers"))
        name = layer.get("activation", "sigmoid")
        sigmas.append(activations.get(name, name) if isinstance(name, str) else name)
    cost = given.get("cost")
    return Network(ws, bs, sigmas, cost=costs.get(cost, cost) if isinstance(cost, str) else cost)


def _array(given: Any, what: str, axes: int, needed: str) -> Array:
    try:
        found = np.array(given)
    except ValueError:
        raise ShapeError(f"{what}: rows of different lengths in {brief(given)}; needed are {needed}") from None
    if found.dtype.kind not in "fiu" or found.ndim != axes or not found.size:
        raise ShapeError(f"{what}: got {brief(given)}; needed are {needed}")
    return found.astype(np.float64)


def _examples(given: Mapping[str, Any], network: Network) -> dict[str, Any]:
    """x (rows, in) and y (rows,) or (rows, out), where the file has them, as lists."""
    if "x" not in given:
        if "y" in given:
            raise ShapeError("there is a y and no x: write the example's inputs too")
        return {}
    many = _is_nested(given["x"])
    x = np.atleast_2d(_array(given["x"], "x", 2 if many else 1, "the numbers of one example, or rows of them"))
    check_width(x, network, "x")
    if "y" not in given:
        return {"x": x.tolist()}
    y = given["y"] if many or _is_nested(given["y"]) else [given["y"]]
    return {"x": x.tolist(), "y": targets(y, len(x), network, "y").tolist()}


def _is_nested(given: Any) -> bool:
    return isinstance(given, list) and any(isinstance(each, list) for each in given)


# examples -------------------------------------------------------------------------------------------------------------
def rows_of_text(text: str, what: str) -> Array:
    """Rows (rows, columns) written as a matrix is: numbers, or texts as objects where one of the cells is not a number."""
    _check_no_decimal_comma(text, what)
    rows = cells(text)
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        lengths = ", ".join(str(len(row)) for row in rows) or "no"
        raise ShapeError(
            f"{what}: rows of {lengths} values in {brief(text)}; write one example as 0.6,-0.4, more with ; between"
        )
    try:
        return np.array(rows, dtype=np.float64)
    except ValueError:
        return np.array(rows, dtype=object)


def check_width(x: Array, network: Network, what: str) -> None:
    """Raises ShapeError or DataError unless x (rows, in) is finite numbers, as many as this network takes."""
    if x.dtype.kind == "O":
        word = next(cell for cell in x.flat if not _is_number(cell))
        raise DataError(f"{what}: {brief(word)} is not a number, and this network takes numbers, as 0.6,-0.4")
    if x.shape[1] != network.sizes[0]:
        raise ShapeError(
            f"{what} has {counted(x.shape[1], 'number')}, and the network {'-'.join(map(str, network.sizes))} takes "
            f"{counted(network.sizes[0], 'input')}"
        )
    if not np.isfinite(x).all():
        raise DataError(
            f"{what}: {x[~np.isfinite(x)][0]} is not a finite number, and this network takes numbers, as 0.6,-0.4"
        )


def targets(y: Any, rows: int, network: Network, what: str, hint: str = "") -> Array:
    """Targets of these rows as an array (rows,) or (rows, out); one number stands for a class only with a softmax output.

    Raises ShapeError or DataError where they do not fit; the error for too few or too many numbers ends with `hint`.
    """
    outputs, named = network.sizes[-1], f"the network {'-'.join(map(str, network.sizes))}"
    each = "a number for each output" + (f", or one class 0…{outputs - 1}" if takes_classes(network) else "")
    zeros = ["0"] * outputs if outputs <= MOST_ZEROS else ["0", "1", "…"]
    such_as = f"{what} {','.join(zeros)}" if what.startswith("--") else f"[{', '.join(zeros)}]"
    try:
        found = np.array(y)
    except ValueError:
        raise ShapeError(f"{what} is {each}, got rows of different lengths ({brief(y)})") from None
    if wrong := [cell for cell in found.flat if not _is_number(cell)]:
        raise DataError(f"{what} is {each} of {named}, as {such_as}, got {brief(wrong[0])}")
    found = found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found
    numbers = found.shape[1] if found.ndim == 2 else 1
    if numbers != outputs and not (numbers == 1 and takes_classes(network)):
        write = f"one, as {such_as}" if outputs == 1 else f"{outputs} numbers, as {such_as}"
        of_class = f", or one class 0…{outputs - 1}" if takes_classes(network) else ""
        raise ShapeError(
            f"{what} has {counted(numbers, 'number')}, {named} has {counted(outputs, 'output')}: write {write}{of_class}{hint}"
        )
    try:
        encode_targets(found, outputs, rows)
    except ChainruleError as error:
        raise ShapeError(f"{what} is {each}, got {brief(found.tolist())} ({error})") from None
    return found


def takes_classes(network: Network) -> bool:
    """Whether the number of a class is a target of this network: its outputs are a softmax, or its cost is of classes alone."""
    return network.sizes[-1] > 1 and (network.output.name == "softmax" or network.cost.targets == "one-hot")


def _is_number(cell: Any) -> bool:
    try:
        return math.isfinite(float(cell))
    except (TypeError, ValueError):
        return False
