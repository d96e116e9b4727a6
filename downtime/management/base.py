"""DowntimeCommand, which needs no database, and the state that commands see."""

from __future__ import annotations

import math
import os
import sys
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from django.core.management.base import CommandParser
from django.utils.timezone import get_default_timezone

from downtime.conf import conf
from downtime.files.flag_file import Flags, load_flags
from downtime.files.harmless import one_line
from downtime.files.parser import Parsed
from downtime.files.schedule_file import Loaded, load_schedule
from downtime.management.collector import paused_collector
from downtime.management.help_text import HelpFormatter, examples_text, program_name
from downtime.management.output import Printer
from downtime.management.progress import LONGEST_SLEEP, Progress, pause
from downtime.management.wording import label, status_line
from downtime.schedule.periods import Answer, Schedule, Window
from downtime.schedule.site_status import FLAGS, SCHEDULE, UP, SiteStatus, site_status

# In seconds. By then, a request that read the clock just before its deadline has been decided.
_MARGIN = 0.05
_INTERRUPTED = (
    "Interrupted. What is reported above is done, and each process notices it within {:g} s; "
    "{} downtime_status shows what applies."
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
        """Which files leave it uncertain what a running process goes by."""
        reasons = {SCHEDULE: self.loaded.parsed.problems, FLAGS: self.flags.uninspectable}
        return [doubt for doubt in reasons if reasons[doubt]]

    @property
    def site_status(self) -> SiteStatus:
        """The state of the site, for all of its processes."""
        return site_status(self.answer, self.doubts)

    def with_changes(self, *, lowered: str = "", schedule: Schedule | None = None) -> State:
        """The state as it would be in a second, without that flag, and with that schedule if one is given."""
        now = datetime.now(timezone.utc) + timedelta(seconds=1)  # what ends now lasts for a second at least
        flags = replace(self.flags, raised=tuple(flag for flag in self.flags.raised if flag.path != lowered))
        loaded = self.loaded if schedule is None else replace(self.loaded, parsed=Parsed(schedule))
        periods = [flag.period for flag in flags.raised]
        return State(now, flags, loaded, loaded.parsed.schedule.at(now, periods))

    def why_not_up(self) -> list[str]:
        """What is still refused or may be, and why, as lines; none if the site is up."""
        if self.site_status.state == UP:
            return []
        lines = [status_line(self.site_status, self.flags.raised, still=True), *self.flags.uninspectable]
        if any(flag.path == conf.fleet_flag_file for flag in self.flags.raised):
            lines.append(
                "The flag of the fleet is still raised; manage.py downtime_end --fleet lowers it on every host."
            )
        return lines


class DowntimeCommand(Printer):
    """A command that works while the database is away."""

    requires_system_checks = []
    examples: tuple[str, ...] = ()
    """Command lines for the help, in which `$` stands for the program: $ downtime_end."""
    program = "manage.py"
    """The program that the command was run through."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """The parser, with a help that shows the examples on lines of their own."""
        program = program_name(prog_name)
        kwargs = {"formatter_class": HelpFormatter, "epilog": examples_text(program, self.examples), **kwargs}
        return super().create_parser(program, subcommand, **kwargs)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Runs the command as its options ask; at `-v 0` it says nothing if it succeeds.

        If NO_COLOR is in the environment, there are no colours unless they are asked for."""
        self.verbosity, self.is_color_forced = options["verbosity"], options["force_color"]
        if os.environ.get("NO_COLOR") and not self.is_color_forced:  # see https://no-color.org
            options["no_color"] = True
        return super().execute(*args, **options)

    def run_from_argv(self, argv: list[str]) -> None:
        """Runs the command for a command line; Ctrl-C ends it with a sentence and exit code 130."""
        self.program = program_name(argv[0])
        try:
            super().run_from_argv(argv)
        except KeyboardInterrupt:
            self.stderr.write(one_line(_INTERRUPTED.format(2 * conf.DOWNTIME_RECHECK, self.program)))
            sys.exit(130)

    def state(self, at: datetime | None = None) -> State:
        """What the files say now, and what follows from that for another moment, if one is given."""
        zone = get_default_timezone()
        flags = load_flags(conf.flag_files, zone=zone, max_age=conf.DOWNTIME_FLAG_MAX_AGE)
        loaded = self.schedule(conf.DOWNTIME_SCHEDULE_FILE)
        now = datetime.now(timezone.utc)
        periods = [flag.period for flag in flags.raised]
        if at is not None and at < now:
            periods = [period for period in periods if period.start <= at]
        moment = at or now
        return State(moment, flags, loaded, loaded.parsed.schedule.at(moment, periods))

    def schedule(self, path: str) -> Loaded:
        """What that schedule file says, with the project's time zone."""
        with paused_collector():
            return load_schedule(path, get_default_timezone())

    def wait(self, rechecks: int) -> None:
        """Waits for that many DOWNTIME_RECHECKs; then no process here decides a new request by the old files."""
        left = rechecks * conf.DOWNTIME_RECHECK + _MARGIN
        with Progress(self, lasts=left) as progress:
            while left > 0:
                progress.show(f"Waiting until every process has noticed, {max(math.ceil(left - _MARGIN), 1)} s left")
                pause(min(left, LONGEST_SLEEP))
                left -= LONGEST_SLEEP
