"""The occurrences of a cron expression, which needs the extra [cron]."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from itertools import chain

try:
    from downtime.schedule.cron_search import CronSearch, CronSimError
except ImportError:
    is_available = False
else:
    is_available = True

_LONGEST = 200
# A clock change moves no occurrence by more than this: cronsim treats "local time changes of less than three hours".
_CLOCK_CHANGE = timedelta(hours=3)
# If the offset is the same at both ends, it was the same in between: no zone has gone back to one within six days.
_LONG = timedelta(days=2)
_SECOND = timedelta(seconds=1)
# The first day of a leap year, so that every date an expression can name comes after it.
_SOME_DAY = datetime(2024, 1, 1)


def check_expression(expression: str) -> None:
    """Raises ValueError, which says what to write, unless `expression` is five cron fields that occur at some time."""
    if not is_available:
        raise ValueError("it needs the package cronsim; run pip install 'django-downtime[cron]', and restart the site")
    if fault := _fault(expression):
        raise ValueError(fault)


@lru_cache(maxsize=1024)
def _fault(expression: str) -> str | None:
    """What is wrong with it, and what to write; cached, because searching fifty years takes milliseconds."""
    rule = "it must be five cron fields such as '30 3 * * SUN' (minute, hour, day, month, weekday)"
    if len(expression) > _LONGEST or len(expression.split()) != 5:
        return rule
    try:
        next(CronSearch(expression, _SOME_DAY))
    except CronSimError as error:
        return f"{error}; {rule}"
    except StopIteration:
        return f"it does not occur within 50 years; {rule}"
    return None


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A cron expression read in a time zone; each occurrence lasts for `duration`."""

    expression: str
    zone: tzinfo
    duration: timedelta

    def windows(self, now: datetime, first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Start and end in UTC of the occurrence that runs at `now`, then of each later one, possibly endless.

        An occurrence counts if first <= start < last; it ends at `last` at the latest."""
        for start in self._starts(now if first <= now else first - _SECOND):
            if start >= last:
                return
            end = min(start + self.duration, last)
            if first <= start and now < end:
                yield start, end

    def _starts(self, now: datetime) -> Iterator[datetime]:
        """The last start until `now`, unless its occurrence is over, and each later one."""
        searched_from = [now + _SECOND, now + _CLOCK_CHANGE]
        if self._keeps_its_offset(now):
            coming = self._later_than(now - self.duration)
            first = next(coming, None)
            if first is None or first > now:
                yield from chain(filter(None, [first]), coming)
                return
            del searched_from[1:]
        before = [self._last_until(now, moment) for moment in searched_from]
        yield from sorted(start for start in before if start)[-1:]
        yield from (start for start in self._later_than(now) if start > now)

    def _keeps_its_offset(self, now: datetime) -> bool:
        """Whether it is known that no clock change is near what runs at `now`.

        Near one, cronsim may miss an occurrence if it searches backwards, or depending on where its search begins."""
        around = now - self.duration - _CLOCK_CHANGE, now + _CLOCK_CHANGE
        return self.duration <= _LONG and len({moment.astimezone(self.zone).utcoffset() for moment in around}) == 1

    def _later_than(self, moment: datetime) -> Iterator[datetime]:
        return map(_utc, CronSearch(self.expression, moment.astimezone(self.zone)))

    def _last_until(self, now: datetime, searched_from: datetime) -> datetime | None:
        before = CronSearch(self.expression, searched_from.astimezone(self.zone), reverse=True)
        return next((start for start in map(_utc, before) if start <= now), None)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(timezone.utc)
