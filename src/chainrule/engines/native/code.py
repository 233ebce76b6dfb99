"""The machine code of the steps: compiled once for a processor, kept in a file, and loaded without the compiler.

The file lies in `folder()`, under a name that says for which numbers, processor and versions it was compiled; what does not
match is compiled again. Nothing is loaded from a file that others may write, nor one whose checksum is another.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from chainrule.engines.native import compiler
from chainrule.errors import EngineError, EngineWarning, FileError
from chainrule.files import locked, write_atomically

Work = Callable[[int, int, int, int], None]
DTYPES = ("float32", "float64")
COMPILED = (  # the files that make the code
    "backward", "build", "forward", "lookup", "moves", "passes", "plan", "processor", "products", "row_costs", "steps",
    "tiles", "waiting",
)  # fmt: skip
SUM = 32  # bytes of a checksum, before the code


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
    try:
        home = Path.home()
    except RuntimeError:  # a user that the system does not know, as in some containers
        return Path(tempfile.gettempdir()) / f"chainrule-{os.getuid()}"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home) / "chainrule"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "chainrule"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "chainrule"


def file_of(dtype: str) -> Path:
    """The file of the code for numbers of that type."""
    return folder() / f"steps-{dtype}-{_made_of()[:20]}.bin"


@cache
def _made_of() -> str:
    """What the code depends on, as one number: what is written for it, who compiles it, and for which processor."""
    binding, _ = llvm()
    parts = [platform.python_version(), *(version(name) for name in ("numba", "llvmlite"))]
    parts += [binding.get_process_triple(), binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()]
    written = [path.read_bytes() for path in (Path(__file__).with_name(f"{name}.py") for name in COMPILED)]
    return hashlib.sha256(b"\0".join([*(part.encode() for part in parts), *written])).hexdigest()


@cache
def llvm() -> tuple[Any, Any]:
    """LLVM for this processor, and what writes its language: `binding` and `ir` of llvmlite."""
    from llvmlite import binding, ir  # noqa: PLC0415 (70 ms, which only a run in native code has to wait for)

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding, ir


# compiling ------------------------------------------------------------------------------------------------------------
def compile_steps(*dtypes: str) -> dict[str, bytes]:
    """The machine code for numbers of each of these types: compiled and kept, unless another process has done so meanwhile.

    Of several processes that call this at once, one compiles and the others wait for it. Raises EngineError where the code
    cannot be compiled; where it cannot be kept, an EngineWarning says so.
    """
    with compiler.announced(dtypes), ExitStack() as locks:
        for dtype in sorted(dtypes):
            _lock(file_of(dtype), locks)
        found = {dtype: code for dtype in dtypes if (code := _kept(file_of(dtype)))}
        new = compiler.compiled([dtype for dtype in dtypes if dtype not in found])
        for dtype, code in new.items():
            _keep(file_of(dtype), code)
    return found | new


def _lock(path: Path, locks: ExitStack) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        locks.enter_context(locked(path.with_suffix(".lock")))
    except OSError:  # nothing can be written there, which `_keep` will say
        return


def _keep(path: Path, code: bytes) -> None:
    try:
        write_atomically(path, hashlib.sha256(code).digest() + code)
        path.chmod(0o644)  # whatever the umask is: what others may write is not loaded
    except (OSError, FileError) as error:
        warnings.warn(
            EngineWarning(
                f"the compiled training steps could not be kept ({error}), so that each process compiles them again: name "
                "a folder that can be written in the environment variable CHAINRULE_CACHE"
            ),
            stacklevel=2,
        )


# loading --------------------------------------------------------------------------------------------------------------
def is_compiled(dtype: str) -> bool:
    """Whether there is code that need not be compiled."""
    return dtype in _LOADED or _kept(file_of(dtype)) is not None


def files() -> list[Path]:
    """Every file of machine code in the folder, those of other versions and processors too."""
    return sorted(folder().glob("steps-*.bin"))


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


_LOADED: dict[str, Work | EngineError] = {}  # or why there is none, for the next attempt would take as long
_LOADING = [threading.Lock()]


def work_for(dtype: str) -> Work:
    """`work` of `steps` for numbers of that type, as a function that lets other Python threads run meanwhile.

    It is compiled where it has to be. Raises EngineError where that is not possible.
    """
    with _LOADING[0]:
        if dtype not in _LOADED:
            try:
                _LOADED[dtype] = _loaded(_kept(file_of(dtype)) or compile_steps(dtype)[dtype])
            except EngineError as error:
                _LOADED[dtype] = error
        found = _LOADED[dtype]
    if isinstance(found, EngineError):
        raise EngineError(str(found))
    return found


def _after_fork() -> None:
    _LOADING[0] = threading.Lock()  # which a thread that does not exist here may have held


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _loaded(code: bytes) -> Work:
    binding, _ = llvm()
    machine = binding.Target.from_default_triple().create_target_machine()
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
    engine.add_object_file(binding.ObjectFileRef.from_data(code))
    engine.finalize_object()
    # a function that Numba writes also takes places for a result and an exception; this one never uses them
    kinds = [ctypes.c_void_p] * 3 + [ctypes.c_ssize_t] * 3
    function = ctypes.CFUNCTYPE(ctypes.c_int, *kinds)(engine.get_function_address("work"))
    places = ctypes.create_string_buffer(64)
    place = ctypes.addressof(places)

    def work(plan: int, thread: int, threads: int, steps: int) -> None:
        function(place, place + 32, plan, thread, threads, steps)

    _KEPT.append((engine, places))  # for as long as the process lives
    return work


_KEPT: list[Any] = []
