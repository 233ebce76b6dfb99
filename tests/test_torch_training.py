"""Rules, schedules, penalties and clipping against those of PyTorch, for fifty steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from needs import module

import chainrule as cr

torch = module("torch", "pip install 'chainrule[peers]'")
ROWS, BATCH, EPOCHS = 9, 2, 10  # fifty steps, and a batch of one row at the end of each epoch
CLOSE = 1e-9  # of numbers about 1; 1e-6 was asked for
rng = np.random.default_rng(3)
X, Y = rng.standard_normal((ROWS, 3)), rng.standard_normal((ROWS, 2))
START = cr.Network.random([3, 5, 2], "tanh", seed=1, dtype="float64")
START = START.with_parameters(START.parameters.map(lambda array: array + 0.2))


def module_like(network: cr.Network) -> Any:
    """The same network, whose parameters are in the same order: w¹, b¹, w², b²."""
    layers = [torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2)]
    made = torch.nn.Sequential(*layers).double()
    with torch.no_grad():
        for theirs, ours in zip(made.parameters(), network.parameters.arrays()):
            theirs.copy_(torch.as_tensor(ours.copy()))
    return made


def trained(optimizer: Callable[[Any], Any], clip: Callable[[Any], Any] = lambda parameters: None) -> np.ndarray:
    """All weights and biases after fifty steps of PyTorch on the mean of ½ ‖a − y‖²."""
    net = module_like(START)
    steps = optimizer(net)
    for _ in range(EPOCHS):
        for first in range(0, ROWS, BATCH):
            x, y = (torch.as_tensor(each[first : first + BATCH]) for each in (X, Y))
            steps.zero_grad()
            (0.5 * ((net(x) - y) ** 2).sum(dim=1).mean()).backward()
            clip(net.parameters())
            steps.step()
    return flat(net)


def flat(net: Any) -> np.ndarray:
    """All its parameters as one vector."""
    return np.asarray(torch.cat([each.detach().reshape(-1) for each in net.parameters()]).numpy())


def ours(rule: cr.Rule, **settings: Any) -> np.ndarray:
    run = cr.train(START, X, Y, rule, epochs=EPOCHS, batch_size=BATCH, cost="quadratic", shuffle=False, **settings)
    return run.network.parameters.flat()


def groups(net: Any, weight_decay: float) -> list[dict[str, Any]]:
    """Weight decay on the weights and not on the biases, as PyTorch's users write it."""
    weights = [each for each in net.parameters() if each.ndim == 2]
    biases = [each for each in net.parameters() if each.ndim == 1]
    return [{"params": weights, "weight_decay": weight_decay}, {"params": biases, "weight_decay": 0.0}]


OPTIM = torch.optim
RULES: dict[str, tuple[cr.Rule, Callable[[Any], Any]]] = {
    "delta_rule": (cr.delta_rule(0.05), lambda net: OPTIM.SGD(net.parameters(), lr=0.05)),
    "momentum": (cr.momentum(0.02, 0.8), lambda net: OPTIM.SGD(net.parameters(), lr=0.02, momentum=0.8)),
    "nesterov": (cr.nesterov(0.02, 0.8), lambda net: OPTIM.SGD(net.parameters(), lr=0.02, momentum=0.8, nesterov=True)),
    "rmsprop": (cr.rmsprop(0.01), lambda net: OPTIM.RMSprop(net.parameters(), lr=0.01)),
    "adam": (cr.adam(0.02), lambda net: OPTIM.Adam(net.parameters(), lr=0.02)),
    "adamw": (cr.adamw(0.02, decay=0.5), lambda net: OPTIM.AdamW(groups(net, 0.5), lr=0.02)),
}


@pytest.mark.parametrize("name", RULES)
def test_fifty_steps_of_a_rule_end_where_pytorch_ends(name: str) -> None:
    rule, optimizer = RULES[name]
    theirs = trained(optimizer)
    assert ours(rule) == pytest.approx(theirs, rel=0, abs=CLOSE)
    assert np.abs(theirs - START.parameters.flat()).max() > 0.1


def test_the_settings_as_they_come_are_those_of_pytorch() -> None:
    """The learning rates apart: PyTorch's RMSprop has 0.01."""
    theirs = OPTIM.RMSprop([torch.zeros(1)]).defaults
    assert cr.rmsprop().settings == {"learning_rate": 0.001, "rho": theirs["alpha"], "epsilon": theirs["eps"]}
    for made, of in ((cr.adam, OPTIM.Adam), (cr.adamw, OPTIM.AdamW)):
        theirs = of([torch.zeros(1)]).defaults
        b1, b2 = theirs["betas"]
        expected = {"learning_rate": theirs["lr"], "beta1": b1, "beta2": b2, "epsilon": theirs["eps"]}
        assert (made().settings, made().decay) == (expected, theirs["weight_decay"])


