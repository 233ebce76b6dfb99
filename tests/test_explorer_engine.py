"""The explorer's engine in JavaScript gives the numbers of Python: activations, costs, networks, moves, sweeps, checks."""

from __future__ import annotations

import itertools
import json
import math
import re
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import browser
import numpy as np
import pytest
from mpmath import mp
from networks import COSTS, HIDDEN, LEGAL, PROOF, make_problem
from test_compiled import branching
from test_own_forms import POINTS
from test_own_native import ACTIVATIONS
from test_own_native import COSTS as OWN_COSTS
from typechecker import unchecked

import chainrule as cr
from chainrule.activations import Activation, named, odot
from chainrule.dual import DUALS, Dual, dual
from chainrule.elementary import ARRAYS
from chainrule.explorer import traced
from chainrule.ids import Id, of_entry
from chainrule.nudges.sweep import sweep
from chainrule.problem import Problem
from chainrule.verification.moved import BY_ACTIVATION, follow

Array = np.ndarray
WEB = Path(traced.__file__).parent / "web"
CLOSE = 1e-12  # of each quantity's scale
NETWORKS = 200
SWEPT = np.linspace(-2.0, 2.0, 41)
ULPS = 4  # of erf and erfc
Run = Callable[[dict[str, Any]], Any]


# what is replayed ---------------------------------------------------------------------------------------------------
class Cases:
    """Modules of forms, each once, and what is to be computed with them."""

    def __init__(self) -> None:
        self.modules: list[str] = []
        self.cases: dict[str, list[Any]] = {"networks": [], "activations": [], "costs": [], "erf": []}

    def forms(self, text: str) -> int:
        if text not in self.modules:
            self.modules.append(text)
        return self.modules.index(text)

    def script(self) -> str:
        """One script: the page's modules without their imports and exports, those of forms each in a function of its own."""
        modules = [f"(() => {{ {plain(text)} return {{ activations, costs }}; }})()" for text in self.modules]
        parts = [
            *(plain((WEB / name).read_text()) for name in ("erf.js", "crossings.js")), "const known = {};",
            *(plain((WEB / name).read_text()) for name in ("engine.js", "check.js")),
            f"const MODULES = [{', '.join(modules)}];", f"const CASES = {json.dumps(texts(self.cases))};",
            (Path(__file__).parent / "explorer_replay.js").read_text(),
        ]  # fmt: skip
        return "'use strict';\n" + "\n".join(parts)


def plain(module: str) -> str:
    return re.sub(r"^export ", "", re.sub(r"^import .*\n", "", module, flags=re.MULTILINE), flags=re.MULTILINE)


