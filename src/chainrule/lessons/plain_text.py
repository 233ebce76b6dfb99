"""The LaTeX between a quiz's dollar signs as a line of text, for a terminal: $w^{2}_{01}$ as w²₀₁.

What a terminal cannot show, and what is nested deeper than DEEPEST, stays as it was written.
"""

from __future__ import annotations

import re

from chainrule.writing.formula import SUBSCRIPT, SUPERSCRIPT
from chainrule.writing.tex import LATEX

FORMULA = re.compile(r"(?<!\\)\$\$(.+?)(?<!\\)\$\$|(?<!\\)\$([^$]+?)(?<!\\)\$", re.DOTALL)
LETTERS = {written.strip()[1:]: letter for letter, written in LATEX.items() if re.fullmatch(r"\\[A-Za-z]+ ?", written)}
COMMANDS = {
    **LETTERS, "sum": "Σ", "cdots": "…", "dots": "…", "quad": " ", "lVert": "|", "rVert": "|", "equiv": "≡", "geq": "≥",
    "ge": "≥", "leq": "≤", "neq": "≠", "sqrt": "√", "alpha": "α", "beta": "β", "theta": "θ", "lambda": "λ", "mu": "μ",
    "exp": "exp", "log": "log", "max": "max", "min": "min", "tanh": "tanh", "top": "ᵀ", "prime": "′", "sim": "~",
}  # fmt: skip
SILENT = {
    "left", "right", "displaystyle", "textstyle", "scriptsize", "text", "mathrm", "mathbf", "bold", "boldsymbol", "bm",
    "mathbb", "operatorname", "underbrace", "limits", "bigl", "bigr", "big", "Big",
}  # fmt: skip
WITHOUT_A_RAISED_FORM = {"ℓ", ","}  # they stay as they are among raised or lowered marks
DEEPEST = 50  # groups, fractions and marks inside each other
BEGIN, END = re.compile(r"\\begin\{[bp]?matrix\}"), re.compile(r"\\end\{[bp]?matrix\}")
TOKEN = re.compile(r"\\([A-Za-z]+)|\\(.)|([{}^_'&-])|(\s)|(.)", re.DOTALL)


def plain(text: str) -> str:
    """A text with its formulas as lines of text."""
    return FORMULA.sub(_formula, text).replace(r"\$", "$")


def _formula(found: re.Match[str]) -> str:
    try:
        return _LatexLine(found.group(1) or found.group(2)).text()
    except _TooDeepError:
        return found.group()


class _TooDeepError(Exception):
    """A formula is nested deeper than DEEPEST."""


class _LatexLine:
    """A formula, read from left to right."""

    def __init__(self, latex: str) -> None:
        self.tokens = list(TOKEN.finditer(END.sub("]", BEGIN.sub("[", latex))))
        self.at = 0
        self.depth = 0

    def text(self, closing: str | None = None) -> str:
        """All that comes, up to a closing brace."""
        made: list[str] = []
        while self.at < len(self.tokens):
            if closing is not None and self.tokens[self.at].group() == closing:
                self.at += 1
                break
            made.append(self._next())
        return "".join(made) if closing is not None else _tight("".join(made))

    def _next(self) -> str:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _TooDeepError
        shown = self._shown()
        self.depth -= 1
        return shown

    def _shown(self) -> str:
        command, escaped, mark, space, letter = self.tokens[self.at].groups()
        self.at += 1
        if command is not None:
            return self._command(command)
        if escaped is not None:
            return {"\\": ";", ",": "\u2009", ";": " ", "!": ""}.get(escaped, escaped)
        if mark is not None:
            return self._marked(mark)
        return " " if space is not None else letter

    def _marked(self, mark: str) -> str:
        match mark:
            case "{":
                return self.text("}")
            case "^":
                return _moved(self._argument(), SUPERSCRIPT, "^")
            case "_":
                return _moved(self._argument(), SUBSCRIPT, "_")
        return {"'": "′", "-": "−", "&": " ", "}": ""}[mark]

    def _command(self, name: str) -> str:
        if name in ("frac", "dfrac", "tfrac"):
            top, bottom = self._argument(), self._argument()
            return "½" if (name, top, bottom) == ("tfrac", "1", "2") else f"{_held(top)}/{_held(bottom)}"
        if self.at < len(self.tokens) and self.tokens[self.at].group().isspace():
            self.at += 1  # the one space that ends a command's name
        if name == "underbrace":
            body = self._argument()
            if self.at < len(self.tokens) and self.tokens[self.at].group() == "_":
                self.at += 1
                self._argument()
            return body
        return COMMANDS.get(name, "" if name in SILENT else f"\\{name}")

    def _argument(self) -> str:
        """The group or the one sign that a command, ^ or _ applies to."""
        self._skip_space()
        return self._next() if self.at < len(self.tokens) else ""

    def _skip_space(self) -> None:
        while self.at < len(self.tokens) and self.tokens[self.at].group().isspace():
            self.at += 1


def _tight(line: str) -> str:
    """A line without the spaces that LaTeX does not show."""
    return re.sub(r"(?<=[(\[]) +| +(?=[)\];])", "", re.sub(" {2,}", " ", line)).strip()


def _moved(marks: str, table: dict[int, int], sign: str) -> str:
    """Marks raised or lowered, or behind ^ or _ where there are no such letters."""
    hyphened = marks.replace("−", "-").replace(" ", "")
    if all(ord(mark) in table or mark in WITHOUT_A_RAISED_FORM for mark in hyphened):
        return hyphened.translate(table)
    return f"{sign}{marks}" if len(marks) == 1 else f"{sign}({marks})"


def _held(text: str) -> str:
    """A part of a fraction, in brackets where it is more than one piece."""
    return f"({text})" if re.search(r"[ +−=/]", text.strip()) else text.strip()
