"""Stable names of quantities: w/l/j/k (to neuron j of layer l, from neuron k), b/l/j, z/l/j, a/l/j, d/l/j, x/k, C.

Layers count from 1, neurons from 0, whatever the convention in which a reader is shown them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chainrule.errors import IdError, brief, cut
from chainrule.parameters import Parameters

FORMS = {
    "w": "w/l/j/k (weight to neuron j of layer l from neuron k)",
    "b": "b/l/j",
    "z": "z/l/j",
    "a": "a/l/j",
    "d": "d/l/j",
    "x": "x/k",
    "C": "C",
}
LENGTH = {"w": 3, "b": 2, "z": 2, "a": 2, "d": 2, "x": 1, "C": 0}  # how many numbers each has
RAISED, LOWERED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾", "₀₁₂₃₄₅₆₇₈₉"
DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾₀₁₂₃₄₅₆₇₈₉", "0123456789()0123456789")
NUMBER = re.compile("0|[1-9][0-9]{0,17}")  # more digits number no layer and no neuron


@dataclass(frozen=True)
class Id:
    """One quantity: its kind (w b z a d x C), layer, neuron and, for a weight, the neuron it comes from."""

    kind: str
    layer: int = 0
    neuron: int = 0
    source: int = 0

    def __str__(self) -> str:
        match self.kind:
            case "C":
                return "C"
            case "x":
                return f"x/{self.neuron}"
            case "w":
                return f"w/{self.layer}/{self.neuron}/{self.source}"
        return f"{self.kind}/{self.layer}/{self.neuron}"


def activation(layer: int, neuron: int) -> Id:
    """a/l/j, which for layer 0 is the input x/j."""
    return Id("a", layer, neuron) if layer else Id("x", 0, neuron)


def parse(text: str | Id, parameters: Parameters, kinds: str = "wbzadxC") -> Id:
    """The quantity of that name in a network with these parameters. Raises IdError with what there is instead.

    `kinds` are those that the caller can use, which the error for a text that is not an id lists.
    """
    if isinstance(text, Id):
        text = str(text)
    if not isinstance(text, str):
        raise IdError(f"an id is a text such as 'w/2/0/0', got {brief(text)}")
    kind, *rest = text.strip().split("/")
    if kind not in LENGTH or len(rest) != LENGTH[kind] or not all(map(NUMBER.fullmatch, rest)):
        odd = [part for part in rest if part.isdecimal() and len(part) < 18 and not NUMBER.fullmatch(part)]
        digits = f"; {odd[0]!r} is written {int(odd[0])}" if odd else ""
        tip = "" if odd else _tip(text, parameters, kinds)
        forms = [FORMS[each].partition(" ")[0] if tip else FORMS[each] for each in kinds]
        raise IdError(f"{text!r} is not an id: {tip}ids are {', '.join(forms)}{digits}")
    numbers = [int(part) for part in rest]
    weights = parameters.weights
    match kind:
        case "C":
            return Id("C")
        case "x":
            _within(numbers[0], weights[1].shape[1], text, "the network", "input")
            return Id("x", 0, numbers[0])
    layer, neuron = numbers[0], numbers[1]
    first = 0 if kind == "a" else 1
    if not first <= layer <= weights.last:
        sizes = "-".join(str(n) for n in [weights[1].shape[1], *(w.shape[0] for w in weights)])
        raise IdError(
            f"{text!r}: there is no layer {layer}, this network ({sizes}) has the layers {first}…{weights.last}"
        )
    outputs = parameters.biases[layer].size if kind == "b" else _size(parameters, layer)
    if kind == "b" and outputs == 0:
        raise IdError(f"{text!r}: layer {layer} has no biases")
    if kind == "b" and outputs == 1 and neuron > 0:
        raise IdError(f"{text!r}: layer {layer} has one bias for all its neurons, b/{layer}/0")
    _within(neuron, outputs, text, f"layer {layer}", "neuron")
    if kind == "w":
        before = (f"layer {layer - 1}", "neuron") if layer > 1 else ("the network", "input")
        _within(numbers[2], weights[layer].shape[1], text, *before)
        return Id("w", layer, neuron, numbers[2])
    return Id(kind, layer, neuron)


def _size(parameters: Parameters, layer: int) -> int:
    return parameters.weights[1].shape[1] if layer == 0 else parameters.weights[layer].shape[0]


def _within(number: int, size: int, text: str, whole: str, part: str) -> None:
    if number >= size:
        has = f"one {part} (0)" if size == 1 else f"{size} {part}s (0…{size - 1})"
        raise IdError(f"{text!r}: {whole} has {has}; you asked for {number}")


def _tip(text: str, parameters: Parameters, kinds: str) -> str:
    """What to write instead of w2, w²₀₁, w[2][0,1], W/2/0/1 or dC/dw: an id that the network has, and what it is."""
    marked = re.sub(f"[{RAISED}]+", lambda found: f"/{found[0].translate(DIGITS)}/", cut(text))
    marked = re.sub(f"[{LOWERED},]+", lambda found: _apart(found[0]) if found[0].strip(",") else found[0], marked)
    found = re.fullmatch(r"(?:[∂d]\w/[∂d])?(weight|bias|[wbzaxd])(?:(?:\W|_)*(\d.*)?)?", marked.strip().lower())
    kind = found[1][0] if found else ""
    if found is None or kind not in kinds:
        return ""
    numbers = re.findall(r"\d+", found[2] or "")[:3]
    if len(numbers) == 1 and len(numbers[0]) == LENGTH[kind] > 1:  # w210
        numbers = list(numbers[0])
    numbers = ([*numbers, *["0"] * 3] if numbers else ["0" if kind == "x" else "1", "0", "0"])[: LENGTH[kind]]
    if not all(map(NUMBER.fullmatch, numbers)):
        return ""
    meant = "/".join([kind, *numbers])
    try:
        id = parse(meant, parameters)
    except IdError:
        return ""
    return f"write {meant} for {_in_words(id)}; "


def _apart(digits: str) -> str:
    """₀₁ as /0/1, ₀,₁₂ as /0/12."""
    parts = digits.strip(",").split(",") if "," in digits.strip(",") else list(digits.strip(","))
    return "".join(f"/{part.translate(DIGITS)}" for part in parts)


def _in_words(id: Id) -> str:
    """What a quantity is."""
    place = f"of neuron {id.neuron} of layer {id.layer}"
    before = f"neuron {id.source} of layer {id.layer - 1}" if id.layer > 1 else f"input {id.source}"
    return {
        "w": f"the weight to neuron {id.neuron} of layer {id.layer} from {before}",
        "b": f"the bias {place}",
        "z": f"the weighted input {place}",
        "a": f"the activation {place}",
        "d": f"the error δ {place}",
        "x": f"input {id.neuron}",
    }[id.kind]


def of_entry(parameters: Parameters, index: int) -> Id:
    """The id of entry `index` of the flat vector w¹,b¹,…,w^L,b^L."""
    for layer, w in parameters.weights.items():
        if index < w.size:
            return Id("w", layer, *divmod(index, w.shape[1]))
        index -= w.size
        if index < parameters.biases[layer].size:
            return Id("b", layer, index)
        index -= parameters.biases[layer].size
    raise IdError(f"the flat vector has {parameters.size} entries")


def entry_of(parameters: Parameters, id: Id) -> int:
    """Where the flat vector w¹,b¹,…,w^L,b^L holds a weight or a bias."""
    before = sum(parameters.weights[i].size + parameters.biases[i].size for i in range(1, id.layer))
    w = parameters.weights[id.layer]
    if id.kind == "w":
        return before + id.neuron * w.shape[1] + id.source
    if id.kind == "b":
        return before + w.size + id.neuron
    raise IdError(f"{id} is neither a weight nor a bias: it is not an entry of the gradient")
