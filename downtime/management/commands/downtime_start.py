"""manage.py downtime_start: takes the site down by raising the flag."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from django.core.management.base import CommandParser
from django.utils.timezone import get_default_timezone

from downtime.conf import conf
from downtime.files import disk, flag_file
from downtime.files.atomic_write import CannotWrite
from downtime.files.dry_run import require_replaceable_unfollowed
from downtime.management import arguments, fleet, page_file
from downtime.management.base import DowntimeCommand, State
from downtime.management.output import CommandError
from downtime.management.schedule_edit import NOTHING_CHANGED, warn_of_overlaps
from downtime.management.times import local_time
from downtime.management.wording import effect
from downtime.schedule import converters
from downtime.schedule.periods import Period, is_known

# A nearer end keeps its fraction of a second, because it must come after the flag is written.
_NEAR = timedelta(minutes=1)


class Command(DowntimeCommand):
    """Raises the flag."""

    help = (
        "Takes the site down at once by raising the flag, and returns when every process refuses new requests; "
        "those that are running go on. With --fleet, takes down every host that runs downtime_follow."
    )
    examples = (
        "$ downtime_start --message 'Back at four.' --for 2h",
        "$ downtime_start --read-only --path /shop",
        "$ downtime_start --fleet --until 04:00",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--until", metavar="TIME", help=f"when the site comes back by itself: {arguments.TIMES}")
        parser.add_argument(
            "--for", metavar="DURATION", dest="duration", help="how long the site stays down: 90m, 2h, 1h30m, 1d"
        )
        arguments.add_period_options(parser)
        arguments.add_no_wait(parser)
        arguments.add_dry_run(parser)
        fleet.add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        wait = fleet.waiting_time(options)
        end = _end(options, datetime.now(timezone.utc))
        keys = arguments.period_keys(options)
        if end:
            keys["end"] = _iso(end)
        text = flag_file.flag_text(keys)
        if options["fleet"]:
            (fleet.preview if options["dry_run"] else fleet.announce)(self, text, wait)
        elif options["dry_run"]:
            self._preview(_flag_file(), text)
        else:
            self._start(_flag_file(), text)
            if wait is not None:
                self.wait(1)

    def _start(self, path: str, text: str) -> None:
        """Takes this host down."""
        done = "Updated" if _is_raised(path) else "Raised"
        # As soon as the flag is there, a front server may show the page.
        report = page_file.keep(lambda: page_file.subject_with(self.state(), path, text))
        self._raise_flag(path, text)
        state = self.state()
        raised = next((flag.period for flag in state.flags.raised if flag.path == path), None)
        period = raised or page_file.flag_period(text, datetime.now(timezone.utc))
        self.tell(f"{done} the flag {path}: {effect(period)}.")
        page_file.tell(self, report)
        self._warn_of_overlaps(period, state)

    def _preview(self, path: str, text: str) -> None:
        """Shows what would be done to take this host down."""
        verb = "update" if _is_raised(path) else "raise"
        try:
            require_replaceable_unfollowed(path)
        except CannotWrite as error:
            raise CommandError(str(error)) from error
        page_file.tell_preview(self)
        period = page_file.flag_period(text, datetime.now(timezone.utc))
        self.tell(f"Would {verb} the flag {path}: {effect(period)}.")
        for line in text.splitlines():
            self.tell(f"  {line}")
        self._warn_of_overlaps(period, self.state())
        self.tell(NOTHING_CHANGED)

    def _warn_of_overlaps(self, period: Period, state: State) -> None:
        """Warns of what may keep the site down after the end of the flag; one without an end outlasts everything."""
        if is_known(period.end):
            warn_of_overlaps(self, period, state.loaded.parsed.schedule, "overlaps with the flag")

    def _raise_flag(self, path: str, text: str) -> None:
        try:
            flag_file.raise_flag(path, text)
        except CannotWrite as error:
            # Otherwise the page would speak of this downtime during the next one.
            page_file.keep(lambda: page_file.subject_of(self.state().answer))
            raise CommandError(str(error)) from error


def _flag_file() -> str:
    """The path of the flag to raise; ends the command if the settings name none."""
    for path in conf.DOWNTIME_FLAG_FILE:
        return path
    raise CommandError("DOWNTIME_FLAG_FILE is empty, so there is no flag to raise; name a file in that setting")


def _is_raised(path: str) -> bool:
    """Whether the flag is there; ends the command if that is not known."""
    try:
        return disk.entry_fingerprint(path) is not None
    except OSError as error:
        raise CommandError(f"{path} can't be looked at: {disk.reason(error)}") from error


def _end(options: dict[str, Any], now: datetime) -> datetime | None:
    """When the site comes back by itself, or None if it does not."""
    until, duration = options["until"], options["duration"]
    if until is not None and duration is not None:
        raise CommandError("--until and --for are both given; give only one of them")
    if until is None and duration is None:
        return None
    if until is None:
        end = now + arguments.convert("--for", duration, converters.duration)
    else:
        end = arguments.to_moment("--until", until, now, get_default_timezone(), fold=1)
        if end <= now:
            arguments.refuse("--until", until, f"it must be a time after now, which is {local_time(now)}")
    return end if end - now < _NEAR else end.replace(microsecond=0)


def _iso(moment: datetime) -> str:
    return moment.astimezone(get_default_timezone()).isoformat(" ")