# what PyTorch calls weight_decay ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rule", "optimizer"), [(cr.momentum(0.02, 0.8), "SGD"), (cr.adam(0.02), "Adam"), (cr.rmsprop(0.01), "RMSprop")]
)
@pytest.mark.parametrize("biases", [False, True])
def test_the_weight_decay_of_sgd_and_adam_is_l2(rule: cr.Rule, optimizer: str, biases: bool) -> None:
    more = {"lr": rule.learning_rate} | ({"momentum": 0.8} if optimizer == "SGD" else {})

    def made(net: Any) -> Any:
        of = getattr(OPTIM, optimizer)
        return of(net.parameters(), weight_decay=0.3, **more) if biases else of(groups(net, 0.3), **more)

    theirs = trained(made)
    assert ours(rule, l2=0.3, penalize_biases=biases) == pytest.approx(theirs, rel=0, abs=CLOSE)
    assert np.abs(theirs - ours(rule)).max() > 0.01


def test_the_weight_decay_of_adamw_is_decay() -> None:
    theirs = trained(lambda net: OPTIM.AdamW(net.parameters(), lr=0.02, weight_decay=0.3))
    assert ours(cr.adamw(0.02), decay=0.3, penalize_biases=True) == pytest.approx(theirs, rel=0, abs=CLOSE)
    assert ours(cr.adam(0.02), decay=0.3, penalize_biases=True) == pytest.approx(theirs, rel=0, abs=CLOSE)


@pytest.mark.parametrize(
    ("settings", "clip", "close"),
    [
        ({"clip_value": 0.1}, lambda p: torch.nn.utils.clip_grad_value_(p, 0.1), CLOSE),
        # PyTorch divides by the length + 1e-6
        ({"clip_norm": 0.5}, lambda p: torch.nn.utils.clip_grad_norm_(p, 0.5), 1e-5),
    ],
)
def test_clipped_gradients_are_those_of_pytorch(settings: dict[str, float], clip: Any, close: float) -> None:
    theirs = trained(lambda net: OPTIM.SGD(net.parameters(), lr=0.1), clip)
    assert ours(cr.delta_rule(0.1), **settings) == pytest.approx(theirs, rel=0, abs=close)
    assert np.abs(theirs - ours(cr.delta_rule(0.1))).max() > 0.01


# schedules ----------------------------------------------------------------------------------------------------------------
STEPS, PER_EPOCH, BASE = 60, 4, 0.3
COSTS = [1.0, 0.8, 0.8, 0.9, 0.79999, 0.5, 0.6, 0.7, 0.6, 0.5, 0.499, 0.4, 0.45, 0.45, 0.45]


def by_step(scheduler: Callable[[Any], Any]) -> list[float]:
    optimizer = OPTIM.SGD([torch.zeros(1)], lr=BASE)
    each, rates = scheduler(optimizer), []
    for step in range(STEPS):
        optimizer.step()
        if step:
            each.step()
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


