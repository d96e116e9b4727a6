"""Places the coming periods in a picture of the next days, as fractions of its width from 0 to 1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from itertools import chain, islice, takewhile

from downtime.schedule.periods import Period, Schedule, Window

_MOST_LANES = 300
# For all recurring periods together; this many take about a tenth of a second to draw (measured).
_MOST_BARS = 1200
# Limits even a single period to a quarter of the bars.
_FEWEST_SHARES = 4
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class View:
    """How many days a picture shows, and how many hours or days apart the marks at its top are."""

    days: int
    hours_apart: int = 0
    days_apart: int = 1


VIEWS = {"day": View(1, hours_apart=3), "week": View(7), "month": View(30, days_apart=5), "90-days": View(90, 0, 15)}
"""The views, by their key in the page's address."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A time from `start` to `end` in which a period is active, and the part of the picture that it takes up."""

    start: datetime
    end: datetime
    left: float
    width: float
    is_active: bool
    """Whether the current time lies in it."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A period, its place in the file (below 0 for a flag), and its bars."""

    period: Period
    rank: int
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
    months: tuple[tuple[datetime, float], ...]
    """The beginning of each month, and its place."""
    weekends: tuple[tuple[float, float], ...]
    """The left side and the width of each Saturday with its Sunday."""
    lanes: tuple[Lane, ...]
    left_out: int
    """How many periods in that time have no lane."""


def timeline(windows: Iterable[Window], view: View, *, now: datetime, zone: tzinfo) -> Timeline:
    """The picture of that view as of `now`, from the beginning of the hour or the day in `zone`.

    `windows` holds the active or next window of each period to show."""
    local = _floor(now.astimezone(zone), view)
    begin, end = _later(local), _later(local, view.days)
    next_windows: dict[int, Window] = {}
    for window in sorted(windows):
        if window.start < end and window.end > begin:
            next_windows.setdefault(window.rank, window)
    drawn = list(next_windows.values())[:_MOST_LANES]
    recurring = sum(window.period.recurrence is not None for window in drawn)
    most_bars = _MOST_BARS // max(recurring, _FEWEST_SHARES)
    lanes = []
    for window in drawn:
        later = islice(_within(window, now, end), most_bars + 1)
        bars = [_bar(one, begin, end, is_active=one.start <= now < one.end) for one in later]
        lanes.append(Lane(window.period, window.rank, tuple(bars[:most_bars]), len(bars) > most_bars))
    return Timeline(
        begin,
        end,
        now=_share(now, begin, end),
        marks=tuple((moment, _share(moment, begin, end)) for moment in _marks(local, begin, end, view)),
        months=tuple((moment, _share(moment, begin, end)) for moment in _months(local, begin, end, view)),
        weekends=tuple(_weekends(local, begin, end, view)),
        lanes=tuple(lanes),
        left_out=len(next_windows) - len(drawn),
    )


def _share(moment: datetime, begin: datetime, end: datetime) -> float:
    return min(max((moment - begin) / (end - begin), 0.0), 1.0)


def _bar(window: Window, begin: datetime, end: datetime, *, is_active: bool) -> Bar:
    left, right = _share(window.began, begin, end), _share(window.end, begin, end)
    return Bar(window.began, window.end, left, right - left, is_active)


def _within(first: Window, now: datetime, end: datetime) -> Iterator[Window]:
    """The window, and each later one of the period that begins before `end`."""
    if first.period.recurrence is None:
        return iter((first,))
    later = (window for window in Schedule((first.period,)).windows(now) if window.start > first.start)
    return chain((first,), takewhile(lambda window: window.start < end, later))


def _floor(local: datetime, view: View) -> datetime:
    """The full hour or the midnight before, in its zone, even if the clocks skip it."""
    hour = local.replace(minute=0, second=0, microsecond=0)
    return hour if view.hours_apart else hour.replace(hour=0, fold=0)


def _later(local: datetime, days: int = 0) -> datetime:
    """The same local time that many days later, in UTC."""
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


def _days(local: datetime, view: View) -> Iterator[datetime]:
    """The midnights from the day before the picture to the day after it, in the zone of `local`."""
    midnight = local.replace(hour=0, fold=0)
    return (midnight + number * _DAY for number in range(-1, view.days + 2))


def _months(local: datetime, begin: datetime, end: datetime, view: View) -> Iterator[datetime]:
    return (_later(day) for day in _days(local, view) if day.day == 1 and begin < _later(day) < end)


def _weekends(local: datetime, begin: datetime, end: datetime, view: View) -> Iterator[tuple[float, float]]:
    for day in _days(local, view):
        if day.weekday() == _SATURDAY:
            left, right = _share(_later(day), begin, end), _share(_later(day, 2), begin, end)
            if right > left:
                yield left, right - left
