"""A run as it lies in files: its report, the model that this lies beside, or a checkpoint. `show` and `compare` take any."""

from __future__ import annotations

import math
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from chainrule.checked_file import CHECKPOINT, is_of
from chainrule.checkpoints import Checkpoint
from chainrule.cli.output import say_json, say_result, tell
from chainrule.cli.written import check_text
from chainrule.errors import FileError, SettingError
from chainrule.files import as_file, write_atomically
from chainrule.report import PAGES, Report, is_of_another
from chainrule.result_page import ResultPage
from chainrule.result_parts import Listing, Section
from chainrule.run_facts import shown
from chainrule.updates import NAMED as RULES

PATIENCE = 3.0  # seconds for a program to say that it cannot open a file


@dataclass(frozen=True)
class SavedRun:
    """The report of the run in a file; and what else its page says, where it is a checkpoint."""

    path: Path
    report: Report
    checkpoint: Checkpoint | None = None

    @classmethod
    def read(cls, path: Path) -> SavedRun:
        """The run of a report, of a model with its report beside it, or of a checkpoint. Raises FileError for another file."""
        if path.is_file() and is_of(CHECKPOINT, path):
            checkpoint = Checkpoint.read(path)
            return cls(path, report_of(checkpoint), checkpoint)
        report = path if path.suffix == ".json" else path.with_suffix(".json")
        if not report.exists():
            if path.exists():
                raise FileError(f"there is no report {report} beside {path}: chainrule train writes both")
            as_file(path, "a model's file, a report or a checkpoint")  # says what is wrong with the name
        if report != path and path.exists() and is_of_another(report, path):
            raise FileError(f"{report} is the report of another model than {path}")
        return cls(path, Report.read(report))

    @property
    def page(self) -> ResultPage:
        """The report at length; of a checkpoint with how to go on."""
        page = self.report.page
        if self.checkpoint is None:
            return page
        first, *rest = page.sections
        return replace(page, sections=[first, Section("How to go on", [*_how_to_go_on(self.checkpoint)]), *rest])

    def to_json(self) -> dict[str, Any]:
        """Everything in the report."""
        return self.report.to_json()


def show_run(run: SavedRun, output: Path | None, open_it: bool, as_json: bool) -> None:
    """Print the report of a run, or write it as a page."""
    if output is None and open_it:
        output = Path(f"{run.path.stem}.html")
    if output is None:
        say_json(run.to_json()) if as_json else say_result(run.page)
        return
    if as_json:
        raise SettingError("--output writes a page and --json prints the report: give one of them")
    write_page(run.page, output, run.path, open_it)


def write_page(page: ResultPage, output: Path, read: Path, open_it: bool) -> None:
    """Write a page into a file, as its ending says, and open it where that is asked for."""
    check_page(output, [read])
    replaces = output.exists()
    write_atomically(output, page.content(output.suffix.lower()).encode("utf-8", "backslashreplace"))
    tell(f"wrote {output}{', over the one before' if replaces else ''}")
    opened(output, open_it)


def check_page(output: Path, read: Iterable[Path], begins: bytes = b"\0") -> None:
    """Raises FileError where a page, or a picture that `begins` so, cannot be written there, or a run would be lost."""
    check_text(output, str(output.with_suffix(".html")), {}, "--output", begins)
    for path in read:
        if output.exists() and path.exists() and output.samefile(path):
            raise FileError(f"--output {output} is the run itself, which would be lost: name another file")


def opened(output: Path, open_it: bool) -> None:
    """Open a file that was written, where that is asked for and there is a program that can."""
    if open_it and not _launched(output):
        tell(f"there is no program here to open it with: open {output} in a browser")


def _launched(file: Path) -> bool:
    """Hand a file to the program that the system has for it; whether there is one."""
    if (opener := shutil.which("xdg-open")) is None:
        return typer.launch(str(file)) == 0
    process = subprocess.Popen([opener, str(file.resolve())], stderr=subprocess.DEVNULL)
    try:
        return process.wait(PATIENCE) == 0
    except subprocess.TimeoutExpired:  # it is the program itself, and runs
        return True


def is_page(output: Path) -> bool:
    """Whether a file's name says that it holds a page."""
    return output.suffix.lower() in PAGES


def report_of(saved: Checkpoint) -> Report:
    """What a checkpoint holds of its run, as a report."""
    told, state, data = saved.settings, saved.state, saved.data
    best = state.best
    return Report(
        data["name"], data["rows"]["rows"], repr(saved.network), repr(saved.network.cost), _rule(told["rule"]), told["engine"],
        told["batch_size"], told["seed"], state.epoch, state.step, math.fsum(facts["seconds"] for facts in state.history),
        list(state.history), f"saved after epoch {state.epoch:,} of {told['epochs']:,}, to go on from there",
        threads=saved.made_on.get("threads"), shuffle=told["shuffle"], fixed=tuple(told["fixed"]), settings=told["more"],
        kept="" if best is None else f"epoch {best[0]:,}, the best so far on the validation rows ({shown(best[1])})",
        epochs_asked=told["epochs"], watched=data["watched"] and data["watched"]["rows"],
        command=str(saved.notes.get("command", "")), chosen=dict(saved.notes.get("chosen") or {}),
        versions={key: str(value) for key, value in saved.made_on.items() if key != "threads"},
    )  # fmt: skip


def _rule(told: Any) -> str:
    """A rule by its name and settings; a user's own as it is called."""
    if told["own"]:
        return f"{told['name']}({', '.join(f'{key}={value}' for key, value in told['settings'].items())})"
    decay = {} if told["decay"] == RULES[told["name"]]().decay else {"decay": told["decay"]}
    return repr(RULES[told["name"]](**told["settings"], **decay))


def _how_to_go_on(saved: Checkpoint) -> Iterator[str | Listing]:
    name = str(saved.path)
    if "asked" in saved.notes:  # the command began it, and knows the data
        yield Listing(f"chainrule train --resume {shlex.quote(name)}")
        return
    yield "In Python, with the rows that it began with:"
    yield Listing(f"run = cr.resume({name!r}, x, y)")
