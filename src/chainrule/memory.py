"""How much memory this process may still take, and what is said where something needs more."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from chainrule.errors import MemoryLimitError

resource: Any = import_module("resource") if os.name == "posix" else None  # Windows has no such limits
PROC, CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")
SMALL = 2**24  # bytes that are not worth a look
UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def available() -> int | None:
    """The bytes that this process may still take; None where the system does not say.

    The least of what is left of its own limits (ulimit -v, ulimit -d), of those of its control groups (containers, batch
    systems), and of the machine's memory.
    """
    return min((max(each, 0) for each in (*_of_limits(), *_of_groups(), *_of_machine())), default=None)


def check_memory(needed: int, what: str, instead: str) -> None:
    """Raises MemoryLimitError where so many bytes are not to spare; `what` needs them, `instead` says what to do."""
    free = available() if needed > SMALL else None
    if free is not None and needed > free:
        raise MemoryLimitError(
            f"{what} needs about {in_bytes(needed)} of memory, and {in_bytes(free)} are available: {instead}"
        )


def in_bytes(count: float) -> str:
    """A number of bytes in three digits, with their unit."""
    place = 0
    while count >= 999.5 and place < len(UNITS) - 1:
        count, place = count / 1000, place + 1
    digits = 0 if place == 0 or count >= 99.95 else 1 if count >= 9.995 else 2
    return f"{count:.{digits}f} {UNITS[place]}"


def _of_limits() -> Iterator[int]:
    """What is left of the limits that the process itself has."""
    if resource is None:
        return
    used = _numbers(PROC / "self" / "status")
    for limit, key in (("RLIMIT_AS", "VmSize"), ("RLIMIT_DATA", "VmData")):
        soft = resource.getrlimit(getattr(resource, limit))[0] if hasattr(resource, limit) else resource.RLIM_INFINITY
        if soft != resource.RLIM_INFINITY and key in used:
            yield soft - used[key]


def _of_groups() -> Iterator[int]:
    """What is left in each control group that the process is in; files that the system keeps in memory make room."""
    for folder, limit, used, cached in _groups():
        with suppress(OSError, ValueError):  # "max" for no limit
            left = int((folder / limit).read_text()) - int((folder / used).read_text())
            if left < 2**60:  # what the first version of control groups has for no limit
                yield left + _plain_numbers(folder / "memory.stat").get(cached, 0)


def _groups() -> Iterator[tuple[Path, str, str, str]]:
    with suppress(OSError):
        for line in (PROC / "self" / "cgroup").read_text().splitlines():
            _, controllers, place = line.split(":", 2)
            folder = Path(place.lstrip("/"))
            for each in (folder, *folder.parents):
                if not controllers:
                    yield CGROUPS / each, "memory.max", "memory.current", "inactive_file"
                elif "memory" in controllers.split(","):
                    names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
                    yield CGROUPS / "memory" / each, *names


def _of_machine() -> Iterator[int]:
    free = _numbers(PROC / "meminfo").get("MemAvailable")
    if free is not None:
        yield free
    elif sys.platform == "darwin":
        yield os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _numbers(path: Path) -> dict[str, int]:
    """The sizes in a file of lines such as "VmSize:  1234 kB", in bytes."""
    with suppress(OSError):
        rows = (line.split() for line in path.read_text().splitlines())
        return {row[0].rstrip(":"): int(row[1]) * 1024 for row in rows if len(row) == 3 and row[2] == "kB"}
    return {}


def _plain_numbers(path: Path) -> dict[str, int]:
    """The numbers in a file of lines such as "cache 1234"."""
    with suppress(OSError):
        rows = (line.split() for line in path.read_text().splitlines())
        return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}
    return {}
