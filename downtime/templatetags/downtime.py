"""The template tag {% downtime_banner %}, which announces what concerns the page that it stands on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from datetime import timezone as datetime_timezone
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.utils import timezone, translation
from django.utils.formats import get_format

from downtime import live
from downtime.http.language import is_right_to_left, nearest_with_texts
from downtime.schedule import converters
from downtime.schedule.announcements import Announcement, announcements
from downtime.schedule.occurrence import Occurrence, occurrence, zone_name
from downtime.schedule.url_paths import first_paths

register = template.Library()


@dataclass(frozen=True, slots=True)
class Notice:
    """An announcement in the current time zone, as the template of the banner words it."""

    period: Occurrence
    start: datetime | None
    end: datetime | None
    is_running: bool
    """Whether it pauses changes now; else it is yet to come."""
    parts: list[str]
    """The first paths of the parts that it concerns; empty for the whole site."""

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


@register.inclusion_tag("downtime/banner.html", takes_context=True)
def downtime_banner(context: Context, within: str = "24h") -> dict[str, Any]:
    """Announces what pauses changes on this page now, and what begins within that duration from now; else nothing."""
    try:
        ahead = converters.duration(str(within))
    except ValueError as error:
        raise template.TemplateSyntaxError(f"within of downtime_banner is {within!r}; {error}") from error
    # Of a RequestContext also where no context processor adds it.
    request = getattr(context, "request", None) or context.get("request")
    # Of one look; another thread may look in between.
    last, now = live.current.overview(), datetime.now(datetime_timezone.utc)
    path = getattr(request, "path_info", None)
    found = announcements(last.answer, last.upcoming, now, ahead=ahead, path=path)
    code = nearest_with_texts(translation.get_language() or settings.LANGUAGE_CODE)
    return {
        "announcements": [_notice(announcement) for announcement in found],
        "language_code": code,
        "language_bidi": is_right_to_left(code),
        "message_language": settings.LANGUAGE_CODE,
        "date_format": get_format("DATE_FORMAT", lang=code, use_l10n=True),
    }


def _notice(announcement: Announcement) -> Notice:
    zone = timezone.get_default_timezone()
    period = occurrence(announcement.window, zone, end=announcement.until)
    return Notice(
        period=period,
        start=period.start and timezone.localtime(period.start),
        end=period.end and timezone.localtime(period.end),
        is_running=announcement.is_running,
        parts=[] if announcement.window.period.is_whole else first_paths(period.paths),
    )
