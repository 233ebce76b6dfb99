"""A report at length: as one HTML file, as text and as Markdown; and that a damaged report is noticed."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import browser
import numpy as np
import pytest
from command import Run
from networks import PROOF

import chainrule as cr
from chainrule.pictures.panel import Curve, Panel
from chainrule.pictures.plot import Scale
from chainrule.pictures.shapes import Circle, Label, Line
from chainrule.report_sections import report_page
from chainrule.result_page import ResultPage
from chainrule.result_parts import Caution, Facts, Gallery, Grid, Listing, Picture, Section, Tiles
from chainrule.run_facts import RunFacts

SAVED = Path(__file__).parent / "saved" / "report-1.json"
EMPTY = {"meta", "br", "path", "rect", "circle", "marker"}  # elements that end where they begin


def trained(**settings: Any) -> cr.Report:
    """The report of a small run."""
    x = np.random.default_rng(0).normal(size=(40, 3))
    settings = {"epochs": 4, **settings}
    return cr.train(cr.Network.random([3, 4, 2], "tanh", "softmax"), x, (x[:, 0] > 0).astype(int), **settings).report


@pytest.fixture(scope="module")
def rich() -> cr.Report:
    """That of a run with most that a report can hold."""
    report = trained(validation=0.2, schedule="cosine", dropout=0.2, patience=3, rule=cr.adamw(0.05), epochs=12)
    classes = {"classes": [{"class": name, "rows": 10, "precision": 0.9, "recall": 0.8} for name in ("no", "yes")],
               "confusion": [[8, 2], [1, 9]]}  # fmt: skip
    results = {"train_accuracy": 1.0, "test_accuracy": 0.85, "test_classes": classes, "warnings": ["only 20 rows"]}
    became = [{"became": "number", "inputs": 3, "gaps": 0, "columns": "a, b, c"}]
    return replace(report, results=results, command="chainrule train t.csv --seed 0", became=became)


class Balanced(HTMLParser):
    """Raises AssertionError where an element ends that is not open; keeps the text, and what is fetched from elsewhere."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text, self.fetched = "", []  # type: ignore[var-annotated]
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in EMPTY:
            self.open.append(tag)
        self.fetched += [value for key, value in attrs if key in ("src", "href", "xlink:href")]
        self.fetched += [tag] if tag in ("script", "link", "iframe", "img", "object") else []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


# the page -----------------------------------------------------------------------------------------------------------
def test_the_page_is_one_file_that_fetches_nothing(rich: cr.Report) -> None:
    page = rich.html()
    parsed = Balanced(page)
    assert parsed.fetched == []
    assert "url(" not in page.replace("url(data:", "")
    assert "@import" not in page
    assert page.count("<svg") == 6


def test_the_page_says_what_was_learnt_how_and_how_to_do_it_again(rich: cr.Report) -> None:
    for text in (Balanced(rich.html()).text, str(rich.page), rich.page.markdown().replace("\\", "")):
        for part in (
            "data: test accuracy 0.8500 on 20 rows", "only 20 rows", "17 of 20 rows; 95 % interval 0.640 to 0.948",
            rich.kept, "chainrule train t.csv --seed 0", "rule=cr.adamw(0.05)", "dropout=[0.0, 0.2]", "epochs=12", "a, b, c",
            "cosine", np.__version__,
        ):  # fmt: skip
            assert part in text, part


def test_names_from_outside_are_text_and_no_markup(rich: cr.Report) -> None:
    odd = replace(
        rich, data='<b>"x"&\x1b[31m', command="chainrule train '<i>'", network="<u>", results={"warnings": ["<s>"]}
    )
    odd = replace(odd, became=[{"became": "number", "inputs": 1, "gaps": 0, "columns": "<em>"}])
    page = odd.html()
    Balanced(page)
    assert "<b>" not in page
    assert not any(tag in page for tag in ("<i>", "<u>", "<s>", "<em>"))
    assert "\x1b" not in page
    assert "\\<b>" in odd.page.markdown()


def test_the_call_of_train_in_a_report_gives_the_same_network(rich: cr.Report) -> None:
    """What the page prints is run: the same weights, bit for bit."""
    x = np.random.default_rng(0).normal(size=(40, 3))
    report = trained(epochs=3, dropout=0.25, l2=0.01, class_weight="balanced", shuffle=False, rule=cr.momentum(0.02))
    listing = next(part.text for section in report.page.sections for part in section.parts if isinstance(part, Listing))
    names: dict[str, Any] = {
        "network": cr.Network.random([3, 4, 2], "tanh", "softmax"),
        "data": (x, (x[:, 0] > 0).astype(int)),
    }
    exec(listing, names)
    again = names["run"].report
    assert [facts["cost"] for facts in again.history] == [facts["cost"] for facts in report.history]
    assert again.settings == report.settings


