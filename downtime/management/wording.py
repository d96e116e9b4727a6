"""How the commands word a time, a period and the state of the site: in English, in the project's time zone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.utils.timezone import get_default_timezone

from downtime.files.flag_file import Flag, path_of
from downtime.schedule.periods import Answer, Schedule, Window, is_known
from downtime.schedule.site_status import DOWN, PARTLY, READ_ONLY, UP, SiteStatus

SITE_STATES = {
    (UP, False): "The site is up",
    (DOWN, False): "The site is down",
    (PARTLY, False): "A part of the site is down",
    (READ_ONLY, True): "The site is read-only",
    (PARTLY, True): "A part of the site is read-only",
}
"""By the state, and whether only writing is refused."""


def local_time(moment: datetime) -> str:
    """The date and time on the clocks of the project, such as 2026-12-01 02:00:00 CET."""
    return f"{moment.astimezone(get_default_timezone()):%Y-%m-%d %H:%M:%S %Z}"


def time_span(window: Window, now: datetime) -> str:
    """The start and the end of the window, worded by whether it has begun."""
    if window.start <= now:
        return _since(window.began, window.end)
    return f"from {local_time(window.start)} {_end('to', window.end)}"


def _since(began: datetime, end: datetime) -> str:
    return f"since {local_time(began)}, {_end('until', end)}"


def _end(preposition: str, end: datetime) -> str:
    return f"{preposition} {local_time(end)}" if is_known(end) else "without a known end"


def label(window: Window, flags: Iterable[Flag] = ()) -> str:
    """What people call the window: the path of its flag, or the name or the line of its period."""
    path = path_of(window.period, flags)
    return f"flag {path}" if path else window.period.name or f"the period on line {window.period.line}"


def status_line(site_status: SiteStatus, flags: Iterable[Flag] = ()) -> str:
    """The state of the site as one sentence: since when, until when, and because of what."""
    state = SITE_STATES[site_status.state, site_status.is_read_only]
    if site_status.state == UP:
        return f"{state}."
    labels = ", ".join(dict.fromkeys(label(window, flags) for window in site_status.windows))
    return f"{state}, {_since(site_status.since, site_status.until)}, because of {labels}."


def window_line(name: str, window: Window, now: datetime) -> str:
    """The window as one line: its name, when it applies, to which part of the site, and its message."""
    period = window.period
    parts = [
        f"  {name}: {time_span(window, now)}",
        f", only below {', '.join(period.prefixes)}" if period.prefixes else "",
        ", reading passes" if period.read_only else "",
        f": {period.message}" if period.message else "",
    ]
    return "".join(parts)


def agenda(schedule: Schedule, answer: Answer) -> Iterator[str]:
    """A line for each period of the schedule that is active or will be."""
    if active := [window for window in answer.active if not window.is_flag]:
        yield "Active now:"
        yield from (window_line(label(window), window, answer.moment) for window in active)
    if coming := schedule.upcoming(answer.moment):
        yield "Coming:"
        yield from (window_line(label(window), window, answer.moment) for window in coming)
    if not active and not coming:
        yield "Nothing is active now, and nothing is coming."
