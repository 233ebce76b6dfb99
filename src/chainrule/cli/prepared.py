"""What `chainrule train` asks for, made ready: the rows, the network and the stream of its epochs."""

from __future__ import annotations

import inspect
import math
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import SimpleNamespace, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
import typer

from chainrule.checkpoints import Checkpoint, to_bytes
from chainrule.cli.choices import choices_of
from chainrule.cli.chosen import chosen, said
from chainrule.cli.keeping import SUFFIX, ModelPlace
from chainrule.cli.parts import Parts, divide
from chainrule.cli.rows import read_rows
from chainrule.cli.summary import became, header, taken_as
from chainrule.costs import Cost, as_cost
from chainrule.data import KNOWN, SHIPPED, Table, guess_task, learnable
from chainrule.data.trained_rows import TrainedRows
from chainrule.defaults import PATIENCE, TOL
from chainrule.durations import seconds
from chainrule.engines.choose import check_name
from chainrule.errors import DataError, FileError, SettingError, brief, counted
from chainrule.json_text import as_json
from chainrule.network import Network, as_dtype
from chainrule.predictor import inputs_for
from chainrule.ranges import at_least_0, whole
from chainrule.run_facts import settings_text
from chainrule.settings import Saving
from chainrule.training import Epochs
from chainrule.updates import Rule, named
from chainrule.writing.numbers import minus

LAYERS = "as 1 or 1,2, or none"
ENDING = {"patience": PATIENCE, "tol": TOL}  # is not said where it is as it comes
LAYER_SIZE = re.compile("[0-9]{1,9}")
PRINTED = "resume", "quiet", "as_json", "json_lines"  # options that say nothing of the run
MAY_CHANGE = *PRINTED, "data", "epochs", "max_time", "checkpoint_every", "output"  # options that go with --resume


@dataclass(frozen=True)
class Prepared:
    """A training that can begin: its stream, the rows in parts, where the model is kept and what is noted beside it."""

    stream: Epochs
    rows: Parts
    place: ModelPlace
    notes: dict[str, Any]
    left_out: list[str]
    is_guess: bool  # whether the task was guessed
    chosen: Mapping[str, Any]  # options that the rows decided

    def lines(self, width: int | None) -> Iterator[str]:
        """What is learnt from what, and how."""
        job = self.stream.job
        yield header(self.rows)
        yield from taken_as(self.rows.terms) if self.is_guess else ()
        yield from self.left_out
        yield from became(self.rows, width)
        steps = math.ceil(len(job.rows) / job.batch_size)
        most = "" if job.stopping.patience is None else "at most "
        size = f"batches of {job.batch_size}" if job.batch_size < len(job.rows) else "all rows in a batch"
        yield (
            f"{job.network}; {job.recipe.cost!r}, {minus(repr(job.recipe.rule))}, {most}{counted(job.epochs, 'epoch')} of "
            f"{counted(steps, 'step')}, {size}, seed {job.seed}"
        )
        told = {
            name: value for name, value in job.told().items() if name not in self.chosen and ENDING.get(name) != value
        }
        if told:
            yield settings_text(told)
        yield from said(self.chosen, len(job.rows) + len(job.watched or ()))
        if self.stream.history:
            done, over = len(self.stream.history), self.stream.is_over
            more = f"; --epochs {2 * done} would go on" if done == job.epochs else ""
            yield f"nothing is left to do: {self.stream.ended}{more}" if over else f"going on after epoch {done:,}"


