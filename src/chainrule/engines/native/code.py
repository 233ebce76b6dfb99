"""The machine code of the steps: compiled once for a processor, kept in a file, and loaded without the compiler.

The file lies in `folder()`, under a name that says for which numbers, processor and versions it was compiled; what does not
match is compiled again. Nothing is loaded from a file that others may write, nor one whose checksum is another.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from chainrule.errors import EngineError, FileError
from chainrule.files import locked, write_atomically

Work = Callable[[int, int, int, int, int], None]
DTYPES = ("float32", "float64")
SUM = 32  # bytes of a checksum, before the code
USUAL_SECONDS = 25  # that compiling takes


def announce(text: str) -> None:
    """Where it is said that something is compiled, which takes a while: to stderr, unless this is replaced."""
    print(text, file=sys.stderr, flush=True)


def missing() -> str | None:
    """Why there can be no native code here; None where there can."""
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return "NUMBA_DISABLE_JIT is set"
    for name in ("numba", "llvmlite"):
        if find_spec(name) is None:
            return f"{name} is not installed (pip install numba)"
    return None


def folder() -> Path:
    """Where machine code is kept: CHAINRULE_CACHE, or the folder that the system has for such things."""
    own = os.environ.get("CHAINRULE_CACHE")
    if own:
        return Path(own)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "chainrule"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "chainrule"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chainrule"


def file_of(dtype: str) -> Path:
    """The file of the code for numbers of that type."""
    return folder() / f"steps-{dtype}-{_made_of()[:20]}.bin"


@cache
def _made_of() -> str:
    """What the code depends on, as one number: what is written for it, who compiles it, and for which processor."""
    llvm = _llvm()
    parts = [platform.python_version(), *(version(name) for name in ("numba", "llvmlite"))]
    parts += [llvm.get_process_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()]
    written = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))]
    return hashlib.sha256(b"\0".join([*(part.encode() for part in parts), *written])).hexdigest()


def _llvm() -> Any:
    import llvmlite.binding as llvm  # noqa: PLC0415 (70 ms, which only a run in native code has to wait for)

    return llvm


# compiling ------------------------------------------------------------------------------------------------------------
def compile_steps(dtype: str) -> bytes:
    """The machine code for numbers of that type, compiled by a process of its own and kept, where that is possible.

    Raises EngineError where it cannot be compiled.
    """
    path = file_of(dtype)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(path.with_suffix(".lock")):
            return _kept(path) or _keep(path, _compiled(dtype))
    except (OSError, FileError) as error:
        reason = getattr(error, "strerror", None) or error
        announce(
            f"chainrule: {path.parent} cannot be written ({reason}), so each process compiles again; name another folder by "
            "CHAINRULE_CACHE"
        )
        return _compiled(dtype)


def _keep(path: Path, code: bytes) -> bytes:
    write_atomically(path, hashlib.sha256(code).digest() + code)
    return code


def _compiled(dtype: str) -> bytes:
    began = time.perf_counter()
    announce(
        f"chainrule: compiling the {dtype} training steps for this processor, once; it takes about {USUAL_SECONDS} s"
    )
    command = [sys.executable, "-m", "chainrule.engines.native.build", dtype]
    # Numba's own passes would be repeated for every function; the whole is optimised once, at the end
    settings = {"NUMBA_OPT": "0", "PYTHONPATH": os.pathsep.join([_source(), *sys.path])}
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, check=False)
    if done.returncode or not done.stdout:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise EngineError(f"compiling the training steps failed ({''.join(last) or done.returncode})")
    announce(f"chainrule: compiled in {time.perf_counter() - began:.0f} s")
    return done.stdout


def _source() -> str:
    """The folder that this package was imported from."""
    return str(Path(__file__).parents[3])


# loading --------------------------------------------------------------------------------------------------------------
def is_compiled(dtype: str) -> bool:
    """Whether there is code that need not be compiled."""
    return dtype in _LOADED or _kept(file_of(dtype)) is not None


def _kept(path: Path) -> bytes | None:
    """The code of a file; None where there is none that can be trusted."""
    try:
        with path.open("rb") as file:
            about, content = os.fstat(file.fileno()), file.read()
    except OSError:
        return None
    if os.name == "posix" and (about.st_uid not in (os.getuid(), 0) or about.st_mode & 0o022):
        return None
    return content[SUM:] if hashlib.sha256(content[SUM:]).digest() == content[:SUM] else None


_LOADED: dict[str, Work] = {}
_LOADING = threading.Lock()


def work_for(dtype: str) -> Work:
    """`work` of `steps` for numbers of that type, as a function that lets other Python threads run meanwhile."""
    with _LOADING:
        if dtype not in _LOADED:
            _LOADED[dtype] = _loaded(_kept(file_of(dtype)) or compile_steps(dtype))
        return _LOADED[dtype]


def _loaded(code: bytes) -> Work:
    llvm = _llvm()
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    # a function that Numba writes also takes places for a result and an exception; this one never uses them
    kinds = [ctypes.c_void_p] * 3 + [ctypes.c_ssize_t] * 4
    function = ctypes.CFUNCTYPE(ctypes.c_int, *kinds)(engine.get_function_address("work"))
    places = ctypes.create_string_buffer(64)
    place = ctypes.addressof(places)

    def work(plan: int, thread: int, threads: int, first: int, last: int) -> None:
        function(place, place + 32, plan, thread, threads, first, last)

    _KEPT.append((engine, places))  # for as long as the process lives
    return work


_KEPT: list[Any] = []
