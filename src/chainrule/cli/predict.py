"""`chainrule predict MODEL DATA`: the network's answers, one line per row."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from chainrule.cli.answers import Misses
from chainrule.cli.output import say_data, say_json, tell
from chainrule.cli.rows import rows_for
from chainrule.cli.written import check_text
from chainrule.data import gaps
from chainrule.data.trained_rows import MOST, TrainedRows
from chainrule.errors import FileError, counted
from chainrule.files import write_atomically
from chainrule.json_text import json_text
from chainrule.network import Network
from chainrule.prediction import activations_of_rows, answered, network_rows, probabilities, scored_outputs
from chainrule.storage import load, load_notes


def command(
    model: Annotated[Path, typer.Argument(help="A model's file, as written by chainrule train.")],
    data: Annotated[str, typer.Argument(help="The rows: a CSV, NPZ, Parquet or other file of rows, or a shipped set.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the answers there instead.")] = None,
    with_probabilities: Annotated[
        bool,
        typer.Option("--probabilities", help="The probability of each class too: a table with a header line, as CSV."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answers as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Do not print the score.")] = False,
) -> None:
    """Answer for every row in the target's own terms: labels, or numbers in their unit. With the target in DATA, score too."""
    if Path(data).suffix == ".safetensors":
        raise FileError(f"{data} is a model, and DATA is a table: chainrule predict {_in_order(model, data)}")
    if output is not None:
        check_text(output, "answers.json" if as_json else "answers.csv", {"model": model, "data": data}, "--output")
    network = load(model)
    table = rows_for(network, data, quiet=quiet)
    rows = network_rows(network, table)
    given = activations_of_rows(network, rows)
    answers = answered(network, given)
    with_target = np.zeros(len(table), dtype=bool) if table.target is None else ~gaps(table.target)
    score = None
    if table.target is not None and with_target.any():
        score = scored_outputs(network, given[with_target], table.target[with_target])
    found: dict[str, Any] = {"predictions": answers}
    text = _lines(answers.reshape(len(answers), -1).tolist())
    if with_probabilities:
        shares = probabilities(network, given)
        classes = _classes(network, shares.shape[1])
        found |= {"classes": classes, "probabilities": shares}
        first = [["answer"], *answers.reshape(-1, 1).tolist()] if answers.ndim == 1 else [[]] * (len(answers) + 1)
        cells = [classes, *([_decimal(share) for share in row] for row in shares.tolist())]
        text = _lines([[*answer, *row] for answer, row in zip(first, cells)])
    sketch = TrainedRows.from_json(load_notes(model).get("trained_on"))
    known = 0.0 if sketch is None or score is None else sketch.share(rows[with_target])
    if score is not None:
        misses = None
        if score.measure == "r_squared" and table.target is not None:
            misses = Misses.of(answers[with_target], table.target[with_target])
            found |= misses.to_json()
        found |= {score.measure: score.value, "share_trained_on": None if sketch is None else known}
    if output is not None:
        text = json_text(found) + "\n" if as_json else text
        write_atomically(output, text.encode("utf-8", "backslashreplace"))
    elif as_json:
        say_json(found)
    else:
        say_data(text)
    if score is not None and not (quiet or as_json):
        count = int(with_target.sum())
        of = "" if count == len(table) else f" of {len(table):,} that have a target"
        on = f" on {counted(count, 'row')}{of}{_of_which(sketch, known, count)}" if len(table) > 1 else ""
        tell(f"{score}{f', {misses}' if misses else ''}{on}")


def _of_which(sketch: TrainedRows | None, known: float, rows: int) -> str:
    """That rows the network was trained on are among those scored: what it does on others, their score does not tell."""
    if sketch is None or known == 0:
        return ""
    sampled = rows * MOST >= 100 * sketch.count  # else the share is an estimate from a few rows
    some = f"{round(known * rows):,}" if sketch.count <= MOST else f"about {known:.0%}" if sampled else "some"
    some = "all" if known == 1 and (sampled or sketch.count <= MOST) else some
    return f", {some} of which it was trained on: expect less of new rows"


def _in_order(model: Path, data: str) -> str:
    """The command that was meant where the model was named last."""
    return "MODEL DATA" if model.suffix == ".safetensors" else f"{data} {model}"


def _classes(network: Network, count: int) -> list[Any]:
    """The classes by their labels, or else by their numbers."""
    terms = network.preprocessing
    return list(range(count)) if terms is None or terms.labels is None else list(terms.labels)


def _decimal(share: float) -> str:
    """A probability in six digits behind the point."""
    return f"{share:.6f}"


def _lines(rows: Sequence[Sequence[Any]]) -> str:
    """One line per row; where a row has several values, or a label has commas, as CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows(rows)
    return stream.getvalue()
