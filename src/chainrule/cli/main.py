"""The command `chainrule`: alone it works one derivative out; train, predict, show, explain, and others."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import chainrule
from chainrule.aligned import Heading, Paragraph, Table
from chainrule.cli.help import OwnCommand, command_help, shown
from chainrule.cli.interrupt import exit_code, interrupts
from chainrule.cli.output import (
    OutputError,
    drop,
    fail,
    lenient_errors,
    make_printable,
    page_width,
    say,
    say_lines,
    tell,
)
from chainrule.cli.usage import command_meant, no_command, usage_error
from chainrule.errors import ChainruleError, DataWarning, EngineWarning, FileWarning, shortened

USAGE_ERROR: Any = typer.BadParameter.__base__  # UsageError, which Typer has from Click or brings itself

COMPLETE = "_CHAINRULE_COMPLETE"  # in which a shell asks how a command goes on
COMMANDS = {  # each is a file of its name, which is imported when it is called
    "train": "Train a network, test it, check its gradient, and keep it in a file.",
    "predict": "Predict every row of a file, in the target's own labels or unit.",
    "show": "What is in a model's file; or a figure of the network at work.",
    "compare": "Runs side by side: settings, results, curves, and what chance can explain.",
    "explain": "Work out a derivative of one example, from symbols to numbers.",
    "explore": "Write a page in which weights are dragged, and everything follows.",
    "nudge": "Move one quantity: what its slope predicts, and what happens.",
    "why": "Say why a weight learns slowly.",
    "quiz": "Ask questions, and say what is wrong with a wrong answer.",
    "verify": "Compare one gradient by every method.",
    "page": "Print a worksheet, the four equations, pseudocode, a proof, or the network as a formula.",
    "compile": "Compile the training steps for this processor, before they are needed.",
}
ALSO = "Figures and pages are commands too: chainrule demon, chainrule tree MODEL, chainrule worksheet."


class Commands(Mapping[str, Any]):
    """The commands by name, each made of its file when it is looked up."""

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        file, options = import_module(f"chainrule.cli.{name}"), import_module("chainrule.cli.options")
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        alone.command(name, cls=OwnCommand)(options.with_options(file.command))
        return typer.main.get_command(alone)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class CommandGroup(TyperGroup):
    """The command with its commands, of which it imports the one that is called."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{**settings, "commands": Commands()})

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_help(self, ctx: Any) -> str:
        commands = Table([*COMMANDS.items()], "<<", 2, head=False)
        parts = command_help(self, ctx)
        own = next(i for i, part in enumerate(parts) if part == "Options:") - 1  # they come last
        return shown([*parts[:own], "", Heading("Commands:"), commands, "", Paragraph(ALSO), *parts[own:]])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        args = command_meant(args, COMMANDS)
        if args[0] == "--help":
            say(self.get_help(ctx))
            raise typer.Exit
        if args[0] == "--version":
            _version(True)
        if args[0] not in COMMANDS and not ctx.resilient_parsing:
            raise no_command(args[0], list(COMMANDS))
        found = super().resolve_command(ctx, args)
        interrupts()  # it is imported, and about to begin
        return found

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        options = super(TyperGroup, self).shell_complete(
            ctx, incomplete
        )  # without importing every command for its help
        kind = _completion_item()
        return [kind(name, help=says) for name, says in COMMANDS.items() if name.startswith(incomplete)] + options

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with _own_errors():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        try:
            with _own_errors():
                return super().invoke(ctx)
        except KeyboardInterrupt as stopped:  # which Typer would take for Ctrl-C, whatever the signal
            raise typer.Exit(exit_code(stopped)) from None


def _completion_item() -> Any:
    """What Typer offers a shell: its class is Click's, or Typer's own."""
    return import_module(TyperGroup.shell_complete.__module__).CompletionItem


@contextmanager
def _own_errors() -> Iterator[None]:
    """In here an error of Typer's is reported like every other error."""
    try:
        yield
    except USAGE_ERROR as error:
        raise usage_error(error) from None


app = typer.Typer(
    cls=CommandGroup,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> bool:
    if asked:
        say(f"chainrule {chainrule.__version__}")
        raise typer.Exit
    return asked


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Networks whose backpropagation you can see, check and run. Without a command: one derivative, worked out."""


def main() -> None:
    """Run the command; what goes wrong on purpose is one line on standard error and exit code 2."""
    make_printable()
    warnings.showwarning = _warn
    for own in (DataWarning, EngineWarning, FileWarning):
        warnings.simplefilter("always", own)
    with lenient_errors():
        _main()


def _main() -> None:
    try:
        if len(sys.argv) == 1 and COMPLETE not in os.environ:
            say_lines(import_module("chainrule.cli.worked_example").worked_example(page_width()))
        else:
            app(prog_name="chainrule")
    except ChainruleError as error:
        fail(str(error))
    except MemoryError:
        fail("not enough memory for this: fewer rows, a smaller network or a smaller batch will do")
    except RecursionError:
        fail("what is given is nested too deeply")
    except KeyboardInterrupt as stopped:
        sys.exit(exit_code(stopped))
    except OutputError as error:
        if error.has_left:
            sys.exit(1)
        fail(str(error))
    except OSError as error:
        if error.filename is not None:
            fail(shortened(f"cannot read or write {error.filename}: {error.strerror}"))
        drop(sys.stdout)  # help or the like, which Typer prints
        fail(str(OutputError(error)))


def _warn(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, file: Any = None, line: Any = None
) -> None:
    """What became of the data, in a line; a warning from elsewhere with its place in the code."""
    own = issubclass(category, DataWarning | EngineWarning | FileWarning)
    tell(f"warning: {message}" if own else warnings.formatwarning(message, category, filename, lineno).rstrip())


if __name__ == "__main__":
    main()
