"""The machine that a benchmark runs on: its processor, and two yardsticks that are measured in turn with the contestants."""

from __future__ import annotations

import os
import platform
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

SIDE = 2048  # of the square matrices whose product is timed
LOOPS = 200_000


class Sgemm:
    """NumPy's product of two square float32 matrices, on one thread or on all; an epoch is one product."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.a, self.b = (rng.standard_normal((SIDE, SIDE), np.float32) for _ in range(2))
        self.out, self.blas = np.empty_like(self.a), ThreadpoolController()

    def threads(self, count: int) -> None:
        self.blas.limit(limits=count, user_api="blas")

    def in_order(self, epochs: int) -> list[float]:
        return [0.0] * epochs

    def epoch(self) -> float:
        np.matmul(self.a, self.b, out=self.out)
        return 0.0


class Pace:
    """A loop of Python on one core, which tells how fast the core runs and whether anything else does on it."""

    def in_order(self, epochs: int) -> list[float]:
        return [0.0] * epochs

    def epoch(self) -> float:
        for _ in range(LOOPS):
            pass
        return 0.0


def cores() -> list[int]:
    """The cores that this process may use, or their numbers where the system does not tell."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def machine() -> dict[str, Any]:
    """The day, its processor, the cores that may be used, the vector instructions, the frequency where Linux tells."""
    info = _cpuinfo()
    flags = info.get("flags", "").split()
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processor": info.get("model name") or platform.processor() or platform.machine(),
        "vectors": next((name for name in ("avx512f", "avx2", "avx") if name in flags), ""),
        "megahertz": float(info["cpu MHz"]) if "cpu MHz" in info else None,
        "cores": cores(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def _cpuinfo() -> dict[str, str]:
    """What Linux says of its first processor; nothing elsewhere."""
    path = Path("/proc/cpuinfo")
    text = path.read_text().split("\n\n")[0] if path.exists() else ""
    return dict(re.findall(r"^(\S.*?)\s*: (.*)$", text, re.MULTILINE))
