"""`chainrule train [DATA]`: from a data set to a tested network in a file."""

from __future__ import annotations

import math
import re
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from chainrule.activations import NAMED as ACTIVATIONS
from chainrule.cli.choices import choices_of
from chainrule.cli.interrupt import Stopped, exit_code, handlers
from chainrule.cli.keeping import Kept, ModelPlace, keep, keep_again
from chainrule.cli.output import going_on, page_width, say, say_json, say_lines, say_result, tell
from chainrule.cli.parts import FEWEST_TO_SPLIT, Parts, divide
from chainrule.cli.progress import progress
from chainrule.cli.rows import read_rows
from chainrule.cli.summary import Summary, became, columns_json, header, taken_as
from chainrule.cli.usage import one_of
from chainrule.costs import NAMED as COSTS
from chainrule.costs import Cost, as_cost
from chainrule.data import KNOWN, SHIPPED, Table, guess_task, learnable
from chainrule.data.network_rows import inputs_for
from chainrule.data.trained_rows import TrainedRows
from chainrule.errors import DataError, DivergenceError, SettingError, brief, counted, joined
from chainrule.initialization import BIASES, INITS
from chainrule.network import Network, as_dtype
from chainrule.run import Epoch, Run
from chainrule.training import Epochs
from chainrule.updates import NAMED as RULES
from chainrule.updates import named
from chainrule.writing.numbers import minus

STEPS = 2000  # what the default number of epochs aims at
FEWEST_EPOCHS = 10
DATA, NETWORK, TRAINING, KEPT = "The data", "The network", "The training", "What is kept and printed"  # in the help
RATES = {name: f"{made().learning_rate:g}" for name, made in RULES.items()}
OWN_RATES = ", ".join(
    f"{rate} for {joined([name for name in RATES if RATES[name] == rate])}" for rate in dict.fromkeys(RATES.values())
)
RULES_HELP = "How the weights move: delta_rule (also called sgd), momentum, nesterov, rmsprop, adam or adamw."
LAYER_SIZE = re.compile("[0-9]{1,9}")
Telling = AbstractContextManager[Callable[[Epoch], None]]


def _option(panel: str, help: str, *flags: str, one: Iterable[str] | None = None) -> Any:
    """An option below one of these headings of the help; a shell offers its values where it is `one` of some names."""
    return typer.Option(*flags, help=help, rich_help_panel=panel, autocompletion=None if one is None else one_of(one))


