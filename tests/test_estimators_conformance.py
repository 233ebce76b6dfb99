"""scikit-learn's own checks of an estimator, on both of ours: default, and one parameter at a time."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from networks import PROOF
from sklearn.utils.estimator_checks import estimator_checks_generator

from chainrule.estimators import NetworkClassifier, NetworkRegressor

BOTH = (NetworkClassifier, NetworkRegressor)
ONE_AT_A_TIME: dict[str, dict[str, Any]] = {
    "default": {},
    "reference": {"engine": "reference"},
    "compiled": {"engine": "compiled"},
    "lbfgs": {"solver": "lbfgs"},
    "sgd": {"solver": "sgd"},
    "delta rule": {"solver": "delta_rule", "learning_rate_init": 0.1},
    "momentum": {"solver": "momentum", "learning_rate_init": 0.01},
    "nesterov": {"solver": "nesterov", "learning_rate_init": 0.01},
    "rmsprop": {"solver": "rmsprop"},
    "adamw": {"solver": "adamw"},
    "dropout": {"dropout": 0.2},
    "early stopping": {"early_stopping": True},
    "as they are": {"standardize": False},
    "invscaling": {"learning_rate": "invscaling", "power_t": 0.1, "learning_rate_init": 0.01},
    "adaptive": {"learning_rate": "adaptive"},
    "cosine": {"learning_rate": "cosine"},
    "three hidden layers": {"hidden_layer_sizes": (32, 16, 8), "learning_rate_init": 0.01},
    "no hidden layer": {"hidden_layer_sizes": (), "solver": "sgd", "learning_rate_init": 0.05},
    "tanh": {"activation": "tanh"},
    "balanced": {"class_weight": "balanced"},
    "clipped": {"clip_norm": 1.0},
    "l1": {"l1": 1e-4},
    "batches of 16": {"batch_size": 16},
    "in order": {"shuffle": False},
}
EQUIVALENT = ("check_sample_weight_equivalence_on_dense_data", "check_sample_weight_equivalence_on_sparse_data")
ENDED = "it ends where little is gained, which is not the same point to seven digits"
DRAWN = "dropout draws for each row: for a row given twice it draws twice, for a row of weight 2 once"
CUT = "a batch has 16 rows, whatever they weigh, and a row given twice takes two of the places"
WATCHED = "which rows are held out is drawn by row, and a row given twice may be held out once"
FEW = (
    "a few rows are held out, and one class alone weighs anything: the best epoch is the first that has its rows right"
)
EXPECTED = {  # by check, and what the check contradicts
    "lbfgs": dict.fromkeys(EQUIVALENT, ENDED),
    "dropout": dict.fromkeys(EQUIVALENT, DRAWN),
    "batches of 16": dict.fromkeys(EQUIVALENT, CUT),
    "early stopping": {**dict.fromkeys(EQUIVALENT, WATCHED), "check_class_weight_classifiers": FEW},
}
CHECKED = [
    pytest.param(estimator, check, id=f"{type(estimator).__name__}-{check.func.__name__}")
    for given in (kind(random_state=0) for kind in BOTH)
    for estimator, check in estimator_checks_generator(given)
    if check.func.__name__ != "check_array_api_input"  # below: SciPy is to be told before it is imported
]
IN_A_PROCESS = """
import json, sys, warnings
warnings.simplefilter("ignore")
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator
from chainrule.estimators import NetworkClassifier, NetworkRegressor
asked, only = json.loads(sys.argv[1]), sys.argv[2]
for kind in (NetworkClassifier, NetworkRegressor):
    if not asked.keys() <= kind().get_params().keys():
        continue
    estimator = kind(random_state=0, **asked)
    if only:
        for each, check in estimator_checks_generator(estimator):
            if check.func.__name__ == only:
                check(each)
                print(json.dumps([kind.__name__, only, "passed", ""]))
    else:
        for row in check_estimator(estimator, on_skip=None, on_fail=None):
            print(json.dumps([kind.__name__, row["check_name"], row["status"], str(row["exception"])[:400]]))
"""


def checked(asked: dict[str, Any], only: str = "") -> list[list[str]]:
    """[estimator, check, status, error] of each check, or of one, in a process where SciPy takes arrays of other libraries."""
    command = [sys.executable, "-c", IN_A_PROCESS, json.dumps(asked), only]
    said = subprocess.run(
        command, env={**os.environ, "SCIPY_ARRAY_API": "1"}, capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
    return [json.loads(line) for line in said.stdout.splitlines()]


@pytest.mark.parametrize(("estimator", "check"), CHECKED)
@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_own_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def test_arrays_of_other_libraries_are_taken() -> None:
    names = {check.func.__name__ for _, check in estimator_checks_generator(NetworkClassifier())}
    if "check_array_api_input" not in names:
        pytest.skip("this scikit-learn has no such check")
    assert [row[:3] for row in checked({}, "check_array_api_input")] == [
        [kind.__name__, "check_array_api_input", "passed"] for kind in BOTH
    ]


@pytest.mark.skipif(not PROOF, reason="long: make proof runs it")
@pytest.mark.parametrize("name", ONE_AT_A_TIME)
def test_all_pass_and_none_is_skipped_with(name: str) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("polars")
    rows = checked(ONE_AT_A_TIME[name])
    assert len({row[1] for row in rows}) > 40
    expected = EXPECTED.get(name, {})
    others = [row for row in rows if row[2] != "passed" and row[1] not in expected]
    assert not others
    assert expected.keys() <= {row[1] for row in rows if row[2] == "failed"}


def test_three_checks_are_expected_to_fail_with_some_parameter() -> None:
    """The equivalence of weights and repeated rows is one check, on dense rows and on sparse ones."""
    checks = {
        name.removesuffix("_on_dense_data").removesuffix("_on_sparse_data") for row in EXPECTED.values() for name in row
    }
    assert len(checks) <= 3
    assert EXPECTED.keys() <= ONE_AT_A_TIME.keys()