def continued(ctx: typer.Context, saved: Checkpoint) -> dict[str, Any]:
    """The options of the run in a checkpoint, with those given now that may change. Raises SettingError for any other."""
    asked = saved.notes.get("asked")
    if not isinstance(asked, dict):
        raise SettingError(
            f"{saved.path} is not of chainrule train: chainrule.resume(path, x, y) goes on from it, in Python"
        )
    kinds = get_type_hints(inspect.unwrap(ctx.command.callback))  # type: ignore[arg-type]
    for options in (asked, chosen_before(saved)):
        for name in options.keys() & kinds.keys():
            if not _is_kept(options[name], kinds[name]):
                raise FileError(
                    f"{saved.path} is damaged: it says {brief(options[name])} for --{name.replace('_', '-')}"
                )
    if "chosen" not in saved.notes:  # an older file, where None was no patience, and an own number of epochs
        asked = {**asked, "patience": asked.get("patience") or 0}
        asked["epochs"] = asked.get("epochs") or saved.settings["epochs"]
    given = {name for name in ctx.params if ctx.get_parameter_source(name).name == "COMMANDLINE"}  # type: ignore[union-attr]
    for option in (each for each in ctx.command.params if each.name in given and each.name not in MAY_CHANGE):
        raise SettingError(
            f"{option.opts[0]} belongs to the run that {saved.path} holds and cannot change: leave it out, or begin a new "
            "training without --resume"
        )
    return {
        **ctx.params,
        **asked,
        **{name: ctx.params[name] for name in ctx.params if name in given or name in PRINTED},
    }


def chosen_before(saved: Checkpoint) -> dict[str, Any]:
    """The options that the rows decided when the run in a checkpoint began."""
    found = saved.notes.get("chosen", {})  # older files have none: all their options were given
    if not isinstance(found, dict):
        raise FileError(f"{saved.path} is damaged: it says {brief(found)} for the options that the rows decide")
    return found


def _is_kept(value: Any, kind: Any) -> bool:
    """Whether an option of this type can have had this value, which comes from JSON."""
    if isinstance(kind, UnionType):
        return any(_is_kept(value, each) for each in get_args(kind))
    if get_origin(kind) is list:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return type(value) in {Path: (str,), float: (int, float)}.get(kind, (kind,))


def command_line(parameters: Iterable[Any], asked: SimpleNamespace) -> str:
    """What begins the run anew: its options that are not as they come, quoted for a shell."""
    words = ["chainrule", "train"]
    for each in parameters:
        value = getattr(asked, each.name, None)
        if each.param_type_name == "argument":
            words.append(str(value))
        elif each.name in (*PRINTED, "output", "checkpoint_every") or value is None or value == each.default:
            continue
        elif each.is_flag:
            words.append(each.opts[0])
        else:
            words += [
                word
                for item in (value if isinstance(value, list | tuple) else [value])
                for word in (each.opts[0], str(item))
            ]
    return shlex.join(words)


