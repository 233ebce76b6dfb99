"""The compiled engine: whole epochs in native code, for every built-in activation, cost and rule.

What a step is stands in `native/steps.py`; here a run is laid out in memory, given to threads in parts, and read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule import updates
from chainrule.activations import Activation
from chainrule.costs import Cost
from chainrule.data.mapped import MappedRows
from chainrule.data.network_rows import Rows
from chainrule.dropout import ALL, keys_of_steps
from chainrule.engines.engine import Measured, Recipe, Steps
from chainrule.engines.native import own_code
from chainrule.engines.native import plan as p
from chainrule.engines.native.code import missing, work_for
from chainrule.engines.native.layout import LayerShape, Memory, Panels, lanes, row_length, shapes_of, up_to
from chainrule.engines.native.recorded import Unrecorded
from chainrule.engines.native.team import Pace, Team, most_threads
from chainrule.network import Network
from chainrule.parameters import Parameters, length
from chainrule.prediction import activations_of_rows

Array = np.ndarray
ACTIVATIONS = ["identity", "sigmoid", "tanh", "relu", "leaky_relu", "softplus", "gelu", "silu", "softmax", "own"]
KEEP_Z = ("gelu", "silu", "own")  # whose slope does not follow from a alone
COSTS = ["squared_error", "huber", "cross_entropy", "binary_cross_entropy", "multiclass_hinge", "own"]
RULES: list[Any] = [updates._downhill, updates._roll, updates._roll_ahead, updates._scale, updates._adapt]
AVERAGES = {"momentum": p.FIRST, "rho": p.FIRST, "beta1": p.FIRST, "beta2": p.SECOND, "epsilon": p.EPSILON}
# a step of so many rows is cut by rows where each thread can keep the weights of a layer in its own cache, else by neurons
MANY_ROWS, SMALL_WEIGHTS, FAR_WEIGHTS = 256, 2**18, 2**19
CALLS_BACK = 64  # calls after which what can be taken back is kept anew
# how much is worked on at a time, so that it stays in a cache
DEPTH, ROWS, SUMMED = 256, 192, 256  # terms of a sum, rows of a product, rows of a gradient
BLOCKS, ERRORS = 8, 64  # panels of a layer's inputs whose weights move, or whose errors are worked out
IN_PLACE = 32  # rows of a step, up to which they are read where they are
PACKS = 24  # from so many panels on rows are packed before they are multiplied by them
MAPPED_BYTES = 2**24  # of rows that stay in a file, in memory at a time


@dataclass
class Running:
    """A run under way: its numbers in panels, and the plan that says where everything is.

    `backup` is what a step changes as it was after step `backed_up`, and `since` are the orders and rates of the steps since.
    """

    recipe: Recipe
    origin: Network
    rows: Rows
    team: Team
    memory: Memory
    theta: Panels
    slots: Panels
    gradient: Panels
    plan: Array
    settings: Array
    pace: Pace
    step: int = 0
    kept: dict[str, Array] = field(default_factory=dict)  # what the plan points to
    backup: list[Array] = field(default_factory=list)
    since: list[tuple[Array, Array]] = field(default_factory=list)
    own: dict[int, Any] = field(
        default_factory=dict
    )  # machine code of own activations by layer, and of an own cost as 0

    @property
    def numbers(self) -> tuple[Array, Array]:
        """What a step changes."""
        return self.theta.numbers, self.slots.numbers


class CompiledEngine:
    """Forward, backward and update in native code; it runs every recipe whose rule is built in.

    A user's own activations and cost are compiled from their forms, where these can be recorded; so are those built-in ones
    that have no native code of their own.
    """

    name = "compiled"

    def refuses(self, recipe: Recipe, network: Network) -> str | None:
        if why := missing():
            return f"cannot run here: {why}"
        if recipe.rule.step not in RULES:
            return f"has no native code for your own rule {recipe.rule.name}"
        try:
            _own_code(recipe, network)
        except Unrecorded as reason:
            return f"has no native code for {reason}"
        return None

    def holds(self, recipe: Recipe, network: Network, batch: int) -> int:
        shapes = shapes_of(network.sizes, network.dtype)
        copies = 3 + 2 * len(recipe.rule.slots)  # θ, the slots, both as they were some steps before, and the gradient
        panels = copies * sum(shape.weights + shape.biases for shape in shapes)
        return (panels + _scratch(shapes, batch)[-1] * most_threads()) * network.dtype.itemsize

    def start(self, recipe: Recipe, network: Network, rows: Rows, snapshot: Mapping[str, Any] | None = None) -> Running:
        given, dtype, shapes = network.parameters, network.dtype, shapes_of(network.sizes, network.dtype)
        memory = Memory()
        theta, slots = Panels(memory, shapes, dtype), Panels(memory, shapes, dtype, len(recipe.rule.slots))
        gradient = Panels(memory, shapes, dtype)
        theta.write(given.flat() if snapshot is None else snapshot["parameters"], given)
        step = 0
        if snapshot is not None:
            step = snapshot["step"]
            for copy, slot in enumerate(recipe.rule.slots):
                slots.write(snapshot[f"rule/{slot}"], given, copy)
        settings = _settings(recipe, network)
        plan = np.zeros(p.GENERAL + (network.depth + 1) * p.BY_LAYER, np.int64)
        team = Team(work_for(str(dtype)), plan, memory.array((1 + most_threads()) * p.LINE, np.int64))
        running = Running(recipe, network, rows, team, memory, theta, slots, gradient, plan, settings, Pace(), step)
        running.own = _own_code(recipe, network)
        _lay_out(running)
        return running

    def run(self, state: Running, order: Array, rates: Array) -> Steps:
        costs = np.empty(len(order))
        if not len(order):
            return Steps(costs)
        bad = _steps(state, np.ascontiguousarray(order, np.int64), np.asarray(rates, float), costs)
        return Steps(costs) if bad is None else Steps(costs[: bad + 1], bad)

    def measured(self, state: Running, batch: Array, rate: float) -> tuple[float, Measured | None]:
        cost, measures = np.empty(1), state.kept["measures"]
        measures[:] = 0
        state.plan[p.MEASURED] = measures.ctypes.data
        try:
            bad = _steps(state, np.ascontiguousarray(batch[None], np.int64), np.array([rate]), cost)
        finally:
            state.plan[p.MEASURED] = 0
        return float(cost[0]), Measured(float(cost[0]), *_lengths(state)) if bad is None else None

    def gradient(self, state: Running, batch: Array) -> tuple[float, Array]:
        cost = np.empty(1)
        _work(state, batch[None].astype(np.int64), np.zeros(1), cost, p.NOT_AT_ALL)
        like, recipe = state.origin.parameters, state.recipe
        gradient = state.gradient.read(like)
        if recipe.penalty:
            theta = state.theta.read(like)
            gradient += recipe.penalty.slope(theta) * recipe.penalty.entries(like)
        if recipe.fixed:
            gradient = like.like(gradient).with_layers(recipe.fixed, like.zeros()).flat()
        return float(cost[0]), gradient

    def apply(self, state: Running, gradient: Array, rate: float) -> bool:
        state.gradient.write(gradient, state.origin.parameters)
        _back_up(state)
        penalties = state.settings[[p.L1, p.L2]]
        state.settings[[p.L1, p.L2]] = 0.0  # the gradient has them already
        _work(state, np.zeros((1, 1), np.int64), np.array([rate]), np.empty(1), p.MOVE_ALONE)
        state.settings[[p.L1, p.L2]] = penalties
        if not _is_finite(state):
            _put_back(state)
            return False
        state.step, state.backup = state.step + 1, []
        return True

    def network(self, state: Running) -> Network:
        like = state.origin.parameters
        return state.origin.with_parameters(like.like(state.theta.read(like)))

    def predict(self, network: Network, rows: Array) -> Array:
        return activations_of_rows(network, rows)

    def snapshot(self, state: Running) -> Mapping[str, Any]:
        _back_up(state)
        return Snapshot(state.theta.copied(state.backup[0]), state.slots.copied(state.backup[1]), state.origin.parameters,
                        state.recipe.rule.slots, state.step)  # fmt: skip

    def threads(self, state: Running) -> int | None:
        return state.pace.used


class Snapshot(Mapping[str, Any]):
    """A snapshot whose vectors are made of panels on demand."""

    def __init__(self, theta: Panels, slots: Panels, like: Parameters, names: tuple[str, ...], step: int) -> None:
        self._theta, self._slots, self._like, self._step = theta, slots, like, step
        self._places = {f"rule/{name}": copy for copy, name in enumerate(names)}
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name == "step":
            return self._step
        if name not in self._made:
            panels, copy = (self._theta, 0) if name == "parameters" else (self._slots, self._places[name])
            self._made[name] = panels.read(self._like, copy)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(("parameters", *self._places, "step"))

    def __len__(self) -> int:
        return 2 + len(self._places)


# steps that can be taken back -------------------------------------------------------------------------------------------
def _back_up(state: Running) -> None:
    """Keep what the next steps change, unless no step was taken since it was kept."""
    if state.since or not state.backup:
        state.backup, state.since = [numbers.copy() for numbers in state.numbers], []


def _put_back(state: Running) -> None:
    """Everything as it was kept; nothing that may have become NaN is left."""
    for numbers, old in zip(state.numbers, state.backup):
        numbers[:] = old
    state.step -= sum(len(rates) for _, rates in state.since)
    state.since = []


def _is_finite(state: Running) -> bool:
    """Whether all numbers are finite: so they are where their sum is, which takes a third of the time."""
    with np.errstate(all="ignore"):
        return all(np.isfinite(numbers.sum()) or np.isfinite(numbers).all() for numbers in state.numbers)


def _steps(state: Running, order: Array, rates: Array, costs: Array) -> int | None:
    """Take these steps; the number of the first that would leave the finite numbers, before which the state is left."""
    if not state.backup or len(state.since) >= CALLS_BACK:
        _back_up(state)
    _taken(state, order, rates, costs)
    if np.isfinite(costs).all() and _is_finite(state):
        return None
    earlier = state.since[:-1]
    _put_back(state)
    for good in earlier:
        _taken(state, *good, np.empty(len(good[0])))
    return _bisected(state, order, rates, costs)


def _taken(state: Running, order: Array, rates: Array, costs: Array) -> None:
    _work(state, order, rates, costs, p.AT_ONCE if state.recipe.clip.norm is None else p.AT_THE_END)
    state.step += len(order)
    state.since.append((order, rates))


def _bisected(state: Running, order: Array, rates: Array, costs: Array) -> int:
    """The first of these steps that would leave the finite numbers, one of which does; the state is left before it."""
    _back_up(state)
    if len(order) == 1:
        return 0
    half = len(order) // 2
    _taken(state, order[:half], rates[:half], costs[:half])
    if np.isfinite(costs[:half]).all() and _is_finite(state):
        return half + _bisected(state, order[half:], rates[half:], costs[half:])
    _put_back(state)
    return _bisected(state, order[:half], rates[:half], costs[:half])


def _lengths(state: Running) -> list[list[float]]:
    """By layer, from the squares that a measured step left: of weights and biases before it, of its gradient, of its move."""
    measures, begins = state.kept["measures"].reshape(-1, p.MEASURE_COUNT), state.kept["begins"]
    found = np.sqrt(np.add.reduceat(measures, begins))
    for layer in state.recipe.fixed:  # which no step goes over
        w, b = state.theta.weights[layer - 1], state.origin.biases[layer]
        found[layer - 1, p.BEFORE] = length(np.append(w, b).astype(float))
    return [found[:, place].tolist() for place in (p.BEFORE, p.SLOPE, p.MOVE)]


def _blocks(shape: LayerShape) -> int:
    """How many blocks of weights, and panels of biases, a layer is measured in."""
    return shape.panels * (up_to(shape.sources, shape.width) // shape.width + 1)


def _work(state: Running, order: Array, rates: Array, costs: Array, moves: int) -> None:
    """These steps in native code, a few milliseconds of them at a time."""
    recipe, plan, batch = state.recipe, state.plan, order.shape[1]
    of_rates, step = _rates(recipe, state.step, rates), state.step
    _room_for(state, batch)
    state.pace.suits(batch * sum(w.size for w in state.origin.weights) * 6)
    plan[p.BATCH], plan[p.DEFERRED] = batch, moves
    mapped = isinstance(state.rows.inputs, MappedRows)
    most = p.MOST_STEPS
    if mapped:
        most = min(most, max(1, MAPPED_BYTES // (batch * state.origin.sizes[0] * 8)))
    for start, count, threads in state.pace.parts(len(order), most):
        rows = order[start : start + count]
        plan[p.ORDER] = plan[p.INPUT_ORDER] = rows.ctypes.data
        plan[p.LAST] = count - 1
        plan[p.RATES], plan[p.COSTS] = of_rates[start:].ctypes.data, costs[start:].ctypes.data
        held = _keys(state, step + start, count), _in_memory(state, rows) if mapped else None
        state.team.do(threads, count)
        del held


def _keys(state: Running, step: int, count: int) -> list[Array]:
    """What decides in each of so many steps whom dropout leaves out, told to the plan."""
    dropout, found = state.recipe.dropout, []
    for layer, rate in enumerate(dropout.rates):
        if rate > 0:
            found.append(keys_of_steps(dropout.seed, np.arange(step + 1, step + 1 + count), layer))
            state.plan[p.GENERAL + layer * p.BY_LAYER + p.KEYS] = found[-1].ctypes.data
    return found


def _in_memory(state: Running, order: Array) -> tuple[Array, Array]:
    """The rows of these steps, read from the file that they stay in, told to the plan."""
    rows = np.ascontiguousarray(state.rows.inputs[order.clip(0).ravel()])
    places = np.arange(order.size)
    state.plan[p.INPUTS], state.plan[p.INPUT_ORDER] = rows.ctypes.data, places.ctypes.data
    return rows, places


def _settings(recipe: Recipe, network: Network) -> Array:
    found = np.zeros(p.ALPHAS + network.depth + 1)
    cost, penalty, clip = recipe.cost, recipe.penalty, recipe.clip
    found[p.COST_SETTING] = cost.settings.get("threshold", 0.5 if cost.name == "quadratic" else 1.0)
    for name, place in AVERAGES.items():
        if name in recipe.rule.settings:
            found[place] = recipe.rule.settings[name]
    found[[p.L1, p.L2, p.DECAY]] = penalty.l1, penalty.l2, penalty.decay
    found[[p.CLIP_VALUE, p.CLIP_NORM]] = clip.value or 0.0, clip.norm or 0.0
    for layer, sigma in enumerate(network.activations, 1):
        found[p.ALPHAS + layer] = sigma.settings.get("alpha", 0.0)
    return found


def _rates(recipe: Recipe, step: int, rates: Array) -> Array:
    """A row for each step: its rate, that corrected for the start of the averages, 1 / √(1 − β₂^t)."""
    found = np.empty((len(rates), p.RATE_COUNT))
    found[:, p.RATE], found[:, p.CORRECTED], found[:, p.ROOT] = rates, rates, 1.0
    settings = recipe.rule.settings
    if "beta1" in settings:
        t = np.arange(step + 1, step + 1 + len(rates), dtype=float)
        found[:, p.CORRECTED] = rates / (1 - settings["beta1"] ** t)
        found[:, p.ROOT] = (1 - settings["beta2"] ** t) ** -0.5
    return found


def _kind(sigma: Activation) -> str:
    """The activation's name in ACTIVATIONS, "own" for one that is compiled from its form."""
    return "own" if sigma.own or sigma.name not in ACTIVATIONS else sigma.name


