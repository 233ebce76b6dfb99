"""A run to and from one file, to go on with it: the network as it was given, all settings, and the state after an epoch."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from chainrule.activations import Activation
from chainrule.checked_file import CHECKPOINT, MODEL, Tensors, pack, unpack
from chainrule.checkpoint_checks import check_facts, check_settings, check_state
from chainrule.costs import Cost
from chainrule.engines.compiled import CompiledEngine
from chainrule.engines.native.code import missing
from chainrule.engines.reference import ReferenceEngine
from chainrule.engines.threads import suited
from chainrule.errors import ChainruleError, DataError, FileError, SettingError, brief
from chainrule.files import write_atomically
from chainrule.network import Network
from chainrule.run import TrainingState
from chainrule.settings import Changes, Job, Settings, check_can_be_kept
from chainrule.storage import by_name, network_of, parts_of, tensors_of
from chainrule.updates import NAMED as RULES
from chainrule.updates import Rule, named

Array = np.ndarray
# how the names of the tensors begin
GIVEN, ENGINE, GOOD, BEST, RECORDED, FACTS = "given/", "engine/", "good", "best", "record/", "history/"


def save_checkpoint(job: Job, state: TrainingState, path: str | os.PathLike[str], notes: Mapping[str, Any]) -> Path:
    """Write a run, before its first epoch or after one, to a file, whole or not at all; `notes` is any JSON to keep in it.

    Raises FileError where the file cannot be written; then an older one of that name is as it was.
    """
    return write_atomically(path, to_bytes(job, state, notes))


def to_bytes(job: Job, state: TrainingState, notes: Mapping[str, Any]) -> bytes:
    """The content of a checkpoint's file. Raises SettingError where the run could not be resumed from a file."""
    check_can_be_kept(job.seed)
    return pack(CHECKPOINT, _header(job, state, notes), _tensors(job, state))


