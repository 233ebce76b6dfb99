"""What people type first: other names for commands and options are understood, help is true, a shell completes."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

import chainrule as cr
import chainrule.cli.main as cli
from chainrule.activations import NAMED as ACTIVATIONS
from chainrule.activations import as_activation
from chainrule.cli import help, show, usage
from chainrule.cli.chosen import HELP
from chainrule.costs import NAMED as COSTS
from chainrule.costs import as_cost
from chainrule.data.shipped import SHIPPED
from chainrule.explanation.figures import FIGURES
from chainrule.names import SAME
from chainrule.schedules import NAMED as SCHEDULES
from chainrule.schedules import as_schedule
from chainrule.updates import NAMED as RULES
from chainrule.updates import as_rule

ALL: Any = typer.main.get_command(cli.app)
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """What a command prints, in a folder with a table of points and a model of it."""
    monkeypatch.chdir(tmp_path)
    Path("points.csv").write_text("a,b,side\n" + "".join(f"{i},{i % 3},{'lr'[i % 2]}\n" for i in range(12)))
    network = cr.Network.random([2, 3, 2], "tanh", "softmax", seed=1)
    cr.save(cr.train(network, cr.load_data("points.csv"), epochs=1).network, "m.safetensors", {"data": "points.csv"})

    def call(line: str) -> str:
        monkeypatch.setattr(sys, "argv", ["chainrule", *shlex.split(line)])
        capsys.readouterr()
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code or 0
        else:
            code = 0
        said = capsys.readouterr()
        return said.out if code == 0 else said.err

    return call


# commands -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("derive --form delta", "explain --form delta"),
        ("gradient", "explain"),
        ("tree", "show computation_tree"),
        ("demon m.safetensors --by z/2/0", "show m.safetensors demon --by z/2/0"),
        ("number-lines --step 0.1", "show number_lines --step 0.1"),
        ("show m.safetensors tree", "show m.safetensors computation_tree"),
        ("show paths", "show path_sum"),
        ("worksheet m.safetensors --row 2", "page worksheet m.safetensors --row 2"),
        ("equations", "page equations"),
        ("EXPLAIN", "explain"),
        ("inspect m.safetensors", "show m.safetensors"),
        ("check --methods delta,raw", "verify --methods delta,raw"),
        ("test m.safetensors points.csv", "predict m.safetensors points.csv"),
        ("figures demon", "show demon"),
        ("version", "--version"),
        ("help why", "why --help"),
        ("help", "--help"),
    ],
)
def test_what_is_typed_first_is_understood(run: Run, typed: str, meant: str) -> None:
    said = run(typed)
    assert not said.startswith("error")
    assert said == run(meant)


def test_the_names_that_are_kept_light_are_those_of_the_library() -> None:
    assert set(usage.FIGURES) == set(show.DRAWN)
    assert set(usage.SAME_FIGURE.values()) <= set(FIGURES)
    assert set(usage.DATA_SETS) == set(SHIPPED)
    assert set(usage.SAME_COMMAND.values()) <= set(cli.COMMANDS)
    assert not set(usage.SAME_COMMAND) & {*cli.COMMANDS, *usage.PAGES, *usage.SAME_FIGURE, *FIGURES}
    assert set(usage.EXAMPLE) == set(cli.COMMANDS) == set(help.EXAMPLES) - {""}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("trian", "there is no command 'trian': did you mean 'train'? the commands are train, predict"),
        ("deamon", "did you mean 'demon'?"),
        ("workshet", "did you mean 'worksheet'?"),
        ("evaluat", "did you mean 'predict'?"),
        ("expl", "did you mean 'explain'?"),
        (
            "datasets",
            "the data sets are digits, iris, wine, breast_cancer, diabetes, as in chainrule train iris; the commands",
        ),
        ("digits", "did you mean chainrule train digits?"),
        ("m.safetensors", "did you mean chainrule show m.safetensors?"),
        ("points.csv", "did you mean chainrule train points.csv?"),
        ("lesson.quiz", "did you mean chainrule quiz lesson.quiz?"),
        ("w/2/0/0", "did you mean chainrule explain --by w/2/0/0?"),
        ("--by w/2/0/0", "there is no option --by of chainrule"),
    ],
)
def test_of_an_unknown_command_the_nearest_is_named(run: Run, typed: str, said: str) -> None:
    assert said in run(typed)


@pytest.mark.parametrize("typed", ["list", "init", "export", "weights", "config", "status"])
def test_a_command_that_is_near_to_none_is_given_no_other(run: Run, typed: str) -> None:
    """A wrong proposal leads further away than the list does."""
    assert run(typed).startswith(f"error: there is no command '{typed}': the commands are train, predict, show")


def test_the_figures_are_named_where_none_is_asked_for(run: Run) -> None:
    for typed in ("show", "figures", "draw"):
        said = " ".join(run(typed).split())
        assert said.endswith(f"chainrule show network; the figures are {', '.join(usage.FIGURES)}")


# options ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("train points.csv -q -o t --epoch 1 --lr 0.1 --batch 4 --optimizer sgd --loss crossentropy --layers 3",
         "train points.csv -q -o t --epochs 1 --learning-rate 0.1 --batch-size 4 --rule delta_rule --cost cross_entropy "
         "--hidden 3"),
        ("train points.csv -q -o t --epochs=1 --learning_rate=0.1 --batch_size=4", "train points.csv -q -o t --epochs=1 "
         "--learning-rate=0.1 --batch-size=4"),
        ("train points.csv -q -o t --epochs 1 --learningrate 0.1", "train points.csv -q -o t --epochs 1 --learning-rate 0.1"),
        ("explain m.safetensors --wrt w/1/0/1 --sample 2", "explain m.safetensors --by w/1/0/1 --row 2"),
        ("quiz --number 1 --answers ?", "quiz --count 1 --answers ?"),
    ],
)  # fmt: skip
def test_options_of_other_programs_are_understood(run: Run, typed: str, meant: str) -> None:
    first = run(typed), Path("t.safetensors").read_bytes() if Path("t.safetensors").exists() else b""
    assert not first[0].startswith("error")
    second = run(meant), Path("t.safetensors").read_bytes() if Path("t.safetensors").exists() else b""
    assert first == second


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("train --hiden 3", "there is no option --hiden of chainrule train: did you mean --hidden?"),
        ("train -lr 0.1", "there is no option -lr of chainrule train: did you mean --learning-rate?"),
        ("train --epochs", "--epochs needs a value behind it"),
        ("explain --json=3", "--json takes no value"),
        ("train --epochs ten", "--epochs takes a whole number, as --epochs 3; got 'ten'"),
        ("train --lr 0,1", "--learning-rate takes a number, as --learning-rate 0.1"),
        ("why m.safetensors --seed -3", "--seed takes a number ≥ 0; got '-3'"),
        ("train a.csv b.csv", "chainrule train does not know what to do with 'b.csv': it is written as"),
    ],
)
def test_an_option_that_does_not_fit_is_answered_with_what_does(run: Run, typed: str, said: str) -> None:
    assert said in run(typed)


def test_an_option_never_means_another_that_the_command_has_itself() -> None:
    for name, command in ALL.commands.items():
        own = {each.lstrip("-") for parameter in command.params for each in parameter.opts}
        meant = usage.option_meant(name, own)
        assert {meant(each) for each in own} == own
        for each in usage.SAME_OPTION.get(name, {}):
            assert meant(each) in own, (name, each)
    everywhere = {each.lstrip("-") for command in ALL.commands.values() for p in command.params for each in p.opts}
    assert set(usage.SAME_OPTION[""].values()) <= everywhere


def test_other_names_of_costs_rules_and_activations_are_understood() -> None:
    for table, kept, made in (
        ("cost", COSTS, as_cost),
        ("rule", RULES, as_rule),
        ("activation", ACTIVATIONS, as_activation),
        ("schedule", SCHEDULES, as_schedule),
    ):
        assert not set(SAME[table]) & set(kept)
        for name, meant in SAME[table].items():
            assert repr(made(name)) == repr(made(meant))
    assert as_cost("MSE").name == "squared_error"
    assert as_cost("BinaryCrossEntropy").name == "binary_cross_entropy"
    assert as_activation("LeakyReLU").name == "leaky_relu"
    with pytest.raises(cr.UnknownNameError, match="did you mean 'momentum'"):
        as_rule("momentun")


# help ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["", *cli.COMMANDS])
def test_help_fits_80_columns_and_begins_with_examples(run: Run, name: str) -> None:
    said = run(f"{name} --help")
    assert max(map(len, said.splitlines())) <= 80
    assert said.startswith(f"Usage: {' '.join(['chainrule', name]).strip()} [OPTIONS]")
    assert said.index("Examples:") < said.index("Options:")
    assert run(f"{name} -h") == said
    assert "Figures and pages are commands too" in run("--help")


def test_help_of_train_tells_what_train_does(run: Run) -> None:
    said = " ".join(run("train --help").split())
    for default in HELP.values():
        assert f"{default}]" in said
    assert (
        "[default: 0.1 for delta_rule, 0.01 for momentum and nesterov, 0.001 for rmsprop, adam and adamw; 0.003" in said
    )
    heads = [line for line in run("train --help").splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert heads[2:] == [
        "The data:",
        "The network:",
        "The training:",
        "Against overfitting and steps that are too large:",
        "What is kept and printed:",
        "Options:",
    ]
    for batch, steps in ((4, "3 steps, batches of 4"), (12, "1 step, all rows in a batch")):
        header = next(
            line for line in run(f"train points.csv --batch-size {batch} -o t").splitlines() if "epochs of" in line
        )
        assert f"at most 200 epochs of {steps}, seed 0" in header


@pytest.mark.parametrize(
    "line", [line for lines in help.EXAMPLES.values() for line in lines] + [*usage.EXAMPLE.values()]
)
def test_the_examples_of_help_are_commands_that_can_be_read(line: str) -> None:
    _, *args = shlex.split(line)
    if args:
        name, command, rest = ALL.resolve_command(ALL.make_context("chainrule", list(args)), list(args))
        command.make_context(name, rest)


# pages --------------------------------------------------------------------------------------------------------------
def test_pages_are_printed_as_the_library_makes_them(run: Run) -> None:
    sheet = cr.explanation.worksheet.worksheet
    chain = cr.Network([[[1.5]], [[-2.0]], [[1.2]]], [[-0.4], [0.9], [-0.3]], "sigmoid", cost="squared_error")
    page = sheet(chain, [0.6], [1.0], convention="3blue1brown", learning_rate=0.5)
    assert run("worksheet --lr 0.5").endswith(f"\n\n{page}\n")
    assert run("worksheet --lr 0.5 --format latex") == page.latex() + "\n"
    assert run("worksheet --lr 0.5 --format html").startswith("<!DOCTYPE html>")
    for name in usage.PAGES:
        assert "error" not in run(f"page {name} --json")[:7]
        assert run(f"{name} --convention s2").count("\n") > 10


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("page workshet", "unknown page 'workshet': did you mean 'worksheet'?"),
        ("page", "chainrule page needs NAME, as in chainrule page worksheet runs/digits.safetensors"),
        ("page proof --lr 0.1", "--learning-rate is the worksheet's: chainrule page worksheet --learning-rate 0.1"),
        ("page equations m.safetensors", "the page equations is of any network: chainrule page equations --convention"),
        ("page proof --format pdf", "unknown format 'pdf': known are text, latex, html"),
        ("page proof --format html --json", "give one of them"),
    ],
)
def test_a_page_that_cannot_be_printed_says_why(run: Run, line: str, said: str) -> None:
    assert said in run(line)


# completion ---------------------------------------------------------------------------------------------------------
def completed(shell: str, words: str, **settings: str) -> str:
    """What a shell is offered behind these words."""
    around = {**os.environ, "_CHAINRULE_COMPLETE": f"complete_{shell}", "COMP_WORDS": words, "_TYPER_COMPLETE_ARGS": words,
              "COMP_CWORD": str(len(words.split()) - (not words.endswith(" "))), **settings}  # fmt: skip
    done = subprocess.run([sys.executable, "-m", "chainrule"], capture_output=True, text=True, env=around, check=False)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(
    ("shell", "settings"), [("bash", {}), ("zsh", {}), ("fish", {"_TYPER_COMPLETE_FISH_ACTION": "get-args"})]
)
def test_a_shell_completes_commands_and_options(shell: str, settings: dict[str, str]) -> None:
    said = completed(shell, "chainrule ex", **settings)
    assert "explain" in said
    assert "train" not in said
    assert "--learning-rate" in completed(shell, "chainrule train --learn", **settings)
    assert "nielsen" in completed(shell, "chainrule explain --convention nie", **settings)


def test_a_shell_is_offered_the_names_of_figures_rules_and_costs() -> None:
    assert completed("bash", "chainrule show m.safetensors dem").split() == ["demon"]
    assert completed("bash", "chainrule train --rule ").split() == list(RULES)
    assert completed("bash", "chainrule explain --cost cross").split() == ["cross_entropy"]


@pytest.mark.parametrize(("shell", "file"), [("bash", ".bash_completions/chainrule.sh"), ("zsh", ".zfunc/_chainrule"),
                                             ("fish", ".config/fish/completions/chainrule.fish")])  # fmt: skip
def test_completion_is_installed(tmp_path: Path, shell: str, file: str) -> None:
    around = {**os.environ, "HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    line = [sys.executable, "-m", "chainrule", "--install-completion", shell]
    done = subprocess.run(line, capture_output=True, text=True, env=around, check=True)
    assert f"{shell} completion installed in" in done.stdout
    script = (tmp_path / file).read_text()
    assert "_CHAINRULE_COMPLETE" in script
    if shutil.which(shell):
        subprocess.run([shell, "-n", str(tmp_path / file)], check=True)
