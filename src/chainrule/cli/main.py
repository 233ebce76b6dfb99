"""The command `chainrule`: alone it works one derivative out; train, predict, show, explain, nudge, why, quiz and verify."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

import chainrule
from chainrule.cli import explain, nudge, predict, quiz, show, train, verify, why
from chainrule.cli.output import fail, make_printable, say
from chainrule.cli.worked_example import worked_example
from chainrule.errors import ChainruleError

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("train")(train.command)
app.command("predict")(predict.command)
app.command("show", cls=show.Grouped)(show.command)
app.command("explain")(explain.command)
app.command("nudge")(nudge.command)
app.command("why")(why.command)
app.command("quiz")(quiz.command)
app.command("verify")(verify.command)


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
    try:
        if len(sys.argv) == 1:
            say(worked_example())
        else:
            app()
    except ChainruleError as error:
        fail(str(error))
    except MemoryError:
        fail("not enough memory for this: fewer rows, a smaller network or a smaller batch will do")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # a reader who left; of a command Typer deals with it, and with the same exit code
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:  # a full disk behind standard output
        fail(f"cannot write the output: {error.strerror or error}")


if __name__ == "__main__":
    main()
