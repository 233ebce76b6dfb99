"""`chainrule verify [MODEL]`: one gradient by every method, compared; a planted fault, found; a survey of random networks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from chainrule.cli.examples import Examples, Given, examples
from chainrule.cli.options import L1, L2, Own, PenalizeBiases, RowsData
from chainrule.cli.output import say, say_json, say_result
from chainrule.cli.remembered import Asked
from chainrule.costs import as_cost
from chainrule.errors import SettingError
from chainrule.network import Network
from chainrule.verification.faults import Fault
from chainrule.verification.faults import named as fault_named
from chainrule.verification.survey import survey
from chainrule.verification.verdict import YOURS, Verification
from chainrule.verification.verify import verify

ROWS, OUTPUTS = 7, 3  # with which the usual mistakes differ from each other: 2, 3 and 7 are three numbers


def command(
    *,
    model: Annotated[
        Path | None, typer.Argument(help="A model's file; without one, a small network with 7 rows and 3 outputs.")
    ] = None,
    data: RowsData = None,
    row: Annotated[int | None, typer.Option(help="One row of it, from 0.")] = None,
    rows: Annotated[
        int | None, typer.Option(help="How many rows, from the first on or from --row.  [default: 7]")
    ] = None,
    methods: Annotated[
        str | None, typer.Option(help="Which methods, such as delta,paths,differences.  [default: all that apply]")
    ] = None,
    roads: Annotated[str | None, typer.Option(hidden=True)] = None,
    own: Own,
    cost: Annotated[str | None, typer.Option(help="The cost.  [default: the model's own, or quadratic]")] = None,
    plant: Annotated[
        str | None, typer.Option(help="Break a copy of backpropagation on purpose: transpose, factor_two, …")
    ] = None,
    count: Annotated[
        int | None, typer.Option("--survey", help="Verify so many random networks instead, and sum up.")
    ] = None,
    l1: L1 = None,
    l2: L2 = None,
    penalize_biases: PenalizeBiases = None,
    seed: Annotated[int, typer.Option(help="Decides the networks of a survey, and the small network.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Compare one gradient by every method. Exit code 1 where one differs, as with a planted fault."""
    if seed < 0:
        raise SettingError(f"--seed is a whole number ≥ 0, got {seed}")
    methods = methods if roads is None else roads  # its name in earlier versions
    names = None if methods is None else [name.strip() for name in methods.split(",")]
    given = Given(model, *own)
    if count is not None:
        if given != Given() or any(
            each is not None for each in (data, row, rows, cost, plant, l1, l2, penalize_biases)
        ):
            raise SettingError("--survey draws its own networks: it goes with --methods, --seed and --json alone")
        _say(survey(count, seed, names), as_json)
        return
    fault = None if plant is None else fault_named(plant)
    if given.is_chain and (data is not None or row is not None or rows is not None):
        raise SettingError("--data, --row and --rows go with a model: chainrule verify MODEL --rows 20")
    given.check("verify", data, row)
    found = _small(seed) if given == Given() else _given(given, data, row, rows)
    found = found if cost is None else replace(found, cost=as_cost(cost))
    notes = found.notes if fault is None else {}  # a fault breaks the gradient of the cost alone
    penalty = Asked(l1=l1, l2=l2, penalize_biases=penalize_biases).penalty(notes)
    _say(_verified(found, names, fault, penalty), as_json, fault)


def _small(seed: int) -> Examples:
    """4-6-5-3, tanh → sigmoid → softmax, with seven rows: sizes at which the usual mistakes differ from each other."""
    rng = np.random.default_rng(seed)
    network = Network.random([4, 6, 5, OUTPUTS], ["tanh", "sigmoid"], "softmax", "normal", seed=rng, dtype="float64")
    network = network.with_parameters(network.parameters.map(lambda a: a + 0.3 * rng.standard_normal(a.shape)))
    x, classes = rng.standard_normal((ROWS, 4)), rng.integers(0, OUTPUTS, ROWS)
    return Examples(network, x, np.eye(OUTPUTS)[classes], "", as_cost("quadratic"))


def _given(given: Given, data: str | None, row: int | None, rows: int | None) -> Examples:
    """The network, some of its rows in its own terms, and its cost."""
    return examples(given, data, row or 0, (1 if row is not None else ROWS) if rows is None else rows)


def _verified(it: Examples, names: list[str] | None, fault: Fault | None, penalty: dict[str, Any]) -> Verification:
    if fault is None:
        return verify(it.network, it.x, it.y, it.cost, names, **penalty)
    reason = fault.refuses(it.network, it.x, it.cost)
    if reason is not None:
        raise SettingError(f"--plant {fault.name} cannot show here: {reason}")
    if penalty["l1"] or penalty["l2"]:
        raise SettingError("--plant breaks the gradient of the cost alone: leave --l1 and --l2 out")
    return verify(it.network, it.x, it.y, it.cost, names, fault.gradient)


def _say(found: Any, as_json: bool, fault: Fault | None = None) -> None:
    """Print the table or the JSON, and end with the verdict as exit code."""
    if as_json:
        say_json({**found.to_json(), **({} if fault is None else {"planted": fault.name})})
    else:
        if fault is not None:
            say(f"planted as {YOURS}: {fault.name}, {fault.says}")
        say_result(found)
    if not found:
        raise typer.Exit(1)
