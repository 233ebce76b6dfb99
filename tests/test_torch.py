"""check_gradient on PyTorch: no healthy module is called wrong, and the mistakes of students are, most of them by name."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from needs import module

import chainrule as cr

torch = module("torch", "pip install 'chainrule[peers]'")
NETWORKS = 120
ACTIVATIONS = ("Tanh", "ReLU", "Sigmoid", "GELU", "Softplus", "LeakyReLU", "SiLU", "ELU", "Identity")
LOSSES = ("cross_entropy", "mse_loss", "binary_cross_entropy_with_logits", "smooth_l1_loss", "l1_loss")


def flat(parameters: Any) -> Any:
    return torch.cat([each.detach().reshape(-1) for each in parameters])


def module_of(seed: int) -> tuple[Any, Callable[[], Any]]:
    """A network of one to three layers, and its loss on some rows."""
    torch.manual_seed(seed)
    rng, dtype = np.random.default_rng(seed), torch.float32 if seed % 2 else torch.float64
    sizes = rng.integers(2, 8, int(rng.integers(2, 5))).tolist()
    layers: list[Any] = []
    for l, (into, out) in enumerate(pairwise(sizes)):
        layers.append(torch.nn.Linear(into, out))
        if l < len(sizes) - 2:
            layers.append(getattr(torch.nn, ACTIVATIONS[(seed // 2 + l) % len(ACTIVATIONS)])())
    net, rows, loss = torch.nn.Sequential(*layers).to(dtype), int(rng.integers(1, 10)), LOSSES[seed // 4 % len(LOSSES)]
    x, y = torch.randn(rows, sizes[0], dtype=dtype), torch.randn(rows, sizes[-1], dtype=dtype)
    if loss == "cross_entropy":
        y = torch.randint(sizes[-1], (rows,))
    elif loss.startswith("binary"):
        y = (y > 0).to(dtype)
    return net, lambda: getattr(torch.nn.functional, loss)(net(x), y)


def checked(seed: int, item: bool, tensors: bool) -> cr.Agreement:
    """The right gradient of a module; the value as a number or a tensor, θ as an array or a tensor."""
    net, loss = module_of(seed)
    parameters = list(net.parameters())

    def at(theta: Any) -> None:
        torch.nn.utils.vector_to_parameters(torch.as_tensor(theta).to(parameters[0].dtype), parameters)

    def value(theta: Any) -> Any:
        at(theta)
        return loss().item() if item else loss()

    def gradient(theta: Any) -> Any:
        at(theta)
        return torch.autograd.grad(loss(), parameters)

    start = flat(parameters)
    return cr.check_gradient(value, gradient, start if tensors else start.numpy(), most=20, seed=seed)


def test_no_healthy_module_is_called_wrong() -> None:
    """Half of them in float32, half in float64; half with `.item()`, half with a tensor of no dimensions."""
    marks = {}
    for seed in range(NETWORKS):
        verdict = checked(seed, item=seed // 2 % 2 == 0, tensors=seed % 3 == 0)
        assert verdict.mark != "✗", (seed, str(verdict))
        marks[seed] = verdict.mark
    told = {dtype: sum(mark == "✓" for seed, mark in marks.items() if seed % 2 == dtype) for dtype in (0, 1)}
    assert told[0] == NETWORKS // 2  # float64
    assert told[1] >= 0.9 * NETWORKS // 2  # float32


# students ----------------------------------------------------------------------------------------------------------
ROWS, SIZES, DECAY = 7, (4, 6, 3), 0.05


class Student:
    """A classifier 4-6-3 with relu, cross-entropy and perhaps an L2 penalty, its backward pass written by hand."""

    def __init__(self, dtype: Any, decay: float = 0.0) -> None:
        torch.manual_seed(3)
        self.x, self.labels = torch.randn(ROWS, SIZES[0], dtype=dtype), torch.tensor([0, 1, 2, 1, 0, 2, 2])
        self.W1, self.b1 = torch.randn(6, 4, dtype=dtype), torch.randn(6, dtype=dtype)
        self.W2, self.b2 = torch.randn(3, 6, dtype=dtype), torch.randn(3, dtype=dtype)
        self.decay = decay

    @property
    def parameters(self) -> list[Any]:
        return [self.W1, self.b1, self.W2, self.b2]

    def forward(self) -> tuple[Any, Any, Any]:
        z = self.x @ self.W1.T + self.b1
        a = torch.relu(z)
        return z, a, torch.softmax(a @ self.W2.T + self.b2, dim=1)

    def loss(self) -> float:
        found = -torch.log(self.forward()[2][range(ROWS), self.labels]).mean()
        return (found + self.decay / 2 * ((self.W1**2).sum() + (self.W2**2).sum())).item()

    def backward(self, mistake: str = "") -> list[Any]:
        z, a, p = self.forward()
        y = torch.nn.functional.one_hot(self.labels, 3).to(p.dtype)
        if mistake == "targets of other rows":
            y = y.roll(1, dims=0)
        if mistake == "one wrong label":
            y[2] = torch.tensor([1.0, 0.0, 0.0])
        d2 = p - y
        if mistake == "extra softmax slope":
            d2 = d2 * p * (1 - p)
        d2 = d2 if mistake == "sum for mean" else d2 / ROWS
        d2 = -d2 if mistake == "sign" else d2
        mask = {"no relu mask": torch.ones_like(z), "relu's value for its slope": a}.get(mistake, (z > 0).to(z.dtype))
        d1 = d2 @ self.W2 * mask
        decay = {"L2 forgotten": 0.0, "L2 twice": 2 * self.decay}.get(mistake, self.decay)
        found = [d1.T @ self.x + decay * self.W1, d1.sum(0), d2.T @ a + decay * self.W2, d2.sum(0)]
        if mistake == "W1 transposed":
            found[0] = found[0].T
        if mistake == "gradients not zeroed":
            found = [2 * each for each in found]
        if mistake == "packed W1, W2, b1, b2":
            found = [found[0], found[2], found[1], found[3]]
        if mistake == "cut by detach":
            found[:2] = [0 * each for each in found[:2]]
        return found


MISTAKES = {
    "sum for mean": "a sum where the value is a mean over 7",
    "no relu mask": "relu_mask_missing",
    "relu's value for its slope": "value_for_slope",
    "extra softmax slope": "slope_extra_at_output",
    "targets of other rows": "wrong_targets",
    "one wrong label": "the targets are wrong in row 2: class 0",
    "sign": "the sign is turned",
    "L2 forgotten": "lacks 0.05 θ",
    "L2 twice": "has 0.05 θ too much",
    "W1 transposed": "the same numbers in another order",
    "packed W1, W2, b1, b2": "the same numbers in another order",
    "gradients not zeroed": "every entry is 2 × the difference",
    "cut by detach": "every entry is zero",
}


@pytest.mark.parametrize("name", ["float32", "float64"])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_mistakes_of_students_are_called_wrong_and_named(mistake: str, name: str) -> None:
    """By values alone where the numbers show it; with the network, `verify` tries each known mistake."""
    student = Student(getattr(torch, name), DECAY if mistake.startswith("L2") else 0.0)
    like, shapes = flat(student.parameters), [each.shape for each in student.parameters]

    def at(theta: Any) -> None:
        parts = theta.split([shape.numel() for shape in shapes])
        student.W1, student.b1, student.W2, student.b2 = (t.reshape(s) for t, s in zip(parts, shapes))

    def value(theta: Any) -> float:
        at(theta)
        return student.loss()

    def gradient(theta: Any, mistake: str = mistake) -> list[Any]:
        at(theta)
        return student.backward(mistake)

    assert cr.check_gradient(value, lambda theta: gradient(theta, ""), like)
    verdict = cr.check_gradient(value, gradient, like)
    assert verdict.mark == "✗"
    found = gradient(like)
    at(like)
    said = str(verdict)
    if MISTAKES[mistake] not in said:
        W1, b1, W2, b2 = (each.numpy() for each in student.parameters)
        net = cr.Network([W1, W2], [b1, b2], ["relu", "softmax"])
        mine = cr.Parameters([found[0].numpy(), found[2].numpy()], [found[1].numpy(), found[3].numpy()])
        said = str(cr.verify(net, student.x.numpy(), student.labels.numpy(), "cross_entropy", gradient=mine))
    assert MISTAKES[mistake] in said, said
