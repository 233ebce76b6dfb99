"""Scripts in Node that import the explorer's modules from ./web."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import chainrule

WEB = Path(chainrule.__file__).parent / "explorer" / "web"
READ = """import { readFileSync } from 'node:fs';
const number = (bits) => new DataView(Uint8Array.from(Buffer.from(bits, 'hex')).buffer).getFloat64(0);
const data = JSON.parse(readFileSync('data.json', 'utf8'), (_, each) => (each?.bits === undefined ? each : number(each.bits)));
"""


def answer(script: str, data: Any, folder: Path, modules: Mapping[str, str] | None = None) -> Any:
    """What a module prints by console.log(JSON.stringify(…)); it finds `data`, floats to the bit, and the modules in ./web.

    `modules` are further ones, or other ones, by their names.
    """
    shutil.copytree(WEB, folder / "web", dirs_exist_ok=True)
    for name, text in (modules or {}).items():
        (folder / "web" / name).write_text(text, encoding="utf-8")
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "data.json").write_text(json.dumps(_in_bits(data)), encoding="utf-8")
    (folder / "script.js").write_text(f"{READ}{script}", encoding="utf-8")
    done = subprocess.run(
        ["node", "script.js"], cwd=folder, capture_output=True, encoding="utf-8", check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _in_bits(data: Any) -> Any:
    """Floats by their bits, since JSON has no NaN and no infinity."""
    if isinstance(data, float):
        return {"bits": struct.pack(">d", data).hex()}
    if isinstance(data, Mapping):
        return {key: _in_bits(value) for key, value in data.items()}
    return [_in_bits(each) for each in data] if isinstance(data, (list, tuple)) else data
