"""The docstrings of both estimators have an entry for each parameter, with its default, and for each fitted attribute."""

from __future__ import annotations

import ast
import inspect
import re
from typing import Any

import pytest
from sklearn.datasets import load_iris

from chainrule.estimators import NetworkClassifier, NetworkRegressor

KINDS = [NetworkClassifier, NetworkRegressor]
DIFFERENT = {"loss", "alpha", "validation_fraction", "standardize", "class_weight"}  # entries that depend on the task


def entries(kind: Any, section: str) -> dict[str, tuple[str, str]]:
    """(type and default, description) of each entry of a section by its name."""
    text = inspect.getdoc(kind).partition(f"{section}\n{'-' * len(section)}\n")[2].partition("\n\n")[0]
    found = re.findall(r"^(\w+) : (.+)\n((?:    .+(?:\n|$))+)", text, re.MULTILINE)
    assert len(found) == len(re.findall(r"^\S", text, re.MULTILINE))
    return {name: (kind_of, said) for name, kind_of, said in found}


def public(estimator: Any) -> set[str]:
    """The attributes that a fit leaves, those that are computed on demand included."""
    names = {*vars(estimator), *dir(type(estimator))}
    return {name for name in names if name.endswith("_") and not name.startswith("_")}


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_is_described_with_its_default(kind: Any) -> None:
    written = entries(kind, "Parameters")
    assert list(written) == list(inspect.signature(kind).parameters)
    defaults = {name: ast.literal_eval(said.rpartition("default=")[2]) for name, (said, _) in written.items()}
    assert defaults == kind().get_params()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_attribute_after_fit_is_described(kind: Any) -> None:
    x, y = load_iris(return_X_y=True, as_frame=True)
    fitted = kind(max_iter=1, early_stopping=True).fit(x, y)
    assert set(entries(kind, "Attributes")) == public(fitted)


def test_what_both_have_in_common_is_described_alike() -> None:
    for section in ("Parameters", "Attributes"):
        mine, theirs = (entries(kind, section) for kind in KINDS)
        for name in mine.keys() & theirs.keys() - DIFFERENT - {"loss_curve_", "validation_scores_"}:
            assert mine[name] == theirs[name], name
