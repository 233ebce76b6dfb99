"""Callbacks during a fit: plain functions that get an Epoch, and those of scikit-learn 1.9 and later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from chainrule.errors import SettingError, brief
from chainrule.network import Network
from chainrule.run import Epoch

__all__ = ["OUTSIDE", "CallbackSupportMixin", "Tasks", "functions", "with_callbacks"]


class NoCallbacks:
    """In the place of scikit-learn's CallbackSupportMixin, which 1.6 to 1.8 do not have."""


THEIRS = import_module("sklearn.callback") if find_spec("sklearn.callback") else None
CallbackSupportMixin: Any = NoCallbacks if THEIRS is None else THEIRS.CallbackSupportMixin
OUTSIDE = 4 if THEIRS is None else 5  # frames from a warning within fit to its caller: its decorators are some of them


def with_callbacks(fit: Callable[..., Any]) -> Callable[..., Any]:
    """The method `fit`, after which scikit-learn's callbacks are torn down, also where it raises."""
    return fit if THEIRS is None else THEIRS.with_callbacks(fit)


def functions(given: Any) -> list[Callable[[Epoch], object]]:
    """The parameter `callbacks`: one function, or a list of them, or None."""
    each = [] if given is None else list(given) if isinstance(given, (list, tuple)) else [given]
    for one in each:
        if hasattr(one, "on_fit_task_end"):
            raise SettingError(
                f"callbacks are functions of an Epoch; scikit-learn's {type(one).__name__} goes to set_callbacks(…)"
            )
        if not callable(one):
            raise SettingError(f"callbacks is a function that gets an Epoch, or a list of them, got {brief(one)}")
    return each


class Tasks:
    """The calls of scikit-learn's callbacks: one task for the fit, and in it one for each epoch.

    They get X, y and the weights as `fit` got them, and an estimator with the network after that epoch. A task is begun as
    soon as the one before it is over, and so the last may be an epoch that is never trained.
    """

    def __init__(self, estimator: Any, X: Any, y: Any, weight: Any, most: int) -> None:
        self._estimator, self._most, self._count = estimator, most, 0
        self._told = {"X": X, "y": y, "metadata": None if weight is None else {"sample_weight": weight}}
        begin = getattr(estimator, "_init_callback_context", None)
        self._fit = None if begin is None else begin(max_subtasks=most)
        self._epoch: Any = None
        if self._fit is not None:
            self._fit.call_on_fit_task_begin(estimator=estimator, **self._told)
        self._next()

    def _next(self) -> None:
        """Begin the task of the next epoch, where there may be one and a callback is set."""
        if self._fit is None or self._count == self._most or not hasattr(self._estimator, "_skl_callbacks"):
            return
        self._count += 1
        self._epoch = self._fit.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(estimator=self._estimator, **self._told)

    def after(self, network: Callable[[], Network]) -> bool:
        """An epoch is over, with that network after it: whether a callback asks for the end of training."""
        if self._epoch is None:
            return False
        fitted: Callable[[], Mapping[str, Any]] = lambda: {"network_": network()}
        ended, self._epoch = self._epoch, None
        stop = ended.call_on_fit_task_end(estimator=self._estimator, reconstruction_attributes=fitted, **self._told)
        if not stop:
            self._next()
        return bool(stop)

    def close(self) -> None:
        """The fit is over."""
        if self._epoch is not None:
            self._epoch.call_on_fit_task_end(estimator=self._estimator)
        if self._fit is not None:
            self._fit.call_on_fit_task_end(estimator=self._estimator, reconstruction_attributes=dict, **self._told)
