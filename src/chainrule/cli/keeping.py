"""Where a trained model is kept, with its report beside it; and that it is kept somewhere, whatever fails."""

from __future__ import annotations

import hashlib
import itertools
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chainrule.checked_file import CHECKPOINT, MODEL, is_of
from chainrule.cli.written import check_not_read
from chainrule.errors import FileError, SettingError
from chainrule.files import check_writable, fitting, write_atomically, write_new
from chainrule.json_text import as_json
from chainrule.report import is_report
from chainrule.run import Run
from chainrule.storage import to_bytes

FOLDER = Path("runs")
SUFFIX, CHECKPOINT_SUFFIX, RECORD_SUFFIX = ".safetensors", ".checkpoint", ".record"


@dataclass(frozen=True)
class ModelPlace:
    """The file named with --output, or else a new one in the folder runs, called like the data."""

    output: Path | None
    data: str

    @property
    def _folder(self) -> Path:
        return FOLDER if self.output is None else self.output.parent

    @property
    def _stem(self) -> str:
        return Path(self.data).name.split(".")[0] or "model" if self.output is None else self.output.stem

    def check(self) -> None:
        """Raises FileError or SettingError where the model or its report cannot be written, or would replace a stranger."""
        if self.output is not None:
            self._check_named(self.output)
            return
        try:
            self._check_folder()
        except FileError as error:
            raise FileError(f"{error}; name a file elsewhere with --output") from None

    def _check_folder(self) -> None:
        new = not os.path.lexists(FOLDER)
        try:
            check_writable(FOLDER if new else FOLDER / "model")
        except FileError:
            if not (new and FOLDER.is_dir()):
                raise
            check_writable(FOLDER / "model")  # which another training has just made

    def _check_named(self, output: Path) -> None:
        check_writable(output)
        if output.suffix not in ("", SUFFIX):
            raise SettingError(
                f"--output {output}: a model's file ends in {SUFFIX}, as {output.with_suffix(SUFFIX).name}; the report is "
                "written beside it with the suffix .json"
            )
        model, report = output.with_suffix(SUFFIX), output.with_suffix(".json")
        for path in (model, report):
            check_writable(path)
            check_not_read(path, {"data": self.data}, "--output")
        if os.path.realpath(model) == os.path.realpath(report):
            raise FileError(f"--output {output}: {model} and {report} are one file, by a link; choose another name")
        if model.exists() and not is_of(MODEL, model):
            raise FileError(
                f"--output {output}: the model would replace {model}, which is not a model; choose another name"
            )
        if report.exists() and not is_report(report):
            raise FileError(
                f"--output {output}: the report would replace {report}, which is not a report; choose another name"
            )

    def put(self, model: bytes, ending: str) -> Path:
        """Write a model here: over the file that was named, else, or with an ending, under a name that nothing has yet."""
        if self.output is not None and not ending:
            return write_atomically(self.output.with_suffix(SUFFIX), model)
        if self.output is None:
            FOLDER.mkdir(exist_ok=True)
        return write_new(_names(self._folder, self._stem, ending), model)

    def reserved(self, checkpoint: bytes) -> tuple[ModelPlace, Path]:
        """(the place of the model from here on, a file beside it, which is written with this checkpoint).

        Of several trainings that begin at once each gets names of its own.
        """
        if self.output is not None:
            path = self.output.with_suffix(CHECKPOINT_SUFFIX)
            if path.exists() and not is_of(CHECKPOINT, path):
                raise FileError(f"{path} is not a checkpoint, and would be replaced by one; choose another --output")
            return self, write_atomically(path, checkpoint)
        FOLDER.mkdir(exist_ok=True)
        names = (path.with_suffix(CHECKPOINT_SUFFIX) for path in _names(self._folder, self._stem, ""))
        path = write_new(names, checkpoint)
        return replace(self, output=path.with_suffix(SUFFIX)), path

    def elsewhere(self) -> Iterator[Path]:
        """Where a model may be kept that cannot be written here."""
        for folder in (self._folder, Path(), Path(tempfile.gettempdir())):
            yield from itertools.islice(_names(folder, self._stem, "-kept"), 1)


def _names(folder: Path, stem: str, ending: str) -> Iterator[Path]:
    """t.safetensors, t-2.safetensors … in that folder, of which neither the model nor its report is there."""
    for number in itertools.count(1):
        path = fitting(folder, stem, f"{ending}{f'-{number}' if number > 1 else ''}{SUFFIX}")
        if not any(
            os.path.lexists(path.with_suffix(each)) for each in (SUFFIX, ".json", CHECKPOINT_SUFFIX, RECORD_SUFFIX)
        ):
            yield path


@dataclass(frozen=True)
class Kept:
    """A model and its report in their files, and what went wrong in writing them."""

    model: Path
    report: Path
    sha256: str  # of the model's file
    failure: str | None = None
    checkpoint: Path | None = None
    record: Path | None = None

    def to_json(self) -> dict[str, str]:
        """Where they are, as plain values."""
        told = {"model": str(self.model), "model_sha256": self.sha256, "report": str(self.report)}
        return told | {key: str(path) for key, path in self._more().items()}

    def lines(self) -> list[str]:
        """Where they are, and how to go on."""
        then = [f"next      chainrule explain {self.model}", f"          chainrule show {self.model} curve"]
        if self.record is not None:
            then.append(f"          chainrule explore {self.model} --open")
        titles = {"checkpoint": "saved run", "record": "record"}
        more = [f"{titles[key]:10}{path}" for key, path in self._more().items()]
        return [f"model     {self.model}", f"report    {self.report}", *more, *then]

    def _more(self) -> dict[str, Path]:
        return {key: path for key in ("checkpoint", "record") if (path := getattr(self, key)) is not None}

    def check(self) -> None:
        """Raises FileError, with the place of the model, where anything could not be written."""
        if self.failure is not None:
            raise FileError(f"{self.failure}; the model is kept in {self.model}")


def keep(run: Run, place: ModelPlace, notes: Mapping[str, Any], ending: str = "") -> Kept:
    """Write the model and its report; where the place fails, elsewhere. Raises FileError where every place does."""
    content, failure = _content(run, notes), None
    try:
        path = place.put(content, ending)
    except (FileError, OSError) as error:
        failure = str(error)
        path = _put_elsewhere(place, content, error)
    return _with_report(run, Kept(path, path.with_suffix(".json"), _sha256(content), failure))


def keep_again(run: Run, kept: Kept, notes: Mapping[str, Any]) -> Kept:
    """The same with more in it, such as scores; where that cannot be written, the first remains."""
    content = _content(run, notes)
    try:
        write_atomically(kept.model, content)
    except FileError as error:
        return replace(kept, failure=kept.failure or str(error))
    return _with_report(run, replace(kept, sha256=_sha256(content)))


def _content(run: Run, notes: Mapping[str, Any]) -> bytes:
    return to_bytes(run.network, as_json({**notes, "epochs": len(run.history), **run.report.results}))


def _put_elsewhere(place: ModelPlace, content: bytes, failure: OSError) -> Path:
    for path in place.elsewhere():
        try:
            return write_new([path], content)
        except FileError:
            continue
    raise FileError(f"{failure}; nor could the model be kept anywhere else") from failure


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _with_report(run: Run, kept: Kept) -> Kept:
    """Write the report, which names the model it is of by its checksum."""
    try:
        replace(run.report, model_sha256=kept.sha256).write(kept.report)
    except FileError as error:
        return replace(kept, failure=kept.failure or str(error))
    return kept