def by_epoch(scheduler: Callable[[Any], Any], tells: bool = False) -> list[float]:
    optimizer = OPTIM.SGD([torch.zeros(1)], lr=BASE)
    each, rates = scheduler(optimizer), []
    for epoch in range(STEPS // PER_EPOCH):
        rates += [optimizer.param_groups[0]["lr"]] * PER_EPOCH
        optimizer.step()
        each.step(*([COSTS[epoch]] if tells else []))
    return rates


def scheduled(schedule: cr.Schedule) -> np.ndarray:
    state, rates = schedule.begin(), []
    for epoch, first in enumerate(range(0, STEPS, PER_EPOCH)):
        rates.append(schedule.rates(state, first, PER_EPOCH, STEPS, PER_EPOCH, BASE))
        state = schedule.after_epoch(state, COSTS[epoch])
    return np.concatenate(rates)


LR = OPTIM.lr_scheduler


def risen(optimizer: Any) -> Any:
    rise, fall = (LR.LinearLR(optimizer, 1 / 12, 1.0, 11), LR.CosineAnnealingLR(optimizer, 48, 0.2 * BASE))
    return LR.SequentialLR(optimizer, [rise, fall], [12])


SCHEDULES: dict[str, Callable[[], list[float]]] = {
    "constant": lambda: by_step(lambda o: LR.ConstantLR(o, factor=1.0)),
    "step:every=3,factor=0.5": lambda: by_epoch(lambda o: LR.StepLR(o, 3, 0.5)),
    "cosine": lambda: by_step(lambda o: LR.CosineAnnealingLR(o, STEPS)),
    "cosine:warmup=0.2,least=0.2": lambda: by_step(risen),
    "one_cycle": lambda: by_step(lambda o: LR.OneCycleLR(o, BASE, total_steps=STEPS)),
    "one_cycle:pct_start=0.5,div_factor=10,final_div_factor=100": lambda: by_step(
        lambda o: LR.OneCycleLR(o, BASE, total_steps=STEPS, pct_start=0.5, div_factor=10, final_div_factor=100)
    ),
    "plateau:factor=0.5,patience=1,threshold=0.01": lambda: by_epoch(
        lambda o: LR.ReduceLROnPlateau(o, factor=0.5, patience=1, threshold=0.01), tells=True
    ),
    "plateau:factor=0.5,patience=0,cooldown=2,least=0.3": lambda: by_epoch(
        lambda o: LR.ReduceLROnPlateau(o, factor=0.5, patience=0, cooldown=2, min_lr=0.3 * BASE), tells=True
    ),
}


@pytest.mark.parametrize("text", SCHEDULES)
def test_the_rates_of_a_schedule_are_those_of_pytorch(text: str) -> None:
    theirs = SCHEDULES[text]()
    assert scheduled(cr.schedule(text)) == pytest.approx(theirs, rel=1e-9, abs=1e-12)
    assert text == "constant" or len(set(theirs)) > 2


@pytest.mark.parametrize(
    ("text", "scheduler", "by_epoch"),
    [
        ("step:every=3,factor=0.5", lambda o: LR.StepLR(o, 3, 0.5), True),
        ("one_cycle", lambda o: LR.OneCycleLR(o, 0.05, total_steps=50, cycle_momentum=False), False),
        ("cosine", lambda o: LR.CosineAnnealingLR(o, 50), False),
    ],
)
def test_a_training_with_a_schedule_ends_where_pytorch_ends(text: str, scheduler: Any, by_epoch: bool) -> None:
    net = module_like(START)
    optimizer = OPTIM.SGD(net.parameters(), lr=0.05)
    each = scheduler(optimizer)
    steps = [range(first, min(first + BATCH, ROWS)) for first in range(0, ROWS, BATCH)]
    for number, rows in enumerate(steps * EPOCHS, 1):
        x, y = (torch.as_tensor(array[rows.start : rows.stop]) for array in (X, Y))
        optimizer.zero_grad()
        (0.5 * ((net(x) - y) ** 2).sum(dim=1).mean()).backward()
        optimizer.step()
        if number < 50 and (not by_epoch or number % len(steps) == 0):
            each.step()
    theirs = flat(net)
    assert ours(cr.delta_rule(0.05), schedule=text) == pytest.approx(theirs, rel=0, abs=CLOSE)
    assert np.abs(theirs - ours(cr.delta_rule(0.05))).max() > 0.001


def test_a_function_of_the_step_is_pytorchs_lambda() -> None:
    theirs = by_step(lambda o: LR.LambdaLR(o, lambda step: 0.95**step))
    assert scheduled(cr.schedule(lambda step: 0.95**step)) == pytest.approx(theirs, rel=1e-9)


def test_the_settings_of_a_schedule_as_they_come_are_those_of_pytorch() -> None:
    optimizer = OPTIM.SGD([torch.zeros(1)], lr=BASE)
    theirs = LR.ReduceLROnPlateau(optimizer)
    mine = dict(cr.schedule("reduce_on_plateau").settings)
    assert mine == {
        "factor": theirs.factor, "patience": theirs.patience, "threshold": theirs.threshold, "cooldown": theirs.cooldown,
        "least": theirs.min_lrs[0],
    }  # fmt: skip


# first weights ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("init", "theirs"),
    [
        ("he", lambda w: torch.nn.init.kaiming_normal_(w, nonlinearity="relu")),
        ("glorot", torch.nn.init.xavier_normal_),
        ("lecun", lambda w: torch.nn.init.kaiming_normal_(w, nonlinearity="linear")),
        ("normal", torch.nn.init.normal_),
        ("orthogonal", torch.nn.init.orthogonal_),
    ],
)
def test_first_weights_are_as_wide_as_those_of_pytorch(init: str, theirs: Callable[[Any], Any]) -> None:
    torch.manual_seed(0)
    wide = float(theirs(torch.empty(200, 300)).std())
    assert float(cr.Network.random([300, 200], init=init).weights[1].std()) == pytest.approx(wide, rel=0.02)


def test_sparse_weights_are_those_of_pytorch_turned_around() -> None:
    """PyTorch leaves out inputs of each column of (out, in), which are the weights out of an input, not into a neuron."""
    torch.manual_seed(0)
    theirs = torch.nn.init.sparse_(torch.empty(40, 200), sparsity=1 - 15 / 40, std=1.0).numpy().T
    mine = cr.Network.random([40, 200], init="sparse").weights[1]
    assert set(np.count_nonzero(mine, axis=1)) == set(np.count_nonzero(theirs, axis=1)) == {15}
    assert float(mine.std()) == pytest.approx(float(theirs.std()), rel=0.05)
