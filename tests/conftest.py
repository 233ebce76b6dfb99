"""One BLAS thread, and every shape in a signature checked, before NumPy and chainrule are first imported."""

import os
from importlib import import_module

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import hypothesis
import numpy as np
import pytest
from jaxtyping import install_import_hook

pytest_plugins = ["needs"]

with install_import_hook("chainrule", "typechecker.checked"):
    import chainrule
    import chainrule.cli.main
    import chainrule.explanation.derivative
    import chainrule.storage
    import chainrule.training
    import chainrule.verification.agreement
    from chainrule.explanation.figures import FIGURES

    for name in chainrule.__all__:  # so are the modules behind the public names
        getattr(chainrule, name)
    for command in chainrule.cli.main.COMMANDS:  # and commands, when they are called
        import_module(f"chainrule.cli.{command}")
    for figure in FIGURES.values():  # chapters are imported when they are asked for
        import_module(figure.module)

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
