"""`chainrule show MODEL`: what is in a model's file; `chainrule show MODEL FIGURE`: a figure of it, as SVG."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from chainrule.aligned import aligned
from chainrule.cli.examples import examples
from chainrule.cli.output import one_line, say, say_json, shown, tell
from chainrule.cli.worked_example import X, Y, chain
from chainrule.errors import SettingError, unknown_name
from chainrule.explanation.figures import FIGURES
from chainrule.explanation.figures import figure as draw
from chainrule.explanation.scene import Scene
from chainrule.files import write_atomically
from chainrule.network import Network
from chainrule.storage import load, load_notes


def command(
    model: Annotated[
        Path, typer.Argument(help="A model's file, or the name of a figure: then of the worked example's chain.")
    ],
    figure: Annotated[str | None, typer.Argument(help=f"A figure: {', '.join(FIGURES)}.")] = None,
    by: Annotated[str | None, typer.Option(help="The quantity it is about, as w/2/0/1, z/2/0 or x/3.")] = None,
    layer: Annotated[int | None, typer.Option(help="The layer it is about.")] = None,
    neuron: Annotated[int | None, typer.Option(help="The neuron of that layer, from 0.")] = None,
    step: Annotated[float | None, typer.Option(help="number_lines: how far the nudge goes.")] = None,
    low: Annotated[float | None, typer.Option(help="demon: the lowest Δ.")] = None,
    high: Annotated[float | None, typer.Option(help="demon: the highest Δ.")] = None,
    edges: Annotated[str | None, typer.Option(help="network: edges by weight or by gradient.")] = None,
    bias_units: Annotated[bool | None, typer.Option("--bias-units", help="network: biases as square units.")] = None,
    phase: Annotated[str | None, typer.Option(help="Circuits: forward, or both.")] = None,
    most: Annotated[int | None, typer.Option(help="How many are shown where there are more.")] = None,
    convention: Annotated[str, typer.Option(help="Whose way of writing: s0, s1, s2, s3 or s4.")] = "s2",
    cost: Annotated[str | None, typer.Option(help="The cost; else the model's own, else the convention's.")] = None,
    data: Annotated[str | None, typer.Option(help="Where the example is from; else the data of the model.")] = None,
    row: Annotated[int | None, typer.Option(help="Which row of it, from 0; else the first.")] = None,
    rows: Annotated[int | None, typer.Option(help="How many rows, where the figure takes several.")] = None,
    theme: Annotated[str, typer.Option(help="light or dark.")] = "light",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the SVG there; else print it.")] = None,
    table: Annotated[bool, typer.Option("--table", help="Print the figure's numbers as a table instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Layers, weights, columns, labels, and how the network was trained; or a figure of the network at work."""
    if figure is None and _is_figure(model):
        figure, path = str(model), None
    else:
        path = model
    if figure is not None:
        options = {
            "by": by,
            "layer": layer,
            "neuron": neuron,
            "step": step,
            "low": low,
            "high": high,
            "edges": edges,
            "bias_units": bias_units,
            "phase": phase,
            "most": most,
        }
        given = {name: value for name, value in options.items() if value is not None}
        scene = _scene(path, figure, convention, cost, data, row, rows, given)
        _print(scene, theme, output, table, as_json)
        return
    alone = {"--by": by, "--layer": layer, "--neuron": neuron, "--step": step, "--low": low, "--high": high, "--edges": edges,
             "--bias-units": bias_units, "--phase": phase, "--most": most, "--cost": cost, "--data": data, "--row": row,
             "--rows": rows, "--output": output, "--table": table or None}  # fmt: skip
    for option, value in alone.items():
        if value is not None:
            raise SettingError(f"{option} goes with a figure: chainrule show {model} network {option} …")
    _contents(model, as_json)


def _contents(model: Path, as_json: bool) -> None:
    """What is in a model's file."""
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
    for line in aligned(rows, ">"):
        say(line)
    say()
    for line in _terms(network):
        say(line)
    for key, value in notes.items():
        if value is not None:
            say(f"{key.replace('_', ' '):<14} {_shown(value)}")


def _is_figure(model: Path) -> bool:
    return not model.exists() and str(model).replace("-", "_") in FIGURES


def _scene(
    model: Path | None,
    name: str,
    convention: str,
    cost: str | None,
    data: str | None,
    row: int | None,
    rows: int | None,
    options: dict[str, Any],
) -> Scene:
    """The figure of a model's row or rows, or of the worked example."""
    key = name.replace("-", "_")
    if key not in FIGURES:
        raise unknown_name("figure", name, FIGURES)
    for option in options:
        if option not in FIGURES[key].options:
            takes = [f"--{each.replace('_', '-')}" for each in FIGURES[key].options]
            known = ", ".join(takes) or "no options of its own"
            raise SettingError(f"--{option.replace('_', '-')} does not go with the figure {key}, which takes {known}")
    if key == "unrolled":
        raise SettingError(
            "the figure unrolled is of a recurrent network, which has no model file: see docs/recurrent.md"
        )
    how: dict[str, Any] = {"convention": convention, **options}
    if key == "summary" and model is None:
        return draw(key, None, **how)
    if rows is not None and not FIGURES[key].rows:
        several = ", ".join(figure.name for figure in FIGURES.values() if figure.rows)
        raise SettingError(f"--rows goes with figures of several rows ({several}), and {key} is of one: --row 3")
    if model is None:
        if data is not None or row is not None or rows is not None:
            raise SettingError("--data, --row and --rows go with a model: chainrule show MODEL FIGURE --row 3")
        return draw(key, chain(), X, Y, cost=cost, **how)
    found = examples(model, data, row or 0, 1 if rows is None else rows, cost)
    x, y = (found.x, found.y) if rows is not None else (found.x[0], found.y[0])
    return draw(key, found.network, x, y, cost=found.cost, **how)


def _print(scene: Scene, theme: str, output: Path | None, table: bool, as_json: bool) -> None:
    if as_json:
        say_json({"title": scene.title, "description": scene.description, "table": scene.table})
    elif table:
        for line in aligned(scene.table, "<"):
            say(line)
    elif output is None:
        say(scene.svg(theme), end="")
    else:
        write_atomically(output, scene.svg(theme).encode())
        tell(f"{scene.title}: {output}")


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
        lines.append(f"{'answers':<14} {one_line(terms.target_name)}: {_list(terms.labels)}")
    else:
        lines.append(f"{'answers':<14} {one_line(terms.target_name)}, a number")
    return lines


def _list(values: Any, most: int = 8) -> str:
    shown = ", ".join(one_line(str(value)) for value in list(values)[:most])
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
            return one_line(str(value))


def _pairs(values: dict[str, Any], between: str) -> str:
    return ", ".join(f"{key}{between}{_shown(each)}" for key, each in values.items())
