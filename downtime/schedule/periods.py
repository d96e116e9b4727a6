"""Periods of downtime, and the answer to what applies at a moment, and for how long. No Django, clock or disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone, tzinfo
from heapq import merge
from itertools import chain, islice
from typing import NamedTuple

from downtime.schedule.recurrence import Recurrence
from downtime.schedule.url_paths import PathIndex, folded, is_below, is_plain

ALWAYS = datetime.min.replace(tzinfo=timezone.utc)
NEVER = datetime.max.replace(tzinfo=timezone.utc)
# A run of windows without a gap is followed up to these limits; the rest is unknown.
_LONGEST_RUN = 1000
_FARTHEST = timedelta(days=400)


def is_known(moment: datetime) -> bool:
    """Whether a start or an end is a point in time, and not open (ALWAYS or NEVER)."""
    return ALWAYS < moment < NEVER


@dataclass(frozen=True, slots=True)
class Period:
    """An entry of the schedule, or a raised flag. Times are in UTC; an open side is ALWAYS or NEVER."""

    start: datetime = ALWAYS
    end: datetime = NEVER
    name: str = ""
    recurrence: Recurrence | None = None
    enabled: bool = True
    message: str = ""
    redirect: str = ""
    retry_after: int | None = None
    read_only: bool = False
    paths: tuple[str, ...] = ()
    line: int = field(default=0, compare=False)
    zone: tzinfo | None = field(default=None, compare=False)
    """The time zone in which its times are written, if it is known."""

    @property
    def is_whole(self) -> bool:
        """Whether the period covers the whole site."""
        return not self.paths or "" in self.paths

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The path prefixes as people write them, `/` for the whole site; empty if it covers everything."""
        return tuple(path or "/" for path in self.paths)

    def covers(self, path: str, *, safe: bool) -> bool:
        """Whether a request for `path` is refused while this period is active; `safe` as in RFC 9110 section 9.2.1."""
        if self.read_only and safe:
            return False
        if not self.paths or is_below(path, self.paths):
            return True
        return not is_plain(path) and is_below(folded(path), self.paths)


UNKNOWN = Period()
"""Marks the end of a run that was cut off: what follows is unknown."""


class Window(NamedTuple):
    """A time in which a period is active: start <= moment < end. Sorts by start, then by precedence."""

    start: datetime
    rank: int
    """The place of the period in the file, from 0; below 0 for a flag, so that flags take precedence."""
    end: datetime
    period: Period

    @property
    def is_flag(self) -> bool:
        """Whether the window is that of a raised flag, not of a period of the schedule."""
        return self.rank < 0

    @property
    def began(self) -> datetime:
        """The start of the downtime; for a flag, whose window starts at ALWAYS, the time at which it was raised."""
        return max(self.start, self.period.start)


@dataclass(frozen=True, slots=True)
class Answer:
    """What applies at `moment`; valid while moment <= now < until."""

    moment: datetime
    until: datetime
    active: tuple[Window, ...] = ()
    """In order of precedence."""
    run: tuple[Window, ...] = ()
    """In order of start: the active windows, and those that overlap or follow them without a gap."""
    # By `safe`: the places in `active` and in `run` of the windows that refuse such requests. Made on first use.
    _active_index: dict[bool, PathIndex] = field(init=False, repr=False, compare=False, default_factory=dict)
    _run_index: dict[bool, PathIndex] = field(init=False, repr=False, compare=False, default_factory=dict)

    def covering(self, path: str, *, safe: bool) -> Window | None:
        """The first active window that covers this request, or None if the request passes."""
        index = self._active_index.get(safe) or _indexed(self.active, safe, self._active_index)
        numbers = index.numbers(path)
        return self.active[numbers[0]] if numbers else None

    @property
    def spares_home(self) -> bool:
        """Whether the front page can be read, so only parts of the site are down."""
        return self.covering("/", safe=True) is None

    def release(self, path: str, *, safe: bool) -> datetime:
        """The first moment at which this request will pass; NEVER if that is unknown."""
        reached = self.moment
        index = self._run_index.get(safe) or _indexed(self.run, safe, self._run_index)
        for number in index.numbers(path):
            window = self.run[number]
            if window.start > reached:
                break
            reached = max(reached, window.end)
        return reached


