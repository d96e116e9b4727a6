"""manage.py downtime_link: prints a signed link that lets its bearer pass."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandParser
from django.urls import get_script_prefix

from downtime.files.harmless import one_line
from downtime.http import bypass
from downtime.management.arguments import convert
from downtime.management.base import DowntimeCommand
from downtime.management.output import CommandError
from downtime.management.times import local_time
from downtime.schedule import converters
from downtime.schedule.site_status import UP

_MOST_HOURS = 720
_IS_UP = (
    "The site is up, so the link lets nobody pass yet. If it is opened now, its token stays in the address bar "
    "and goes out in the Referer; hand it round once the site is down."
)
_LOCAL = ("localhost", "127.0.0.1", "[::1]")


class Command(DowntimeCommand):
    """Prints a bypass link."""

    help = (
        "Prints a link that lets its bearer pass while the site is down: opened in a browser, it sets a cookie. It"
        " is signed with SECRET_KEY, so it works on every host with the same key, and expires by itself."
    )
    examples = ("$ downtime_link --hours 2 --url https://www.example.com/shop/",)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--hours", metavar="N", default="8", help=f"1 to {_MOST_HOURS}; default: 8")
        parser.add_argument(
            "--url",
            metavar="BASE",
            help="where it leads; default: the first host that ALLOWED_HOSTS names in full, or this machine with DEBUG",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        hours = convert("--hours", str(options["hours"]), _hours)
        base = _own_url() if options["url"] is None else convert("--url", options["url"], _absolute)
        try:
            link = bypass.link(base, hours * 3600)
        except ImproperlyConfigured as error:
            raise CommandError(f"no link can be signed: {error}") from error
        self.write(one_line(link))
        until = datetime.now(timezone.utc) + timedelta(hours=hours)
        if self.verbosity:
            self.stderr.write(one_line(f"Whoever opens it while the site is down passes until {local_time(until)}."))
            if self.state().site_status.state == UP:
                self.stderr.write(one_line(_IS_UP))


def _hours(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= _MOST_HOURS):
        raise ValueError(f"it must be a whole number of hours from 1 to {_MOST_HOURS}")
    return int(text)


def _absolute(text: str) -> str:
    if text.startswith(("http://", "https://")):
        with suppress(ValueError):
            return converters.url(text)
    raise ValueError("it must be a whole URL of the site, such as https://www.example.com/")


def _own_url() -> str:
    if settings.DEBUG:
        return f"http://127.0.0.1:8000{get_script_prefix()}"
    for host in settings.ALLOWED_HOSTS:
        if not host.startswith((".", "*")) and host not in _LOCAL:
            return f"https://{host}{get_script_prefix()}"
    raise CommandError(
        "--url is needed, as ALLOWED_HOSTS names no host in full; for example --url https://www.example.com/"
    )