def command(
    data: Annotated[
        str,
        typer.Argument(
            help="digits, iris, wine, breast_cancer or diabetes, which are shipped; a known set that is installed, as "
            "fashion-mnist; or a file of rows: CSV, NPZ, Parquet, …"
        ),
    ] = "digits",
    target: Annotated[str | None, _option(DATA, "The column to learn.  [default: the last one]")] = None,
    task: Annotated[str, _option(DATA, "classification, regression, or auto, which looks at the target.")] = "auto",
    drop: Annotated[list[str] | None, _option(DATA, "Columns to leave out, such as id or id,index.")] = None,
    columns: Annotated[list[str] | None, _option(DATA, "The only columns to learn from, such as size,rooms.")] = None,
    kinds: Annotated[
        list[str] | None,
        _option(DATA, "What a column becomes: number, category, date or drop, such as zip=category.", "--as"),
    ] = None,
    gaps: Annotated[
        str,
        _option(
            DATA,
            "impute fills missing values and adds an input that marks them; drop leaves out their rows; refuse is an error.",
        ),
    ] = "impute",
    scale: Annotated[
        str, _option(DATA, "standard scales each column to mean 0 and deviation 1; or none.")
    ] = "standard",
    test: Annotated[
        float | None,
        _option(
            DATA,
            f"Share of the rows kept apart for the test.  [default: 0.2; 0 for fewer than {FEWEST_TO_SPLIT} rows; or the "
            "division that a known set has]",
        ),
    ] = None,
    validation: Annotated[float, _option(DATA, "Share of the training rows to watch, not to learn from.")] = 0.0,
    hidden: Annotated[str, _option(NETWORK, "Neurons of the hidden layers, such as 128 or 64,32; or none.")] = "128",
    activation: Annotated[
        str, _option(NETWORK, "Activation of the hidden layers, or one for each, such as relu,tanh.", one=ACTIVATIONS)
    ] = "relu",
    init: Annotated[
        str,
        _option(
            NETWORK,
            f"How the first weights are drawn: {', '.join(INITS)}; or one for each layer, the last too, such as "
            "he,orthogonal.",
            one=INITS,
        ),
    ] = "auto",
    bias: Annotated[
        str,
        _option(
            NETWORK, "A bias per neuron, per layer, or none: neuron, layer, none; or one for each layer.", one=BIASES
        ),
    ] = "neuron",
    cost: Annotated[
        str | None,
        _option(NETWORK, "The cost.  [default: cross_entropy for classes, quadratic for numbers]", one=COSTS),
    ] = None,
    dtype: Annotated[str, _option(NETWORK, "float32 or float64.", one=("float32", "float64"))] = "float32",
    rule: Annotated[str, _option(TRAINING, RULES_HELP, one=RULES)] = "adam",
    learning_rate: Annotated[float | None, _option(TRAINING, f"The learning rate η.  [default: {OWN_RATES}]")] = None,
    epochs: Annotated[
        int | None,
        _option(TRAINING, f"Passes over the rows.  [default: enough for {STEPS:,} steps, at least {FEWEST_EPOCHS}]"),
    ] = None,
    batch_size: Annotated[int, _option(TRAINING, "Rows per step.")] = 32,
    in_order: Annotated[
        bool, _option(TRAINING, "Take the rows in the file's order, not shuffled before each pass.", "--no-shuffle")
    ] = False,
    fixed: Annotated[
        str, _option(TRAINING, "Layers whose weights and biases are not trained, such as 1 or 1,2; or none.")
    ] = "none",
    seed: Annotated[int, _option(TRAINING, "Decides the split, the first weights and the order of the rows.")] = 0,
    output: Annotated[
        Path | None,
        _option(
            KEPT, "The model's file; the report is written beside it.  [default: a new file in runs]", "--output", "-o"
        ),
    ] = None,
    as_json: Annotated[bool, _option(KEPT, "Print the report as JSON.", "--json")] = False,
    json_lines: Annotated[
        bool, _option(KEPT, "Print a line of JSON after each epoch, and the report as the last line.", "--json-lines")
    ] = False,
    quiet: Annotated[bool, _option(KEPT, "Print nothing but errors.", "--quiet", "-q")] = False,
) -> None:
    """Train a network, test it, check its gradient, and keep it in a file."""
    if seed < 0:
        raise SettingError(f"--seed is a whole number ≥ 0, got {seed}")
    as_dtype(dtype)
    the_rule = named(rule, **({} if learning_rate is None else {"learning_rate": learning_rate}))
    the_cost = None if cost is None else as_cost(cost)
    place = ModelPlace(output, data)
    place.check()
    table = read_rows(data, target, quiet=quiet)
    choices = choices_of(table, scale, gaps, drop or (), columns or (), kinds or ())
    table, left_out = learnable(table, choices)
    is_guess = task == "auto" and the_cost is None and data not in (*SHIPPED, *KNOWN)
    task = _task(task, table, the_cost)
    the_cost = the_cost or as_cost("cross_entropy" if task == "classification" else "quadratic")
    rows = divide(table, task, choices, test, validation, seed, dtype, in_order)
    network = _network(rows, the_cost, hidden, activation, init, bias, seed, dtype)
    steps = math.ceil(len(rows.learning) / max(batch_size, 1))
    count = max(FEWEST_EPOCHS, math.ceil(STEPS / steps)) if epochs is None else epochs
    stream = Epochs(
        network, rows.learning, None, the_rule, count, batch_size, seed, rows.watched, cost=the_cost, shuffle=not in_order,
        fixed=_whole_numbers(fixed, "--fixed takes the numbers of layers, as 1 or 1,2, or none"),
    )  # fmt: skip

    show = not (quiet or as_json or json_lines)
    telling = nullcontext(_as_json) if json_lines else progress(stream, show)
    trained_on = TrainedRows.of(inputs_for(network, rows.learning.inputs)).to_json()
    notes = {"data": data, "target": target, "rule": repr(the_rule), "seed": seed,
             "task": task, "trained_on": trained_on}  # fmt: skip
    with going_on() as unprinted:  # whatever becomes of the lines, the model is kept
        if show:
            for line in [
                header(rows),
                *(taken_as(rows.terms) if is_guess else ()),
                *left_out,
                *became(rows, page_width()),
            ]:
                say(line)
            say(f"{network}; {the_cost!r}, {minus(repr(the_rule))}, {counted(count, 'epoch')} of {counted(steps, 'step')}, "
                f"batches of {min(batch_size, len(rows.learning))}, seed {seed}")  # fmt: skip
        with _one_stop() as no_more:
            stopped, kept = _learn(stream, place, notes, telling, no_more)
            run, summary, kept = _summed_up(stream.run(), rows, the_cost, kept, notes)
        if as_json or json_lines:
            say_json({**run.report.to_json(), **kept.to_json(), "columns": columns_json(rows), "left_out": left_out})
        elif show:
            say_result(summary)
            say_lines(kept.lines())  # a path or a command is not broken
    learnt = f"{kept.model} is what was learnt"
    if stopped:
        tell(f"stopped by {stopped} after {len(run.history):,} of {counted(count, 'epoch')}: {learnt}")
    if unprinted:
        tell(learnt)
    kept.check()
    if unprinted:
        raise unprinted[0]
    if stopped:
        raise typer.Exit(exit_code(stopped))


