"""The options that commands share, and their values: converted, or refused in one line."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any, NoReturn, TypeVar

from django.core.management.base import CommandParser

from downtime.edits import schedule_text
from downtime.edits.yaml_writer import Value
from downtime.files import flag_file
from downtime.management.output import CommandError
from downtime.schedule import converters

T = TypeVar("T")
_DATE = re.compile(r"\d{4}-")


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


def to_moment(option: str, value: str, now: datetime, zone: tzinfo, *, fold: int) -> datetime:
    """The moment in UTC that an option names: ISO 8601, or + and a duration from now on; `fold` as in PEP 495."""
    if value.startswith("+"):
        return convert(option, value, lambda text: now + converters.duration(text[1:]))
    if not _DATE.match(value):
        refuse(option, value, "it must be a time such as '2026-12-01 02:00', or '+2h' for two hours from now")
    return convert(option, value, lambda text: converters.moment(text, zone, fold=fold))


def moment_text(value: str, moment: datetime, zone: tzinfo, *, fold: int) -> str:
    """The moment as the schedule holds it: as it was given, or in `zone` if it was counted from now on."""
    return schedule_text.format_moment(moment, zone, fold=fold) if value.startswith("+") else value


def refuse(option: str, value: str, error: object) -> NoReturn:
    """Ends the command with a line that names the option, its value and what it must be."""
    raise CommandError(f"{option} is {converters.shown(value)}; {error}")
