"""manage.py downtime_status: shows the state of the site, its periods and the problems of its files."""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from typing import Any

from django.core.management.base import CommandParser
from django.utils.timezone import get_default_timezone

from downtime.management import arguments, fleet_status
from downtime.management.base import DowntimeCommand, State
from downtime.management.output import CommandError, as_json
from downtime.management.status_json import as_dict
from downtime.management.status_text import tell_files, tell_next_steps, tell_status
from downtime.management.times import local_time
from downtime.schedule.periods import Window
from downtime.schedule.site_status import DOWN, PARTLY, READ_ONLY, UNKNOWN, UP
from downtime.visit import Visit, to_method, to_path, visit

_EXIT_CODES = {UP: 0, DOWN: 3, UNKNOWN: 4, PARTLY: 5, READ_ONLY: 5}


class Command(DowntimeCommand):
    """Prints the state of the site, for people or programs."""

    help = (
        "Shows the state of the site, since when, until when and why, what is coming, the problems of the files, "
        "and what to do next."
    )
    examples = (
        "$ downtime_status",
        "$ downtime_status --exit-code --json",
        "$ downtime_status --at 'tomorrow 02:30' --path /shop/cart --method POST",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="show each period that is coming, not only the next ten")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--exit-code",
            action="store_true",
            help="exit with 0 if the site is up, 3 if it is down, 5 if it is partly down or read-only, 4 if unknown",
        )
        parser.add_argument("--at", metavar="TIME", help="the state then, by the files as they are now; default: now")
        parser.add_argument("--path", metavar="PATH", help="what a visitor would get there, whoever it is")
        parser.add_argument("--method", metavar="METHOD", help="the method of that request; default: GET")
        what = "what is published to the fleet, and which hosts follow; exits with 4 unless each known host does"
        parser.add_argument("--fleet", action="store_true", help=what)
        parser.add_argument("--forget", metavar="HOST", help="with --fleet, forget a host that is gone for good")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["fleet"] or options["forget"] is not None:
            fleet_status.show(self, options)
            return
        at = _moment(options["at"])
        path, method = _request(options["path"], options["method"])
        state = self.state(at)
        upcoming = state.loaded.parsed.schedule.upcoming(state.now)
        visited = visit(path, method, state.answer, is_sure=not state.doubts) if path else None
        if options["json"]:
            self.write(as_json(as_dict(state, upcoming, visited)))
        else:
            self._tell(state, upcoming, visited, at, is_whole=options["all"])
        if options["exit_code"] and (code := _EXIT_CODES[state.site_status.state]):
            sys.exit(code)

    def _tell(
        self, state: State, upcoming: list[Window], visited: Visit | None, at: datetime | None, *, is_whole: bool
    ) -> None:
        if at is not None:
            self.tell(f"At {local_time(at)}, by the files as they are now:")
        tell_status(self, state, upcoming, visited, is_whole=is_whole)
        tell_files(self, state)
        if at is None:  # no command brings back what is not down yet
            tell_next_steps(self, state)


def _moment(at: str | None) -> datetime | None:
    if at is None:
        return None
    return arguments.to_moment("--at", at, datetime.now(timezone.utc), get_default_timezone(), fold=0)


def _request(path: str | None, method: str | None) -> tuple[str, str]:
    """The path and the method of the request; no path if none is asked about."""
    if path is None and method is not None:
        raise CommandError("--method is given without --path; give the path of the request as well")
    path = "" if path is None else arguments.convert("--path", path, to_path)
    return path, "GET" if method is None else arguments.convert("--method", method, to_method)