def prepared(asked: SimpleNamespace, saved: Checkpoint | None, command: str = "") -> Prepared:
    """Everything that is asked for, checked before anything is learnt, as it was before where a run goes on."""
    if asked.seed < 0:
        raise SettingError(f"--seed is a whole number ≥ 0, got {asked.seed}")
    as_dtype(asked.dtype)
    check_name(asked.engine)
    rule = _rule(asked)
    cost = None if asked.cost is None else as_cost(asked.cost)
    place = ModelPlace(asked.output, asked.data)
    place.check()
    table = read_rows(asked.data, asked.target, quiet=asked.quiet)
    choices = choices_of(table, asked.scale, asked.gaps, asked.drop or (), asked.columns or (), asked.kinds or ())
    table, left_out = learnable(table, choices)
    is_guess = asked.task == "auto" and cost is None and asked.data not in (*SHIPPED, *KNOWN)
    task = _task(asked.task, table, cost)
    cost = cost or as_cost("cross_entropy" if task == "classification" else "quadratic")
    decided = {} if saved is None else chosen_before(saved)
    share = decided.get("validation", asked.validation)
    rows = divide(table, task, choices, asked.test, share, asked.seed, asked.dtype, asked.in_order)
    if saved is not None:
        stream = Epochs.of_checkpoint(
            saved, rows.learning, validation=rows.watched, max_time=asked.max_time, checkpoint_every=asked.checkpoint_every,
            epochs=asked.epochs if asked.epochs != saved.notes["asked"].get("epochs") else None,
        )  # fmt: skip
        rule = stream.job.recipe.rule
        place = ModelPlace(asked.output or _beside(saved.path), asked.data)
        place.check()
    else:
        weights = None if asked.class_weight is None else _class_weights(asked.class_weight, rows)
        decided = chosen(asked, rows, cost, rule, weights)
        whole_line = SimpleNamespace(**{**vars(asked), **decided})
        rule = _rule(whole_line)
        stream = Epochs(
            _network(rows, cost, whole_line), rows.learning, None, rule, asked.epochs, whole_line.batch_size, asked.seed,
            rows.watched, asked.engine, cost=cost, shuffle=not asked.in_order,
            fixed=_whole_numbers(asked.fixed, f"--fixed takes the numbers of layers, {LAYERS}"),
            **_settings(whole_line, rows, weights),
        )  # fmt: skip
    trained_on = TrainedRows.of(inputs_for(stream.job.network, rows.learning.inputs)).to_json()
    notes = {"data": asked.data, "target": asked.target, "rule": repr(rule), "seed": asked.seed, "task": task,
             "trained_on": trained_on, "penalty": asdict(stream.job.recipe.penalty)}  # fmt: skip
    told = {name: str(value) if hasattr(value, "__fspath__") else value for name, value in vars(asked).items()}
    options = {name: value for name, value in told.items() if name not in (*PRINTED, "output")}
    stream.notes = {"asked": as_json(options), "chosen": decided, "command": command}
    if saved is None and asked.checkpoint_every is not None:
        saving = Saving.every(Path(), asked.checkpoint_every, "--checkpoint-every")
        stream.saves(saving)  # which is in the file that is written now
        place, path = place.reserved(to_bytes(stream.job, stream.state, stream.notes))
        stream.saves(replace(saving, path=path))
    return Prepared(stream, rows, place, notes, left_out, is_guess, decided)


def _rule(asked: SimpleNamespace) -> Rule:
    return named(asked.rule, **({} if asked.learning_rate is None else {"learning_rate": asked.learning_rate}))


def _beside(checkpoint: Path) -> Path:
    """The model of the run in a checkpoint."""
    stem = f"{checkpoint.stem}-model" if checkpoint.suffix == SUFFIX else checkpoint.stem
    return checkpoint.with_name(stem + SUFFIX)


def _settings(asked: SimpleNamespace, rows: Parts, weights: Any) -> dict[str, Any]:
    """The settings of `train` that options give, where they are given."""
    given = {name: getattr(asked, name) for name in ("l1", "l2", "penalize_biases") if getattr(asked, name)}
    for name in ("decay", "clip_norm", "clip_value", "record"):  # of these 0 is not the same as none
        given |= {} if getattr(asked, name) is None else {name: getattr(asked, name)}
    patience, tol = whole(asked.patience, "--patience", least=0), at_least_0(asked.tol, "--tol")
    given |= {"patience": patience, "tol": tol} if patience else {}
    if rows.watched is not None:
        given["best"] = asked.best
    elif asked.best != "last":
        raise SettingError(
            f"--best {asked.best} needs validation rows, which are not learnt from: add --validation 0.1"
        )
    if asked.max_time is not None:
        given["max_time"] = seconds(asked.max_time, "--max-time")
    if asked.schedule != "constant":
        given["schedule"] = asked.schedule
    if asked.dropout != "0":
        rates = [_share(part) for part in asked.dropout.split(",")]
        given["dropout"] = rates if len(rates) > 1 else rates[0]
    if asked.class_weight is not None:
        given["class_weight"] = weights
    return given


def _share(text: str) -> float | str:
    """A number, or the text as it is, for the error that says what is needed."""
    try:
        return float(text)
    except ValueError:
        return text


