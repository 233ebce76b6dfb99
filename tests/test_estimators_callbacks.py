"""Callbacks of a fit: functions that get an Epoch, scikit-learn's own, and progress as text."""

import os
import re
import sys
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import chainrule as cr
from chainrule.errors import SettingError
from chainrule.estimators import NetworkClassifier, NetworkRegressor

try:
    import sklearn.callback as theirs
except ImportError:
    theirs = None
needs_protocol = pytest.mark.skipif(theirs is None, reason="scikit-learn before 1.9 has no callbacks")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = load_iris(return_X_y=True)


class Noted:
    """A callback of scikit-learn's protocol that notes what it is told, and asks to stop after so many epochs."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.told: list[tuple[str, str, int]] = []
        self.scores: list[float] = []
        self.stop_after = stop_after

    def setup(self, estimator: Any, context: Any) -> None:
        self.told.append(("setup", context.task_name, context.max_subtasks))

    def teardown(self, estimator: Any, context: Any) -> None:
        self.told.append(("teardown", context.task_name, context.max_subtasks))

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        self.told.append(("begin", context.task_name, context.task_id))

    def on_fit_task_end(self, estimator: Any, context: Any, *, X: Any, y: Any, fitted_estimator: Any) -> bool:
        self.told.append(("end", context.task_name, context.task_id))
        if context.task_name == "epoch" and fitted_estimator is not None:
            self.scores.append(fitted_estimator.score(X, y))
        return len(self.scores) == self.stop_after


def test_a_function_gets_each_epoch_and_may_stop() -> None:
    """With its cost, its network and what each layer's gradient was (W13)."""
    seen: list[cr.Epoch] = []

    def watch(epoch: Any) -> bool:
        seen.append(epoch)
        return epoch.number == 4

    found = NetworkClassifier(callbacks=watch, random_state=0).fit(X, Y)
    assert [epoch.number for epoch in seen] == [1, 2, 3, 4]
    assert [epoch.cost for epoch in seen] == found.loss_curve_
    np.testing.assert_array_equal(seen[-1].network.parameters.flat(), found.network_.parameters.flat())
    assert len(seen[0].gradient_norms) == 2


def test_several_functions_are_all_called_and_in_partial_fit_too() -> None:
    first: list[int] = []
    second: list[int] = []
    callbacks = [lambda epoch: first.append(epoch.number), lambda epoch: second.append(epoch.number)]
    found = NetworkRegressor(max_iter=2, callbacks=callbacks, random_state=0).fit(X, Y)
    found.partial_fit(X, Y)
    assert first == second == [1, 2, 3]
    assert len(clone(found).callbacks) == 2


@pytest.mark.parametrize("given", ["stop", [3], {"on_end": print}])
def test_what_is_no_function_is_refused(given: Any) -> None:
    with pytest.raises(SettingError, match="callbacks is a function that gets an Epoch, or a list of them"):
        NetworkClassifier(callbacks=given).fit(X, Y)


def test_scikit_learns_callbacks_are_not_parameters() -> None:
    with pytest.raises(SettingError, match=r"Noted goes to set_callbacks"):
        NetworkClassifier(callbacks=[Noted()]).fit(X, Y)


@pytest.mark.parametrize("kind", [NetworkClassifier, NetworkRegressor])
def test_verbose_prints_each_epoch_and_why_training_ends(kind: Any, capsys: pytest.CaptureFixture[str]) -> None:
    kind(tol=10, n_iter_no_change=2, verbose=True, random_state=0).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines[:-1]] == [f"Iteration {number}" for number in range(1, 5)]
    assert lines[-1] == "Training ends after iteration 4: the training loss has not improved by tol=10 for 3 epochs"
    kind(max_iter=2, random_state=0).fit(X, Y)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("given", ["br", "Bar", "", None, 1.5, [True]])
def test_other_values_of_verbose_are_refused_with_the_choices(given: Any) -> None:
    with pytest.raises(SettingError, match=r'verbose is True, False, a whole number, or "bar", got '):
        NetworkClassifier(verbose=given).fit(X, Y)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_bar_in_a_log_is_a_few_lines(solver: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = NetworkClassifier(solver=solver, max_iter=20, tol=0, verbose="bar", random_state=0).fit(X, Y)
    out, err = capsys.readouterr()
    *lines, last = err.splitlines()
    assert out == ""
    assert [line.split()[1] for line in lines] == [f"{number}/20" for number in (1, *range(2, 21, 2))]
    assert all(re.search(r"  cost \d\.\d{4}(, best .*)?; [\d,]+ rows/s", line) for line in lines)
    assert re.fullmatch(rf"20 epochs in \d+\.\d\d s, cost {found.loss_:.4f}", last)


def test_after_a_bar_it_is_said_why_training_ended(capsys: pytest.CaptureFixture[str]) -> None:
    model = NetworkRegressor(tol=10, n_iter_no_change=1, early_stopping=True, verbose="bar", random_state=0)
    model.fit(X, Y).set_params(warm_start=True).fit(X, Y)
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("epoch ")]
    assert len(lines) == 2
    for line in lines:
        assert re.fullmatch(
            "3 epochs in .* s, cost .*, validation cost .*, R² .*: neither validation score nor loss has improved by tol=10 "
            "for 2 epochs",
            line,
        )


