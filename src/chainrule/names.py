"""Tables of named things: how a name, with settings, becomes an activation, a cost or a rule; and a name made printable."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from chainrule.errors import SettingError, brief, listed, unknown_name

T = TypeVar("T")

TURNS = (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))  # ends of lines, and turns of their direction
SIGNS = {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\t\n"} | {0x7F: "␡"}  # ␛, ␇, ␈, …
CODES = {code: f"\\x{code:02x}" for code in range(0x80, 0xA0)} | {code: f"\\u{code:04x}" for code in TURNS}
NO_CHARACTERS = dict.fromkeys((*range(0xD800, 0xE000), 0xFFFE, 0xFFFF), "\ufffd")  # no UTF-8 and no XML has them


def printable(text: str) -> str:
    """A text that no terminal obeys and every XML file may hold: control characters as signs of one place or by their code.

    Tabs and line ends stay.
    """
    return text.replace("\r\n", "\n").translate(SIGNS | CODES | NO_CHARACTERS)


def without_controls(text: str) -> str:
    """The same text with ? for each of these characters, for LaTeX, which stops at their signs too."""
    return text.replace("\r\n", "\n").translate(dict.fromkeys(SIGNS | CODES | NO_CHARACTERS, "?"))


class Frozen:
    """A value that never changes and may hold functions: its copies are itself, as those of a tuple or a function are."""

    def __copy__(self: T) -> T:
        return self

    def __deepcopy__(self: T, memo: dict[int, Any]) -> T:
        return self


SAME = {  # what other programs and books call them
    "activation": {"logistic": "sigmoid", "linear": "identity", "none": "identity", "swish": "silu", "lrelu": "leaky_relu"},
    "cost": {
        "mse": "squared_error", "l2": "squared_error", "half_mse": "quadratic", "log_loss": "cross_entropy",
        "categorical_crossentropy": "cross_entropy", "nll": "cross_entropy", "ce": "cross_entropy",
        "bce": "binary_cross_entropy", "hinge": "multiclass_hinge", "svm": "multiclass_hinge", "smooth_l1": "huber",
    },
    "rule": {"sgd": "delta_rule", "gd": "delta_rule", "gradient_descent": "delta_rule", "heavy_ball": "momentum",
             "nag": "nesterov"},
    "init": {
        "kaiming": "he", "kaiming_normal": "he", "he_normal": "he", "xavier": "glorot", "xavier_normal": "glorot",
        "glorot_normal": "glorot", "lecun_normal": "lecun",
        "random_normal": "normal", "orthonormal": "orthogonal", "zero": "zeros",
    },
    "schedule": {
        "none": "constant", "step_lr": "step", "steplr": "step", "step_decay": "step", "cosine_annealing": "cosine",
        "cosineannealinglr": "cosine", "onecyclelr": "one_cycle", "plateau": "reduce_on_plateau",
        "reduce_lr_on_plateau": "reduce_on_plateau", "reducelronplateau": "reduce_on_plateau",
    },
}  # fmt: skip


def meant(what: str, table: Mapping[str, Any], name: str) -> str:
    """The name in the table that is meant: "Leaky ReLU", "leaky-relu" and "leakyrelu" are leaky_relu, sgd is delta_rule."""
    key = name.strip().lower().replace(" ", "_").replace("-", "_")
    key = SAME.get(what, {}).get(key, key)
    run_together = {each.replace("_", ""): each for each in table}
    return key if key in table else run_together.get(key.replace("_", ""), key)


def look_up(what: str, table: Mapping[str, Callable[..., T]], name: str, settings: Mapping[str, Any]) -> T:
    """The entry of that name, made with these settings; "Leaky ReLU" finds leaky_relu, and sgd finds delta_rule too."""
    key = meant(what, table, name)
    if key not in table:
        raise unknown_name(what, name, table, SAME.get(what, ()))
    known = list(inspect.signature(table[key]).parameters)
    if wrong := {name: value for name, value in settings.items() if name not in known}:
        near = [name for each in wrong for name in difflib.get_close_matches(each, known, n=1)]
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise SettingError(
            f"the {what} {key} does not take the settings {brief(wrong)}: {hint}it takes {listed(known) or 'none'}"
        )
    try:
        return table[key](**settings)
    except TypeError:
        raise SettingError(f"the {what} {key} does not take the settings {brief(dict(settings))}") from None


def resolve(what: str, table: Mapping[str, Callable[..., T]], given: str | T, kind: type[T], example: str) -> T:
    """A name or the thing itself, as the thing."""
    if isinstance(given, kind):
        return given
    if isinstance(given, str):
        return look_up(what, table, given, {})
    raise SettingError(
        f"{what}: a name ({', '.join(table)}) or an object such as {example} is needed, got {brief(given)}"
    )
