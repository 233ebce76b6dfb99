"""What the explorer's page knows: the network, rows, a cost, snapshots of its training and conventions, as JSON.

Numbers are texts in base64, little-endian: "f4:…" where float32 holds them exactly, as those of a float32 network, else "f8:…".
Where few of them differ, "f4:…:…" are those that differ, and then the place of each among them: a byte, or two where there are
more than 256. Rows of pixels are "u1:…", a byte each, where that is exact. Weights in float32 after others are "d4:…:…", where
that is shorter: by how much the bits of each differ from those before, as a whole number without its highest byte, which
follows from the sign; and where it does not, 256 times the place and that byte. In a training few weights change by a factor
of 2.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.backward import gradient_of
from chainrule.conventions import PRESETS, Convention
from chainrule.costs import NAMED, Cost, named
from chainrule.data import Preprocessing
from chainrule.data.columns import Input
from chainrule.errors import DataError, PairError, SettingError, ShapeError, brief
from chainrule.explorer.convention_data import convention_data, cost_data
from chainrule.explorer.question_data import question_data
from chainrule.explorer.traced import keys_of
from chainrule.forward import each_cost, trace_of
from chainrule.ids import Id, of_entry, parse
from chainrule.json_text import json_text
from chainrule.names import printable
from chainrule.network import Network
from chainrule.pictures.tiles import raster_of
from chainrule.problem import Problem

Array = np.ndarray
VERSION = 1  # of what is written here
MOST_NUMBERS = 1_000_000  # weights and biases in a page, those of snapshots too
MOST_ROWS = 200  # rows in a page; of wide ones as many as have so many numbers, but a few at least
LARGEST_BYTE, LARGEST_PLACE = 255, 2**24 - 1
MOST_IN_ROWS, FEWEST_ROWS = 8_000, 20


def contents_of(
    problem: Problem,
    row: int,
    numbers: Sequence[int],
    snapshots: Mapping[int, Network],
    convention: Convention,
    by: str | Id | None,
    title: str,
    dtype: str,
) -> dict[str, Any]:
    """Everything a page knows of a problem in float64; `row` is the place of the chosen row, `numbers` name all of them."""
    network = problem.network
    _check_size(network, snapshots)
    kept = kept_rows(problem, row)
    return {
        "version": VERSION,
        "title": printable(title),
        "network": {
            "sizes": list(network.sizes),
            "activations": keys_of(network),
            "activationNames": [printable(repr(each)) for each in network.activations],
            "biases": [_kind_of_bias(network, layer) for layer in network.biases.numbers],
            "dtype": dtype,
        },
        "theta": encoded(network.parameters.flat()),
        "snapshots": _snapshots(network, snapshots),
        "rows": _rows(problem, kept, row, numbers),
        "costs": [cost_data(each, network) for each in offered_costs(problem)],
        "conventions": [convention_data(each, network) for each in _conventions(network, convention)],
        "unfitting": _unfitting(network),
        "questions": question_data(),
        "start": {"id": str(_start(problem, row, by)), "convention": convention.name},
    }


def as_script(known: Mapping[str, Any]) -> str:
    """Contents as the text of a <script type="application/json">, which no `<` in a name can end."""
    return json_text(known).replace("<", "\\u003c")


def encoded(values: Array) -> str:
    """Numbers in base64, in float32 where it holds them exactly; as places in a table where that is shorter."""
    held = _held(values)
    bits, places = np.unique(held.ravel().view(f"<u{held.itemsize}"), return_inverse=True)  # −0 and 0 differ
    placed = places.ravel().astype("<u1" if len(bits) <= 256 else "<u2")
    parts = [bits, placed] if len(bits) <= 2**16 and bits.nbytes + placed.nbytes < held.nbytes else [held]
    return _in_base64(f"f{held.itemsize}", *parts)


def encoded_after(values: Array, before: Array) -> str:
    """The same of numbers that come after others and are mostly near them."""
    plain, held, other = encoded(values), _held(values), _held(before)
    if (held.itemsize, other.itemsize) != (4, 4) or len(held) > LARGEST_PLACE:
        return plain
    differs = (held.view("<u4") - other.view("<u4")).view("u1").reshape(-1, 4)  # it begins again at 0
    places = np.flatnonzero(differs[:, 3] != np.where(differs[:, 2] < 128, 0, 255))
    highest = (places << 8 | differs[places, 3]).astype("<u4")
    return min(plain, _in_base64("d4", differs[:, :3], highest), key=len)


def _held(values: Array) -> Array:
    """Numbers in float32 where it holds them exactly, else in float64."""
    with np.errstate(over="ignore", under="ignore"):
        small = values.astype("<f4")
    return small if np.array_equal(small.astype("<f8"), values.astype("<f8")) else values.astype("<f8")


def _in_base64(kind: str, *parts: Array) -> str:
    return ":".join([kind, *(b64encode(each.tobytes()).decode() for each in parts)])


def _snapshots(network: Network, snapshots: Mapping[int, Network]) -> list[dict[str, Any]]:
    """The weights of each epoch, as they differ from those before; None for those of the network itself."""
    own, before = network.parameters.flat(), None
    found = []
    for epoch in sorted(snapshots):
        theta = snapshots[epoch].parameters.flat().astype("<f8")
        same = np.array_equal(theta, own)
        written = None if same else encoded(theta) if before is None else encoded_after(theta, before)
        found.append({"epoch": epoch, "theta": written})
        before = theta
    return found


def kept_rows(problem: Problem, row: int) -> list[int]:
    """The rows that a page holds: all, or of very many the chosen one, the first ones, and those of the largest cost."""
    count, width = len(problem.x), sum(problem.network.sizes[:: problem.network.depth])
    most = min(MOST_ROWS, max(FEWEST_ROWS, MOST_IN_ROWS // width))
    if count <= most:
        return list(range(count))
    with np.errstate(all="ignore"):
        costs = np.nan_to_num(each_cost(problem), nan=np.inf)
    worst = np.argsort(-costs, kind="stable")[: most // 2].tolist()
    chosen = {row, *worst}
    return sorted(chosen | set([each for each in range(count) if each not in chosen][: most - len(chosen)]))


def telling_row(problem: Problem) -> int:
    """The row that a page opens on where none is named: one on which there is something to see.

    Where targets are classes it is the misread row of the largest cost, or the row of the largest cost if none is misread;
    elsewhere it is the row of the median cost.
    """
    with np.errstate(all="ignore"):
        costs, answers = each_cost(problem), problem.once(trace_of).a[problem.network.depth]
    finite = np.flatnonzero(np.isfinite(costs))
    if not len(finite):
        return 0
    ordered = finite[np.argsort(costs[finite], kind="stable")]
    if not _are_classes(problem):
        return int(ordered[(len(ordered) - 1) // 2])
    misread = ordered[_classes(answers[ordered], problem) != _classes(problem.y[ordered], problem)]
    worst = misread if len(misread) else ordered
    return int(worst[costs[worst] == costs[worst[-1]]][0])


def _are_classes(problem: Problem) -> bool:
    """Whether every target is a class: one of several outputs, or one output that is 0 or 1."""
    y, terms = problem.y, problem.network.preprocessing
    of_one = y.shape[1] == 1 and (problem.cost.classifies or (terms is not None and terms.labels is not None))
    return bool(np.isin(y, (0, 1)).all() and (of_one or (y.shape[1] > 1 and (y.sum(axis=1) == 1).all())))


def _classes(values: Array, problem: Problem) -> Array:
    """The class of each row (rows,) of outputs or targets."""
    terms = problem.network.preprocessing
    return values[:, 0] > (terms.threshold if terms else 0.5) if values.shape[1] == 1 else values.argmax(axis=1)


def offered_costs(problem: Problem) -> list[Cost]:
    """The problem's own cost, then every other one that its output and its targets can have."""
    others = [named(name) for name in NAMED]
    fitting = [each for each in others if str(each) != str(problem.cost) and _fits(each, problem)]
    return [problem.cost, *fitting]


