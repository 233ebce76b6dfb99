"""The benchmark's own arithmetic: ratios by pairs, quartiles, tables, and contestants that are absent, die or do other work."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import PROOF

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "benchmarks"))

import contestants  # noqa: E402  (the benchmarks are scripts beside the package)
import fashion  # noqa: E402
import fashion_figure  # noqa: E402
import faster  # noqa: E402
import machine  # noqa: E402
import paired  # noqa: E402
import processes  # noqa: E402
import rounds  # noqa: E402
import scaling  # noqa: E402
import scaling_figure  # noqa: E402
import slopes  # noqa: E402
import speed_figure  # noqa: E402
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


def test_the_best_peer_is_the_fastest_of_those_that_finished() -> None:
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
    assert "small        100  JAX        250   2.50  (2.25–2.75)   1.8" in text
    assert "one core is busy" in text
    assert "PyTorch (small): ended by signal 9." in text
    assert "torch.compile is absent: no g++." in text


def test_large_ratios_have_fewer_digits() -> None:
    cells = [speed_tables.ratio_cells(paired.quartiles([each])) for each in (0.029, 4.0, 31.25, 250.4)]
    assert cells == [("0.03", "(0.03–0.03)"), ("4.00", "(4.00–4.00)"), ("31.2", "(31.2–31.2)"), ("250", "(250–250)")]


def test_the_widest_table_fits() -> None:
    """Long names and large numbers, in lines of 80 characters, none of them broken."""
    race = small(given("ours", 600.0, 600.0), given("torch.compile", 300.0, 330.0), sgemm=(1e11, 1e11))
    table = speed_tables.goal_table([race], "ours", ["torch.compile"])
    assert table.lines(80) == table.lines()


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


class Fake:
    """A contestant's process that answers from memory, and fails at the question it is told to fail at."""

    def __init__(self, costs: list[float], cost: float = 0.5, fails_at: int = 99) -> None:
        self.costs, self.cost, self.left = costs, cost, fails_at

    def answer(self) -> dict[str, Any]:
        return {"version": "1.0"}

    def ask(self, **question: Any) -> dict[str, Any]:
        self.left -= 1
        if self.left < 0:
            raise processes.GoneError("was ended by signal 9: no message")
        answers: dict[str, dict[str, Any]] = {
            "check": {"costs": self.costs}, "settle": {"threads": None, "seconds": 0.01},
            "epochs": {"seconds": [0.01] * question.get("count", 0), "cpu": 0.01, "cost": self.cost},
        }  # fmt: skip
        return answers[question["do"]]


def race(**fakes: Fake) -> tuple[rounds.Rounds, dict[str, str]]:
    """Two rounds of these; and who was left out, and why."""
    run = rounds.Race("small", list(fakes), fakes, [1.0, 0.5])
    run.start()
    *_, last = run.run(2, 0.1, None)
    return last, {name: record.why for name, record in last.records.items() if record.why}


def test_a_race_leaves_out_who_does_other_work_who_dies_and_whose_cost_is_nan() -> None:
    last, why = race(
        good=Fake([1.0, 0.5]), other=Fake([1.0, 0.51]), dies=Fake([1.0, 0.5], fails_at=3), nan=Fake([1.0, 0.5], np.nan)
    )
    assert [turn["count"] for turn in last.records["good"].turns] == [10, 10]
    assert "other work: its first epochs cost 1 and 0.51, and they should cost 1 and 0.5" in why["other"]
    assert why["dies"] == "was ended by signal 9: no message"
    assert why["nan"] == "its cost became NaN"
    assert [each.name for each in paired.timed(last)] == ["good"]


def test_yardsticks_are_no_contestants() -> None:
    last, why = race(good=Fake([1.0, 0.5]), sgemm=Fake([0.0, 0.0]), pace=Fake([0.0, 0.0]))
    assert not why
    assert list(last.records) == ["good"]
    assert last.sgemm == pytest.approx([2 * machine.SIDE**3 / 0.01] * 2)
    assert last.pace == pytest.approx([0.01, 0.01])


def test_rounds_go_to_json_and_back() -> None:
    last, _ = race(good=Fake([1.0, 0.5]), sgemm=Fake([0.0, 0.0]))
    assert rounds.Rounds.of(json.loads(json.dumps(last.facts()))) == last


