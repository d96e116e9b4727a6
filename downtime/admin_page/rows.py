"""The rows of the table of periods: made from a schedule in memory, filtered and sorted there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from downtime.schedule.periods import Period, Schedule, Window, is_known

ACTIVE, COMING, OVER, DISABLED = STATES = ("active", "coming", "over", "disabled")


class Row(NamedTuple):
    """A period of the schedule, its place in the file, its state, and its current or next occurrence."""

    rank: int
    period: Period
    state: str
    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """The duration of each occurrence; infinite if it is not known."""
        if self.period.recurrence:
            return self.period.recurrence.duration.total_seconds()
        is_bounded = is_known(self.start) and is_known(self.end)
        return (self.end - self.start).total_seconds() if is_bounded else float("inf")


def make_rows(schedule: Schedule, active: Iterable[Window], upcoming: Iterable[Window]) -> list[Row]:
    """A row for each period, in the order of the file; `active` and `upcoming` are its windows as of one moment."""
    running = {window.rank: window for window in active}
    coming = {window.rank: window for window in upcoming}
    rows = []
    for rank, period in enumerate(schedule.periods):
        window = running.get(rank) or coming.get(rank)
        start, end = (window.start, window.end) if window else (period.start, period.end)
        if not period.enabled:
            state = DISABLED
        elif window is None:
            state = OVER
        else:
            state = ACTIVE if rank in running else COMING
        rows.append(Row(rank, period, state, start, end))
    return rows


def filter_rows(rows: Iterable[Row], *, state: str | None, words: Sequence[str]) -> list[Row]:
    """The rows in that state, or in any if it is None, whose texts contain each of the words in any case."""
    folded = [word.casefold() for word in words]
    return [
        row
        for row in rows
        if state in (None, row.state) and (not folded or all(word in _texts(row.period) for word in folded))
    ]


def sort_rows(rows: Iterable[Row], keys: Iterable[str]) -> list[Row]:
    """The rows sorted by those of the keys that ORDERS has, the first one first; `-` before a key means descending."""
    result = list(rows)
    for key in reversed(list(keys)):
        name = key.removeprefix("-")
        if name in ORDERS:
            result.sort(key=ORDERS[name], reverse=name != key)
    return result


def _texts(period: Period) -> str:
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
"""The sort key of each column that the table can be sorted by."""
