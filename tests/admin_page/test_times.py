from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from downtime.admin_page import times
from downtime.schedule.periods import ALWAYS, NEVER
from tests.support.texts import BERLIN

NOW = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)
DASH = "\N{EN DASH}"


def test_a_stretch_may_have_no_end() -> None:
    with translation.override("en"):
        assert times.time_span(NOW, NEVER, BERLIN) == "from Dec. 1, 2026, 1 p.m. on"
        assert times.time_span(NOW, NOW + timedelta(hours=1), BERLIN) == (
            "Dec. 1, 2026, 1 p.m. to Dec. 1, 2026, 2 p.m."
        )


@pytest.mark.parametrize(
    ("language", "said", "next_year"),
    [
        ("en", "Dec 1 13:00", "Jan. 30, 2027 13:00"),
        ("en-gb", "1 Dec 13:00", "30 Jan 2027 13:00"),
        ("de", "1. Dez 13:00", "30. Jan 2027 13:00"),
        ("ja", "12月1日 13:00", "2027年1月30日 13:00"),
    ],
)
def test_a_short_time_names_the_year_if_it_is_another(language: str, said: str, next_year: str) -> None:
    with translation.override(language):
        assert times.short_time(NOW, BERLIN, NOW) == said
        assert times.short_time(NOW + timedelta(days=60), BERLIN, NOW) == next_year


def test_the_year_is_that_of_the_viewer() -> None:
    midnight = datetime(2026, 12, 31, 23, 30, tzinfo=timezone.utc)
    with translation.override("en-gb"):
        assert times.short_time(midnight, BERLIN, midnight) == "1 Jan 00:30"
        assert times.short_time(midnight, BERLIN, NOW) == "1 Jan 2027 00:30"


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (NOW, NOW + timedelta(minutes=20), f"1 Dec 13:00{DASH}13:20"),
        (NOW, NOW + timedelta(seconds=0.5), f"1 Dec 13:00{DASH}13:00"),
        (NOW, NOW + timedelta(hours=11), f"1 Dec 13:00 {DASH} 2 Dec 00:00"),
        (NOW, NEVER, "since 1 Dec 13:00"),
        (NOW + timedelta(hours=1), NEVER, "from 1 Dec 14:00 on"),
        (ALWAYS, NOW, "until 1 Dec 13:00"),
        (ALWAYS, NEVER, ""),
    ],
    ids=["a day", "half a second", "two days", "running", "coming", "only an end", "nothing"],
)
def test_a_short_span_names_each_day_once(start: datetime, end: datetime, said: str) -> None:
    with translation.override("en-gb"):
        assert times.short_span(start, end, BERLIN, NOW) == said


def test_a_day_is_that_of_the_zone() -> None:
    with translation.override("en-gb"):
        assert times.short_span(NOW, NOW + timedelta(hours=11), ZoneInfo("UTC"), NOW) == f"1 Dec 12:00{DASH}23:00"


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        *[(0, "1 min"), (0.4, "1 min"), (59.4, "59 min"), (59.6, "1 h"), (100, "1 h 40 min"), (120, "2 h")],
        *[(599, "9 h 59 min"), (600, "10 h"), (889, "15 h"), (1409, "23 h"), (1439, "1 d"), (1440, "1 d")],
        *[(1800, "1 d 6 h"), (2849, "1 d 23 h"), (2850, "2 d"), (2880, "2 d"), (17_000, "12 d")],
    ],
)
def test_a_length_of_time_is_told_in_the_units_that_matter(minutes: float, said: str) -> None:
    with translation.override("en"):
        assert times.distance(timedelta(minutes=minutes)) == said


def test_a_moment_is_ahead_or_has_gone() -> None:
    with translation.override("en"):
        assert times.from_now(NOW + timedelta(hours=15), NOW) == "in 15 h"
        assert times.from_now(NOW - timedelta(days=3), NOW) == "3 d ago"
        assert times.from_now(NOW, NOW) == "1 min ago"
    with translation.override("de"):
        assert times.from_now(NOW + timedelta(minutes=100), NOW) == "in 1 Std. 40 Min."