def _kind_of_cost(cost: Cost) -> str:
    """Its name in COSTS, likewise."""
    name = "squared_error" if cost.name == "quadratic" else cost.name
    return "own" if cost.own or name not in COSTS else name


def _own_code(recipe: Recipe, network: Network) -> dict[int, Any]:
    """The machine code of activations by layer, and of a cost as 0, that are compiled from their forms. Raises Unrecorded."""
    found, dtype = {}, str(network.dtype)
    reads_z = recipe.cost.on(network.output).of == "z"
    for layer, sigma in enumerate(network.activations, 1):
        if _kind(sigma) == "own" and not (layer == network.depth and reads_z):
            with _named(f"your own activation {sigma.name}"):
                found[layer] = own_code.of_activation(sigma, dtype)
    if _kind_of_cost(recipe.cost) == "own":
        with _named(f"your own cost {recipe.cost.name}"):
            found[0] = own_code.of_cost(recipe.cost, network.output, network.sizes[-1], dtype)
    return found


@contextmanager
def _named(what: str) -> Iterator[None]:
    try:
        yield
    except Unrecorded as reason:
        raise Unrecorded(f"{what}, whose form {reason}") from reason


def _lay_out(state: Running) -> None:
    """The part of the plan that no call changes."""
    network, recipe, rows, plan, keep = state.origin, state.recipe, state.rows, state.plan, state.kept
    pair, name = recipe.cost.on(network.output), _kind_of_cost(recipe.cost)
    keep["inputs"] = np.empty(0) if isinstance(rows.inputs, MappedRows) else np.ascontiguousarray(rows.inputs)
    keep["targets"] = np.ascontiguousarray(rows.targets)
    keep["settings"], keep["flags"] = state.settings, state.team.flags
    plan[p.LAYERS], plan[p.COST], plan[p.RULE] = network.depth, COSTS.index(name), RULES.index(recipe.rule.step)
    plan[p.INPUTS], plan[p.INPUT_STRIDE] = keep["inputs"].ctypes.data, network.sizes[0]
    plan[p.TARGETS], plan[p.SETTINGS], plan[p.FLAGS] = (keep[k].ctypes.data for k in ("targets", "settings", "flags"))
    if name == "own":
        plan[p.OWN_COST] = state.own[0].address("cost")
    if rows.weights is not None:
        keep["weights"] = np.ascontiguousarray(rows.weights, float)
        plan[p.ROW_WEIGHTS] = keep["weights"].ctypes.data
    keep["squares"] = np.zeros(sum(shape.panels for shape in state.theta.shapes))
    keep["measures"] = np.zeros(sum(map(_blocks, state.theta.shapes)) * p.MEASURE_COUNT)
    keep["begins"] = np.cumsum([0, *map(_blocks, state.theta.shapes)])[:-1]  # of the measures of each layer
    plan[p.SQUARES] = keep["squares"].ctypes.data
    plan[p.PLAIN] = not (recipe.penalty or recipe.clip)
    plan[p.DEPTH_AT_ONCE], plan[p.ROWS_AT_ONCE], plan[p.SUMMED_AT_ONCE] = DEPTH, ROWS, SUMMED
    plan[p.BLOCKS_AT_ONCE], plan[p.ERRORS_AT_ONCE], plan[p.PANELS_TO_PACK] = BLOCKS, ERRORS, PACKS
    for i, shape in enumerate(state.theta.shapes):
        record = plan[p.GENERAL + (i + 1) * p.BY_LAYER :][: p.BY_LAYER]
        sigma, b = network.activations[i + 1], network.parameters.biases[i + 1]
        at_output = i + 1 == network.depth and pair.of == "z"
        record[p.NUMBER], record[p.NEURONS], record[p.SOURCES] = i + 1, shape.neurons, shape.sources
        record[p.PANELS], record[p.DEPTH] = shape.panels, shape.depth
        record[p.MEASURES] = keep["begins"][i] * p.MEASURE_COUNT
        for place, panels in (
            ((p.WEIGHTS, p.BIASES), state.theta), ((p.WEIGHT_SLOTS, p.BIAS_SLOTS), state.slots),
            ((p.WEIGHT_GRADIENT, p.BIAS_GRADIENT), state.gradient),
        ):  # fmt: skip
            record[place[0]], record[place[1]] = panels.weights[i].ctypes.data, panels.biases[i].ctypes.data
        record[p.ACTIVATION] = 0 if at_output else ACTIVATIONS.index(_kind(sigma))
        if i + 1 in state.own:
            record[p.OWN_VALUE], record[p.OWN_SLOPE] = map(state.own[i + 1].address, ("value", "slope"))
        record[p.FIXED], record[p.FAR] = i + 1 in recipe.fixed, shape.weights * network.dtype.itemsize > FAR_WEIGHTS
        record[p.BIAS_KIND] = (
            p.NO_BIAS if not b.size else p.BIAS_PER_LAYER if b.size < shape.neurons else p.BIAS_PER_NEURON
        )
        record[p.PENALIZED_BIAS] = recipe.penalty.biases
        record[p.STRIDE] = row_length(shape.neurons, shape.width)
    for layer, rate in enumerate(recipe.dropout.rates):
        plan[p.GENERAL + layer * p.BY_LAYER + p.DROP_BELOW] = np.array(int(rate * ALL), np.uint64).view(np.int64)


