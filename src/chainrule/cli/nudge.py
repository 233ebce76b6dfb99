"""`chainrule nudge [MODEL] --by z/2/0`: one quantity moved, what the tangent promises, and what happens."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import typer

from chainrule.backward import backward
from chainrule.cli.examples import Examples, Given, check_no_id, example_of
from chainrule.cli.options import ModelOrChain, Own, Which
from chainrule.cli.output import say, say_json, say_result
from chainrule.errors import SettingError, brief
from chainrule.forward import forward
from chainrule.nudges.best_move import BestMove, best_move
from chainrule.nudges.demon import Demon, demon
from chainrule.nudges.nudge import Nudge, nudge
from chainrule.nudges.sweep import Sweep, sweep
from chainrule.nudges.way import unmoved

STEPS = "0.01,0.1,0.5,1,2,-2"


def command(
    *,
    model: ModelOrChain = None,
    by: Annotated[
        str | None,
        typer.Option(
            help="What is moved: z/l/j, a/l/j, w/l/j/k, b/l/j or x/k.  [default: the z with the largest error δ]"
        ),
    ] = None,
    of: Annotated[str | None, typer.Option(help="What is watched: C, or any z/l/j, a/l/j above.  [default: C]")] = None,
    step: Annotated[float | None, typer.Option(help="One step, with everything on the way.")] = None,
    steps: Annotated[
        str | None, typer.Option(help=f"Several steps, a row each.  [default: {STEPS}]", show_default=False)
    ] = None,
    between: Annotated[
        tuple[float, float] | None,
        typer.Option("--range", metavar="LOW HIGH", help="Look for the step in this range that lowers it most."),
    ] = None,
    demon_kind: Annotated[
        str | None,
        typer.Option("--demon", help="good: each z of a layer; activation: each a; gradient: all weights together."),
    ] = None,
    layer: Annotated[int | None, typer.Option(help="Where the demon sits, from 1.")] = None,
    size: Annotated[float | None, typer.Option(help="How far the demon moves a neuron.  [default: 0.1]")] = None,
    own: Own,
    which: Which,
    as_json: Annotated[bool, typer.Option("--json", help="Print all numbers as JSON.")] = False,
) -> None:
    """Move one quantity of one example: what its slope predicts for another, what happens, and by how much they differ."""
    _check_options({"--step": step, "--steps": steps, "--range": between, "--demon": demon_kind}, by, of, layer, size)
    check_no_id(model, "nudge", "wbzax", "what is moved")
    watched = "C" if of is None else of
    given = Given(model, *own)
    here = example_of("nudge", given, which, watched)
    if by is None and here.y is None:
        raise SettingError(f"the largest error δ takes a target: name what is moved, as in --of {of} --by w/1/0/0")
    found: Nudge | Sweep | BestMove | Demon
    if demon_kind is not None:
        length = 0.1 if size is None else size
        found = demon(here.network, here.x, here.y, layer, length, here.cost, demon_kind)
    else:
        target = ("z/2/0" if given.is_chain else _largest_error(here)) if by is None else by
        ask = (here.network, here.x, here.y, target)
        if step is not None:
            found = nudge(*ask, step, watched, here.cost)
        elif between is not None:
            found = best_move(*ask, *between, watched, here.cost)
        else:
            found = sweep(*ask, _numbers(STEPS if steps is None else steps), watched, here.cost)
    if as_json:
        say_json(found.to_json())
        return
    say(here.about)
    say_result(found)
    if not isinstance(found, Demon) and (reason := unmoved(here.network, found.of, found.by)):
        say(reason)


def _check_options(
    given: dict[str, Any], by: str | None, of: str | None, layer: int | None, size: float | None
) -> None:
    """Raises SettingError for options that cannot be combined."""
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise SettingError(f"{' and '.join(named)} ask for different things: take one of {', '.join(given)}")
    if named == ["--demon"]:
        if by is not None or of is not None:
            raise SettingError("the demon moves every neuron of a layer and watches C: leave out --by and --of")
        if layer is None and given["--demon"] in ("good", "activation"):
            raise SettingError(f"--demon {given['--demon']} sits at a layer: name it with --layer 2")
    elif layer is not None or size is not None:
        raise SettingError("--layer and --size are the demon's: chainrule nudge --demon good --layer 2 --size 0.1")


def _largest_error(here: Examples) -> str:
    """The z with the largest |δ|: where a nudge has most effect (S0.16)."""
    with np.errstate(all="ignore"):  # an overflow is reported later, by the nudge
        errors = backward(forward(here.network.astype("float64"), here.x), here.y, here.cost).delta
    layer = max(errors.numbers, key=lambda l: float(np.abs(errors[l]).max()))
    return f"z/{layer}/{int(np.abs(errors[layer]).argmax())}"


def _numbers(text: str) -> list[float]:
    """The numbers of a list such as 0.01,0.1,−2."""
    try:
        return [float(part.strip().replace("−", "-")) for part in text.split(",")]
    except ValueError:
        raise SettingError(f"--steps are numbers with commas between them, as {STEPS}; got {brief(text)}") from None
