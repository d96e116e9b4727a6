"""Finds the windows of other periods in which a period, or a flag, refuses what they refuse too."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from downtime.schedule.periods import Period, Schedule, Window
from downtime.schedule.url_paths import is_below

# What recurs is compared so often with one other period, which is half a year if both recur daily, and with many others
# less often, so that it is about so often in all. A comparison takes up to a millisecond (measured), and two tell all
# if one of both does not recur.
_FEWEST_STEPS, _MOST_STEPS, _MOST_OF_ALL = 5, 200, 1000


def overlaps(period: Period, others: Iterable[Period], now: datetime) -> list[Window]:
    """The first window that overlaps with one of the period, of each of the others that has any, by start.

    If both recur, what is far off may be missed."""
    rivals = [other for other in others if other.enabled and _concern_the_same(period, other)]
    steps = max(_FEWEST_STEPS, min(_MOST_STEPS, _MOST_OF_ALL // max(len(rivals), 1)))
    found = (_first(period, other, now, steps) for other in rivals)
    return sorted((window for window in found if window is not None), key=lambda window: window.start)


def _concern_the_same(one: Period, other: Period) -> bool:
    if one.is_whole or other.is_whole:
        return True
    return any(is_below(path, other.paths) for path in one.paths) or any(
        is_below(path, one.paths) for path in other.paths
    )


def _first(period: Period, other: Period, now: datetime, steps: int) -> Window | None:
    """The first window of the other one that overlaps; None if none is found within so many steps."""
    own, its = Schedule((period,)), Schedule((other,))
    for _ in range(steps):
        theirs = next(its.windows(now), None)
        mine = theirs and next(own.windows(max(now, theirs.start)), None)
        if theirs is None or mine is None:
            return None
        if mine.start < theirs.end:
            return theirs
        now = mine.start
    return None
