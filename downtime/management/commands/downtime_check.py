"""manage.py downtime_check: prints the problems of a schedule, or what applies when."""

from __future__ import annotations

import os
import sys
from datetime import datetime, timezone
from typing import Any

from django.core.management.base import CommandParser
from django.utils.timezone import get_default_timezone

from downtime.conf import conf
from downtime.files.harmless import one_line
from downtime.files.parser import Parsed, parse_bytes
from downtime.files.schedule_file import LARGEST
from downtime.management.agenda import tell_schedule
from downtime.management.base import DowntimeCommand
from downtime.management.output import CommandError
from downtime.schedule.periods import Schedule


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
        if options["file"] == "-":
            path, parsed, is_there = "<stdin>", _parsed_input(), True
        else:
            path = conf.DOWNTIME_SCHEDULE_FILE if options["file"] is None else options["file"]
            loaded = self.schedule(path)
            if options["file"] is not None and not os.path.lexists(path):
                raise CommandError(f"{path or 'a file without a name'} is not there; name a file that is")
            parsed, is_there = loaded.parsed, loaded.fingerprint is not None
        for problem in parsed.problems:  # at -v 0 too
            self.write(one_line(problem.located(path)))
        if parsed.problems:
            sys.exit(1)
        self._tell_periods(path, parsed.schedule, is_there=is_there)

    def _tell_periods(self, path: str, schedule: Schedule, *, is_there: bool) -> None:
        if not is_there:
            self.tell(f"{path} is not there, which means no periods.")
        else:
            count = len(schedule.periods)
            self.tell(f"{path} has no problem; it has {count} {'period' if count == 1 else 'periods'}.")
        tell_schedule(self, schedule, schedule.at(datetime.now(timezone.utc)))


def _parsed_input() -> Parsed:
    """What the standard input means; ends the command if it can't be read, or is larger than a schedule can be."""
    try:
        content = sys.stdin.buffer.read(LARGEST + 1)
    except (AttributeError, OSError) as error:  # it is closed, or a folder
        raise CommandError(f"the standard input can't be read: {getattr(error, 'strerror', 'it is closed')}") from error
    if len(content) > LARGEST:
        raise CommandError(f"the standard input has more than {LARGEST} bytes, which is more than a schedule can have")
    return parse_bytes(content, get_default_timezone())
