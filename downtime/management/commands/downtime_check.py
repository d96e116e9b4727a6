"""manage.py downtime_check: prints the problems of a schedule, or what applies when."""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from typing import Any

from django.core.management.base import CommandParser
from django.utils.timezone import get_default_timezone

from downtime.conf import conf
from downtime.files.check import CannotCheck, Checked, check_input, missing
from downtime.files.harmless import one_line
from downtime.management.agenda import tell_schedule
from downtime.management.base import DowntimeCommand
from downtime.management.output import CommandError


class Command(DowntimeCommand):
    """Checks one schedule, of this project or any other."""

    help = (
        "Prints each problem of a schedule as file:line: message, and exits with 1 if there is one; otherwise "
        "prints what applies when, unless -v 0 is given. Reads that file alone, or the standard input for -, for "
        "CI and git hooks."
    )
    examples = (
        "$ downtime_check downtime.yml",
        "git show :downtime.yml | $ downtime_check -",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        what = "- for the standard input; default: the schedule of this project"
        parser.add_argument("file", metavar="FILE", nargs="?", help=what)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            checked, is_there = self._checked(options["file"])
        except CannotCheck as error:
            raise CommandError(str(error)) from error
        for problem in checked.parsed.problems:  # at -v 0 too
            self.write(one_line(problem.located(checked.name)))
        if checked.parsed.problems:
            sys.exit(1)
        self.tell(checked.verdict if is_there else f"{checked.name} is not there, which means no periods.")
        tell_schedule(self, checked.parsed.schedule, checked.parsed.schedule.at(datetime.now(timezone.utc)))

    def _checked(self, name: str | None) -> tuple[Checked, bool]:
        """The schedule of that name, None for the project's, and whether it is there; raises CannotCheck."""
        if name == "-":
            return check_input(sys.stdin, get_default_timezone()), True
        path = conf.DOWNTIME_SCHEDULE_FILE if name is None else name
        loaded = self.schedule(path)
        if name is not None and loaded.fingerprint is None and loaded.is_read:
            raise CannotCheck(missing(path))
        return Checked(path, loaded.parsed), loaded.fingerprint is not None
