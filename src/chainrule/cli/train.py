"""`chainrule train [DATA]`: from a data set to a tested network in a file."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from chainrule.backward import gradient
from chainrule.cli.output import say, say_json, tell
from chainrule.costs import Cost, as_cost
from chainrule.data import Dataset, encode_targets, split_rows
from chainrule.errors import DataError, DivergenceError, SettingError
from chainrule.files import check_writable
from chainrule.network import Network
from chainrule.prediction import score
from chainrule.preprocessing import Preprocessing, guess_task
from chainrule.storage import save
from chainrule.tables import Table, read_table
from chainrule.training import Epoch, Epochs, Run
from chainrule.updates import named
from chainrule.verification.agreement import Agreement, check_network

FEWEST_TO_SPLIT = 50  # with fewer rows none is kept apart unless asked: a test on nine rows says little
STEPS = 2000  # what the default number of epochs aims at
FEWEST_EPOCHS = 10
CHECKED_ROWS, CHECKED_ENTRIES = 32, 200


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
        Path | None, typer.Option("--output", "-o", help="The model's file; the report lies beside it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Train a network, test it, check its gradient, and keep it in a file."""
    if seed < 0:
        raise SettingError(f"--seed is a whole number ≥ 0, got {seed}")
    the_rule = named(rule, **({} if learning_rate is None else {"learning_rate": learning_rate}))
    table = read_table(data, target)
    if table.target is None:
        raise DataError(f"{table.name} has no target to learn (in an NPZ file, the array y)")
    task = _task(task, table, cost)
    the_cost = as_cost(cost or ("cross_entropy" if task == "classification" else "quadratic"))
    model_path = _model_path(output, table)
    train_rows, test_rows = _split(table, test, seed, task)
    terms = Preprocessing.fit(
        table.columns, train_rows.inputs, train_rows.target, target_name=table.target_name, task=task, scale=scale
    )
    learning, watched = Dataset.from_table(train_rows, terms), None
    if validation:
        learning, watched = learning.split(validation, seed)
    network = _network(learning, terms, the_cost, hidden, activation, seed, dtype)
    steps = math.ceil(len(learning) / max(batch_size, 1))
    count = max(FEWEST_EPOCHS, math.ceil(STEPS / steps)) if epochs is None else epochs
    stream = Epochs(network, learning, the_cost, the_rule, count, batch_size, seed, watched)

    show = not (quiet or as_json)
    if show:
        say(_header(table, train_rows, test_rows, watched, terms))
        say(
            f"{network}; {the_cost!r}, {the_rule!r}, {count} epochs of {steps} steps, batches of {batch_size}, seed {seed}"
        )
    run, interrupted = _run(stream, count, show, model_path)
    if interrupted and not run.history:
        tell("stopped before the first epoch was finished: nothing was saved")
        raise typer.Exit(130)

    results = _results(run.network, train_rows, test_rows, the_cost)
    check = _check(run.network, test_rows or train_rows, the_cost)
    results["gradient_check"] = {"distance": check.distance, "holds": check.holds, "checked": check.checked}
    notes = {"data": data, "target": target, "cost": [the_cost.name, dict(the_cost.settings)], "rule": repr(the_rule),
             "epochs": len(run.history), "seed": seed, "task": task, **results}  # fmt: skip
    report = replace(run.report, results=results)
    save(run.network, model_path, notes)
    report_path = report.write(model_path.with_suffix(".json"))
    if as_json:
        say_json({**report.to_json(), "model": str(model_path), "report": str(report_path)})
    elif show:
        _summary(run, results, check, train_rows, test_rows, model_path, report_path)
    if interrupted:
        raise typer.Exit(130)


def _task(task: str, table: Table, cost: str | None) -> str:
    assert table.target is not None
    if task != "auto":
        return task  # an unknown one is refused where it is used
    if cost is not None and as_cost(cost).classifies:
        return "classification"
    return guess_task(table.target)


def _model_path(output: Path | None, table: Table) -> Path:
    """Where the model will lie: known, and known to be writable, before anything is learnt. A default overwrites nothing."""
    if output is not None:
        path = output if output.suffix else output.with_suffix(".safetensors")
        if path.suffix == ".json":
            raise SettingError(
                f"--output {output} is the model's file; the report is written beside it with the suffix .json"
            )
        check_writable(path)
        return path
    folder = Path("runs")
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise SettingError(
            f"cannot make the folder {folder} here ({error.strerror}): name a file with --output"
        ) from None
    stem = table.name.split(".")[0]
    path = folder / f"{stem}.safetensors"
    number = 2
    while path.exists():
        path, number = folder / f"{stem}-{number}.safetensors", number + 1
    check_writable(path)
    return path


def _split(table: Table, share: float | None, seed: int, task: str) -> tuple[Table, Table | None]:
    if share is None:
        share = 0.2 if len(table) >= FEWEST_TO_SPLIT else 0.0
    if share == 0:
        return table, None
    labels = table.target if task == "classification" and table.target is not None and table.target.ndim == 1 else None
    rest, part = split_rows(len(table), share, seed, labels)
    return table.take(rest), table.take(part)