# what is asked for, looked at before anything is learnt --------------------------------------------------------------
def _task(task: str, table: Table, cost: Cost | None) -> str:
    """classification or regression; an unknown one is refused where it is used."""
    if table.target is None:
        raise DataError(f"{table.name} has no target to learn (in an NPZ file, the array y)")
    if task != "auto":
        return task
    guess = guess_task(table.target)
    if cost is not None and cost.classifies and guess != "classification":
        raise SettingError(
            f"the cost {cost.name} tells classes apart, and {table.target_name!r} looks like a number, with "
            f"{np.unique(table.target).size:,} different values: use --cost quadratic, or, if each value is a class, add "
            "--task classification"
        )
    return guess


# the network and its run ---------------------------------------------------------------------------------------------
def _network(
    rows: Parts, cost: Cost, hidden: str, activation: str, init: str, bias: str, seed: int, dtype: str
) -> Network:
    """A network whose output fits the cost and the targets."""
    terms = rows.terms
    if cost.classifies and terms.labels is None:
        raise SettingError(
            f"the cost {cost.name} needs classes, and {terms.target_name!r} is a number: use --cost quadratic"
        )
    if terms.labels is None:
        outputs, output = len(terms.target_mean), "identity"
    else:
        outputs = 1 if cost.name == "binary_cross_entropy" and len(terms.labels) == 2 else len(terms.labels)
        output = {"cross_entropy": "softmax", "multiclass_hinge": "identity"}.get(cost.name, "sigmoid")
    neurons = _whole_numbers(hidden, "--hidden takes the neurons of each hidden layer, as 128 or 64,32, or none")
    layers = f"the network has {counted(len(neurons) + 1, 'layer')}"
    return Network.random(
        [rows.learning.inputs.shape[1], *neurons, outputs],
        _each("--activation", activation, len(neurons), f"--hidden has {counted(len(neurons), 'layer')}"),
        output,
        _each("--init", init, len(neurons) + 1, layers),
        _each("--bias", bias, len(neurons) + 1, layers),
        seed=seed,
        dtype=dtype,
    ).with_preprocessing(terms)


def _each(option: str, text: str, count: int, layers: str) -> str | list[str]:
    """What an option names, one for all layers or one for each. Raises SettingError for another number of names."""
    names = [name.strip() for name in text.split(",")]
    if len(names) not in (1, count):
        raise SettingError(
            f"{option} names {len(names)} ({brief(text)}), and {layers}: name one for all, or one for each"
        )
    return names[0] if len(names) == 1 else names


def _whole_numbers(text: str, needed: str) -> list[int]:
    """What is listed in an option, as 64,32. Raises SettingError with what is needed for anything but whole numbers ≥ 1."""
    if text.strip().lower() in ("none", "0"):
        return []
    parts = [part.strip() for part in text.split(",")]
    if not all(LAYER_SIZE.fullmatch(part) and int(part) > 0 for part in parts):
        raise SettingError(f"{needed}; got {brief(text)}")
    return [int(part) for part in parts]


@contextmanager
def _one_stop() -> Iterator[Callable[[], None]]:
    """In here Ctrl-C, SIGTERM or SIGHUP raises Stopped once, and then no more: what was learnt is being saved.

    What it gives is called to want none at all from there on. A process that was started to ignore one still does.
    """
    before = handlers()

    def no_more() -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)

    def once(number: int, frame: Any) -> None:
        no_more()
        raise Stopped(number)

    for number in before:
        signal.signal(number, once)
    try:
        yield no_more
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _learn(
    stream: Epochs, place: ModelPlace, notes: dict[str, Any], telling: Telling, no_more: Callable[[], None]
) -> tuple[Stopped | None, Kept]:
    """Run the stream and keep the model at once, for what comes after may fail; which signal stopped it, if one did."""
    try:
        stopped = _run(stream, telling)
    except DivergenceError as error:
        no_more()
        good = keep(error.run, place, notes, "-last-good")
        raise DivergenceError(f"{error} in {good.model}", error.run) from None
    except Exception:
        no_more()
        if stream.history:
            tell(f"{keep(stream.run(), place, notes).model} is what was learnt up to here")
        raise
    no_more()
    if stopped and not stream.history:
        tell("stopped before the first epoch was finished: nothing was saved")
        raise typer.Exit(exit_code(stopped))
    return stopped, keep(stream.run(), place, notes)


def _summed_up(run: Run, rows: Parts, cost: Cost, kept: Kept, notes: dict[str, Any]) -> tuple[Run, Summary, Kept]:
    """The run with its scores, and the model kept again with them."""
    try:
        summary = Summary.of(run, rows, cost)
    except BaseException:
        tell(f"{kept.model} is what was learnt")
        raise
    run = replace(run, report=replace(run.report, results=summary.results))
    return run, summary, keep_again(run, kept, notes)


def _as_json(epoch: Epoch) -> None:
    """An epoch as a line of JSON."""
    facts = epoch.facts()
    say_json({"epoch": facts.pop("number"), **facts})


def _run(stream: Epochs, telling: Telling) -> Stopped | None:
    """Run the stream with progress; the signal that ended it, if one did, which leaves it after its last whole epoch."""
    try:
        with telling as ended:
            for epoch in stream:
                ended(epoch)
    except Stopped as stopped:
        return stopped
    return None
