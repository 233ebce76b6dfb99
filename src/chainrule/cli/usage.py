"""What is typed: names that people try first are understood, and of one that there is none the nearest is named."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from chainrule.errors import SettingError, brief, cut

FIGURES = (  # those of a model; a test compares them with the figures themselves, which take long to import
    "network", "unit_circuit", "whole_circuit", "computation_tree", "number_lines", "path_sum", "matrix_form", "delta_batch",
    "demon", "activation", "gradient_vector", "in_weight_out", "weight_tiles", "six_steps", "summary", "curve",
)  # fmt: skip
SAME_FIGURE = {
    "tree": "computation_tree", "graph": "computation_tree", "circuit": "unit_circuit", "lines": "number_lines",
    "paths": "path_sum", "matrix": "matrix_form", "deltas": "delta_batch", "gradients": "gradient_vector",
    "tiles": "weight_tiles", "steps": "six_steps",
}  # fmt: skip
PAGES = ("worksheet", "equations", "pseudocode", "proof", "formula")
SAME_COMMAND = {
    "diff": "compare", "versus": "compare",
    "derive": "explain", "derivative": "explain", "differentiate": "explain", "gradient": "explain", "grad": "explain",
    "backprop": "explain", "backpropagation": "explain", "example": "explain", "demo": "explain", "fit": "train",
    "learn": "train", "draw": "show", "plot": "show", "figure": "show", "figures": "show", "picture": "show",
    "pictures": "show", "inspect": "show", "info": "show", "open": "show", "evaluate": "predict", "eval": "predict",
    "score": "predict", "test": "predict", "accuracy": "predict", "check": "verify", "gradcheck": "verify",
    "drag": "explore", "explorer": "explore", "interactive": "explore", "play": "explore",
    "diagnose": "why", "slow": "why", "ask": "quiz", "questions": "quiz", "practice": "quiz", "pages": "page",
    "sheet": "page", "precompile": "compile", "build": "compile", "cache": "compile",
}  # fmt: skip
SAME_OPTION = {  # by command: the option that is meant
    "train": {
        "epoch": "epochs", "iterations": "epochs", "batch": "batch-size", "batchsize": "batch-size", "bs": "batch-size",
        "layers": "hidden", "neurons": "hidden", "units": "hidden", "hidden-layers": "hidden", "hidden-size": "hidden",
        "hidden-sizes": "hidden", "hidden-layer-sizes": "hidden", "optimizer": "rule", "optimiser": "rule", "opt": "rule",
        "solver": "rule", "loss": "cost", "activations": "activation", "act": "activation", "label": "target",
        "labels": "target", "random-state": "seed", "random-seed": "seed", "test-size": "test", "test-split": "test",
        "val": "validation", "valid": "validation", "validation-split": "validation", "out": "output", "save": "output",
        "initializer": "init", "initialiser": "init", "initialization": "init", "biases": "bias",
        "drop-columns": "drop", "exclude": "drop", "column": "columns", "features": "columns", "backend": "engine",
    },
    "compile": {
        "status": "list", "show": "list", "delete": "remove", "clear": "remove", "clean": "remove", "type": "dtype",
    },
    "": {
        "lr": "learning-rate", "learningrate": "learning-rate",
        "eta": "learning-rate", "alpha": "learning-rate", "step-size": "learning-rate",
        "loss": "cost", "example": "row", "index": "row", "sample": "row", "samples": "rows", "wrt": "by",
        "respect-to": "by", "weight": "by", "notation": "convention", "style": "convention", "author": "convention",
        "out": "output", "file": "output", "dataset": "data", "method": "methods", "fault": "plant", "number": "count",
        "questions": "count", "kinds": "kind", "input": "x", "inputs": "x", "label": "y",
    },
}  # fmt: skip
NEAR = 0.78  # how alike a word and a command are, of 1, where the one is taken for a slip of the other
DATA_SETS = ("digits", "iris", "wine", "breast_cancer", "diabetes")


def one_of(names: Iterable[str]) -> Callable[[str], list[str]]:
    """What a shell offers for a value that is one of these names."""
    known = list(names)

    def offered(incomplete: str) -> list[str]:
        return [name for name in known if name.startswith(incomplete)]

    return offered


def option_meant(command: str, own: Iterable[str]) -> Callable[[str], str]:
    """What an option of a command is called, of a name with underscores or one that other programs have for it."""
    own = {name.lstrip("-") for name in own}
    both = {**SAME_OPTION[""], **SAME_OPTION.get(command, {})}
    same = {name: meant for name, meant in both.items() if meant in own and name not in own}

    def meant(name: str) -> str:
        return same.get(key := name.replace("_", "-"), key)

    return meant


def figure_meant(name: str) -> str:
    """A figure's name as it is kept, of one with hyphens or a shorter one."""
    key = name.strip().lower().replace("-", "_").replace(" ", "_")
    return SAME_FIGURE.get(key, key)