@dataclass(frozen=True, slots=True)
class Schedule:
    """All periods in the order of the file, with an index of the enabled ones that makes answers fast."""

    periods: tuple[Period, ...] = ()
    _fixed: tuple[Window, ...] = field(init=False, repr=False, compare=False)
    _recurring: tuple[tuple[int, Period], ...] = field(init=False, repr=False, compare=False)
    # By rank: the next window of a recurring period, and the moment it was found for; each takes 0.1 ms (measured).
    # Every thread stores a correct entry, so a race between threads is harmless.
    _next: dict[int, tuple[datetime, Window | None]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        fixed = (Window(p.start, n, p.end, p) for n, p in enumerate(self.periods) if p.enabled and not p.recurrence)
        recurring = ((n, p) for n, p in enumerate(self.periods) if p.enabled and p.recurrence)
        object.__setattr__(self, "_fixed", tuple(sorted(fixed)))
        object.__setattr__(self, "_recurring", tuple(recurring))

    def at(self, now: datetime, flags: Iterable[Period] = ()) -> Answer:
        """What applies at `now`. Raised flags take precedence, and count until their end, even before their start."""
        active: list[Window] = []
        run: list[Window] = []
        until, reach = NEVER, now
        for window in chain(_flag_windows(flags, now), self.windows(now)):
            if window.start > now:
                until = min(until, window.start)
                if window.start > reach:
                    break
            else:
                active.append(window)
                until = min(until, window.end)
            run.append(window)
            reach = max(reach, window.end)
            if window.start > now and (len(run) >= _LONGEST_RUN or window.start - now > _FARTHEST):
                run.append(Window(window.start, 0, NEVER, UNKNOWN))
                break
        active.sort(key=lambda window: window.rank)
        return Answer(now, until, tuple(active), tuple(run))

    def windows(self, now: datetime) -> Iterator[Window]:
        """Every window that ends after `now`, by start; endless if a period recurs without an end."""
        fixed = (window for window in self._fixed if window.end > now)
        return merge(fixed, *(self._occurrences(rank, period, now) for rank, period in self._recurring))

    def foresee(self, now: datetime, pause: Callable[[], object]) -> None:
        """Finds the next window of each recurring period, as `at` does when it is first asked; pauses after each."""
        for rank, period in self._recurring:
            next(self._occurrences(rank, period, now), None)
            pause()

    def upcoming(self, now: datetime) -> list[Window]:
        """The next window of each enabled period that starts after `now`, by start."""
        coming = [window for window in self._fixed if window.start > now]
        for rank, period in self._recurring:
            coming += islice((window for window in self._occurrences(rank, period, now) if window.start > now), 1)
        return sorted(coming)

    def _occurrences(self, rank: int, period: Period, now: datetime) -> Iterator[Window]:
        """The windows of a recurring period that end after `now`."""
        as_of, first = self._next.get(rank, (NEVER, None))
        # A window that has not begun yet stays the next one; among running windows, the last one to begin counts.
        if not (as_of <= now and (first is None or now < first.start)):
            first = next(_windows(rank, period, now), None)
            self._next[rank] = (now, first)
        if first is not None:
            yield first
            yield from (window for window in _windows(rank, period, first.start) if window.start > first.start)


def _indexed(windows: Sequence[Window], safe: bool, kept: dict[bool, PathIndex]) -> PathIndex:
    refusing = ((number, window.period) for number, window in enumerate(windows))
    index = kept[safe] = PathIndex((n, period.paths) for n, period in refusing if not (safe and period.read_only))
    return index


def _flag_windows(flags: Iterable[Period], now: datetime) -> list[Window]:
    raised = [flag for flag in flags if now < flag.end]
    return [Window(ALWAYS, rank, flag.end, flag) for rank, flag in enumerate(raised, -len(raised))]


def _windows(rank: int, period: Period, now: datetime) -> Iterator[Window]:
    assert period.recurrence is not None
    for start, end in period.recurrence.windows(now, period.start, period.end):
        yield Window(start, rank, end, period)
