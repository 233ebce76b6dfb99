"""`chainrule show MODEL`: what is in a model's file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from chainrule.cli.output import say, say_json, shown
from chainrule.network import Network
from chainrule.storage import load, load_notes


def command(
    model: Annotated[Path, typer.Argument(help="A model's file, as written by chainrule train.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Layers, weights, columns, labels, and how the network was trained."""
    network, notes = load(model), load_notes(model)
    if as_json:
        terms = network.preprocessing
        say_json({"layers": _layers(network), "dtype": str(network.dtype), "parameters": network.parameters.size,
                  "preprocessing": None if terms is None else terms.to_json(), "notes": notes})  # fmt: skip
        return
    say(repr(network))
    say()
    rows = [["layer", "neurons", "σ", "weights", "mean", "deviation", "largest", "biases"]]
    for facts in _layers(network):
        shape = f"{facts['neurons']}×{facts['inputs']}"
        numbers = [shown(facts[key]) for key in ("mean", "deviation", "largest")]
        rows.append(
            [str(facts["layer"]), str(facts["neurons"]), facts["activation"], shape, *numbers, str(facts["biases"])]
        )
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        say("  ".join(cell.rjust(width) for cell, width in zip(row, widths)))
    say()
    for line in _terms(network):
        say(line)
    for key, value in notes.items():
        if value is not None:
            say(f"{key.replace('_', ' '):<14} {_shown(value)}")


def _layers(network: Network) -> list[dict[str, Any]]:
    return [
        {
            "layer": layer,
            "neurons": w.shape[0],
            "inputs": w.shape[1],
            "activation": repr(network.activations[layer]),
            "mean": float(w.mean()),
            "deviation": float(w.std()),
            "largest": float(abs(w).max()),
            "biases": network.biases[layer].size,
        }
        for layer, w in network.weights.items()
    ]


def _terms(network: Network) -> list[str]:
    terms = network.preprocessing
    if terms is None:
        return []
    lines = []
    if terms.columns is not None:
        lines.append(f"{'columns':<14} {_list([column.name for column in terms.columns])}")
    if terms.labels is not None:
        lines.append(f"{'answers':<14} {terms.target_name}: {_list(terms.labels)}")
    else:
        lines.append(f"{'answers':<14} {terms.target_name}, a number")
    return lines


def _list(values: Any, most: int = 8) -> str:
    shown = ", ".join(str(value) for value in list(values)[:most])
    return shown + (f", … {len(values) - most:,} more" if len(values) > most else "")


def _shown(value: Any) -> str:
    match value:
        case float():
            return shown(value)
        case [str(name), dict(settings)]:  # a cost: its name and its settings
            return f"{name}({_pairs(settings, '=')})" if settings else name
        case dict():
            return _pairs(value, " ")
        case _:
            return str(value)


def _pairs(values: dict[str, Any], between: str) -> str:
    return ", ".join(f"{key}{between}{_shown(each)}" for key, each in values.items())