def _scratch(shapes: Sequence[LayerShape], batch: int) -> tuple[int, int, int]:
    """What a thread writes that is its own: where weights turned round begin, and packed rows, and how many numbers that is."""
    width, later = shapes[0].width, shapes[1:]
    turned = max(
        (min(up_to(s.sources, width) // width, ERRORS) * min(DEPTH, s.panels * width) for s in later), default=0
    )
    packed = max(ROWS * DEPTH, BLOCKS * width * batch) if max(s.panels for s in shapes) >= PACKS else 0
    first = (1 + width + BLOCKS * width) * width
    second = first + turned * width
    return first, second, second + up_to(packed + width, width)


def _room_for(state: Running, batch: int) -> None:
    """Arrays for a batch of so many rows, unless there are such already."""
    plan, keep, network, dtype = state.plan, state.kept, state.origin, state.origin.dtype
    largest = max(shape.weights for shape in state.theta.shapes) * dtype.itemsize
    plan[p.IN_PLACE] = batch <= IN_PLACE and not any(state.recipe.dropout.rates[:1])
    plan[p.ALL_BY_ROWS] = batch >= MANY_ROWS and largest <= SMALL_WEIGHTS
    plan[p.GENERAL + p.BY_LAYER + p.BY_ROWS :: p.BY_LAYER] = plan[p.ALL_BY_ROWS]
    plan[p.GENERAL + network.depth * p.BY_LAYER + p.BY_ROWS] = 1  # where each row's cost is worked out
    if len(keep.get("row costs", ())) >= batch:
        return
    width = lanes(dtype)
    keep["row costs"], keep["all rows"] = np.empty(batch), np.arange(batch)
    keep["ones"] = np.ones(1, dtype)
    plan[p.ONES] = keep["ones"].ctypes.data
    plan[p.ROW_COSTS], plan[p.ALL_ROWS] = keep["row costs"].ctypes.data, keep["all rows"].ctypes.data
    stride = row_length(network.sizes[0], width)
    keep["gathered"] = state.memory.array(2 * batch * stride, dtype)
    plan[p.GATHERED], plan[p.GENERAL + p.STRIDE] = keep["gathered"].ctypes.data, stride
    plan[p.TURNED], plan[p.PACKED], size = _scratch(state.theta.shapes, batch)
    keep["scratch"] = state.memory.array(size * most_threads(), dtype)
    plan[p.SCRATCH], plan[p.SCRATCH_SIZE] = keep["scratch"].ctypes.data, size
    dropped = {layer for layer, rate in enumerate(state.recipe.dropout.rates) if rate > 0}
    for layer in range(network.depth + 1):
        record = plan[p.GENERAL + layer * p.BY_LAYER :][: p.BY_LAYER]
        stride = int(record[p.STRIDE])
        for name, place, there in (
            ("outgoing", p.OUTGOING, layer > 0), ("errors", p.ERRORS, layer > 0), ("masks", p.MASKS, layer in dropped),
            ("source", p.SOURCE, layer > 0 and (layer in dropped or _kind(network.activations[layer]) in KEEP_Z)),
        ):  # fmt: skip
            if there:
                keep[f"{name} {layer}"] = state.memory.array(batch * stride, dtype)
                record[place] = keep[f"{name} {layer}"].ctypes.data
        if layer and record[p.SOURCE] == 0:
            record[p.SOURCE] = record[p.OUTGOING]
