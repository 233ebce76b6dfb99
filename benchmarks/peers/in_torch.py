"""PyTorch on the CPU: eager with a fused optimiser, and the same with the network and its cost compiled."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional
from workloads import Task

from chainrule import Network

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}


class Torch:
    """The training loop of PyTorch's tutorials, without a DataLoader, which would take longer than the steps."""

    def __init__(self, task: Task, compiled: bool) -> None:
        self.task, self.compiled = task, compiled
        self.inputs = torch.from_numpy(task.inputs)
        by_class = task.workload.cost == "cross_entropy"
        self.targets = torch.from_numpy(task.labels if by_class else task.targets)
        self._make()
        self.restart(task.network, 0)

    def restart(self, network: Network, seed: int) -> None:
        torch.manual_seed(seed)
        self.first = network
        self._restore()

    def threads(self, count: int) -> None:
        torch.set_num_threads(count)

    def in_order(self, epochs: int) -> list[float]:
        rows = torch.arange(self.task.workload.rows)
        costs = [self._run(rows) for _ in range(epochs)]
        self._restore()
        return costs

    def epoch(self) -> float:
        return self._run(torch.randperm(self.task.workload.rows))

    @torch.no_grad()
    def accuracy(self) -> float:
        inputs, labels = map(torch.from_numpy, self.task.tests)
        return (self.network(inputs).argmax(dim=1) == labels).float().mean().item()

    def _make(self) -> None:
        workload, layers = self.task.workload, []
        for l, (n, m) in enumerate(zip(workload.sizes, workload.sizes[1:]), 1):
            layers += [nn.Linear(n, m), *([ACTIVATIONS[workload.hidden]()] if l < len(workload.sizes) - 1 else [])]
        if workload.output == "sigmoid":
            layers.append(nn.Sigmoid())
        self.network = nn.Sequential(*layers)
        cost = functional.cross_entropy if workload.cost == "cross_entropy" else _quadratic
        self.cost = lambda x, y: cost(self.network(x), y)
        if self.compiled:
            self.cost = torch.compile(self.cost)

    def _restore(self) -> None:
        """The first weights, and a rule that remembers nothing."""
        network = self.first
        with torch.no_grad():
            for layer, w, b in zip(
                (e for e in self.network if isinstance(e, nn.Linear)), network.weights, network.biases
            ):
                layer.weight.copy_(torch.from_numpy(w.copy()))
                layer.bias.copy_(torch.from_numpy(b.copy()))
        rate, parameters = self.task.workload.rate, self.network.parameters()
        self.rule = {
            "delta_rule": lambda: torch.optim.SGD(parameters, lr=rate, fused=True),
            "momentum": lambda: torch.optim.SGD(parameters, lr=rate, momentum=0.9, fused=True),
            "adam": lambda: torch.optim.Adam(parameters, lr=rate, fused=True),
        }[self.task.workload.rule]()

    def _run(self, order: torch.Tensor) -> float:
        total = torch.zeros(())
        for rows in order.split(self.task.workload.batch):
            cost = self.cost(self.inputs[rows], self.targets[rows])
            self.rule.zero_grad()
            cost.backward()
            self.rule.step()
            total += cost.detach() * len(rows)
        return total.item() / self.task.workload.rows


def _quadratic(a: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return 0.5 * functional.mse_loss(a, y, reduction="sum") / len(y)
