"""The words of the admin page for periods and states, in the viewer's language and time zone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo

from django.utils.text import Truncator
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from downtime.admin_page import rows
from downtime.admin_page.times import from_now, local_time, short_time
from downtime.files.flag_file import Flag, path_of
from downtime.schedule.occurrence import rounded_up
from downtime.schedule.periods import Period, Window, is_known
from downtime.schedule.refusals import Refusal
from downtime.schedule.site_status import (
    DOWN,
    FLAGS,
    PARTLY,
    READ_ONLY,
    SCHEDULE,
    UNKNOWN,
    UP,
    SiteStatus,
    names_of,
)

PERIOD_STATES = {
    rows.ACTIVE: pgettext_lazy("downtime", "active"),
    rows.COMING: pgettext_lazy("downtime", "coming"),
    rows.OVER: pgettext_lazy("downtime", "over"),
    rows.DISABLED: pgettext_lazy("downtime", "disabled"),
}
STATES = {
    UP: pgettext_lazy("downtime", "UP"),
    DOWN: pgettext_lazy("downtime", "DOWN"),
    READ_ONLY: pgettext_lazy("downtime", "READ-ONLY"),
    PARTLY: pgettext_lazy("downtime", "PARTLY"),
    UNKNOWN: pgettext_lazy("downtime", "UNKNOWN"),
}
"""The state of the site in one word."""
DOUBTS = {
    SCHEDULE: gettext_lazy("the schedule has problems: a running process keeps the last one without any"),
    FLAGS: gettext_lazy("a flag can't be looked at: for a running process it counts as before"),
}
"""Why the state of the site is unknown, by what is in doubt."""
VIEWS = {
    "day": pgettext_lazy("downtime", "Day"),
    "week": pgettext_lazy("downtime", "Week"),
    "month": pgettext_lazy("downtime", "Month"),
    "90-days": pgettext_lazy("downtime", "90 days"),
}
"""The name of each view of the timeline, by its key."""

_SEPARATOR = " · "
_LONGEST_MESSAGE = 120
# The keys: whether only writing is refused, and whether the whole site is covered.
_REFUSALS = {
    (False, True): gettext_lazy("The site is down"),
    (False, False): gettext_lazy("A part of the site is down"),
    (True, True): gettext_lazy("The site is read-only"),
    (True, False): gettext_lazy("A part of the site is read-only"),
}
# Beside a part that is down. The key: whether it is all the rest of the site.
_BESIDES = {
    True: gettext_lazy("The rest of the site is read-only"),
    False: gettext_lazy("Another part of the site is read-only"),
}


def label(period: Period, flags: Iterable[Flag] = ()) -> str:
    """What people call the period: the path of its flag, or its name, or its line in the schedule."""
    return path_of(period, flags) or period.name or gettext("line %(line)s") % {"line": period.line}


def coverage(period: Period) -> str:
    """The parts of the site that the period covers, and whether only writing is refused there."""
    parts = ", ".join(period.prefixes) or gettext("the whole site")
    return gettext("%(parts)s, read-only") % {"parts": parts} if period.read_only else parts


def outlook(site_status: SiteStatus, zone: tzinfo, now: datetime, coming: Window | None) -> str:
    """What comes next: the next period if the site is up, otherwise when everything is back; empty if unknown."""
    if site_status.state == UNKNOWN:
        return ""
    if site_status.state == UP:
        if coming is None:
            return gettext("nothing is planned")
        details = {"name": label(coming.period), "time": short_time(coming.start, zone, now)}
        return f"{gettext('next: %(name)s, %(time)s') % details}, {from_now(coming.start, now)}"
    if not is_known(site_status.until):
        return gettext("end not known")
    end = rounded_up(site_status.until)
    is_today = end.astimezone(zone).date() == now.astimezone(zone).date()
    time = f"{end.astimezone(zone):%H:%M}" if is_today else short_time(end, zone, now)
    text = gettext("back at %(time)s") if is_today else gettext("back on %(time)s")
    return f"{text % {'time': time}}, {from_now(end, now)}"


def status_line(
    site_status: SiteStatus,
    zone: tzinfo,
    flags: Iterable[Flag] = (),
    *,
    coming: Window | None = None,
    of_process: SiteStatus | None = None,
) -> str:
    """The state of the site in one line: what is refused, since when, until when and why, and what comes next.

    `coming` is shown if the site is up. If the state is unknown, `of_process`, the state in this process, is shown if
    it differs from that of a process that starts now."""
    facts = _facts(site_status, zone, flags)
    if site_status.state == UP and coming is not None:
        details = {"name": label(coming.period), "time": local_time(coming.start, zone)}
        facts.append(gettext("next: %(name)s, %(time)s") % details)
    if site_status.if_started_now is not None:
        facts += [str(DOUBTS[doubt]) for doubt in site_status.doubts]
        started = _SEPARATOR.join(_facts(site_status.if_started_now, zone, flags))
        facts.append(gettext("for a process that starts now: %(state)s") % {"state": started})
        if of_process is not None and of_process != site_status.if_started_now:
            own = _SEPARATOR.join(_facts(of_process, zone, flags))
            facts.append(gettext("for this process: %(state)s") % {"state": own})
    return _SEPARATOR.join(facts)


def _facts(status: SiteStatus, zone: tzinfo, flags: Iterable[Flag]) -> list[str]:
    if status.state == UP:
        return [gettext("The site is up")]
    if status.state == UNKNOWN:
        return [gettext("The state of the site is unknown")]
    facts = []
    for refusal in status.refusals:
        facts += _extent(refusal, is_first=refusal is status.refusals[0])
        facts.append(gettext("since %(time)s") % {"time": local_time(refusal.since, zone)})
        if len(status.refusals) == 1 and status.turn is None:
            facts.append(_until(status.until, zone))
        facts.append(_because(refusal, flags))
    if status.turn is not None:
        state = _SEPARATOR.join(_turn(status.turn.status, flags))
        details = {"time": local_time(status.turn.at, zone), "state": state}
        facts.append(gettext("from %(time)s on: %(state)s") % details)
    if len(status.refusals) > 1 or status.turn is not None:
        facts.append(_until(status.until, zone, is_of_all=True))
    return [*facts, Truncator(status.message).chars(_LONGEST_MESSAGE)] if status.message else facts


def _extent(refusal: Refusal, *, is_first: bool) -> list[str]:
    kind = _REFUSALS[refusal.read_only, refusal.is_whole] if is_first else _BESIDES[refusal.is_whole]
    return [str(kind)] if refusal.is_whole else [str(kind), names_of(refusal.prefixes)]


def _until(until: datetime, zone: tzinfo, *, is_of_all: bool = False) -> str:
    if not is_known(until):
        return gettext("end not known")
    text = gettext("everything is back at %(time)s") if is_of_all else gettext("until %(time)s")
    return text % {"time": local_time(rounded_up(until), zone)}


def _because(refusal: Refusal, flags: Iterable[Flag]) -> str:
    names = names_of(label(window.period, flags) for window in refusal.windows)
    return gettext("because of %(names)s") % {"names": names}


def _turn(status: SiteStatus, flags: Iterable[Flag]) -> list[str]:
    if status.state == UNKNOWN:
        return [gettext("The state of the site is unknown")]
    extents = ([*_extent(r, is_first=r is status.refusals[0]), _because(r, flags)] for r in status.refusals)
    return [fact for facts in extents for fact in facts]
