"""Which of several runs is better, by what, and whether chance can explain it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chainrule.answered_rows import AnsweredRows
from chainrule.errors import counted
from chainrule.report_sections import best_epoch, test_rows
from chainrule.run_facts import RunFacts, titled
from chainrule.scores import TITLES, interval
from chainrule.writing.numbers import minus, short

LEVEL = 0.05
FEWEST = 30  # rows from which on a mean is taken to be distributed normally
SCORES = ("test_accuracy", "test_subset_accuracy", "test_r_squared")


@dataclass(frozen=True)
class Verdict:
    """`better` is the letter of the best run by `measure`, None where none is; `chance` says whether chance can explain it.

    `chance` is None where that cannot be said from what the reports hold.
    """

    better: str | None
    measure: str
    sentences: tuple[str, ...]
    chance: bool | None = None
    numbers: Mapping[str, Any] | None = None
    equal: str = ""  # the letters of the best two where none is better

    @property
    def in_short(self) -> str:
        """The verdict in a line."""
        if self.better is None:
            return f"{self.equal} have the same {self.measure}" if self.measure else "They cannot be compared"
        tail = {True: ", by no more than chance can explain", False: ", by more than chance explains"}
        return f"{self.better} has the better {self.measure}{'' if self.chance is None else tail[self.chance]}"

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "better": self.better,
            "measure": self.measure,
            "chance_can_explain_it": self.chance,
            **(self.numbers or {}),
            "text": list(self.sentences),
        }


def verdict_on(runs: Mapping[str, RunFacts]) -> Verdict:
    """The verdict on runs by their letters: by their test rows, else by validation rows, else by the rows they learnt from."""
    tested = {run.tested.get("targets_sha256") for run in runs.values()}
    if len({run.data for run in runs.values()}) > 1 and (None in tested or len(tested) > 1):
        return Verdict(None, "", ("They learnt from different data: there is nothing to compare them by.",))
    for key in SCORES:
        if all(isinstance(run.results.get(key), float) for run in runs.values()):
            return _by_test(runs, key)
    found = {letter: best_epoch(run) for letter, run in runs.items()}
    rows = {(run.cost, run.rows, run.watched) for run in runs.values()}
    if all(best is not None for best in found.values()) and len(rows) == 1:
        return _by_validation({letter: best for letter, best in found.items() if best is not None})
    return _by_cost(runs)


# on test rows --------------------------------------------------------------------------------------------------------
def _by_test(runs: Mapping[str, RunFacts], key: str) -> Verdict:
    order = sorted(runs, key=lambda letter: -float(runs[letter].results[key]))
    first, second = order[0], order[1]
    measure, values = titled(key), {letter: float(runs[letter].results[key]) for letter in order}
    said = ", ".join(f"{letter} {minus(f'{values[letter]:.4f}')}" for letter in order)
    sentences, chance, numbers = _compared(runs[first], runs[second], first, second, key)
    better = first if values[first] != values[second] else None
    if len(runs) > 2:
        sentences = (f"The best two are {first} and {second}.", *sentences)
        sentences += (
            "Of many runs the best is likely to owe a part of its score to chance: test it on rows not used so far.",
        )
    return Verdict(
        better,
        measure,
        (f"{measure[0].upper()}{measure[1:]}: {said}.", *sentences),
        chance,
        numbers,
        f"{first} and {second}",
    )


Compared = tuple[tuple[str, ...], bool | None, dict[str, Any]]


def _compared(one: RunFacts, other: RunFacts, a: str, b: str, key: str) -> Compared:
    """Two runs on their test rows: row by row where they are the same and the reports tell how each was answered."""
    rows = AnsweredRows.of_json(one.tested), AnsweredRows.of_json(other.tested)
    if rows[0] is not None and rows[1] is not None and rows[0].targets == rows[1].targets:
        if rows[0].right is not None and rows[1].right is not None:
            return mcnemar(rows[0].right, rows[1].right, a, b)
        if rows[0].squared_errors is not None and rows[1].squared_errors is not None:
            return paired(rows[0].squared_errors, rows[1].squared_errors, a, b)
    counts = test_rows(one), test_rows(other)
    same = rows[0] is not None and rows[1] is not None and rows[0].targets == rows[1].targets
    if key == "test_accuracy" and counts[0] and counts[1]:
        shares = float(one.results[key]), float(other.results[key])
        return newcombe(shares, (counts[0], counts[1]), a, b, same if None not in rows else None)
    where = "the same rows" if same else "rows that may differ"
    return (f"They were tested on {where}, and the reports do not tell how each was answered: whether chance can explain the "
            "difference cannot be said.",), None, {}  # fmt: skip


def mcnemar(right: Any, other: Any, a: str, b: str) -> Compared:
    """McNemar's exact test (1947) of two classifiers on the same rows: of the rows that one answers right, the other wrong."""
    only_a, only_b = int((right & ~other).sum()), int((other & ~right).sum())
    p = sign_test(only_a, only_b)
    rows = len(right)
    numbers = {"rows": rows, "only_right": {a: only_a, b: only_b}, "mcnemar_p": p}
    says = (
        f"On the same {counted(rows, 'test row')} {a} is right on {only_a:,} that {b} misses, and {b} on {only_b:,} that "
        f"{a} misses."
    )
    if only_a + only_b == 0:
        return (f"On the same {counted(rows, 'test row')} both are right and wrong on the same ones.",), True, numbers
    return (says, f"{_chance(p >= LEVEL)}: McNemar's exact test gives p = {short(p, 2)}."), p >= LEVEL, numbers


