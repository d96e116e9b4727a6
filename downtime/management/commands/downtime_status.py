"""manage.py downtime_status: shows the state of the site, its periods and the problems of its files."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandParser

from downtime.management.base import DowntimeCommand, State
from downtime.management.output import as_json
from downtime.management.status_json import as_dict
from downtime.management.wording import status_line, window_line
from downtime.schedule.periods import Window
from downtime.schedule.site_status import DOWN, PARTLY, READ_ONLY, UNKNOWN, UP

_EXIT_CODES = {UP: 0, DOWN: 3, UNKNOWN: 4, PARTLY: 5, READ_ONLY: 5}


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
            help="exit with 0 if the site is up, 3 if it is down, 5 if it is partly down or read-only, 4 if unknown",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        state = self.state()
        upcoming = state.loaded.parsed.schedule.upcoming(state.now)
        if options["json"]:
            self.write(as_json(as_dict(state, upcoming)))
        else:
            self._print(state, upcoming)
        if options["exit_code"] and (code := _EXIT_CODES[state.site_status.state]):
            sys.exit(code)

    def _print(self, state: State, upcoming: list[Window]) -> None:
        self.tell(status_line(state.site_status, state.flags.raised))
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
