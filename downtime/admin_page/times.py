"""The words of the admin page for moments and lengths of time, in the viewer's language and time zone."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from django.utils.formats import date_format, get_format
from django.utils.translation import gettext

from downtime.schedule.occurrence import rounded_up
from downtime.schedule.periods import is_known

_DASH = "\N{EN DASH}"
_HOUR, _DAY = 60, 24 * 60  # minutes


def local_time(moment: datetime, zone: tzinfo) -> str:
    """The date and time in that zone."""
    return date_format(moment.astimezone(zone), "DATETIME_FORMAT")


def time_span(start: datetime, end: datetime, zone: tzinfo) -> str:
    """The start and the end, or only the start if the end is not known."""
    if not is_known(end):
        return gettext("from %(start)s on") % {"start": local_time(start, zone)}
    return gettext("%(start)s to %(end)s") % {"start": local_time(start, zone), "end": local_time(end, zone)}


def short_time(moment: datetime, zone: tzinfo, now: datetime) -> str:
    """The day and the time in that zone, with the year unless it is that of `now`."""
    local = moment.astimezone(zone)
    form = "MONTH_DAY_FORMAT" if local.year == now.astimezone(zone).year else "DATE_FORMAT"
    return f"{date_format(local, get_format(form).replace('F', 'M'))} {local:%H:%M}"


def short_span(start: datetime, end: datetime, zone: tzinfo, now: datetime) -> str:
    """The start and the end, with a common day only once; empty if neither is known."""
    if not is_known(end):
        if not is_known(start):
            return ""
        text = gettext("since %(time)s") if start <= now else gettext("from %(start)s on")
        return text % dict.fromkeys(("time", "start"), short_time(start, zone, now))
    last = rounded_up(end).astimezone(zone)
    if not is_known(start):
        return gettext("until %(time)s") % {"time": short_time(last, zone, now)}
    if start.astimezone(zone).date() == last.date():
        return f"{short_time(start, zone, now)}{_DASH}{last:%H:%M}"
    return f"{short_time(start, zone, now)} {_DASH} {short_time(last, zone, now)}"


def distance(time: timedelta) -> str:
    """A length of time in the one or two units that matter, at least a minute: 1 h 40 min, 15 h, 1 d 6 h, 12 d."""
    minutes = max(1, round(time.total_seconds() / 60))
    hours, days = round(minutes / _HOUR), round(minutes / _DAY)
    if hours >= 2 * _DAY // _HOUR:
        counts = [days, 0, 0]
    elif hours >= _DAY // _HOUR:
        counts = [1, hours - _DAY // _HOUR, 0]
    elif minutes >= 10 * _HOUR:
        counts = [0, hours, 0]
    else:
        counts = [0, *divmod(minutes, _HOUR)]
    units = (gettext("%(count)s d"), gettext("%(count)s h"), gettext("%(count)s min"))
    return " ".join(unit % {"count": count} for unit, count in zip(units, counts, strict=True) if count)


def from_now(moment: datetime, now: datetime) -> str:
    """How far away a moment is: in 15 h, or 3 d ago."""
    if moment > now:
        return gettext("in %(time)s") % {"time": distance(moment - now)}
    return gettext("%(time)s ago") % {"time": distance(now - moment)}
