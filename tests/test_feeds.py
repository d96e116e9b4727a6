"""The public state: from memory, also while the site is down, and no more than is anybody's business."""

import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import pytest_django
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from icalendar import Calendar

from downtime import live
from tests.support.requests import Ask
from tests.support.snapshot import at
from tests.test_urls import Included

STATUS, CALENDAR = FEEDS = ["/downtime/status.json", "/downtime/downtime.ics"]


@pytest.fixture(autouse=True)
def included(settings: pytest_django.Settings) -> None:
    """A site with the feeds."""
    settings.ROOT_URLCONF = Included


def test_the_state_of_a_site_that_is_up(ask: Ask) -> None:
    answer = ask(STATUS)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.json() == {  # type: ignore[attr-defined]
        **{"state": "up", "since": None, "until": None, "refused": [], "next": None},
        **{"active": [], "upcoming": []},
    }


def test_what_is_active_and_what_is_coming_is_told(ask: Ask, flag: Path, schedule: Path) -> None:
    flag.write_text("{message: Back soon., paths: [/shop]}")
    start = at(3600)
    schedule.write_text(f"periods: [{{name: disks, start: '{start}', duration: 1h, message: New disks.}}]\n")
    found = ask(STATUS).json()  # type: ignore[attr-defined]
    assert found["state"] == "partly"
    assert [(one["paths"], one["because"]) for one in found["refused"]] == [(["/shop"], [])]
    [active] = found["active"]
    assert (active["name"], active["message"], active["end"]) == (None, "Back soon.", None)
    [coming] = found["upcoming"]
    assert coming["name"] == "disks"
    assert datetime.fromisoformat(coming["start"]) == datetime.fromisoformat(start)


def test_no_path_of_a_file_and_no_problem_is_told(ask: Ask, flag: Path, schedule: Path) -> None:
    """The state is that by which the process goes, whatever is wrong with its files."""
    flag.write_text("{end: soon}")
    schedule.write_text("periods: [{start: 2020-01-01, paths: [/a]}, {start: secret-problem}]\n")
    text = ask(STATUS).content.decode()
    assert ask(STATUS).json()["state"] == "down"  # type: ignore[attr-defined]
    for secret in (str(flag), str(schedule), flag.name, schedule.name, "secret-problem", "line"):
        assert secret not in text


def test_of_thousands_of_periods_the_next_hundred_are_told(ask: Ask, schedule: Path) -> None:
    periods = [f"{{name: p{number}, start: '{at(3600 + number)}', duration: 1d}}" for number in range(300)]
    active = [f"{{name: a{number}, start: 2020-01-01}}" for number in range(300)]
    schedule.write_text(f"periods: [{', '.join(periods + active)}]\n")
    found = ask(STATUS).json()  # type: ignore[attr-defined]
    assert [period["name"] for period in found["upcoming"]] == [f"p{number}" for number in range(100)]
    assert len(found["active"]) == 100


# How it is answered


