"""Shows people in tables which periods are active, and which are coming."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from downtime.files.harmless import one_line
from downtime.management.output import Printer
from downtime.management.table import aligned, cut
from downtime.management.times import distance, lasted, short_span
from downtime.management.wording import label, refused, status_line
from downtime.schedule.periods import Answer, Schedule, Window
from downtime.schedule.site_status import site_status

_Row = tuple[str, ...]


def tell_schedule(printer: Printer, schedule: Schedule, answer: Answer) -> None:
    """Prints the state of the site by the schedule alone, and each period that is active or will be."""
    state = status_line(site_status(schedule.at(answer.moment)))
    printer.tell(f"By this schedule alone, {state[0].lower()}{state[1:]}")
    active = [window for window in answer.active if not window.is_flag]
    coming = schedule.upcoming(answer.moment)
    tell_windows(printer, active, coming, answer.moment)
    if not active and not coming:
        printer.tell("Nothing is active now, and nothing is coming.")


def tell_windows(
    printer: Printer,
    active: Sequence[Window],
    coming: Sequence[Window],
    now: datetime,
    name: Callable[[Window], str] = label,
) -> None:
    """Prints the windows as two tables with the same columns; a table without rows is left out."""
    message = "MESSAGE" * any(window.period.message for window in (*active, *coming))
    widest = None if printer.width is None else printer.width // 3  # so that one long name leaves room for the rest

    def table(heading: str, windows: Sequence[Window], far: Callable[[datetime, datetime], str]) -> list[_Row]:
        first = (heading, "WHEN", "PERIOD", "REFUSED", message)
        rows = [(far(window.began, now), *_cells(window, name(window), widest)) for window in windows]
        return [first, *rows] if rows else []

    first = table("ACTIVE", active, lasted)
    for number, line in enumerate(aligned([*first, *table("COMING", coming, distance)])):
        if number in (0, len(first)):
            printer.tell("")
        printer.tell_row(line)


def _cells(window: Window, name: str, widest: int | None) -> _Row:
    what = (cut(one_line(text), widest) for text in (name, refused(window.period)))
    message = one_line(" ".join(window.period.message.split()))
    return (short_span(window.began, window.end), *what, message)
