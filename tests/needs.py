"""What a test needs from outside: where a program or package is missing it is skipped, and under `make proof` it fails."""

from __future__ import annotations

import os
import shutil
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(program): the test calls this program, which is not a Python package")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for program in (mark.args[0] for mark in item.iter_markers("needs")):
        if shutil.which(program) is None:
            missing = f"{program} is not installed; `make proof-tools` says how to get it"
            if os.environ.get("CHAINRULE_PROOF") == "1":
                pytest.fail(missing, pytrace=False)
            pytest.skip(missing)


def module(name: str, install: str) -> Any:
    """An optional package, for a test file that is about it."""
    if find_spec(name) is None:
        missing = f"{name} is not installed: {install}"
        if os.environ.get("CHAINRULE_PROOF") == "1":
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing, allow_module_level=True)
    return import_module(name)
