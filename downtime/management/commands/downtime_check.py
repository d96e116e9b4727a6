"""manage.py downtime_check: prints the problems of a schedule, or what applies when."""

from __future__ import annotations

import os
import sys
from datetime import datetime, timezone
from typing import Any

from django.core.management.base import CommandParser
from django.utils.timezone import get_default_timezone

from downtime.conf import conf
from downtime.files.schedule_file import load_schedule
from downtime.management.base import DowntimeCommand
from downtime.management.output import CommandError
from downtime.management.wording import agenda


class Command(DowntimeCommand):
    """Checks one schedule, of this project or any other."""

    help = (
        "Prints each problem of a schedule as file:line: message, and exits with 1 if there is one; otherwise "
        "prints what applies when. Reads that file alone, for CI and git hooks. "
        "Example: manage.py downtime_check downtime.yml"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", nargs="?", help="default: the schedule of this project")

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["file"] or conf.DOWNTIME_SCHEDULE_FILE
        loaded = load_schedule(path, get_default_timezone())
        if options["file"] and not os.path.lexists(path):
            raise CommandError(f"{path} is not there; name a file that is")
        for problem in loaded.parsed.problems:
            self.tell(problem.located(path))
        if loaded.parsed.problems:
            sys.exit(1)
        schedule = loaded.parsed.schedule
        if loaded.fingerprint is None:
            self.tell(f"{path} is not there, which means no periods.")
        else:
            count = len(schedule.periods)
            self.tell(f"{path} has no problem; it has {count} {'period' if count == 1 else 'periods'}.")
        for line in agenda(schedule, schedule.at(datetime.now(timezone.utc))):
            self.tell(line)
