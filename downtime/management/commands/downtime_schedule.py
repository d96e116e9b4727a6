"""manage.py downtime_schedule: adds a period to the schedule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone, tzinfo
from itertools import islice
from typing import Any

from django.core.management.base import CommandParser

from downtime.conf import conf
from downtime.edits.add import add, period_of
from downtime.edits.schedule_text import ScheduleText
from downtime.edits.yaml_writer import Value
from downtime.management import arguments
from downtime.management.base import DowntimeCommand
from downtime.management.output import CommandError
from downtime.management.schedule_edit import NOTHING_CHANGED, edit_schedule, preview_schedule, warn_of_overlaps
from downtime.management.times import distance, local_time
from downtime.management.wording import time_span
from downtime.schedule import converters, recurrence
from downtime.schedule.periods import Period, Schedule, Window

_MOST_SHOWN = 3


class Command(DowntimeCommand):
    """Adds one period to the schedule."""

    help = (
        "Adds a period to the schedule, and prints what it wrote and when that applies. The rest of the file stays"
        " as it is."
    )
    examples = (
        "$ downtime_schedule storage-upgrade --start '2026-12-01 02:00' --for 2h",
        "$ downtime_schedule weekly-reindex --cron '30 3 * * SUN' --for 45m --read-only",
        "$ downtime_schedule new-disks --start 'tomorrow 02:00' --for 2h --dry-run",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the name of the period, which no other may have")
        parser.add_argument("--start", metavar="TIME", help=f"when it begins: {arguments.TIMES}")
        parser.add_argument("--end", metavar="TIME", help=f"when it ends: {arguments.TIMES}")
        parser.add_argument(
            "--for", metavar="DURATION", dest="duration", help="how long it lasts, each time: 90m, 2h, 1h30m, 1d"
        )
        parser.add_argument(
            "--cron",
            metavar="EXPR",
            help="when it begins each time, in cron fields; --start and --end are its bounds",
        )
        parser.add_argument(
            "--timezone", metavar="ZONE", help="the zone of these times; default: the schedule's, or else the project's"
        )
        arguments.add_period_options(parser)
        arguments.add_no_wait(parser)
        arguments.add_dry_run(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        _require(options)
        keys = _keys_without_times(options)
        now = datetime.now(timezone.utc)
        edit = preview_schedule if options["dry_run"] else edit_schedule
        scheduled = edit(self, lambda source: _schedule(source, keys, options, now), creates=True)
        if not options["dry_run"]:
            for line in (f"Added to {conf.DOWNTIME_SCHEDULE_FILE}:", *scheduled.addition.splitlines()):
                self.tell(line)
        first, *later = scheduled.windows
        self.tell(f"It {_when(first, now)}.")
        for window in later:
            self.tell(f"After that {distance(window.start, now)}, {time_span(window, now)}.")
        warn_of_overlaps(self, first.period, scheduled.others, f"overlaps with {options['name']}")
        if options["dry_run"]:
            self.tell(NOTHING_CHANGED)
        elif first.start <= now and not options["no_wait"]:
            self.wait(2)


def _when(window: Window, now: datetime) -> str:
    if window.start <= now:
        return f"applies now, {time_span(window, now)}"
    return f"next applies {distance(window.start, now)}, {time_span(window, now)}"


@dataclass(frozen=True, slots=True)
class _Scheduled:
    text: str
    addition: str
    windows: tuple[Window, ...]
    """The next ones, at least one."""
    others: Schedule


def _schedule(source: ScheduleText, keys: dict[str, Value], options: dict[str, Any], now: datetime) -> _Scheduled:
    """Adds the period to the text, and says when it applies next; ends the command if it never does."""
    zone = converters.zone(options["timezone"]) if options["timezone"] else source.zone
    keys = {"name": keys["name"], **_times(options, now, zone), **keys}
    windows = _next(period_of(keys, zone), options, now)
    added = add(source, keys)
    return _Scheduled(added.text, added.addition, windows, source.schedule)


def _require(options: dict[str, Any]) -> None:
    """Ends the command if the options do not describe a period."""
    if options["cron"] is not None:
        if options["duration"] is None:
            raise CommandError("--cron needs --for DURATION, which says how long it lasts each time")
    elif options["start"] is None:
        raise CommandError("the period has no start; give --start TIME, or --cron EXPR")
    elif options["end"] is None and options["duration"] is None:
        raise CommandError(
            "the period has no end; give --end TIME or --for DURATION, or use downtime_start if the end is not known"
        )
    elif options["end"] is not None and options["duration"] is not None:
        raise CommandError("--end and --for are both given; give only one of them")


def _keys_without_times(options: dict[str, Any]) -> dict[str, Value]:
    """The keys of the period except its times, which depend on the zone of the file."""
    keys: dict[str, Value] = {"name": arguments.convert("NAME", options["name"], converters.name)}
    if options["timezone"] is not None:
        arguments.convert("--timezone", options["timezone"], converters.zone)
        keys["timezone"] = options["timezone"]
    if options["cron"] is not None:
        arguments.convert("--cron", options["cron"], recurrence.check_expression)
    if options["duration"] is not None:
        arguments.convert("--for", options["duration"], converters.duration)
    return {**keys, **arguments.period_keys(options)}


def _times(options: dict[str, Any], now: datetime, zone: tzinfo) -> dict[str, Value]:
    """The keys that say when, as they were given, except that a time counted from now is written out."""
    keys: dict[str, Value] = {}
    if options["cron"] is not None:
        keys["cron"] = options["cron"]
    # From the second that has begun, so that what starts now applies at once.
    second = latest = now.replace(microsecond=0)
    for key, fold in (("start", 0), ("end", 1)):
        if (value := options[key]) is not None:
            moment = arguments.to_moment(f"--{key}", value, second, zone, fold=fold, after=latest)
            keys[key] = arguments.moment_text(value, moment, zone, fold=fold)
            latest = max(latest, moment)
    if options["duration"] is not None:
        keys["duration"] = options["duration"]
    return keys


def _next(period: Period, options: dict[str, Any], now: datetime) -> tuple[Window, ...]:
    """The first windows of the period that are not over; ends the command if there is none."""
    if period.end <= period.start:
        arguments.refuse("--end", options["end"], f"it must be a time after the start, {local_time(period.start)}")
    if windows := tuple(islice(Schedule((period,)).windows(now), _MOST_SHOWN)):
        return windows
    if period.recurrence:
        raise CommandError(
            f"{converters.shown(options['cron'])} does not occur within those bounds after now, {local_time(now)}"
        )
    raise CommandError(
        f"the period would be over already: it ends at {local_time(period.end)}, and now it is {local_time(now)}"
    )
