"""The rows of the table of periods: made, filtered and sorted in memory, from the schedule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from downtime.schedule.periods import Period, Schedule, Window

ACTIVE, COMING, OVER, DISABLED = STATES = ("active", "coming", "over", "disabled")


class Row(NamedTuple):
    """A period of the schedule, its place in the file, its state, and its current or next occurrence."""

    rank: int
    period: Period
    state: str
    start: datetime
    end: datetime


def make_rows(schedule: Schedule, active: Iterable[Window], upcoming: Iterable[Window]) -> list[Row]:
    """A row for each period, in the order of the file; `active` and `upcoming` are the windows as of one moment."""
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
    """The rows in that state, or in any if it is None, whose texts contain every word, ignoring case."""
    folded = [word.casefold() for word in words]
    return [
        row
        for row in rows
        if state in (None, row.state) and (not folded or all(word in _texts(row.period) for word in folded))
    ]


def sort_rows(rows: Iterable[Row], keys: Iterable[str]) -> list[Row]:
    """The rows sorted by the keys that ORDERS has, the first key first; `-` before a key means descending."""
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
    "when": lambda row: (row.start, row.end),
    "covers": lambda row: (row.period.paths, row.period.read_only),
}
"""The sort key of each column that the table can be sorted by."""
