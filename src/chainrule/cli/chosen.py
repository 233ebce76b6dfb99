"""Options of `chainrule train` that were not given, as the rows decide them: chainrule.defaults in the command's terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from chainrule import defaults
from chainrule.cli.parts import Parts
from chainrule.costs import Cost
from chainrule.errors import counted
from chainrule.schedules import Schedule
from chainrule.updates import Rule
from chainrule.writing.numbers import exact

USUAL = {True: ("cross_entropy", "binary_cross_entropy"), False: ("quadratic",)}  # costs, of classes and of numbers
PLAIN = {"validation": 0.0, "schedule": "constant", "best": "last"}  # what is not mentioned


def listed(layers: tuple[int, ...]) -> str:
    """Hidden layers as --hidden takes them."""
    return ",".join(map(str, layers))


def _as_option(schedule: Schedule) -> str:
    """A schedule as --schedule takes it, without spaces and brackets, which a shell would want quoted."""
    return repr(schedule).replace("(", ":").replace(")", "").replace(" ", "")


FROM = f"from {defaults.LARGE:,} rows on"
HELP = {  # by option: its default, as the help says it
    "validation": f"0; {defaults.WATCHED:g} {FROM}",
    "hidden": f"{listed(defaults.FEW)}; {FROM} {listed(defaults.LARGER)}, and {listed(defaults.LARGEST)} where rows × "
    f"columns are {defaults.NUMBERS:,} or more",
    "batch_size": f"{defaults.BATCH[0]}; from {defaults.SMALL:,} rows on {defaults.BATCH[1]}, and {defaults.BATCH[2]} {FROM}",
    "schedule": f"constant; {_as_option(defaults.schedule(True))} with validation rows",
    "best": "score with validation rows, else last",
    "l2": f"{defaults.PENALTY:g} / rows, at most {defaults.MOST_PENALTY:g}; {defaults.ALPHA:g} / batch size with another "
    "cost or --scale none",
    "learning_rate": f"{defaults.RATE[True]:g} for {', '.join(defaults.SCALED)} {FROM}, with the schedule that is chosen there",
}


def chosen(asked: SimpleNamespace, rows: Parts, cost: Cost, rule: Rule, weights: Any = None) -> dict[str, Any]:
    """What the options come to that were not given, by their names and as they are given.

    `weights` are those of classes, {label: weight}: a row of weight 2 counts as two rows for the penalty.
    """
    count, watched = len(rows.learning) + len(rows.watched or ()), rows.watched is not None
    size = defaults.batch_size(count) if asked.batch_size is None else max(asked.batch_size, 1)
    weighted = count * _mean_weight(rows, weights)
    usual = cost.name in USUAL[rows.terms.labels is not None] and asked.scale == "standard"
    found = {
        "hidden": listed(defaults.hidden_layers(count, len(rows.table.columns))),
        "batch_size": size,
        "validation": defaults.WATCHED if watched else 0.0,
        "best": "score" if watched else "last",
        "schedule": _as_option(defaults.schedule(watched)),
        "l2": float(f"{defaults.l2(weighted) if usual else defaults.ALPHA / min(size, weighted):.4g}"),
    }
    rate = defaults.learning_rate(count, watched and asked.schedule is None, rule.name)
    if rate == defaults.RATE[True] and set(asked.rule).isdisjoint(":("):  # else it is the rule's own, or given with it
        found["learning_rate"] = rate
    return {name: value for name, value in found.items() if getattr(asked, name) is None}


def _mean_weight(rows: Parts, weights: Any) -> float:
    """Of the rows that are learnt from, by their classes."""
    if not isinstance(weights, Mapping) or rows.train.target is None:
        return 1.0
    return sum(weights.get(label, 1.0) for label in rows.train.target.tolist()) / len(rows.train) or 1.0


def said(found: Mapping[str, Any], rows: int) -> Iterator[str]:
    """What was chosen, in a line of options that would choose it again; nothing where all was given."""
    options = [
        f"--{name.replace('_', '-')}={exact(value) if isinstance(value, float) else value}"
        for name, value in found.items()
        if value != PLAIN.get(name)
    ]
    if options:
        yield f"chosen    for {counted(rows, 'row')}: {' '.join(options)}"
