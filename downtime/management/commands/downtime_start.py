from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.timezone import get_default_timezone

from downtime import flag, values
from downtime.conf import conf
from downtime.files import CannotWrite
from downtime.management.base import DowntimeCommand, future, refuse, shown


class Command(DowntimeCommand):
    help = (
        "Takes the site down at once by raising the flag, and returns when every process has noticed. "
        "Example: manage.py downtime_start --message 'Back at four.' --for 2h"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--message", metavar="TEXT", help="plain text for the page and the JSON body")
        parser.add_argument(
            "--until", metavar="TIME", help="when the site comes back by itself: 2026-12-01 04:00, or +2h"
        )
        parser.add_argument(
            "--for", metavar="DURATION", dest="duration", help="likewise, from now on: 90m, 2h, 1h30m, 1d"
        )
        parser.add_argument("--retry-after", metavar="SECONDS", help="the Retry-After header where no end is known")
        parser.add_argument("--redirect", metavar="URL", help="redirect browsers there instead of showing the page")
        parser.add_argument("--read-only", action="store_true", help="let GET, HEAD and OPTIONS pass")
        parser.add_argument(
            "--path",
            metavar="PREFIX",
            action="append",
            default=[],
            help="only these parts of the site; may be repeated",
        )
        parser.add_argument("--no-wait", action="store_true", help="return at once")

    def handle(self, *args: Any, **options: Any) -> None:
        # A whole second that is not over yet, so that an end in a second's time lies behind the raising of the flag.
        keys = _keys(options, datetime.now(timezone.utc).replace(microsecond=0) + timedelta(seconds=1))
        path = conf.DOWNTIME_FLAG_FILE[0]
        try:
            was_raised = flag.look(path) is not None
            flag.raise_flag(path, {**keys, "end": _iso(keys["end"])} if "end" in keys else keys)
        except CannotWrite as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{path} can't be looked at: {error.strerror}") from error
        if not options["no_wait"]:
            self.wait(1)
        done = "Updated" if was_raised else "Raised"
        self.stdout.write(f"{done} the flag {path}: the site is down{_extent(keys)}.")


def _keys(options: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The keys of the flag that the options ask for."""
    keys: dict[str, Any] = {}
    if options["message"]:
        keys["message"] = _read("--message", options["message"], flag.message)
    if options["until"] is not None and options["duration"] is not None:
        raise CommandError("--until and --for are both given; allowed is one of the two")
    if options["until"] is not None:
        keys["end"] = future("--until", options["until"], now)
    if options["duration"] is not None:
        keys["end"] = now + _read("--for", options["duration"], values.duration)
    if options["retry_after"] is not None:
        keys["retry_after"] = _read("--retry-after", str(options["retry_after"]), values.seconds)
    if options["redirect"] is not None:
        keys["redirect"] = _read("--redirect", options["redirect"], values.url)
    if options["read_only"]:
        keys["read_only"] = True
    if options["path"]:
        keys["paths"] = [_read("--path", path, values.prefix) or "/" for path in options["path"]]
    return keys


def _iso(moment: datetime) -> str:
    return moment.astimezone(get_default_timezone()).isoformat(" ", "seconds")


def _read(option: str, value: str, convert: Any) -> Any:
    try:
        return convert(value)
    except ValueError as error:
        refuse(option, value, error)


def _extent(keys: dict[str, Any]) -> str:
    parts = []
    if keys.get("paths"):
        parts.append(f"below {', '.join(keys['paths'])}")
    if keys.get("read_only"):
        parts.append("for all but reading")
    if "end" in keys:
        parts.append(f"until {shown(keys['end'])}")
    return "".join(f" {part}" for part in parts)
