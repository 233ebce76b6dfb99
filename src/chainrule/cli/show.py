"""`chainrule show MODEL`: what is in a model's file; `chainrule show MODEL FIGURE`: a figure of it, as SVG."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from chainrule.aligned import Table
from chainrule.checked_file import CHECKPOINT, is_of
from chainrule.cli.contents import say_contents
from chainrule.cli.curve import Curve
from chainrule.cli.examples import Given, convention_of, examples
from chainrule.cli.options import EXAMPLE, WRITTEN, Author, Own, Which
from chainrule.cli.output import page_width, say, say_document, say_json, say_lines, tell
from chainrule.cli.remembered import Asked
from chainrule.cli.saved_run import SavedRun, is_page, opened, show_run
from chainrule.cli.terminal import is_terminal
from chainrule.cli.usage import DATA_SETS, figure_meant, one_of
from chainrule.cli.written import check_text
from chainrule.errors import FileError, SettingError, joined, unknown_name
from chainrule.explanation.figures import CURVE, FIGURES
from chainrule.explanation.figures import figure as draw
from chainrule.pictures.converted import KINDS, check_kind
from chainrule.pictures.scene import Scene
from chainrule.report import is_report

FIGURE = "What the figure shows"


@dataclass(frozen=True)
class Told:
    """An option of figures: what it says, the figures it goes with, and how it is written for instance."""

    says: str
    figures: str
    for_instance: str

    @property
    def help(self) -> str:
        return f"{self.says} ({self.figures})."

    @property
    def names(self) -> list[str]:
        return self.figures.split(", ")


DRAWN = [*(name for name in FIGURES if name != "unrolled"), CURVE]  # of a recurrent network, which has no model file
TOLD = {  # what figures take, and which
    "by": Told(
        "The quantity it is about, such as w/2/0/1, z/2/0 or x/3",
        "network, unit_circuit, computation_tree, number_lines, path_sum, matrix_form, delta_batch, demon, in_weight_out",
        "--by z/2/0",
    ),
    "layer": Told(
        "The layer it is about",
        "network, unit_circuit, computation_tree, matrix_form, delta_batch, activation",
        "--layer 2",
    ),
    "neuron": Told(
        "The neuron of that layer, from 0; by default the one with the largest error δ",
        "unit_circuit, matrix_form, delta_batch",
        "--neuron 0",
    ),
    "step": Told("How far the nudge goes", "number_lines", "--step 0.1"),
    "low": Told("The lowest Δ", "demon", "--low -2"),
    "high": Told("The highest Δ", "demon", "--high 2"),
    "edges": Told("Edges by weight or by gradient", "network", "--edges gradient"),
    "bias_units": Told("Biases as square units", "network", "--bias-units"),
    "phase": Told("forward, or both", "unit_circuit, whole_circuit", "--phase forward"),
    "most": Told(
        "How many are shown where there are more",
        "network, unit_circuit, computation_tree, path_sum, matrix_form, delta_batch, gradient_vector, weight_tiles, six_steps",
        "--most 4",
    ),
    "rule": Told("The rule of the update; by default that of the training", "six_steps", "--rule adam"),
    "learning_rate": Told("Its learning rate η", "six_steps", "--learning-rate 0.5"),
    "l1": Told("l1 · Σ|w| beside the cost; by default as in the training", "six_steps", "--l1 0.001"),
    "l2": Told("½ · l2 · Σ w² beside the cost; by default as in the training", "six_steps", "--l2 0.01"),
    "decay": Told("Each weight decays by η · decay · w; by default as in the training", "six_steps", "--decay 0.01"),
    "penalize_biases": Told("The same of the biases", "six_steps", "--penalize-biases"),
}
ALWAYS = {  # what every figure takes, or is written with
    "convention": "--convention 3blue1brown",
    "cost": "--cost squared_error",
    "data": "--data FILE",
    "row": "--row 3",
    "rows": "--rows 20",
    "theme": "--theme dark",
    "output": "--output FILE.svg",
    "open": "--open",
    "table": "--table",
}


def _told(name: str, *flags: str) -> Any:
    """The option of this name."""
    return typer.Option(*flags, help=TOLD[name].help, rich_help_panel=FIGURE)


def _option(*flags: str, help: str, panel: str) -> Any:
    return typer.Option(*flags, help=help, rich_help_panel=panel)


def command(
    *,
    model: Annotated[
        Path | None,
        typer.Argument(
            help="A model's file, or the name of a figure: then of --weights, or of the worked example's chain."
        ),
    ] = None,
    figure: Annotated[
        str | None, typer.Argument(help=f"A figure: {', '.join(DRAWN)}.", autocompletion=one_of(DRAWN))
    ] = None,
    by: Annotated[str | None, _told("by")] = None,
    layer: Annotated[int | None, _told("layer")] = None,
    neuron: Annotated[int | None, _told("neuron")] = None,
    step: Annotated[float | None, _told("step")] = None,
    low: Annotated[float | None, _told("low")] = None,
    high: Annotated[float | None, _told("high")] = None,
    edges: Annotated[str | None, _told("edges")] = None,
    bias_units: Annotated[bool | None, _told("bias_units", "--bias-units")] = None,
    phase: Annotated[str | None, _told("phase")] = None,
    most: Annotated[int | None, _told("most")] = None,
    rule: Annotated[str | None, _told("rule")] = None,
    learning_rate: Annotated[float | None, _told("learning_rate", "--learning-rate")] = None,
    l1: Annotated[float | None, _told("l1", "--l1")] = None,
    l2: Annotated[float | None, _told("l2", "--l2")] = None,
    decay: Annotated[float | None, _told("decay")] = None,
    penalize_biases: Annotated[bool | None, _told("penalize_biases", "--penalize-biases")] = None,
    own: Own,
    which: Which,
    rows: Annotated[
        int | None, _option(help="How many rows (delta_batch, activation, gradient_vector).", panel=EXAMPLE)
    ] = None,
    convention: Author = None,
    theme: Annotated[
        str | None, _option(help="light, dark, or auto for the reader's.  [default: light]", panel=WRITTEN)
    ] = None,
    output: Annotated[
        Path | None,
        _option(
            "--output",
            "-o",
            help="Write it to this .svg, .png or .pdf file.  [default: a file of the figure's name, or in a pipe the SVG]",
            panel=WRITTEN,
        ),
    ] = None,
    open_it: Annotated[
        bool, _option("--open", help="Open the file in the program for such pictures.", panel=WRITTEN)
    ] = False,
    table: Annotated[
        bool, _option("--table", help="Print the figure's numbers as a table instead.", panel=WRITTEN)
    ] = False,
    as_json: Annotated[bool, _option("--json", help="Print everything as JSON.", panel=WRITTEN)] = False,
) -> None:
    """Layers, weights, columns, labels, and how the network was trained; or a figure of the network at work."""
    told = {"by": by, "layer": layer, "neuron": neuron, "step": step, "low": low, "high": high, "edges": edges,
            "bias_units": bias_units, "phase": phase, "most": most, "rule": rule, "learning_rate": learning_rate,
            "l1": l1, "l2": l2, "decay": decay, "penalize_biases": penalize_biases}  # fmt: skip
    always = {"convention": convention, **which._asdict(), "rows": rows, "theme": theme,
              "output": output, "open": open_it or None, "table": table or None}  # fmt: skip
    path: Path | None = model
    if model is None and not own.weights:
        raise SettingError(
            "show takes a model's file, or the name of a figure: chainrule show MODEL, chainrule show network; the figures are "
            f"{', '.join(DRAWN)}"
        )
    if figure is None and model is not None and _is_figure(model):
        figure, path = str(model), None
    given = Given(path, *own)
    given.check("show MODEL" if figure is None else f"show {figure}", None if given.is_chain else which.data)
    if (
        figure is None and model is not None and not model.exists() and str(model).isidentifier()
    ):  # a name, and no figure's
        raise _no_model(model)
    if figure is None:
        writes = open_it or (output is not None and is_page(output))  # a page, which no figure is
        _check_alone(given.name, {**told, **always, **({"output": None, "open": None} if writes else {})})
        if path is not None and (writes or _is_run(path)):
            show_run(SavedRun.read(path), output, open_it, as_json)
        else:
            say_contents(given, as_json)
        return
    if sum(map(bool, (output, table, as_json))) > 1:
        raise SettingError("--output, --table and --json each say what becomes of the figure: give one of them")
    told = {name: value for name, value in told.items() if value is not None}
    asked: _FigureAsked | Curve
    if figure_meant(figure) == CURVE:
        asked = Curve.of(path, {**told, **always})
    else:
        asked = _FigureAsked(given, _figure(figure), told, convention, which, rows)
    if output is None and not (table or as_json) and (open_it or is_terminal(sys.stdout)):
        output = asked.own_file
    if output is not None:
        _check_output(output, asked.figure, path, which.data)
    replaces = output is not None and output.exists()
    scene = asked.scene()
    _print(scene, asked.about(), theme or "light", output, table, as_json)
    if output is not None:
        tell(f"wrote {output}{', over the one before' if replaces else ''}")
        opened(output, open_it)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _is_run(path: Path) -> bool:
    """Whether a file is of a run, and not of a network: a report or a checkpoint."""
    return path.is_file() and (is_of(CHECKPOINT, path) or (path.suffix == ".json" and is_report(path)))


def _is_figure(model: Path) -> bool:
    return not model.exists() and figure_meant(str(model)) in (*FIGURES, CURVE)


def _no_model(name: Path) -> FileError:
    """The error for a name that is neither a file nor a figure: a model in runs, or a data set to train on, may be meant."""
    kept = Path("runs") / f"{name}.safetensors"
    if kept.is_file():
        return FileError(f"there is no file {name}: did you mean chainrule show {kept}?")
    if str(name) in DATA_SETS:
        return FileError(
            f"{name} is a data set, not a model: train one first with chainrule train {name}, then show its file"
        )
    return FileError(f"there is no file {name}, and {unknown_name('figure', str(name), DRAWN)}")


def _figure(name: str) -> str:
    """A figure's name, as it is kept."""
    key = figure_meant(name)
    if key not in FIGURES:
        raise unknown_name("figure", name, DRAWN)
    if key == "unrolled":
        raise SettingError(
            "the figure unrolled is of a recurrent network, which has no model file: draw it in Python, "
            "cr.figure('unrolled', recurrent, xs, ys), as docs/recurrent.md does"
        )
    return key


