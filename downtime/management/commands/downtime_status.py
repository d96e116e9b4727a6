"""manage.py downtime_status: shows the state of the site, its periods and the problems of its files."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandParser
from django.utils.timezone import get_default_timezone

from downtime.conf import conf
from downtime.management.base import DowntimeCommand, State
from downtime.management.output import as_json
from downtime.management.wording import status_line, window_line
from downtime.schedule.occurrence import occurrence
from downtime.schedule.periods import Window
from downtime.schedule.site_status import site_status

_DOWN = 3


class Command(DowntimeCommand):
    """Prints the state of the site, for people or programs."""

    help = (
        "Shows the state of the site, since when, until when and why, what is coming, and the problems of the files. "
        "Example: manage.py downtime_status --exit-code"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--exit-code",
            action="store_true",
            help="exit with 0 if the site is up, and with 3 if any period is active",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        state = self.state()
        upcoming = state.loaded.parsed.schedule.upcoming(state.now)
        if options["json"]:
            self.write(as_json(_as_json(state, upcoming)))
        else:
            self._print(state, upcoming)
        if options["exit_code"] and state.answer.active:
            sys.exit(_DOWN)

    def _print(self, state: State, upcoming: list[Window]) -> None:
        self.tell(status_line(site_status(state.answer), state.flags.raised))
        for window in state.answer.active:
            self.tell(window_line(state.label(window), window, state.now))
        if upcoming:
            self.tell("Coming:")
        for window in upcoming:
            self.tell(window_line(state.label(window), window, state.now))
        problems = state.problems()
        if problems:
            self.tell("Problems:")
        for problem in problems:
            self.tell(f"  {problem}")


def _as_json(state: State, upcoming: list[Window]) -> dict[str, Any]:
    return {
        "down": bool(state.answer.active),
        "active": [_window_as_json(window) for window in state.answer.active],
        "upcoming": [_window_as_json(window) for window in upcoming],
        "problems": state.problems(),
        "schedule_file": conf.DOWNTIME_SCHEDULE_FILE,
        "flag_files": list(conf.DOWNTIME_FLAG_FILE),
    }


def _window_as_json(window: Window) -> dict[str, Any]:
    period = occurrence(window, get_default_timezone())
    return {
        "name": period.name or None,
        "start": period.start and period.start.isoformat(),
        "end": period.end and period.end.isoformat(),
        "message": period.message or None,
        "read_only": period.read_only,
        "paths": list(period.paths),
    }
