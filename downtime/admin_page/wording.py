"""How does the admin page word a moment, a length of time, a state? In the viewer's language and time zone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from itertools import islice

from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from downtime.admin_page import rows
from downtime.files.flag_file import Flag
from downtime.reload.snapshot import Overview
from downtime.schedule.periods import NEVER, Period
from downtime.schedule.site_status import DOWN, PARTLY, READ_ONLY, UP, SiteStatus

PERIOD_STATES = {
    rows.ACTIVE: pgettext_lazy("downtime", "active"),
    rows.COMING: pgettext_lazy("downtime", "coming"),
    rows.OVER: pgettext_lazy("downtime", "over"),
    rows.DISABLED: pgettext_lazy("downtime", "disabled"),
}
SITE_STATES = {
    UP: gettext_lazy("The site is up"),
    DOWN: gettext_lazy("The site is down"),
    PARTLY: gettext_lazy("A part of the site is down"),
    READ_ONLY: gettext_lazy("The site is read-only"),
}
VIEWS = {
    "day": pgettext_lazy("downtime", "Day"),
    "week": pgettext_lazy("downtime", "Week"),
    "month": pgettext_lazy("downtime", "Month"),
    "90-days": pgettext_lazy("downtime", "90 days"),
}
"""The views of the timeline."""

_SEPARATOR = " · "
_LONGEST_MESSAGE = 120
_MOST_NAMES = 8
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def moment(moment: datetime, zone: tzinfo) -> str:
    """A moment on the clocks of that zone."""
    return date_format(moment.astimezone(zone), "DATETIME_FORMAT")


def length(seconds: float) -> str:
    """A length of time as the schedule writes it, such as 1h30m; nothing where it is not known."""
    if seconds == float("inf"):
        return ""
    parts, left = [], round(seconds)
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts)


def name(period: Period, flags: Iterable[Flag] = ()) -> str:
    """What a person calls it: the path of the flag, or the name or the line of a period of the schedule."""
    path = next((flag.path for flag in flags if flag.period is period), "")
    return path or period.name or gettext("line %(line)s") % {"line": period.line}


def covers(period: Period) -> str:
    """What of the site it covers."""
    parts = ", ".join(path or "/" for path in period.paths) or gettext("the whole site")
    return gettext("%(parts)s, read-only") % {"parts": parts} if period.read_only else parts


def stretch(start: datetime, end: datetime, zone: tzinfo) -> str:
    """From when until when something lasts."""
    if end == NEVER:
        return gettext("from %(start)s on") % {"start": moment(start, zone)}
    return gettext("%(start)s to %(end)s") % {"start": moment(start, zone), "end": moment(end, zone)}


def status(overview: Overview, site_status: SiteStatus, zone: tzinfo) -> str:
    """The state of the site in one line: since when, until when and why; or what is next."""
    is_read_only = site_status.state == PARTLY and site_status.windows[0].period.read_only
    facts = [gettext("A part of the site is read-only") if is_read_only else str(SITE_STATES[site_status.state])]
    if site_status.state == UP:
        for ahead in overview.upcoming[:1]:
            told = {"name": name(ahead.period), "time": moment(ahead.start, zone)}
            facts.append(gettext("next: %(name)s, %(time)s") % told)
        return _SEPARATOR.join(facts)
    if site_status.state == PARTLY:
        facts.append(_listed(covers(window.period) for window in site_status.windows))
    facts.append(gettext("since %(time)s") % {"time": moment(site_status.since, zone)})
    if site_status.until == NEVER:
        facts.append(gettext("end not known"))
    else:
        facts.append(gettext("until %(time)s") % {"time": moment(site_status.until, zone)})
    causes = [window.period for window in site_status.windows]
    names = _listed(name(period, overview.flags) for period in causes)
    facts.append(gettext("because of %(names)s") % {"names": names})
    messages = (" ".join(period.message.split()) for period in causes)
    facts += [Truncator(message).chars(_LONGEST_MESSAGE) for message in islice(filter(None, messages), 1)]
    return _SEPARATOR.join(facts)


def _listed(names: Iterable[str]) -> str:
    """The first of the names, each once, and whether there are more."""
    found: list[str] = []
    for name in names:
        if name not in found:
            found.append(name if len(found) < _MOST_NAMES else "…")
        if len(found) > _MOST_NAMES:
            break
    return ", ".join(found)
