"""What a run leaves behind: a few lines to read, a page, and everything in JSON."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.errors import FileError
from chainrule.files import as_file, as_path, write_atomically
from chainrule.json_text import as_json, json_text
from chainrule.report_sections import report_page
from chainrule.result_page import ResultPage
from chainrule.run_facts import RunFacts, settings_text, sparkline, titled
from chainrule.writing.numbers import short

MARK = "chainrule report"  # the first key of the file
VERSION = 2  # what stands behind it; from 2 on the file ends with a checksum
CHECKSUM = "checksum"
PAGES = (".html", ".htm", ".md", ".txt")  # a file of another ending is JSON


@dataclass(frozen=True, repr=False)
class Report(RunFacts):
    """The facts of one run. `print(report)` reads them in short; `report.write("run.html")` is a page with curves, `.json` all.

    `cost_before` and `cost_after` are the cost of the network as it was given and as it is now, on the same rows: at most
    1,000, evenly spaced. (`history` has the mean over an epoch's steps, each taken before its move.)
    """

    def __repr__(self) -> str:  # what a prompt shows
        return f"Report({self.network} on {self.data}, {self.course})"

    def __str__(self) -> str:
        costs = [entry["cost"] for entry in self.history]
        curve = f"  {short(costs[0])} {sparkline(costs)} {short(costs[-1])}" if costs else ""
        lines = [
            f"{self.network} on {self.data} ({self.rows:,} rows)",
            f"{self.cost}, {self.rule}, batches of {self.batch_size}, {self.epochs} epochs, {self.steps:,} steps, "
            f"{self.seconds:.2f} s ({self.engine} engine): {self.ended}",
            *([settings_text(self.settings)] if self.settings else []),
            *([f"layers held fixed: {', '.join(map(str, self.fixed))}"] if self.fixed else []),
            *([] if self.shuffle else ["rows in the given order, not shuffled"]),
            *([f"cost{curve}"] if costs else []),
            *([f"network of {self.kept}"] if self.kept else []),
            *(f"{titled(key)}: {text}" for key, text in self.short_results()),
            *(f"warning: {text}" for text in self.warnings),
        ]
        return "\n".join(lines)

    @property
    def page(self) -> ResultPage:
        """The report at length: `page.lines(80)`, `page.markdown()`, `page.html()`."""
        return report_page(self)

    def html(self) -> str:
        """The report as one HTML file, which needs no script and nothing from outside."""
        return self.page.html()

    def to_json(self) -> dict[str, Any]:
        """Everything, with the versions it ran on."""
        last = ("results", "warnings", "versions")
        told = {key: value for key, value in self.__dict__.items() if key not in last}
        return {
            MARK: VERSION,
            **told,
            "results": dict(self.results),
            "warnings": self.warnings,
            "versions": self.versions,
        }

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Report:
        """The report in a JSON file that `write` wrote. Raises FileError for any other, and for one that is damaged."""
        where = as_file(path, "the report of a training")
        try:
            text = where.read_text("utf-8")
            told = json.loads(text)
            version = told.get(MARK)
            if type(version) is not int or version < 1:
                raise ValueError
            if version > VERSION:
                raise FileError(
                    f"{where} has the format {version}, and this chainrule reads up to {VERSION}: upgrade chainrule"
                )
            as_written = _text(told)
            if version > 1 and (told.pop(CHECKSUM, None) != _checksum(told) or text != as_written):
                raise FileError(
                    f"{where} is damaged: its checksum is not that of its content, which changed after it was written"
                )
            known = {key: told[key] for key in cls.__dataclass_fields__ if key in told}
            return cls(**{"versions": {}, **known, "fixed": tuple(known.get("fixed", ()))})
        except FileError:
            raise
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            raise FileError(
                f"{where} is not a report of a training, as chainrule train writes it beside a model"
            ) from None

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the report, whole or not at all: as a page where the file ends in .html, .md or .txt, else as JSON."""
        return write_atomically(path, self.content(as_path(path).suffix.lower()).encode("utf-8", "backslashreplace"))

    def content(self, suffix: str = ".json") -> str:
        """What is written into a file that ends so."""
        if suffix in PAGES:
            return self.page.content(suffix)
        told = as_json(self.to_json())
        return _text({**told, CHECKSUM: _checksum(told)})


def _text(told: dict[str, Any]) -> str:
    return json_text(told, indent=1) + "\n"


def _checksum(told: dict[str, Any]) -> str:
    """SHA-256 of a report without its checksum."""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def is_report(path: Path) -> bool:
    """Whether a file begins as `Report.write` begins it."""
    start = f'{{\n "{MARK}"'.encode()
    with path.open("rb") as stream:
        return stream.read(len(start)) == start


def is_of_another(report: Path, model: Path) -> bool:
    """Whether a report names another model by its checksum, as one does that lies beside a model which was replaced."""
    try:
        told = json.loads(report.read_bytes()).get("model_sha256")
    except (OSError, ValueError, AttributeError, RecursionError):
        return False  # no report
    return told is not None and told != hashlib.sha256(model.read_bytes()).hexdigest()
