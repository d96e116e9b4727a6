"""Edits the schedule for a command."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import inf

from django.utils.timezone import get_default_timezone

from downtime.conf import conf
from downtime.edits.schedule_text import CannotEdit, ScheduleText, open_text
from downtime.files import disk
from downtime.files.atomic_write import CannotWrite
from downtime.files.fields import Problem, first_problems
from downtime.files.schedule_file import EditT, rewrite
from downtime.management.output import CommandError, Printer
from downtime.management.progress import Progress


def edit_schedule(printer: Printer, edit: Callable[[ScheduleText], EditT], *, creates: bool = False) -> EditT:
    """Rewrites the schedule under its lock with the text of the edit, and returns the edit; else ends the command."""
    path, zone = conf.DOWNTIME_SCHEDULE_FILE, get_default_timezone()
    with _explained(path), _without_garbage_collection(), Progress(printer, lasts=inf) as progress:
        return rewrite(path, lambda text: edit(open_text(text, zone)), creates=creates, waiting=progress.show)


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


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    # The nodes of a long schedule are a million objects without a cycle. To search them again and again takes more
    # than half of an edit (measured), while other commands wait for the lock.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def problem_lines(path: str, problems: Sequence[Problem]) -> list[str]:
    """The first problems, each on a line of its own, and how many more there are."""
    first, more = first_problems(problems)
    lines = [problem.located(path) for problem in first]
    lines += [f"and {more} more, which manage.py downtime_check lists"] if more else []
    return lines
