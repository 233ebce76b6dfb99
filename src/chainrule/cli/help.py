"""Help as it is printed: examples first, options below headings, in the terminal's width."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from typer.core import TyperCommand

from chainrule.aligned import Heading, Paragraph, Table, laid_out, wrapped
from chainrule.cli.colours import styled
from chainrule.cli.terminal import has_colours, shown_in, width
from chainrule.cli.usage import option_meant
from chainrule.errors import SettingError
from chainrule.texts import TEXTS

EXAMPLES: dict[str, dict[str, str]] = {
    "": {
        "chainrule": "one derivative, worked out",
        "chainrule train digits": "train a network on handwritten digits",
        "chainrule explain runs/digits.safetensors": "the derivative of its cost with respect to one weight",
        "chainrule show runs/digits.safetensors network --open": "the network at work, as a picture",
        "chainrule quiz": "questions about backpropagation",
    },
    "train": {
        "chainrule train iris": "a data set that is shipped",
        "chainrule train house.csv --target price --test 0.2": "your own table: learn its column price",
        "chainrule train digits --hidden 64,32 --activation tanh --lr 0.01": "another network",
    },
    "predict": {
        "chainrule predict runs/iris.safetensors new.csv": "an answer for each row",
        "chainrule predict runs/iris.safetensors new.csv --probabilities": "and the probability of each class",
        "chainrule predict runs/iris.safetensors iris -o answers.csv": "into a file; and a score, for the target is there",
    },
    "show": {
        "chainrule show runs/iris.safetensors": "layers, columns, scores",
        "chainrule show runs/iris.safetensors network --row 3 --open": "a figure of one row",
        "chainrule show demon -o demon.png": "a figure of the worked example",
        "chainrule show runs/iris.safetensors path_sum --table": "the numbers of a figure",
        "chainrule show runs/iris.safetensors curve --open": "the cost of its training, epoch by epoch",
    },
    "compare": {
        "chainrule compare runs/iris.safetensors runs/iris-2.safetensors": "what differs, and which is better",
        "chainrule compare runs/iris*.json -o iris.html": "the same as a page, with curves",
    },
    "explain": {
        "chainrule explain": "of the worked example, four neurons in a row",
        "chainrule explain runs/iris.safetensors --by w/2/0/59": "to neuron 0 of layer 2 from neuron 59",
        'chainrule explain --weights "0.5 -1; 1.5 0.3 | 1 -2" --x 0.6,-0.4 --y 1': "of a network of your own",
        "chainrule explain --form paths --convention cs231n": "in another form and another notation",
    },
    "explore": {
        "chainrule explore --open": "the worked example, four neurons in a row",
        "chainrule explore runs/digits.safetensors --row 1729 -o digits.html": "one row of a model's data first",
        'chainrule explore --weights "0.5 -1; 1.5 0.3 | 1 -2" --x 0.6,-0.4 --y 1': "a network of your own",
    },
    "nudge": {
        "chainrule nudge --by w/2/0/0 --step 0.1": "one step, and everything on the way",
        "chainrule nudge runs/iris.safetensors --demon good --layer 1": "each neuron of a layer",
    },
    "why": {
        "chainrule why runs/iris.safetensors": "every weight, by its reason",
        "chainrule why runs/iris.safetensors --by w/1/0/0": "one weight, factor by factor",
        "chainrule why --activation tanh": "where an activation is flat",
    },
    "quiz": {
        "chainrule quiz": "six questions that every lesson asks, and five about a network",
        "chainrule quiz runs/iris.safetensors --count 10 --seed 3": "about your own network",
        "chainrule quiz lesson.quiz": "from a file",
    },
    "verify": {
        "chainrule verify": "a small network, by every method",
        "chainrule verify runs/iris.safetensors --rows 20": "your own network",
        "chainrule verify --plant transpose": "a mistake made on purpose, found",
    },
    "page": {
        "chainrule page worksheet": "one update of the worked example in six steps",
        "chainrule page worksheet runs/iris.safetensors --row 3": "of your own network",
        "chainrule page equations --format latex": "the four equations, for a paper",
    },
    "compile": {
        "chainrule compile": "for float32 and float64, at the same time",
        "chainrule compile --list": "what is compiled, and where it is kept",
    },
}  # fmt: skip
LINK_AT = 2 + max(len(text.name) for text in TEXTS) + 2  # the column in which a text is described
VALUES = {"int": "N", "integer": "N", "float": "X", "path": "FILE", "file": "FILE", "directory": "FILE", "tuple": "X X"}
NO_PANEL = {"argument": "Arguments", "option": "Options"}


SEVERAL = "; several examples stand in it with ; between them, as"
MORE = {"x": f'{SEVERAL} --x "0.6,-0.4; 1,2"', "y": f'{SEVERAL} --y "1; 0"'}  # for what one may be given twice


class OwnCommand(TyperCommand):
    """A command that understands other names of its options, and whose help is laid out in the terminal's width."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        own = [name for parameter in self.params for name in parameter.opts]
        self.context_settings["token_normalize_func"] = option_meant(self.name or "", own)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _, _, given = self.make_parser(ctx).parse_args(args=[*args])
        for each in given:
            if given.count(each) > 1 and not (each.multiple or getattr(each, "is_flag", False)):
                raise SettingError(
                    f"{each.opts[0]} is given {given.count(each)} times: give it once{MORE.get(each.name, '')}"
                )
        return super().parse_args(ctx, args)

    def get_help(self, ctx: Any) -> str:
        return shown(command_help(self, ctx))


