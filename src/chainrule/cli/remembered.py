"""How a model was trained, as its file remembers it: the rule, the penalties and the decay, unless an option says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from chainrule.errors import ChainruleError
from chainrule.updates import Rule, as_rule, delta_rule


@dataclass(frozen=True)
class Asked:
    """What the options say of a step; None where they say nothing."""

    rule: str | None = None
    learning_rate: float | None = None
    l1: float | None = None
    l2: float | None = None
    decay: float | None = None
    penalize_biases: bool | None = None

    def step(self, notes: Mapping[str, Any]) -> dict[str, Any]:
        """The settings of one step, as `worksheet` takes them: those of the options, else those of the notes.

        A decay that the notes hold goes with the rule that they hold.
        """
        kept = _penalty(notes)
        rule = as_rule(self.rule) if self.rule is not None else _rule(notes)
        if self.learning_rate is not None:
            rule = replace(rule, settings={**rule.settings, "learning_rate": self.learning_rate})
        decay = kept.get("decay") if self.decay is None and self.rule is None else self.decay
        return {"rule": rule, **self.penalty(notes), "decay": decay}

    def penalty(self, notes: Mapping[str, Any]) -> dict[str, Any]:
        """What is minimised beside the cost, as `verify` takes it."""
        kept = _penalty(notes)
        biases = bool(kept.get("biases", False)) if self.penalize_biases is None else self.penalize_biases
        l1, l2 = (kept.get(name, 0.0) if own is None else own for name, own in (("l1", self.l1), ("l2", self.l2)))
        return {"l1": l1, "l2": l2, "penalize_biases": biases}


def _penalty(notes: Mapping[str, Any]) -> Mapping[str, Any]:
    """l1, l2, decay and biases of the notes of a model, nothing where they hold none."""
    found = notes.get("penalty")
    return found if isinstance(found, dict) else {}


def _rule(notes: Mapping[str, Any]) -> Rule:
    """The rule of the notes of a model; the delta rule where they name none, or one of the user's own."""
    written = notes.get("rule")
    try:
        return as_rule(written) if isinstance(written, str) else delta_rule()
    except ChainruleError:
        return delta_rule()
