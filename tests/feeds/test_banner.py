"""What the banner is given to word, and where its static files are."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import pytest_django

from downtime.feeds.banner import Notice, static_url, window_id
from downtime.schedule.occurrence import occurrence
from downtime.schedule.periods import ALWAYS, NEVER, Period, Window

START = datetime(2031, 11, 27, 1, tzinfo=timezone.utc)
PERIOD = Period(START, START + timedelta(hours=2), name="disks", message="New disks.")


def notice(period: Period = PERIOD, *, is_running: bool = False) -> Notice:
    told = occurrence(Window(period.start, 0, period.end, period), timezone.utc)
    return Notice(told, told.start, told.end, is_running=is_running, parts=[])


def id_of(period: Period) -> str:
    return window_id(Window(period.start, 0, period.end, period))


def test_a_notice_of_which_no_time_is_known_names_none() -> None:
    """As of a read-only flag whose age can't be told."""
    period = occurrence(Window(ALWAYS, -1, NEVER, Period(read_only=True)), timezone.utc)
    unknown = Notice(period, period.start, period.end, is_running=True, parts=[])
    assert (unknown.start_time, unknown.zone, unknown.is_within_a_day) == ("", "", False)


CHANGES: dict[str, dict[str, Any]] = {
    "moved": {"start": START + timedelta(days=1), "end": START + timedelta(days=1, hours=2)},
    "longer": {"end": START + timedelta(hours=3)},
    "another name": {"name": "tills"},
    "another message": {"message": "New tills."},
    "a part": {"paths": ("/shop",)},
    "read-only": {"read_only": True},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_was_hidden_is_shown_again_once_it_says_something_else(change: dict[str, Any]) -> None:
    assert id_of(PERIOD) == id_of(replace(PERIOD))
    assert id_of(replace(PERIOD, **change)) != id_of(PERIOD)


def test_the_id_is_the_same_in_every_process_and_holds_nothing_of_the_period() -> None:
    """A text that is no UTF-8 has one too."""
    assert id_of(PERIOD) == "58064be4ccf90299"
    assert len(id_of(replace(PERIOD, message="\udcff"))) == 16


@pytest.mark.parametrize(
    ("is_running", "read_only", "state"),
    [(False, False, "coming"), (False, True, "coming"), (True, True, "read-only"), (True, False, "down")],
)
def test_the_state_of_a_notice(is_running: bool, read_only: bool, state: str) -> None:
    assert notice(replace(PERIOD, read_only=read_only), is_running=is_running).state == state


# Static files

MANIFEST = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}


@pytest.mark.parametrize(
    ("options", "url"),
    [
        ({}, "/static/downtime/banner.css"),
        ({"STATIC_URL": "https://cdn.example.com/"}, "https://cdn.example.com/downtime/banner.css"),
        ({"STATIC_URL": None}, ""),
        ({"INSTALLED_APPS": ["downtime"]}, ""),
        ({"STORAGES": MANIFEST}, ""),
    ],
    ids=["as ever", "another host", "no STATIC_URL", "no staticfiles", "not collected"],
)
def test_a_static_file_has_a_url_if_the_site_has_it(
    settings: pytest_django.Settings, caplog: pytest.LogCaptureFixture, options: dict[str, Any], url: str
) -> None:
    """What a deploy has forgotten to collect is told in the log."""
    for name, value in options.items():
        setattr(settings, name, value)
    assert static_url("downtime/banner.css") == url
    told = "the static file downtime/banner.css has no URL, so the banner goes without it; run collectstatic"
    assert caplog.messages == [told] * ("STORAGES" in options)
