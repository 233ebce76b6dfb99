"""What a report says at length: the page of one run, from its facts."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from chainrule.confusions import Confusions
from chainrule.data.overview import overview_rows
from chainrule.errors import counted
from chainrule.names import printable
from chainrule.pictures.scene import Scene
from chainrule.result_page import ResultPage
from chainrule.result_parts import Caution, Facts, Gallery, Grid, Listing, Part, Picture, Section, Tiles
from chainrule.run_facts import RunFacts, curve_text, settings_rows, settings_text, titled
from chainrule.run_figures import (
    cost_figure,
    gradient_figure,
    rate_figure,
    score_figure,
    seconds_figure,
    update_figure,
)
from chainrule.scores import TITLES, interval
from chainrule.writing.numbers import minus, short

EPOCHS_LISTED = 60  # at the beginning and at the end of the table of epochs, together
MATRIX = 30  # classes of a confusion matrix that is shown
REMARK = 76  # characters of a remark in Python
WIDE_NAMES = 14  # characters of a class's name above a column


def report_page(run: RunFacts) -> ResultPage:
    """The whole report."""
    sections = [
        Section("", [*map(Caution, run.warnings), Tiles(_tiles(run))]),
        Section("How it went", [*_course(run), *_figures(run)]),
        Section("Answers", [*_answers(run)]),
        Section("Data", [Facts(_data(run)), *_columns(run)]),
        Section("Network and settings", [Facts(_settings(run))]),
        Section("How to reproduce it", [*_reproduce(run)]),
        Section("Environment", [Facts(_environment(run))]),
        Section("Epochs", [*_epochs(run)], folded=True),
    ]
    return ResultPage(
        _line(f"{run.data}: {headline(run)}"), _line(run.in_short), [each for each in sections if each.parts]
    )


def headline(run: RunFacts) -> str:
    """What a reader wants to know first: the score on rows that were not learnt from, or that there is none."""
    if run.ended.startswith("diverged"):
        return run.ended
    tested = test_rows(run)
    for key in ("test_accuracy", "test_subset_accuracy", "test_r_squared"):
        if key in run.results:
            return f"{titled(key)} {score_text(run.results[key])}" + (f" on {counted(tested, 'row')}" if tested else "")
    if run.history and run.history[-1].get("validation_score") is not None:
        best = best_epoch(run)
        facts = run.history[-1] if best is None else best
        return f"validation {TITLES[facts['validation_measure']]} {score_text(facts['validation_score'])}"
    return f"cost {short(run.cost_after)}" if run.cost_after is not None else run.course


def test_rows(run: RunFacts) -> int | None:
    """How many rows it was tested on, where the report knows."""
    if "rows" in run.tested:
        return int(run.tested["rows"])
    classes = run.results.get("test_classes", {}).get("classes", ())
    return sum(each["rows"] for each in classes) or None


def best_epoch(run: RunFacts) -> Mapping[str, Any] | None:
    """The epoch with the lowest validation cost, or the highest score where that is what was watched."""
    watched = [facts for facts in run.history if facts.get("validation_cost") is not None]
    if not watched:
        return None
    if run.settings.get("best") == "score":
        return max(watched, key=lambda facts: (facts["validation_score"] or -math.inf, -facts["validation_cost"]))
    return min(watched, key=lambda facts: facts["validation_cost"])


def score_text(value: float | None) -> str:
    """A score with four decimals."""
    return "undefined" if value is None else minus(f"{value:.4f}")


# the numbers to read first -------------------------------------------------------------------------------------------
def _tiles(run: RunFacts) -> list[tuple[str, str, str]]:
    tiles = [*_score_tiles(run)]
    best = best_epoch(run)
    if best is not None:
        tiles.append(("lowest validation cost" if run.settings.get("best") != "score" else "best validation cost",
                      short(best["validation_cost"]), f"epoch {best['number']:,}"))  # fmt: skip
    if run.cost_before is not None and run.cost_after is not None:
        tiles.append(("cost", short(run.cost_after), f"{short(run.cost_before)} before training"))
    asked = f" of {run.epochs_asked:,}" if run.epochs_asked not in (None, run.epochs) else ""
    tiles.append(("epochs", f"{run.epochs:,}{asked}", counted(run.steps, "step")))
    tiles.append(("time", _time(run.seconds), f"{_time(run.seconds / run.epochs)} per epoch" if run.epochs else ""))
    return tiles


def _score_tiles(run: RunFacts) -> Iterator[tuple[str, str, str]]:
    rows = test_rows(run)
    for key, value in sorted(run.results.items(), key=lambda pair: not pair[0].startswith("test")):  # the test first
        if not isinstance(value, float) and value is not None:
            continue
        part, _, measure = key.partition("_")
        remark = ""
        if part == "test" and rows:
            remark = f"on {counted(rows, 'row')}"
            if measure == "accuracy" and value is not None:
                low, high = interval(value, rows)
                remark = f"{round(value * rows):,} of {counted(rows, 'row')}; 95 % interval {low:.3f} to {high:.3f}"
        elif part == "train":
            remark = f"on {counted(run.rows, 'row')} it learnt from"
        text = score_text(value) if measure in TITLES else short(value) if value is not None else "undefined"
        yield titled(key), text, remark


def _time(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest:.0f} s" if minutes else f"{seconds:.2f} s"


# how it went ---------------------------------------------------------------------------------------------------------
def _course(run: RunFacts) -> Iterator[Part]:
    yield " ".join(_course_sentences(run))


def _course_sentences(run: RunFacts) -> Iterator[str]:
    ended = run.ended if run.ended != "finished" else f"finished after {counted(run.epochs, 'epoch')}"
    yield f"The training {ended}." if not ended.startswith("saved") else f"The run was {ended}."
    if run.kept:
        yield f"The network that was kept is that of {run.kept}."
    elif run.epochs and run.ended == "finished":
        yield "The network that was kept is that of the last epoch."
    rates = {facts.get("learning_rate") for facts in run.history}
    if len(rates) == 1 and (rate := rates.pop()) is not None:
        yield f"The learning rate was {short(rate)} throughout."
    if len(run.history) < 2:
        yield "With one epoch there are no curves." if run.history else "No epoch was finished: there are no curves."


def _figures(run: RunFacts) -> Iterator[Part]:
    found = [*_pictures(run)]
    if found:
        yield Gallery(found)
    elif run.history and run.history[0].get("gradient_norms"):
        facts = run.history[0]
        norms = enumerate(zip(facts["gradient_norms"], facts["update_ratios"]), 1)
        rows = [[f"{layer}", *map(_number, each)] for layer, each in norms]
        yield "In its last step:"
        yield Grid([["layer", "gradient ‖∂C/∂θˡ‖", "step ‖Δθˡ‖ / ‖θˡ‖"], *rows], ">")


def _pictures(run: RunFacts) -> Iterator[Picture]:
    history = run.history
    if len(history) < 2:  # a curve has two points at least
        return
    watched = history[-1].get("validation_cost") is not None
    says = "Mean over the steps of each epoch, each taken before its move"
    yield _picture(
        "Cost", cost_figure, run, "cost", says + ("; circled: the lowest validation cost." if watched else ".")
    )
    if history[-1].get("validation_score") is not None:
        title = f"Validation {TITLES[history[-1]['validation_measure']]}"
        yield _picture(title, score_figure, run, "validation_score", "After each epoch; the highest is circled.")
    rates = {facts.get("learning_rate") for facts in history}
    if len(rates) > 1:
        yield _picture("Learning rate", rate_figure, run, "learning_rate", "That of the last step of each epoch.")
    if any(facts.get("gradient_norms") for facts in history):
        yield _by_layer("Gradient: ‖∂C/∂θˡ‖ of layer l", gradient_figure, run, "gradient_norms",
                        "Length in the last step of an epoch, before clipping; numbers are layers.")  # fmt: skip
        yield _by_layer("Step: ‖Δθˡ‖ / ‖θˡ‖ of layer l", update_figure, run, "update_ratios",
                        "How far the last step of an epoch moved a layer; dashed: 10⁻³, which is usual.")  # fmt: skip
    yield _picture("Time per epoch", seconds_figure, run, "seconds", "Seconds, validation included.")


def _picture(
    title: str, draw: Callable[[Sequence[Mapping[str, Any]]], Scene], run: RunFacts, key: str, says: str
) -> Picture:
    return Picture(title, draw(run.history), says, curve_text(run.history, key))


def _by_layer(
    title: str, draw: Callable[[Sequence[Mapping[str, Any]]], Scene], run: RunFacts, key: str, says: str
) -> Picture:
    last = next(facts[key] for facts in reversed(run.history) if facts.get(key))
    line = ", ".join("∞" if each is None else short(each, 2) for each in last)
    return Picture(title, draw(run.history), says, f"{line} at the end, by layer")


# how well it answers -------------------------------------------------------------------------------------------------
def _answers(run: RunFacts) -> Iterator[Part]:
    for part in ("test", "train"):
        told = run.results.get(f"{part}_classes")
        if told:
            yield from _confusions(told, "test rows" if part == "test" else "rows it learnt from")
    check = run.results.get("gradient_check")
    if isinstance(check, Mapping) and check.get("distance") is not None:
        mark = {True: "holds", False: "does not hold"}.get(check.get("holds"), "is undecided")  # type: ignore[arg-type]
        yield (f"Gradient check: backpropagation against central differences {mark}, ‖Δ‖/‖g‖ = {short(check['distance'], 2)} "
               f"over {counted(check['checked'], 'derivative')}.")  # fmt: skip


def _confusions(told: Mapping[str, Any], of: str) -> Iterator[Part]:
    found = Confusions.of_json(told)
    if found is None or len(found.labels) > MATRIX:
        yield f"Precision and recall of each class on the {of}."
        yield Grid([["class", "rows", "precision", "recall"],
                    *([_line(str(each["class"])), f"{each['rows']:,}", _rate(each["precision"]), _rate(each["recall"])]
                      for each in told["classes"])])  # fmt: skip
        return
    yield f"The {of}: a row for each class, a column for each answer; right answers are on the diagonal."
    names = [_line(label) for label in found.labels]
    heads = names if max(map(len, names)) <= WIDE_NAMES else [f"{place}" for place in range(1, len(names) + 1)]
    rows = names if heads is names else [f"{head}  {name}" for head, name in zip(heads, names)]
    counts, (precision, recall) = found.counts.tolist(), found.rates
    body = [
        [name, *(f"{n:,}" if n else "·" for n in line), _rate(rate)]
        for name, line, rate in zip(rows, counts, recall.tolist())
    ]
    shades = [[None, *(n / max(1, sum(line)) * 0.6 for n in line), None] for line in counts]
    yield Grid([["class", *heads, "recall"], *body, ["precision", *map(_rate, precision.tolist()), ""]], "<>", shades)


def _rate(value: float | None) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:.2f}"


# what it learnt from, and how ----------------------------------------------------------------------------------------
def _data(run: RunFacts) -> list[tuple[str, str]]:
    rows = [("data", _line(run.data)), ("rows to learn from", f"{run.rows:,}")]
    if run.watched is not None:
        rows.append(("validation rows", f"{run.watched:,}"))
    tested = test_rows(run)
    if tested is not None:
        rows.append(("test rows", f"{tested:,}"))
    return rows


def _columns(run: RunFacts) -> Iterator[Part]:
    if run.became:
        rows = overview_rows(run.became)
        yield Grid([[_line(cell) for cell in row] for row in rows], "<>><")


def _settings(run: RunFacts) -> list[tuple[str, str]]:
    seed = "unknown: a generator was given" if run.seed is None else str(run.seed)
    return [
        ("network", run.network),
        ("cost", run.cost),
        ("rule", minus(run.rule)),
        ("batch size", f"{run.batch_size:,}"),
        ("epochs", f"{run.epochs:,}" if run.epochs_asked is None else f"{run.epochs_asked:,}"),
        ("order of rows", "shuffled before each epoch" if run.shuffle else "as given, not shuffled"),
        *([("layers held fixed", ", ".join(map(str, run.fixed)))] if run.fixed else []),
        *settings_rows(run.settings),
        *([("chosen by the rows", settings_text(run.chosen))] if run.chosen else []),
        ("seed", seed),
    ]


def _reproduce(run: RunFacts) -> Iterator[Part]:
    if run.command:
        yield "On the command line:"
        yield Listing(run.command)
        yield "In Python, with the network as it was before training and the rows it learnt from:"
    else:
        yield "With the network as it was before training and the rows it learnt from:"
    yield Listing(_python(run))
    if run.seed is None:
        yield "The order of the rows came from a generator that was handed in. With a seed, as seed=0, a run can be repeated."
    else:
        threads = "" if run.threads is None else f" and {counted(run.threads, 'thread')}"
        yield (
            f"The same seed gives the same bits on the same engine ({run.engine}) with the same NumPy{threads}; elsewhere "
            "sums may be rounded in another order."
        )


def _python(run: RunFacts) -> str:
    """The call of `train` that the run was."""
    arguments = {
        "rule": f"cr.{run.rule}",
        "cost": f"cr.{run.cost}" if "(" in run.cost else repr(run.cost),
        "epochs": str(run.epochs_asked or run.epochs),
        "batch_size": str(run.batch_size),
        "seed": "seed" if run.seed is None else str(run.seed),
        **({"validation": "validation"} if run.watched is not None else {}),
        **({"engine": repr(run.engine)} if run.engine != "reference" else {}),
        **({} if run.shuffle else {"shuffle": "False"}),
        **({"fixed": repr(list(run.fixed))} if run.fixed else {}),
        **{key: repr(value) for key, value in run.settings.items()},
    }
    lines = "".join(f"    {key}={value},\n" for key, value in arguments.items())
    known = [f"network: {run.network}", f"data: {counted(run.rows, 'row')} of {_line(run.data)}"]
    known += [] if run.watched is None else [f"validation: the {counted(run.watched, 'row')} that were watched"]
    remarks = [line for each in known for line in textwrap.wrap(f"# {each}", REMARK, subsequent_indent="#   ")]
    return "\n".join(["import chainrule as cr", "", *remarks, f"run = cr.train(\n    network,\n    data,\n{lines})"])


def _environment(run: RunFacts) -> list[tuple[str, str]]:
    threads = [] if run.threads is None else [("threads", f"{run.threads} (of BLAS, in a step)")]
    names = {"python": "Python", "numpy": "NumPy"}
    return [
        ("engine", run.engine),
        *threads,
        *((names.get(name, name), str(value)) for name, value in run.versions.items()),
        *([("model, SHA-256", run.model_sha256)] if run.model_sha256 else []),
    ]


def _epochs(run: RunFacts) -> Iterator[Part]:
    """The epochs in numbers; of very many the first and the last."""
    if not run.history:
        return
    keys = [key for key in ("cost", "validation_cost", "validation_score", "learning_rate", "seconds")
            if any(facts.get(key) is not None for facts in run.history)]  # fmt: skip
    listed = list(run.history)
    half = EPOCHS_LISTED // 2
    rows = [[f"{facts['number']:,}", *(_number(facts.get(key)) for key in keys)] for facts in listed]
    if len(rows) > EPOCHS_LISTED:
        rows = [*rows[:half], ["…"], *rows[-half:]]
        yield f"The first and the last {half} of {len(listed):,} epochs; the report in JSON has all of them."
    yield Grid([["epoch", *(key.replace("_", " ") for key in keys)], *rows], ">")


def _number(value: float | None) -> str:
    return "–" if value is None else short(float(value))


def _line(text: str) -> str:
    """A name from outside in one line, without signs that a terminal would obey."""
    return printable(text).replace("\n", "␊")
