"""The benchmark's own arithmetic: ratios by pairs, quartiles, tables, and contestants that are absent, die or do other work."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import contestants  # noqa: E402  (the benchmarks are scripts beside the package)
import paired  # noqa: E402
import rounds  # noqa: E402
import speed_tables  # noqa: E402
from workloads import WORKLOADS, Workload, task  # noqa: E402

from chainrule.aligned import laid_out  # noqa: E402

TINY = Workload("tiny", (5, 4, 3), "relu", "softmax", "cross_entropy", 8, "momentum", 0.01, 20, 1.0)


def given(name: str, *seconds: float, count: int = 10, why: str = "") -> rounds.Record:
    """A record whose turns took so many seconds an epoch."""
    turns = [{"count": count, "seconds": count * each, "fastest": each, "cpu": count * each} for each in seconds]
    return rounds.Record(name, turns, "1.0", why=why)


def small(*records: rounds.Record, busy: bool = False, sgemm: tuple[float, ...] = ()) -> rounds.Rounds:
    return rounds.Rounds("small", busy, {each.name: each for each in records}, list(sgemm), [0.01] * len(sgemm))


def test_a_ratio_is_that_of_each_round_and_not_of_the_medians() -> None:
    """The machine was four times as slow in the second round: the ratio of the rounds knows nothing of it."""
    slow = small(given("ours", 1.0, 4.0, 1.0), given("JAX", 2.0, 8.0, 2.0))
    assert paired.ratios(slow, "ours", "JAX") == (2.0, 2.0, 2.0)
    mixed = small(given("ours", 1.0, 4.0, 2.0), given("JAX", 3.0, 4.0, 4.0))
    assert paired.ratios(mixed, "ours", "JAX") == (1.5, 2.0, 2.5)


def test_quartiles_are_those_of_numpy() -> None:
    values = [5.0, 1.0, 4.0, 2.0, 3.0, 9.0]
    assert paired.quartiles(values) == tuple(np.quantile(values, [0.25, 0.5, 0.75]))


def test_the_best_peer_is_the_quickest_of_those_that_finished() -> None:
    race = small(given("ours", 1.0), given("JAX", 3.0), given("PyTorch", 2.0), given("dead", 0.1, why="ended"))
    assert paired.best_peer(race, ["JAX", "PyTorch", "dead"]) == "PyTorch"
    assert paired.best_peer(race, ["dead"]) is None


def test_a_share_of_sgemm_is_paired_too() -> None:
    work = WORKLOADS["small"].products
    race = small(given("ours", 1.0, 2.0), sgemm=(2 * work, 1 * work))
    assert paired.share_of_sgemm(race, "ours") == (0.5, 0.5, 0.5)


def test_an_epochs_products_are_counted_layer_by_layer() -> None:
    """Three for each layer, two for the first: it passes no error back."""
    assert TINY.products == 20 * 2 * (2 * 5 * 4 + 3 * 4 * 3)
    assert TINY.steps == 3


def report(*found: rounds.Rounds, **more: Any) -> str:
    facts = {"machine": {"processor": "P", "vectors": "", "megahertz": None, "cores": [0]}, "engines": ["ours"],
             "peers": ["JAX", "PyTorch"], "rounds": [each.facts() for each in found], **more}  # fmt: skip
    lines = laid_out(speed_tables.report(facts), 80)
    assert max(map(len, lines)) <= 80
    return "\n".join(lines)


def test_the_table_names_the_best_peer_the_ratio_and_who_is_left_out() -> None:
    race = small(given("ours", 0.0313, 0.0313), given("JAX", 0.0626, 0.0939), given("PyTorch", why="ended by signal 9"))
    text = report(
        race, small(given("ours", 0.0313), given("JAX", 0.0313), busy=True), absent={"torch.compile": "no g++"}
    )
    assert "small        100  JAX        250   2.50  (2.25–2.75)     1.8" in text
    assert "one core is busy" in text
    assert "PyTorch (small): ended by signal 9." in text
    assert "torch.compile is absent: no g++." in text


def test_a_table_without_any_peer_is_a_table() -> None:
    assert "none" in report(small(given("ours", 0.0313)))


def test_an_absent_package_is_named() -> None:
    absent = contestants.Entry("Peer", lambda task: None, "no_such_package", "no-such-package")
    assert absent.absent() == "no-such-package is not installed"
    compiler = contestants.Entry("Peer", lambda task: None, "numpy", "numpy", ("no-such-compiler",))
    assert "no-such-compiler" in compiler.absent()
    assert contestants.entry("reference").absent() == ""


@pytest.mark.parametrize("name", ["reference", "reference alone", "scikit-learn"])
def test_contestants_do_the_same_work(name: str) -> None:
    """The last batch has fewer rows; the rule is momentum."""
    costs = contestants.entry(name).make(task(TINY)).in_order(3)
    assert not rounds.other_work(costs, contestants.entry("reference").make(task(TINY)).in_order(3))


def test_what_scikit_learn_cannot_do_is_named() -> None:
    """Its answer to two classes is one sigmoid, which is other work, as its costs tell."""
    pair = Workload(**{**vars(TINY), "sizes": (5, 4, 2)})
    assert "one sigmoid" in contestants.PEERS["scikit-learn"].lacks(pair)
    costs, right = (contestants.entry(name).make(task(pair)).in_order(1) for name in ("scikit-learn", "reference"))
    assert "other work" in rounds.other_work(costs, right)
    assert "quadratic cost on a sigmoid" in contestants.PEERS["scikit-learn"].lacks(WORKLOADS["nielsen"])


@pytest.mark.parametrize("package", ["jax", "torch"])
def test_peers_do_the_same_work(package: str) -> None:
    pytest.importorskip(package)
    name = {"jax": "JAX", "torch": "PyTorch"}[package]
    costs = contestants.entry(name).make(task(TINY)).in_order(3)
    assert not rounds.other_work(costs, contestants.entry("reference").make(task(TINY)).in_order(3))


def test_a_contestant_that_does_other_work_is_found() -> None:
    """One of another learning rate, and one that leaves out the last batch."""
    right = contestants.entry("reference").make(task(TINY)).in_order(2)
    slower = Workload(**{**vars(TINY), "rate": 0.02})
    assert "other work" in rounds.other_work(contestants.entry("reference").make(task(slower)).in_order(2), right)
    fewer = Workload(**{**vars(TINY), "rows": 16})
    assert "other work" in rounds.other_work(contestants.entry("reference").make(task(fewer)).in_order(2), right)
    assert "other work" in rounds.other_work([float("nan"), right[1]], right)
