"""The vector space of weights and biases, layers by number, and the names of their entries."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.ids import entry_of, of_entry, parse


@pytest.fixture
def parameters() -> cr.Parameters:
    return cr.Network.random([3, 4, 2], dtype="float64", bias="neuron").parameters


def test_it_is_a_vector_space(parameters: cr.Parameters, rng: np.random.Generator) -> None:
    g, h = (parameters.like(rng.standard_normal(parameters.size)) for _ in range(2))
    assert (g + h).flat() == pytest.approx(g.flat() + h.flat())
    assert (g - h).flat() == pytest.approx(g.flat() - h.flat())
    assert (2 * g).flat().tolist() == (g * 2.0).flat().tolist() == (g / 0.5).flat().tolist()
    assert (-g).flat().tolist() == [-v for v in g.flat()]
    assert g @ h == pytest.approx(float(g.flat() @ h.flat()))
    assert g.norm() == pytest.approx(float(np.linalg.norm(g.flat())))
    assert g.zeros().norm() == 0


def test_its_norm_neither_overflows_nor_underflows(parameters: cr.Parameters) -> None:
    ones = parameters.map(np.ones_like)
    assert (ones * 1e200).norm() == pytest.approx(1e200 * np.sqrt(parameters.size))
    assert (ones * 1e-200).norm() == pytest.approx(1e-200 * np.sqrt(parameters.size))


def test_flat_and_like_are_each_others_way_back(parameters: cr.Parameters) -> None:
    """S1.1: w¹ row by row, b¹, w², b²."""
    flat = parameters.flat()
    assert flat.shape == (3 * 4 + 4 + 4 * 2 + 2,)
    assert flat[4] == parameters.weights[1][1, 1]
    again = parameters.like(flat)
    assert all(np.array_equal(a, b) for a, b in zip(again.arrays(), parameters.arrays()))
    with pytest.raises(cr.ShapeError, match=r"these weights and biases are 26 numbers, got a vector of shape \(25,\)"):
        parameters.like(flat[1:])


def test_parameters_of_different_networks_do_not_add(parameters: cr.Parameters) -> None:
    other = cr.Network.random([3, 5, 2], dtype="float64").parameters
    with pytest.raises(cr.ShapeError, match="different shapes"):
        parameters + other


def test_float32_stays_float32(parameters: cr.Parameters) -> None:
    low = parameters.astype("float32")
    assert (low * 0.1 + low / 3.0 - low).dtype == np.float32
    assert low.flat().dtype == np.float32


def test_layers_are_numbered_as_in_the_mathematics() -> None:
    """1…L for weights, 0…L for activations; every other number explains itself."""
    trace = cr.forward(cr.Network.random([3, 4, 2]), [0.1, 0.2, 0.3])
    assert [a.shape for a in trace.a] == [(3,), (4,), (2,)]
    assert trace.a[0].shape == (3,)
    assert trace.z[1].shape == (4,)
    assert list(trace.z.numbers) == [1, 2]
    for wrong, message in (
        (0, "layer 0 is the input"),
        (3, "numbered 1…2"),
        (-1, r"the last layer is \[2\]"),
        ("1", "by its number"),
    ):
        with pytest.raises(cr.IdError, match=message):
            trace.z[wrong]


def test_every_entry_has_an_id_and_every_id_an_entry() -> None:
    for bias in ("neuron", "layer", "none"):
        parameters = cr.Network.random([3, 4, 2], bias=bias).parameters
        ids = [of_entry(parameters, entry) for entry in range(parameters.size)]
        assert len(set(ids)) == parameters.size
        assert [entry_of(parameters, parse(str(each), parameters)) for each in ids] == list(range(parameters.size))
    parameters = cr.Network.random([3, 4, 2]).parameters
    assert [str(of_entry(parameters, i)) for i in (0, 5, 12, 16, 25)] == [
        "w/1/0/0",
        "w/1/1/2",
        "b/1/0",
        "w/2/0/0",
        "b/2/1",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("w/9/0/0", r"there is no layer 9, this network \(3-4-2\) has the layers 1…2"),
        ("w/0/0/0", r"there is no layer 0"),
        ("w/1/4/0", r"layer 1 has 4 neurons \(0…3\); you asked for 4"),
        ("w/1/0/3", r"the network has 3 inputs \(0…2\); you asked for 3"),
        ("w/2/0/7", r"layer 1 has 4 neurons \(0…3\); you asked for 7"),
        ("b/1/4", r"layer 1 has 4 neurons \(0…3\); you asked for 4"),
        ("x/3", r"the network has 3 inputs \(0…2\); you asked for 3"),
        (
            "w/1/0",
            r"is not an id: write w/1/0/0 for the weight to neuron 0 of layer 1 from input 0; ids are w/l/j/k, b/l/j",
        ),
        ("w/1/0/-1", r"is not an id"),
        ("q/1/0", r"is not an id"),
        ("", r"is not an id"),
    ],
)
def test_an_id_that_names_nothing_says_what_there_is(text: str, message: str) -> None:
    with pytest.raises(cr.IdError, match=message):
        parse(text, cr.Network.random([3, 4, 2]).parameters)


def test_biases_that_are_not_there_have_no_id() -> None:
    with pytest.raises(cr.IdError, match="layer 1 has no biases"):
        parse("b/1/0", cr.Network.random([3, 4, 2], bias="none").parameters)
    with pytest.raises(cr.IdError, match="one bias for all its neurons, b/1/0"):
        parse("b/1/1", cr.Network.random([3, 4, 2], bias="layer").parameters)
