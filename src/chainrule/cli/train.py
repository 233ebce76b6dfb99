"""`chainrule train [DATA]`: from a data set to a tested network in a file."""

from __future__ import annotations

import itertools
import math
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from chainrule.cli.output import counted, say, say_json, shown, tell
from chainrule.cli.parts import Parts, divide
from chainrule.cli.summary import Summary, header
from chainrule.costs import Cost, as_cost
from chainrule.errors import DataError, DivergenceError, FileError, SettingError
from chainrule.files import check_writable
from chainrule.json_text import as_json as plain
from chainrule.network import Network
from chainrule.preprocessing import guess_task
from chainrule.report import is_report
from chainrule.scores import TITLES
from chainrule.storage import save
from chainrule.tables import Table, read_table
from chainrule.trained_rows import TrainedRows
from chainrule.training import Epoch, Epochs, Run
from chainrule.updates import named

FOLDER = Path("runs")
SUFFIX = ".safetensors"
STEPS = 2000  # what the default number of epochs aims at
FEWEST_EPOCHS = 10


def command(
    data: Annotated[
        str, typer.Argument(help="digits, iris, wine, breast_cancer, diabetes, or a CSV, NPZ or IDX file.")
    ] = "digits",
    target: Annotated[str | None, typer.Option(help="The CSV column to learn; else the last one.")] = None,
    task: Annotated[str, typer.Option(help="classification, regression, or auto: as the target looks.")] = "auto",
    scale: Annotated[str, typer.Option(help="standard: each column to mean 0 and deviation 1; or none.")] = "standard",
    test: Annotated[float | None, typer.Option(help="Share of the rows kept apart for the test; 0 for none.")] = None,
    validation: Annotated[float, typer.Option(help="Share of the training rows watched but not learnt from.")] = 0.0,
    hidden: Annotated[str, typer.Option(help="Neurons of the hidden layers, as 128 or 64,32; or none.")] = "128",
    activation: Annotated[str, typer.Option(help="Activation of the hidden layers.")] = "relu",
    cost: Annotated[
        str | None, typer.Option(help="The cost; else cross_entropy for classes, quadratic for numbers.")
    ] = None,
    rule: Annotated[str, typer.Option(help="delta_rule, momentum or adam.")] = "adam",
    learning_rate: Annotated[float | None, typer.Option(help="η; else the rule's own default.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the rows; else enough for 2,000 steps.")] = None,
    batch_size: Annotated[int, typer.Option(help="Rows a step.")] = 32,
    seed: Annotated[int, typer.Option(help="Decides the split, the first weights and the order of the rows.")] = 0,
    dtype: Annotated[str, typer.Option(help="float32 or float64.")] = "float32",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The model's file, else a new one in runs; the report lies beside it."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Train a network, test it, check its gradient, and keep it in a file."""
    if seed < 0:
        raise SettingError(f"--seed is a whole number ≥ 0, got {seed}")
    the_rule = named(rule, **({} if learning_rate is None else {"learning_rate": learning_rate}))
    the_cost = None if cost is None else as_cost(cost)
    _check_output(output)
    table = read_table(data, target)
    task = _task(task, table, the_cost)
    the_cost = the_cost or as_cost("cross_entropy" if task == "classification" else "quadratic")
    rows = divide(table, task, scale, test, validation, seed)
    network = _network(rows, the_cost, hidden, activation, seed, dtype)
    steps = math.ceil(len(rows.learning) / max(batch_size, 1))
    count = max(FEWEST_EPOCHS, math.ceil(STEPS / steps)) if epochs is None else epochs
    stream = Epochs(network, rows.learning, the_cost, the_rule, count, batch_size, seed, rows.watched)

    show = not (quiet or as_json)
    if show:
        say(header(rows))
        say(f"{network}; {the_cost!r}, {the_rule!r}, {counted(count, 'epoch')} of {counted(steps, 'step')}, "
            f"batches of {min(batch_size, len(rows.learning))}, seed {seed}")  # fmt: skip
    trained_on = TrainedRows.of(network.rows(rows.learning.inputs)).to_json()
    notes = {"data": data, "target": target, "cost": [the_cost.name, dict(the_cost.settings)], "rule": repr(the_rule),
             "seed": seed, "task": task, "trained_on": trained_on}  # fmt: skip
    with _one_interrupt() as no_more:
        try:
            interrupted = _run(stream, count, show, no_more)
        except DivergenceError as error:
            good = _place(output, table, "-last-good")
            _keep(error.run, good, notes, {})
            raise DivergenceError(f"{error} in {good}", error.run) from None
        if not stream.history:
            tell("stopped before the first epoch was finished: nothing was saved")
            raise typer.Exit(130)
        run, model_path = stream.run(), _place(output, table)
        _keep(run, model_path, notes, {})  # at once: the scores below may take a while, or fail
        summary = Summary.of(run, rows, the_cost)
        run, report_path = _keep(run, model_path, notes, summary.results)

    if as_json:
        say_json({**run.report.to_json(), "model": str(model_path), "report": str(report_path)})
    elif show:
        for line in summary.lines():
            say(line)
        say(f"model     {model_path}")
        say(f"report    {report_path}")
        say(f"next      chainrule explain {model_path}")
    if interrupted:
        tell(
            f"stopped by Ctrl-C after {len(run.history):,} of {counted(count, 'epoch')}: {model_path} is what was learnt"
        )
        raise typer.Exit(130)


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


# where things lie ----------------------------------------------------------------------------------------------------
def _check_output(output: Path | None) -> None:
    """Raises FileError or SettingError where the model or its report could not be put, or would replace a stranger."""
    if output is None:
        try:
            check_writable(FOLDER / "model" if FOLDER.exists() else FOLDER)
        except FileError as error:
            raise FileError(f"{error}; name a file elsewhere with --output") from None
        return
    check_writable(output)
    if output.suffix not in ("", SUFFIX):
        raise SettingError(
            f"--output {output}: a model's file ends in {SUFFIX}, as {output.with_suffix(SUFFIX).name}; the report is "
            "written beside it with the suffix .json"
        )
    model = output.with_suffix(SUFFIX)
    check_writable(model)
    report = model.with_suffix(".json")
    check_writable(report)
    if report.exists() and not is_report(report):
        raise FileError(f"--output {output}: the report would replace {report}, which is none; choose another name")


def _place(output: Path | None, table: Table, ending: str = "") -> Path:
    """Where a model lies: where it was asked for, else under a name in runs that nothing has yet."""
    if output is not None:
        return output.with_name(output.stem + ending + SUFFIX)
    FOLDER.mkdir(exist_ok=True)
    stem = (table.name.split(".")[0] or "model") + ending
    endings = itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
    names = (FOLDER / f"{stem}{each}{SUFFIX}" for each in endings)
    return next(name for name in names if not (name.exists() or name.with_suffix(".json").exists()))


def _keep(run: Run, path: Path, notes: dict[str, Any], results: dict[str, Any]) -> tuple[Run, Path]:
    """Write the model and, beside it, its report; the run with these results, and where the report lies."""
    report = replace(run.report, results=results)
    save(run.network, path, plain({**notes, "epochs": len(run.history), **results}))
    return replace(run, report=report), report.write(path.with_suffix(".json"))


# the network and its run ---------------------------------------------------------------------------------------------
def _network(rows: Parts, cost: Cost, hidden: str, activation: str, seed: int, dtype: str) -> Network:
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
    return Network.random(
        [rows.learning.inputs.shape[1], *_hidden(hidden), outputs], activation, output, seed=seed, dtype=dtype
    ).with_preprocessing(terms)


def _hidden(text: str) -> list[int]:
    if text.strip().lower() in ("none", "0"):
        return []
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise SettingError(f"--hidden takes the neurons of each hidden layer, as 128 or 64,32, or none; got {text!r}")
    return [int(part) for part in parts]


@contextmanager
def _one_interrupt() -> Iterator[Callable[[], None]]:
    """In here Ctrl-C raises KeyboardInterrupt once, and then no more: what was learnt is being saved.

    What it gives is called to want none at all from there on. A process that was started to ignore Ctrl-C still does.
    """

    def no_more() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def once(number: int, frame: Any) -> None:
        no_more()
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, once)
    try:
        yield no_more
    finally:
        signal.signal(signal.SIGINT, before)