def command_meant(args: Sequence[str], commands: Iterable[str]) -> list[str]:
    """The arguments with the command that is meant: figures and pages are commands too, and so are other words for one."""
    name, rest = args[0], list(args[1:])
    key = name.lower().replace("_", "-")
    if key in commands:
        return [key, *rest]
    if key == "help":
        return [*rest[:1], "--help"]
    if key == "version":
        return ["--version"]
    if key in SAME_COMMAND:
        return [SAME_COMMAND[key], *rest]
    if key in PAGES:
        return ["page", key, *rest]
    figure = figure_meant(name)
    if figure in FIGURES:
        of_model = rest[:1] if rest and not rest[0].startswith("-") else []
        return ["show", *of_model, figure, *rest[len(of_model) :]]
    return [name, *rest]


def no_command(name: str, commands: Sequence[str]) -> SettingError:
    """The error for an unknown command, with what may be meant."""
    if name.startswith("-"):
        return SettingError(
            f"the option {cut(name)} stands before a command, where only --version and --help may: write it behind the "
            "command, as in chainrule explain --by w/2/0/0"
        )
    kinds = {**dict.fromkeys((".safetensors", ".json"), "show"), **dict.fromkeys((".quiz", ".md"), "quiz")}
    suffix = Path(name).suffix.lower()
    if re.fullmatch(r"[wbazx](/\d+)+|C", name):
        tip = f"did you mean chainrule explain --by {name}? "
    elif name.lower().replace("-", "_") in DATA_SETS or (suffix and (suffix in kinds or len(suffix) <= 8)):
        tip = f"did you mean chainrule {kinds.get(suffix, 'train')} {cut(name)}? "
    elif name.lower() in ("data", "dataset", "datasets"):
        tip = f"the data sets are {', '.join(DATA_SETS)}, as in chainrule train iris; "
    else:
        names, typed = [*commands, *SAME_COMMAND, *PAGES, *SAME_FIGURE, *FIGURES], name.lower()
        begun = [each for each in commands if len(typed) > 2 and each.startswith(typed)]
        near = begun or difflib.get_close_matches(typed, names, n=1, cutoff=NEAR)
        tip = f"did you mean {SAME_COMMAND.get(near[0], near[0])!r}? " if near else ""
    return SettingError(f"there is no command {brief(name)}: {tip}the commands are {', '.join(commands)}")


def usage_error(error: Any, args: Sequence[str] | None = None) -> SettingError:
    """The error of arguments that do not fit the command, in one line: what was given, what is needed, what to write."""
    given = sys.argv[1:] if args is None else args
    kind, ctx = type(error).__name__, error.ctx
    command = " ".join(["chainrule", *given[:1]]) if ctx is None else ctx.command_path
    example = EXAMPLE.get(command.split()[-1], command)
    if kind == "NoSuchOption":
        return SettingError(_no_option(error.option_name, command, _options(ctx), given))
    if kind == "MissingParameter":
        return SettingError(f"{command} needs {_named(error.param)}, as in {example}")
    if kind == "BadOptionUsage":
        needs = "takes no value" if "does not take" in error.message else "needs a value behind it"
        if "requires 2" in error.message:
            needs = f"needs two numbers behind it, as {error.option_name} -1 1"
        return SettingError(f"{error.option_name} {needs}; {command} --help shows what each option takes")
    if kind == "BadParameter" and error.param is not None:
        return SettingError(_bad_value(error, given))
    found = re.search(r"unexpected extra argument\S* \((.*)\)", error.message, re.DOTALL)
    if found:
        return SettingError(
            f"{command} does not know what to do with {brief(found[1])}: it is written as {example}, and a name with spaces "
            "takes quotation marks"
        )
    return SettingError(f"{error.format_message().rstrip('.')}; it is written as {example}")


