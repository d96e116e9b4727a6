"""Edits the schedule for a command, or shows what an edit would change."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from difflib import unified_diff
from itertools import takewhile
from math import inf
from operator import eq

from django.utils.timezone import get_default_timezone

from downtime.conf import conf
from downtime.edits.schedule_text import CannotEdit, ScheduleText, open_text
from downtime.files import disk
from downtime.files.atomic_write import CannotWrite
from downtime.files.fields import Problem, first_problems
from downtime.files.schedule_file import EditT, preview, rewrite
from downtime.management.collector import paused_collector
from downtime.management.output import CommandError, Printer
from downtime.management.progress import Progress
from downtime.management.wording import label, time_span
from downtime.schedule.overlaps import overlaps
from downtime.schedule.periods import Period, Schedule

NOTHING_CHANGED = "Nothing was changed."
"""How each dry run ends."""
_MOST_OVERLAPS = 5


def edit_schedule(printer: Printer, edit: Callable[[ScheduleText], EditT], *, creates: bool = False) -> EditT:
    """Rewrites the schedule under its lock with the text of the edit, and returns the edit, or ends the command."""
    path, zone = conf.DOWNTIME_SCHEDULE_FILE, get_default_timezone()
    with _explained(path), paused_collector(), Progress(printer, lasts=inf) as progress:
        return rewrite(path, lambda text: edit(open_text(text, zone)), creates=creates, waiting=progress.show)


def preview_schedule(printer: Printer, edit: Callable[[ScheduleText], EditT], *, creates: bool = False) -> EditT:
    """Shows which lines `edit_schedule` would change, and returns the edit; changes nothing, and takes no lock."""
    path, zone = conf.DOWNTIME_SCHEDULE_FILE, get_default_timezone()
    with _explained(path), paused_collector():
        old, edited = preview(path, lambda text: edit(open_text(text, zone)), creates=creates)
    printer.tell(f"Would change {path}:")
    for line in _changed_lines(old, edited.text):
        printer.tell(f"  {line}")
    return edited


def warn_of_overlaps(printer: Printer, period: Period, schedule: Schedule, what: str) -> None:
    """Warns of the first periods that refuse what this one refuses, at the same time, and says what they do."""
    now = datetime.now(timezone.utc)
    windows = overlaps(period, schedule.periods, now)
    for window in windows[:_MOST_OVERLAPS]:
        printer.warn(f"{label(window)} ({time_span(window, now)}) {what}.")
    if len(windows) > _MOST_OVERLAPS:
        printer.warn(f"So do {len(windows) - _MOST_OVERLAPS} more periods.")


def _changed_lines(old: str, new: str) -> list[str]:
    """What differs, as `diff -U1` shows it, without the names of files."""
    before, after = old.splitlines(), new.splitlines()
    first = _count_same(before, after)
    last = _count_same(before[first:][::-1], after[first:][::-1])
    # In a long text, difflib takes frequent lines for changed ones. So it gets no more lines than it needs.
    shown = unified_diff(_inner(before, first, last), _inner(after, first, last), n=1, lineterm="")
    offset = max(first - 1, 0)
    return [_shifted(line, offset) if line.startswith("@@") else line.rstrip("\0") for line in [*shown][2:]]


def _inner(lines: list[str], first: int, last: int) -> list[str]:
    """The lines between the first and the last ones that are the same, and one of each, marked to equal no other."""
    end = len(lines) - last
    start, follow = lines[max(first - 1, 0) : first], lines[end : end + 1]
    return [*(f"{line}\0" for line in start), *lines[first:end], *(f"{line}\0" for line in follow)]


def _count_same(lines: Sequence[str], others: Sequence[str]) -> int:
    """How many lines are the same at the beginning."""
    return sum(takewhile(bool, map(eq, lines, others)))


def _shifted(heading: str, by: int) -> str:
    """The heading of changed lines, such as @@ -1,2 +1,3 @@, for lines that come that much later."""
    return re.sub(r"(?<=[-+])\d+", lambda number: str(int(number[0]) + by), heading)


@contextmanager
def _explained(path: str) -> Iterator[None]:
    """Turns what keeps the schedule from being edited into a CommandError."""
    try:
        yield
    except CannotWrite as error:
        raise CommandError(str(error)) from error
    except CannotEdit as error:
        raise CommandError(f"{path} was not changed: {error}", *problem_lines(path, error.problems)) from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} was not changed: it is not UTF-8 text; save it as UTF-8") from error
    except OSError as error:
        raise CommandError(f"{path} can't be read: {disk.reason(error)}") from error


def problem_lines(path: str, problems: Sequence[Problem]) -> list[str]:
    """The first problems, each on a line of its own, and how many more there are."""
    first, more = first_problems(problems)
    lines = [problem.located(path) for problem in first]
    lines += [f"and {more} more, which manage.py downtime_check lists"] if more else []
    return lines
