"""manage.py downtime_start: takes the site down by raising the flag."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from django.core.management.base import CommandParser
from django.utils.timezone import get_default_timezone

from downtime.conf import conf
from downtime.edits.yaml_writer import Value
from downtime.files import disk, flag_file
from downtime.files.atomic_write import CannotWrite
from downtime.management import arguments, page_file
from downtime.management.base import DowntimeCommand
from downtime.management.output import CommandError
from downtime.management.page_file import Subject
from downtime.management.wording import extent, local_time
from downtime.schedule import converters
from downtime.schedule.occurrence import rounded_up
from downtime.schedule.periods import is_known
from downtime.schedule.refusals import Refusal
from downtime.schedule.url_paths import trimmed

# An end that is nearer keeps its fraction of a second, as it must lie after the writing of the flag.
_NEAR = timedelta(minutes=1)


class Command(DowntimeCommand):
    """Raises the flag."""

    help = (
        "Takes the site down at once by raising the flag, and returns when every process refuses new requests; "
        "those that are running go on. "
        "Example: manage.py downtime_start --message 'Back at four.' --for 2h"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--until", metavar="TIME", help=f"when the site comes back by itself: {arguments.TIMES}")
        parser.add_argument(
            "--for", metavar="DURATION", dest="duration", help="how long the site stays down: 90m, 2h, 1h30m, 1d"
        )
        arguments.add_period_options(parser)
        arguments.add_no_wait(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        end = _end(options, datetime.now(timezone.utc))
        keys = arguments.period_keys(options)
        if end:
            keys["end"] = _iso(end)
        path = _flag_file()
        done = "Updated" if _is_raised(path) else "Raised"
        # As soon as the flag is there, a front server may show the page.
        report = page_file.keep(lambda: self._subject(path, keys))
        self._raise_flag(path, keys)
        self.tell(f"{done} the flag {path}: {_effect(keys, _end_of(path, end))}.")
        page_file.tell(self, report)
        if not options["no_wait"]:
            self.wait(1)

    def _subject(self, path: str, keys: dict[str, Value]) -> Subject:
        """What the page speaks of once the flag is raised with these keys."""
        state = self.state()
        zone, max_age = get_default_timezone(), conf.DOWNTIME_FLAG_MAX_AGE
        flag = flag_file.period_of(keys, zone=zone, raised_at=state.now, max_age=max_age)
        others = [other.period for other in state.flags.raised if other.path != path]
        return page_file.subject_of(state.loaded.parsed.schedule.at(state.now, [flag, *others]))

    def _raise_flag(self, path: str, keys: dict[str, Value]) -> None:
        try:
            flag_file.raise_flag(path, keys)
        except CannotWrite as error:
            # Else the page would speak of this downtime in the next one.
            page_file.keep(lambda: page_file.subject_of(self.state().answer))
            raise CommandError(str(error)) from error


def _flag_file() -> str:
    """The path of the flag to raise; ends the command if the settings name none."""
    for path in conf.DOWNTIME_FLAG_FILE:
        return path
    raise CommandError("DOWNTIME_FLAG_FILE is empty, so there is no flag to raise; name a file in that setting")


def _is_raised(path: str) -> bool:
    """Whether the flag is there; ends the command if that can't be told."""
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


def _end_of(path: str, end: datetime | None) -> datetime | None:
    """When the flag lets go, which is before the end that it was given if DOWNTIME_FLAG_MAX_AGE says so."""
    flags = flag_file.load_flags((path,), zone=get_default_timezone(), max_age=conf.DOWNTIME_FLAG_MAX_AGE)
    ends = (flag.period.end for flag in flags.raised if is_known(flag.period.end))
    return next(ends, end)


def _iso(moment: datetime) -> str:
    return moment.astimezone(get_default_timezone()).isoformat(" ")


def _effect(keys: dict[str, Value], end: datetime | None) -> str:
    """What the flag refuses, in the words of downtime_status, and until when."""
    paths = keys.get("paths")
    prefixes = tuple(map(trimmed, paths)) if isinstance(paths, list) else ("",)
    refused = extent(Refusal(bool(keys.get("read_only")), prefixes, ()))
    return f"{refused} until {local_time(rounded_up(end))}" if end else refused