def _run(stream: Epochs, count: int, show: bool, no_more: Callable[[], None]) -> bool:
    """Run the stream with progress; True where Ctrl-C ended it, which leaves it after its last whole epoch."""
    try:
        with _progress(count, show) as progress:
            for epoch in stream:
                progress(epoch)
        no_more()
    except KeyboardInterrupt:
        return True
    return False


@contextmanager
def _progress(count: int, show: bool) -> Iterator[Any]:
    """A bar on a terminal; else some ten lines, so that a log stays short."""
    console = Console(stderr=True)
    if not show:
        yield lambda epoch: None
    elif console.is_terminal and not console.is_dumb_terminal:
        columns = (
            TextColumn("epoch {task.completed}/{task.total}"),
            BarColumn(),
            TextColumn("{task.description}"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("", total=count)
            yield lambda epoch: bar.update(task, advance=1, description=_epoch_text(epoch))
    else:
        every = max(1, count // 10)

        def line(epoch: Epoch) -> None:
            if epoch.number % every == 0 or epoch.number == 1:
                tell(f"epoch {epoch.number}/{count}  {_epoch_text(epoch)}")

        yield line


def _epoch_text(epoch: Epoch) -> str:
    watched = (
        ""
        if epoch.validation_cost is None
        else f"  validation cost {shown(epoch.validation_cost)}, "
        f"{TITLES[epoch.validation_measure or '']} {epoch.validation_score:.4f}"
    )
    return f"cost {shown(epoch.cost)}{watched}"
