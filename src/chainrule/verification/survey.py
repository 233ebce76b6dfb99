"""Verification over many random networks: does any method ever disagree, and is a healthy network ever called wrong?

The networks are drawn to be awkward: every activation and legal cost, weights from 0.01 to 20 times the usual, so that units
die and saturate, float32 and float64, and kinks met exactly: rows of zeros under zero biases, biases moved so that a unit's z
is 0, margins of the hinge at 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.activations import NAMED as ACTIVATIONS
from chainrule.aligned import Printed, Table
from chainrule.costs import ANY, Cost
from chainrule.costs import NAMED as COSTS
from chainrule.errors import DataError, SettingError
from chainrule.forward import propagate
from chainrule.initialization import BIASES
from chainrule.json_text import as_json
from chainrule.network import Network
from chainrule.parameters import Parameters
from chainrule.verification.judge import LOW
from chainrule.verification.methods import METHODS
from chainrule.verification.verdict import Verification
from chainrule.verification.verify import SLOW, verify
from chainrule.writing.numbers import bar

Array = np.ndarray
SCALES = (0.01, 20.0)
HIDDEN = [name for name in ACTIVATIONS if name != "exponential"]  # of which a few layers overflow
NONE = 1e-17  # of a gradient: a tenth of its last digit


@dataclass(frozen=True)
class Drawn:
    """One network with rows, targets and a cost that fits."""

    network: Network
    x: Array
    y: Array
    cost: Cost


@dataclass
class Tally:
    """One method's count: networks, networks skipped, times it was called wrong or could not tell, and its distances."""

    networks: int = 0
    refused: int = 0
    wrong: int = 0
    untold: int = 0
    distances: list[float] = field(default_factory=list)

    def below(self, share: float) -> float:
        """The distance that a share of the networks stays below, 0 where it is less than any last digit, as it comes to on some
        processors; the last 1 % have gradients of rounding alone."""
        found = float(np.quantile(self.distances or [np.nan], share))
        return 0.0 if found < NONE else found

    def to_json(self) -> dict[str, Any]:
        quantiles = {"half": self.below(0.5), "most": self.below(0.99), "worst": self.below(1)}
        counts = {"networks": self.networks, "refused": self.refused, "wrong": self.wrong, "untold": self.untold}
        return {**counts, **quantiles}


@dataclass(frozen=True)
class Survey(Printed):
    """What many verifications say together; printed, a table. True where no healthy network was called wrong."""

    count: int
    seed: int
    tallies: dict[str, Tally]
    skipped: int
    kinks: int
    untold: int
    alarms: tuple[str, ...]

    def __bool__(self) -> bool:
        return not self.alarms

    def _parts(self) -> list[str | Table]:
        cells = [["method", "networks", "skipped", "called wrong", "hidden", "half below", "99% below"]]
        for name, tally in self.tallies.items():
            counts = (tally.networks, tally.refused, tally.wrong, tally.untold)
            cells.append([name, *(f"{n:,}" for n in counts), *(bar(tally.below(share), 0) for share in (0.5, 0.99))])
        went = self.count - self.skipped
        said = (
            f"{went:,} healthy networks, {self.kinks:,} of them with entries at a kink, {self.untold:,} with a layer "
            f"whose gradient rounding hides, {len(self.alarms)} called wrong"
        )
        left = f"; {self.skipped:,} more whose cost or gradient became NaN or infinite" if self.skipped else ""
        return [Table(cells), f"{said}{left} {'✓' if self else '✗'}", *self.alarms[:3]]

    def to_json(self) -> dict[str, Any]:
        tallies = {name: tally.to_json() for name, tally in self.tallies.items()}
        return as_json({"healthy": bool(self), **self.__dict__, "tallies": tallies})


def survey(count: int = 100, seed: int = 0, methods: Sequence[str] | None = None) -> Survey:
    """Verify `count` random healthy networks by all methods but the slow one, or by those named."""
    if count < 1:
        raise SettingError(f"a survey takes at least one network, got {count}")
    names = [name for name in METHODS if name not in SLOW] if methods is None else list(methods)
    tallies, skipped, kinks, untold, alarms = {name: Tally() for name in [*names, LOW]}, 0, 0, 0, []
    for number, drawn in enumerate(networks(count, seed)):
        try:
            verdict = verify(drawn.network, drawn.x, drawn.y, drawn.cost, names)
        except DataError:
            skipped += 1
            continue
        _count(tallies, verdict)
        kinks += verdict.kinks > 0
        untold += bool(verdict.untold)
        if verdict.wrong:
            alarms.append(f"network {number} of seed {seed}: {verdict}")
    gone = {name: tally for name, tally in tallies.items() if tally.networks or tally.refused}
    return Survey(count, seed, gone, skipped, kinks, untold, tuple(alarms))


