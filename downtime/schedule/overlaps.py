"""Finds the windows of other periods during which a period, or a flag, refuses what they refuse too."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from downtime.schedule.periods import Period, Schedule, Window
from downtime.schedule.url_paths import is_below

# Two recurring periods are compared in at most _MOST_STEPS, which is half a year if both recur daily. With many others,
# each gets fewer steps, so that all get about _MOST_OF_ALL. A comparison takes up to a millisecond (measured), and two
# are enough if one of the two periods does not recur.
_FEWEST_STEPS, _MOST_STEPS, _MOST_OF_ALL = 5, 200, 1000


def overlaps(period: Period, others: Iterable[Period], now: datetime) -> list[Window]:
    """The first window of each other period that overlaps with a window of this one, by start.

    If both recur, an overlap that is far off may be missed."""
    rivals = [other for other in others if other.enabled and _may_meet(period, other, now)]
    steps = max(_FEWEST_STEPS, min(_MOST_STEPS, _MOST_OF_ALL // max(len(rivals), 1)))
    # By start, so that a schedule that keeps its next window is rarely asked for an earlier one.
    rivals.sort(key=lambda other: other.start)
    own = Schedule((period,))
    found = (_first(own, Schedule((other,)), now, steps) for other in rivals)
    return sorted((window for window in found if window is not None), key=lambda window: window.start)


def _may_meet(one: Period, other: Period, now: datetime) -> bool:
    """Whether they concern the same part of the site, and what is left of their bounds overlaps."""
    return max(one.start, other.start, now) < min(one.end, other.end) and _concern_the_same(one, other)


def _concern_the_same(one: Period, other: Period) -> bool:
    if one.is_whole or other.is_whole:
        return True
    return any(is_below(path, other.paths) for path in one.paths) or any(
        is_below(path, one.paths) for path in other.paths
    )


def _first(own: Schedule, its: Schedule, now: datetime, steps: int) -> Window | None:
    """The first window of the second one that overlaps; None if none is found within that many steps."""
    for _ in range(steps):
        theirs = next(its.windows(now), None)
        mine = theirs and next(own.windows(max(now, theirs.start)), None)
        if theirs is None or mine is None:
            return None
        if mine.start < theirs.end:
            return theirs
        now = mine.start
    return None
