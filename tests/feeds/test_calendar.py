"""The calendar, read back by the library that has written it."""

import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_django
from icalendar import Calendar

from downtime.feeds.calendar import calendar_feed
from downtime.schedule.periods import Period, Schedule
from downtime.schedule.recurrence import Recurrence
from tests.support.nasty_texts import NASTY, VISIBLE

NOW = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)
WRITTEN = datetime(2026, 11, 20, 8, 30, tzinfo=timezone.utc)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
UPGRADE = Period(NOW + DAY, NOW + DAY + HOUR, name="upgrade", message="New disks.")
NIGHTLY = Period(name="nightly", recurrence=Recurrence("0 3 * * *", ZoneInfo("Europe/Berlin"), HOUR))


def feed(*periods: Period, now: datetime = NOW, modified_at: datetime | None = WRITTEN) -> bytes:
    return calendar_feed(Schedule(periods), now, modified_at=modified_at, host="example.com")


def events(*periods: Period, **options: Any) -> list[Any]:
    return list(Calendar.from_ical(feed(*periods, **options)).walk("VEVENT"))


def uids(*periods: Period, **options: Any) -> list[str]:
    return [str(event["uid"]) for event in events(*periods, **options)]


def test_a_period_is_an_event() -> None:
    [event] = events(UPGRADE)
    assert (event["dtstart"].dt, event["dtend"].dt) == (UPGRADE.start, UPGRADE.end)
    assert event["dtstamp"].dt == WRITTEN
    assert str(event["summary"]) == "Planned maintenance: upgrade"
    assert str(event["description"]) == "New disks."
    assert str(event["uid"]).endswith("@example.com")
    assert str(event["transp"]) == "TRANSPARENT"


def test_times_are_in_utc_to_the_second_and_an_end_is_not_too_early() -> None:
    text = feed(Period(NOW + timedelta(microseconds=5), NOW + HOUR + timedelta(microseconds=5)))
    assert b"\r\nDTSTART:20261201T120000Z\r\nDTEND:20261201T130001Z\r\n" in text
    assert b"TZID" not in text


WORDS = {
    "a name": (UPGRADE, "Planned maintenance: upgrade", "New disks."),
    "no name": (replace(UPGRADE, name=""), "Planned maintenance", "New disks."),
    "read-only": (
        replace(UPGRADE, read_only=True, message=""),
        "Changes paused: upgrade",
        "You can go on reading, but nothing that you send is saved.",
    ),
    "a part": (
        replace(UPGRADE, paths=("/shop", "/cart")),
        "Planned maintenance: upgrade",
        "New disks.\nAffected: /shop, /cart",
    ),
    "nothing to say": (replace(UPGRADE, message=""), "Planned maintenance: upgrade", ""),
}


@pytest.mark.parametrize(("period", "summary", "description"), WORDS.values(), ids=WORDS)
def test_the_words_of_an_event(period: Period, summary: str, description: str) -> None:
    [event] = events(period)
    assert (str(event["summary"]), str(event.get("description", ""))) == (summary, description)


def test_an_end_that_is_not_known_is_none() -> None:
    [event] = events(Period(NOW + DAY))
    assert "dtend" not in event
    assert str(event["description"]) == "It is not known yet when it ends."


@pytest.mark.parametrize(("language", "word"), [("de", "Geplante Wartung"), ("ar", "Planned maintenance")])
def test_it_is_in_the_language_of_the_site(settings: pytest_django.Settings, language: str, word: str) -> None:
    settings.LANGUAGE_CODE = language
    [event] = events(UPGRADE)
    assert str(event["summary"]) == f"{word}: upgrade"
    assert str(Calendar.from_ical(feed())["x-wr-calname"]) == f"example.com: {word}"


# Which events


