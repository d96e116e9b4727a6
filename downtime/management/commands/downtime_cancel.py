"""manage.py downtime_cancel: takes a period out of the schedule."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from django.core.management.base import CommandParser

from downtime.conf import conf
from downtime.edits.cancel import cancel
from downtime.management import arguments
from downtime.management.base import DowntimeCommand
from downtime.management.schedule_edit import edit_schedule
from downtime.schedule.periods import Schedule


class Command(DowntimeCommand):
    """Cancels the period of that name."""

    help = (
        "Takes a period and its own comment lines out of the schedule; the rest of the file stays as it is. If the"
        " period was active, it says whether the site is up now."
    )
    examples = ("$ downtime_cancel storage-upgrade",)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the name of the period, as downtime_status shows it")
        arguments.add_no_wait(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        cancelled = edit_schedule(self, lambda source: cancel(source, name))
        self.tell(f"Cancelled {name} in {conf.DOWNTIME_SCHEDULE_FILE}.")
        if Schedule((cancelled.period,)).at(datetime.now(timezone.utc)).active:
            if not options["no_wait"]:
                self.wait(2)
            for line in self.state().why_not_up() or ["The site is up."]:
                self.tell(line)
