"""The public state: from memory, also while the site is down, and no more than is anybody's business."""

import re
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlencode

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

STATUS, CALENDAR, BANNER = "/downtime/status.json", "/downtime/downtime.ics", "/downtime/banner.html?within=1d"
FEEDS = [STATUS, CALENDAR, BANNER]


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
    public = "public" in answer["Cache-Control"]
    assert public is (feed is not BANNER)


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
    monkeypatch.delitem(sys.modules, "downtime.feeds.calendar", raising=False)
    monkeypatch.setitem(sys.modules, "icalendar", None)
    answer = ask(CALENDAR)
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/plain; charset=utf-8")
    assert answer.content.decode() == "The calendar needs a library: pip install 'django-downtime[calendar]'\n"
    assert ask(STATUS).status_code == 200


def test_what_a_broken_library_raises_is_not_taken_for_its_absence(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "downtime.feeds.calendar", raising=False)
    monkeypatch.setitem(sys.modules, "downtime.feeds.calendar", None)
    with pytest.raises(ModuleNotFoundError):
        client.get(CALENDAR)


# The banner of a page that stays open


def test_the_banner_is_that_of_the_page(ask: Ask, schedule: Path) -> None:
    schedule.write_text(f"periods: [{{start: '{at(7200)}', duration: 1h, paths: [/shop], message: New tills.}}]\n")
    shown = ask(f"{BANNER}&path=/shop/1&language=de").content.decode()
    assert "Geplante Wartung:" in shown
    assert 'lang="de"' in shown
    assert "New tills." in shown
    assert "<script" not in shown
    assert ask(f"{BANNER}&path=/").content.decode().strip() == ""
    assert ask("/downtime/banner.html?within=1h&path=/shop").content.decode().strip() == ""


@pytest.mark.parametrize(
    ("flag_text", "path", "words"),
    [
        ("", "/", "The site is down for maintenance. What you send now may not be saved."),
        ("end: 2098-01-01", "/", "The site is down for maintenance until <time"),
        ("paths: [/shop]", "/shop/1", "This part of the site is down for maintenance. What"),
        ("{paths: [/shop], end: 2098-01-01}", "/shop", "This part of the site is down for maintenance until <time"),
        ("paths: [/shop]", "/", ""),
        ("read_only: true", "/", "Changes are paused."),
    ],
)
def test_it_tells_an_open_page_that_the_site_has_gone_down(
    ask: Ask, flag: Path, flag_text: str, path: str, words: str
) -> None:
    flag.write_text(flag_text)
    shown = " ".join(ask(f"{BANNER}&path={path}").content.decode().replace("</strong>", "").split())
    assert words in shown
    assert bool(shown) is bool(words)
    assert "<button" not in shown


def test_who_was_shown_the_page_while_it_was_down_is_not_told(ask: Ask, flag: Path, schedule: Path) -> None:
    flag.touch()
    schedule.write_text(f"periods: [{{start: '{at(7200)}', duration: 1h}}]\n")
    shown = ask(f"{BANNER}&path=/&passes=1").content.decode()
    assert "Planned maintenance" in shown
    assert "The site is down" not in shown


@pytest.mark.parametrize("within", ["", "within=", "within=soon", "within=-1h", "within=99999d"])
def test_a_time_ahead_that_is_none_is_a_bad_request(ask: Ask, within: str) -> None:
    answer = ask(f"/downtime/banner.html?{within}")
    assert (answer.status_code, answer["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert answer.content.startswith(b"within: it must be a duration such as")


@pytest.mark.parametrize("language", ["", "xx", "../../../tmp", "de\0", "DE" * 5000, "en/../de"])
def test_a_language_that_is_none_is_that_of_the_site(ask: Ask, flag: Path, language: str) -> None:
    flag.touch()
    answer = ask("/downtime/banner.html", QUERY_STRING=f"within=1d&language={language}")
    assert 'lang="en-us"' in answer.content.decode()


@pytest.mark.parametrize(
    ("zone", "name"),
    [("Asia/Tokyo", "JST"), ("UTC", "UTC"), ("", "CE"), ("../../tmp", "CE"), ("\0", "CE"), ("UTC+1", "CE")],
)
def test_times_are_in_the_zone_of_the_page_if_it_is_one(ask: Ask, schedule: Path, zone: str, name: str) -> None:
    schedule.write_text(f"periods: [{{start: '{at(7200)}', duration: 1h}}]\n")
    shown = ask("/downtime/banner.html", QUERY_STRING=f"within=1d&{urlencode({'zone': zone})}").content.decode()
    assert re.search(rf"{name}\w*</time>\.", shown)


def test_it_is_kept_by_no_cache_that_others_share(ask: Ask) -> None:
    assert {part.strip() for part in ask(BANNER)["Cache-Control"].split(",")} == {"private", "no-cache"}


def test_a_process_without_the_middleware_looks_at_the_files_itself(
    client: Client, settings: pytest_django.Settings, flag: Path
) -> None:
    settings.MIDDLEWARE = []
    flag.touch()
    assert client.get(STATUS).json()["state"] == "down"
    assert live.current.snapshot.answer.active
