"""From the steps, as they are written for Numba, to machine code: `python -m chainrule.engines.native.build float32`.

The code goes to stdout. It runs in a process of its own, which alone imports Numba.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from numba import cfunc, types

from chainrule.engines.native.processor import target
from chainrule.engines.native.steps import work
from chainrule.engines.native.tiles import OPTIONS

INTP = types.intp
SIGNATURE = types.void(types.CPointer(types.int64), INTP, INTP, INTP)


def machine_code(dtype: str) -> bytes:
    """An object file for this processor with the function `work`, for numbers of that type."""
    one = np.dtype(dtype).type(1)

    def entry(plan: Any, thread: Any, threads: Any, steps: Any) -> None:
        work(plan, thread, threads, steps, one)

    function = cfunc(SIGNATURE, **OPTIONS)(entry)
    module = llvm.parse_assembly(function.inspect_llvm())
    symbol = function.native_name.removeprefix("cfunc.")
    for each in module.functions:  # what Numba puts around it needs Python; unused, it is left out
        if not each.is_declaration:
            each.linkage = "external" if each.name == symbol else "internal"
    module.get_function(symbol).name = "work"
    return _optimised(module)


def _optimised(module: Any) -> bytes:
    machine, builder = target(llvm, reloc="pic")
    cleaning = llvm.create_new_module_pass_manager()
    cleaning.add_global_dead_code_eliminate_pass()
    cleaning.run(module, builder)
    builder.getModulePassManager().run(module, builder)
    return machine.emit_object(module)


def _end_with_the_caller() -> None:
    os.read(0, 1)  # nothing comes, until the caller is gone
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_caller, daemon=True).start()
    with os.fdopen(os.dup(1), "wb") as stream:
        os.dup2(2, 1)  # where Numba prints, if it does
        stream.write(machine_code(sys.argv[1]))
