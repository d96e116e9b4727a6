"""An occurrence of a period, as templates, views and jobs see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from downtime.schedule.periods import Window, is_known

_ALMOST_A_SECOND = timedelta(microseconds=999_999)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A downtime; `start` and `end` are whole seconds in the project's time zone, or None if they are not known."""

    name: str
    start: datetime | None
    end: datetime | None
    message: str
    redirect: str
    retry_after: int | None
    read_only: bool
    paths: tuple[str, ...]
    """The path prefixes that it covers; empty for the whole site."""


def occurrence(window: Window, zone: tzinfo, *, end: datetime | None = None) -> Occurrence:
    """The window as an Occurrence with times in `zone`; `end` replaces its own end, if a request has to wait longer."""
    period, end = window.period, end or window.end
    return Occurrence(
        name=period.name,
        start=window.began.astimezone(zone).replace(microsecond=0) if is_known(window.began) else None,
        # Rounded up, so that visitors do not come back too early.
        end=rounded_up(end).astimezone(zone) if is_known(end) else None,
        message=period.message,
        redirect=period.redirect,
        retry_after=period.retry_after,
        read_only=period.read_only,
        paths=period.prefixes,
    )


def rounded_up(moment: datetime) -> datetime:
    """The first whole second that is not before the moment; an open end stays open."""
    return (moment + _ALMOST_A_SECOND).replace(microsecond=0) if is_known(moment) else moment


def zone_name(moment: datetime) -> str:
    """What people call the time zone of an aware moment: CET; or UTC and the offset, if it has no letters."""
    name, offset = moment.tzname() or "", moment.utcoffset() or timedelta(0)
    if any(map(str.isalpha, name)):
        return name
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    sign = "\N{MINUS SIGN}" if offset < timedelta(0) else "+"
    return "UTC" + (f"{sign}{hours}" if offset else "") + (f":{minutes:02}" if minutes else "")
