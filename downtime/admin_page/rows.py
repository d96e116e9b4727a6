"""Which periods does a table show, in which order? In memory, as the schedule is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from downtime.schedule.periods import Period, Schedule, Window, is_known

ACTIVE, COMING, OVER, DISABLED = STATES = ("active", "coming", "over", "disabled")


class Row(NamedTuple):
    """A period of the schedule, its state, and the occurrence that is running or next."""

    rank: int
    period: Period
    state: str
    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """How long it lasts, each time; without end where that is not known."""
        if self.period.recurrence:
            return self.period.recurrence.duration.total_seconds()
        is_bounded = is_known(self.start) and is_known(self.end)
        return (self.end - self.start).total_seconds() if is_bounded else float("inf")


def rows(schedule: Schedule, active: Iterable[Window], upcoming: Iterable[Window]) -> list[Row]:
    """A row for each period, in the order of the file; `active` and `upcoming` are its windows as of one moment."""
    running = {window.rank: window for window in active}
    coming = {window.rank: window for window in upcoming}
    found = []
    for rank, period in enumerate(schedule.periods):
        window = running.get(rank) or coming.get(rank)
        start, end = (window.start, window.end) if window else (period.start, period.end)
        if not period.enabled:
            state = DISABLED
        elif window is None:
            state = OVER
        else:
            state = ACTIVE if rank in running else COMING
        found.append(Row(rank, period, state, start, end))
    return found


def chosen(rows: Iterable[Row], *, state: str | None, words: Sequence[str]) -> list[Row]:
    """The rows in that state, or in any, that hold each of the words, in whatever case."""
    folded = [word.casefold() for word in words]
    return [
        row
        for row in rows
        if state in (None, row.state) and (not folded or all(word in _text(row.period) for word in folded))
    ]


def ordered(rows: Iterable[Row], keys: Iterable[str]) -> list[Row]:
    """The rows by those of ORDERS, the first before the others, descending where `-` stands before it."""
    result = list(rows)
    for key in reversed(list(keys)):
        name = key.removeprefix("-")
        if name in ORDERS:
            result.sort(key=ORDERS[name], reverse=name != key)
    return result


def _text(period: Period) -> str:
    cron = period.recurrence.expression if period.recurrence else ""
    return "\n".join((period.name, period.message, cron, *period.paths)).casefold()


ORDERS: dict[str, Callable[[Row], Any]] = {
    "name": lambda row: row.period.name.casefold(),
    "state": lambda row: STATES.index(row.state),
    "start": lambda row: row.start,
    "end": lambda row: row.end,
    "length": lambda row: row.seconds,
    "repeats": lambda row: row.period.recurrence.expression if row.period.recurrence else "",
    "covers": lambda row: (row.period.paths, row.period.read_only),
    "message": lambda row: row.period.message.casefold(),
}
"""What a table can be ordered by."""
