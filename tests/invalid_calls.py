"""Calls in Python that are invalid: other types, other shapes, values out of range, settings that contradict each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from invalid import MODEL, RUN, Case, X, Y

import chainrule as cr
from chainrule.training import Epochs

THINGS: dict[str, Any] = {  # of every type; none of them is data, a network or a setting
    "None": None,
    "a truth value": True,
    "a number": 3,
    "a fraction": 0.5,
    "NaN": float("nan"),
    "infinity": float("inf"),
    "a text": "x",
    "an empty text": "",
    "bytes": b"x",
    "a list": [1, 2],
    "an empty list": [],
    "lists of unequal length": [[1, 2], [3]],
    "a dictionary": {"a": 1},
    "an empty dictionary": {},
    "a set": {1, 2},
    "a function": len,
    "an object": object(),
    "a type": int,
    "a complex number": 1j,
    "an array of objects": np.array([object()], object),
    "an array of no numbers": np.empty(0),
    "a range": range(3),
    "a number below 0": -1,
    "ten thousand digits": 10**10_000,
}


def _net(**more: Any) -> cr.Network:
    return cr.Network.random([2, 3, 2], "tanh", "softmax", seed=1, **more)


def _train(**given: Any) -> Callable[[], object]:
    return lambda: cr.train(_net(), X, Y, **{"epochs": 1, **given})


SETTINGS: dict[str, tuple[str, ...]] = {  # of train: the things above that each of them takes
    "epochs": ("a number", "ten thousand digits"),
    "batch_size": ("a number", "ten thousand digits"),
    "seed": ("a number", "ten thousand digits"),
    "shuffle": ("a truth value",),
    "l1": ("a number", "a fraction"),
    "l2": ("a number", "a fraction"),
    "decay": ("None", "a number", "a fraction"),
    "penalize_biases": ("a truth value",),
    "clip_norm": ("None", "a number", "a fraction"),
    "clip_value": ("None", "a number", "a fraction"),
    "dropout": ("a fraction", "an empty dictionary"),
    "class_weight": ("None", "an empty list", "an empty dictionary"),
    "patience": ("None", "a number", "ten thousand digits"),
    "best": ("None",),
    "max_time": ("None", "a number", "a fraction"),
    "schedule": ("None", "a function", "a type"),
    "checkpoint": ("None", "a text", "bytes"),
    "rule": (),
    "engine": (),
    "cost": ("None",),
    "validation": ("None", "a fraction"),
    "fixed": ("an empty list", "an empty dictionary", "an array of no numbers"),
}


def settings() -> Iterator[Case]:
    """Each setting of train with each thing that it does not take."""
    for name, takes in SETTINGS.items():
        for what, thing in THINGS.items():
            if what not in takes:
                more = {"validation": 0.25} if name in ("patience", "best") else {}
                yield Case("a setting in Python", f"{name} is {what}", call=_train(**{**more, name: thing}))


def data() -> Iterator[Case]:
    """Rows and targets that are none, of train, predict and score."""
    for what, thing in THINGS.items():
        for place, call in {
            "the network": lambda thing=thing: cr.train(thing, X, Y, epochs=1),
            "x": lambda thing=thing: cr.train(_net(), thing, Y, epochs=1),
            "y": lambda thing=thing: cr.train(_net(), X, thing, epochs=1),
            "the x of predict": lambda thing=thing: (
                cr.predict(_net(), thing) if type(thing) not in (list, range) else _refused()
            ),
            "the network of predict": lambda thing=thing: cr.predict(thing, X),
            "the file of load": lambda thing=thing: cr.load(thing),
            "the network of save": lambda thing=thing: cr.save(thing, "new"),
            "the place of save": lambda thing=thing: (
                cr.save(_net(), thing) if not isinstance(thing, (str, bytes)) or not thing else _refused()
            ),
            "the file of resume": lambda thing=thing: cr.resume(thing, X, Y),
            "the file of load_data": lambda thing=thing: (
                cr.load_data(thing) if not isinstance(thing, dict) or not thing else _refused()
            ),
            "the id": lambda thing=thing: cr.explain(_net(), X[0], Y[0], by=thing) if thing is not None else _refused(),
        }.items():
            yield Case("a call", f"{place} is {what}", call=call)
    wrong: dict[str, tuple[Any, Any]] = {
        "a row too few": (X[:-1], Y),
        "a column too many": (np.c_[X, X], Y),
        "a column too few": (X[:, :1], Y),
        "three dimensions": (X[None], Y),
        "NaN among the inputs": (X + np.nan, Y),
        "infinite inputs": (X + np.inf, Y),
        "NaN among the targets": (X, Y + np.nan),
        "no rows": (X[:0], Y[:0]),
        "a label too high": (X, Y + 1),
        "a label below 0": (X, Y - 1),
        "labels that are fractions": (X, Y + 0.5),
        "targets of three columns": (X, np.ones((12, 3))),
        "complex inputs": (X + 1j, Y),
        "texts for inputs": (X.astype(str), Y),
        "times for inputs": (X.astype("M8[s]"), Y),
        "rows of weight below 0": ((X, Y, -np.ones(12)), None),
        "no row of any weight": ((X, Y, np.zeros(12)), None),
        "a weight too few": ((X, Y, np.ones(11)), None),
        "weights that are NaN": ((X, Y, np.full(12, np.nan)), None),
        "four parts": ((X, Y, Y, Y), None),
    }
    for why, (x, y) in wrong.items():
        yield Case("a call", f"train with {why}", call=lambda x=x, y=y: cr.train(_net(), x, y, epochs=1))
        if (
            "target" not in why
            and "label" not in why
            and y is not None
            and "row too few" not in why
            and why != "no rows"
        ):
            yield Case("a call", f"predict with {why}", call=lambda x=x: cr.predict(_net(), x))


def _refused() -> None:
    """This case would be valid."""
    raise cr.DataError("left out")


def resumed() -> Iterator[Case]:
    """Going on with a run in another way than it began."""
    terms = cr.load_data("points.csv")
    changed = {
        "epochs": ("x", 1, 1.5, True, -1, []),
        "validation": ((X, Y), 0.2, "x"),
        "rule": (cr.adam(), "adam", 3),
        "schedule": ("cosine", len, 3),
        "checkpoint": ("no/such/folder", 3, ""),
        "checkpoint_every": (0, "x", -1, 1.5, []),
        "max_time": (0, "x", -1, float("nan")),
        "nothing": (1,),
    }
    for name, values in changed.items():
        for value in values:
            yield Case(
                "a run in Python",
                f"{name}={value!r:.40}",
                call=lambda name=name, value=value: cr.resume(RUN, terms, **{name: value}),
            )
    others = {
        "rows in another order": terms.inputs[::-1],
        "other rows": terms.inputs + 1,
        "fewer rows": terms.inputs[:-1],
        "more columns": np.c_[terms.inputs, terms.inputs],
    }
    for why, x in others.items():
        yield Case(
            "a run in Python", why, call=lambda x=x: cr.resume(RUN, x, np.array(["left", "right"] * 6)[: len(x)])
        )
    for why, call in {
        "a model is no run": lambda: cr.resume(MODEL, terms),
        "a run is no model": lambda: cr.load(RUN),
        "a table is no run": lambda: cr.resume("points.csv", terms),
        "a run that is not there": lambda: cr.resume("nothing", terms),
        "a folder": lambda: cr.resume("runs", terms),
        "a seed that no file holds": lambda: cr.train(
            _net(), X, Y, seed=np.random.default_rng(0), checkpoint="new", epochs=1
        ),
        "a checkpoint without a file": lambda: cr.train(_net(), X, Y, checkpoint_every=1, epochs=1),
        "a checkpoint over a table": lambda: cr.train(_net(), X, Y, checkpoint="points.csv", epochs=1),
        "a checkpoint over a model": lambda: cr.train(_net(), X, Y, checkpoint=MODEL, epochs=1),
        "notes that are no JSON": lambda: cr.save(_net(), "new", {"a": object()}),
        "notes that are a list": lambda: cr.save(_net(), "new", [1]),  # type: ignore[arg-type]
        "a stream saved nowhere": lambda: Epochs(_net(), X, Y).save(Path("no/such/folder")),
    }.items():
        yield Case("a run in Python", why, call=call)


def made() -> Iterator[Case]:
    """Networks, rules, schedules and data sets that cannot be."""
    for why, call in {
        "no layers": lambda: cr.Network([]),
        "a weight that is NaN": lambda: cr.Network([[[float("nan")]]]),
        "rows of unequal length": lambda: cr.Network([[[1, 2], [3]]]),
        "layers that do not chain": lambda: cr.Network([[[1, 2]], [[1, 2]]]),
        "an unknown activation": lambda: cr.Network([[[1.0]]], None, "rleu"),
        "a bias too many": lambda: cr.Network([[[1.0]]], [[1.0, 2.0, 3.0]]),
        "a size of 0": lambda: cr.Network.random([2, 0, 1]),
        "one size": lambda: cr.Network.random([2]),
        "a size below 0": lambda: cr.Network.random([2, -3, 1]),
        "a fraction of a neuron": lambda: cr.Network.random([2, 1.5, 1]),  # type: ignore[list-item]
        "sizes of texts": lambda: cr.Network.random(["2", "3"]),  # type: ignore[list-item]
        "an unknown init": lambda: cr.Network.random([2, 3, 1], init="x"),
        "an unknown bias": lambda: cr.Network.random([2, 3, 1], bias="x"),
        "an init too many": lambda: cr.Network.random([2, 3, 1], init=["he"] * 3),
        "an init of another shape": lambda: cr.Network.random([2, 3, 1], init=lambda *_: np.ones(3)),
        "an unknown type of number": lambda: cr.Network.random([2, 3, 1], dtype="float99"),
        "a seed below 0": lambda: cr.Network.random([2, 3, 1], seed=-1),
        "whole numbers for weights": lambda: cr.Network.random([2, 3, 1], dtype="int32"),
        "a learning rate of 0": lambda: cr.adam(0),
        "a learning rate of NaN": lambda: cr.adam(float("nan")),
        "a learning rate that is a text": lambda: cr.adam("0.1"),
        "a beta of 1": lambda: cr.adam(0.1, 1.0),
        "an epsilon of 0": lambda: cr.adam(epsilon=0),  # type: ignore[arg-type]
        "a momentum below 0": lambda: cr.momentum(0.1, -0.5),
        "a rho of 2": lambda: cr.rmsprop(rho=2),
        "a decay below 0": lambda: cr.adamw(decay=-1),
        "an unknown schedule": lambda: cr.schedule("x"),
        "a schedule of a number": lambda: cr.schedule(3),  # type: ignore[arg-type]
        "a warm-up of 2": lambda: cr.schedule("cosine", warmup=2),
        "a cost that is no name": lambda: cr.train(_net(), X, Y, cost=3),  # type: ignore[arg-type]
        "a cost that does not fit": lambda: cr.train(_net(), X, Y, cost="binary_cross_entropy"),
        "a delta of huber below 0": lambda: cr.huber(-1),
        "a setting that there is not": lambda: cr.train(_net(), X, Y, epoch=3),
        "a learning rate for train": lambda: cr.train(_net(), X, Y, learning_rate=0.1),  # type: ignore[call-arg]
        "all layers fixed": lambda: cr.train(_net(), X, Y, fixed=[1, 2]),
        "a layer that there is not": lambda: cr.train(_net(), X, Y, fixed=[3]),
        "patience without validation": lambda: cr.train(_net(), X, Y, patience=2),
        "best without validation": lambda: cr.train(_net(), X, Y, best="cost"),
        "validation of all rows": lambda: cr.train(_net(), X, Y, validation=1.0),
        "validation of no rows": lambda: cr.train(_net(), X, Y, validation=(X[:0], Y[:0])),
        "validation of other columns": lambda: cr.train(_net(), X, Y, validation=(X[:, :1], Y)),
        "dropout of 1": lambda: cr.train(_net(), X, Y, dropout=1.0),
        "dropout for a layer that there is not": lambda: cr.train(_net(), X, Y, dropout={5: 0.5}),
        "weights of no class": lambda: cr.train(_net(), X, Y, class_weight={7: 2.0}),
        "weights below 0": lambda: cr.train(_net(), X, Y, class_weight={0: -2.0}),
        "weights that are texts": lambda: cr.train(_net(), X, Y, class_weight={0: "x"}),
        "a data set of unequal columns": lambda: cr.load_data({"a": [1, 2, 3], "y": [1, 2]}),
        "a data set without columns": lambda: cr.load_data({}),
        "a target that there is not": lambda: cr.load_data("points.csv", target="z"),
        "an option that there is not": lambda: cr.load_data("points.csv", tagret="b"),
        "a schedule below 0": lambda: cr.train(_net(), X, Y, schedule=lambda step: -1.0, epochs=1),
        "a schedule of texts": lambda: cr.train(_net(), X, Y, schedule=lambda step: "x", epochs=1),
        "an id that there is not": lambda: cr.explain(_net(), X[0], Y[0], by="w/9/0/0"),
        "a form that there is not": lambda: cr.explain(_net(), X[0], Y[0], by="w/1/0/0", form="x"),
        "an example of another length": lambda: cr.explain(_net(), X[0, :1], Y[0], by="w/1/0/0"),
        "a figure that there is not": lambda: cr.figure("x", _net(), X[0], Y[0]),
        "a nudge of NaN": lambda: cr.nudge(_net(), X[0], Y[0], "z/1/0", float("nan")),
        "a nudge of nothing": lambda: cr.nudge(_net(), X[0], Y[0], "q/1/0", 0.1),
        "a method that there is not": lambda: cr.verify(_net(), X, Y, methods=["x", "y"]),
        "a quiz about nothing": lambda: cr.quiz(_net(), X[0], Y[0], count=0),
        "no quiz in a file": lambda: cr.read_quiz(MODEL),
        "a report in a table": lambda: cr.Report.read("points.csv"),
    }.items():
        yield Case("a call", why, call=call)


def calls() -> Iterator[Case]:
    """All of them."""
    for family in (settings, data, resumed, made):
        yield from family()
