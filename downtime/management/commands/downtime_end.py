"""manage.py downtime_end: brings the site back by lowering the flag and ending the active periods."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from django.core.management.base import CommandParser

from downtime.conf import conf
from downtime.edits.end import Ended, end_active
from downtime.edits.schedule_text import ScheduleText
from downtime.files import flag_file
from downtime.files.atomic_write import CannotWrite
from downtime.files.dry_run import is_removable
from downtime.management import arguments, fleet, page_file
from downtime.management.base import DowntimeCommand
from downtime.management.output import CommandError, Printer
from downtime.management.page_file import NEUTRAL
from downtime.management.schedule_edit import NOTHING_CHANGED, edit_schedule, preview_schedule, problem_lines

_NOTHING_TO_END = "The site was not down; there was nothing to end."
_THEN = "nothing was changed; this would then be the state:"


class Command(DowntimeCommand):
    """Ends whatever takes the site down now."""

    help = (
        "Brings the site back: lowers the flag, ends every period of the schedule that is active now, and returns "
        "when every process has noticed. Exits with 1 unless the site is then up. With --fleet, lowers the flag "
        "that all hosts of the fleet share instead, and nothing else."
    )
    examples = (
        "$ downtime_end",
        "$ downtime_end --dry-run",
        "$ downtime_end --fleet --wait 30",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        arguments.add_no_wait(parser)
        arguments.add_dry_run(parser)
        fleet.add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        wait = fleet.waiting_time(options)
        if options["fleet"]:
            self._end_fleet(wait, is_dry=options["dry_run"])
        elif options["dry_run"]:
            self._preview()
        else:
            self._end(is_waiting=wait is not None)

    def _end_fleet(self, wait: float | None, *, is_dry: bool) -> None:
        if is_dry:
            fleet.preview(self, None, wait)
        else:
            fleet.tell_own_flags(self, fleet.announce(self, None, wait).own_flags)

    def _end(self, *, is_waiting: bool) -> None:
        """Brings this host back."""
        was_raised = self._lower_flag()
        # Otherwise the next flag, say one raised by `touch`, would show the message of this downtime.
        page_file.tell(self, page_file.keep(lambda: NEUTRAL), of="the neutral page")
        try:
            ended = self._end_periods(edit_schedule, "Ended")
        except CommandError as error:
            if was_raised and is_waiting:
                self.wait(1)
            raise CommandError(*error.lines, *self.state().why_not_up()) from error
        if is_waiting and (was_raised or ended):
            self.wait(2 if ended else 1)
        if why := self.state().why_not_up():
            raise CommandError(*why)
        self.tell("The site is up." if was_raised or ended else _NOTHING_TO_END)

    def _preview(self) -> None:
        """Shows what would be done to bring this host back, and ends the command as doing it would."""
        lowered = next(filter(_would_be_lowered, conf.DOWNTIME_FLAG_FILE[:1]), "")
        if lowered:
            self.tell(f"Would lower the flag {lowered}.")
        page_file.tell_preview(self, of="the neutral page")
        try:
            ended = self._end_periods(preview_schedule, "Would end")
        except CommandError as error:
            why = self.state().with_changes(lowered=lowered).why_not_up()
            raise CommandError(*error.lines, _THEN, *why) from error
        state = self.state().with_changes(lowered=lowered, schedule=ended.schedule if ended else None)
        if why := state.why_not_up():
            raise CommandError(_THEN, *why)
        self.tell("Then the site would be up." if lowered or ended else _NOTHING_TO_END)
        self.tell(NOTHING_CHANGED)

    def _lower_flag(self) -> bool:
        """Lowers the flag that downtime_start raises, if the settings name one; False if it was not raised."""
        for path in conf.DOWNTIME_FLAG_FILE[:1]:
            try:
                was_raised = flag_file.lower_flag(path)
            except CannotWrite as error:
                raise CommandError(str(error)) from error
            if was_raised:
                self.tell(f"Lowered the flag {path}.")
            return was_raised
        return False

    def _end_periods(
        self, edit: Callable[[Printer, Callable[[ScheduleText], Ended]], Ended], verb: str
    ) -> Ended | None:
        """Ends the active windows of the schedule by that edit; a schedule without one is not touched."""
        state = self.state()
        loaded = state.loaded
        if loaded.parsed.problems:
            raise CommandError(
                f"{loaded.path} has problems, so no period of it can be ended; correct them first:",
                *problem_lines(loaded.path, loaded.parsed.problems),
            )
        if not loaded.parsed.schedule.at(state.now).active:
            return None
        ended = edit(self, lambda source: end_active(source, datetime.now(timezone.utc)))
        for window in ended.windows:
            what = "the running occurrence of " if window.period.recurrence else ""
            self.tell(f"{verb} {what}{state.label(window)} in {loaded.path}.")
        return ended


def _would_be_lowered(path: str) -> bool:
    try:
        return is_removable(path)
    except CannotWrite as error:
        raise CommandError(str(error)) from error
