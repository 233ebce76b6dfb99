"""The command in this process, in a folder of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def chainrule_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `chainrule ARGUMENTS`: (exit code, standard output, standard error). A training checks few derivatives."""
    import chainrule.cli.gradient_check  # noqa: PLC0415 - after conftest, which checks its shapes
    import chainrule.cli.main  # noqa: PLC0415

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(chainrule.cli.gradient_check, "ENTRIES", 3)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["chainrule", *arguments])
        code: Any = 0
        try:
            chainrule.cli.main.main()
        except SystemExit as ended:
            code = ended.code or 0
        return code, *capsys.readouterr()

    return run
