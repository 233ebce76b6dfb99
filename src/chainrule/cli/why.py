"""`chainrule why [MODEL]`: why weights learn slowly, in groups or one by one; two rules tested; an activation measured."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np
import typer

from chainrule.activations import Activation, as_activation
from chainrule.cli.examples import Examples, Given, check_no_id, convention_of, examples, sample
from chainrule.cli.options import Author, Biases, CostName, ModelOrChain, OwnX, OwnY, RowsData, Weights
from chainrule.cli.output import say, say_json, say_result
from chainrule.diagnostics.activation_design import Design, design
from chainrule.diagnostics.influence import Influence, influence
from chainrule.diagnostics.reasons import Reason, Slowest, slowest, why
from chainrule.errors import SettingError, counted
from chainrule.forward import forward

ROWS = 200  # enough for signs to cancel and for a dead neuron to show
SEED = 0


def command(
    model: ModelOrChain = None,
    by: Annotated[
        str | None,
        typer.Option(help="The weight w/l/j/k (to j from k) or bias b/l/j.  [default: the slowest, and all in groups]"),
    ] = None,
    rows: Annotated[
        int | None,
        typer.Option(help="How many rows, drawn from all or from --row on.  [default: 200, or the one of --row]"),
    ] = None,
    row: Annotated[int | None, typer.Option(help="One row, from 0; with --rows the first of several.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Which rows are drawn; not with --row.  [default: 0]")] = None,
    data: RowsData = None,
    cost: CostName = None,
    convention: Author = None,
    rules: Annotated[
        bool,
        typer.Option("--influence", help="Test instead: do weights change only where activations are influential?"),
    ] = False,
    activation: Annotated[
        str | None,
        typer.Option(
            help="Measure this activation instead; with a model, at the weighted inputs of its layers. With --weights: the "
            "activation of that network, or one for each layer."
        ),
    ] = None,
    weights: Weights = None,
    biases: Biases = None,
    x: OwnX = None,
    y: OwnY = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Say why a weight learns slowly: which factor of its derivative is to blame, and by how much."""
    given = Given(model, weights, biases, activation, x, y)
    if given.is_written:  # whose activation it is then
        activation = None
    else:
        given = replace(given, activation=None)
    chosen = {"--by": by is not None, "--influence": rules, "--activation": activation is not None}
    if sum(chosen.values()) > 1:
        named = " and ".join(option for option, is_given in chosen.items() if is_given)
        raise SettingError(f"{named} ask for different answers: give one of them")
    author = convention_of(given, convention)
    asked = _asked(given, data, row, rows, seed, cost)
    found: Design | Influence | Reason | Slowest
    if activation is not None:
        found = _measured(activation, None if given.is_chain else asked)
    elif rules:
        found = influence(asked.network, asked.x, asked.y, asked.cost, convention=author)
    elif by is not None:
        found = why(asked.network, asked.x, asked.y, by, asked.cost, author)
    else:
        found = slowest(asked.network, asked.x, asked.y, asked.cost, convention=author)
    if as_json:
        say_json(found.to_json())
        return
    if not (given.is_chain and activation is not None):  # which is measured by itself then
        say(asked.about)
    say_result(found)
    if isinstance(found, Slowest) and found.entries and model is not None:
        say(f"next  chainrule why {model} --by {found.entries[0].id}")


def _asked(
    given: Given, data: str | None, row: int | None, rows: int | None, seed: int | None, cost: str | None
) -> Examples:
    """What is looked at: the chain of the worked example, or a model and rows of its data, in the network's terms."""
    if given.is_chain and any(each is not None for each in (data, row, rows, seed)):
        raise SettingError("--data, --row, --rows and --seed go with a model: chainrule why MODEL --rows 200")
    check_no_id(given.model, "why")
    given.check("why", data, row)
    if given.is_chain:
        return examples(given, None, cost=cost).one()
    if row is not None and seed is not None:
        raise SettingError("--seed draws rows, and --row names them: give one of the two")
    if row is None:
        return sample(given, data, ROWS if rows is None else rows, SEED if seed is None else seed, cost)
    found = examples(given, data, row, 1 if rows is None else rows, cost)
    if len(found.x) == 1:
        return found.one()
    about = f"{counted(len(found.x), 'row')}, {row}…{row + len(found.x) - 1}, inputs as the network takes them"
    return replace(found, about=about)


def _measured(name: str, asked: Examples | None) -> Design:
    """The activation of that name; with a model the one it uses, and at the z of the layers that use it."""
    named = as_activation(name)
    if asked is None:
        return design(named)
    used = {l: sigma for l, sigma in asked.network.activations.items() if sigma.name == named.name}
    if not used:
        have = asked.network.activations_text()
        raise SettingError(f"no layer of this model uses {named.name}: it has {have}; without a model any is measured")
    z = forward(asked.network, asked.x).z
    sigma: Activation = next(iter(used.values()))
    return design(sigma, np.concatenate([z[l].ravel() for l in used]))
