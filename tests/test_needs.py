"""A test without its program is skipped with its reason, and fails where everything is to be proved; `make` gets them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

@pytest.mark.needs("no-such-program")
def test_of_a_program_that_is_missing():
    pass

@pytest.mark.needs("sh")
def test_of_a_program_that_is_there():
    pass
"""


@pytest.mark.parametrize(("proof", "outcome", "code"), [("", "1 passed, 1 skipped", 0), ("1", "1 passed, 1 error", 1)])
def test_a_missing_program_skips_its_test_and_fails_it_in_a_proof(
    tmp_path: Path, proof: str, outcome: str, code: int
) -> None:
    (tmp_path / "test_programs.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    environment = {**os.environ, "CHAINRULE_PROOF": proof, "PYTHONPATH": str(Path(__file__).parent)}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "needs", "-rs", "test_programs.py"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code
    assert outcome in done.stdout
    assert "no-such-program is not installed; `make proof-tools` says how to get it" in done.stdout


def proof_tools(folder: Path, programs: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """`make proof-tools` where nothing is to be found but a shell's own tools and these scripts."""
    for name in {"sh", "id", "env", "cp"} - set(programs):
        (folder / name).symlink_to(shutil.which(name) or name)
    for name, text in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    make = [shutil.which("make") or "make", "-C", str(Path(__file__).parents[1]), "--no-print-directory", "proof-tools"]
    return subprocess.run(make, env={"PATH": str(folder)}, capture_output=True, text=True, check=False)


@pytest.mark.needs("make")
def test_what_the_proof_lacks_is_said_in_one_line(tmp_path: Path) -> None:
    done = proof_tools(tmp_path, {"rsvg-convert": ""})
    (line,) = done.stdout.splitlines()
    assert line.startswith(
        "make proof needs pdflatex chromium node, which is not installed here; on Debian: apt-get install"
    )
    assert done.returncode != 0
    assert not [line for line in done.stderr.splitlines() if not line.startswith("make:")]


@pytest.mark.needs("make")
@pytest.mark.parametrize("user", [0, 1000])
def test_what_the_proof_lacks_is_installed_by_root_or_by_sudo(tmp_path: Path, user: int) -> None:
    new = f"for each in pdflatex chromium node; do cp {tmp_path}/rsvg-convert {tmp_path}/$each; done"
    programs = {"rsvg-convert": "", "id": f"echo ${{ROOT:-{user}}}"}
    programs["apt-get"] = f'[ "$(id -u)" = 0 ] || exit 1; case "$*" in *" install "*) {new};; esac'
    done = proof_tools(tmp_path, programs | ({"sudo": 'shift; ROOT=0 exec "$@"'} if user else {}))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("installing texlive-latex-base librsvg2-bin chromium nodejs")


@pytest.mark.needs("make")
@pytest.mark.parametrize(("user", "works"), [(0, True), (0, False), (1000, True)])
def test_the_set_up_installs_a_browser_where_that_needs_no_question(tmp_path: Path, user: int, works: bool) -> None:
    """Root gets Chromium; without root, or where it cannot be downloaded, the set-up goes on. It tries once."""
    for name in ("sh", "touch", "env"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    asked = tmp_path / "asked"
    for name, text in {
        "id": f"echo {user}",
        "apt-get": f'echo "$*" >> {asked}; {"true" if works else "false"}',
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    root = Path(__file__).parents[1]
    make = [shutil.which("make") or "make", "-C", str(root), f"VENV={tmp_path}", f"{tmp_path}/.browser"]
    for _ in range(2):
        done = subprocess.run(make, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    words = asked.read_text().splitlines() if asked.exists() else []
    install = "-qq install --no-install-recommends chromium fonts-liberation fonts-dejavu-core"
    assert words == ([] if user else ["-qq update", install] if works else ["-qq update"])
    text = (root / "Makefile").read_text()
    assert "\ntest: $(VENV)/.dev $(VENV)/.browser " in text
    assert 'command -v chromium >/dev/null || echo "$(SKIPPED)"' in text.split("\ntest: ")[1].split("\n\n")[0]


def test_a_proof_gets_its_programs_first_and_skips_no_test_for_them() -> None:
    text = (Path(__file__).parents[1] / "Makefile").read_text()
    assert "\nproof: export CHAINRULE_PROOF = 1\nproof: proof-tools " in text
    recipe = text.split("\nproof: proof-tools ")[1].split("\n\n")[0]
    assert "$(BIN)/python -m pytest -q)\n" in recipe  # every file of tests
