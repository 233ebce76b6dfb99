"""What a reader types, read: numbers, ids, shapes and choices, each in every form in which people write it.

number   0.0183 · .0183 · +1.83e-2 · 1.83×10⁻² · 1.83*10^-2 · 1,83e-2 · 11/600 · with − or - for the sign
id       w/2/0/1, which no convention changes; or as the reader's convention writes it, w²₀₁ · w^2_{01} · w^{(2)}_{0,1} · w2_01
shape    3×4 · 3x4 · 3 by 4 · (3, 4) · [3,4]; of a vector 3 · (3,)
choice   b · B) · 2 · the answer's full text; several as a,c · a and c · ac

One comma alone in a number is a decimal comma, whatever stands behind it: 1,000 is 1. Beside a point it is refused, for
then one of the two would have to be guessed. An answer's full text is looked for before its letter or number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chainrule.conventions import Convention
from chainrule.errors import SettingError, brief
from chainrule.ids import Id
from chainrule.lessons.plain_text import plain
from chainrule.writing.formula import Symbol

RAISED = {ord(raised): plain for raised, plain in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾⁺⁻", "0123456789()+-")}
LOWERED = {ord(lowered): plain for lowered, plain in zip("₀₁₂₃₄₅₆₇₈₉", "0123456789")}
RAISED_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾⁺⁻]+")
LOWERED_RUN = re.compile("[₀₁₂₃₄₅₆₇₈₉]+(?:,[₀₁₂₃₄₅₆₇₈₉]+)*")
MINUS = str.maketrans("−–—﹣－", "-----")
DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
BEFORE_TEN = re.compile(r"(?<=[0-9.])\s+(?=10\s*[\^⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻])")  # a space may stand for the multiplication
TIMES = re.compile(r"(.+)(?:\\cdot|\\times|[×·⋅∙*xX])")  # before 10^
POWER = re.compile(r"\{[+-]?[0-9]+\}|[+-]?[0-9]+")  # after it
FRACTION = re.compile(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}")


# numbers ------------------------------------------------------------------------------------------------------------
def number(text: str) -> float | None:
    """The finite number that a text says; None where it says none."""
    text = BEFORE_TEN.sub("×", text.translate(MINUS))
    if re.search(r"[0-9]\s+[0-9]", text):
        return None  # 1 2 is not 12
    bare = re.sub(r"[\s$\u200b]", "", text).lstrip("=≈~")
    bare = RAISED_RUN.sub(lambda run: "^" + run.group().translate(RAISED), FRACTION.sub(r"\1/\2", bare))
    if "," in bare:
        if bare.count(",") > 1 or "." in bare:
            return None
        bare = bare.replace(",", ".")
    top, slash, bottom = bare.partition("/")
    value = _decimal(top)
    if slash and value is not None:
        divisor = _decimal(bottom)
        value = value / divisor if divisor else None
    return value if value is not None and math.isfinite(value) else None


def _decimal(text: str) -> float | None:
    """0.0183, 1.83e-2 or 1.83×10^-2; a power of ten may stand alone."""
    ahead, ten, power = text.rpartition("10^")
    if ten and POWER.fullmatch(power):
        times = TIMES.fullmatch(ahead)
        if times:
            ahead = times[1]
        elif ahead in ("", "+", "-"):
            ahead += "1"
        else:
            return None
        text = f"{ahead}e{power.strip('{}')}" if "e" not in ahead.lower() else ""
    return float(text) if DECIMAL.fullmatch(text) else None


def written(value: float, digits: int = 6) -> str:
    """A number in so many significant digits, as `number` reads it back: −0.0183, 1.5e−7, 0."""
    return f"{value + 0.0:.{digits}g}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e").replace("-", "−")


def unit(value: float, digits: int) -> float:
    """One unit of a value's last significant digit."""
    return 0.0 if value == 0 else float(10.0 ** (math.floor(math.log10(abs(value))) - digits + 1))


DIGITS = ("one significant digit", "two significant digits", "three significant digits", "four significant digits")


