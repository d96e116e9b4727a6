"""The options that commands share, and their values: converted, or refused in one line."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any, NoReturn, TypeVar

from django.core.management.base import CommandParser

from downtime.edits import schedule_text
from downtime.edits.yaml_writer import Value
from downtime.files import flag_file
from downtime.management.output import CommandError
from downtime.schedule import converters

T = TypeVar("T")
TIMES = "2026-12-01 02:00, 'tomorrow 02:00', 02:00, +2h or now"
"""Examples of what can be given as a TIME, for the help of the commands."""
_DATE = re.compile(r"\d{4}-")
_TIME_OF_DAY = r"\d\d:\d\d(?::\d\d)?"
_DAY = re.compile(rf"(today|tomorrow)(?: ({_TIME_OF_DAY}))?", re.ASCII)


def add_period_options(parser: CommandParser) -> None:
    """Adds the options that say what is refused, and what a refused visitor gets."""
    parser.add_argument("--message", metavar="TEXT", help="plain text for the page and the JSON body")
    parser.add_argument("--retry-after", metavar="SECONDS", help="the Retry-After header if no end is known")
    parser.add_argument("--redirect", metavar="URL", help="redirect browsers there instead of showing the page")
    parser.add_argument("--read-only", action="store_true", help="let GET, HEAD and OPTIONS pass")
    parser.add_argument(
        "--path",
        metavar="PREFIX",
        action="append",
        default=[],
        help="only these parts of the site; may be repeated",
    )


def add_no_wait(parser: CommandParser) -> None:
    """Adds the option not to wait until every process has noticed."""
    parser.add_argument("--no-wait", action="store_true", help="return at once")


def add_dry_run(parser: CommandParser) -> None:
    """Adds the option to show what would be done, and to do nothing."""
    parser.add_argument("--dry-run", action="store_true", help="show what would be changed, and change nothing")


def period_keys(options: dict[str, Any]) -> dict[str, Value]:
    """The keys of a period or a flag that those options ask for."""
    keys: dict[str, Value] = {}
    if options["message"]:
        keys["message"] = convert("--message", options["message"], flag_file.message)
    if options["retry_after"] is not None:
        keys["retry_after"] = convert("--retry-after", str(options["retry_after"]), converters.seconds)
    if options["redirect"] is not None:
        keys["redirect"] = convert("--redirect", options["redirect"], converters.url)
    if options["read_only"]:
        keys["read_only"] = True
    if options["path"]:
        keys["paths"] = [convert("--path", path, converters.prefix) or "/" for path in options["path"]]
    return keys


def convert(option: str, value: str, converter: Callable[[str], T]) -> T:
    """The converted value of the option; ends the command if it can't be converted."""
    try:
        return converter(value)
    except ValueError as error:
        refuse(option, value, error)


def to_moment(
    option: str, value: str, now: datetime, zone: tzinfo, *, fold: int, after: datetime | None = None
) -> datetime:
    """The moment in UTC that an option names, as ISO 8601 or counted from `now`; `fold` as in PEP 495.

    A time of day is the next one after `after`, by default after `now`."""
    return convert(option, value, lambda text: _moment(text, now, after or now, zone, fold))


def moment_text(value: str, moment: datetime, zone: tzinfo, *, fold: int) -> str:
    """The moment as the schedule holds it: as it was given, or in `zone` if it was counted from now."""
    if _DATE.match(value):
        return value.replace(",", ".")
    return schedule_text.format_moment(moment, zone, fold=fold)


def _moment(text: str, now: datetime, after: datetime, zone: tzinfo, fold: int) -> datetime:
    if text == "now":
        return now
    if text.startswith("+"):
        return now + converters.duration(text[1:])
    if re.fullmatch(_TIME_OF_DAY, text, re.ASCII):
        return _next(text, after, zone, fold)
    if day := _DAY.fullmatch(text):
        date = now.astimezone(zone).date() + timedelta(days=day[1] == "tomorrow")
        return converters.moment(f"{date} {day[2]}" if day[2] else str(date), zone, fold=fold)
    if _DATE.match(text):
        return converters.moment(text.replace(",", "."), zone, fold=fold)
    raise ValueError(
        "it must be a time such as '2026-12-01 02:00', or '+2h' for two hours from now, "
        "'04:00' for the next time that it is four o'clock, 'tomorrow 02:00' or 'now'"
    )


def _next(time: str, after: datetime, zone: tzinfo, fold: int) -> datetime:
    """The first moment after `after` at which the clocks of the zone show that time, such as 04:00."""
    local = after.astimezone(zone)
    try:
        today = [converters.moment(f"{local.date()} {time}", zone, fold=each) for each in (fold, 1)]
    except ValueError:
        if time > f"{local:%H:%M:%S}":  # no such time, or one that the clocks are about to skip
            raise
        today = []
    tomorrow = f"{local.date() + timedelta(days=1)} {time}"
    return next((moment for moment in today if moment > after), None) or converters.moment(tomorrow, zone, fold=fold)


def refuse(option: str, value: str, error: object) -> NoReturn:
    """Ends the command with a line that names the option, its value and what it must be."""
    raise CommandError(f"{option} is {converters.shown(value)}; {error}")
