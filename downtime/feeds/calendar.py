"""The coming occurrences as a calendar (RFC 5545); the only importer of icalendar, from the extra [calendar]."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from itertools import islice, takewhile

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext
from icalendar import Calendar, Event

from downtime.http.language import nearest_with_texts
from downtime.schedule.occurrence import rounded_up
from downtime.schedule.periods import Period, Schedule, Window, is_known
from downtime.schedule.url_paths import first_paths

_AHEAD = timedelta(days=90)
_MOST = 1000
_EPOCH = datetime.fromtimestamp(0, timezone.utc)
# What a text must not contain (RFC 5545, section 3.3.11), and what UTF-8 can't encode.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def calendar_feed(schedule: Schedule, now: datetime, *, modified_at: datetime | None, host: str) -> bytes:
    """The windows of the schedule that run at `now` or begin within 90 days, at most 1000, for a site at that host.

    It stays the same, byte for byte, until another window comes near, one is over, or the schedule is written again, as
    last at `modified_at`."""
    calendar = Calendar()
    with translation.override(nearest_with_texts(settings.LANGUAGE_CODE)):
        calendar.add("prodid", "-//django-downtime//EN")
        calendar.add("version", "2.0")
        calendar.add("x-wr-calname", f"{host}: {gettext('Planned maintenance')}")
        calendar.add("x-published-ttl", "PT1H")
        for uid, window in _windows(schedule, now).items():
            calendar.add_component(_event(window, f"{uid}@{host}", modified_at or _EPOCH))
    feed: bytes = calendar.to_ical()
    return feed


def _windows(schedule: Schedule, now: datetime) -> dict[str, Window]:
    """The windows by the part of their UID that distinguishes them; of periods that say the same, one is enough."""
    near = takewhile(lambda window: window.start < now + _AHEAD, schedule.windows(now))
    return {_key(window): window for window in islice(near, _MOST)}


def _key(window: Window) -> str:
    """The name of a single period, which stays the same event if it is moved; otherwise all that identifies it."""
    period = window.period
    facts: tuple[object, ...] = (period.name,)
    if not period.name or period.recurrence:
        facts += (window.start,)
    if not period.name:
        facts += (window.end, period.message, period.read_only, period.paths)
    return sha256(repr(facts).encode()).hexdigest()[:32]


def _event(window: Window, uid: str, modified_at: datetime) -> Event:
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", modified_at)  # the last revision, because there is no METHOD (section 3.8.7.2)
    event.add("dtstart", window.start)
    if is_known(window.end):
        event.add("dtend", rounded_up(window.end))
    event.add("summary", _plain(_summary(window.period)))
    if description := _plain("\n".join(_description(window))):
        event.add("description", description)
    event.add("transp", "TRANSPARENT")  # it makes nobody busy
    return event


def _summary(period: Period) -> str:
    kind = gettext("Changes paused") if period.read_only else gettext("Planned maintenance")
    return f"{kind}: {period.name}" if period.name else kind


def _description(window: Window) -> Iterator[str]:
    period = window.period
    if period.message:
        yield period.message
    if period.read_only:
        yield gettext("You can go on reading, but nothing that you send is saved.")
    if not period.is_whole:
        yield f"{gettext('Affected:')} {', '.join(first_paths(period.prefixes))}"
    if not is_known(window.end):
        yield gettext("It is not known yet when it ends.")


def _plain(text: str) -> str:
    return _FORBIDDEN.sub("", "\n".join(text.splitlines()))
