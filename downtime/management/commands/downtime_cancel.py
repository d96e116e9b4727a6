from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from django.core.management.base import CommandParser
from django.utils.timezone import get_default_timezone

from downtime.edits.cancel import cancel
from downtime.files.parser import parse
from downtime.management import arguments
from downtime.management.base import DowntimeCommand, edit_schedule


class Command(DowntimeCommand):
    help = (
        "Takes a period and its own comment lines out of the schedule; the rest of the file stays as it is. Where the "
        "period was active, says whether the site is up now. Example: manage.py downtime_cancel storage-upgrade"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the name of the period, as downtime_status tells it")
        arguments.add_no_wait(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        name, zone = options["name"], get_default_timezone()
        was_active = False

        def edit(text: str) -> str:
            nonlocal was_active
            active = parse(text, zone).schedule.at(datetime.now(timezone.utc)).active
            was_active = any(window.period.name == name for window in active)
            return cancel(text, name, zone)

        path = edit_schedule(edit)
        self.stdout.write(f"Cancelled {name} in {path}.")
        if was_active:
            if not options["no_wait"]:
                self.wait(2)
            self.stdout.write(self.state().why_down() or "The site is up.")
