"""manage.py downtime_cancel: takes a period out of the schedule."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from django.core.management.base import CommandParser

from downtime.conf import conf
from downtime.edits.cancel import Cancelled, cancel
from downtime.management import arguments
from downtime.management.base import DowntimeCommand, State
from downtime.management.schedule_edit import NOTHING_CHANGED, edit_schedule, preview_schedule, warn_of_overlaps
from downtime.schedule.periods import Period, Schedule


class Command(DowntimeCommand):
    """Cancels the period of that name."""

    help = (
        "Takes a period and its own comment lines out of the schedule; the rest of the file stays as it is. If the"
        " period was active, it says whether the site is up now."
    )
    examples = (
        "$ downtime_cancel storage-upgrade",
        "$ downtime_cancel storage-upgrade --dry-run",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the name of the period, as downtime_status shows it")
        arguments.add_no_wait(parser)
        arguments.add_dry_run(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            self._preview(options["name"])
        else:
            self._cancel(options["name"], is_waiting=not options["no_wait"])

    def _cancel(self, name: str, *, is_waiting: bool) -> None:
        cancelled = edit_schedule(self, lambda source: cancel(source, name))
        self.tell(f"Cancelled {name} in {conf.DOWNTIME_SCHEDULE_FILE}.")
        if not _is_active(cancelled.period):
            self._warn(name, cancelled)
            return
        if is_waiting:
            self.wait(2)
        self._tell_state(self.state())

    def _preview(self, name: str) -> None:
        """Shows what would be changed, and what that would lead to."""
        cancelled = preview_schedule(self, lambda source: cancel(source, name))
        if _is_active(cancelled.period):
            self.tell("This would then be the state:")
            self._tell_state(self.state().with_changes(schedule=cancelled.schedule))
        else:
            self._warn(name, cancelled)
        self.tell(NOTHING_CHANGED)

    def _warn(self, name: str, cancelled: Cancelled) -> None:
        warn_of_overlaps(self, cancelled.period, cancelled.schedule, f"overlaps with {name}, and stays in the schedule")

    def _tell_state(self, state: State) -> None:
        for line in state.why_not_up() or ["The site is up."]:
            self.tell(line)


def _is_active(period: Period) -> bool:
    return bool(Schedule((period,)).at(datetime.now(timezone.utc)).active)