def texts(value: Any) -> Any:
    """Infinities and NaN as texts, which JSON has."""
    if isinstance(value, dict):
        return {key: texts(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [texts(each) for each in value]
    value = value.item() if isinstance(value, np.generic) else value
    return str(value).replace("inf", "Infinity") if isinstance(value, float) and not math.isfinite(value) else value


def in_node(script: str, folder: Path) -> Any:
    (folder / "replay.js").write_text(f"{script}\nconsole.log(replay());\n", encoding="utf-8")
    done = subprocess.run(["node", str(folder / "replay.js")], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def in_chromium(script: str, folder: Path) -> Any:
    page = f"<!doctype html><meta charset=utf-8><body><script>{script}</script></body>"
    return json.loads(browser.measured(page, "return replay();", folder))


RUNS = {"node": in_node, "chromium": in_chromium}


@pytest.fixture(scope="module", params=[pytest.param(each, marks=pytest.mark.needs(each)) for each in RUNS])
def replayed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return RUNS[request.param](all_cases().script(), tmp_path_factory.mktemp("replay"))


@cache
def all_cases() -> Cases:
    cases = Cases()
    cases.cases["networks"] = [*(network_case(cases, problem) for problem in problems()), faulty_case(cases)]
    cases.cases["activations"] = [activation_case(cases, sigma) for sigma in activations()]
    cases.cases["costs"] = [cost_case(cases, *each) for each in pairs()]
    cases.cases["erf"] = [float(x) for x in points_of_erf()]
    return cases


def numbers(found: Any) -> Array:
    return np.array([float(each) for each in found])


def assert_close(found: Any, right: Any, scale: Any = None, what: object = "", close: float = CLOSE) -> None:
    """To 1e-12 of the scale, which is the largest of the numbers unless it is given; infinite and NaN at the same places."""
    found, right = np.atleast_1d(np.array(found, float)), np.atleast_1d(np.array(right, float))
    finite = np.isfinite(right)
    np.testing.assert_array_equal(found[~finite], right[~finite], err_msg=str(what))
    scale = np.abs(right[finite]).max(initial=0) if scale is None else scale
    found, right, scale = found[finite], right[finite], np.broadcast_to(scale, right.shape)[finite]
    wrong = ~(np.abs(found - right) <= close * scale)
    assert not wrong.any(), (what, found[wrong][:3], right[wrong][:3])


# activations --------------------------------------------------------------------------------------------------------
def activations() -> list[Activation]:
    return [*(named(name) for name in HIDDEN), named("leaky_relu", alpha=0.2), *ACTIVATIONS.values()]


def names() -> list[str]:
    return [repr(sigma) for sigma in activations()]


def points(sigma: Activation) -> Array:
    rng = np.random.default_rng(3)
    edges = [*sigma.kinks, -800.0, 800.0, -1e-300, 5e-324, math.inf, -math.inf, math.nan] if not sigma.own else []
    if sigma.full_slope:
        return rng.standard_normal(7) * 20
    return np.concatenate([rng.standard_normal(60), 8 * rng.standard_normal(60), POINTS, edges])


def directions(z: Array) -> Array:
    return np.random.default_rng(4).standard_normal(z.size)


def activation_case(cases: Cases, sigma: Activation) -> dict[str, Any]:
    z = points(sigma)
    network = cr.Network.random([2, 3, 2], sigma, "identity")
    return {"forms": cases.forms(traced.forms_of(network)), "z": z.tolist(), "v": directions(z).tolist()}


@pytest.mark.parametrize("place", range(len(names())), ids=names())
def test_every_activation_has_the_values_and_slopes_of_python(replayed: dict[str, Any], place: int) -> None:
    """S2.16, S3.14: in its tails too, beyond all numbers, and where there is no number."""
    sigma, found = activations()[place], replayed["activations"][place]
    z = points(sigma)
    with np.errstate(all="ignore"):
        value, slope = sigma.value(z), sigma.slope(z)
        through = odot(directions(z), slope)
    least = 1.0 if sigma.own else 0.0
    assert_close(numbers(found["value"]), value, np.abs(value) + least, sigma)
    assert found["inPlace"] == found["value"]
    assert found["full"] == sigma.full_slope
    assert found["kinks"] == list(sigma.kinks)
    assert_close(numbers(found["through"]), through, np.abs(through) + least, sigma)
    if sigma.full_slope:
        assert found["slope"] is None
    else:
        assert_close(numbers(found["slope"]), slope, np.abs(slope) + least, sigma)


@pytest.mark.parametrize("place", range(len(names())), ids=names())
def test_every_form_has_the_values_and_slopes_of_its_dual_numbers(replayed: dict[str, Any], place: int) -> None:
    """S1.21: where the numbers on the way stay finite; a form loses its tails, and ∞ − ∞ there."""
    sigma, found = activations()[place], replayed["activations"][place]
    z = points(sigma)
    near = np.isfinite(z) & ((np.abs(z) < 40) | sigma.full_slope)
    form = np.broadcast_to(sigma.form(z[near], ARRAYS), z[near].shape)
    moved = dual(sigma.form(Dual(z[near], directions(z)[near]), DUALS))
    assert_close(numbers(found["form"])[near], form, np.maximum(1, np.abs(form)), sigma)
    assert_close(numbers(found["dual"])[near], form, np.maximum(1, np.abs(form)), sigma)
    rate = np.broadcast_to(moved.slope, z[near].shape)
    assert_close(numbers(found["rate"])[near], rate, np.maximum(1, np.abs(rate)), sigma)


# costs --------------------------------------------------------------------------------------------------------------
def pairs() -> list[tuple[str, cr.costs.Cost]]:
    known = [(output, COSTS[name]) for output, name in LEGAL if COSTS[name].classifies or output == "tanh"]
    return [*known, *(("identity", cost) for cost in OWN_COSTS.values())]


def pair_names() -> list[str]:
    return [f"{cost!r} on {output}" for output, cost in pairs()]


def cost_rows(output: str, cost: cr.costs.Cost) -> list[dict[str, Any]]:
    rng, found, n = np.random.default_rng(8), [], 3
    for scale in (1.0, 5.0, 60.0 if cost.classifies else 1.0):
        for target in range(n):
            z = scale * rng.standard_normal(n)
            y = np.eye(n)[target]
            if cost.targets == "numbers":
                y = rng.standard_normal(n)
            elif cost.targets != "one-hot" and target:
                y = 0.9 * y + 0.1 / n
            row = {"z": z, "a": named(output).value(z[None])[0], "y": y}
            row |= {"dv": rng.standard_normal(n), "dy": rng.standard_normal(n)}
            found.append({name: each.tolist() for name, each in row.items()})
    return found


def cost_case(cases: Cases, output: str, cost: cr.costs.Cost) -> dict[str, Any]:
    network = cr.Network.random([2, 4, 3], "tanh", output)
    return {"forms": cases.forms(traced.forms_of(network, cost)), "rows": cost_rows(output, cost)}


@pytest.mark.parametrize("place", range(len(pair_names())), ids=pair_names())
def test_every_cost_has_the_values_and_slopes_of_python(replayed: dict[str, Any], place: int) -> None:
    """S3.14: value, ∇_a C, δ^L, the form with its dual numbers, and ∂C/∂y, which the form alone has."""
    output, cost = pairs()[place]
    pair = cost.on(named(output))
    for row, found in zip(cost_rows(output, cost), replayed["costs"][place]):
        z, a, y, dv, dy = (np.array([row[name]]) for name in ("z", "a", "y", "dv", "dy"))
        v = z if pair.of == "z" else a
        assert_close(found["value"], pair.value(v, y), None, cost)
        slope = pair.slope(a, y)[0]
        assert_close(numbers(found["slope"]), slope, np.abs(slope) + (np.abs(slope).max() if cost.own else 0), cost)
        assert (found["delta"] is None) == (pair.delta is None)
        if pair.delta is not None:
            delta = pair.delta(z, y)[0]
            assert_close(numbers(found["delta"]), delta, np.abs(delta), cost)
        form = pair.form(v, y, ARRAYS).item()
        size = max(1, np.abs(v).max() ** (4 if cost.name == "quartic" else 2))
        of_duals = unchecked(pair.form)  # in Python no y is a dual number
        moved = dual(of_duals(Dual(v, dv), Dual(y, dy), DUALS)).slope.item()
        assert_close([found["form"], *numbers(found["dual"])], [form, form, moved], size, cost)
        target = [dual(of_duals(Dual(v), Dual(y, each), DUALS)).slope.item() for each in np.eye(3)[:, None]]
        assert_close(numbers(found["target"]), target, size, cost)
        by_a = pair.form if output == "identity" else BY_ACTIVATION.get((cost.name, output))
        if pair.of == "z" and by_a is not None:
            with np.errstate(all="ignore"):
                assert_close(float(found["ofActivation"]), by_a(a, y, ARRAYS).item(), size, cost)
        else:
            assert found["ofActivation"] is None


# networks -----------------------------------------------------------------------------------------------------------
@cache
def problems() -> list[Problem]:
    """Of every activation and every legal cost, one to four layers, biases of every kind."""
    rng, found, own = np.random.default_rng(11), [], itertools.cycle(ACTIVATIONS.values())
    for number in range(NETWORKS):
        depth = int(rng.integers(1, 5))
        drawn = make_problem(
            rng.integers(1, 6, depth + 1).tolist(), rng.choice(HIDDEN, depth - 1).tolist(), *LEGAL[number % len(LEGAL)],
            batch=1, bias=str(rng.choice(["neuron", "layer", "none"])), scale=float(rng.choice([0.3, 1.0, 2.0])), seed=number,
        )  # fmt: skip
        network = drawn.network
        if number % 4 == 0 and depth > 1:
            network = with_own(network, next(own))
        found.append(Problem.one(network, drawn.x[0], drawn.y[0], drawn.cost))
    return found


def with_own(network: cr.Network, sigma: Activation) -> cr.Network:
    others = list(network.activations)[1:]
    biases = [b if b.size else None for b in network.biases]
    return cr.Network(list(network.weights), biases, [sigma, *others], cost=network.cost)


def described(network: cr.Network) -> dict[str, Any]:
    kinds = {0: "none", 1: "layer"}
    biases = ["neuron" if b.size == w.shape[0] else kinds[b.size] for w, b in zip(network.weights, network.biases)]
    return {"sizes": list(network.sizes), "activations": list(traced.keys_of(network)), "biases": biases}


def ids_of(network: cr.Network) -> list[Id]:
    """Every weight and bias, then every z, a, x."""
    layers = range(1, network.depth + 1)
    parameters = [of_entry(network.parameters, i) for i in range(network.parameters.size)]
    others = [Id(kind, l, j) for kind in "za" for l in layers for j in range(network.sizes[l])]
    return [*parameters, *others, *(Id("x", 0, k) for k in range(network.sizes[0]))]


def some(problem: Problem, kinds: str, seed: int = 0) -> list[Id]:
    """One of each kind, drawn at random."""
    rng = np.random.default_rng(problem.network.parameters.size + seed)
    of_kind = [[id for id in ids_of(problem.network) if id.kind == kind] for kind in kinds]
    return [each[int(rng.integers(len(each)))] for each in of_kind if each]


def as_object(id: Id) -> dict[str, Any]:
    return {"kind": id.kind, "layer": id.layer, "neuron": id.neuron, "source": id.source}


def moves(problem: Problem) -> list[tuple[Id, float]]:
    return list(zip(some(problem, "wbzax"), (0.3, -0.2, 0.5, 0.1, -1.0)))


def network_case(cases: Cases, problem: Problem) -> dict[str, Any]:
    network = problem.network
    return {
        "forms": cases.forms(traced.forms_of(network, problem.cost)),
        "network": described(network), "theta": network.parameters.flat().tolist(),
        "x": problem.x[0].tolist(), "y": problem.y[0].tolist(),
        "ids": [as_object(id) for id in ids_of(network)],
        "moves": [[as_object(id), by] for id, by in moves(problem)],
        "sweeps": [[as_object(id), SWEPT.tolist()] for id in some(problem, "wbzax", 1)],
        "checks": [*(as_object(id) for id in some(problem, "wbzax", 2)), as_object(Id("y", 0, 0))],
    }  # fmt: skip


def test_the_networks_have_every_activation_and_every_legal_cost() -> None:
    hidden = {sigma.name for problem in problems() for sigma in problem.network.activations}
    assert hidden >= {*HIDDEN, *(sigma.name for sigma in ACTIVATIONS.values())}
    assert {(p.network.output.name, p.cost.name) for p in problems()} >= set(LEGAL)


def test_values_errors_and_gradients_of_200_networks_are_those_of_python(replayed: dict[str, Any]) -> None:
    """S2.23, S4.15: z, a, C, every δ, every ∂C/∂a, and ∂C/∂ of every weight, bias, z, a and x."""
    for problem, found in zip(problems(), replayed["networks"]):
        network, x, y = problem.network, problem.x[0], problem.y[0]
        trace = cr.forward(network, x)
        back = cr.backward(trace, y, problem.cost)
        for l in range(1, network.depth + 1):
            size = np.abs(network.weights[l]) @ np.abs(trace.a[l - 1]) + np.abs(network.biases[l]).max(initial=0)
            assert_close(numbers(found["z"][l]), trace.z[l], size.max(), network)
            assert_close(numbers(found["a"][l]), trace.a[l], max(np.abs(trace.a[l]).max(), size.max()), network)
            sent = np.abs(back.da[l]).max()
            if l < network.depth:
                sent = (np.abs(back.delta[l + 1]) @ np.abs(network.weights[l + 1])).max()
            assert_close(numbers(found["raw"][l]), back.da[l], sent, network)
            slopes = np.abs(network.activations[l].slope(trace.z[l])).max()
            largest = max(sent * slopes, np.abs(back.delta[l]).max())
            assert_close(numbers(found["delta"][l]), back.delta[l], largest, network)
        assert_close(found["C"], cr.cost(network, x, y, problem.cost), None, network)
        gradient = cr.gradient(network, x, y, problem.cost).flat()
        right = [*gradient, *np.concatenate(list(back.delta)), *np.concatenate(list(back.da)[1:]), *back.dx]
        assert_close(numbers(found["slopes"]), right, largest_factor(right), network)
        values = [*network.parameters.flat(), *np.concatenate(list(trace.z)), *np.concatenate(list(trace.a)[1:]), *x]
        assert_close(numbers(found["values"]), values, np.abs(values).max(), network)


def largest_factor(slopes: list[float]) -> float:
    finite = np.array(slopes)[np.isfinite(slopes)]
    return float(np.abs(finite).max(initial=0))


def test_one_quantity_moved_takes_with_it_what_follows_from_it_alone(replayed: dict[str, Any]) -> None:
    """S1.7, S2.2."""
    for problem, found in zip(problems(), replayed["networks"]):
        for (id, by), there in zip(moves(problem), found["moved"]):
            right = follow(problem, id, by)
            for l in range(problem.network.depth + 1):
                for letter, layers in (("z", right.z), ("a", right.a)):
                    if l or letter == "a":
                        size = max(1, np.abs(layers[l]).max())
                        assert_close(numbers(there[letter][l]), layers[l], size, (problem.network, id, letter, l))
            assert_close(float(there["C"]), right.C, max(1, abs(right.C)) * 10, (problem.network, id))
            assert_close(there["value"], right.value(id), max(1, abs(right.value(id))), id)
        assert found["untouched"] == [found["z"], found["a"]]


def test_a_sweep_is_the_cost_at_each_change(replayed: dict[str, Any]) -> None:
    for problem, found in zip(problems(), replayed["networks"]):
        for id, swept in zip(some(problem, "wbzax", 1), found["sweeps"]):
            right = follow(problem, id, SWEPT).C
            assert_close(numbers(swept["C"]), right, np.maximum(1, np.abs(right)) * 10, (problem.network, id))


def test_a_sweep_marks_the_kinks_that_python_finds(replayed: dict[str, Any]) -> None:
    """S3.4: each unit with the change at which it passes, also one that turns back between two points of the grid."""
    marked, every = 0, 1 if PROOF else 4  # Python takes a while to find them
    for problem, found in list(zip(problems(), replayed["networks"]))[::every]:
        for id, swept in zip(some(problem, "wbzax", 1), found["sweeps"]):
            there = kinks_of(problem, id)
            if "overflows" in str(problem.network):  # where it does, units jump to and fro within the last digit
                continue
            for change, unit in zip(swept["kinks"], swept["units"]):
                near = [at for name, at in there if name == f"{unit['kind']}/{unit['layer']}/{unit['neuron']}"]
                assert min(abs(at - change) for at in near) < 1e-9, (problem.network, id, change, near)
            assert len(there) == len(swept["kinks"]), (problem.network, id)
            marked += len(swept["kinks"])
    assert marked > 100 / every


@cache
def kinks_of(problem: Problem, id: Id) -> set[tuple[str, float]]:
    """The units that pass a kink within the range of the sweeps, and where."""
    steps = [SWEPT[0], SWEPT[-1]]
    found = sweep(problem.network, problem.x[0], problem.y[0], id, steps, cost=problem.cost).kinks
    return {(kink.unit, kink.at) for kink in found}


def test_the_check_by_forms_holds_for_what_is_right_alone(replayed: dict[str, Any]) -> None:
    """S1.21: the difference within its error bar, dual numbers to 1e-12; a slope that is off by more is outside."""
    kinks, tight = 0, 0
    for problem, found in zip(problems(), replayed["networks"]):
        for id, each in zip([*some(problem, "wbzax", 2), Id("y")], found["checks"]):
            where = (problem.network, problem.cost, id, each)
            size = max(1.0, abs(float(each["slope"])))
            assert_close(float(each["dual"]), float(each["slope"]), 10 * size, where)
            assert each["right"], where
            assert not each["wrong"], where
            kinks += each["kink"]
            tight += each["error"] < 1e-8 * size
    assert tight > 0.9 * 6 * NETWORKS
    assert kinks < 10


def test_the_check_finds_a_fault_in_a_slope(replayed: dict[str, Any]) -> None:
    """σ′ too large by a thousandth: the weights below it are wrong, and those above it right."""
    *_, found = replayed["networks"]
    ids = ids_of(faulty().network)
    assert [each["right"] for each in found["checks"]] == [id.layer == 2 for id in ids if id.kind in "wb"]


@cache
def faulty() -> Problem:
    network = cr.Network.random([2, 3, 2], "sigmoid", "sigmoid", seed=1, dtype="float64")
    return Problem.one(network, [0.4, -0.8], [0.1, 0.9], cr.squared_error())


def faulty_case(cases: Cases) -> dict[str, Any]:
    """A network whose hidden layer has an activation of its own, in which a fault is planted."""
    case = network_case(cases, faulty())
    text = traced.forms_of(faulty().network, faulty().cost)
    inside = text[text.index("  [") : text.index("\n};")]
    wrong = inside.replace('"sigmoid"', '"wrong"')
    before, slope = wrong.split("slope(z, out)")
    slope = slope.replace("out[j] = ", "out[j] = 1.001 * ", 1)
    case["forms"] = cases.forms(text.replace(inside, f"{inside}\n{before}slope(z, out){slope}"))
    case["network"]["activations"][0] = "wrong"
    case["checks"] = [as_object(id) for id in ids_of(faulty().network) if id.kind in "wb"]
    return case


# erf ----------------------------------------------------------------------------------------------------------------
def points_of_erf() -> Array:
    rng = np.random.default_rng(1)
    edges = [0.0, 5e-324, 1e-300, 1e-20, 0.5, 1.0, 2.0, 4.0, 2.99, 22.7, 26.0, 27.2, 28.0, 1e300, math.inf]
    around = [np.nextafter(x, towards) for x in (0.5, 1.0, 2.0, 4.0) for towards in (0, 9)]
    x = np.concatenate([rng.uniform(0, 1, 400), rng.uniform(0, 6, 400), rng.uniform(0, 27.3, 400), edges, around])
    return np.concatenate([x, -x, [math.nan]])


def test_erf_and_erfc_are_within_four_units_of_the_last_place(replayed: dict[str, Any]) -> None:
    """Against 40 digits; SciPy's own erfc is 450 units off near 22.7."""
    worst = [0.0, 0.0]
    with mp.workdps(40):
        for x, found in zip(points_of_erf(), replayed["erf"]):
            near = mp.mpf(float(np.clip(x, -100, 100)))  # beyond it both are 0, 1 or 2 to more digits than there are
            for place, right in enumerate((mp.erf(near), mp.erfc(near))):
                if math.isnan(x):
                    assert math.isnan(float(found[place]))
                    continue
                off = abs(mp.mpf(float(found[place])) - right) / float(np.spacing(abs(float(right))))
                worst[place] = max(worst[place], float(off))
    assert max(worst) <= ULPS, worst


def test_the_coefficients_of_erf_are_those_that_the_script_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "docs")
    erf_coefficients = __import__("erf_coefficients")
    assert erf_coefficients.TARGET.read_text(encoding="utf-8") == erf_coefficients.module()


# what cannot be traced ----------------------------------------------------------------------------------------------
def test_a_form_that_cannot_be_traced_is_named_with_the_reason() -> None:
    own = cr.activation(branching, "mine")
    network = cr.Network.random([2, 3, 2], own, "softmax")
    refused = r"the activation 'mine' cannot be part of a page: its form calls np\.all; write it with"
    with pytest.raises(cr.FormError, match=refused):
        traced.forms_of(network)


def test_a_cost_that_cannot_be_traced_is_named_with_the_reason() -> None:
    cost = cr.own_cost(lambda a, y: ((a - y) ** 2).sum(axis=1) * (1.0 if (a > -9).all() else 2.0), "odd")
    network = cr.Network.random([2, 3, 2], "tanh", "identity")
    with pytest.raises(
        cr.FormError, match=r"the cost 'odd' cannot be part of a page: its form asks for \.all of an array"
    ):
        traced.forms_of(network, cost)


def test_a_form_that_gives_other_numbers_when_it_is_traced_is_refused() -> None:
    factors = iter([2.0])
    own = cr.activation(lambda z: (next(factors, 1.0) if hasattr(z, "recording") else 1.0) * np.tanh(z), "moody")
    network = cr.Network.random([2, 3, 2], own, "softmax")
    with pytest.raises(cr.FormError, match=r"'moody' .* gives other numbers when it is traced"):
        traced.forms_of(network)
    assert "moody" in traced.forms_of(network)  # its factor is 1 by now


def test_each_activation_has_a_key_of_its_own() -> None:
    one, two = cr.activation(np.tanh, "mine"), cr.activation(lambda z: 2 * np.tanh(z), "mine")
    leaky = [cr.leaky_relu(0.1), cr.leaky_relu(0.2), cr.leaky_relu(0.1)]
    network = cr.Network.random([2] * 9, [one, two, *leaky, "tanh", one], "softmax")
    assert traced.keys_of(network) == (
        "mine", "mine 2", "leaky_relu", "leaky_relu 2", "leaky_relu", "tanh", "mine", "softmax",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["</script><script>", "__proto__", "a'b\"c\\", "\u2028\u202e]]>"])
def test_a_name_stays_a_text(name: str) -> None:
    own = cr.activation(lambda z: 2 * np.tanh(z), name)
    text = traced.forms_of(cr.Network.random([2, 3, 2], own, "softmax"))
    assert "</script" not in text
    assert text.isascii() or "\u2028" not in text
    assert f"[{json.dumps(name)}]".replace("<", "\\u003c") in text
