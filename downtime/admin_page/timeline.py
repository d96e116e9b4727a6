"""Places the coming periods in a picture of the next days, in shares of its width from 0 to 1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from itertools import chain, islice, takewhile

from downtime.schedule.periods import Period, Schedule, Window

_MOST_LANES = 40
# Of all lanes together; so many take about a tenth of a second to draw (measured).
_MOST_BARS = 1200
# So that even a single lane has at most a quarter of the bars.
_FEWEST_SHARES = 4
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class View:
    """How many days a picture shows, and how many hours or days apart the marks at its top are."""

    days: int
    hours_apart: int = 0
    days_apart: int = 1


VIEWS = {"day": View(1, hours_apart=3), "week": View(7), "month": View(30, days_apart=5), "90-days": View(90, 0, 15)}
"""By the key in the page's address."""


@dataclass(frozen=True, slots=True)
class Bar:
    """The time from `start` to `end`, in which a period is active, and the part of the picture that it takes up."""

    start: datetime
    end: datetime
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Lane:
    """A period and its bars."""

    period: Period
    bars: tuple[Bar, ...]
    goes_on: bool
    """Whether the period recurs more often within the picture than there are bars."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The picture: what it shows, and the place of the current time in it."""

    begin: datetime
    end: datetime
    now: float
    marks: tuple[tuple[datetime, float], ...]
    lanes: tuple[Lane, ...]
    left_out: int
    """How many more periods lie within that time than there are lanes."""


def timeline(windows: Iterable[Window], view: View, *, now: datetime, zone: tzinfo) -> Timeline:
    """The picture of that view as of `now`, from the beginning of the hour or the day in `zone`.

    `windows` holds the active or next window of each period that is to be shown."""
    local = _floor(now.astimezone(zone), view)
    begin, end = _later(local), _later(local, view.days)
    next_windows: dict[int, Window] = {}
    for window in sorted(windows):
        if window.start < end and window.end > begin:
            next_windows.setdefault(window.rank, window)
    drawn = list(next_windows.values())[:_MOST_LANES]
    most_bars = _MOST_BARS // max(len(drawn), _FEWEST_SHARES)
    lanes = []
    for window in drawn:
        bars = [_bar(later, begin, end) for later in islice(_within(window, now, end), most_bars + 1)]
        lanes.append(Lane(window.period, tuple(bars[:most_bars]), len(bars) > most_bars))
    marks = tuple((moment, _share(moment, begin, end)) for moment in _marks(local, begin, end, view))
    return Timeline(begin, end, _share(now, begin, end), marks, tuple(lanes), len(next_windows) - len(drawn))


def _share(moment: datetime, begin: datetime, end: datetime) -> float:
    return min(max((moment - begin) / (end - begin), 0.0), 1.0)


def _bar(window: Window, begin: datetime, end: datetime) -> Bar:
    left, right = _share(window.began, begin, end), _share(window.end, begin, end)
    return Bar(window.began, window.end, left, right - left)


def _within(first: Window, now: datetime, end: datetime) -> Iterator[Window]:
    """The window, and each later one of the period that begins before `end`."""
    if first.period.recurrence is None:
        return iter((first,))
    later = (window for window in Schedule((first.period,)).windows(now) if window.start > first.start)
    return chain((first,), takewhile(lambda window: window.start < end, later))


def _floor(local: datetime, view: View) -> datetime:
    """The full hour or the midnight before, on the clocks of its zone, even if they skip it."""
    hour = local.replace(minute=0, second=0, microsecond=0)
    return hour if view.hours_apart else hour.replace(hour=0, fold=0)


def _later(local: datetime, days: int = 0) -> datetime:
    """The same time on the same clocks that many days later, in UTC."""
    return (local + days * _DAY).astimezone(timezone.utc)


def _marks(local: datetime, begin: datetime, end: datetime, view: View) -> Iterator[datetime]:
    if view.hours_apart:
        moment = begin
        while moment < end:
            if moment.astimezone(local.tzinfo).hour % view.hours_apart == 0:
                yield moment
            moment += _HOUR
    else:
        for days in range(0, view.days, view.days_apart):
            yield _later(local, days)