def sign_test(wins: int, losses: int) -> float:
    """How likely a fair coin is to fall at least as unevenly, on either side (exact, two-sided)."""
    count, fewer = wins + losses, min(wins, losses)
    tail = sum(math.comb(count, i) for i in range(fewer + 1))
    return (
        min(1.0, 2 * tail / 2**count)
        if count < 1000
        else min(1.0, math.erfc((abs(wins - losses) - 1) / math.sqrt(2 * count)))
    )


def paired(errors: Any, others: Any, a: str, b: str) -> Compared:
    """The mean difference of squared errors on the same rows, with an interval from the differences row by row."""
    gaps = others - errors
    mean, rows = float(gaps.mean()), len(gaps)
    numbers: dict[str, Any] = {"rows": rows, "mean_squared_error": {a: float(errors.mean()), b: float(others.mean())}}
    says = (f"On the same {counted(rows, 'test row')} the mean squared error is {short(float(errors.mean()))} for {a} and "
            f"{short(float(others.mean()))} for {b}.")  # fmt: skip
    if rows < FEWEST:
        return (says, f"On {counted(rows, 'row')} that says little: other rows may give another order."), None, numbers
    half = 1.96 * float(gaps.std(ddof=1)) / math.sqrt(rows)
    numbers |= {"difference": mean, "interval": [mean - half, mean + half]}
    chance = mean - half <= 0 <= mean + half
    ends = f"{short(mean - half, 3)} to {short(mean + half, 3)}"
    return (
        (says, f"{_chance(chance)}: {b} less {a} is {short(mean, 3)}, 95 % interval {ends}, row by row."),
        chance,
        numbers,
    )


def newcombe(shares: tuple[float, float], rows: tuple[int, int], a: str, b: str, same: bool | None) -> Compared:
    """The difference of two accuracies with a 95 % interval from Wilson's two (Newcombe 1998, method 10)."""
    (p, q), (low_p, high_p), (low_q, high_q) = shares, interval(shares[0], rows[0]), interval(shares[1], rows[1])
    gap = p - q
    low = gap - math.hypot(p - low_p, high_q - q)
    high = gap + math.hypot(high_p - p, q - low_q)
    chance = low <= 0 <= high
    numbers = {"rows": list(rows), "difference": gap, "interval": [low, high]}
    where = f"on {counted(rows[0], 'row')} and {counted(rows[1], 'row')}"
    ends = f"95 % interval {short(low, 2)} to {short(high, 2)}"
    note = (
        "They are the same rows, so that the real interval is likely narrower; the reports do not tell it."
        if same
        else "The reports do not say whether the rows are the same."
        if same is None
        else "They were tested on different rows."
    )
    says = (
        f"{_chance(chance)}: {a} less {b} is {short(gap, 2)} {where}, {ends}."
        if gap
        else f"They are equal {where}, {ends}."
    )
    return (f"{says} {note}",), chance, numbers


def _chance(can: bool) -> str:
    return "Chance can explain the difference" if can else "Chance hardly explains the difference"


# without test rows ---------------------------------------------------------------------------------------------------
def _by_validation(best: Mapping[str, Mapping[str, Any]]) -> Verdict:
    order = sorted(best, key=lambda letter: float(best[letter]["validation_cost"]))
    measure = "validation cost"
    return Verdict(
        order[0] if _apart(best, order) else None,
        measure,
        tuple(_validation_sentences(best, order)),
        equal=" and ".join(order[:2]),
    )


def _apart(best: Mapping[str, Mapping[str, Any]], order: list[str]) -> bool:
    return best[order[0]]["validation_cost"] != best[order[1]]["validation_cost"]


def _validation_sentences(best: Mapping[str, Mapping[str, Any]], order: list[str]) -> Iterator[str]:
    said = [
        f"{letter} {short(float(best[letter]['validation_cost']))} in epoch {best[letter]['number']:,}"
        for letter in order
    ]
    yield f"Lowest validation cost: {', '.join(said)}."
    scores = [f"{letter} {best[letter]['validation_score']:.4f}" for letter in order
              if best[letter].get("validation_score") is not None]  # fmt: skip
    if scores:
        yield f"There the {TITLES[best[order[0]]['validation_measure']]} is {', '.join(scores)}."
    yield "None was tested: the lowest of many epochs is a hopeful number, and costs on other rows cannot be compared."


def _by_cost(runs: Mapping[str, RunFacts]) -> Verdict:
    costs = {letter: run.cost_after for letter, run in runs.items()}
    known = {letter: cost for letter, cost in costs.items() if cost is not None and math.isfinite(cost)}
    if len({(run.cost, run.rows) for run in runs.values()}) > 1 or len(known) < len(costs):
        why = "They have no score in common, nor a cost on as many rows: there is nothing to compare them by."
        return Verdict(None, "", (why,))
    order = sorted(known, key=lambda letter: known[letter])
    said = ", ".join(f"{letter} {short(known[letter])}" for letter in order)
    warn = "That is the cost on the rows they learnt from, and says nothing of others: keep rows apart, with validation=0.1."
    better = order[0] if known[order[0]] != known[order[1]] else None
    return Verdict(better, "cost", (f"Cost after training: {said}.", warn), equal=" and ".join(order[:2]))
