"""Checkpoints and models whose checksum is right, and whose content no run and no network has."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import safetensors.numpy
from invalid import MODEL, RUN, Case
from resealed import places, replaced, sealed

KEY = {RUN: "chainrule checkpoint", MODEL: "chainrule"}
VALUES = (..., None, True, 0, -1, 7, -1.5, math.nan, math.inf, 10**30, "x", "", [], [None], {}, {"a": 1})
FREE = ("history", "notes", "more", "best", "good")  # what is in these is said below, or may be anything
MAY_BE_NONE = {
    ("settings", "validation"),
    ("settings", "every"),
    ("data", "watched"),
    ("made_on", "threads"),
}
SAME_KIND = {  # where a value of the same kind is another run's: what is no run's
    ("settings", "epochs"): lambda value: value < 2,
    ("settings", "batch_size"): lambda value: value < 1,
    ("settings", "seed"): lambda value: value < 0,
    ("state", "epoch"): lambda value: value != 2,
    ("state", "step"): lambda value: value != 2,
    ("state", "engine", "step"): lambda value: value != 2,
    ("settings", "rule", "name"): lambda value: True,
    ("settings", "engine"): lambda value: True,
    ("data", "rows", "rows"): lambda value: value != 12,
    ("data", "rows", "sha256"): lambda value: True,
    ("state", "random", "bit_generator"): lambda value: True,
    ("settings", "rule", "decay"): lambda value: not 0 <= value < math.inf,
    ("settings", "rule", "settings", "learning_rate"): lambda value: not 0 < value < math.inf,
    ("settings", "rule", "settings", "beta1"): lambda value: not 0 <= value < 1,
}


def parts(content: bytes, key: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header and the tensors of a file."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(json.loads(content[8 : 8 + size])["__metadata__"][key])
    return header, safetensors.numpy.load(content)


def kind(value: Any) -> str:
    return "number" if type(value) in (int, float) else type(value).__name__


def is_invalid(at: tuple[Any, ...], value: Any, old: Any) -> bool:
    """Whether no run has this value there."""
    if value is ...:
        return True
    if value is None and at in MAY_BE_NONE:
        return False
    if kind(value) != kind(old) or (type(old) is int and type(value) is float):
        return value != old or kind(value) != kind(old)
    of_same_kind: Callable[[Any], bool] = SAME_KIND.get(at, lambda value: False)
    return of_same_kind(value) and value != old


def resealed(files: Mapping[str, bytes], rng: np.random.Generator) -> Iterator[Case]:
    """A run with one value replaced or taken out."""
    header, tensors = parts(files[RUN], KEY[RUN])
    of_run = {name: value for name, value in header.items() if name not in ("tensors", "checksum")}
    changes = []
    for at in (way for way in places(of_run) if all(isinstance(key, str) for key in way)):
        if not set(at[:-1]) & set(FREE) and at[0] != "network":
            old = of_run
            for key in at:
                old = old[key]
            changes += [(at, value) for value in VALUES if is_invalid(at, value, old)]
    history = ("state", "history")
    facts = of_run["state"]["history"]
    changes += [(history, wrong) for wrong in ([], [facts], "x", None, {}, {**facts, "epochs": 10**9, "keys": []})]
    for name, values in {
        "epochs": (0, 1, 3, 10**9, "x", None, 2.0, True),
        "keys": ([], ["number"], [*facts["keys"], "x"], "x", None),
        "same": ([], None, {"number": 1}, {**facts["same"], "cost": 1.0}, "x"),
        "others": ([], None, {"0": {"cost": 1.0}}, {"9": {"a": 1}}, {"0": 3}),
    }.items():
        changes += [((*history, name), value) for value in values]
    more = ("settings", "more")
    changes += [
        (more, {name: value})
        for name, wrong in {
            "dropout": (2, "x", [0.5]),
            "l1": (-1, math.nan, "x"),
            "clip_norm": (0, "x", math.inf),
            "patience": (0, 1.5, "x"),
            "best": ("x", []),
            "schedule": ("x", 3, "cosine(warmup=2)", []),
            "max_time": (0, "x", []),
            "penalize_biases": ("x", 2),
            "speed": (1,),
            "decay": (-1, "x"),
        }.items()
        for value in wrong
    ]
    state = ("state",)
    changes += [
        ((*state, "best"), value) for value in ([1], [1, "a"], [99, 0.5], "x", [9, 0.5, 1.0], [1, math.nan, 1.0], 3)
    ]
    changes += [((*state, "good"), value) for value in ([1], [2, 0.5], "x", [-1, 0.5], [1, math.nan], True)]
    asked = ("notes", "asked")
    changes += [
        ((*asked, name), value)
        for name in ("epochs", "hidden", "seed", "test", "l1", "quiet", "drop")
        for value in ([1], {})
        if name in of_run["notes"]["asked"]
    ]
    changes += [(asked, value) for value in (None, [], "x", 3)]
    for place in rng.permutation(len(changes)).tolist():
        at, value = changes[place]
        why = f"{'/'.join(map(str, at))} is {'gone' if value is ... else ascii(value)[:40]}"
        made = sealed(KEY[RUN], replaced(header, at, value), tensors)
        yield Case("a run resealed", why, ("train", "--resume", "f.checkpoint", "-q"), {"f.checkpoint": made})


def tensors_of_no_run(files: Mapping[str, bytes]) -> Iterator[Case]:
    """A run or a model with a tensor of another size, type or number."""
    for source, line in ((RUN, ("train", "--resume", "f.checkpoint", "-q")), (MODEL, ("explain", "f.checkpoint"))):
        header, tensors = parts(files[source], KEY[source])
        changes: dict[str, Callable[[np.ndarray], np.ndarray | None]] = {
            "gone": lambda array: None,
            "cut off": lambda array: array[:-1],
            "of another type": lambda array: array.astype(np.float16),
            "of whole numbers": lambda array: array.astype(np.int32),
            "NaN": lambda array: array * np.float32(np.nan),
            "of more dimensions": lambda array: array[None],
            "empty": lambda array: array[:0],
        }
        for name in tensors:
            for why, change in changes.items():
                if source == MODEL and name.startswith("b/") and why in ("gone", "cut off", "empty"):
                    continue  # a layer may have no bias, or one for all
                if name.startswith("history/val") and why == "NaN":
                    continue  # a cost that is beyond the largest number
                changed = change(tensors[name])
                made = {key: value for key, value in tensors.items() if key != name}
                made |= {} if changed is None else {name: np.ascontiguousarray(changed)}
                yield Case(
                    "tensors resealed", f"{name} is {why}", line, {"f.checkpoint": sealed(KEY[source], header, made)}
                )
        more = {**tensors, "extra": np.ones(3, np.float32)}
        yield Case(
            "tensors resealed", "there is one too many", line, {"f.checkpoint": sealed(KEY[source], header, more)}
        )
        for version in (0, -1, 99, "1", None, 1.0, True):
            made = sealed(KEY[source], {**header, "version": version}, tensors)
            yield Case("tensors resealed", f"the version is {version!r}", line, {"f.checkpoint": made})


def runs(files: Mapping[str, bytes], rng: np.random.Generator) -> Iterator[Case]:
    """All of them."""
    yield from resealed(files, rng)
    yield from tensors_of_no_run(files)
