"""The curve of a training's cost, as `chainrule show RUN curve` asks for it: of a report, a model or a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.cli.saved_run import SavedRun
from chainrule.errors import SettingError
from chainrule.explanation.figures import CURVE, figure
from chainrule.pictures.scene import Scene
from chainrule.report import Report

TAKEN = ("theme", "output", "open", "table")  # options of a figure that this one has too


@dataclass(frozen=True)
class Curve:
    """The curve of the run in a file: a report, a model that has its report beside it, or a checkpoint."""

    run: Path
    figure = CURVE

    @classmethod
    def of(cls, run: Path | None, given: Mapping[str, Any]) -> Curve:
        """The curve that is asked for. Raises SettingError where no run is named, or with an option of other figures."""
        if run is None:
            raise SettingError("the curve is a training's: chainrule show MODEL curve, or the report beside it")
        for name, value in given.items():
            if value is not None and name not in TAKEN:
                flag = f"--{name.replace('_', '-')}"
                raise SettingError(f"{flag} does not apply to the curve of a training: leave it out")
        return cls(run)

    def scene(self) -> Scene:
        """The figure, drawn. Raises FileError where there is no report, or it is another model's."""
        return figure(CURVE, self._report())

    def about(self) -> str:
        """The run in a line."""
        return self._report().in_short

    @property
    def own_file(self) -> Path:
        """What its file is called unless one is named."""
        return Path(f"{self.run.stem}-curve.svg")

    def _report(self) -> Report:
        return SavedRun.read(self.run).report
