"""The five texts and their conventions: one name each, and the short forms s0 … s4 wherever a convention is named."""

from __future__ import annotations

import json

import pytest
from drawings import CHAIN
from typer.testing import CliRunner

import chainrule as cr
from chainrule.cli.main import app
from chainrule.conventions import PRESETS
from chainrule.texts import NAMES, TEXTS, Text


def test_every_text_has_a_convention_of_its_name() -> None:
    assert tuple(PRESETS) == NAMES == ("article", "3blue1brown", "nielsen", "cs231n", "3h4")
    assert [(text.id, text.short) for text in TEXTS] == [(f"S{number}", f"s{number}") for number in range(5)]
    for text in TEXTS:
        assert PRESETS[text.name].name == text.name
        assert text.title
        assert text.author
        assert text.about.endswith(".")


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_the_short_form_is_the_same_convention(text: Text) -> None:
    for written in (text.short, text.id, text.name.upper(), f" {text.name}"):
        assert cr.Convention.preset(written) is PRESETS[text.name]


def test_the_command_line_takes_both_and_shows_the_full_name() -> None:
    short, full = (
        CliRunner().invoke(app, ["explain", "--by", "w/2/0/0", "--convention", name, "--json"]).stdout
        for name in ("s4", "3h4")
    )
    assert short == full
    assert json.loads(short)["convention"] == "3h4"
    assert cr.explain(CHAIN, [0.6], [1.0], "b/1/0", convention="S0").to_json()["convention"] == "article"


@pytest.mark.parametrize("command", ["explain", "show", "why", "quiz"])
def test_help_names_the_five_texts(command: str) -> None:
    told = " ".join(CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).stdout.split())
    assert ", ".join(NAMES) in told
    for text in TEXTS:
        assert f"{text.name} {text.title}" in told
        assert text.author in told
        assert text.link in told