def _read(terminal: int) -> str:
    """What is there to be read."""
    try:
        return os.read(terminal, 65_536).decode()
    except BlockingIOError:
        return ""


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal of its own")
def test_a_bar_on_a_terminal_is_one_line_that_is_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        NetworkClassifier(max_iter=3, batch_size=150, early_stopping=True, verbose="bar", random_state=0).fit(X, Y)
        terminal.flush()
        os.set_blocking(ours, False)
        seen = "".join(iter(lambda: _read(ours), ""))
    os.close(ours)
    live, last = seen.rsplit("\x1b[2K", 1)
    assert re.search(r"epoch 3/3 .*━.* cost 1\.\d+, validation cost .*, accuracy .*, best 0\.\d+ \(epoch 1\)", live), (
        seen
    )
    assert live.count("\n") == 1  # at the end, where the line is taken away
    assert re.fullmatch(r"3 epochs in .* s, cost .*, validation cost .*, accuracy \S+\r\n", last), seen


@needs_protocol
def test_tasks_are_begun_and_ended_in_order() -> None:
    noted = Noted()
    NetworkClassifier(max_iter=2, random_state=0).set_callbacks(noted).fit(X, Y)
    assert noted.told == [
        ("setup", "fit", 2), ("begin", "fit", 0), ("begin", "epoch", 0), ("end", "epoch", 0), ("begin", "epoch", 1),
        ("end", "epoch", 1), ("end", "fit", 0), ("teardown", "fit", 2),
    ]  # fmt: skip


@needs_protocol
def test_the_estimator_that_is_told_of_has_the_network_after_that_epoch() -> None:
    noted = Noted()
    names = np.array(["a", "b", "c"])[Y]
    NetworkClassifier(max_iter=3, tol=0, random_state=0).set_callbacks(noted).fit(X, names)
    for epochs, score in enumerate(noted.scores, 1):
        assert score == NetworkClassifier(max_iter=epochs, tol=0, random_state=0).fit(X, names).score(X, names)
    assert len(noted.scores) == 3


@needs_protocol
def test_a_callback_that_returns_true_ends_the_training() -> None:
    noted = Noted(stop_after=3)
    found = NetworkRegressor(random_state=0).set_callbacks(noted).fit(X, Y)
    assert found.n_iter_ == 3
    assert noted.told.count(("begin", "epoch", 3)) == 0


@needs_protocol
def test_callbacks_are_torn_down_where_a_fit_fails() -> None:
    noted = Noted()
    with pytest.raises(ValueError, match="the numbers may be too large"):
        NetworkRegressor(standardize=False, solver="sgd", learning_rate_init=1e30).set_callbacks(noted).fit(
            X, Y * 1e200
        )
    assert noted.told[0][0] == "setup"
    assert noted.told[-1][0] == "teardown"


@needs_protocol
def test_a_scoring_monitor_in_a_search_over_a_pipeline_sees_each_epoch() -> None:
    monitor = theirs.ScoringMonitor(scoring="accuracy")
    network = NetworkClassifier(max_iter=3, tol=0, random_state=0).set_callbacks(monitor)
    search = GridSearchCV(make_pipeline(StandardScaler(), network), {"networkclassifier__alpha": [0.0, 1.0]}, cv=2)
    search.fit(X, Y)
    rows = [row for run in monitor.get_logs(select="all") for row in run.data]
    epochs = [row for row in rows if row["task_name"] == "epoch"]
    assert len(epochs) == (2 * 2 + 1) * 3
    assert all(0 <= row["accuracy"] <= 1 for row in epochs)


@needs_protocol
def test_a_progress_bar_in_a_search_over_a_pipeline_names_the_network(capsys: pytest.CaptureFixture[str]) -> None:
    network = make_pipeline(StandardScaler(), NetworkClassifier(max_iter=3, random_state=0))
    search = GridSearchCV(network, {"networkclassifier__alpha": [0.0, 1.0]}, cv=2)
    search.set_callbacks(theirs.ProgressBar(max_propagation_depth=None)).fit(X, Y)
    assert "NetworkClassifier - fit" in capsys.readouterr().out
    assert search.best_score_ > 0.2