def deep() -> cr.Report:
    x = np.random.default_rng(0).normal(size=(20, 3))
    return cr.train(cr.Network.random([3, *[4] * 11, 1], "sigmoid", "identity"), x, x[:, 0], epochs=3).report


def untrained() -> cr.Report:
    return replace(trained(epochs=1), epochs=0, history=[], steps=0, ended="diverged at step 3 (epoch 1)")


def long() -> cr.Report:
    report = trained(epochs=1)
    history = [{**report.history[0], "number": n, "cost": 1 / n} for n in range(1, 2001)]
    return replace(report, history=history, epochs=2000)


def broken() -> cr.Report:
    """One whose numbers are not finite, as a file has them."""
    report = trained(epochs=3, validation=0.2)
    keys = ("cost", "validation_cost", "validation_score")
    history = [{**facts, **dict.fromkeys(keys), "gradient_norms": [None, 0.0]} for facts in report.history]
    return replace(report, history=history, cost_after=None, results={"test_r_squared": None})


@pytest.mark.parametrize("made", [deep, untrained, long, broken, lambda: trained(epochs=1), lambda: trained(fixed=1)])
def test_every_run_has_a_page_in_which_nothing_overlaps(made: Any) -> None:
    page = made().page
    Balanced(page.html())
    assert max(map(len, page.lines(80))) <= 80
    for picture in pictures(page):
        assert picture.scene.clipped() == []
        assert picture.scene.overlapping() == []


def pictures(page: ResultPage) -> list[Picture]:
    galleries = [part for section in page.sections for part in section.parts if isinstance(part, Gallery)]
    return [picture for gallery in galleries for picture in gallery.pictures]


def test_a_run_that_ended_early_says_so_first() -> None:
    assert untrained().page.title == "data: diverged at step 3 (epoch 1)"
    assert "No epoch was finished" in str(untrained().page)


def test_a_table_of_very_many_epochs_is_cut_and_says_so() -> None:
    (section,) = (each for each in long().page.sections if each.folded)
    assert "of 2,000 epochs" in str(section.parts[0])
    assert isinstance(section.parts[1], Grid)
    assert len(section.parts[1].rows) == 62


def test_every_part_is_written_in_every_format() -> None:
    parts = ["a sentence", Tiles([("n", "1", "remark")]), Facts([("key", "value")]), Grid([["a", "b"], ["|", "2"], ["3"]]),
             Caution("beware"), Listing("line 1\nline 2")]  # fmt: skip
    page = ResultPage("Title", "says", [Section("Head", parts), Section("More", ["folded away"], folded=True)])
    assert [line.strip() for line in page.lines()] == [
        "Title", "says", "", "Head", "a sentence", "n  1 (remark)", "key  value", "a  b", "|  2", "3", "warning   beware",
        "line 1", "line 2",
    ]  # fmt: skip
    assert "| \\| | 2 |\n| 3 |  |" in page.markdown()
    assert "folded away" in page.markdown()
    assert "<details><summary>More</summary>" in page.html()


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("wide", [500, 1280])
def test_the_page_is_as_wide_as_the_screen(rich: cr.Report, tmp_path: Path, wide: int) -> None:
    """Nothing reaches beyond it: what is wider, as a matrix of many classes, scrolls by itself."""
    names = [f"class {n}" for n in range(25)]
    told = {"classes": [{"class": name, "rows": 1, "precision": 1.0, "recall": 1.0} for name in names],
            "confusion": np.eye(25, dtype=int).tolist()}  # fmt: skip
    page = replace(rich, results={"test_classes": told}, command="chainrule " + "x" * 400).html()
    assert browser.measured(page, "return document.documentElement.scrollWidth", tmp_path, wide) <= wide


# panels --------------------------------------------------------------------------------------------------------------
def panel(*curves: Curve, **settings: Any) -> Panel:
    return Panel(Scale(1, 3, 0, 100), 0, 60, curves, **settings)