class Remarks(Table):
    """Commands with a remark behind each, or below it where there is no room."""

    def lines(self, width: int | None = None) -> list[str]:
        behind = super().lines()
        if width is None or max(map(len, behind)) <= width:
            return behind
        start = " " * self.indent
        return [
            line for row in self.rows for line in wrapped("\n".join([start + row[0], f"{start}    {row[1]}"]), width)
        ]


def shown(parts: Sequence[str | Table]) -> str:
    """Help as the standard output of this moment shows it: in 80 columns where it is not a terminal."""
    colours = has_colours(sys.stdout)
    encoding = getattr(sys.stdout, "encoding", None)
    lines = laid_out([_in(part, encoding) for part in parts], _width())
    return "\n".join(styled(line, "heading") if colours and isinstance(line, Heading) else line for line in lines)


def _in(part: str | Table, encoding: str | None) -> str | Table:
    """A part of the help in letters that can be printed, since Typer prints it as it is."""
    if isinstance(part, Table):
        return replace(part, rows=[[shown_in(cell, encoding) for cell in row] for row in part.rows])
    return type(part)(shown_in(part, encoding))


def _width() -> int:
    return width(sys.stdout) or 80


def command_help(command: Any, ctx: Any) -> list[str | Table]:
    """What a command does, examples of it, and its arguments and options below their headings."""
    arguments = [parameter for parameter in command.get_params(ctx) if parameter.param_type_name == "argument"]
    behind = [named(each) if each.required else f"[{named(each)}]" for each in arguments]
    usage = " ".join(["Usage:", ctx.command_path, "[OPTIONS]", *(["COMMAND …"] if ctx.parent is None else behind)])
    name = command.name if ctx.parent is not None else ""
    said = [Paragraph(line) for line in inspect.cleandoc(command.help or "").split("\n")]
    parts: list[str | Table] = [usage, "", *said, *examples(name or "")]
    groups: dict[str, list[tuple[str, str]]] = {}
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None:
            panel = getattr(parameter, "rich_help_panel", None) or NO_PANEL[parameter.param_type_name]
            groups.setdefault(panel, []).append((named(parameter), record[1]))
    for title, rows in sorted(groups.items(), key=_order):
        parts += ["", Heading(f"{title}:"), Table(rows, "<<", 2, head=False)]
    if any("--convention" in parameter.opts for parameter in command.params):
        parts += [
            "",
            Heading("The notations are those of five texts:"),
            Table(notations(_width()), "<<", 2, head=False),
        ]
    return parts


def notations(columns: int) -> list[tuple[str, str]]:
    """The name of each convention, and which text it is from; with its link, which nothing breaks, where that has room."""
    rows = []
    for text in TEXTS:
        link = f" {text.link}" if len(text.link) + LINK_AT <= columns else ""
        rows.append((text.name, ", ".join(filter(None, (text.title, text.part, text.author))) + link))
    return rows


def _order(group: tuple[str, list[tuple[str, str]]]) -> int:
    """Arguments first, then what has no heading of its own; --help by itself is last."""
    title, rows = group
    return 3 if title == "Options" and len(rows) == 1 else {"Arguments": 0, "Options": 1}.get(title, 2)


def examples(name: str) -> list[str | Table]:
    """The examples of a command, below their heading."""
    found = EXAMPLES.get(name, {})
    return ["", Heading("Examples:"), Remarks([*found.items()], "<<", 2, head=False)] if found else []


def named(parameter: Any) -> str:
    """An argument or option as it is written: MODEL, --epochs N, -o, --output FILE."""
    if parameter.param_type_name == "argument":
        return (parameter.metavar or parameter.name.upper()).strip("[]")
    names = ", ".join(sorted(parameter.opts, key=len))
    if getattr(parameter, "is_flag", False):
        return names
    return f"{names} {parameter.metavar or _value(parameter)}"


def _value(parameter: Any) -> str:
    """What kind of value stands behind an option."""
    described = getattr(parameter, "type_descriptor", None)
    kind = parameter.type.name if described is None else getattr(described.annotation, "__name__", "text")
    return VALUES.get(str(kind).lower(), "TEXT")