def _class_weights(text: str, rows: Parts) -> Any:
    """balanced, or weights by class, as yes=3,no=1. Raises SettingError for anything else."""
    labels = {str(label): label for label in rows.terms.labels or ()}
    if not labels:
        raise SettingError(f"--class-weight {text} weights classes, and {rows.terms.target_name!r} is a number")
    if text.strip() == "balanced":
        return "balanced"
    found = {}
    for part in text.split(","):
        name, is_there, weight = (each.strip() for each in part.rpartition("="))
        if not is_there or name not in labels or not isinstance(_share(weight), float):
            raise SettingError(
                f"--class-weight is balanced, or weights by class such as {next(iter(labels))}=3, and the classes are "
                f"{brief(', '.join(labels))}; got {brief(part)}"
            )
        found[labels[name]] = float(weight)
    return found


def _task(task: str, table: Table, cost: Cost | None) -> str:
    """classification or regression; an unknown one is refused where it is used."""
    if table.target is None:
        raise DataError(f"{table.name} has no target to learn (in an NPZ file, the array y)")
    if task != "auto":
        return task
    guess = guess_task(table.target)
    if cost is not None and cost.classifies and guess != "classification":
        raise SettingError(
            f"the cost {cost.name} tells classes apart, and {table.target_name!r} looks like a number, with "
            f"{np.unique(table.target).size:,} different values: use --cost quadratic, or, if each value is a class, add "
            "--task classification"
        )
    return guess


def _network(rows: Parts, cost: Cost, asked: SimpleNamespace) -> Network:
    """A network whose output fits the cost and the targets."""
    terms = rows.terms
    if cost.targets == "counts":
        raise SettingError(
            f"the cost {cost.name} needs counts that are not scaled, and an exponential output, which this command does not "
            f'make: train in Python, NetworkRegressor(loss="{cost.name}"), or use --cost quadratic'
        )
    if cost.classifies and terms.labels is None:
        raise SettingError(
            f"the cost {cost.name} needs classes, and {terms.target_name!r} is a number: use --cost quadratic"
        )
    if terms.labels is None:
        outputs, output = len(terms.target_mean), "identity"
    else:
        outputs = 1 if cost.name == "binary_cross_entropy" and len(terms.labels) == 2 else len(terms.labels)
        output = {"cross_entropy": "softmax", "multiclass_hinge": "identity"}.get(cost.name, "sigmoid")
    neurons = _whole_numbers(asked.hidden, "--hidden takes the neurons of each hidden layer, as 128 or 64,32, or none")
    layers = f"the network has {counted(len(neurons) + 1, 'layer')}"
    return Network.random(
        [rows.learning.inputs.shape[1], *neurons, outputs],
        _each("--activation", asked.activation, len(neurons), f"--hidden has {counted(len(neurons), 'layer')}"),
        output,
        _each("--init", asked.init, len(neurons) + 1, layers),
        _each("--bias", asked.bias, len(neurons) + 1, layers),
        seed=asked.seed,
        dtype=asked.dtype,
    ).with_preprocessing(terms)


def _each(option: str, text: str, count: int, layers: str) -> str | list[str]:
    """What an option names, one for all layers or one for each. Raises SettingError for another number of names."""
    names = [name.strip() for name in text.split(",")]
    if len(names) not in (1, count):
        raise SettingError(
            f"{option} names {len(names)} ({brief(text)}), and {layers}: name one for all, or one for each"
        )
    return names[0] if len(names) == 1 else names


def _whole_numbers(text: str, needed: str) -> list[int]:
    """What is listed in an option, as 64,32. Raises SettingError with what is needed for anything but whole numbers ≥ 1."""
    if text.strip().lower() in ("none", "0"):
        return []
    parts = [part.strip() for part in text.split(",")]
    if not all(LAYER_SIZE.fullmatch(part) and int(part) > 0 for part in parts):
        raise SettingError(f"{needed}; got {brief(text)}")
    return [int(part) for part in parts]
