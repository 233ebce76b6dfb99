"""One BLAS thread, and the shapes of every signature checked, before NumPy and chainrule are first imported.

Only shapes are checked, for mypy has looked at the other types; `make proof` runs the tests once with every type checked.
"""

import os
import signal
import threading
from importlib import import_module
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
# a shell in the background, or nohup, makes the tests ignore signals, and so would the commands that they start
if threading.current_thread() is threading.main_thread():
    for _signal, _usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(_signal) == signal.SIG_IGN:
            signal.signal(_signal, _usual)

import hypothesis
import jaxtyping
import numpy as np
import pytest
import typechecker

pytest_plugins = ["needs", "command"]

SOURCE = Path(__file__).resolve().parents[1] / "src"
FILES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts): path for path in (SOURCE / "chainrule").rglob("[!_]*.py")
}
CHECKED = [
    name for name, path in FILES.items() if typechecker.ALL_TYPES or "jaxtyping" in path.read_text(encoding="utf-8")
]

jaxtyping.jaxtyped = typechecker.jaxtyped_where_shapes_are
with jaxtyping.install_import_hook(CHECKED, "typechecker.checked"):
    import chainrule

    for name in CHECKED:
        import_module(name)

# 200 random networks for the gradient against differences, 100 or 25 for other properties; `make proof` asks for 1,000
EXAMPLES = int(os.environ.get("CHAINRULE_EXAMPLES", "120"))
FEW = EXAMPLES // (4 if os.environ.get("CHAINRULE_PROOF") == "1" else 8)
hypothesis.settings.register_profile("chainrule", max_examples=FEW, deadline=None, print_blob=True)
hypothesis.settings.load_profile("chainrule")


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator of its own for each test, always the same."""
    return np.random.default_rng(20_26)


@pytest.fixture
def chain() -> "chainrule.Network":
    """The network 1-1-1-1 of CONCEPTS."""
    return chainrule.Network([[[1.5]], [[-2.0]], [[1.2]]], [[-0.4], [0.9], [-0.3]], "sigmoid")
