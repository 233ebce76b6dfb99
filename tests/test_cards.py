"""A network and a run as a notebook shows them: layers, numbers and columns folded, a curve; safe, small, in any theme."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

import chainrule as cr
from chainrule.lessons.plain_text import plain

NETWORK = cr.Network([[[0.5, -1], [1.5, 0.3]], [[1, -2]]], [[0.1, 0], [0.2]], ["tanh", "sigmoid"])


def parsed(html: str) -> ElementTree.Element:
    """A section as a tree; raises where a tag is left open."""
    return ElementTree.fromstring(html)


def texts(element: ElementTree.Element, tag: str) -> list[str]:
    """What all elements of a tag hold."""
    return ["".join(each.itertext()) for each in element.iter(tag)]


@pytest.fixture(scope="module")
def run() -> cr.Run:
    data = cr.load_data("iris")
    rest, test = data.split(0.2, seed=0)
    return cr.train(cr.Network.random([4, 16, 3], "tanh", "softmax", seed=0), rest, epochs=30, validation=test)


def test_a_network_shows_its_layers_and_folds_its_numbers() -> None:
    section = parsed(NETWORK._repr_html_())
    assert texts(section, "h4") == ["Network 2-2-1, tanh → sigmoid"]
    cells = texts(section, "td")
    assert cells[:8] == ["1", "2", "tanh", "2 × 2", "2", "0.325", "0.8899", "1.5"]
    assert texts(section, "summary") == ["layer 1: weights 2 × 2, biases", "layer 2: weights 1 × 2, biases"]
    assert texts(next(section.iter("details")), "td")[:4] == ["0", "0.5", "−1", "0.1"]
    assert "9 numbers in float64" in cells


def test_a_large_layer_is_told_in_a_line_and_a_layer_without_biases_has_none() -> None:
    section = parsed(cr.Network.random([64, 128, 10], "relu", "softmax", bias="none")._repr_html_())
    assert re.fullmatch(r"8,192 weights from −\S+ to \S+", texts(section, "p")[0])
    assert texts(section, "td")[4] == "none"
    assert len(cr.Network.random([64, 128, 10])._repr_html_()) < 4_000


def test_a_very_deep_network_stays_small() -> None:
    html = cr.Network.random([3] * 101, "tanh")._repr_html_()
    assert texts(parsed(html), "summary") == []
    assert len(html) < 20_000


def test_one_bias_for_a_layer_stands_in_each_of_its_rows() -> None:
    section = parsed(cr.Network([[[1, 2], [3, 4]]], [[7]])._repr_html_())
    assert texts(next(section.iter("details")), "td") == ["0", "1", "2", "7", "1", "3", "4", "7"]


def test_columns_and_classes_of_a_trained_network_are_listed(run: cr.Run) -> None:
    section = parsed(run.network._repr_html_())
    assert "3 classes: setosa, versicolor, virginica" in texts(section, "td")
    assert "sepal length, sepal width, petal length, petal width" in texts(section, "pre")[0]


def test_a_run_shows_its_curve_its_facts_and_folds_epochs_and_network(run: cr.Run) -> None:
    html = run._repr_html_()
    section = parsed(html)
    assert len(list(section.iter("{http://www.w3.org/2000/svg}svg"))) == 1
    assert texts(section, "summary")[:2] == ["epochs", "the network"]
    epochs = texts(next(section.iter("details")), "tr")
    assert len(epochs) == 1 + 10 + 1 + 10  # a head, the first ten, a gap, the last ten
    assert "iris, 120 rows" in texts(section, "td")
    assert len(html) < 40_000
    assert re.search(r"\{[^}]*(?<![-\w])color:(?!inherit|color-mix|currentColor)", html.split("<svg")[0]) is None


def test_a_quiz_shows_its_questions_and_folds_the_answers() -> None:
    quiz = cr.quiz(NETWORK, [0.6, -0.4], [1.0], count=4, kinds=["sign", "delta"], title="Two & two")
    section = parsed(quiz._repr_html_())
    assert texts(section, "h4") == ["Quiz, 4 questions"]
    assert texts(section, "summary") == ["answer"] * 4
    assert texts(section, "p")[0] == "Two & two"
    solutions = [texts(each, "p")[0] for each in section.iter("details")]
    choices = [question for question in quiz.questions if question.typed is None]
    assert len(texts(section, "li")) == sum(len(question.answers) for question in choices)
    for question, said in zip(quiz.questions, solutions):
        right = next(answer.text for answer in question.answers if answer.right)
        assert plain(right) in said
    assert "$" not in quiz._repr_html_()


def test_names_of_anybody_are_shown_and_not_obeyed() -> None:
    evil = "<script>alert(1)</script>&\x1b[31m"
    frame = {evil: [1.4, 4.7, 1.3, 4.5], "kind": [evil, "b", evil, "b"]}
    sigma = cr.activation(lambda z, m: z * m.tanh(m.softplus(z)), "<img src=x>")
    run = cr.train(cr.Network.random([1, 2, 2], sigma, "softmax"), frame, "kind", epochs=2)
    for html in (run._repr_html_(), run.network._repr_html_()):
        parsed(html)
        assert "<script" not in html
        assert "<img" not in html
        assert "&lt;script&gt;" in html
        assert "\x1b" not in html


def test_a_run_without_an_epoch_has_no_curve() -> None:
    stream = cr.epochs(NETWORK, [[0.6, -0.4]], [[1.0]])
    section = parsed(stream.run()._repr_html_())
    assert list(section.iter("{http://www.w3.org/2000/svg}svg")) == []


def test_a_cost_that_became_infinite_is_shown_all_the_same() -> None:
    network = cr.Network([[[1.0]]], None, "identity")
    with pytest.raises(cr.DivergenceError) as raised:
        cr.train(network, np.linspace(1, 2, 8)[:, None], np.linspace(3, 5, 8)[:, None], cr.delta_rule(1e200), epochs=5)
    parsed(raised.value.run._repr_html_())
