"""Arguments that are invalid: what each option takes is said here once more, and texts are drawn that are not that."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator

import numpy as np
from invalid import MODEL, RUN, TRAINING, Case

Takes = Callable[[str], bool]
TEXTS = (
    "", " ", "x", "nan", "-nan", "inf", "-inf", "Infinity", "1e999", "-1e999", "-1", "-0.5", "0", "0.0", "-0", "1.5",
    "1,5", "1e3", "²", "½", "Ⅳ", "0x10", "true", "nothing", "1 2", "1;2", "1,", ",1", ",", "--", "-", "+", ".", "e",
    "1/2", "50%", "∞", "{}", "9" * 5000, "-" + "9" * 5000, "1e-999", "💥", "\x1b[31m", "'", '"', "a" * 10_000, "$HOME",
    "*", "..", "1..2", "1-2", "2.0.0", "1e", "0b1", "\n", "1\n2", "\ud800", "nothing,none", "1,nan", "0.5,inf",
    "1,-1", "9" * 400, "99", "1e30", "10**3", "=", "=1", "1=1", "\\", "%s", "{0}",
)  # fmt: skip


# what options take ----------------------------------------------------------------------------------------------------
def number(least: float = -math.inf, below: float = math.inf, *, above: bool = False) -> Takes:
    """A finite number ≥ least (or above it), and less than another."""

    def takes(text: str) -> bool:
        try:
            value = float(text)
        except ValueError:
            return False
        return math.isfinite(value) and (value > least if above else value >= least) and value < below

    return takes


def whole(least: int, most: float = math.inf) -> Takes:
    """A whole number from one to another."""
    return lambda text: re.fullmatch(r"[+-]?[0-9]{1,4300}(\.0)?", text) is not None and least <= float(text) <= most


def names(*known: str) -> Takes:
    return lambda text: text in known


def listed(each: Takes, *also: str) -> Takes:
    """Several with commas between them."""
    return lambda text: text.strip() in also or all(each(part.strip()) for part in text.split(","))


def either(*takes: Takes) -> Takes:
    return lambda text: any(each(text) for each in takes)


def duration(text: str) -> bool:
    return number(0, above=True)(text)  # no text above is a time with a unit


positive, share = number(0, above=True), number(0, 1)
HIDDEN = "--hidden", "3,2"
WATCHED = "--validation", "0.4"
OPTIONS: dict[
    str, dict[str, tuple[tuple[str, ...], Takes]]
] = {  # by command: what else stands in the line, what it takes
    "train points.csv -q": {
        "--epochs": ((), whole(1)),
        "--batch-size": ((), whole(1)),
        "--seed": ((), whole(0)),
        "--patience": (WATCHED, whole(1)),
        "--learning-rate": ((), positive),
        "--test": ((), share),
        "--validation": ((), share),
        "--l1": ((), number(0)),
        "--l2": ((), number(0)),
        "--decay": ((), number(0)),
        "--clip-norm": ((), positive),
        "--clip-value": ((), positive),
        "--max-time": ((), duration),
        "--checkpoint-every": ((), either(whole(1), duration)),
        "--dropout": (HIDDEN, either(share, lambda text: text.count(",") == 2 and listed(share)(text))),
        "--hidden": ((), either(listed(whole(1, 10**6)), names("0", "none", "0.0"))),
        "--fixed": (HIDDEN, either(listed(whole(1, 3)), names("0", "none"))),
        "--activation": (HIDDEN, listed(names("relu", "tanh"))),
        "--init": (HIDDEN, listed(names("he", "orthogonal", "sparse"))),
        "--bias": (HIDDEN, listed(names("neuron", "layer", "none"))),
        "--cost": ((), names("cross_entropy")),
        "--rule": ((), names("adam")),
        "--schedule": ((), names("constant", "cosine")),
        "--dtype": ((), names("float32", "float64")),
        "--task": ((), names("auto")),
        "--gaps": ((), names("impute", "drop", "refuse")),
        "--scale": ((), names("standard", "none")),
        "--best": (WATCHED, names("last", "cost", "score")),
        "--class-weight": ((), names("balanced")),
        "--target": ((), names("side")),
        "--drop": ((), names("a", "b")),
        "--columns": ((), names("a", "b")),
        "--as": ((), names("a=drop")),
        "--resume": ((), names(RUN)),
        "--record": ((), whole(1)),
    },
    f"explain {MODEL}": {
        "--row": ((), whole(0, 11)),
        "--by": ((), names("w/2/0/0")),
        "--of": ((), names("C")),
        "--form": ((), names("delta")),
        "--convention": ((), names("nielsen")),
        "--cost": ((), names("cross_entropy")),
        "--format": ((), names("text")),
        "--data": ((), names("points.csv", "digits")),
    },
    "explain": {
        "--weights": (("--x", "1", "--y", "1"), number()),
        "--x": ((), number()),
        "--y": ((), number()),
        "--biases": (("--weights", "1"), number()),
        "--activation": (("--weights", "1"), names("tanh")),
    },
    f"nudge {MODEL}": {
        "--step": ((), lambda text: number()(text)),
        "--steps": ((), listed(number())),
        "--size": (("--demon", "good"), number()),
        "--layer": (("--demon", "good"), whole(1, 2)),
        "--demon": ((), names("good")),
        "--row": ((), whole(0, 11)),
        "--by": ((), names("z/1/0")),
    },
    f"why {MODEL}": {
        "--rows": ((), whole(1)),
        "--row": ((), whole(0, 11)),
        "--seed": ((), whole(0)),
        "--by": ((), names("w/1/0/0")),
        "--activation": ((), names("tanh")),
    },
    f"verify {MODEL}": {
        "--rows": ((), whole(1)),
        "--row": ((), whole(0, 11)),
        "--methods": ((), names("delta,paths")),
        "--plant": ((), names("transpose")),
        "--cost": ((), names("cross_entropy")),
    },
    "verify": {"--survey": ((), whole(1)), "--seed": ((), whole(0))},
    "quiz --answers a": {"--count": ((), whole(1)), "--seed": ((), whole(0)), "--kind": ((), names("shapes"))},
    "page worksheet": {
        "--learning-rate": ((), positive),
        "--format": ((), names("text")),
        "--convention": ((), names("s0")),
    },
    f"show {MODEL} network": {
        "--layer": ((), whole(1, 2)),
        "--most": ((), whole(1)),
        "--edges": ((), names("weight")),
        "--theme": ((), names("dark")),
        "--row": ((), whole(0, 11)),
        "--by": ((), names("z/1/0")),
    },
    f"show {MODEL} demon": {"--low": ((), number()), "--high": ((), number())},
    f"show {MODEL} delta_batch": {"--rows": ((), whole(1)), "--neuron": ((), whole(0, 2))},
    f"show {MODEL} number_lines": {"--step": ((), number())},
    f"train --resume {RUN} -q": {
        "--epochs": ((), whole(3)),
        "--max-time": ((), duration),
        "--checkpoint-every": ((), either(whole(1), duration)),
        "--output": ((), lambda text: True),
    },
}
EACH = int(os.environ.get("CHAINRULE_TEXTS", "8"))  # texts of an option


def options(rng: np.random.Generator) -> Iterator[Case]:
    """Each option with some texts that it does not take."""
    for command, of_command in OPTIONS.items():
        for option, (more, takes) in of_command.items():
            wrong = []
            for text in TEXTS:
                if not takes(text):
                    what = f"{option} does not take {text[:20]!a}"
                    wrong.append(Case("an option", what, (*command.split(), *more, f"{option}={text}")))
            yield from (wrong[place] for place in rng.permutation(len(wrong))[:EACH])


def ids(rng: np.random.Generator) -> Iterator[Case]:
    """Ids of the model 2-3-2 that name nothing: another layer, another neuron, other letters, parts too few or too many."""
    sizes = (2, 3, 2)
    for _ in range(40):
        letter = "wbzax"[int(rng.integers(5))]
        parts = [int(rng.integers(0, 5)) for _ in range({"w": 3, "x": 1}.get(letter, 2))]
        there = {
            "w": lambda l=0, j=0, k=0: 1 <= l <= 2 and j < sizes[l] and k < sizes[l - 1],
            "x": lambda k=0: k < 2,
        }.get(letter, lambda l=0, j=0: 1 <= l <= 2 and j < sizes[l])(*parts)
        given = "/".join([letter, *map(str, parts)])
        if not there:
            command = ("explain", "nudge")[len(parts) % 2]
            yield Case("an id", f"2-3-2 has no {given}", (command, MODEL, f"--by={given}"))
    shapes = (
        "w",
        "w/",
        "w/1",
        "w/1/0",
        "w/1/0/0/0",
        "W/1/0/0",
        "q/1/0",
        "w/-1/0/0",
        "w/1/0/x",
        "/1/0/0",
        "w//0/0",
        "w/1.0/0/0",
        "w 1 0 0",
        "C/1",
        "w/²/0/0",
        "w/9" + "9" * 5000 + "/0/0",
        "z/0/0",
        "d/9/9",
        "x/2",
        "x/-1",
        "C",
    )
    for given in shapes:
        for command in ("explain", "nudge", "why"):
            yield Case("an id", f"{given[:20]!a} is no weight of 2-3-2", (command, MODEL, f"--by={given}"))


CONTRADICTIONS = (  # lines, and what speaks against them
    ("train points.csv --patience 3", "nothing is watched"),
    ("train points.csv --best cost", "nothing is watched"),
    ("train points.csv --best score --validation 0", "nothing is watched"),
    ("train points.csv --test 0.9 --validation 0.9", "too few rows are left"),
    ("train points.csv --test 0.999999", "no rows are left"),
    ("train points.csv --validation 0.999999", "no rows are left"),
    ("train points.csv --hidden none --activation relu,tanh", "there is no hidden layer"),
    ("train points.csv --hidden none --dropout 0.5", "there is no hidden layer"),
    ("train points.csv --hidden 3 --dropout 0.1,0.1,0.1", "a rate too many"),
    ("train points.csv --hidden 3,2 --activation relu,tanh,relu", "a name too many"),
    ("train points.csv --hidden 3,2 --init he,he", "a name too few"),
    ("train points.csv --hidden 3,2 --bias none,none", "a name too few"),
    ("train points.csv --hidden 3 --fixed 1,2", "nothing is left to train"),
    ("train points.csv --hidden 3 --fixed 3", "there are two layers"),
    ("train points.csv --drop a,b", "no column is left"),
    ("train points.csv --columns a --drop a", "no column is left"),
    ("train points.csv --columns c", "there is no such column"),
    ("train points.csv --columns side", "it is the target"),
    ("train points.csv --as c=number", "there is no such column"),
    ("train points.csv --as a=colour", "there is no such kind"),
    ("train points.csv --as a", "no kind is named"),
    ("train points.csv --as side=number", "it is the target"),
    ("train points.csv --target c", "there is no such column"),
    ("train points.csv --task regression", "the target holds texts"),
    ("train points.csv --task regression --cost cross_entropy", "the target holds texts"),
    ("train prices.csv --cost cross_entropy", "the target is a number"),
    ("train prices.csv --cost poisson", "its output is not one that this command makes"),
    ("train prices.csv --class-weight balanced", "there are no classes"),
    ("train points.csv --class-weight up=3", "there is no such class"),
    ("train points.csv --class-weight left=-1", "a weight below 0"),
    ("train points.csv --class-weight left=nan", "a weight that is no number"),
    ("train points.csv --class-weight left=inf,right=1", "a weight that is infinite"),
    ("train points.csv --class-weight left=0,right=0", "no row has weight"),
    ("train points.csv --class-weight left", "no weight is given"),
    ("train points.csv --schedule cosine:warmup=2", "a share above 1"),
    ("train points.csv --schedule cosine:warmup=nan", "a share that is no number"),
    ("train points.csv --schedule cosine:speed=2", "there is no such setting"),
    ("train points.csv --schedule cosine:warmup", "no value is given"),
    ("train points.csv --schedule step:every=0", "every 0 epochs"),
    ("train points.csv --schedule step:every=1.5", "a fraction of an epoch"),
    ("train points.csv --schedule step:factor=-1", "a rate below 0"),
    ("train points.csv --schedule one_cycle:pct_start=0.2,pct_start=0.3", "a setting twice"),
    ("train points.csv --schedule one_cycle:div_factor=0", "a division by 0"),
    ("train points.csv --max-time 0s", "no time"),
    ("train points.csv --max-time 5parsecs", "no unit of time"),
    ("train points.csv --max-time 1e400s", "more than any time"),
    ("train points.csv --checkpoint-every 0min", "no time"),
    ("train points.csv --checkpoint-every -3", "below 0"),
    ("train points.csv --hidden 999999999", "more memory than any machine has"),
    ("train points.csv --hidden 999999999,999999999", "more memory than any machine has"),
    ("train points.csv prices.csv", "two data sets"),
    ("train points.csv --nothing", "there is no such option"),
    ("train points.csv --epochs", "no value is given"),
    ("train points.csv --quiet=yes", "a flag takes no value"),
    ("train nothing", "there is no such data set"),
    ("train digits --target species", "digits brings its own target"),
    ("train mnist", "it is not installed here"),
    (f"train {MODEL}", "a model is no data set"),
    (f"train {RUN}", "a run is no data set"),
    (f"train --resume {MODEL}", "a model is no run"),
    ("train --resume points.csv", "a table is no run"),
    ("train --resume nothing", "there is no such file"),
    (f"train --resume {RUN} prices.csv", "other rows"),
    (f"train prices.csv --resume {RUN}", "other rows"),
    (f"train --resume {RUN} --hidden 4", "the network of a run cannot change"),
    (f"train --resume {RUN} --rule sgd", "the rule of a run cannot change"),
    (f"train --resume {RUN} --seed 4", "the seed of a run cannot change"),
    (f"train --resume {RUN} --dropout 0.5", "the dropout of a run cannot change"),
    (f"train --resume {RUN} --validation 0.5", "the rows of a run cannot change"),
    (f"train --resume {RUN} --epochs 1", "it has more epochs already"),
    (f"train --resume {RUN} --target a", "the target of a run cannot change"),
    (f"predict {MODEL}", "no rows are given"),
    ("predict", "no model is given"),
    (f"predict points.csv {MODEL}", "the wrong way round"),
    (f"predict {MODEL} prices.csv", "other columns"),
    (f"predict {MODEL} nothing.csv", "there is no such file"),
    (f"predict {RUN} points.csv", "a run is no model"),
    (f"explain {MODEL} --row 12", "there are twelve rows, from 0"),
    (f"explain {MODEL} --row -1", "rows count from 0"),
    (f"explain {MODEL} --data nothing.csv", "there is no such file"),
    (f"explain {MODEL} --data prices.csv", "other columns"),
    (f"explain {MODEL} --weights 1", "two networks"),
    (f"explain {MODEL} --form haiku", "there is no such form"),
    (f"explain {MODEL} --cost huber --cost", "no value is given"),
    ("explain --row 3", "there is no data"),
    ("explain --x 1,2 --y 1", "the chain has one input"),
    ("explain --weights 1,2", "there is no example"),
    ("explain --weights 1,x --x 1,2 --y 1", "no number"),
    ("explain --weights '1 2; 3' --x 1,2 --y 1", "rows of unequal length"),
    (f"nudge {MODEL} --range 1 1", "no range"),
    (f"nudge {MODEL} --range 1 -1", "a range the wrong way round"),
    (f"nudge {MODEL} --range nan 1", "no number"),
    (f"nudge {MODEL} --range 0 inf", "no finite number"),
    (f"nudge {MODEL} --step 1 --steps 1,2", "one step and several"),
    (f"nudge {MODEL} --layer 2", "a layer without a demon"),
    (f"why {MODEL} --by z/1/0", "it is no weight"),
    (f"why {MODEL} --rows 0", "no rows"),
    (f"verify {MODEL} --rows 0", "no rows"),
    (f"verify {MODEL} --methods delta", "one method agrees with itself"),
    (f"verify {MODEL} --survey 3", "a survey is of random networks"),
    ("verify --survey 3 --rows 3", "a survey draws its rows"),
    ("quiz --count 0", "no questions"),
    ("quiz lesson.quiz --kind shapes", "a file has its own questions"),
    (f"quiz {MODEL} --row 99", "there are twelve rows"),
    ("page nothing", "there is no such page"),
    ("page", "no page is named"),
    ("page equations --learning-rate 0.1", "no update is on that page"),
    (f"page worksheet {MODEL} --row 99", "there are twelve rows"),
    ("show", "nothing is named"),
    (f"show {MODEL} nothing", "there is no such figure"),
    (f"show {MODEL} network --table --json", "two ways to print it"),
    (f"show {MODEL} network --layer 9", "there are two layers"),
    (f"show {MODEL} demon --low 2 --high 1", "a range the wrong way round"),
    (f"show {MODEL} --row 3", "the contents are of no row"),
    ("show network -o network.jpg", "no such format"),
    ("show unrolled", "it is of a recurrent network"),
    ("nothing", "there is no such command"),
    ("--nothing", "there is no such option"),
    ("compare", "no runs are named"),
    (f"compare {MODEL}", "a run alone is compared with nothing"),
    ("compare nothing nothing", "there are no such runs"),
)


def contradictions() -> Iterator[Case]:
    """Lines whose parts are each understood, and which cannot be done."""
    import shlex  # noqa: PLC0415

    for line, why in CONTRADICTIONS:
        small = TRAINING if line.startswith("train ") and "--resume" not in line and "--epochs" not in line else ()
        more = tuple(each for each in small if not ("--hidden" in line and each in ("--hidden", "3")))
        more = more if "--hidden" not in line or not small else ("--epochs", "3", "-q")
        yield Case("a contradiction", why, (*shlex.split(line), *more))


def arguments(rng: np.random.Generator) -> Iterator[Case]:
    """All of them."""
    yield from options(rng)
    yield from ids(rng)
    yield from contradictions()