@pytest.mark.skipif(not PROOF, reason="starts a process")
def test_a_process_that_is_killed_is_named_with_its_signal() -> None:
    with processes.started(["pace"], "tiny", machine.cores()) as servers:
        server = servers["pace"]
        assert server.answer()["version"]
        assert len(server.ask(do="epochs", count=2)["seconds"]) == 2
        server.process.kill()
        with pytest.raises(processes.GoneError, match="signal 9"):
            server.ask(do="epochs", count=2)


def test_the_faster_of_one_thread_and_all_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faster, "TRIED", 0.0)

    class Slow(Fake):
        def ask(self, **question: Any) -> dict[str, Any]:
            found = super().ask(**question)
            return {**found, "seconds": [1.0]} if question["do"] == "epochs" else found

    class Compiles(Fake):
        """Its first epoch takes long."""

        compiled = False

        def ask(self, **question: Any) -> dict[str, Any]:
            found = super().ask(**question)
            first, self.compiled = not self.compiled, True
            return {**found, "seconds": [5.0]} if question["do"] == "epochs" and first else found

    choice = processes.Choice({2: Slow([], fails_at=9**9), 1: Compiles([], fails_at=9**9)})
    choice.ask(do="check", epochs=1)
    assert choice.ask(do="settle") == {"threads": 1, "seconds": 0.01}
    assert choice.ask(do="epochs", count=1)["seconds"] == [0.01]


def test_the_figure_of_speed_has_its_numbers_and_no_two_labels_meet() -> None:
    race = small(given("ours", 0.0313, 0.0313), given("JAX", 0.0626, 0.0939), given("PyTorch", 0.313, 0.313))
    facts = {"engines": ["ours"], "peers": ["JAX", "PyTorch"], "rounds": [race.facts()]}
    scene = speed_figure.speed_figure(facts, "ours")
    assert scene.table[1] == ("small", "alone", "2.50 (2.25–2.75)", "10.00 (10.00–10.00)")
    assert not scene.overlapping()
    assert not scene.clipped()


def test_a_slope_is_that_of_the_larger_half() -> None:
    """A constant beside n²: the small sizes tell of the constant."""
    sizes = [2**i for i in range(12)]
    assert slopes.fitted(sizes, [3.0 * n**2 for n in sizes]) == pytest.approx(2.0)
    assert slopes.fitted(sizes, [1e3 if n < 2**6 else n**1.5 for n in sizes]) == pytest.approx(1.5)
    assert slopes.least_gain([1, 2, 4], [1.0, 1.0, 3.0]) == pytest.approx(2 / 3)


def test_growth_is_told_in_a_table_and_drawn() -> None:
    question = {"name": "batch", "said": "rows of a batch", "sizes": [1, 2, 4, 8], "slope": 1.0, "per_epoch": False,
                "seconds": [1e-4, 1e-4, 2e-4, 4e-4]}  # fmt: skip
    found = {"engine": "reference", "rounds": 3, "machine": {"processor": "P"}, "questions": [question]}
    text = "\n".join(laid_out(scaling.report(found), 80))
    assert re.search(r"batch +4 +8 +1 +1.00  rows of a batch", text)
    assert "grow by at least 1.00 times" in text
    scene = scaling_figure.scaling_figure(found)
    assert ("8", "400") in scene.table
    assert not scene.overlapping()


def test_seconds_to_an_accuracy_are_told_and_one_that_never_got_there_is_named() -> None:
    runs = {"reference": [{"seconds": [1.0, 2.0], "accuracies": [0.8, 0.9]}],
            "JAX": [{"seconds": [2.0, 6.0], "accuracies": [0.7, 0.88]}],
            "PyTorch": [{"seconds": [2.0, 6.0], "accuracies": [0.7, 0.8]}]}  # fmt: skip
    found = {"goal": 0.88, "engines": ["reference"], "runs": runs, "absent": {"scikit-learn": "not installed"},
             "left_out": {}, "machine": {"processor": "P"}}  # fmt: skip
    text = "\n".join(laid_out(fashion.report(found), 80))
    assert re.search(r"JAX +6.00 +\(6.00–6.00\) +2 +3.00 +3.00", text)
    assert re.search(r"PyTorch +not reached +2", text)
    assert "scikit-learn is absent: not installed." in text
    assert not fashion_figure.fashion_figure(found).overlapping()
