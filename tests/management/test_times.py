"""How the commands word times, as plain values."""

from datetime import datetime, timedelta, timezone

import pytest

from downtime.management.times import ago, distance, lasted, length, local_time, short_span
from downtime.schedule.periods import NEVER

NOW = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)


def test_a_time_is_on_the_clocks_of_the_project() -> None:
    assert local_time(NOW) == "2026-12-01 13:00:00 CET"
    assert local_time(NOW.replace(month=7)) == "2026-07-01 14:00:00 CEST"


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (NOW.replace(hour=13), "2026-12-01 13:00 to 14:00 CET"),
        (NOW.replace(hour=13, microsecond=1), "2026-12-01 13:00 to 14:00:01 CET"),
        (NOW.replace(hour=23), "2026-12-01 13:00 to 2026-12-02 00:00 CET"),
        (NOW.replace(year=2027, month=7), "2026-12-01 13:00 CET to 2027-07-01 14:00 CEST"),
        (NEVER, "2026-12-01 13:00 CET, no known end"),
    ],
    ids=["the same day", "a fraction", "another day", "another offset", "open"],
)
def test_a_span_leaves_out_what_its_end_has_in_common_with_its_start(end: datetime, expected: str) -> None:
    assert short_span(NOW, end) == expected


def test_seconds_are_told_if_there_are_any() -> None:
    assert short_span(NOW.replace(second=5, microsecond=9), NEVER) == "2026-12-01 13:00:05 CET, no known end"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (3.4, "3 s"),
        (119, "119 s"),
        (119.6, "2 min"),
        (250, "4 min"),
        (3_570, "1 h"),
        (6_000, "1 h 40 min"),
        (7_190, "2 h"),
        (35_969, "9 h 59 min"),
        (35_970, "10 h"),
        (171_000, "2 d"),
        (168_000, "47 h"),
        (729 * 86_400, "729 d"),
        (730 * 86_400, "2 y"),
        (974 * 366 * 86_400, "976 y"),
    ],
)
def test_a_length_is_told_in_the_units_that_fit_it(seconds: float, expected: str) -> None:
    assert length(seconds) == expected
    assert ago(max(seconds, 0)) == f"{expected} ago"


@pytest.mark.parametrize(("minutes", "expected"), [(180, "in 3 h"), (0, "for 0 s"), (-12, "for 12 min")])
def test_what_is_to_come_is_in_some_time_and_what_has_come_for_some_time(minutes: int, expected: str) -> None:
    assert distance(NOW + timedelta(minutes=minutes), NOW) == expected


@pytest.mark.parametrize(
    ("seconds", "since", "last"),
    [
        (720, "12 min ago", "for 12 min"),
        (-0.4, "0 s ago", "for 0 s"),
        (-0.6, "1 s in the future", "1 s in the future"),
        (-86_400, "24 h in the future", "24 h in the future"),
    ],
)
def test_what_has_begun_by_a_clock_that_is_ahead_is_in_the_future(seconds: float, since: str, last: str) -> None:
    assert ago(seconds) == since
    assert lasted(NOW - timedelta(seconds=seconds), NOW) == last
