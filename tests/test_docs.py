"""README and docs: every Python block runs and prints what stands below it, every console block is what the command says,
every command is documented, generated pages are up to date."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from networks import PROOF

import chainrule as cr
from chainrule.cli.main import app
from chainrule.initialization import INITS
from chainrule.schedules import NAMED as SCHEDULES
from chainrule.texts import TEXTS
from chainrule.updates import NAMED as RULES
from chainrule.verification.methods import METHODS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MADE = {  # what make calls
    "make run": "chainrule train digits --output runs/digits.safetensors",
    "make verify": "chainrule verify --survey 500",
}
COUNTS = (18, 22, 23, 17, 20)  # ideas of S0 … S4
LEFT_OUT = "…"  # a line of an example, for lines that are not shown
NUMBER = re.compile(r"−?-?\d[\d,]*\.?\d*(?:e[-+−]?\d+)?")


def blocks(page: Path) -> list[tuple[str, str]]:
    """(language, text) of every fenced block of a page."""
    return BLOCK.findall(page.read_text())


@pytest.mark.parametrize(
    "page", [p for p in PAGES if any(kind == "python" for kind, _ in blocks(p))], ids=lambda p: p.name
)
def test_python_blocks_run_and_print_what_stands_below_them(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The blocks of a page share their names, as in a session; an unlabelled block below one is its output, to the letter."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    found = blocks(page)
    for (kind, text), (next_kind, expected) in zip(found, [*found[1:], ("end", "")]):
        if kind != "python":
            continue
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(text, f"{page.name}", "exec"), names)
        if next_kind == "":
            assert out.getvalue() == expected


def console_blocks() -> list[tuple[str, str, str]]:
    """(page, command, expected output) of every `$ command` in a console block."""
    found = []
    for page in PAGES:
        for kind, text in blocks(page):
            if kind == "console":
                for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                    command, _, output = part.partition("\n")
                    found.append((page.name, command, output))
    return found


def test_console_blocks_are_what_the_commands_print(tmp_path: Path) -> None:
    """In one folder, page by page, in order. Words and whole numbers to the letter; measured numbers within a tolerance."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "200",
    }
    (tmp_path / "runs").mkdir()
    for page, command, expected in console_blocks():
        words = MADE.get(command, command)
        if words.startswith("make ") or (command == "make verify" and not PROOF):
            continue  # 500 networks take a minute: `make proof` goes over them, and test_survey.py over a few
        done = subprocess.run(
            shlex.split(words), cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        learnt = re.search(r"\btrain\b|\.safetensors|runs/", words) is not None
        shown, printed = expected.rstrip().splitlines(), done.stdout.rstrip().splitlines()
        if LEFT_OUT in shown:
            first = shown.index(LEFT_OUT)
            assert len(printed) > len(shown), f"{page}: $ {command} prints no more than is shown"
            printed = [*printed[:first], LEFT_OUT, *printed[len(printed) - (len(shown) - first - 1) :]]
        assert len(shown) == len(printed), f"{page}: $ {command}\n{done.stdout}{done.stderr}"
        for mine, theirs in zip(shown, printed):
            assert words_of(mine) == words_of(theirs), f"{page}: $ {command}"
            for a, b in zip(NUMBER.findall(mine), NUMBER.findall(theirs)):
                assert close(a, b, mine, learnt), f"{page}: $ {command}\nshown   {mine}\nprinted {theirs}"


def words_of(line: str) -> str:
    """A line without what another processor may round otherwise: its numbers, and the bars of a cost's curve."""
    return re.sub("[▁-█]", "▁", NUMBER.sub("#", line))


def close(shown: str, printed: str, line: str, learnt: bool) -> bool:
    """Seconds may be anything; a rounding error any near it; a score within 0.015; what a network computes that has learnt
    within a quarter (another processor rounds otherwise, and training carries that on), any other within one unit of the last
    digit; counts of a confusion matrix within two, other whole numbers to the letter."""
    a, b = (float(text.replace(",", "").replace("−", "-")) for text in (shown, printed))
    if re.search(rf"{re.escape(shown)} s\b", line):
        return 0 < b < 60
    if "e" in shown and a:  # a rounding error is a rounding error: the same to a factor of a hundred, or below 1e-9
        return (abs(a) < 1e-9 and abs(b) < 1e-9) or 0.01 <= abs(b / a) <= 100
    if "." in shown and ("accuracy" in line or "cost" in line or "R²" in line):
        return abs(a - b) <= 0.015
    if learnt and line.startswith("  ") and "." not in shown:  # a row of a confusion matrix
        return abs(a - b) <= 2
    if "." in shown:
        unit = 10.0 ** -len(shown.partition(".")[2])
        return abs(a - b) <= (0.25 * max(abs(a), abs(b)) if learnt else 1.01 * unit)
    return shown == printed


def test_the_readme_is_short_and_in_order() -> None:
    """Forty words and a picture, the installation, the main command; then See, Check and Train in a few lines each."""
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 130
    title, *sections = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    words, picture = title.split("\n", 1)[1].split("![")
    assert 10 <= len(words.split()) <= 40
    assert "docs/figures/explorer.png)](docs/explorer.md)" in picture  # the picture leads to the page about it
    assert sections[::2] == ["Install", "Train a network in a second", "See", "Check", "Train", "Where to go next"]
    for name, section in zip(sections[::2], sections[1::2]):
        if name in ("See", "Check", "Train"):
            lines = [line for line in section.splitlines() if line and not line.startswith("```")]
            assert len(lines) <= 12, name
            assert "](docs/figures/" in section, f"{name} has no picture"
            assert "$ chainrule" in section or "cr." in section, f"{name} has no command"


def test_the_readme_says_what_is_downloaded_and_how_to_install_without_make() -> None:
    install = re.split(r"^## ", (ROOT / "README.md").read_text(), flags=re.MULTILINE)[1]
    for said in ("make run", "pip install .", "Windows", "offline", "Python 3.11"):
        assert said in install


def test_the_map_in_contributing_is_the_packages() -> None:
    assert (cr.__doc__ or "").split("\n\n", 1)[1].strip() in (ROOT / "CONTRIBUTING.md").read_text()


@pytest.mark.parametrize("page", ["README.md", "docs/index.md"])
def test_the_five_texts_are_named_with_author_link_and_a_sentence(page: str) -> None:
    words = " ".join((ROOT / page).read_text().split())
    entries = re.findall(r"- \[(S\d)\]\((\S+)\) (.+?)(?= - \[S|##|$)", words)
    assert [(id, Path(link).name) for id, link, _ in entries] == [(text.id, f"{text.short}.md") for text in TEXTS]
    for text, (_, _, entry) in zip(TEXTS, entries):
        for said in (f"`{text.name}`", f"*{text.title}*", text.part, text.author, text.link, text.about):
            assert said in entry, f"{page}, {text.id}: {said}"


def test_every_command_and_option_is_documented() -> None:
    text = (ROOT / "docs" / "commands.md").read_text()

    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        assert f"## chainrule {name}" in text
        for parameter in command.params:
            if parameter.name == "help" or getattr(parameter, "hidden", False):  # an old spelling is hidden
                continue
            assert f"`{parameter.opts[-1]}`" in text or f"`{parameter.name.upper()}`" in text
            assert parameter.help, f"{name} {parameter.name} has no help"


def test_generated_pages_and_figures_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_row_of_a_table_has_as_many_cells_as_its_head(page: Path) -> None:
    """GitHub ends a cell at each bar without a backslash, in code too."""
    for table in re.findall(r"(?:^\|.*\n)+", BLOCK.sub("", page.read_text()), re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1, table


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!http)([^)#]+)[^)]*\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


# the notebook and the figures ---------------------------------------------------------------------------------------
def shown_by(cell: dict) -> list[tuple[str, str]]:  # type: ignore[type-arg]
    """(kind, text without its numbers) of what a cell shows; what hangs on the numbers' digits, a picture's name, left out."""
    found = []
    for output in cell["outputs"]:
        texts = {"text/plain": output["text"]} if "text" in output else output["data"]
        found += [(kind, NUMBER.sub("#", DIGEST.sub("", "".join(text)))) for kind, text in texts.items()]
    return found


DIGEST = re.compile(r"(?<=-)[0-9a-f]{8}(?=-)")


def test_the_notebook_runs_and_shows_what_it_shows() -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    notebook = __import__("notebook")
    kept = json.loads((ROOT / "docs" / "backpropagation.ipynb").read_text(encoding="utf-8"))
    for before, after in zip(kept["cells"], notebook.with_outputs(kept)["cells"]):
        if before["cell_type"] == "code":
            assert before["outputs"], before["source"]
            assert shown_by(before) == shown_by(after)


def test_the_notebook_keeps_the_figure_of_the_explorer_and_not_its_page() -> None:
    """The page would double the file, and change with its script; whoever runs the cell sees it."""
    path = ROOT / "docs" / "backpropagation.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    cell = next(cell for cell in cells if "cr.explore(" in "".join(cell["source"]) and cell["cell_type"] == "code")
    (output,) = cell["outputs"]
    assert "".join(output["data"]["image/svg+xml"]).startswith("<svg")
    assert set(output["data"]) == {"image/svg+xml", "text/plain"}
    assert path.stat().st_size < 400_000


def test_the_notebook_links_to_pages_that_are_there() -> None:
    notebook = json.loads((ROOT / "docs" / "backpropagation.ipynb").read_text(encoding="utf-8"))
    targets = [target for cell in notebook["cells"] for target in re.findall(r"\]\(([^)]+)\)", "".join(cell["source"]))]
    assert targets
    assert [target for target in targets if not (ROOT / "docs" / target).exists()] == []


def test_all_hundred_ideas_of_the_texts_have_a_row() -> None:
    """18 of S0, 22 of S1, 23 of S2, 17 of S3, 20 of S4."""
    sys.path.insert(0, str(ROOT / "docs"))
    rows = __import__("concepts_rows").ROWS
    expected = [f"S{text}.{n}" for text, count in enumerate(COUNTS) for n in range(1, count + 1)]
    assert [id for id, _, _ in rows] == expected
    assert len(expected) == 100


def ids_in(text: str) -> set[str]:
    """The ideas that a text names; S3.5–S3.8 names four."""
    found = set()
    for source, first, last in re.findall(r"S(\d)\.(\d+)(?:–S\d\.(\d+))?", text):
        found |= {f"S{source}.{n}" for n in range(int(first), int(last or first) + 1)}
    return found


@pytest.mark.parametrize("text", range(5))
def test_the_page_of_each_text_goes_by_all_its_ideas(text: int) -> None:
    named = ids_in((ROOT / "docs" / f"s{text}.md").read_text())
    assert [f"S{text}.{n}" for n in range(1, COUNTS[text] + 1) if f"S{text}.{n}" not in named] == []


def test_the_glossary_has_every_method_and_preset() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)[2:]
    assert len(words) == len(set(words)) > 30
    assert all(f"`{name}`" in text for name in METHODS)


@pytest.mark.parametrize(
    ("heading", "table"), [("Update rules", RULES), ("Schedules", SCHEDULES), ("First weights", INITS)]
)
def test_the_page_of_rules_has_every_row_with_its_settings_as_they_come(heading: str, table: Any) -> None:
    page = (ROOT / "docs" / "rules.md").read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = {row.split("`")[1]: row for row in page.splitlines() if row.startswith("| `")}
    assert list(rows) == list(table)
    if heading == "First weights":
        return
    for name, row in rows.items():
        written = dict(re.findall(r"`(\w+)=([^`]+)`", rows["adam"] + row if name == "adamw" else row))
        made = table[name]()
        settings = {**made.settings, **({"decay": made.decay} if getattr(made, "decay", 0) else {})}
        assert {key: float(value) for key, value in written.items()} == settings