def _network(
    data: Dataset, terms: Preprocessing, cost: Cost, hidden: str, activation: str, seed: int, dtype: str
) -> Network:
    """A network whose output fits the cost and the targets."""
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
        [data.inputs.shape[1], *_hidden(hidden), outputs], activation, output, seed=seed, dtype=dtype
    ).with_preprocessing(terms)


def _hidden(text: str) -> list[int]:
    if text.strip().lower() in ("none", "0", ""):
        return []
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise SettingError(f"--hidden takes the neurons of each hidden layer, as 128 or 64,32, or none; got {text!r}")
    return [int(part) for part in parts]


def _header(
    table: Table, train_rows: Table, test_rows: Table | None, watched: Dataset | None, terms: Preprocessing
) -> str:
    kind = (
        f"{len(terms.labels)} classes of {terms.target_name}"
        if terms.labels is not None
        else f"the number {terms.target_name}"
    )
    kept = f"{len(test_rows):,} kept apart for the test" if test_rows is not None else "none kept apart for a test"
    watch = f", {len(watched):,} to watch" if watched is not None else ""
    return f"{table.name}: {len(table):,} rows of {len(table.columns)} columns, {kind}; {kept}{watch}"


def _run(stream: Epochs, count: int, show: bool, model_path: Path) -> tuple[Run, bool]:
    """Run the stream with progress; Ctrl-C ends it after the last whole epoch. A divergence keeps the last good network."""
    started, interrupted, network = time.perf_counter(), False, None
    with _progress(count, show) as progress:
        try:
            for epoch in stream:
                network = epoch.network
                progress(epoch)
        except KeyboardInterrupt:
            interrupted = True
        except DivergenceError as error:
            good = model_path.with_name(f"{model_path.stem}-last-good.safetensors")
            save(error.run.network, good)
            raise type(error)(f"{error} in {good}", error.run) from None
    run = stream.run(time.perf_counter() - started)
    if interrupted and network is not None:
        tell(f"stopped by Ctrl-C after epoch {len(run.history)} of {count}")
        run = replace(run, network=network)
    return run, interrupted


@contextmanager
def _progress(count: int, show: bool) -> Iterator[Any]:
    """A bar on a terminal; else some ten lines, so that a log stays short."""
    console = Console(stderr=True)
    if not show:
        yield lambda epoch: None
    elif console.is_terminal:
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
        else f"  validation cost {epoch.validation_cost:.4f}, score {epoch.validation_score:.4f}"
    )
    return f"cost {epoch.cost:.4f}{watched}"


def _results(network: Network, train_rows: Table, test_rows: Table | None, cost: Cost) -> dict[str, Any]:
    assert network.preprocessing is not None
    name = "accuracy" if network.preprocessing.labels is not None else "r_squared"
    results: dict[str, Any] = {f"train_{name}": score(network, train_rows)}
    if test_rows is not None:
        results[f"test_{name}"] = score(network, test_rows)
    return results


def _check(network: Network, rows: Table, cost: Cost) -> Agreement:
    """Backpropagation against central differences on a real batch: as many entries as a fraction of a second allows."""
    batch = Dataset.from_table(rows.take(np.arange(min(CHECKED_ROWS, len(rows)))), network.preprocessing)  # type: ignore[arg-type]
    y, _ = encode_targets(batch.targets, network.sizes[-1], len(batch))
    work = 12 * network.parameters.size * len(batch)
    most = min(CHECKED_ENTRIES, max(20, int(2e9 / work)))
    return check_network(network, gradient(network, batch.inputs, y, cost), batch.inputs, y, cost, most=most)


def _summary(
    run: Run,
    results: dict[str, Any],
    check: Agreement,
    train_rows: Table,
    test_rows: Table | None,
    model: Path,
    report: Path,
) -> None:
    labels = run.network.preprocessing.labels if run.network.preprocessing is not None else None
    what = "accuracy" if labels is not None else "R²"
    values = [value for key, value in results.items() if key.startswith(("test_", "train_"))]
    first, last = run.history[0]["cost"], run.history[-1]["cost"]
    say(f"trained   {len(run.history)} epochs in {run.report.seconds:.2f} s, cost {first:.4f} → {last:.4f}")
    if test_rows is not None:
        guess = (
            f" (always the most frequent class: {_most_frequent(test_rows):.4f})"
            if labels is not None
            else " (always the mean: 0)"
        )
        say(f"test      {what} {values[1]:.4f} on {len(test_rows):,} rows it has never seen{guess}")
    else:
        say(
            f"train     {what} {values[0]:.4f} on the {len(train_rows):,} rows it was trained on; no test rows were kept apart"
        )
    say(f"gradient  backpropagation ({run.network.dtype}) against central differences: {check}")
    say(f"model     {model}")
    say(f"report    {report}")
    say(f"next      chainrule explain {model}")


def _most_frequent(rows: Table) -> float:
    assert rows.target is not None
    target = rows.target.astype(str) if rows.target.dtype.kind == "O" else rows.target
    return float(np.unique(target, return_counts=True)[1].max() / len(rows))
