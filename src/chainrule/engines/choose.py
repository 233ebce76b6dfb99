"""Engines by name, and "auto": the one that is not slower than another, chosen by the size of the work alone.

The choice is never one of the moment: the same call takes the same engine on every day, and so gives the same bits.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache

from chainrule.engines.compiled import CompiledEngine
from chainrule.engines.engine import Engine, Recipe
from chainrule.engines.native.code import work_for
from chainrule.engines.reference import ReferenceEngine
from chainrule.errors import EngineError, EngineWarning, SettingError, unknown_name
from chainrule.network import Network

NAMED: dict[str, Callable[[], Engine]] = {"reference": ReferenceEngine, "compiled": CompiledEngine}
AUTO = "auto"
# Seconds that a run is expected to take on the reference engine, from which on native code is worth being compiled for
WORTH_COMPILING = 3.0
STEP_SECONDS, LAYER_SECONDS, FLOPS_A_SECOND = 100e-6, 40e-6, 2e10


def check_name(name: str) -> str:
    """The name of an engine, or "auto". Raises UnknownNameError for another."""
    if not isinstance(name, str) or (name != AUTO and name not in NAMED):
        raise unknown_name("engine", name, [AUTO, *NAMED])
    return name


def choose(name: str, recipe: Recipe, network: Network, steps: int = 0, rows: int = 0) -> Engine:
    """The engine of that name, for so many steps over so many rows in all.

    Raises SettingError where the engine that is named cannot run the recipe. "auto" then takes the reference engine, and an
    EngineWarning says so once, for that is slower.
    """
    if check_name(name) != AUTO:
        engine = NAMED[name]()
        if refusal := engine.refuses(recipe, network):
            raise SettingError(f"the {name} engine {refusal}; engine='reference' runs everything")
        return engine
    if expected_seconds(network, steps, rows) < WORTH_COMPILING:
        return NAMED["reference"]()
    engine = NAMED["compiled"]()
    if refusal := engine.refuses(recipe, network):
        return _slower(f"the {engine.name} engine {refusal}")
    return engine


def ready(engine: Engine, name: str, network: Network) -> Engine:
    """The engine that was chosen, once its native code for such a network is there, which takes a while to compile.

    Raises EngineError where it cannot be compiled; "auto" then takes the reference engine, and says so once.
    """
    try:
        if isinstance(engine, CompiledEngine):
            work_for(str(network.dtype))
    except EngineError as error:
        if name != AUTO:
            raise
        return _slower(str(error))
    return engine


def _slower(refusal: str) -> Engine:
    _say_once(refusal)
    return NAMED["reference"]()


def expected_seconds(network: Network, steps: int, rows: int) -> float:
    """About how long the reference engine takes for so many steps over so many rows in all."""
    weights = sum(w.size for w in network.weights)
    return steps * (STEP_SECONDS + LAYER_SECONDS * network.depth) + 6 * weights * rows / FLOPS_A_SECOND


@cache
def _say_once(refusal: str) -> None:
    warnings.warn(EngineWarning(f"training takes the reference engine, which is slower here: {refusal}"), stacklevel=7)
