"""Where do the coming periods lie in a picture of the next days? In shares of its width, from 0 to 1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from itertools import chain, islice, takewhile

from downtime.schedule.periods import Period, Schedule, Window

_MOST_LINES = 40
# Of all lines together; so many take about a tenth of a second to draw (measured).
_MOST_BARS = 1200
_FEWEST_SHARES = 4
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class View:
    """How many days a picture shows, and after how many hours or days a mark stands at its top."""

    days: int
    hours_apart: int = 0
    days_apart: int = 1


VIEWS = {"day": View(1, hours_apart=3), "week": View(7), "month": View(30, days_apart=5), "90-days": View(90, 0, 15)}


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of time in which a period is active, as far as the picture shows it."""

    start: datetime
    end: datetime
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Line:
    """A period and its bars."""

    first: Window
    bars: tuple[Bar, ...]
    goes_on: bool
    """Whether it recurs more often than there are bars, up to the end of the picture."""

    @property
    def period(self) -> Period:
        """The period."""
        return self.first.period


@dataclass(frozen=True, slots=True)
class Timeline:
    """The picture: what it shows, and where now lies in it."""

    begin: datetime
    end: datetime
    now: float
    marks: tuple[tuple[datetime, float], ...]
    lines: tuple[Line, ...]
    left_out: int
    """How many more periods lie within that time than there are lines."""


def timeline(windows: Iterable[Window], view: View, *, now: datetime, zone: tzinfo) -> Timeline:
    """The picture of that view as of `now`, from the beginning of the hour or the day in `zone`.

    `windows` are, of each period that is to be shown, the one that is active or next."""
    local = _floor(now.astimezone(zone), view)
    begin, end = _later(local), _later(local, view.days)

    def share(moment: datetime) -> float:
        return min(max((moment - begin) / (end - begin), 0.0), 1.0)

    def bar(window: Window) -> Bar:
        left, right = share(window.began), share(window.end)
        return Bar(window.began, window.end, left, right - left)

    first: dict[int, Window] = {}
    for window in sorted(windows):
        if window.start < end and window.end > begin:
            first.setdefault(window.rank, window)
    shown = list(first.values())[:_MOST_LINES]
    most = _MOST_BARS // max(len(shown), _FEWEST_SHARES)
    lines = []
    for window in shown:
        bars = [bar(found) for found in islice(_within(window, now, end), most + 1)]
        lines.append(Line(window, tuple(bars[:most]), len(bars) > most))
    marks = tuple((moment, share(moment)) for moment in _marks(local, begin, end, view))
    return Timeline(begin, end, share(now), marks, tuple(lines), len(first) - len(shown))


def _within(first: Window, now: datetime, end: datetime) -> Iterator[Window]:
    """The window, and each later one of the period that begins before `end`."""
    if first.period.recurrence is None:
        return iter((first,))
    later = (window for window in Schedule((first.period,)).windows(now) if window.start > first.start)
    return chain((first,), takewhile(lambda window: window.start < end, later))


def _floor(local: datetime, view: View) -> datetime:
    """The full hour or the midnight before, on the clocks of its zone; it may be one that they skip."""
    hour = local.replace(minute=0, second=0, microsecond=0)
    return hour if view.hours_apart else hour.replace(hour=0, fold=0)


def _later(local: datetime, days: int = 0) -> datetime:
    """So many days later on the same clocks, in UTC."""
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
