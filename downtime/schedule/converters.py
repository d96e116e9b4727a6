"""Converts text to a moment, a duration, a number of seconds, a time zone, a URL, a path prefix or a name.

The schedule, the flag and the commands all use it, so they accept and refuse the same values.
Each converter raises ValueError, which says what the text must be."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from downtime.schedule.url_paths import is_plain, trimmed

_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:(?P<mark>[.,])(?P<fraction>\d{1,9}))?)?"
    r" ?(?:(?P<utc>[Zz])|(?P<sign>[+-])(?P<hours>\d\d)(?::?(?P<minutes>\d\d))?)?)?",
    re.ASCII,
)
_DURATION = re.compile(r"(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,8})m)?(?:(\d{1,9})s)?", re.ASCII)
_SECONDS = re.compile(r"\d{1,9}", re.ASCII)
_LONGEST_DURATION = timedelta(days=3660)
_LONGEST_URL = 2_000  # urlsplit keeps the last 128 that it was given
_MINUTE = timedelta(minutes=1)
# The longest duration, and the 50 years that cronsim looks ahead, have to end before the last datetime.
_LAST_YEAR = 9900


def moment(text: str, zone: tzinfo | None, *, fold: int) -> datetime:
    """The instant in UTC of an ISO 8601 date, or date and time; without an offset it is a time in `zone`.

    A date means its first moment. In the hour that a clock change repeats, `fold` 0 means the first of the two instants
    and 1 the second (PEP 495). Six digits of a fraction of a second count."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise ValueError(
            "it must be an ISO 8601 date or date and time, such as 2026-12-01, 2026-12-01 02:00 "
            "or 2026-12-01T02:00:30+01:00"
        )
    local, offset = _local_time(match), _offset(match)
    if offset is not None:
        return (local - offset).replace(tzinfo=timezone.utc)
    if zone is None:
        raise ValueError(
            "it has no offset, and its time zone is not known; correct timezone, or add an offset such as +01:00"
        )
    return _first_moment(local, zone) if match[4] is None else _resolved(local, zone, fold)


def _local_time(match: re.Match[str]) -> datetime:
    if match["mark"] == ",":
        raise ValueError("its fraction of a second must come after a dot, not after a comma")
    year, month, day, hour, minute, second = map(int, match.groups("0")[:6])
    microsecond = int((match["fraction"] or "")[:6].ljust(6, "0"))
    try:
        local = datetime(year, month, day, hour, minute, second, microsecond)
    except ValueError as error:
        raise ValueError(f"there is no such time: {error}") from error
    if not 1970 <= local.year <= _LAST_YEAR:
        raise ValueError(f"its year must be 1970 to {_LAST_YEAR}")
    return local


def _offset(match: re.Match[str]) -> timedelta | None:
    if match["sign"] is None:
        return timedelta() if match["utc"] else None
    hours, minutes = int(match["hours"]), int(match["minutes"] or 0)
    if hours > 23 or minutes > 59:
        raise ValueError("its offset must be at most +23:59")
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if match["sign"] == "-" else offset


def _resolved(local: datetime, zone: tzinfo, fold: int) -> datetime:
    instant = local.replace(tzinfo=zone, fold=fold).astimezone(timezone.utc)
    if instant.astimezone(zone).replace(tzinfo=None, fold=0) == local:
        return instant
    earlier, later = _around_gap(local, zone)
    raise ValueError(
        f"the clocks of {zone} skip that time; the nearest are {earlier:%Y-%m-%d %H:%M} and {later:%Y-%m-%d %H:%M}"
    )


def _first_moment(midnight: datetime, zone: tzinfo) -> datetime:
    """The first moment of a day, even if the clocks skip its midnight; ValueError if they skip the whole day."""
    try:
        return _resolved(midnight, zone, fold=0)
    except ValueError:
        _, later = _around_gap(midnight, zone)
        if later.date() != midnight.date():
            raise
        return later.astimezone(timezone.utc)


def _around_gap(local: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The last minute before the clock change that skips `local`, and the first one after it, on the wall clock."""
    before = local.replace(tzinfo=zone, fold=1).astimezone(timezone.utc)
    after = local.replace(tzinfo=zone, fold=0).astimezone(timezone.utc)
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    change = after.replace(microsecond=0)
    return (change - _MINUTE).astimezone(zone), change.astimezone(zone)


def duration(text: str) -> timedelta:
    """The duration of days, hours, minutes and seconds, such as 90m, 2h, 1h30m or 1d; up to 3660 days."""
    match = _DURATION.fullmatch(text)
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0, 0)
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not timedelta() < length <= _LONGEST_DURATION:
        raise ValueError(f"it must be a duration such as 90m, 2h, 1h30m or 1d, up to {_LONGEST_DURATION.days}d")
    return length


def seconds(text: str) -> int:
    """The whole number of seconds, at least 1."""
    if not _SECONDS.fullmatch(text) or int(text) < 1:
        raise ValueError("it must be a whole number of seconds from 1 to 999999999, such as 600")
    return int(text)


@lru_cache(maxsize=64)
def zone(text: str) -> tzinfo:
    """The time zone with that IANA name."""
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("it must be an IANA time zone name such as Europe/Berlin or UTC") from error


def url(text: str) -> str:
    """The text itself, if it is an http or https URL, or a path of this site; up to 2,000 characters."""
    if len(text) > _LONGEST_URL:
        raise ValueError(f"it must have at most {_LONGEST_URL} characters")
    try:
        parts = urlsplit(text)
    except ValueError:  # its text may hold the URL
        raise ValueError(_URLS) from None
    is_url = parts.scheme in ("http", "https") and parts.netloc
    if not (is_url or text.startswith("/")) or re.search(r"[\s\x00-\x1f\x7f\\\ud800-\udfff]", text):
        raise ValueError(_URLS)
    return text


_URLS = "it must be a URL such as https://status.example.com/, or a path of this site such as /upgrade/"


def prefix(text: str) -> str:
    """The path prefix without its trailing slash; the empty text, for `/`, is the whole site."""
    if not text.startswith("/") or not is_plain(text) or re.search(r"[*?#%\x00-\x1f\\\ud800-\udfff]", text):
        raise ValueError(
            "it must be a path prefix such as /search, in whole segments, decoded, "
            "without a wildcard, query or fragment"
        )
    return trimmed(text)


def name(text: str) -> str:
    """The text itself, if it can name a period: one line of 1 to 100 printable characters."""
    if not text or len(text) > 100 or not text.isprintable() or text != text.strip():
        raise ValueError("it must be one line of 1 to 100 printable characters")
    return text


def shown(text: str) -> str:
    """The text as messages quote it: in quotes, escaped, and cut if it is long."""
    return repr(text if len(text) <= 60 else text[:57] + "...")
