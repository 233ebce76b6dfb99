"""scikit-learn's MLP: `partial_fit`, an epoch a call. Its update rules are its own, Adam's ε stands beside √s uncorrected."""

from __future__ import annotations

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import ThreadpoolController
from workloads import Task, Workload

from chainrule import Network


def lacks(workload: Workload) -> str:
    """What of a recipe scikit-learn's networks do not have; empty where they can do it."""
    if workload.cost == "quadratic" and workload.output != "identity":
        return f"has no quadratic cost on a {workload.output} output"
    if workload.cost == "cross_entropy" and workload.sizes[-1] == 2:
        return "answers two classes by one sigmoid output, not by a softmax of two"
    return ""


class Sklearn:
    """One MLPClassifier or MLPRegressor, its weights set to the first ones."""

    def __init__(self, task: Task) -> None:
        self.task, self.blas = task, ThreadpoolController()
        workload = task.workload
        self.classes = workload.cost == "cross_entropy"
        self.targets = task.labels if self.classes else task.targets
        rule = {"solver": "adam"} if workload.rule == "adam" else {
            "solver": "sgd", "momentum": 0.9 if workload.rule == "momentum" else 0.0, "nesterovs_momentum": False,
        }  # fmt: skip
        hidden = {"relu": "relu", "sigmoid": "logistic"}[workload.hidden]
        self.network = (MLPClassifier if self.classes else MLPRegressor)(
            hidden_layer_sizes=workload.sizes[1:-1], activation=hidden, learning_rate_init=workload.rate,
            batch_size=workload.batch, alpha=0.0, **rule,
        )  # fmt: skip
        self.restart(task.network, 0)

    def restart(self, network: Network, seed: int) -> None:
        self.first, self.network.random_state = network, np.random.RandomState(seed)
        self._restore()

    def threads(self, count: int) -> None:
        self.blas.limit(limits=count, user_api="blas")

    def in_order(self, epochs: int) -> list[float]:
        self.network.shuffle = False
        costs = [self.epoch() for _ in range(epochs)]
        self.network.shuffle = True
        self._restore()
        return costs

    def epoch(self) -> float:
        self._fit(self.task.inputs, self.targets)
        loss = float(self.network.loss_)
        return (
            loss if self.classes else loss * self.task.workload.sizes[-1]
        )  # its squared error is a mean over the outputs

    def accuracy(self) -> float:
        inputs, labels = self.task.tests
        return float((self.network.predict(inputs) == labels).mean())

    def _fit(self, inputs: np.ndarray, targets: np.ndarray) -> None:
        if self.classes:
            self.network.partial_fit(inputs, targets, classes=np.arange(self.task.workload.sizes[-1]))
        else:
            self.network.partial_fit(inputs, targets)

    def _restore(self) -> None:
        """The first weights, and a rule that remembers nothing."""
        if not hasattr(self.network, "coefs_"):
            self._fit(self.task.inputs[: self.task.workload.batch], self.targets[: self.task.workload.batch])
        for place, (w, b) in enumerate(zip(self.first.weights, self.first.biases)):
            self.network.coefs_[place], self.network.intercepts_[place] = w.T.copy(), b.copy()
        self.network.__dict__.pop("_optimizer", None)  # it holds the arrays that it moves
