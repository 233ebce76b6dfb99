"""The public names: complete, importable, documented, and still callable whatever was imported first."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import chainrule as cr
from chainrule import errors

PROMISED = [
    "Network", "forward", "backward", "gradient", "cost", "squared_error", "train", "epochs", "predict", "score", "save",
    "load", "check_gradient", "explain", "adam", "delta_rule", "momentum", "activation", "own_cost", "Convention", "Dataset",
    "figure", "nudge", "why", "load_data", "read_table", "per_example_gradients", "huber", "leaky_relu", "Parameters",
    "worksheet", "pseudocode", "proof", "nested_formula", "summary", "quiz", "read_quiz", "write_quiz", "grade", "Quiz",
    "all_derivatives", "predict_probabilities", "nesterov", "rmsprop", "adamw", "schedule", "compare", "Report",
]  # fmt: skip


@pytest.mark.parametrize("name", cr.__all__)
def test_every_public_name_is_there_and_has_a_docstring(name: str) -> None:
    thing = getattr(cr, name)
    if name != "__version__":
        doc = inspect.getdoc(thing) or ""
        assert len(doc.split()) >= 4, f"{name} says nothing"
        assert thing.__module__.startswith("chainrule")


def test_nothing_promised_is_missing() -> None:
    assert set(PROMISED) <= set(cr.__all__)
    assert len(cr.__all__) == len(set(cr.__all__))
    assert set(cr.__all__) == set(dir(cr))


def test_dir_lists_public_names_alone_whatever_was_imported() -> None:
    code = (
        "import chainrule.training, chainrule.cli.main, chainrule as cr; assert dir(cr) == sorted(cr.__all__), dir(cr)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_pages_and_quizzes_are_made_by_public_functions() -> None:
    net = cr.Network.random([2, 3, 2], "tanh", "sigmoid", seed=0, dtype="float64")
    x, y = [0.6, -0.4], [1.0, 0.0]
    pages = (cr.worksheet(net, x, y), cr.nested_formula(net), cr.pseudocode(), cr.proof(), cr.summary("cs231n"))
    assert all(page.html() and page.latex() for page in pages)
    quiz = cr.quiz(net, x, y, count=3, seed=1, title="Three questions")
    assert str(quiz).startswith("Three questions\n\n??\n")
    assert len(quiz.questions) == 3
    right = next(answer for answer in quiz.questions[0].answers if answer.right)
    assert cr.grade(quiz.questions[0], right.text).right


def test_every_error_is_public_and_drawn_in_the_tree() -> None:
    classes = {
        name for name, thing in vars(errors).items() if inspect.isclass(thing) and issubclass(thing, cr.ChainruleError)
    }
    assert classes <= set(cr.__all__)
    for name in classes:
        assert name in (errors.__doc__ or "")


@pytest.mark.parametrize(
    "first", ["chainrule.training", "chainrule.forward", "chainrule.cli.main", "chainrule.backward"]
)
def test_forward_stays_a_function_whichever_module_is_imported_first(first: str) -> None:
    code = f"import {first}, chainrule as cr; assert callable(cr.forward) and callable(cr.backward) and callable(cr.epochs)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'gradeint'"):
        _ = cr.gradeint
