"""A wheel built from the tree, installed elsewhere, runs and brings everything it needs."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_a_wheel_installed_elsewhere_runs(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    build = [*pip, "wheel", str(ROOT), "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path)]
    subprocess.run(build, check=True, capture_output=True, text=True)
    (wheel,) = tmp_path.glob("chainrule-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "chainrule/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {"LICENSE", "README.md"} <= {Path(name).name for name in names if name.startswith("chainrule/data/sets/")}
    fonts = {Path(name).name for name in names if name.startswith("chainrule/writing/fonts/")}
    assert {"chainrule-letters.woff", "chainrule-math.woff2", "GUST-FONT-LICENSE.txt"} <= fonts
    assert wheel.stat().st_size < 1_300_000
    assert not [name for name in names if name.startswith(("tests", "docs", "benchmarks"))]

    site = tmp_path / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", str(site), str(wheel)], check=True, capture_output=True)
    environment = {**os.environ, "PYTHONPATH": str(site)}
    code = "import chainrule; print(len(chainrule.load_data('digits')), chainrule.__file__)"
    where = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    rows, file = where.stdout.strip().split(" ", 1)
    assert rows == "1797"
    assert Path(file).is_relative_to(site)
    shown = subprocess.run(
        [sys.executable, "-m", "chainrule"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert "central difference −0.040465  ✓" in shown.stdout
