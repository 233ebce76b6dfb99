"""One BLAS thread, and every shape in a signature checked, before NumPy and chainrule are first imported.

What draws is left out: pictures by the thousand would take seven times as long. `test_figures.py` draws each of them once with
everything checked.
"""

import os
from importlib import import_module
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import hypothesis
import numpy as np
import pytest
from jaxtyping import install_import_hook

pytest_plugins = ["needs"]

SOURCE = Path(__file__).resolve().parents[1] / "src"
DRAWING = {"axes", "chapters", "figures", "parts", "scene", "shown", "svg", "typeset"}  # of chainrule.explanation
NAMES = [".".join(path.relative_to(SOURCE).with_suffix("").parts) for path in (SOURCE / "chainrule").rglob("[!_]*.py")]
CHECKED = [name for name in NAMES if not DRAWING & set(name.split("."))]

with install_import_hook(CHECKED, "typechecker.checked"):
    import chainrule

    for name in CHECKED:
        import_module(name)

# 200 random networks for a property of the gradient (test_roads.py), 50 for any other; `make proof` asks for thousands
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
