"""One BLAS thread, and the shapes of every signature checked, before NumPy and chainrule are first imported.

Only the files that write shapes in their signatures are checked: mypy has looked at the other types. `make proof` runs the
tests once with every type checked except in what draws, where that would take seven times as long; `test_figures.py` draws
each figure once with everything checked.
"""

import os
import signal
import threading
from importlib import import_module
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
# a shell that starts the tests in the background makes them ignore Ctrl-C, and so would the commands that they start
if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

import hypothesis
import numpy as np
import pytest
from jaxtyping import install_import_hook

pytest_plugins = ["needs"]

SOURCE = Path(__file__).resolve().parents[1] / "src"
ALL_TYPES = os.environ.get("CHAINRULE_PROOF") == "1" and "CHAINRULE_EXAMPLES" not in os.environ
DRAWING = {"axes", "chapters", "figures", "parts", "scene", "shown", "svg", "typeset"}  # of chainrule.explanation
FILES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts): path for path in (SOURCE / "chainrule").rglob("[!_]*.py")
}
CHECKED = [
    name
    for name, path in FILES.items()
    if (not DRAWING & set(name.split(".")) if ALL_TYPES else "jaxtyping" in path.read_text(encoding="utf-8"))
]

with install_import_hook(CHECKED, "typechecker.checked"):
    import chainrule

    for name in CHECKED:
        import_module(name)

# 200 random networks for the gradient against differences, 100 or 50 for other properties; `make proof` asks for 1,000
EXAMPLES = int(os.environ.get("CHAINRULE_EXAMPLES", "200"))
hypothesis.settings.register_profile("chainrule", max_examples=EXAMPLES // 4, deadline=None, print_blob=True)
hypothesis.settings.load_profile("chainrule")


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator of its own for each test, always the same."""
    return np.random.default_rng(20_26)


@pytest.fixture
def chain() -> "chainrule.Network":
    """The network 1-1-1-1 of CONCEPTS."""
    return chainrule.Network([[[1.5]], [[-2.0]], [[1.2]]], [[-0.4], [0.9], [-0.3]], "sigmoid")
