"""What the commands share: no database, no system checks, times in the project's zone, and errors as one line."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import NoReturn

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import get_default_timezone

from downtime import values
from downtime.conf import conf
from downtime.flag import Flag
from downtime.loading import Loaded, hidden, load_flags, load_schedule, located
from downtime.schedule import ALWAYS, Answer, Window

# A request that read the clock just before its deadline is decided by now.
_MARGIN = 0.05


@dataclass(frozen=True, slots=True)
class State:
    """What the files say at a moment."""

    now: datetime
    flags: list[Flag]
    loaded: Loaded
    answer: Answer

    def problems(self) -> list[str]:
        """Every problem of the files, as file:line: message."""
        of_flags = [located(flag.path, problem) for flag in self.flags for problem in flag.problems]
        of_flags += hidden(conf.DOWNTIME_FLAG_FILE)
        return of_flags + [located(self.loaded.path, problem) for problem in self.loaded.parsed.problems]

    def name(self, window: Window) -> str:
        """What a person calls the window: the name of its period, its line, or the path of its flag."""
        for flag in self.flags:
            if flag.period is window.period:
                return f"flag {flag.path}"
        return window.period.name or f"the period on line {window.period.line}"


class DowntimeCommand(BaseCommand):
    """A command that works while the database is away."""

    requires_system_checks = []

    def state(self) -> State:
        """What the files say now."""
        zone = get_default_timezone()
        flags = load_flags(conf.DOWNTIME_FLAG_FILE, zone=zone, max_age=conf.DOWNTIME_FLAG_MAX_AGE)
        loaded = load_schedule(conf.DOWNTIME_SCHEDULE_FILE, zone)
        now = datetime.now(timezone.utc)
        return State(now, flags, loaded, loaded.parsed.schedule.at(now, (flag.period for flag in flags)))

    def wait(self, rechecks: int) -> None:
        """Returns once no process of this host can decide by what was there before; see DOWNTIME_RECHECK."""
        time.sleep(rechecks * conf.DOWNTIME_RECHECK + _MARGIN)


def refuse(option: str, value: str, error: Exception) -> NoReturn:
    """Ends the command with a line that names the option, its value and what is allowed."""
    raise CommandError(f"{option} is {values.shown(value)}; {error}") from error


def future(option: str, value: str, now: datetime) -> datetime:
    """The moment in UTC, later than now, that an option names: ISO 8601, or + and a duration from now."""
    try:
        if value.startswith("+"):
            return now + values.duration(value[1:])
        moment = values.moment(value, get_default_timezone(), fold=1)
        if moment <= now:
            raise ValueError(f"allowed is a time after now, which is {shown(now)}")
    except ValueError as error:
        refuse(option, value, error)
    return moment


def shown(moment: datetime) -> str:
    """A moment as people read it, in the project's time zone."""
    return f"{moment.astimezone(get_default_timezone()):%Y-%m-%d %H:%M:%S %Z}"


def since(window: Window) -> datetime:
    """When the window began; of a flag, when it was raised."""
    return window.period.start if window.start == ALWAYS else window.start