@dataclass(frozen=True)
class ReplyNumber:
    """A typed number, right to so many significant digits: within one unit of the last of them, up or down.

    A value that was cut off rather than rounded is right too. Where the right number is 0, nothing else is.
    """

    digits: int = 3

    def __post_init__(self) -> None:
        if not isinstance(self.digits, int) or not 1 <= self.digits <= 12:
            raise SettingError(f"a typed number is graded to 1…12 significant digits, got {brief(self.digits)}")

    @property
    def wanted(self) -> str:
        """What is to be typed."""
        return f"a number, to {self._count} (as 0.0183, 1.83e-2 or 1/3)"

    @property
    def close(self) -> str:
        """What is said of a number that is right but for its last digit."""
        return f"That is close, but not right to {self._count}."

    @property
    def _count(self) -> str:
        return DIGITS[self.digits - 1] if self.digits <= len(DIGITS) else f"{self.digits} significant digits"

    @property
    def tag(self) -> str:
        """How a file says so."""
        return f"number {self.digits}"

    def read(self, text: str) -> float | None:
        return number(text)

    def same(self, right: float, given: float) -> bool:
        return abs(given - right) <= unit(right, self.digits) * (1 + 1e-9)  # 0.0184 − 0.0183 is no whole unit in binary

    def nearly(self, right: float, given: float) -> bool:
        """True where one digit fewer would do, as 0.62 for 0.6225."""
        return self.digits > 1 and ReplyNumber(self.digits - 1).same(right, given)

    def apart(self, one: float, other: float) -> bool:
        """True where no number counts as both."""
        return abs(one - other) > (unit(one, self.digits) + unit(other, self.digits)) * (1 + 1e-9)


# ids ----------------------------------------------------------------------------------------------------------------
INDEX = "[0-9]{1,9}"  # more digits number no layer and no neuron
SLASHED = re.compile(rf"(C|x/{INDEX}|[bzad]/{INDEX}/{INDEX}|w/{INDEX}/{INDEX}/{INDEX})")
LAYER = rf"(?:\^?\{{?\(?(?P<layer>{INDEX})\)?\}}?)"
PLACES = rf"(?:_\{{?(?P<places>{INDEX}(?:[,_]{INDEX})*)\}}?)"
ABOVE_FIRST = re.compile(rf"(?P<letter>[wbzadδC]){LAYER}?{PLACES}?")
BELOW_FIRST = re.compile(rf"(?P<letter>[wbzadδ]){PLACES}\^\{{?\(?(?P<layer>{INDEX})\)?\}}?")
INPUT = re.compile(rf"x_?\{{?(?P<places>{INDEX})\}}?")


@dataclass(frozen=True)
class Name:
    """A typed quantity: a weight, a bias, a δ … by its id, or as a convention of this index order and base writes it."""

    order: str = "to,from"
    base: int = 0

    def __post_init__(self) -> None:
        self._convention()

    def _convention(self) -> Convention:
        return Convention(order=self.order, base=self.base)

    @property
    def wanted(self) -> str:
        """What is to be typed."""
        example = self._convention().of(Id("w", 2, 0, 1))
        return f"a symbol, as {example} or w^2_{{{example.below}}}, or an id, as w/2/0/1"

    @property
    def tag(self) -> str:
        """How a file says so."""
        return f"id {self.order} {self.base}"

    def read(self, text: str) -> Id | None:
        """The quantity of that id or symbol; None where it is neither, or counts from another number than this base."""
        bare = re.sub(r"[\s$]|\\[,;!]", "", text)
        if SLASHED.fullmatch(bare):
            kind, *numbers = bare.split("/")
            return Id(kind, 0, int(numbers[0])) if kind == "x" else Id(kind, *map(int, numbers))
        symbol = _symbol(bare)
        if symbol is None:
            return None
        found = self._convention().read(symbol)
        return found if found is not None and min(found.layer, found.neuron, found.source) >= 0 else None

    def same(self, right: Id, given: Id) -> bool:
        return right == given


def _symbol(text: str) -> Symbol | None:
    """A letter with its marks, from w²₀₁, w^2_{01}, w_{01}^2, w^{(2)}_{0,1} or w2_01."""
    text = re.sub(r"\\?delta", "δ", text.replace("W", "w"))
    text = RAISED_RUN.sub(lambda run: "^" + run.group().translate(RAISED), text)
    text = LOWERED_RUN.sub(lambda run: "_" + run.group().translate(LOWERED), text)
    found = ABOVE_FIRST.fullmatch(text) or BELOW_FIRST.fullmatch(text)
    if found is None:
        of_input = INPUT.fullmatch(text)
        return Symbol("x", "", of_input["places"]) if of_input else None
    letter, layer = found["letter"].replace("d", "δ"), found["layer"] or ""
    places = (found["places"] or "").replace("_", ",")
    count = len(places.split(",")) if "," in places else len(places) if letter == "w" else bool(places)
    if count not in ((0, 2) if letter == "w" else (0, 1)) or bool(layer) == (letter == "C"):
        return None
    if not places and len(layer) > 1 and "^" not in text:
        return None  # w12 might be a layer, or two neurons
    return Symbol(letter, layer, places)