def _fits(cost: Cost, problem: Problem) -> bool:
    try:
        cost.on(problem.network.output)
        cost.check_targets(problem.y)
    except (PairError, DataError):
        return False
    return True


def check_snapshots(network: Network, given: Any) -> Mapping[int, Network]:
    """Networks by epoch, as `run.record` has them. Raises SettingError or ShapeError for anything else."""
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(
        isinstance(epoch, (int, np.integer)) and isinstance(each, Network) for epoch, each in given.items()
    ):
        raise SettingError(
            f"snapshots are networks by epoch, as run.record after train(…, record=12); got {brief(given)}"
        )
    for epoch, each in given.items():
        if each.sizes != network.sizes or [b.size for b in each.biases] != [b.size for b in network.biases]:
            raise ShapeError(
                f"the snapshot of epoch {epoch} is a network {_shown(each)}, and the page is about {_shown(network)}"
            )
    return {int(epoch): each for epoch, each in given.items()}


def fitting(network: Network, snapshots: Mapping[int, Network]) -> dict[int, Network]:
    """Of the networks of a run as many as a page holds, the first and the last among them; none where those are too many.

    Raises ShapeError for networks of another shape.
    """
    found = check_snapshots(network, snapshots)
    epochs = sorted(found)
    most = max(MOST_NUMBERS // network.parameters.size - 1, 0)
    if most < min(len(epochs), 2):
        return {}
    places = np.unique(np.linspace(0, len(epochs) - 1, min(most, len(epochs))).round().astype(int))
    return {epochs[place]: found[epochs[place]] for place in places}


def _check_size(network: Network, snapshots: Mapping[int, Network]) -> None:
    count = network.parameters.size
    if count > MOST_NUMBERS:
        raise SettingError(
            f"the network {_shown(network)} has {count:,} weights and biases, and a page holds at most {MOST_NUMBERS:,}: "
            "chainrule show MODEL network, or cr.figure('network', network, x, y), draws its strongest neurons"
        )
    if count * (1 + len(snapshots)) > MOST_NUMBERS:
        most = MOST_NUMBERS // count - 1
        raise SettingError(
            f"{len(snapshots)} snapshots of {count:,} weights and biases are more than a page holds: give at most {most}"
        )


def _shown(network: Network) -> str:
    return "-".join(map(str, network.sizes))


def _kind_of_bias(network: Network, layer: int) -> str:
    if not network.biases[layer].size:
        return "none"
    return "layer" if network.shared_bias(layer) else "neuron"


def _rows(problem: Problem, kept: Sequence[int], row: int, numbers: Sequence[int]) -> dict[str, Any]:
    network = problem.network
    terms = network.preprocessing
    raster, inputs = raster_of(network.sizes[0]), _inputs(terms, network.sizes[0])
    scaling = _scaling(inputs)
    shown = problem.x * scaling["scale"] + scaling["mean"]
    return {
        "count": len(kept),
        "x": (_as_bytes(problem.x[kept], scaling) if raster.image else None) or encoded(problem.x[kept]),
        "y": encoded(problem.y[kept]),
        "chosen": kept.index(row),
        "numbers": [int(numbers[each]) for each in kept],
        "inputNames": None if inputs is None else [printable(each.name) for each in inputs],
        "scaling": {name: encoded(values) for name, values in scaling.items()},
        "targetName": "target" if terms is None or terms.target_name == "y" else printable(terms.target_name),
        "targetScaling": _target_scaling(terms, network.sizes[-1]),
        "classNames": _class_names(problem),
        "picture": [raster.rows, raster.columns] if raster.image else None,
        "pixels": _pixels(shown) if raster.image else None,
    }


def _inputs(terms: Preprocessing | None, count: int) -> Sequence[Input] | None:
    """What each input is called and how it is scaled, where the network knows its columns."""
    found = None if terms is None else terms.inputs
    return found if found is not None and len(found) == count else None


def _scaling(inputs: Sequence[Input] | None) -> dict[str, Array]:
    """How an input x becomes the value that a reader knows: x · scale + mean."""
    known = inputs or [Input("")]
    return {"mean": np.array([each.mean for each in known]), "scale": np.array([each.scale for each in known])}


def _target_scaling(terms: Preprocessing | None, count: int) -> dict[str, str] | None:
    """How a number that the network gives becomes one in the user's units."""
    if terms is None or len(terms.target_mean) != count:
        return None
    return {"mean": encoded(np.array(terms.target_mean)), "scale": encoded(np.array(terms.target_scale))}


def _pixels(shown: Array) -> dict[str, float]:
    """What a blank and a full pixel are."""
    blank, full = float(shown.min()), float(shown.max())
    return {"blank": blank, "full": full if full > blank else blank + 1.0}


def _as_bytes(x: Array, scaling: dict[str, Array]) -> str | None:
    """Rows of pixels as whole numbers in base64, "u1:…", where (whole − mean) / scale gives each x to the last bit."""
    whole = np.round(x * scaling["scale"] + scaling["mean"])
    if (
        whole.min() < 0
        or whole.max() > LARGEST_BYTE
        or not np.array_equal((whole - scaling["mean"]) / scaling["scale"], x)
    ):
        return None
    return f"u1:{b64encode(whole.astype('u1').tobytes()).decode()}"


def _class_names(problem: Problem) -> list[str] | None:
    """The names of the classes, else their numbers where there are any."""
    terms, outputs = problem.network.preprocessing, problem.network.sizes[-1]
    if terms is not None and terms.labels is not None:
        return [printable(str(label)) for label in terms.labels]
    return [str(each) for each in range(outputs)] if problem.cost.classifies and outputs > 1 else None


def _conventions(network: Network, first: Convention) -> list[Convention]:
    """The one that is asked for, and the texts' own that fit this network."""
    return [first, *(each for each in PRESETS.values() if each != first and _is_fitting(each, network))]


def _unfitting(network: Network) -> list[dict[str, str]]:
    """The texts' own conventions that this network does not fit, and why."""
    output = network.output.name
    why = f"applies no activation on the last layer, and this network's is {printable(output)}"
    return [
        {"name": each.name, "why": f"{each.name} {why}", "short": "of linear outputs alone"}
        for each in PRESETS.values()
        if not _is_fitting(each, network)
    ]


def _is_fitting(how: Convention, network: Network) -> bool:
    return not how.linear_output or network.output.name == "identity"


def _start(problem: Problem, row: int, by: str | Id | None) -> Id:
    """What is selected first: the quantity that is named, else the weight with the largest derivative on the row."""
    parameters = problem.network.parameters
    if by is not None:
        found = parse(by, parameters, "wbzax")
        if found.kind not in "wbzax":
            raise SettingError(f"{found} cannot be moved: select a weight, a bias, z, a or an input, as w/1/0/0")
        return found
    with np.errstate(all="ignore"):
        slopes = gradient_of(problem.example(row))
    sizes = np.abs(np.where(parameters.are_weights(), slopes.flat(), 0))
    return of_entry(parameters, int(np.argmax(np.nan_to_num(sizes, nan=0.0))))


def check_row(row: Any, count: int) -> int:
    """The place of a row. Raises DataError where there is none."""
    if isinstance(row, bool) or not isinstance(row, (int, np.integer)) or not 0 <= row < count:
        raise DataError(f"row={brief(row)}: the rows are 0…{count - 1}; take one of them, as row=0")
    return int(row)
