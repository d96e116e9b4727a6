"""How the commands word what was published to a fleet, and what its hosts say about themselves."""

from __future__ import annotations

from datetime import datetime, timezone

from downtime.fleet.documents import Confirmation, Publication
from downtime.management.page_file import flag_period
from downtime.management.times import ago, local_time
from downtime.management.wording import effect

_SKEW = 5.0
_RECENT = 60.0


def publication_line(publication: Publication, now: float) -> str:
    """What was published, when and by whom, as one sentence; `now` is in seconds since the epoch."""
    at = datetime.fromtimestamp(publication.at, timezone.utc)
    who = f"Publication {publication.serial} of {publication.by}, {local_time(at)}"
    return f"{who}: {flag_words(publication.flag, at, datetime.fromtimestamp(now, timezone.utc))}"


def flag_words(flag: str | None, at: datetime, now: datetime) -> str:
    """What becomes of the flag of the fleet that is published at that moment, as of `now`; None lowers it."""
    if flag is None:
        return "the flag of the fleet is lowered."
    period = flag_period(flag, at)
    message = f": {period.message}" if period.message else "."
    if period.end <= now:
        return f"the flag of the fleet is raised, but it expired at {local_time(period.end)}{message}"
    return f"the flag of the fleet is raised, {effect(period)}{message}"


def is_followed(host: Confirmation, publication: Publication | None) -> bool:
    """Whether the host has done what was published, if anything was."""
    return publication is None or (host.key == publication.key and not host.trouble)


def host_line(host: Confirmation, publication: Publication | None, now: float) -> str:
    """Whether the host has done what was published, why not if it hasn't, and when it was last heard of."""
    verb = "has confirmed" if is_followed(host, publication) else "has not confirmed"
    follows = f"follows publication {host.serial}" if host.serial else "has been told nothing yet"
    parts = [
        verb if publication else follows,
        follows if publication and host.key != publication.key else "",
        host.trouble,
        _heard(host, now),
        "a flag of its own is raised" if host.own_flag else "",
    ]
    return f"  {host.host}: {'; '.join(filter(None, parts))}"


def _heard(host: Confirmation, now: float) -> str:
    age = now - host.at
    if age < -_SKEW:
        return f"last heard of just now, by a clock that is {ago(-age).removesuffix(' ago')} ahead of this one"
    return f"last heard of {ago(max(age, 0))}{' by its clock' if age > _RECENT else ''}"


def strangers_line(strangers: int, *, is_alone: bool) -> str:
    """Says that no host is known, or how many hosts do not accept what is published here."""
    if strangers and is_alone:
        whose = "no host is known that accepts this SECRET_KEY; in this cache, {} signed with another one"
    elif strangers:
        whose = "in this cache, {} signed with another SECRET_KEY"
    else:
        return "no host is known: start manage.py downtime_follow on each, with the same cache in DOWNTIME_FLEET_CACHE."
    return f"{whose.format(strangers)}, or by another version of django-downtime."