@pytest.mark.parametrize("feed", [STATUS, CALENDAR])
def test_it_may_be_kept_for_a_minute_and_is_not_sent_twice(ask: Ask, schedule: Path, feed: str) -> None:
    answer = ask(feed)
    assert answer["Cache-Control"] == "public, max-age=60"
    assert "Vary" not in answer
    again = ask(feed, headers={"if-none-match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (again["ETag"], again["Cache-Control"]) == (answer["ETag"], answer["Cache-Control"])
    schedule.write_text(f"periods: [{{name: disks, start: '{at(3600)}', duration: 1h}}]\n")
    changed = ask(feed, headers={"if-none-match": answer["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != answer["ETag"]


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_it_can_only_be_read(ask: Ask, feed: str, method: str) -> None:
    assert ask(feed, method).status_code == 405


@pytest.mark.parametrize("feed", FEEDS)
def test_head_is_answered_without_a_body(ask: Ask, feed: str) -> None:
    answer = ask(feed, "HEAD")
    assert (answer.status_code, answer.content) == (200, b"")


DOWN = {
    "the page": {},
    "a redirect": {"DOWNTIME_URL_REDIRECT": "https://status.example.com/"},
    "a view of the site": {"DOWNTIME_VIEW": "no.such.view"},
    "nothing is exempt": {"DOWNTIME_EXEMPT_PATHS": []},
}


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("options", DOWN.values(), ids=DOWN)
def test_it_answers_while_the_site_is_down(
    ask: Ask, flag: Path, settings: pytest_django.Settings, options: dict[str, object], feed: str
) -> None:
    for name, value in options.items():
        setattr(settings, name, value)
    flag.write_text("Back at four.")
    answer = ask(feed)
    assert (answer.status_code, "X-Downtime" in answer, "Retry-After" in answer) == (200, False, False)
    assert ask("/").status_code != 200
    assert feed is CALENDAR or "Back at four." in answer.content.decode()
    assert "public" in answer["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.usefixtures("with_admin")
@pytest.mark.parametrize("feed", FEEDS)
def test_it_asks_no_database_and_opens_no_session(
    client: Client, staff: Client, settings: pytest_django.Settings, schedule: Path, feed: str
) -> None:
    settings.ROOT_URLCONF = Included
    schedule.write_text(f"periods: [{{start: '{at(3600)}', duration: 1h}}]\n")
    with CaptureQueriesContext(connection) as queries:
        answer = staff.get(feed)
    assert (answer.status_code, len(queries), list(answer.cookies)) == (200, 0, [])
    assert "Cookie" not in answer.get("Vary", "")


@pytest.mark.parametrize("feed", FEEDS)
def test_it_reads_no_file_that_the_request_has_not_looked_at(
    client: Client, settings: pytest_django.Settings, schedule: Path, file_accesses: list[str], feed: str
) -> None:
    settings.DOWNTIME_RECHECK = 400
    schedule.write_text(f"periods: [{{start: '{at(3600)}', duration: 1h}}]\n")
    client.get(feed)
    file_accesses.clear()
    assert client.get(feed).status_code == 200
    assert file_accesses == []


def test_it_is_the_same_in_every_language(client: Client, schedule: Path) -> None:
    schedule.write_text(f"periods: [{{name: disks, start: '{at(3600)}', duration: 1h}}]\n")
    etags = set()
    for language in ("en", "de"):
        with translation.override(language):
            etags |= {client.get(feed)["ETag"] for feed in (STATUS, CALENDAR)}
    assert len(etags) == 2


# The calendar


def test_the_calendar_holds_what_is_planned(ask: Ask, schedule: Path) -> None:
    start = at(3600)
    schedule.write_text(f"periods: [{{name: disks, start: '{start}', duration: 1h, message: New disks.}}]\n")
    answer = ask(CALENDAR)
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    [event] = Calendar.from_ical(answer.content).walk("VEVENT")
    assert event["dtstart"].dt == datetime.fromisoformat(start)
    assert event["dtend"].dt - event["dtstart"].dt == timedelta(hours=1)
    assert abs(event["dtstamp"].dt.timestamp() - schedule.stat().st_mtime) < 1
    assert str(event["uid"]).endswith("@testserver")


def test_a_cancelled_period_goes_away_and_a_moved_one_moves(ask: Ask, schedule: Path) -> None:
    def found(*periods: str) -> dict[str, datetime]:
        schedule.write_text(f"periods: [{', '.join(periods)}]\n")
        walked = Calendar.from_ical(ask(CALENDAR).content).walk("VEVENT")
        return {str(event["uid"]): event["dtstart"].dt for event in walked}

    soon, later = at(3600), at(7200)
    before = found(f"{{name: disks, start: '{soon}', duration: 1h}}", f"{{name: tills, start: '{soon}', duration: 1h}}")
    after = found(f"{{name: disks, start: '{later}', duration: 1h}}")
    assert list(after) == list(before)[:1]
    assert list(after.values()) == [datetime.fromisoformat(later).astimezone(timezone.utc)]


def test_without_the_library_the_calendar_says_what_is_missing(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "downtime.calendar_feed", raising=False)
    monkeypatch.setitem(sys.modules, "icalendar", None)
    answer = ask(CALENDAR)
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/plain; charset=utf-8")
    assert answer.content.decode() == "The calendar needs a library: pip install 'django-downtime[calendar]'\n"
    assert ask(STATUS).status_code == 200


def test_what_a_broken_library_raises_is_not_taken_for_its_absence(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "downtime.calendar_feed", raising=False)
    monkeypatch.setitem(sys.modules, "downtime.calendar_feed", None)
    with pytest.raises(ModuleNotFoundError):
        client.get(CALENDAR)


def test_a_process_without_the_middleware_looks_at_the_files_itself(
    client: Client, settings: pytest_django.Settings, flag: Path
) -> None:
    settings.MIDDLEWARE = []
    flag.touch()
    assert client.get(STATUS).json()["state"] == "down"
    assert live.current.snapshot.answer.active
