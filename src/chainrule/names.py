"""Tables of named things: how a name, with settings, becomes an activation, a cost or a rule; and a name made printable."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from chainrule.errors import SettingError, brief, counted, listed, unknown_name

T = TypeVar("T")
WITH_SETTINGS = re.compile(r"([^:(]*)(?::(.*)|\((.*)\))", re.DOTALL)
WHOLE = re.compile(r"[+-]?[0-9]{1,15}")

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
    "activation": {"logistic": "sigmoid", "linear": "identity", "none": "identity", "swish": "silu", "lrelu": "leaky_relu",
                   "exp": "exponential"},
    "cost": {
        "mse": "squared_error", "l2": "squared_error", "half_mse": "quadratic", "log_loss": "cross_entropy",
        "categorical_crossentropy": "cross_entropy", "nll": "cross_entropy", "ce": "cross_entropy",
        "bce": "binary_cross_entropy", "hinge": "multiclass_hinge", "svm": "multiclass_hinge", "smooth_l1": "huber",
        "mae": "absolute_error", "l1": "absolute_error", "poisson_nll": "poisson",
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


def look_up(what: str, table: Mapping[str, Callable[..., T]], text: str, settings: Mapping[str, Any]) -> T:
    """The entry of that name, made with these settings; "Leaky ReLU" finds leaky_relu, and sgd finds delta_rule too.

    The text may hold settings itself, adamw:decay=0.1 or adamw(0.01, decay=0.1).
    """
    name, written = _parts(text)
    key = meant(what, table, name)
    if key not in table:
        raise unknown_name(what, name, table, SAME.get(what, ()))
    known = list(inspect.signature(table[key]).parameters)
    given = _given(what, key, known, written, settings)
    try:
        return table[key](**given)
    except TypeError:
        raise SettingError(f"the {what} {key} does not take the settings {brief(given)}") from None


def _parts(text: str) -> tuple[str, list[str]]:
    """The name in adamw:decay=0.1 or adamw(0.01, decay=0.1), and the settings as they are written."""
    found = WITH_SETTINGS.fullmatch(text.strip())
    if found is None:
        return text, []
    return found[1], [part.strip() for part in (found[2] or found[3] or "").split(",") if part.strip()]


def _given(what: str, key: str, known: list[str], written: list[str], settings: Mapping[str, Any]) -> dict[str, Any]:
    """All settings by name, those that are written in a text and the others."""
    given, takes = dict(settings), f"it takes {listed(known) or 'none'}"
    for place, part in enumerate(written):
        name, _, value = (each.strip() for each in part.rpartition("="))
        if not name:
            if place >= len(known):
                raise SettingError(f"the {what} {key} does not take {counted(len(written), 'setting')}: {takes}")
            name = known[place]
        if name in given:
            raise SettingError(f"the {what} {key} is given its {name} twice")
        try:
            given[name] = int(value) if WHOLE.fullmatch(value) else float(value.replace("−", "-"))
        except ValueError:
            example = f", as {key}:{known[0]}=0.1" if known else ""
            raise SettingError(
                f"a setting of the {what} {key} is a name and a number{example}; got {brief(part)}: {takes}"
            ) from None
    if wrong := {name: value for name, value in given.items() if name not in known}:
        near = [name for each in wrong for name in difflib.get_close_matches(each, known, n=1)]
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise SettingError(f"the {what} {key} does not take the settings {brief(wrong)}: {hint}{takes}")
    return given


def resolve(what: str, table: Mapping[str, Callable[..., T]], given: str | T, kind: type[T], example: str) -> T:
    """A name or the thing itself, as the thing."""
    if isinstance(given, kind):
        return given
    if isinstance(given, str):
        return look_up(what, table, given, {})
    raise SettingError(
        f"{what}: a name ({', '.join(table)}) or an object such as {example} is needed, got {brief(given)}"
    )
