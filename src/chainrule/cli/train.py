"""`chainrule train [DATA]`: from a data set to a tested network in a file."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import typer

from chainrule.activations import NAMED as ACTIVATIONS
from chainrule.checkpoints import Checkpoint
from chainrule.cli.chosen import HELP
from chainrule.cli.compiling import compiling_said
from chainrule.cli.interrupt import Stopped, exit_code, handlers
from chainrule.cli.keeping import CHECKPOINT_SUFFIX, RECORD_SUFFIX, Kept, ModelPlace, keep, keep_again
from chainrule.cli.output import going_on, page_width, say, say_json, say_lines, say_result, tell
from chainrule.cli.parts import FEWEST_TO_SPLIT, Parts
from chainrule.cli.prepared import command_line, continued, prepared
from chainrule.cli.summary import Summary, columns_json
from chainrule.cli.terminal import width
from chainrule.cli.usage import one_of
from chainrule.costs import NAMED as COSTS
from chainrule.costs import Cost
from chainrule.defaults import EPOCHS, PATIENCE, TOL
from chainrule.engines.choose import AUTO
from chainrule.engines.choose import NAMED as ENGINES
from chainrule.errors import DivergenceError, FileError, counted, joined
from chainrule.initialization import BIASES, INITS
from chainrule.progress import Pace, progress
from chainrule.records import save_record
from chainrule.run import Epoch, Run
from chainrule.schedules import NAMED as SCHEDULES
from chainrule.stopping import BEST, FEW_WATCHED
from chainrule.training import Epochs
from chainrule.updates import NAMED as RULES

DATA, NETWORK, TRAINING = "The data", "The network", "The training"  # headings in the help
STEADY, KEPT = "Against overfitting and steps that are too large", "What is kept and printed"
RATES = {name: f"{made().learning_rate:g}" for name, made in RULES.items()}
OWN_RATES = ", ".join(
    f"{rate} for {joined([name for name in RATES if RATES[name] == rate])}" for rate in dict.fromkeys(RATES.values())
)
RULES_HELP = (
    "How the weights move: delta_rule (also called sgd), momentum, nesterov, rmsprop, adam or adamw; with settings as in "
    "adamw:decay=0.1."
)
Telling = AbstractContextManager[Callable[[Epoch], None]]


def _option(panel: str, help: str, *flags: str, one: Iterable[str] | None = None) -> Any:
    """An option below one of these headings of the help; a shell offers its values where it is `one` of some names."""
    return typer.Option(*flags, help=help, rich_help_panel=panel, autocompletion=None if one is None else one_of(one))


def _by_rows(panel: str, name: str, help: str, one: Iterable[str] | None = None) -> Any:
    """The same of an option that the rows decide where it is not given."""
    return _option(panel, f"{help}  [default: {HELP[name]}]", one=one)


def command(
    ctx: typer.Context,
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
            f"Share of the rows held out for the test.  [default: 0.2; 0 for fewer than {FEWEST_TO_SPLIT} rows; or the "
            "division that a known set has]",
        ),
    ] = None,
    validation: Annotated[
        float | None,
        _by_rows(
            DATA,
            "validation",
            "Share of the training rows for validation: looked at after each epoch, not learnt from.",
        ),
    ] = None,
    hidden: Annotated[
        str | None, _by_rows(NETWORK, "hidden", "Neurons of the hidden layers, such as 128 or 64,32; or none.")
    ] = None,
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
    learning_rate: Annotated[
        float | None,
        _option(TRAINING, f"The learning rate η.  [default: {OWN_RATES}; {HELP['learning_rate']}]"),
    ] = None,
    epochs: Annotated[int | None, _option(TRAINING, "At most so many passes over the rows.")] = EPOCHS,
    batch_size: Annotated[int | None, _by_rows(TRAINING, "batch_size", "Rows per step.")] = None,
    in_order: Annotated[
        bool, _option(TRAINING, "Take the rows in the file's order, not shuffled before each pass.", "--no-shuffle")
    ] = False,
    fixed: Annotated[
        str, _option(TRAINING, "Layers whose weights and biases are not trained, such as 1 or 1,2; or none.")
    ] = "none",
    schedule: Annotated[
        str | None,
        _by_rows(
            TRAINING,
            "schedule",
            f"How the learning rate goes: {', '.join(SCHEDULES)}; with settings as in cosine:warmup=0.1.",
            one=SCHEDULES,
        ),
    ] = None,
    max_time: Annotated[
        str | None, _option(TRAINING, "Begin no further epoch after this time, such as 90s, 10min or 1h30m.")
    ] = None,
    patience: Annotated[
        int | None,
        _option(STEADY, "Stop after so many epochs in a row without a gain of --tol; 0 trains all epochs."),
    ] = PATIENCE,
    tol: Annotated[
        float | None,
        _option(
            STEADY,
            f"By how much the validation score has to rise (of fewer than {FEW_WATCHED:,} rows: or their cost to fall); with "
            "--best cost their cost; without validation rows the cost of those that are learnt.",
        ),
    ] = TOL,
    best: Annotated[
        str | None,
        _by_rows(
            STEADY, "best", "Which network is kept: last, or that with the best validation cost or score.", one=BEST
        ),
    ] = None,
    dropout: Annotated[
        str,
        _option(STEADY, "Share of the hidden neurons left out of each step; or shares of the inputs and each layer."),
    ] = "0",
    l1: Annotated[float, _option(STEADY, "l1 · Σ|w| is minimised beside the cost.")] = 0.0,
    l2: Annotated[float | None, _by_rows(STEADY, "l2", "½ · l2 · Σ w² is minimised beside the cost.")] = None,
    decay: Annotated[
        float | None, _option(STEADY, "Before each step w ← w − η · decay · w.  [default: 0.01 for adamw, else 0]")
    ] = None,
    penalize_biases: Annotated[
        bool, _option(STEADY, "l1, l2 and decay count for the biases too.", "--penalize-biases")
    ] = False,
    clip_norm: Annotated[float | None, _option(STEADY, "Shorten a longer gradient to this length.")] = None,
    clip_value: Annotated[float | None, _option(STEADY, "Keep each entry of the gradient within ± this value.")] = None,
    class_weight: Annotated[
        str | None,
        _option(STEADY, "Weights of classes, such as yes=3,no=1; balanced gives each class the same weight in all."),
    ] = None,
    seed: Annotated[int, _option(TRAINING, "Decides the split, the first weights and the order of the rows.")] = 0,
    engine: Annotated[
        str,
        _option(
            TRAINING,
            "What takes the steps: reference, compiled (native code), or auto, which compiles for longer runs.",
            one=(AUTO, *ENGINES),
        ),
    ] = AUTO,
    output: Annotated[
        Path | None,
        _option(
            KEPT, "The model's file; the report is written beside it.  [default: a new file in runs]", "--output", "-o"
        ),
    ] = None,
    checkpoint_every: Annotated[
        str | None,
        _option(
            KEPT, "Save the run beside the model after so many epochs, or a time such as 10min, to go on from there."
        ),
    ] = None,
    resume: Annotated[
        Path | None, _option(KEPT, "Go on with the run in this checkpoint; --epochs may add more.")
    ] = None,
    record: Annotated[
        int | None,
        _option(KEPT, "Keep so many networks on the way, beside the model: from before the first epoch to the last."),
    ] = None,
    as_json: Annotated[bool, _option(KEPT, "Print the report as JSON.", "--json")] = False,
    json_lines: Annotated[
        bool, _option(KEPT, "Print a line of JSON after each epoch, and the report as the last line.", "--json-lines")
    ] = False,
    quiet: Annotated[bool, _option(KEPT, "Print nothing but errors.", "--quiet", "-q")] = False,
) -> None:
    """Train a network, test it, check its gradient, and keep it in a file."""
    saved = None if resume is None else Checkpoint.read(resume)
    asked = SimpleNamespace(**(ctx.params if saved is None else continued(ctx, saved)))
    show = not (quiet or as_json or json_lines)
    with compiling_said(show):
        ready = prepared(asked, saved, command_line(ctx.command.params, asked))
    stream, rows, place = ready.stream, ready.rows, ready.place
    telling = _progress(stream) if show else nullcontext(_as_json if json_lines else _silent)
    with going_on() as unprinted:  # whatever becomes of the lines, the model is kept
        if show:
            for line in ready.lines(page_width()):
                say(line)
        with _one_stop() as no_more:
            stopped, kept = _learn(stream, place, ready.notes, telling, no_more)
            run, summary, kept = _summed_up(stream.run(), rows, stream.job.recipe.cost, kept, ready.notes)
        if as_json or json_lines:
            facts = {"columns": columns_json(rows), "left_out": ready.left_out}
            say_json({**run.report.to_json(), **kept.to_json(), **facts})
        elif show:
            say_result(summary)
            say_lines(kept.lines())  # a path or a command is not broken
    learnt = f"{kept.model} is what was learnt"
    if stopped:
        tell(f"stopped by {stopped} after {len(run.history):,} of {counted(stream.job.epochs, 'epoch')}: {learnt}")
        tell(f"to go on: chainrule train --resume {kept.checkpoint}")
    if unprinted:
        tell(learnt)
    kept.check()
    if unprinted:
        raise unprinted[0]
    if stopped:
        raise typer.Exit(exit_code(stopped))


# the run -------------------------------------------------------------------------------------------------------------
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
    return stopped, _with_run(stream, keep(stream.run(), place, notes), stopped is not None)


def _with_run(stream: Epochs, kept: Kept, stopped: bool) -> Kept:
    """What is saved of the run beside its model: its record, where one was asked for, and the whole of it, to go on."""
    saving = stream.job.saving
    try:
        if stream.job.recorded:
            kept = replace(kept, record=save_record(stream.run().record, kept.model.with_suffix(RECORD_SUFFIX)))
        if stopped or saving is not None:
            path = kept.model.with_suffix(CHECKPOINT_SUFFIX) if saving is None else saving.path
            kept = replace(kept, checkpoint=path if stream.is_saved else stream.save(path))
    except FileError as error:
        kept = replace(kept, failure=kept.failure or str(error))
    return kept


def _summed_up(run: Run, rows: Parts, cost: Cost, kept: Kept, notes: dict[str, Any]) -> tuple[Run, Summary, Kept]:
    """The run with its scores, and the model kept again with them."""
    try:
        summary = Summary.of(run, rows, cost)
    except BaseException:
        tell(f"{kept.model} is what was learnt")
        raise
    run = replace(run, report=replace(run.report, results=summary.results, tested=summary.tested))
    return run, summary, keep_again(run, kept, notes)


@contextmanager
def _progress(stream: Epochs) -> Iterator[Callable[[Epoch], None]]:
    """How far it is, within an epoch too."""
    with progress(Pace.of(stream), tell, width(sys.stderr)) as told:
        stream.within = told.within
        yield told.ended
    stream.within = None


def _silent(epoch: Epoch) -> None:
    """Nothing is said."""


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