@dataclass(frozen=True)
class Checkpoint:
    """What a file says of a run: `network` as it was given, `settings` those of `train`, `state` where to go on."""

    path: Path
    network: Network
    settings: Mapping[str, Any]
    state: TrainingState
    data: Mapping[str, Any]
    made_on: Mapping[str, Any]
    notes: Mapping[str, Any]

    @classmethod
    def read(
        cls,
        path: str | os.PathLike[str],
        activations: Activation | Iterable[Activation] = (),
        costs: Cost | Iterable[Cost] = (),
    ) -> Checkpoint:
        """The checkpoint in a file. Raises FileError for a file that is missing, damaged, or something else."""
        header, tensors = unpack(path, CHECKPOINT)
        own = by_name(activations, Activation), by_name(costs, Cost)
        try:
            given = _named(tensors, GIVEN)
            network = network_of({"version": MODEL.version, **header["network"]}, given, path, *own)
            if "first_cost" in header["state"]:  # by an earlier version, whose "good" epoch was another
                header["state"]["good"] = None
                tensors.pop(GOOD, None)
            state = state_of(header["state"], tensors)
            if set(_all_names(state, given)) != set(tensors):
                raise FileError(f"{path} is damaged: it holds tensors of another number or kind than a checkpoint does")
            settings, data, made_on, notes = (header[name] for name in ("settings", "data", "made_on", "notes"))
            check_settings(settings, network)
            check_facts(data, made_on, notes)
            check_state(state, settings, network, data["rows"]["rows"])
        except FileError:
            raise
        except ChainruleError as error:
            raise FileError(f"{path} is damaged: {error}") from error
        except KeyError as error:
            raise FileError(f"{path} is damaged: it does not say {error}") from error
        except (IndexError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise FileError(f"{path} is damaged: {type(error).__name__}: {error}") from error
        return cls(Path(path), network, settings, state, data, made_on, notes)

    def engine(self, exact: bool) -> str:
        """The engine that the run goes on with: its own; where that cannot run here and need not be `exact`, the reference one.

        Raises SettingError where it has to be exact and cannot be.
        """
        name: str = self.settings["engine"]
        why = missing() if name == CompiledEngine.name else None
        if why and exact:
            raise SettingError(
                f"the run of {self.path} began on the {name} engine, which cannot run here: {why}. "
                "exact=False goes on with the reference engine, which rounds otherwise"
            )
        return ReferenceEngine.name if why else name

    def rule(self, own: Rule | None) -> Rule:
        """The rule of the run; a user's own is handed in, as no file can hold it."""
        told = self.settings["rule"]
        name, settings = told["name"], told["settings"]
        if not told["own"]:
            if own is not None:
                raise SettingError(f"the rule of {self.path} is {name} and cannot be replaced: leave rule out")
            decay = {"decay": told["decay"]} if told["decay"] != named(name).decay else {}
            return named(name, **settings, **decay)
        if own is None or own.name != name or dict(own.settings) != settings or own.decay != told["decay"]:
            raise SettingError(
                f"{self.path} is of a run with the user's own rule {name!r} with the settings {settings}, which no file can "
                f"hold: resume(…, rule={name})"
            )
        return own

    def more(self, changes: Changes) -> Settings:
        """The other settings, as `train` takes them, with what may be changed; a user's own schedule is handed in."""
        told, schedule = self.settings["more"], changes.get("schedule")
        if self.settings["own_schedule"] and schedule is None:
            raise SettingError(
                f"{self.path} is of a run with the user's own schedule {told['schedule']!r}, which no file can hold: "
                f"resume(…, schedule={told['schedule']})"
            )
        if schedule is not None and not self.settings["own_schedule"]:
            raise SettingError(f"the run of {self.path} has a schedule that cannot be replaced: leave schedule out")
        changed = {
            key: value for key, value in changes.items() if key in Settings.__annotations__ and value is not None
        }
        return cast(Settings, {**told, "checkpoint": self.path, "checkpoint_every": self.settings["every"], **changed})

    def check_data(self, job: Job) -> None:
        """Raises DataError where these are not the rows that the run began with."""
        for key, what in (("rows", "rows to learn from"), ("watched", "validation rows")):
            before, now = self.data[key], _told(job)[key]
            if (before is None) != (now is None):
                gave = "no" if before is None else f"{before['rows']:,}"
                raise DataError(f"the run of {self.path} had {gave} {what}: give the same as it began with")
            if before is not None and before != now:
                raise DataError(
                    f"these are not the {what} that the run of {self.path} began with ({before['rows']:,} rows of "
                    f"{self.data['name']}; now {now['rows']:,}): it goes on with the same rows in the same order alone"
                )

    def check_machine(self, job: Job) -> None:
        """Raises SettingError where the run would go on with other roundings: another number of threads or another NumPy."""
        now = _made_on(job)
        other = [
            f"{key} {self.made_on[key]}, now {now[key]}"
            for key in ("threads", "numpy", "machine")
            if self.made_on[key] != now[key]
        ]
        if other:
            remedy = f"set OMP_NUM_THREADS={self.made_on['threads']}, or " if "threads" in other[0] else ""
            raise SettingError(
                f"the run of {self.path} would go on with other bits than it began with ({'; '.join(other)}): {remedy}"
                "accept that with exact=False"
            )


# what a file says, there and back -----------------------------------------------------------------------------------
def _header(job: Job, state: TrainingState, notes: Mapping[str, Any]) -> dict[str, Any]:
    rule = job.recipe.rule
    own = rule.name not in RULES or RULES[rule.name]().step is not rule.step
    settings = {
        "rule": {"name": rule.name, "settings": dict(rule.settings), "decay": rule.decay, "own": own},
        "epochs": job.epochs, "batch_size": job.batch_size, "seed": job.seed, "engine": job.engine.name,
        "shuffle": job.shuffle, "fixed": sorted(job.recipe.fixed), "validation": job.share,
        "more": job.told(), "own_schedule": job.schedule.own,
        "every": job.saving and (job.saving.epochs or f"{job.saving.seconds}s"),
    }  # fmt: skip
    return {
        "network": parts_of(job.network),
        "settings": settings,
        "data": _told(job),
        "made_on": _made_on(job),
        "state": state_told(state),
        "notes": dict(notes),
    }


def _tensors(job: Job, state: TrainingState) -> Tensors:
    return {f"{GIVEN}{name}": value for name, value in tensors_of(job.network).items()} | state_tensors(state)


def state_told(state: TrainingState) -> dict[str, Any]:
    """What the header of a file says of a state; its vectors are in `state_tensors`."""
    return {
        "epoch": state.epoch,
        "step": state.step,
        "engine": {key: value for key, value in (state.engine or {}).items() if not isinstance(value, np.ndarray)},
        "random": _plain(state.random),
        "history": _in_words(state.history),
        "good": state.good and state.good[:2],
        "best": state.best and state.best[:3],
        "schedule": state.schedule,
        "record": sorted(state.record),
    }


def state_tensors(state: TrainingState) -> Tensors:
    """The vectors of a state, by the names that they have in a file."""
    found = {f"{ENGINE}{name}": value for name, value in (state.engine or {}).items() if isinstance(value, np.ndarray)}
    found |= {} if state.good is None else {GOOD: state.good[2]["parameters"]}
    found |= {} if state.best is None else {BEST: state.best[-1]}
    found |= {f"{FACTS}{key}": np.array([facts[key] for facts in state.history]) for key in _numbers(state.history)}
    return found | {f"{RECORDED}{epoch}": theta for epoch, theta in state.record.items()}


def state_of(told: Mapping[str, Any], tensors: Tensors) -> TrainingState:
    """The way back from `state_told` and `state_tensors`."""
    good, best, record = told["good"], told["best"], told["record"]
    if not isinstance(record, list):
        raise TypeError(f"record is a list of epochs, got {brief(record)}")
    history = _history(told["history"], tensors)
    if best is not None and "first_cost" in told:  # earlier versions kept no cost beside its score
        best = [*best, history[best[0] - 1]["validation_cost"]]
    return TrainingState(
        told["epoch"],
        told["step"],
        {**told["engine"], **_named(tensors, ENGINE)} or None,
        told["random"],
        history,
        None if good is None else (good[0], good[1], {"parameters": tensors[GOOD]}),
        None if best is None else (best[0], best[1], best[2], tensors[BEST]),
        told["schedule"],
        {epoch: tensors[f"{RECORDED}{epoch}"] for epoch in record},
    )


# The history of a long run is columns of numbers: as JSON it would cost more with every epoch than the epoch itself.
def _numbers(history: Sequence[Mapping[str, Any]]) -> list[str]:
    """The facts that are a number of one kind in every epoch."""
    kinds = {key: {type(facts.get(key)) for facts in history} for key in (history[0] if history else ())}
    return [key for key, found in kinds.items() if found in ({int}, {float})]


def _in_words(history: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What is not a column of numbers: facts that are the same in every epoch once, any others by their epoch."""
    columns = set(_numbers(history))
    first = history[0] if history else {}
    same = {
        key: first[key] for key in first if key not in columns and all(each.get(key) == first[key] for each in history)
    }
    known = columns | set(same)
    rest = [{key: value for key, value in facts.items() if key not in known} for facts in history]
    others = {str(i): facts for i, facts in enumerate(rest) if facts}
    return {"epochs": len(history), "keys": [key for key in first if key in known], "same": same, "others": others}


def _history(told: Mapping[str, Any], tensors: Tensors) -> tuple[dict[str, Any], ...]:
    """The facts of each epoch, in the order that they had."""
    columns = {key: tensors[f"{FACTS}{key}"].tolist() for key in told["keys"] if key not in told["same"]}
    if len(columns.get("number", ())) != told["epochs"]:
        raise ValueError(f"there are not {brief(told['epochs'])} epochs in its history")
    history = tuple(
        {key: told["same"][key] if key in told["same"] else columns[key][i] for key in told["keys"]}
        | told["others"].get(str(i), {})
        for i in range(told["epochs"])
    )
    written = {key: np.array([facts[key] for facts in history]) for key in _numbers(history)}
    kinds = [{key: array.dtype for key, array in each.items()} for each in (written, _named(tensors, FACTS))]
    if json.dumps(_in_words(history)) != json.dumps(told) or kinds[0] != kinds[1]:
        raise ValueError("its history is not as chainrule writes it")
    return history


def _all_names(state: TrainingState, given: Tensors) -> list[str]:
    names = [f"{GIVEN}{name}" for name in given]
    names += [f"{ENGINE}{name}" for name, value in (state.engine or {}).items() if isinstance(value, np.ndarray)]
    names += [f"{RECORDED}{epoch}" for epoch in state.record] + [f"{FACTS}{key}" for key in _numbers(state.history)]
    return names + ([GOOD] if state.good else []) + ([BEST] if state.best else [])


def _named(tensors: Tensors, begin: str) -> Tensors:
    return {name.removeprefix(begin): value for name, value in tensors.items() if name.startswith(begin)}


def _told(job: Job) -> dict[str, Any]:
    """The data of a run: its name, and of its rows how many they are and their fingerprint."""
    watched = None if job.beside is None else {"rows": len(job.beside), "sha256": job.fingerprints[1]}
    return {
        "name": job.learnt.name,
        "rows": {"rows": len(job.learnt), "sha256": job.fingerprints[0]},
        "watched": watched,
    }


def _made_on(job: Job) -> dict[str, Any]:
    """What decides how sums are rounded."""
    threads = suited(job.network.parameters, min(job.batch_size, len(job.rows)))
    if job.engine.name == CompiledEngine.name:  # whose bits are those of one thread, whatever their number
        threads = 1
    return {"threads": threads, "numpy": np.__version__, "machine": platform.machine()}


def _plain(value: Any) -> Any:
    """The state of a generator as JSON: some have arrays."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return value.tolist() if isinstance(value, np.ndarray) else value