def test_the_next_90_days_are_there_and_what_is_running() -> None:
    starts = {"running": -HOUR, "soon": HOUR, "the last": 90 * DAY - HOUR, "too late": 90 * DAY, "over": -2 * DAY}
    periods = [Period(NOW + start, NOW + start + 2 * HOUR, name=name) for name, start in starts.items()]
    found = [str(event["summary"]).partition(": ")[2] for event in events(*periods)]
    assert found == ["running", "soon", "the last"]


def test_each_occurrence_is_an_event_of_its_own_in_winter_and_in_summer() -> None:
    found = events(NIGHTLY, now=datetime(2027, 3, 1, tzinfo=timezone.utc))
    assert len(found) == len({str(event["uid"]) for event in found}) == 90
    assert {event["dtend"].dt - event["dtstart"].dt for event in found} == {HOUR}
    assert {event["dtstart"].dt.hour for event in found} == {1, 2}


def test_an_occurrence_stays_the_same_event_while_time_goes_by() -> None:
    today, tomorrow = uids(NIGHTLY), uids(NIGHTLY, now=NOW + DAY)
    assert today[1:] == tomorrow[:-1]


def test_there_are_at_most_a_thousand() -> None:
    often = Recurrence("*/5 * * * *", ZoneInfo("UTC"), timedelta(minutes=1))
    assert len(events(Period(name="often", recurrence=often))) == 1000


def test_what_is_disabled_or_cancelled_is_gone() -> None:
    assert events(replace(UPGRADE, enabled=False)) == []
    assert events() == []


def test_a_named_period_that_is_moved_stays_the_same_event() -> None:
    moved = replace(UPGRADE, start=UPGRADE.start + DAY, end=UPGRADE.end + DAY, message="Tomorrow, sorry.")
    assert uids(moved, modified_at=WRITTEN + DAY) == uids(UPGRADE)
    [event] = events(moved, modified_at=WRITTEN + DAY)
    assert event["dtstart"].dt == moved.start
    assert event["dtstamp"].dt == WRITTEN + DAY


def test_periods_without_a_name_are_told_apart_by_what_they_are() -> None:
    one = replace(UPGRADE, name="")
    others = [replace(one, message="Others."), replace(one, read_only=True), replace(one, paths=("/shop",))]
    assert len(set(uids(one, *others, replace(one, end=one.end + HOUR), replace(one, start=one.start - HOUR)))) == 6
    assert len(uids(one, one)) == 1


def test_another_site_has_other_events() -> None:
    other = calendar_feed(Schedule((UPGRADE,)), NOW, modified_at=WRITTEN, host="example.org")
    [event] = Calendar.from_ical(other).walk("VEVENT")
    assert str(event["uid"]) not in uids(UPGRADE)


def test_it_is_the_same_text_until_something_changes() -> None:
    periods = UPGRADE, NIGHTLY
    assert feed(*periods) == feed(*periods, now=NOW + HOUR)
    assert feed(*periods) != feed(*periods, now=NOW + DAY)
    assert feed(*periods) != feed(*periods, modified_at=WRITTEN + HOUR)


def test_without_a_file_there_is_a_calendar_without_events() -> None:
    assert feed(modified_at=None).startswith(b"BEGIN:VCALENDAR\r\n")
    assert events(UPGRADE, modified_at=None)[0]["dtstamp"].dt == datetime(1970, 1, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize("text", [*(text for text, _ in NASTY.values()), *VISIBLE, "a\r\nEND:VEVENT\r\nb;c,d\\n"])
def test_no_text_can_be_more_than_a_text(text: str) -> None:
    period = replace(UPGRADE, name=f"n{text}", message=f"m{text}", paths=(f"/{text}",))
    written = feed(period)
    lines = written.decode().removesuffix("\r\n").split("\r\n")
    assert not any(re.search(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]", line) for line in lines)
    assert [line for line in lines if line.startswith(("BEGIN", "END"))] == [
        *("BEGIN:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "END:VCALENDAR")
    ]
    [event] = Calendar.from_ical(written).walk("VEVENT")
    assert str(event["description"]).startswith(f"m{text}" if text in VISIBLE else "m")
