"""`chainrule predict MODEL DATA`: the network's answers, one line per row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import add
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from chainrule.cli.decimals import lines_of
from chainrule.cli.output import say_data, say_json, tell
from chainrule.cli.rows import parts_for
from chainrule.cli.written import check_text
from chainrule.confusions import Misses
from chainrule.data import Table, gaps
from chainrule.data.columns import Strange
from chainrule.data.mapped import Inputs
from chainrule.data.trained_rows import MOST, TrainedRows
from chainrule.errors import FileError, counted
from chainrule.files import write_atomically, writing
from chainrule.json_text import json_text
from chainrule.network import Network
from chainrule.prediction import RunningScore, network_rows, outputs_in_parts
from chainrule.predictor import answered, inputs_for, probabilities
from chainrule.storage import load, load_notes

Array = np.ndarray


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
    if with_probabilities:
        probabilities(network, np.zeros((1, network.sizes[-1])))  # or the error, before anything is read
    sketch = TrainedRows.from_json(load_notes(model).get("trained_on"))
    answers = _Answers(network, sketch)
    parts = answers.of(parts_for(network, data, quiet=quiet))
    if as_json:
        found = _as_json(network, parts, with_probabilities) | answers.scores()
        if output is None:
            say_json(found)
        else:
            write_atomically(output, (json_text(found) + "\n").encode("utf-8", "backslashreplace"))
        return
    texts = _texts(network, parts, with_probabilities)
    if output is None:
        for text in texts:
            say_data(text)
    else:
        with writing(output) as stream:
            for text in texts:
                stream.write(text.encode("utf-8", "backslashreplace"))
    if not quiet and (said := answers.said()):
        tell(said)


class _Answers:
    """The outputs of rows that come in parts, and what is to be said of all of them in the end."""

    def __init__(self, network: Network, sketch: TrainedRows | None) -> None:
        self.network, self.sketch, self.rows = network, sketch, 0
        self.running, self.strange = RunningScore(network), list[Strange]()
        self.known, self.looked_at = 0, 0
        self.numbers: list[tuple[Array, Array]] = []  # answered and true, where they are numbers

    def of(self, tables: Iterable[Table]) -> Iterator[Array]:
        """The outputs a^L of one part after the other; a warning in the end counts what was not seen in training."""
        for table, given in outputs_in_parts(self.network, map(self._encoded, tables)):
            self._score(table, given)
            yield given
        if self.network.preprocessing is not None:
            self.network.preprocessing.warn(self.name, self.strange)

    def _encoded(self, table: Table) -> tuple[Table, Inputs]:
        """A part as the network takes it; of the table only its target is kept."""
        terms, self.name = self.network.preprocessing, table.name
        self.rows += len(table)
        if terms is None or terms.columns is None:
            rows = network_rows(self.network, table)
        else:
            encoded, strange = terms.encoded(table, self.network.dtype)
            self.strange = list(map(add, self.strange, strange)) if self.strange else strange
            rows = inputs_for(self.network, encoded)
        known = _with_target(table)
        if self.sketch is not None and known.any():
            found = self.sketch.found(rows[known])
            self.known, self.looked_at = self.known + found[0], self.looked_at + found[1]
        return table, rows

    def _score(self, table: Table, given: Array) -> None:
        known = np.flatnonzero(_with_target(table))
        if table.target is None or not known.size:
            return
        true = table.target[known]
        self.running.add(given[known], true, lambda row: table.where(int(known[row])))
        if (score := self.running.score) is not None and score.measure == "r_squared":
            self.numbers.append((answered(self.network, given[known]), true))

    @property
    def share(self) -> float:
        """The share of the rows with a target that the network was trained on."""
        return self.known / self.looked_at if self.looked_at else 0.0

    @property
    def misses(self) -> Misses | None:
        """By how much numbers are missed."""
        if not self.numbers:
            return None
        return Misses.of(*(np.concatenate(parts) for parts in zip(*self.numbers)))

    def scores(self) -> dict[str, Any]:
        """The score, as plain values; none where no row has a target."""
        score, misses = self.running.score, self.misses
        if score is None:
            return {}
        share = None if self.sketch is None else self.share
        return {**(misses.to_json() if misses else {}), score.measure: score.value, "share_trained_on": share}

    def said(self) -> str:
        """The score in a sentence."""
        score, count, misses = self.running.score, self.running.rows, self.misses
        if score is None:
            return ""
        of = "" if count == self.rows else f" of {self.rows:,} that have a target"
        on = f" on {counted(count, 'row')}{of}{_of_which(self.sketch, self.share, count)}" if self.rows > 1 else ""
        return f"{score}{f', {misses}' if misses else ''}{on}"


def _with_target(table: Table) -> Array:
    return np.zeros(len(table), dtype=bool) if table.target is None else ~gaps(table.target)


# the answers as text and as JSON ---------------------------------------------------------------------------------------
def _as_json(network: Network, parts: Iterable[Array], with_probabilities: bool) -> dict[str, Any]:
    """The answers to all rows, and the probabilities, in the order in which they are printed."""
    answers, shares = [], []
    for given in parts:
        answers.append(answered(network, given))
        if with_probabilities:
            shares.append(probabilities(network, given))
    found: dict[str, Any] = {"predictions": np.concatenate(answers)}
    if with_probabilities:
        every = np.concatenate(shares)
        found |= {"classes": _classes(network, every.shape[1]), "probabilities": every}
    return found


def _texts(network: Network, parts: Iterable[Array], with_probabilities: bool) -> Iterator[str]:
    """The lines of one part after the other; with probabilities below a line that names their columns."""
    is_first = True
    for given in parts:
        if not with_probabilities:
            yield "".join(_answer_lines(network, given))
            continue
        shares = probabilities(network, given)
        single = answered(network, given[:1]).ndim == 1
        if is_first:
            yield _lines([[*(["answer"] if single else []), *_classes(network, shares.shape[1])]])
            is_first = False
        lines = lines_of(shares)
        if single:
            answers = (f"{answer[:-1]}," for answer in _answer_lines(network, given))
            lines = list(chain.from_iterable(zip(answers, lines)))
        yield "".join(lines)


def _answer_lines(network: Network, given: Array) -> Iterable[str]:
    """A line for each row's answer, with its end."""
    terms = network.preprocessing
    if terms is not None and terms.labels is not None:
        lines = [_lines([[label]]) for label in np.array(terms.labels).tolist()]
        return map(lines.__getitem__, terms.classes(given).tolist())
    answers = answered(network, given)
    if answers.ndim == 1:
        return [f"{answer!r}\n" for answer in answers.tolist()]
    return (_lines([row]) for row in answers.tolist())


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


def _lines(rows: Sequence[Sequence[Any]]) -> str:
    """One line per row; where a row has several values, or a label has commas, as CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows(rows)
    return stream.getvalue()
