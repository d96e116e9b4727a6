"""DowntimeCommand, which needs no database; the state that commands see; and editing the schedule for a command."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.timezone import get_default_timezone

from downtime.conf import conf
from downtime.edits.schedule_text import CannotEdit, ScheduleText, open_text
from downtime.files import disk
from downtime.files.atomic_write import CannotWrite
from downtime.files.fields import Problem, first_problems
from downtime.files.flag_file import Flags, load_flags
from downtime.files.harmless import one_line
from downtime.files.schedule_file import EditT, Loaded, load_schedule, rewrite
from downtime.management.output import CommandError, encodable
from downtime.management.wording import label, status_line
from downtime.schedule import converters
from downtime.schedule.periods import Answer, Window
from downtime.schedule.site_status import FLAGS, SCHEDULE, UP, SiteStatus, site_status

# In seconds. By then, a request that read the clock just before its deadline is decided.
_MARGIN = 0.05
LONGEST_SLEEP = 0.5
"""Seconds."""
_INTERRUPTED = (
    "Interrupted. What is told above is done, and each process notices it within {:g} s; "
    "manage.py downtime_status shows what applies."
)


@dataclass(frozen=True, slots=True)
class State:
    """What the files say at one moment."""

    now: datetime
    flags: Flags
    loaded: Loaded
    answer: Answer

    def problems(self) -> list[str]:
        """The problems of the files, each as file:line: message."""
        of_flags = [problem.located(flag.path) for flag in self.flags.raised for problem in flag.problems]
        of_flags += self.flags.uninspectable
        return of_flags + [problem.located(self.loaded.path) for problem in self.loaded.parsed.problems]

    def label(self, window: Window) -> str:
        """What people call the window: the path of its flag, or the name or the line of its period."""
        return label(window, self.flags.raised)

    @property
    def doubts(self) -> list[str]:
        """Which files leave it open what a running process goes by."""
        reasons = {SCHEDULE: self.loaded.parsed.problems, FLAGS: self.flags.uninspectable}
        return [doubt for doubt in reasons if reasons[doubt]]

    @property
    def site_status(self) -> SiteStatus:
        """The state of the site, for all of its processes."""
        return site_status(self.answer, self.doubts)

    def why_not_up(self) -> list[str]:
        """What is still refused or may be, and why, in lines; none if the site is up."""
        if self.site_status.state == UP:
            return []
        lines = [status_line(self.site_status, self.flags.raised, still=True), *self.flags.uninspectable]
        if any(flag.path == conf.fleet_flag_file for flag in self.flags.raised):
            lines.append(
                "The flag of the fleet is still raised; manage.py downtime_end --fleet lowers it on every host."
            )
        return lines


class DowntimeCommand(BaseCommand):
    """A command that works while the database is away."""

    requires_system_checks = []
    verbosity = 1

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Runs the command as its options ask for; with `-v 0` it keeps success to itself."""
        self.verbosity = options["verbosity"]
        return super().execute(*args, **options)

    def run_from_argv(self, argv: list[str]) -> None:
        """Runs the command for a command line; Ctrl-C ends it with a sentence and exit code 130."""
        try:
            super().run_from_argv(argv)
        except KeyboardInterrupt:
            self.stderr.write(one_line(_INTERRUPTED.format(2 * conf.DOWNTIME_RECHECK)))
            sys.exit(130)

    def state(self, at: datetime | None = None) -> State:
        """What the files say now, and what follows from that for another moment, if one is given."""
        zone = get_default_timezone()
        flags = load_flags(conf.flag_files, zone=zone, max_age=conf.DOWNTIME_FLAG_MAX_AGE)
        loaded = load_schedule(conf.DOWNTIME_SCHEDULE_FILE, zone)
        now = datetime.now(timezone.utc)
        periods = [flag.period for flag in flags.raised]
        if at is not None and at < now:
            periods = [period for period in periods if period.start <= at]
        moment = at or now
        return State(moment, flags, loaded, loaded.parsed.schedule.at(moment, periods))

    def tell(self, text: str) -> None:
        """Prints the text as one line, at once, unless the command is to be silent."""
        if self.verbosity:
            self.write(one_line(text))

    def write(self, text: str, *, ending: str = "\n") -> None:
        """Prints harmless text at once, in any encoding; if nobody reads it any more, the command goes on.

        Ends the command if it can't be written."""
        text = encodable(text, getattr(self.stdout, "encoding", None))
        with self._printing(text):
            self.stdout.write(text, ending=ending)
            self.stdout.flush()

    def write_bytes(self, content: bytes) -> None:
        """Prints the bytes as they are; else as `write`."""
        text = content.decode(errors="replace")
        with self._printing(text):
            self.stdout.flush()
            output = getattr(self.stdout, "buffer", None)
            if output is None:  # it takes text only, as in tests
                self.stdout.write(text, ending="")
                return
            left = memoryview(content)
            while left:  # one that Python does not buffer may take a part
                left = left[output.write(left) :]
            output.flush()

    def warn(self, text: str) -> None:
        """Prints the text as one line on the standard error, at `-v 0` too; goes on if it can't be written."""
        with suppress(OSError):
            self.stderr.write(one_line(text))

    @contextmanager
    def _printing(self, text: str) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:  # as of `| head -1`; what is still to come goes nowhere, as Python's documentation says
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.stdout.fileno())
        except OSError as error:  # as of a log on a full disk
            begins = converters.shown(text)
            raise CommandError(f"the output can't be written: {disk.reason(error)}; it begins with {begins}") from error

    def wait(self, rechecks: int) -> None:
        """Waits for that many DOWNTIME_RECHECK, after which no process here decides a new request by the old files."""
        pause(rechecks * conf.DOWNTIME_RECHECK + _MARGIN)


def pause(seconds: float) -> None:
    """Sleeps so long; a signal that is handled ends it within LONGEST_SLEEP.

    Python notices one of the very moment at which a sleep begins only when that sleep has ended."""
    while seconds > 0:
        time.sleep(min(seconds, LONGEST_SLEEP))
        seconds -= LONGEST_SLEEP


def edit_schedule(edit: Callable[[ScheduleText], EditT], *, creates: bool = False) -> EditT:
    """Rewrites the schedule under its lock with the text of the edit, and returns the edit; else ends the command."""
    path, zone = conf.DOWNTIME_SCHEDULE_FILE, get_default_timezone()
    try:
        with _without_garbage_collection():
            return rewrite(path, lambda text: edit(open_text(text, zone)), creates=creates)
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
