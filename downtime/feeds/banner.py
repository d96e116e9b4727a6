"""What the banner says: what is refused on a page and what is to come there, ready for its template."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import timezone as datetime_timezone
from functools import partial
from hashlib import sha256
from typing import Any

from django.apps import apps
from django.conf import settings
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import get_format

from downtime import live
from downtime.http.language import is_right_to_left, nearest_with_texts
from downtime.http.throttled_log import ThrottledLogger
from downtime.schedule.announcements import Announcement, announcements
from downtime.schedule.occurrence import Occurrence, occurrence, zone_name
from downtime.schedule.periods import Window
from downtime.schedule.url_paths import first_paths

logger = ThrottledLogger(__name__)

Choice = Callable[..., list[Announcement]]
"""`announcements` or `announcements_once_open`."""


@dataclass(frozen=True, slots=True)
class Notice:
    """An announcement in the current time zone, as the template of the banner words it."""

    period: Occurrence
    start: datetime | None
    end: datetime | None
    is_running: bool
    """Whether it refuses something now; otherwise it is yet to come."""
    parts: list[str]
    """The first paths of the parts that it concerns; empty for the whole site."""
    id: str = ""
    """Identifies the period; changes if the period is moved or says something else."""

    @property
    def state(self) -> str:
        """`coming`; or `read-only` or `down`, for what is running."""
        if not self.is_running:
            return "coming"
        return "read-only" if self.period.read_only else "down"

    @property
    def is_within_a_day(self) -> bool:
        """Whether it starts and ends on the same date."""
        return self.start is not None and self.end is not None and self.start.date() == self.end.date()

    @property
    def zone(self) -> str:
        """The name of the time zone at its end, or at its start if no end is known."""
        moment = self.end or self.start
        return zone_name(moment) if moment else ""

    @property
    def start_time(self) -> str:
        """The time of day at which it starts, with the zone if that is another one at its end."""
        if self.start is None:
            return ""
        zone = zone_name(self.start)
        return f"{self.start:%H:%M}" if zone == self.zone else f"{self.start:%H:%M} {zone}"


def banner_context(
    path: str | None, language: str, *, ahead: timedelta, choice: Choice = announcements
) -> dict[str, Any]:
    """What the template of the banner is given for a page at that path, in a language near to that one."""
    # Of one look; another thread may look in between.
    last, now = live.current.overview(), datetime.now(datetime_timezone.utc)
    code = nearest_with_texts(language)
    return {
        "announcements": [_notice(found) for found in choice(last.answer, last.upcoming, now, ahead=ahead, path=path)],
        "language_code": code,
        "language_bidi": is_right_to_left(code),
        "message_language": settings.LANGUAGE_CODE,
        "date_format": get_format("DATE_FORMAT", lang=code, use_l10n=True),
        "stylesheet": partial(static_url, "downtime/banner.css"),
    }


def is_down(path: str | None) -> bool:
    """Whether the page at that path is down; if it is shown even so, the visitor or the page is exempt."""
    return path is not None and live.current.last_answer().covering(path, safe=True) is not None


def window_id(window: Window) -> str:
    """An id that is the same in every process, and changes if anything that people are told of the window does."""
    period = window.period
    facts = (period.name, window.start, window.end, period.message, period.read_only, period.paths)
    return sha256(repr(facts).encode()).hexdigest()[:16]


def static_url(name: str) -> str:
    """The URL of a static file of the app; empty if the site has no static files or has not collected this one."""
    if not settings.STATIC_URL or not apps.is_installed("django.contrib.staticfiles"):
        return ""
    try:
        return static(name)
    except Exception:  # a storage can raise anything, for example without its manifest; the words need no style
        logger.exception("the static file %s has no URL, so the banner goes without it; run collectstatic", name)
        return ""


def _notice(announcement: Announcement) -> Notice:
    zone = timezone.get_default_timezone()
    period = occurrence(announcement.window, zone, end=announcement.until)
    return Notice(
        period=period,
        start=period.start and timezone.localtime(period.start),
        end=period.end and timezone.localtime(period.end),
        is_running=announcement.is_running,
        parts=[] if announcement.window.period.is_whole else first_paths(period.paths),
        id=window_id(announcement.window),
    )