EXAMPLE = {
    "train": "chainrule train house.csv --target price",
    "predict": "chainrule predict runs/digits.safetensors digits",
    "show": "chainrule show runs/digits.safetensors network",
    "compare": "chainrule compare runs/digits.safetensors runs/digits-2.safetensors",
    "explain": "chainrule explain runs/digits.safetensors --row 3",
    "explore": "chainrule explore runs/digits.safetensors --row 3",
    "nudge": "chainrule nudge runs/digits.safetensors --by z/2/0",
    "why": "chainrule why runs/digits.safetensors --by w/1/0/0",
    "quiz": "chainrule quiz runs/digits.safetensors",
    "verify": "chainrule verify runs/digits.safetensors --rows 20",
    "page": "chainrule page worksheet runs/digits.safetensors",
    "compile": "chainrule compile",
}
NUMBERS = {
    "integer": ("a whole number", "3"),
    "int": ("a whole number", "3"),
    "float": ("a number", "0.1"),
    "number": ("a number", "0.1"),
}


def _options(ctx: Any) -> list[str]:
    """The options of a command, without its hidden ones."""
    parameters = [] if ctx is None else ctx.command.get_params(ctx)
    return [
        name for each in parameters if not getattr(each, "hidden", False) for name in each.opts if name.startswith("-")
    ]


def _no_option(name: str, command: str, options: Sequence[str], given: Sequence[str]) -> str:
    whole = next((each for each in given if len(name) == 2 and each.startswith(name) and len(each) > 2), name)
    dashed = f"-{whole}" if re.fullmatch(r"-\w[\w-]+", whole) else whole  # -lr, as other programs write it
    key = option_meant(command.split()[-1], options)(dashed.lstrip("-"))
    bare = {option.lstrip("-"): option for option in options}
    near = [key] if key in bare else difflib.get_close_matches(cut(key), bare, n=1)
    tip = f"did you mean {bare[near[0]]}? " if near else ""
    return f"there is no option {cut(whole)} of {command}: {tip}{command} --help lists all options"


def _named(parameter: Any) -> str:
    return parameter.name.upper() if parameter.param_type_name == "argument" else parameter.opts[0]


def _bad_value(error: Any, given: Sequence[str]) -> str:
    """A value that cannot be read: of which option, what it takes instead."""
    name, value = _named(error.param), None
    meant = option_meant(error.ctx.command.name, _options(error.ctx))
    for place, each in enumerate(given):
        option, _, behind = each.partition("=")
        if option in error.param.opts or f"--{meant(option.lstrip('-'))}" in error.param.opts:
            value = behind if "=" in each else given[place + 1] if place + 1 < len(given) else None
    got = "" if value is None else f"; got {brief(value)}"
    least = re.search(r"(?:greater than or equal to|>=) ?(-?\d+)", error.message)
    if least:
        return f"{name} takes a number ≥ {least[1]}{got}"
    for word, (takes, such_as) in NUMBERS.items():
        if word in error.message:
            return f"{name} takes {takes}, as {name} {_as_number(value or '', such_as)}{got}"
    return f"{name}: {error.message.rstrip('.')}{got}"


def _as_number(value: str, such_as: str) -> str:
    """A number that may be meant by 0,1, by 20% or by 1e3; else an example."""
    if re.fullmatch(r"-?\d+,\d+", value):
        return value.replace(",", ".")
    if re.fullmatch(r"\d+(\.\d+)?%", value):
        return f"{float(value[:-1]) / 100:g}"
    if such_as.isdigit() and re.fullmatch(r"\d{1,9}(\.\d{1,9})?(e\d)?", value):
        return f"{max(round(float(value)), 1)}"
    return such_as