def _count(tallies: dict[str, Tally], verdict: Verification) -> None:
    for row in verdict.rows:
        tally = tallies[row.method]
        tally.refused += bool(row.refused)
        tally.networks += not row.refused
        tally.wrong += not row.holds
        tally.untold += row.mark == "?"
        if not row.refused:
            tally.distances.append(row.distance)


# the networks -------------------------------------------------------------------------------------------------------
def legal_pairs() -> list[tuple[str, str]]:
    """(output, cost) by name, every pair that fits."""
    return [
        (output, name)
        for output in ACTIVATIONS
        for name, make in COSTS.items()
        if output in make().pairs or ANY in make().pairs
    ]


def networks(count: int, seed: int) -> Iterator[Drawn]:
    """`count` networks from a seed; number i is the same whatever the count."""
    pairs = legal_pairs()
    for number in range(count):
        yield draw(np.random.default_rng([seed, number]), pairs[number % len(pairs)])


def draw(rng: np.random.Generator, pair: tuple[str, str]) -> Drawn:
    """One network: one to four layers of one to four units, one to five rows."""
    (output, cost_name), depth = pair, int(rng.integers(1, 5))
    hidden = [str(name) for name in rng.choice(HIDDEN, depth - 1)]
    sizes = [int(n) for n in rng.integers(1, 5, depth + 1)]
    sizes[1:] = [max(n, 2) if name == "softmax" else n for n, name in zip(sizes[1:], [*hidden, output])]
    sizes[-1] = max(sizes[-1], 2) if cost_name == "multiclass_hinge" else sizes[-1]
    low, high = np.log(SCALES)
    scale = float(np.exp(rng.uniform(low, high)))
    network = Network.random(sizes, hidden, output, "lecun", str(rng.choice(list(BIASES))), rng, "float64")
    drawn = network.parameters.map(lambda each: scale * (each + 0.3 * rng.standard_normal(each.shape)))
    x = rng.standard_normal((int(rng.integers(1, 6)), sizes[0]))
    network, x = PLANTS[int(rng.integers(len(PLANTS)))](rng, network.with_parameters(drawn), x)
    dtype = str(rng.choice(["float32", "float64"]))
    cost = COSTS[cost_name]()
    y = _targets(rng, cost, len(x), sizes[-1], scale)
    return Drawn(network.astype(dtype), x.astype(dtype), y.astype(dtype), cost)


def _targets(rng: np.random.Generator, cost: Cost, rows: int, out: int, scale: float) -> Array:
    if cost.targets in ("one-hot", "probabilities"):
        return np.eye(out)[rng.integers(0, out, rows)]
    if cost.targets == "counts":
        return rng.poisson(2.0, (rows, out)).astype(np.float64)
    if cost.targets == "choices":
        return rng.integers(0, 2, (rows, out)).astype(np.float64)
    return scale * rng.standard_normal((rows, out))


def _as_drawn(rng: np.random.Generator, network: Network, x: Array) -> tuple[Network, Array]:
    return network, x


def _zero_row(rng: np.random.Generator, network: Network, x: Array) -> tuple[Network, Array]:
    """A row of zeros and no biases: every z of that row is exactly 0 up to the first activation that is not 0 there."""
    unbiased = [np.zeros_like(b) for b in network.biases]
    x = x.copy()
    x[0] = 0
    return network.with_parameters(Parameters(list(network.weights), unbiased)), x


def _unit_at_kink(rng: np.random.Generator, network: Network, x: Array) -> tuple[Network, Array]:
    """Biases moved so that one unit of each layer meets z = 0 at one row, to the last digit or nearly."""
    biases = [b.copy() for b in network.biases]
    for l, b in enumerate(biases):
        if b.size:
            parameters = Parameters(list(network.weights), biases)
            row, unit = int(rng.integers(len(x))), int(rng.integers(b.size))
            b[unit] -= propagate(parameters, network.activations, x)[1][l][row, unit]
    return network.with_parameters(Parameters(list(network.weights), biases)), x


def _dead_output(rng: np.random.Generator, network: Network, x: Array) -> tuple[Network, Array]:
    """Last weights zero and last biases 0 and 1: the margins 1 + z_j − z_y of a hinge are 0, 1 and 2 exactly."""
    weights, biases = [w.copy() for w in network.weights], [b.copy() for b in network.biases]
    weights[-1][:] = 0
    biases[-1][:] = np.arange(biases[-1].size) % 2
    return network.with_parameters(Parameters(weights, biases)), x


def _whole_numbers(rng: np.random.Generator, network: Network, x: Array) -> tuple[Network, Array]:
    """Small whole numbers everywhere: many z meet 0 exactly, and cancel against each other."""
    return network.with_parameters(network.parameters.map(lambda each: np.clip(np.rint(each), -3, 3))), np.rint(x)


PLANTS = (_as_drawn, _as_drawn, _as_drawn, _zero_row, _unit_at_kink, _dead_output, _whole_numbers)
