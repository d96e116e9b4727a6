"""How figures are compared and told: medians with their quartiles, each beside its goal."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import quantiles
from typing import NamedTuple

_FEWEST = 10

Measured = Callable[[], float]
"""Does it once, or some times, and returns the seconds of the processor that this process took."""


class Figure(NamedTuple):
    """A median between its quartiles."""

    low: float
    median: float
    high: float


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure may be at most, or has to be at least."""

    bound: float
    is_at_most: bool = True

    def is_reached(self, value: float) -> bool:
        """Whether the value keeps to the bound."""
        return value <= self.bound if self.is_at_most else value >= self.bound

    def __str__(self) -> str:
        return f"{'≤' if self.is_at_most else '≥'} {self.bound:.4g}"


def at_most(bound: float) -> Goal:
    """A goal for what should be small."""
    return Goal(bound)


def at_least(bound: float) -> Goal:
    """A goal for what should be large."""
    return Goal(bound, is_at_most=False)


def figure(values: Iterable[float]) -> Figure:
    """The median of two values or more, and their quartiles."""
    return Figure(*quantiles(values))


def compared(one: Measured, other: Measured, *, seconds: float = 6.0) -> tuple[Figure, float]:
    """How many times as long the one takes as the other, in turns that take so long in all; the median difference."""
    one(), other()
    taken: list[tuple[float, float]] = []
    while len(taken) < _FEWEST or seconds > 0:
        # Each goes first as often, so that a drift of the machine favours neither.
        times = (one(), other()) if len(taken) % 2 else (other(), one())[::-1]
        taken.append(times)
        seconds -= sum(times)
    return figure(a / b for a, b in taken), figure(a - b for a, b in taken).median


def once(work: Callable[[], object]) -> Measured:
    """Does it once for each measurement, from a clean heap."""

    def measured() -> float:
        gc.collect()
        start = time.process_time()
        work()
        return time.process_time() - start

    return measured


def tell(
    what: str, value: Figure | float, unit: str = "", goal: Goal | None = None, *, note: str = "", digits: int = 3
) -> None:
    """Prints one line: what it is, the figure, and the goal with whether the median reaches it."""
    middle = value.median if isinstance(value, Figure) else value
    text = f"{middle:.{digits}f}{unit and ' '}{unit}"
    if isinstance(value, Figure):
        text += f" ({value.low:.{digits}f} to {value.high:.{digits}f})"
    verdict = f"goal {goal}: {'reached' if goal.is_reached(middle) else 'MISSED'}" if goal else ""
    print(f"{what:<64} {text:<30} {'; '.join(filter(None, (verdict, note)))}".rstrip(), flush=True)
