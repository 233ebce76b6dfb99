"""How far a training is: a live line on a terminal, within an epoch too; else about ten lines, so that a log stays short."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from chainrule.cli.output import shown, tell
from chainrule.cli.terminal import width
from chainrule.durations import written
from chainrule.run import Epoch
from chainrule.scores import TITLES
from chainrule.training import Epochs

LINES = 10  # of an output that is not a terminal
QUIET = 60.0  # seconds after which such an output gets a line within an epoch too
BAR = 24  # columns of the bar at most
Told = Callable[[Epoch], None]


@dataclass
class Pace:
    """How much of a training is done, since when, and the lowest cost so far."""

    epochs: int
    rows: int  # of an epoch
    steps: int  # of an epoch
    began: float = field(default_factory=time.perf_counter)
    epoch: int = 0
    done: int = 0  # steps in all
    before: int = 0  # of them those of a run that is gone on with
    latest: Mapping[str, str] = field(default_factory=dict)  # what is shown of the last epoch
    best: tuple[float, int] | None = None

    def within(self, done: int) -> None:
        """So many steps of the epoch under way are done."""
        self.done = self.epoch * self.steps + done

    def ended(self, epoch: Epoch) -> None:
        """An epoch is done."""
        cost = epoch.cost if epoch.validation_cost is None else epoch.validation_cost
        if self.best is None or cost < self.best[0]:
            self.best = cost, epoch.number
        self.epoch, self.done, self.latest = epoch.number, epoch.number * self.steps, _of_epoch(epoch)

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
        passed = max(time.perf_counter() - self.began, 1e-9)
        now = self.done - self.before
        rate = now * self.rows / self.steps / passed
        seconds = passed * (self.total - self.done) / now if now else 0.0
        left = [f"{written(seconds)} left"] if seconds >= 1 else []
        return [f"{float(f'{rate:.2g}'):,.0f} rows/s", *left]


def _of_epoch(epoch: Epoch) -> dict[str, str]:
    """The cost of an epoch, and that and the score of the rows that are watched."""
    said = {"cost": f"cost {shown(epoch.cost)}"}
    if epoch.validation_cost is not None:
        said["validation"] = f"validation cost {shown(epoch.validation_cost)}"
        said["score"] = f"{TITLES[epoch.validation_measure or '']} {epoch.validation_score:.4f}"
    return said


@contextmanager
def progress(stream: Epochs, show: bool) -> Iterator[Told]:
    """What to call after each epoch of a stream; in here the stream tells of its steps too."""
    job = stream.job
    steps, done = -(-len(job.rows) // job.batch_size), len(stream.history)
    best = min(
        ((facts.get("validation_cost", facts["cost"]), facts["number"]) for facts in stream.history), default=None
    )
    pace = Pace(job.epochs, len(job.rows), steps, epoch=done, done=done * steps, before=done * steps, best=best)
    console = Console(stderr=True)
    if not show:
        yield lambda epoch: None
    elif console.is_terminal and not console.is_dumb_terminal:
        with _live(stream, pace, console) as told:
            yield told
    else:
        yield _in_lines(stream, pace)
    stream.within = None


@contextmanager
def _live(stream: Epochs, pace: Pace, console: Console) -> Iterator[Told]:
    """A line that is written again and again, with a bar where it leaves room for one."""
    room = (width(sys.stderr) or console.width) - 1
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

        stream.within = within
        yield ended


def _in_lines(stream: Epochs, pace: Pace) -> Told:
    every, said = max(1, pace.epochs // LINES), time.perf_counter()

    def within(done: int) -> None:
        nonlocal said
        pace.within(done)
        if time.perf_counter() - said > QUIET:
            said = time.perf_counter()
            tell(f"epoch {pace.epoch + 1}/{pace.epochs}, {done / pace.steps:.0%} of it  {pace.said()}")

    def ended(epoch: Epoch) -> None:
        nonlocal said
        pace.ended(epoch)
        if epoch.number % every == 0 or epoch.number == pace.before // pace.steps + 1:
            said = time.perf_counter()
            tell(f"epoch {epoch.number}/{pace.epochs}  {pace.said()}")

    stream.within = within
    return ended
