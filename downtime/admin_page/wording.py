"""The words of the admin page for times, durations, periods and states, in the viewer's language and time zone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo

from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from downtime.admin_page import rows
from downtime.files.flag_file import Flag, path_of
from downtime.reload.snapshot import Overview
from downtime.schedule.periods import Period, is_known
from downtime.schedule.site_status import DOWN, PARTLY, READ_ONLY, UP, SiteStatus

PERIOD_STATES = {
    rows.ACTIVE: pgettext_lazy("downtime", "active"),
    rows.COMING: pgettext_lazy("downtime", "coming"),
    rows.OVER: pgettext_lazy("downtime", "over"),
    rows.DISABLED: pgettext_lazy("downtime", "disabled"),
}
SITE_STATES = {
    (UP, False): gettext_lazy("The site is up"),
    (DOWN, False): gettext_lazy("The site is down"),
    (PARTLY, False): gettext_lazy("A part of the site is down"),
    (PARTLY, True): gettext_lazy("A part of the site is read-only"),
    (READ_ONLY, True): gettext_lazy("The site is read-only"),
}
"""By the state of the site, and by whether only writing is refused."""
VIEWS = {
    "day": pgettext_lazy("downtime", "Day"),
    "week": pgettext_lazy("downtime", "Week"),
    "month": pgettext_lazy("downtime", "Month"),
    "90-days": pgettext_lazy("downtime", "90 days"),
}
"""By the key of the view of the timeline."""

_SEPARATOR = " · "
_LONGEST_MESSAGE = 120
_MOST_NAMES = 8
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def local_time(moment: datetime, zone: tzinfo) -> str:
    """The date and time on the clocks of that zone."""
    return date_format(moment.astimezone(zone), "DATETIME_FORMAT")


def duration(seconds: float) -> str:
    """A duration as the schedule writes it, such as 1h30m; empty if it is infinite."""
    if seconds == float("inf"):
        return ""
    parts, left = [], round(seconds)
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts)


def label(period: Period, flags: Iterable[Flag] = ()) -> str:
    """What people call the period: the path of its flag, or its name or line in the schedule."""
    return path_of(period, flags) or period.name or gettext("line %(line)s") % {"line": period.line}


def coverage(period: Period) -> str:
    """The parts of the site that the period covers, and whether only writing is refused there."""
    parts = ", ".join(period.prefixes) or gettext("the whole site")
    return gettext("%(parts)s, read-only") % {"parts": parts} if period.read_only else parts


def time_span(start: datetime, end: datetime, zone: tzinfo) -> str:
    """The start and the end, or only the start if the end is not known."""
    if not is_known(end):
        return gettext("from %(start)s on") % {"start": local_time(start, zone)}
    return gettext("%(start)s to %(end)s") % {"start": local_time(start, zone), "end": local_time(end, zone)}


def status_line(overview: Overview, site_status: SiteStatus, zone: tzinfo) -> str:
    """The state of the site in one line: since when, until when and why, or what is next if the site is up."""
    facts = [str(SITE_STATES[site_status.state, site_status.is_read_only])]
    if site_status.state == UP:
        for window in overview.upcoming[:1]:
            details = {"name": label(window.period), "time": local_time(window.start, zone)}
            facts.append(gettext("next: %(name)s, %(time)s") % details)
        return _SEPARATOR.join(facts)
    if site_status.state == PARTLY:
        facts.append(_first_of(coverage(window.period) for window in site_status.windows))
    facts.append(gettext("since %(time)s") % {"time": local_time(site_status.since, zone)})
    if is_known(site_status.until):
        facts.append(gettext("until %(time)s") % {"time": local_time(site_status.until, zone)})
    else:
        facts.append(gettext("end not known"))
    names = _first_of(label(window.period, overview.flags) for window in site_status.windows)
    facts.append(gettext("because of %(names)s") % {"names": names})
    if site_status.message:
        facts.append(Truncator(site_status.message).chars(_LONGEST_MESSAGE))
    return _SEPARATOR.join(facts)


def _first_of(names: Iterable[str]) -> str:
    """The first of the names, each once, and an ellipsis if there are more."""
    first: list[str] = []
    for name in names:
        if name not in first:
            first.append(name if len(first) < _MOST_NAMES else "…")
        if len(first) > _MOST_NAMES:
            break
    return ", ".join(first)
