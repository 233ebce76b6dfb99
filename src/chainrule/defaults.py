"""Settings that the rows decide unless they are given, in the estimators as in `chainrule train`.

They are chosen by what benchmarks/estimators.py measures.
"""

from __future__ import annotations

from chainrule.schedules import Schedule, constant, reduce_on_plateau

LARGE = 10_000  # rows from which a part is held out to stop early, as scikit-learn's HistGradientBoosting does
SMALL = 1_000  # rows below which steps of few rows are taken, so that there are enough of them
BATCH = 32, 200, 256  # below SMALL, below LARGE, and from there on
FEW, LARGER, LARGEST = (100,), (64, 32), (256, 128)  # hidden layers for fewer, for as many, and where there are
NUMBERS = 500_000  # entries (rows times columns) or more
RATE = {False: 0.001, True: 0.003}  # by whether a rate that falls where nothing is gained begins on so many rows
SCALED = "adam", "adamw", "rmsprop"  # rules whose steps do not grow with the gradient
WATCHED = 0.1  # the share of the rows that is held out
EPOCHS = 200  # at most
PATIENCE, TOL = 10, 1e-4  # training ends after so many epochs in a row that gain less than TOL
# Beside the mean cost stands ½ l2 Σ w², with l2 = PENALTY / rows: the more rows, the less is left to the penalty.
# That supposes errors of about 1. Where their scale is not known, ½ ALPHA Σ w² stands beside the sum of a step's costs, as
# in scikit-learn.
PENALTY, MOST_PENALTY, ALPHA = 5.0, 0.01, 0.0001


def hidden_layers(rows: int, columns: int) -> tuple[int, ...]:
    """The neurons of each hidden layer."""
    if rows < LARGE:
        return FEW
    return LARGER if rows * columns < NUMBERS else LARGEST


def batch_size(rows: int) -> int:
    """The rows of a step."""
    return BATCH[(rows >= SMALL) + (rows >= LARGE)]


def watches(rows: int) -> bool:
    """Whether a share of the rows, WATCHED, is looked at after each epoch and not learnt from."""
    return rows >= LARGE


def schedule(watched: bool) -> Schedule:
    """The learning rate: where rows are watched, a fifth after four epochs in a row without a lower cost of them."""
    return reduce_on_plateau(0.2, 3) if watched else constant()


def learning_rate(rows: int, falls: bool, rule: str) -> float:
    """That of the first steps, by a rule of this name; `falls` says whether it falls by the schedule above."""
    return RATE[rows >= LARGE and falls and rule in SCALED]


def l2(rows: float) -> float:
    """The penalty of rows that count for so many by their weights, where errors are about 1."""
    return min(PENALTY / rows, MOST_PENALTY)
