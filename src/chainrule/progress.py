"""How far a training is: a live line on a terminal, within an epoch too; else about ten lines, so that a log stays short."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from chainrule.durations import written
from chainrule.run import Epoch
from chainrule.scores import TITLES
from chainrule.training import Epochs
from chainrule.writing.numbers import shown

LINES = 10  # of an output that is not a terminal
QUIET = 60.0  # seconds after which such an output gets a line within an epoch too
BAR = 24  # columns of the bar at most


class Told(NamedTuple):
    """What to call: with the steps of the epoch under way that are done, and with each epoch that has ended."""

    within: Callable[[int], None]
    ended: Callable[[Epoch], None]


@dataclass
class Pace:
    """How much of a training is done, since when, and the lowest cost so far, or the highest score."""

    epochs: int
    rows: int  # of an epoch
    steps: int  # of an epoch
    began: float = field(default_factory=time.perf_counter)
    epoch: int = 0
    done: int = 0  # steps in all
    before: int = 0  # of them those of a run that is gone on with
    latest: Mapping[str, str] = field(default_factory=dict)  # what is shown of the last epoch
    best: tuple[float, int] | None = None
    by_score: bool = False  # whether the best epoch is that of the highest validation score
    may_end: bool = False  # before its last epoch

    @classmethod
    def of(cls, stream: Epochs, done: int | None = None) -> Pace:
        """That of a stream, of which so many epochs are done, those of its history unless it is said."""
        job, done = stream.job, len(stream.history) if done is None else done
        steps, stopping = -(-len(job.rows) // job.batch_size), job.stopping
        pace = cls(job.epochs, len(job.rows), steps, epoch=done, done=done * steps, before=done * steps,
                   by_score=stopping.best == "score", may_end=stopping.patience is not None)  # fmt: skip
        for facts in stream.history:
            pace.compare(facts["number"], facts["cost"], facts.get("validation_cost"), facts.get("validation_score"))
        return pace

    def within(self, done: int) -> None:
        """So many steps of the epoch under way are done."""
        self.done = self.epoch * self.steps + done

    def ended(self, epoch: Epoch) -> None:
        """An epoch is done."""
        self.compare(epoch.number, epoch.cost, epoch.validation_cost, epoch.validation_score)
        self.epoch, self.done, self.latest = epoch.number, epoch.number * self.steps, _of_epoch(epoch)

    def compare(self, number: int, cost: float, watched: float | None, score: float | None) -> None:
        """Whether an epoch of this cost, and of these of the validation rows, is the best so far."""
        value = score if self.by_score and score is not None else cost if watched is None else watched
        if self.best is None or (value > self.best[0] if self.by_score else value < self.best[0]):
            self.best = value, number

    @property
    def seconds(self) -> float:
        """Those since it began."""
        return time.perf_counter() - self.began

    @property
    def total(self) -> int:
        """The steps there are to be in all."""
        return self.epochs * self.steps

    def said(self) -> str:
        """The last epoch, the best one where it is another, how fast it goes, and how long it will take."""
        best = [] if self.best is None or self.best[1] == self.epoch else [self._best]
        return "; ".join(filter(None, [", ".join([*self.latest.values(), *best]), ", ".join(self._speed())]))

    def in_room(self, room: int) -> tuple[str, str]:
        """(what stands before a bar, what stands behind it) in so many characters; what matters least is left out first."""
        begin = f"epoch {min(self.done // self.steps + 1, self.epochs)}/{self.epochs}"
        speed, *left = self._speed()
        pieces = {**self.latest, "best": self._best, "left": ", ".join(left), "speed": speed}
        for name in ("", "speed", "score", "best", "validation", "cost", "left"):
            pieces.pop(name, None)
            text = ", ".join(filter(None, pieces.values()))
            if len(begin) + len(text) + 2 <= room:
                break
        return begin, text

    @property
    def _best(self) -> str:
        return "" if self.best is None else f"best {shown(self.best[0])} (epoch {self.best[1]})"

    def _speed(self) -> list[str]:
        """The rows per second, and the time that is left where it is a second or more."""
        passed = max(self.seconds, 1e-9)
        now = self.done - self.before
        rate = now * self.rows / self.steps / passed
        seconds = passed * (self.total - self.done) / now if now else 0.0
        left = [f"{'at most ' if self.may_end else ''}{written(seconds)} left"] if seconds >= 1 else []
        return [f"{float(f'{rate:.2g}'):,.0f} rows/s", *left]


def _of_epoch(epoch: Epoch) -> dict[str, str]:
    """The cost of an epoch, and that and the score of the rows that are watched."""
    said = {"cost": f"cost {shown(epoch.cost)}"}
    if epoch.validation_cost is not None:
        said["validation"] = f"validation cost {shown(epoch.validation_cost)}"
        said["score"] = f"{TITLES[epoch.validation_measure or '']} {epoch.validation_score:.4f}"
    return said


@contextmanager
def progress(pace: Pace, say: Callable[[str], object], columns: int | None = None) -> Iterator[Told]:
    """In here progress is shown on standard error: live on a terminal of so many columns, else in lines by `say`."""
    console = Console(stderr=True)
    if console.is_terminal and not console.is_dumb_terminal:
        with _live(pace, console, (columns or console.width) - 1) as told:
            yield told
    else:
        yield _in_lines(pace, say)


@contextmanager
def _live(pace: Pace, console: Console, room: int) -> Iterator[Told]:
    """A line that is written again and again, with a bar where it leaves room for one."""
    line = BarColumn(BAR)
    columns = TextColumn("{task.description}", markup=False), line, TextColumn("{task.fields[said]}", markup=False)
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(f"epoch {pace.epoch + 1}/{pace.epochs}", total=max(pace.total, 1), said="")

        def update() -> None:
            begin, said = pace.in_room(room)
            line.bar_width = max(0, min(BAR, room - len(begin) - len(said) - 3))
            bar.update(task, completed=pace.done, description=begin, said=said)

        def within(done: int) -> None:
            pace.within(done)
            update()

        def ended(epoch: Epoch) -> None:
            pace.ended(epoch)
            update()

        yield Told(within, ended)


def _in_lines(pace: Pace, say: Callable[[str], object]) -> Told:
    every, said = max(1, pace.epochs // LINES), time.perf_counter()

    def within(done: int) -> None:
        nonlocal said
        pace.within(done)
        if time.perf_counter() - said > QUIET:
            said = time.perf_counter()
            say(f"epoch {pace.epoch + 1}/{pace.epochs}, {done / pace.steps:.0%} of it  {pace.said()}")

    def ended(epoch: Epoch) -> None:
        nonlocal said
        pace.ended(epoch)
        if epoch.number % every == 0 or epoch.number == pace.before // pace.steps + 1:
            said = time.perf_counter()
            say(f"epoch {epoch.number}/{pace.epochs}  {pace.said()}")

    return Told(within, ended)
