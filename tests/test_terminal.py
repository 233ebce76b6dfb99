"""What a terminal shows: lines of its width, words and tables whole, colours that mean something, letters that it has."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.cli.main
from chainrule.cli import output
from chainrule.cli.colours import painted
from chainrule.cli.terminal import has_colours, shown_in, width
from chainrule.explanation.forms import FORMS
from chainrule.explanation.nested_formula import nested_formula
from chainrule.explanation.proof import proof
from chainrule.explanation.summary import summary
from chainrule.explanation.worksheet import worksheet
from chainrule.pictures import converted

CODE = re.compile(r"\x1b\[[0-9;]*m")
SETTINGS = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "TERM")


class Terminal(io.StringIO):
    """A stream that a person reads."""

    def isatty(self) -> bool:
        return True


Shown = Callable[..., str]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A table of points, and a network barely trained on it."""
    folder, rng = tmp_path_factory.mktemp("files"), np.random.default_rng(0)
    rows = [f"{a:.3f},{b:.3f},{'left' if a < b else 'right'}" for a, b in rng.normal(size=(40, 2))]
    (folder / "points.csv").write_text("\n".join(["a,b,side", *rows]) + "\n")
    mixed = [f"{i},{i % 5 or ''},{('red', 'green', 'blue')[i % 3]},2024-0{i % 9 + 1}-01,{i % 2}" for i in range(60)]
    (folder / "mixed.csv").write_text("\n".join(["id,size of it,colour,day,y", *mixed]) + "\n")
    network = cr.Network.random([2, 8, 2], "tanh", "softmax", seed=1)
    trained = cr.train(network, cr.load_data(folder / "points.csv"), epochs=2).network
    cr.save(trained, folder / "m.safetensors", {"data": "points.csv"})
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, files: dict[str, bytes]) -> Shown:
    """What a command prints on a terminal of so many columns."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    for name, content in files.items():
        Path(name).write_bytes(content)

    def show(line: str, columns: int | str = 80, stream: type[io.StringIO] = Terminal, **settings: str) -> str:
        for name, value in {"COLUMNS": str(columns), "NO_COLOR": "1", **settings}.items():
            monkeypatch.setenv(name, value)
        out, err = (
            stream(),
            io.StringIO() if "--epochs" in line else stream(),
        )  # whose bar would be among the lines
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        monkeypatch.setattr(sys, "argv", ["chainrule", *line.split()])
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(output, "drop", lambda stream: None)
            with suppress(SystemExit):
                chainrule.cli.main.main()
        return out.getvalue() + err.getvalue()

    return show


LINES = [
    *("", "explain", "explain --form delta", "explain m.safetensors --form paths --by w/1/3/1"),
    *(
        "explain m.safetensors --form matrix --by w/1/3/1",
        "nudge",
        "nudge --step 0.1",
        "nudge --by w/1/0/0 --range -1 1",
    ),
    *("nudge m.safetensors --demon good --layer 1", "why", "why m.safetensors", "why m.safetensors --by w/1/0/0"),
    *("why --influence", "why --activation tanh", "verify --methods delta,raw,differences"),
    *("verify m.safetensors --methods delta,raw --plant transpose", "show m.safetensors", "show network --table"),
    *("quiz --answers ?;?;?", "train points.csv --epochs 2 --hidden 4 -o t", "predict m.safetensors points.csv"),
    *("train mixed.csv --epochs 1 -o x", "explain --by w/9/0/0", "trian", "train --hiden 3", "--help", "show --help"),
    *("worksheet", "page proof", "explain m.safetensors --all"),
]
COMMAND = re.compile(r"(next)? +chainrule \w+ \S+( \w+)?$")  # to be copied, and so on a line of its own, whole
TIMES = re.compile(r"\d+\.\d+ s|[\d,]+ rows/s")


@pytest.mark.parametrize("line", LINES)
def test_no_line_is_wider_than_the_terminal_and_no_word_is_broken(shown: Shown, line: str) -> None:
    words = set(TIMES.sub("", shown(line, stream=io.StringIO)).split())
    for columns in (40, 80, 120):
        said = shown(line, columns)
        wrapped = [line for line in said.splitlines() if not COMMAND.match(line)]
        assert max(map(len, wrapped)) <= columns, max(wrapped, key=len)
        assert {word for word in TIMES.sub("", said).split() if word.strip("-=·")} <= words  # but for what underlines


@pytest.mark.parametrize(
    "line",
    [
        *(line for line in LINES if "help" not in line),
        "train points.csv --epochs 1 --lr 1e9 -o t",
        "train rates.csv --epochs 1 --lr 1e-9 -o t",
        "explain --all",
    ],
)
def test_numbers_have_one_minus_sign_and_one_exponent_style(shown: Shown, line: str) -> None:
    """−0.5 and 2.5e−13; never -0.5, 2.5e-13, 2.5e+13 or 2.5e-05."""
    Path("rates.csv").write_text("a,y\n" + "".join(f"{i},{i * i % 7}.5\n" for i in range(60)))
    said = shown(line, stream=io.StringIO)
    assert not re.findall(r"(?<![\w/.])-\d|\de-\d|\de\+|\de−0", said.replace(line, ""))


@pytest.mark.parametrize("columns", ["20", "0", "-5", "many", "", "1", "999999999999999999999"])
def test_columns_that_are_no_width_stop_nothing(shown: Shown, columns: str) -> None:
    assert "central difference" in " ".join(shown("explain", columns).split())


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
@pytest.mark.parametrize("convention", ["s0", "s1", "s2", "s4"])
def test_derivations_and_pages_keep_to_a_width(columns: int, convention: str) -> None:
    net, x, y = cr.Network.random([3, 7, 5, 2], "tanh", "sigmoid", seed=1), [0.1, 0.2, 0.3], [0.0, 1.0]
    pages = [worksheet(net, x, y, convention=convention), summary(convention), proof(convention, net, x, y),
             nested_formula(net, convention, x)]  # fmt: skip
    for form in FORMS:
        try:
            pages.append(cr.explain(net, x, y, "w/1/3/1", form=form, convention=convention))
        except cr.ChainruleError:  # it does not apply here
            continue
    assert len(pages) > 10
    for page in pages:
        assert max(map(len, page.lines(columns))) <= columns, page


def test_a_line_that_is_broken_goes_on_with_a_sign_below_its_formula() -> None:
    net = cr.Network.random([2, 3, 2], "tanh", "softmax", seed=1)
    lines = cr.explain(net, [0.3, 0.4], [0.0, 1.0], "w/1/0/1", form="paths").lines(40)
    assert lines[3:9] == [
        "  0 → 0    a⁰₁ · σ′(z¹₀)  · w²₀₀",
        "           0.4 · 0.928813 · −0.339599",
        "         · (a²₀ − y₀)",
        "         · 0.434541",
        "         = −0.054826   sum −0.054826",
        "  0 → 1    a⁰₁ · σ′(z¹₀)  · w²₁₀",
    ]


# colours ------------------------------------------------------------------------------------------------------------
def test_colours_say_what_flows_forward_and_backward_and_what_is_right() -> None:
    assert painted("∂C/∂w²₀,₉₇ = a¹₉₇ · δ²₀  ✓") == (
        "\x1b[31m∂C/∂w²₀,₉₇\x1b[39m = \x1b[36ma¹₉₇\x1b[39m · \x1b[31mδ²₀\x1b[39m  \x1b[32m✓\x1b[39m"
    )
    assert painted("z/2/0 in data/2/0, area 5²") == "\x1b[36mz/2/0\x1b[39m in data/2/0, area 5²"
    assert painted("error: ✗") == "\x1b[1;31merror:\x1b[22;39m \x1b[1;31m✗\x1b[22;39m"


def test_a_number_has_the_colour_of_the_symbol_above_it() -> None:
    symbols, numbers = "∂C/∂w² = a¹₀      · σ′(z²) · δ²", "       = 0.622459 · 0.24   · −0.06"
    assert painted(numbers, symbols) == "       = \x1b[36m0.622459\x1b[39m · 0.24   · \x1b[31m−0.06\x1b[39m"
    assert painted(numbers, "") == numbers
    assert painted(numbers, symbols.replace("a¹₀", "2a¹")).startswith("       = 0.622459 · 0.24")
    assert painted("a = 3", "δ²  ·") == "a = 3"


@pytest.mark.parametrize(
    ("settings", "terminal", "pipe"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"CLICOLOR_FORCE": "1"}, True, True),
        ({"CLICOLOR_FORCE": "0"}, True, False),
        ({"CLICOLOR": "0"}, False, False),
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"}, False, False),
    ],
)
def test_who_decides_about_colours(settings: dict[str, str], terminal: bool, pipe: bool) -> None:
    around = {"TERM": "xterm", **settings}
    assert has_colours(Terminal(), around) == terminal
    assert has_colours(io.StringIO(), around) == pipe
    assert not has_colours(None, around) or pipe


def test_colours_change_no_letter_and_headings_are_bold(shown: Shown) -> None:
    for line in ("explain", "nudge", "verify --methods delta,raw --plant transpose", "why m.safetensors"):
        coloured = shown(line, NO_COLOR="")
        assert CODE.sub("", coloured) == shown(line)
        assert "\x1b[" in coloured
    assert "\x1b[1m" in shown("nudge", NO_COLOR="")
    assert "\x1b[1;31m✗" in shown("verify --methods delta,raw --plant transpose", NO_COLOR="")


def test_a_pipe_has_one_line_a_sentence_and_no_colour(shown: Shown) -> None:
    piped = shown("why m.safetensors", 40, io.StringIO, NO_COLOR="")
    assert "\x1b" not in piped
    assert max(map(len, piped.splitlines())) > 80
    forced = shown("why m.safetensors", 40, io.StringIO, NO_COLOR="", FORCE_COLOR="1")
    assert CODE.sub("", forced) == piped
    predicted = shown("predict m.safetensors points.csv", 40, io.StringIO, NO_COLOR="", FORCE_COLOR="1")
    assert "\x1b" not in predicted.split("accuracy")[0]  # data for other programs


def test_the_width_is_what_columns_or_the_terminal_says() -> None:
    assert width(io.StringIO(), {"COLUMNS": "50"}) is None
    assert width(None) is None
    assert width(Terminal(), {"COLUMNS": "50"}) == 50
    assert width(Terminal(), {"COLUMNS": "5"}) == 20
    assert width(Terminal(), {"COLUMNS": "5000"}) == 200
    assert width(Terminal(), {}) == 80  # it has no file that could be asked


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="a pseudo-terminal is a Unix thing")
def test_a_real_terminal_is_asked_for_its_width() -> None:
    import fcntl  # noqa: PLC0415 (there is none on Windows)
    import struct  # noqa: PLC0415
    import termios  # noqa: PLC0415

    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 47, 0, 0))
    with os.fdopen(theirs, "w") as stream:
        assert width(stream, {}) == 47
        assert width(stream, {"COLUMNS": "0"}) == 47
        assert has_colours(stream, {"TERM": "xterm"})
    os.close(ours)


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="a pseudo-terminal is a Unix thing")
def test_a_real_terminal_shows_a_derivation_in_its_width_and_in_colour() -> None:
    import fcntl  # noqa: PLC0415
    import struct  # noqa: PLC0415
    import termios  # noqa: PLC0415

    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 50, 0, 0))
    around = {**{name: value for name, value in os.environ.items() if name not in SETTINGS}, "TERM": "xterm"}
    with subprocess.Popen([sys.executable, "-m", "chainrule"], stdout=theirs, env=around):
        os.close(theirs)
        seen = b""
        while chunk := _read(ours):
            seen += chunk
    os.close(ours)
    said = seen.decode().replace("\r\n", "\n")
    assert "\x1b[31m∂C/∂w⁽²⁾\x1b[39m" in said
    assert max(map(len, CODE.sub("", said).splitlines())) <= 50


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side has closed
        return b""


# letters ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        ("∂C/∂w⁽²⁾₀,₁₂ = −0.5 · σ′(z) ✓", "ascii", "dC/dw^(2)_0,12 = -0.5 * sigma'(z) ok"),
        ("∂C/∂w² · ½", "latin-1", "dC/dw² · ½"),
        ("∂C/∂w⁽²⁾ · ½", "latin-1", "dC/dw^(2) · ½"),
        ("w⁽²⁾ δ", "utf-8", "w⁽²⁾ δ"),
        ("x → ● ≤ 3 ‖Δ‖ δ ✗", "cp1252", "x -> o <= 3 ||Delta|| delta X"),
        ("猫", "ascii", "\\u732b"),
    ],
)
def test_letters_that_an_encoding_lacks_are_written_in_ascii(text: str, encoding: str, expected: str) -> None:
    assert shown_in(text, encoding) == expected


def test_help_is_written_in_ascii_too(shown: Shown) -> None:
    class Poor(Terminal):
        encoding = "ascii"

    said = shown("explain --help", stream=Poor)
    assert said.isascii()
    assert "dC/dw or any other" in said


# figures ------------------------------------------------------------------------------------------------------------
def test_a_figure_on_a_terminal_becomes_a_file_and_in_a_pipe_it_is_printed(shown: Shown) -> None:
    said = shown("show m.safetensors demon --by z/2/0 --row 3")
    assert said == "wrote m-demon-z-2-0-row-3.svg\n"
    assert Path("m-demon-z-2-0-row-3.svg").read_text().startswith("<svg")
    assert shown("show m.safetensors demon --by z/2/0 --row 3").endswith(".svg, over the one before\n")
    assert shown("show demon", stream=io.StringIO).startswith("<svg")
    assert shown("show demon").split()[-1] == "chain-demon.svg"
    assert shown("show summary").split()[-1] == "summary.svg"
    assert shown("show demon --table").startswith("the chain")


def test_a_figure_is_opened_on_request(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    """By xdg-open, which says in its exit code that it finds no program, and on stderr more than anybody reads."""
    Path("bin").mkdir()
    program = Path("bin/xdg-open")
    monkeypatch.setenv("PATH", f"{program.parent.resolve()}{os.pathsep}{os.environ['PATH']}")
    for code, name in enumerate(("my.svg", "other.svg")):
        program.write_text(f'#!/bin/sh\necho "$1" >> opened\necho "no browser" >&2\nexit {code}\n')
        program.chmod(0o755)
        said = shown(f"show demon -o {name} --open", 200)
        assert ("there is no program here to open it with" in said) == bool(code)
        assert "no browser" not in said
    assert [Path(line).name for line in Path("opened").read_text().splitlines()] == ["my.svg", "other.svg"]


def test_a_file_that_is_no_figure_is_not_replaced(shown: Shown) -> None:
    Path("chain-demon.svg").write_bytes(b"\0 something else")
    assert "is not a text file and would be lost" in shown("show demon", 200)
    assert Path("chain-demon.svg").read_bytes() == b"\0 something else"


@pytest.mark.needs("rsvg-convert")
@pytest.mark.parametrize(("kind", "begins"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_rsvg_convert_makes_a_figure_of_another_kind(shown: Shown, kind: str, begins: bytes) -> None:
    for _ in range(2):  # the second replaces the first
        assert f"x.{kind}" in shown(f"show network --theme auto -o x.{kind}")
        assert Path(f"x.{kind}").read_bytes().startswith(begins)


def test_what_is_missing_for_a_kind_is_named(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converted, "find_spec", lambda name: None)
    monkeypatch.setattr(converted.shutil, "which", lambda name: None)
    assert "a PNG is made by resvg or rsvg-convert, which is not here: install" in shown("show network -o x.png", 200)
    assert "pip install 'chainrule[pictures]'" in shown("show network -o x.png", 200)
    assert "a PDF is made by rsvg-convert, which is not here" in shown("show network -o x.pdf", 200)
    assert not list(Path().glob("x.*"))


def test_the_package_is_asked_where_the_program_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def svg_to_bytes(**settings: Any) -> list[int]:
        asked.update(settings)
        return [*b"\x89PNG"]

    monkeypatch.setattr(converted, "find_spec", lambda name: name == "resvg_py")
    monkeypatch.setattr(converted.shutil, "which", lambda name: None)
    monkeypatch.setattr(converted, "import_module", lambda name: SimpleNamespace(svg_to_bytes=svg_to_bytes))
    assert converted.converted('<svg font-family="Helvetica, Arial, sans-serif"/>', ".png") == b"\x89PNG"
    assert asked["svg_string"] == "<svg font-family=\"Helvetica, Arial, 'Liberation Sans', Arimo, sans-serif\"/>"
    assert asked["zoom"] == 2