def test_a_value_that_has_no_logarithm_breaks_a_curve() -> None:
    points = ((1.0, 1e-3), (1.5, 2e-3), (2.0, 0.0), (2.5, 1e-2), (3.0, 1e-3))
    lines = [
        each
        for each in panel(Curve("c", "z", points), by_tens=True).elements()
        if isinstance(each, Line) and each.width == 2
    ]
    assert [len(line.points) for line in lines] == [2, 2]


def test_a_single_point_is_a_dot() -> None:
    dots = [each for each in panel(Curve("c", "z", ((1.0, 0.5),))).elements() if isinstance(each, Circle)]
    assert len(dots) == 1
    assert panel(Curve("c", "z", ((1.0, math.nan),))).elements()


def test_no_peak_of_very_many_points_is_lost() -> None:
    points = tuple((float(x), 9.0 if x == 123 else -5.0 if x == 778 else 1.0) for x in range(1000))
    (line,) = (
        each
        for each in panel(Curve("c", "z", points), most=50).elements()
        if isinstance(each, Line) and each.width == 2
    )
    assert len(line.points) <= 52
    plot = panel(Curve("c", "z", points)).plot.y
    assert {min(y for _, y in line.points), max(y for _, y in line.points)} == {plot.at(9.0), plot.at(-5.0)}


def test_names_at_the_ends_are_apart_and_in_the_order_of_the_curves() -> None:
    curves = [Curve("c", "z", ((1.0, 1.0), (3.0, 1 + n / 1000)), end=str(n)) for n in range(4)]
    ends = [each for each in panel(*curves).elements() if isinstance(each, Label) and each.bold]
    assert [str(label.text) for label in sorted(ends, key=lambda label: label.y)] == ["3", "2", "1", "0"]
    heights = sorted(label.y for label in ends)
    assert min(np.diff(heights)) >= 12
    assert max(heights) <= 60
    crowd = [Curve("c", "z", ((1.0, 1.0), (3.0, end)), end="n") for end in (1.0, 1.98, 1.99, 2.0)]
    ends = [each for each in panel(*crowd).elements() if isinstance(each, Label) and each.bold]
    assert min(label.y for label in ends) >= 0
    many = [Curve("c", "z", ((1.0, 1.0), (3.0, n + 1.0)), end=str(n)) for n in range(30)]
    ends = [each for each in panel(*many).elements() if isinstance(each, Label) and each.bold]
    assert len(ends) == 4
    assert {"0", "29"} < {str(label.text) for label in ends}


# files ---------------------------------------------------------------------------------------------------------------
def test_the_ending_of_a_file_says_what_is_written(rich: cr.Report, tmp_path: Path) -> None:
    for name, begins in (("r.html", "<!DOCTYPE html>"), ("r.HTM", "<!DOCTYPE html>"), ("r.md", "# data"), ("r.txt", "data: "),
                         ("r.json", '{\n "chainrule report": 2'), ("r", '{\n "chainrule report": 2')):  # fmt: skip
        assert rich.write(tmp_path / name).read_text("utf-8").startswith(begins)


def test_one_changed_bit_of_a_report_is_an_error_or_changes_nothing(rich: cr.Report, tmp_path: Path) -> None:
    """1e-5 may become 1E-5, which is the same number; nothing else is read as if it had been written."""
    content = replace(rich, history=rich.history[:2], settings={"l2": 1e-5}).write(tmp_path / "r.json").read_bytes()
    path, kept = tmp_path / "r.json", cr.Report.read(tmp_path / "r.json")
    missed = 0
    for bit in range(0, 8 * len(content), 1 if PROOF else 11):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        with suppress(cr.FileError):
            assert cr.Report.read(path) == kept
            missed += 1
    assert missed <= 8 * len(content) // 1000


def test_a_report_of_the_first_format_which_has_no_checksum_is_read() -> None:
    report = cr.Report.read(SAVED)
    assert (report.epochs, report.data, report.command) == (2, "iris", "")
    assert report.versions["python"]
    Balanced(report.html())


def test_a_report_of_a_later_format_asks_for_a_newer_chainrule(rich: cr.Report, tmp_path: Path) -> None:
    path = rich.write(tmp_path / "r.json")
    path.write_text(path.read_text("utf-8").replace('report": 2', 'report": 3', 1), "utf-8")
    with pytest.raises(cr.FileError, match="has the format 3, and this chainrule reads up to 2: upgrade chainrule"):
        cr.Report.read(path)


