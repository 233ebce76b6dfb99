"""scikit-learn's own tests of its MLP, as they are installed, run on NetworkClassifier and NetworkRegressor.

The two get the constructors of MLPClassifier and MLPRegressor, their defaults, and no standardisation. Where an error says
the same in other words, scikit-learn's words are added to ours, for its tests compare sentences.
"""

import importlib.util
import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from unittest import mock

import numpy as np
import pytest
import sklearn.neural_network
from networks import PROOF

from chainrule.estimators import NetworkClassifier, NetworkRegressor

LEFT_OUT = {  # because they read or write what is private there
    "test_fit": "sets coefs_, _coef_grads and _intercept_velocity of an estimator that was never fitted",
    "test_gradient": "calls _loss_grad_lbfgs; test_estimators.py compares the objective of L-BFGS with differences",
    "test_learning_rate_warmstart": "reads _optimizer.learning_rate",
    "test_adaptive_learning_rate": "reads _optimizer.learning_rate",
    "test_n_iter_no_change": "reads _no_improvement_count",
    "test_n_iter_no_change_inf": "reads _no_improvement_count",
}
LONG = [
    "test_lbfgs_classification",
    "test_partial_fit_classification",
    "test_partial_fit_regression",
]  # a second and more
SAME = {  # what ours says: scikit-learn's sentence
    "Nothing was learnt": "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed.",
    "have one row only": "The least populated classes in y have only 1 member. Classes with too few members are: ['True']. "
    "The least populated class in y has only 1 member",
    "warm_start=True goes on": "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
    "Previously got {classes}, `y` has {found}",
}


def taking_place_of(theirs: type, ours: type) -> type:
    """A subclass of ours with the constructor of theirs."""
    signature = inspect.signature(theirs.__init__)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        ours.__init__(
            self, **{key: value for key, value in bound.arguments.items() if key != "self"}, standardize=False
        )

    def fit(self: Any, X: Any, y: Any, sample_weight: Any = None) -> Any:
        with said_as_there(self, y):
            return ours.fit(self, X, y, sample_weight)

    def partial_fit(self: Any) -> Any:
        """Theirs is there with early_stopping=True, and raises a ValueError; ours is not there."""
        try:
            return vars(ours)["partial_fit"].__get__(self, ours)  # where it is there
        except AttributeError as error:
            if self.early_stopping:
                return mock.Mock(side_effect=ValueError(str(error.__cause__)))
            raise

    __init__.__signature__ = signature
    own = {"__init__": __init__, "fit": fit, "partial_fit": property(partial_fit), "__module__": __name__}
    return type(theirs.__name__, (ours,), own)


@contextmanager
def said_as_there(estimator: Any, y: Any) -> Iterator[None]:
    """Errors of ours, with scikit-learn's sentence behind."""
    try:
        yield
    except ValueError as error:
        for ours, theirs in SAME.items():
            if ours in str(error):
                words = {"classes": getattr(estimator, "classes_", None), "found": np.unique(y)}
                raise type(error)(f"{error}. {theirs.format(**words)}") from error
        raise


ADAPTED = {
    theirs.__name__: taking_place_of(theirs, ours)
    for theirs, ours in [
        (sklearn.neural_network.MLPClassifier, NetworkClassifier),
        (sklearn.neural_network.MLPRegressor, NetworkRegressor),
    ]
}
globals().update(ADAPTED)  # where pickle finds them


def their_tests() -> tuple[ModuleType | None, str]:
    """Their module of tests, on our estimators; or None and why not."""
    spec = importlib.util.find_spec("sklearn.neural_network.tests")
    spec = spec and importlib.util.find_spec("sklearn.neural_network.tests.test_mlp")
    if spec is None or spec.loader is None:
        return None, "scikit-learn is installed without its tests"
    module = importlib.util.module_from_spec(spec)
    with mock.patch.multiple(sklearn.neural_network, **ADAPTED):
        spec.loader.exec_module(module)
    return module, ""


def marked(name: str, test: Callable[..., None]) -> Callable[..., None]:
    """A test of theirs, with what is to be said of it here."""
    if name in LEFT_OUT:
        return pytest.mark.skip(reason=f"private: {LEFT_OUT[name]}")(test)
    if name in LONG and not PROOF:
        return pytest.mark.skip(reason="long: make proof runs it")(test)
    return pytest.mark.filterwarnings("ignore")(test)


MODULE, MISSING = their_tests()
TESTS = {name: test for name, test in vars(MODULE or ModuleType("none")).items() if name.startswith("test_")}
globals().update({name: marked(name, test) for name, test in TESTS.items()})


@pytest.fixture
def global_random_seed() -> int:
    return 42


@pytest.mark.skipif(MODULE is None, reason=MISSING)
def test_what_is_left_out_reads_private_attributes() -> None:
    assert len(LEFT_OUT) <= 12
    assert {*LEFT_OUT, *LONG} & {*TESTS}
    private = re.compile(r"\b(?:mlp|clf)\._[a-z]")
    for name in {*LEFT_OUT} & {*TESTS}:
        assert private.search(inspect.getsource(TESTS[name])), name
    others = [test for name, test in TESTS.items() if name not in LEFT_OUT]
    assert not [test.__name__ for test in others if private.search(inspect.getsource(test))]
