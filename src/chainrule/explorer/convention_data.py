"""What the page needs to write symbols: conventions, and the formulas of a cost's slopes, as JSON."""

from __future__ import annotations

from typing import Any

from chainrule.conventions import Convention
from chainrule.costs import Cost
from chainrule.errors import PairError
from chainrule.network import Network


def convention_data(how: Convention, network: Network | None = None) -> dict[str, Any]:
    """A convention as `web/symbols.js` reads it; `cost` is the author's own cost, or None where this network cannot have it."""
    return {
        "name": how.name,
        "cost": None if network is None else _own_cost(how, network),
        "over": how.over,
        "order": how.order,
        "toLetter": how.to_letter,
        "fromLetter": how.from_letter,
        "base": how.base,
        "linearOutput": how.linear_output,
        "orientation": how.orientation,
        "marks": how.marks,
        "brackets": how.brackets,
        "layerLetter": how.layer_letter,
        "letter": how.letter,
        "word": how.word,
        "words": how.words,
        "inputWord": how.input_word,
        "activationWord": how.activation_word,
        "functionWord": how.function_word,
        "colours": how.colours,
    }


def cost_data(cost: Cost, network: Network) -> dict[str, Any]:
    """A cost on this network's output: its name, C, and ∂C/∂a^L and δ^L as they are written, with {a}, {y}, {z} and {p}.

    `of` is "a" or "z", what C is a function of; `delta` is None where δ^L comes from BP1 (S3.14). Raises PairError where
    the cost does not fit the output.
    """
    pair = cost.on(network.output)
    return {
        "name": str(cost),
        "text": cost.formula,
        "of": pair.of,
        "slope": pair.slope_text,
        "delta": None if pair.delta is None else pair.delta_text,
    }


def _own_cost(how: Convention, network: Network) -> dict[str, Any] | None:
    try:
        return cost_data(how.default_cost(), network)
    except PairError:
        return None
