"""manage.py downtime_edit: edits a copy of the schedule, and replaces the schedule with it once it has no problem."""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from typing import Any

from django.utils.timezone import get_default_timezone

from downtime.conf import conf
from downtime.edits.head import COMMENT, FIRST_LINE
from downtime.files import disk, schedule_file
from downtime.files.fields import Problem
from downtime.files.harmless import one_line
from downtime.files.parser import parse_bytes
from downtime.management import editor
from downtime.management.agenda import tell_schedule
from downtime.management.base import DowntimeCommand
from downtime.management.output import CommandError
from downtime.management.schedule_edit import problem_lines
from downtime.schedule.periods import Schedule


class Command(DowntimeCommand):
    """Lets a person edit the schedule in their own editor."""

    help = (
        "Opens a copy of the schedule in $VISUAL, $EDITOR or vi, and replaces the schedule with it once it has no "
        "problem."
    )
    examples = ("EDITOR=nano $ downtime_edit",)

    def handle(self, *args: Any, **options: Any) -> None:
        path = conf.DOWNTIME_SCHEDULE_FILE
        try:
            old = schedule_file.content(path) if disk.fingerprint(path) else None
        except OSError as error:
            raise CommandError(f"{path} can't be read: {disk.reason(error)}") from error
        first = f"{FIRST_LINE}\n{COMMENT}\n".encode() if old is None else old
        new, schedule = editor.with_copy(path, first, lambda copy: self._save(copy, path, old=old, first=first))
        if new == first:
            self.tell(f"{path} was not changed.")
            return
        self.tell(f"Saved {path}.")
        tell_schedule(self, schedule, schedule.at(datetime.now(timezone.utc)))

    def _save(self, copy: str, path: str, *, old: bytes | None, first: bytes) -> tuple[bytes, Schedule]:
        """Replaces the schedule with the edited copy, and returns its content and what that means."""
        new, schedule = self._edited(copy, first)
        editor.ignore_interrupts()
        if new != first and not schedule_file.take_over(path, old, new):
            raise CommandError(f"{path} was changed by somebody else meanwhile, and is left as they made it")
        return new, schedule

    def _edited(self, copy: str, first: bytes) -> tuple[bytes, Schedule]:
        """The content of the copy and what that means, once it has no problem or has not changed."""
        while True:
            editor.edit(copy)
            content = schedule_file.content(copy)
            parsed = parse_bytes(content, get_default_timezone())
            if not parsed.problems or content == first:
                return content, parsed.schedule
            self._ask(copy, parsed.problems)

    def _ask(self, copy: str, problems: tuple[Problem, ...]) -> None:
        """Returns if the person wants to edit the text again, otherwise ends the command."""
        lines = ["The text has problems:", *problem_lines(copy, problems)]
        if not sys.stdin.isatty():
            raise CommandError(*lines, f"{conf.DOWNTIME_SCHEDULE_FILE} was left alone")
        for line in lines:  # at -v 0 too, because it waits for an answer
            self.write(one_line(line))
        answer = ""
        while answer not in ("e", "g"):
            self.write("Edit again, or give up? [e/g] ", ending="")
            answer = (sys.stdin.readline() or "give up").strip().lower()[:1]
        if answer == "g":
            raise CommandError(f"gave up; {conf.DOWNTIME_SCHEDULE_FILE} was left alone")
