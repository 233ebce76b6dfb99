"""`chainrule compare RUN RUN`: runs side by side, what differs between them, and which is better."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chainrule.cli.options import WRITTEN
from chainrule.cli.output import say_json, say_result, tell
from chainrule.cli.saved_run import SavedRun, check_page, opened
from chainrule.comparison import LETTERS, Comparison
from chainrule.errors import FileError, SettingError
from chainrule.pictures.converted import KINDS, check_kind
from chainrule.report import PAGES

WRITABLE = (*PAGES, *KINDS)


def command(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Two runs or more: models, their reports in JSON, or checkpoints.", metavar="RUN RUN"),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Write the comparison to this .html, .md or .txt file, or its curves to a .svg, .png or .pdf file.",
            rich_help_panel=WRITTEN,
        ),
    ] = None,
    theme: Annotated[
        str | None,
        typer.Option(help="Of curves in a file: light, dark, or auto.  [default: light]", rich_help_panel=WRITTEN),
    ] = None,
    open_it: Annotated[
        bool,
        typer.Option("--open", help="Write a page and open it.", rich_help_panel=WRITTEN),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.", rich_help_panel=WRITTEN)] = False,
) -> None:
    """Runs side by side: the settings that differ, the results, the curves, and whether chance can explain the difference."""
    if not 2 <= len(runs) <= len(LETTERS):
        raise SettingError(
            f"compare takes 2 to {len(LETTERS)} runs, got {len(runs)}: chainrule compare runs/a.safetensors runs/b.safetensors"
        )
    if as_json and (output is not None or open_it):
        raise SettingError("--output writes a file and --json prints the comparison: give one of them")
    output = Path("comparison.html") if output is None and open_it else output
    if output is not None:
        _check(output, runs)
    if theme is not None and (output is None or output.suffix.lower() not in KINDS):
        raise SettingError("--theme goes with curves in a file: chainrule compare RUN RUN -o curves.svg --theme dark")
    found = Comparison(tuple(map(str, runs)), tuple(SavedRun.read(path).report for path in runs))
    if as_json:
        say_json(found.to_json())
    elif output is None:
        say_result(found)
    else:
        replaces = output.exists()
        found.write(output, theme or "light")
        tell(f"wrote {output}{', over the one before' if replaces else ''}")
        opened(output, open_it)


def _check(output: Path, runs: list[Path]) -> None:
    """Raises FileError where nothing can be written there, or where the name promises something else."""
    kind = output.suffix.lower()
    if kind not in WRITABLE:
        raise FileError(
            f"--output {output}: a comparison is written into a file that ends in {', '.join(WRITABLE)}, as "
            f"{output.with_suffix('.html')}"
        )
    check_page(output, runs, KINDS.get(kind, b"\0"))
    if kind in KINDS:
        check_kind(kind)
