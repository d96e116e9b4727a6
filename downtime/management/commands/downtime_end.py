from __future__ import annotations

from datetime import datetime, timezone
from functools import partial
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.timezone import get_default_timezone

from downtime import flag
from downtime.conf import conf
from downtime.editing import CannotEdit, end_active
from downtime.files import CannotWrite
from downtime.loading import hidden, located
from downtime.management.base import DowntimeCommand, State
from downtime.rewriting import rewrite
from downtime.schedule import Window


class Command(DowntimeCommand):
    help = (
        "Brings the site back: lowers the flag, ends every period of the schedule that is active now, and returns when "
        "every process has noticed. Exits 1 where the site is still down. Example: manage.py downtime_end"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-wait", action="store_true", help="return at once")

    def handle(self, *args: Any, **options: Any) -> None:
        path = conf.DOWNTIME_FLAG_FILE[0]
        try:
            was_raised = flag.lower_flag(path)
            if was_raised:
                self.stdout.write(f"Lowered the flag {path}.")
            ended = self._end_periods()
        except CannotWrite as error:
            raise CommandError(str(error)) from error
        except CommandError:
            if was_raised and not options["no_wait"]:
                self.wait(1)
            raise
        if not options["no_wait"] and (was_raised or ended):
            self.wait(2 if ended else 1)
        state = self.state()
        if state.answer.active:
            raise CommandError(_still_down(state))
        if reasons := hidden(conf.DOWNTIME_FLAG_FILE):
            raise CommandError("\n".join(["The site may still be down:", *reasons]))
        self.stdout.write(
            "The site is up." if was_raised or ended else "The site was not down; there was nothing to end."
        )

    def _end_periods(self) -> tuple[Window, ...]:
        """The windows of the schedule that were ended; a schedule without one is not touched."""
        state = self.state()
        loaded, zone = state.loaded, get_default_timezone()
        if loaded.parsed.problems:
            lines = "".join(f"\n{line}" for line in state.problems())
            raise CommandError(
                f"{loaded.path} has problems, so no period of it can be ended; correct these first:{lines}"
            )
        if not loaded.parsed.schedule.at(state.now).active:
            return ()
        ended: list[Window] = []

        def edit(text: str) -> str:
            edited = end_active(text, zone, datetime.now(timezone.utc))
            ended.extend(edited.ended)
            return edited.text

        try:
            rewrite(loaded.path, edit)
        except CannotEdit as error:
            lines = "".join(f"\n{located(loaded.path, problem)}" for problem in error.problems)
            raise CommandError(f"{loaded.path} was not changed: {error}{lines}") from error
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{loaded.path} can't be read: {error}") from error
        for window in ended:
            what = "the running occurrence of " if window.period.recurrence else ""
            self.stdout.write(f"Ended {what}{state.name(window)} in {loaded.path}.")
        return tuple(ended)


def _still_down(state: State) -> str:
    names = ", ".join(map(partial(State.name, state), state.answer.active))
    return f"The site is still down, because of: {names}"