def _check_output(output: Path, figure: str, model: Path | None, data: str | None) -> None:
    """Raises FileError where no figure can be written there, or where the name promises something else."""
    kind = output.suffix.lower()
    check_text(output, f"{figure}.svg", {"model": model, "data": data}, "--output", KINDS.get(kind, b"\0"))
    if kind not in KINDS:
        raise FileError(
            f"--output {output}: a figure is written into a file that ends in {', '.join(KINDS)}, as "
            f"{output.with_suffix('.svg')}"
        )
    check_kind(kind)


def _check_alone(model: str, given: dict[str, Any]) -> None:
    """Raises SettingError for an option of figures where none is asked for."""
    for name, value in given.items():
        if value is not None:
            example = TOLD[name].for_instance if name in TOLD else ALWAYS[name]
            figure = TOLD[name].names[0] if name in TOLD else _several()[0] if name == "rows" else "network"
            page = "; a report is written into FILE.html, FILE.md or FILE.txt" if name == "output" else ""
            raise SettingError(f"{_flag(name)} goes with a figure: chainrule show {model} {figure} {example}{page}")


def _several() -> list[str]:
    """The figures of several rows."""
    return [figure.name for figure in FIGURES.values() if figure.rows]


@dataclass(frozen=True)
class _FigureAsked:
    """The figure that is asked for: of which model (None: the worked example) and rows, and its other options."""

    given: Given
    figure: str
    told: dict[str, Any]
    convention: str | None
    which: Which
    rows: int | None

    def scene(self) -> Scene:
        """The figure, drawn."""
        self._check()
        how = {"convention": convention_of(self.given, self.convention), **self.told}
        with np.errstate(all="ignore"):  # an overflow is reported by the figure
            return self._drawn(how)

    @property
    def own_file(self) -> Path:
        """What its file is called unless one is named: iris-demon-z-2-0-row-3.svg."""
        whose = "" if self.figure == "summary" else "chain" if self.given.is_chain else "own"
        named = "" if self.given.model is None else self.given.model.stem
        asked = str(self.told.get("by", "")).replace("/", "-")
        row = "" if self.which.row is None else f"row-{self.which.row}"
        return Path("-".join(filter(None, (named or whose, self.figure, asked, row))) + ".svg")

    @property
    def _of_the_chain(self) -> bool:
        return self.given.is_chain and self.figure != "summary"  # which is of any network

    def about(self) -> str:
        """A line about the worked example where the figure is of it, else nothing."""
        return examples(self.given, None, cost=self.which.cost).about if self._of_the_chain else ""

    def _drawn(self, how: dict[str, Any]) -> Scene:
        cost, data, row = self.which
        if self._of_the_chain:
            it = examples(self.given, None, cost=cost).one()
        elif not self.given.is_chain:
            found = examples(self.given, data, row or 0, 1 if self.rows is None else self.rows, cost)
            it = found if self.rows is not None else found.one()
        else:
            return draw(self.figure, None, cost=cost, **how)
        if self.figure == "six_steps":
            asked = Asked(**{name: how.pop(name, None) for name in Asked.__annotations__})
            how = {**how, **asked.step(it.notes)}
        return draw(self.figure, it.network, it.x, it.y, cost=it.cost, **how)

    def _check(self) -> None:
        """Raises SettingError for an option that does not apply to this figure, or with the worked example."""
        for name in self.told:
            if self.figure not in TOLD[name].names:
                raise SettingError(self._misplaced(name))
        if self.given.is_chain and any(each is not None for each in (self.which.data, self.which.row, self.rows)):
            raise SettingError(
                f"--data, --row and --rows go with a model: chainrule show MODEL {self.figure} --row 3; "
                f"chainrule show {self.figure} is of the worked example"
            )
        if self.rows is not None and not FIGURES[self.figure].rows:
            raise SettingError(
                f"--rows goes with the figures of several rows, {joined(_several())}, and {self.figure} is of one: "
                f"{self._command(self.figure, '--row 3')}"
            )

    def _misplaced(self, name: str) -> str:
        own = [_flag(each) for each, told in TOLD.items() if self.figure in told.names]
        takes = joined(own) if own else "no such option"
        told = TOLD[name]
        return (
            f"{_flag(name)} goes with {joined(told.names)}, as in {self._command(told.names[0], told.for_instance)}; the "
            f"figure {self.figure} takes {takes}"
        )

    def _command(self, figure: str, options: str) -> str:
        """What to write instead."""
        return " ".join(
            ["chainrule show", *([] if self.given.model is None else [str(self.given.model)]), figure, options]
        )


def _print(scene: Scene, about: str, theme: str, output: Path | None, table: bool, as_json: bool) -> None:
    if as_json:
        say_json({"title": scene.title, "description": scene.description, "table": scene.table})
    elif table:
        if about:
            say(about)
        say_lines(Table(scene.table, "<").lines(page_width()))
    elif output is None:
        say_document(scene.svg(theme))
    else:
        scene.save(output, theme)
