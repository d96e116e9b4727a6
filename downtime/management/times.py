"""How the commands word a time, in the project's time zone, and how far off it is."""

from __future__ import annotations

from datetime import datetime

from django.utils.timezone import get_default_timezone

from downtime.schedule.occurrence import rounded_up, zone_name
from downtime.schedule.periods import is_known


def local_time(moment: datetime) -> str:
    """The date and time on the clocks of the project, such as 2026-12-01 02:00:00 CET."""
    local = moment.astimezone(get_default_timezone())
    return f"{local:%Y-%m-%d %H:%M:%S} {zone_name(local)}"


def short_span(began: datetime, end: datetime) -> str:
    """The span in few words: 2026-12-01 02:00 to 04:00 CET; what the end has in common with the start is left out."""
    start = began.astimezone(get_default_timezone())
    first = f"{start:%Y-%m-%d} {_clock(start)}"
    if not is_known(end):
        return f"{first} {zone_name(start)}, no known end"
    finish = rounded_up(end).astimezone(get_default_timezone())
    zone = "" if zone_name(finish) == zone_name(start) else f" {zone_name(start)}"
    date = "" if finish.date() == start.date() else f"{finish:%Y-%m-%d} "
    return f"{first}{zone} to {date}{_clock(finish)} {zone_name(finish)}"


def _clock(local: datetime) -> str:
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


def ago(seconds: float) -> str:
    """How long ago something was: 3 s ago, 4 min ago, 1 h 40 min ago; by a clock that is ahead, 24 h in the future."""
    return _in_the_future(-seconds) or f"{length(seconds)} ago"


def _in_the_future(seconds: float) -> str:
    return f"{length(seconds)} in the future" if seconds >= 0.5 else ""


def length(seconds: float) -> str:
    """A length of time in the units that fit it: 90 s, 12 min, 1 h 40 min, 15 h, 3 d, 5 y; a negative one is 0 s."""
    if seconds < 119.5:
        return f"{max(0, seconds):.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours < 10:
        return " ".join([f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes))
    if (hours := round(seconds / 3600)) < 48:
        return f"{hours} h"
    days = round(seconds / 86_400)
    return f"{days} d" if days < 2 * 365 else f"{days / 365.25:.0f} y"


def distance(moment: datetime, now: datetime) -> str:
    """How far off a moment is, in the past or the future: for 12 min, in 3 h."""
    seconds = (moment - now).total_seconds()
    return f"in {length(seconds)}" if seconds > 0 else f"for {length(-seconds)}"


def lasted(began: datetime, now: datetime) -> str:
    """How long something has lasted: for 12 min; if it began by a clock that is ahead, 24 h in the future."""
    seconds = (now - began).total_seconds()
    return _in_the_future(-seconds) or f"for {length(seconds)}"