# shapes -------------------------------------------------------------------------------------------------------------
SHAPE = re.compile(r"[0-9]{1,9}(?:(?:×|x|X|\*|\\times|by|,|;|\s)+[0-9]{1,9})*,?")


@dataclass(frozen=True)
class Shape:
    """A typed shape: rows × columns of a matrix, or the one number of a vector."""

    wanted = "a shape, as 3×4 or (3, 4); of a vector 3"
    tag = "shape"

    def read(self, text: str) -> tuple[int, ...] | None:
        bare = text.replace("$", " ").strip()
        if bare[:1] + bare[-1:] in ("()", "[]"):
            bare = bare[1:-1].strip()
        return tuple(map(int, re.findall("[0-9]+", bare))) if SHAPE.fullmatch(bare) else None

    def same(self, right: tuple[int, ...], given: tuple[int, ...]) -> bool:
        return right == given


Typed: TypeAlias = ReplyNumber | Name | Shape


def typed(tag: str) -> Typed | None:
    """What a file's `number 3`, `id to,from 0` or `shape` asks for; None for anything else."""
    match tag.split():
        case ["shape"]:
            return Shape()
        case ["number"]:
            return ReplyNumber()
        case ["number", digits] if re.fullmatch("[1-9]|1[0-2]", digits):
            return ReplyNumber(int(digits))
        case ["id", ("to,from" | "from,to") as order, ("0" | "1") as base]:
            return Name(order, int(base))
    return None


# choices ------------------------------------------------------------------------------------------------------------
def label(place: int) -> str:
    """a … z; from the twenty-seventh on there are numbers alone."""
    return chr(ord("a") + place) if place < 26 else str(place + 1)


def choices(texts: Sequence[str], reply: str) -> frozenset[int] | None:
    """Which of the answers a reply names, by letter, number or full text; None where one part of it names none."""
    names = _Names.of(texts)
    whole = names.place(reply)
    if whole is not None:
        return frozenset([whole])
    letters = reply.strip().lower()
    if re.fullmatch("[a-z]{2,26}", letters) and len(set(letters)) == len(letters):
        places = [ord(letter) - ord("a") for letter in letters]
        return frozenset(places) if max(places) < len(texts) else None
    found = set()
    for part in filter(None, re.split(r"\s*[,;&+]\s*|\s+and\s+|\s+", reply.strip())):
        place = names.place(part)
        if place is None:
            return None
        found.add(place)
    return frozenset(found) or None


@dataclass(frozen=True)
class _Names:
    """What answers can be called, each way with their places: by the text itself, as it is shown, without capitals."""

    ways: tuple[tuple[Callable[[str], str], Mapping[str, list[int]]], ...]
    count: int

    @classmethod
    def of(cls, texts: Sequence[str]) -> _Names:
        ways = []
        for key in (plainly, _as_shown, lambda text: _as_shown(text).casefold()):
            places: dict[str, list[int]] = {}
            for place, text in enumerate(texts):
                places.setdefault(key(text), []).append(place)
            ways.append((key, places))
        return cls(tuple(ways), len(texts))

    def place(self, reply: str) -> int | None:
        """The one answer of that text, letter or number."""
        for key, places in self.ways:
            same = places.get(key(reply), [])
            if len(same) == 1:
                return same[0]
        mark = reply.strip().strip("()[].:").casefold()
        if re.fullmatch("[a-z]", mark) and ord(mark) - ord("a") < self.count:
            return ord(mark) - ord("a")
        if re.fullmatch("[1-9][0-9]{0,3}", mark) and int(mark) <= self.count:
            return int(mark) - 1
        return None


def _as_shown(text: str) -> str:
    """As a terminal shows it, with whatever minus."""
    return plainly(plain(text)).translate(MINUS)


def plainly(text: str) -> str:
    """A text without its layout, by which answers are compared."""
    return " ".join(text.split())