def test_versions_are_those_of_the_run_and_not_of_the_reader(rich: cr.Report, tmp_path: Path) -> None:
    other = replace(rich, versions={"python": "3.99"})
    again = cr.Report.read(other.write(tmp_path / "r.json"))
    assert again.to_json()["versions"] == {"python": "3.99"}
    told = json.loads(SAVED.read_text("utf-8"))
    del told["versions"]
    (tmp_path / "older.json").write_text(json.dumps(told), "utf-8")
    assert cr.Report.read(tmp_path / "older.json").versions == {}


def test_the_page_is_made_of_facts_alone(rich: cr.Report) -> None:
    facts = RunFacts(**{key: getattr(rich, key) for key in RunFacts.__dataclass_fields__})
    assert report_page(facts).html() == rich.html()


# the command ---------------------------------------------------------------------------------------------------------
def test_show_prints_a_report_and_writes_it_as_a_page(chainrule_: Run) -> None:
    chainrule_("train", "iris", "--epochs", "3", "-q", "-o", "iris")
    code, out, _ = chainrule_("show", "iris.json")
    assert (code, out) == (0, f"{cr.Report.read('iris.json').page}\n")
    assert json.loads(chainrule_("show", "iris.json", "--json")[1])["epochs"] == 3
    for run in ("iris.json", "iris.safetensors"):
        code, out, err = chainrule_("show", run, "-o", "page.html")
        assert (code, out) == (0, "")
        assert err.startswith("wrote page.html")
        assert Path("page.html").read_text("utf-8") == cr.Report.read("iris.json").html()


def test_show_says_what_a_checkpoint_holds_and_how_to_go_on(chainrule_: Run) -> None:
    x = np.linspace(-1, 1, 12)[:, None]
    network = cr.Network.random([1, 3, 1])
    cr.train(
        network, x, 2 * x, epochs=4, validation=0.25, checkpoint="r.checkpoint", patience=9, rule=cr.momentum(0.01)
    )
    code, out, err = chainrule_("show", "r.checkpoint")
    assert (code, err) == (0, "")
    for part in ("saved after epoch 4 of 4", "run = cr.resume('r.checkpoint', x, y)", "momentum(0.01)", "patience", "9 rows",
                 "best so far"):  # fmt: skip
        assert part in out
    assert chainrule_("show", "r.checkpoint", "-o", "r.html")[0] == 0
    assert Path("r.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    assert chainrule_("show", "r.checkpoint", "curve")[1].startswith("<svg")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("show iris.json -o iris.json", "a report is written into FILE.html, FILE.md or FILE.txt"),
        ("show iris.json -o iris.safetensors", "--output goes with a figure"),
        ("show iris.json -o x.html --json", "--output writes a page and --json prints the report"),
        ("show iris.json -o nowhere/x.html", "cannot write nowhere/x.html: there is no folder"),
        ("show bare.safetensors -o x.html", "there is no report bare.json beside bare.safetensors"),
        ("show none.json -o x.html", "there is no file none.json"),
        ("show flipped.json", "flipped.json is damaged: its checksum is not that of its content"),
        ("show iris.json -o x.png", "--output goes with a figure"),
    ],
)
def test_a_page_that_cannot_be_written_says_why(line: str, says: str, chainrule_: Run) -> None:
    chainrule_("train", "iris", "--epochs", "1", "-q", "-o", "iris")
    cr.save(cr.Network([[[1.0]]]), "bare.safetensors")
    Path("flipped.json").write_text(Path("iris.json").read_text().replace('"rows": 120', '"rows": 121', 1))
    code, out, err = chainrule_(*line.split())
    assert (code, out) == (2, "")
    assert says in err
    assert not Path("x.html").exists()


def test_a_model_says_what_the_report_beside_it_knows_and_that_this_is_damaged(chainrule_: Run) -> None:
    line = "train iris --epochs 9 --validation 0.2 --patience 1 --tol 1 --l2 0.01 -q -o iris"
    chainrule_(*line.split())
    report = cr.Report.read("iris.json")
    code, out, err = chainrule_("show", "iris.safetensors")
    assert (code, err) == (0, "")
    for text in (
        "settings        l2 0.01; patience 1; tol 1; best score",
        f"ended           {report.ended}",
        f"kept            {report.kept}",
    ):
        assert text in out
    Path("iris.json").write_text(Path("iris.json").read_text().replace('"seed": 0', '"seed": 1', 1))
    code, out, err = chainrule_("show", "iris.safetensors")
    assert (code, "kept " in out) == (0, False)
    assert "iris.json is damaged" in err
    Path("iris.json").write_text("{}")
    assert chainrule_("show", "iris.safetensors")[2] == ""
