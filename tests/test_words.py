"""Plain English: words and phrases that a reader would have to decode, or read twice, are kept out of code, docs and changes.

Each row is a pattern and what to write instead. Patterns ignore case, and see through line ends and the # of comments.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import typer

from chainrule.cli.main import app

ROOT = Path(__file__).parent.parent
ONE = "a|an|one|two|three|four|ten"
EACH = (
    "row|example|cost|factor|layer|neuron|line|level|weight|file|symbol|letter|step|variable|kind|method|property|"
    "column|change|output|batch|epoch|unit|question|input|edge|idea|class|gate|place|pair|sample|colour|destination"
)
FINE = "longer|better|larger|more|one|such|slower|faster|smaller|way|wrong|place|part|matter|column|whole|factor|step"
INSTEAD = {
    r"\broads?\b": "method, path",
    r"\b(does|did|do) not go\b": "is skipped, does not apply, cannot be combined",
    rf"\b({ONE}) (?!is\b|of\b|or\b|to\b|by\b|for\b|as\b|in\b|time\b)[\w’']+ an? ({EACH})\b(?! is\b)": "one per …",
    r"\bby the weights\b": "with respect to the weights",
    r"\b(?<!local )derivatives? (of \S+ )?by (an?|the|any|every|each|w|b|z|a|x)\b": "with respect to",
    r"\bdifferentiated by\b": "with respect to",
    r"\bforetell|\bforetold\b": "predict",
    r"\bdecades? below\b|\bdecades of\b": "27 times below",
    r"\b(had|have) without\b": "need no …",
    r"\bwhen (it is |they are )?(first )?asked for\b": "on demand",
    r"\b(is|are|be|was|were) told\b": "takes, is given, prints",
    r"\bstands? on\b(?! the (left|right))|\bwhere it stands\b": "needs, is based on; is on, where it is",
    r"\b(said|told|refuse[sd]?|explained|says?),? in words\b|\band in words\b|, in words\b": "with a clear error",
    r"\bwitness\b|\briver\b|\bbanks\b|\bat the doors\b": "independent check, core, around it, public names",
    r"\blest\b": "so that … not",
    r"\b(anybody|somebody|nobody)('s)?\b": "name who",
    r"\bon (its|the) way (there|out)\b|\bthe way there\b": "progress",
    r"\bslopes? promises?\b|\bpromised?\b": "predicts",
    r"\btraining had not\b|\bwhich \w+ has not\b": "not seen in training; is not available on",
    r"\bworth a word\b|\bwithout a word\b": "worth mentioning; silently",
    r"\b(said|says|refused|explained) (of|in) (it|words)\b": "described",
    r"\bspeaks? for\b": "stands for",
    r"\bof our own\b|\bof ours\b": "written by this library",
    r"\bgoes? by\b": "follows",
    r"\bare to be had\b|\bto be had\b": "available",
    r"\bis none of\b(?! rows)|, which is none\b|\bare none of\b": "is not one of",
    r"\bas (it|they) (is|are) promised\b": "as predicted",
    rf"(?<!there )\b(is|are) no (?!{FINE})\w+": "is not a …",
    r"\b(leaves?|left) the numbers\b": "becomes NaN or infinite",
    r"\bmay (stand|lie) (in|on)\b": "may be in",
    r"\bheld against\b": "compared with",
    r"\b(rows?|kept|keeps?|none) apart (for|with)\b|\bkept apart\b": "held out",
    r"\bsome (two|three|five|six|ten|twenty|hundred|thousand|\d)": "about",
}
ALLOWED = {  # a name that earlier versions used, and still works
    r"\broads?\b": ("methods.changed.md", "verify.py", "verdict.py"),
}
ID = re.compile(r"\bS[0-4]\.\d+")


def prose() -> list[Path]:
    """Every file that somebody reads as text, or whose messages and docstrings they read."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("changes/*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/**/*.py")]
    return [*found, *ROOT.glob("src/**/*.py"), ROOT / "Makefile", ROOT / "pyproject.toml"]


def found_in(text: str, name: str = "") -> list[tuple[str, str]]:
    """(what is written, what to write instead) of each phrase of the list."""
    plain = re.sub(r"\s*\n[\s#]*", " ", text)
    wanted = [(old, better) for old, better in INSTEAD.items() if name not in ALLOWED.get(old, ())]
    return [(match.group(), better) for old, better in wanted for match in re.finditer(old, plain, re.IGNORECASE)]


def test_the_test_finds_the_old_phrases() -> None:
    old = (
        "this road did not go", "each one an example, a row a cost", "a bar a\n    # factor", "the derivative by w",
        "z left the numbers", "as the rule foretells", "1.4 decades below full pace", "norms are had without it",
        "made when asked for", "what a figure is told", "the cost stands on softmax",
    )  # fmt: skip
    assert [phrase for phrase in old if not found_in(phrase)] == []
    assert found_in("27 times below its maximum; one row per cost, computed on demand") == []


@pytest.mark.parametrize("path", prose(), ids=lambda path: str(path.relative_to(ROOT)))
def test_it_is_written_in_plain_english(path: Path) -> None:
    assert [f"{old!r}: write {better}" for old, better in found_in(path.read_text(encoding="utf-8"), path.name)] == []


def texts_but_docstrings(path: Path) -> list[str]:
    """Every text of a Python file that may reach a user: all of them but the docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = {
        id(each.body[0].value)
        for each in ast.walk(tree)
        if isinstance(each, documented) and isinstance(each.body[0], ast.Expr)
    }
    texts = [each for each in ast.walk(tree) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return [each.value for each in texts if id(each) not in docs]


def test_ids_of_ideas_stay_on_the_pages_that_explain_them() -> None:
    """Help, messages, figures and quizzes name no S2.13, nor do README and the pages that do not follow a text."""
    for path in ROOT.glob("src/**/*.py"):
        assert [text for text in texts_but_docstrings(path) if ID.search(text)] == [], path
    explained = {"concepts.md", "equations.md", "errata.md", "index.md", "glossary.md", *(f"s{n}.md" for n in range(5))}
    for page in [ROOT / "README.md", *ROOT.glob("docs/*.md")]:
        if page.name not in explained:
            assert ID.findall(page.read_text(encoding="utf-8")) == [], page.name


def test_no_help_names_an_idea_by_its_id() -> None:
    for command in typer.main.get_command(app).commands.values():  # type: ignore[attr-defined]
        said = [command.help or "", *(getattr(each, "help", "") or "" for each in command.params)]
        assert [text for text in said if ID.search(text)] == []
