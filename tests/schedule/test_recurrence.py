import importlib.util
import sys
from bisect import bisect_right
from datetime import datetime, timedelta, timezone
from itertools import islice, takewhile
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from downtime.schedule import recurrence
from downtime.schedule.periods import ALWAYS, NEVER
from downtime.schedule.recurrence import Recurrence, check_expression

HOUR = timedelta(hours=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def starts(expression: str, zone: str, now: datetime, count: int, **bounds: datetime) -> list[str]:
    """The local times at which the next windows start."""
    recurrence = Recurrence(expression, ZoneInfo(zone), HOUR)
    found = recurrence.windows(now, bounds.get("first", ALWAYS), bounds.get("last", NEVER))
    return [f"{start.astimezone(ZoneInfo(zone)):%m-%d %H:%M %z}" for start, _ in islice(found, count)]


# Each night on which the clocks change, and a zone that moves them by half an hour, by two, at midnight, or never.
NIGHTS = [
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-10-04"),
    ("America/Santiago", "2026-09-06"),
    ("America/Havana", "2026-11-01"),
    ("Antarctica/Troll", "2026-03-29"),
    ("Africa/Casablanca", "2027-02-07"),
    ("UTC", "2026-10-25"),
]
EXPRESSIONS = [
    "30 2 * * *",
    "30 1 * * *",
    "0 3 * * *",
    "30 2,3 * * *",
    "5 1-4 * * *",
    "15 0 * * *",
    "10 * * * *",
    "*/20 * * * *",
    "45 */3 * * *",
    "0 0 * * SUN",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.parametrize(("zone", "night"), NIGHTS, ids=[f"{zone} {night}" for zone, night in NIGHTS])
def test_at_every_moment_around_a_clock_change_the_windows_are_those_that_cronsim_enumerates(
    zone: str, night: str, expression: str
) -> None:
    recurrence = Recurrence(expression, ZoneInfo(zone), timedelta(minutes=50))
    begin = utc(night) - timedelta(hours=14)
    enumerated = CronSim(expression, (begin - timedelta(days=9)).astimezone(recurrence.zone))
    until = begin + timedelta(days=20)
    every = list(takewhile(lambda start: start < until, (start.astimezone(timezone.utc) for start in enumerated)))
    for minutes in range(0, 24 * 60, 14):
        now = begin + timedelta(minutes=minutes)
        ahead = bisect_right(every, now)
        expected = every[ahead : ahead + 3]
        if now < every[ahead - 1] + recurrence.duration:
            expected.insert(0, every[ahead - 1])
        found = islice(recurrence.windows(now, ALWAYS, NEVER), len(expected))
        assert [start for start, _ in found] == expected, f"at {now.astimezone(recurrence.zone)}"


@pytest.mark.parametrize(
    ("expression", "zone", "now", "expected"),
    [
        ("30 2 * * *", "Europe/Berlin", "2026-03-28 12:00", ["03-29 03:00 +0200", "03-30 02:30 +0200"]),
        ("30 2 * * *", "Europe/Berlin", "2026-10-24 12:00", ["10-25 02:30 +0200", "10-26 02:30 +0100"]),
        ("30 2 * * *", "America/New_York", "2026-03-08 00:00", ["03-08 03:00 -0400", "03-09 02:30 -0400"]),
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03 12:00", ["10-04 02:30 +1100", "10-05 02:15 +1100"]),
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04 12:00", ["04-05 01:45 +1100", "04-06 01:45 +1030"]),
    ],
    ids=["skipped hour", "repeated hour", "skipped hour in New York", "skipped half hour", "repeated half hour"],
)
def test_a_fixed_time_occurs_once_in_each_night(expression: str, zone: str, now: str, expected: list[str]) -> None:
    assert starts(expression, zone, utc(now), 2) == expected


@pytest.mark.parametrize(
    ("now", "first"),
    [
        ("2026-12-01 02:29:59", "2026-12-01 02:30"),
        ("2026-12-01 02:30:00", "2026-12-01 02:30"),
        ("2026-12-01 03:29:59.999999", "2026-12-01 02:30"),
        ("2026-12-01 03:30:00", "2026-12-02 02:30"),
        ("2026-12-01 02:30:00.000001", "2026-12-01 02:30"),
    ],
    ids=["before", "at its start", "at its last microsecond", "at its end", "just after its start"],
)
def test_the_running_occurrence_comes_first_and_its_end_no_longer_counts(now: str, first: str) -> None:
    windows = Recurrence("30 2 * * *", timezone.utc, HOUR).windows(utc(now), ALWAYS, NEVER)
    assert next(windows) == (utc(first), utc(first) + HOUR)


def test_an_occurrence_may_last_beyond_the_next() -> None:
    windows = Recurrence("0 * * * *", timezone.utc, 3 * HOUR).windows(utc("2026-12-01 02:10"), ALWAYS, NEVER)
    assert [start.hour for start, _ in islice(windows, 3)] == [2, 3, 4]


@pytest.mark.parametrize("days", [1, 2, 3, 3660])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_of_those_that_run_the_last_one_comes_first_however_long_they_last(zone: str, days: int) -> None:
    every_minute = Recurrence("* * * * *", ZoneInfo(zone), timedelta(days=days))
    windows = every_minute.windows(utc("2026-12-01 02:10:30"), ALWAYS, NEVER)
    assert [start for start, _ in islice(windows, 2)] == [utc("2026-12-01 02:10"), utc("2026-12-01 02:11")]


def test_an_occurrence_counts_when_it_starts_within_the_bounds_and_ends_with_them() -> None:
    daily = Recurrence("0 2 * * *", timezone.utc, 2 * HOUR)
    first, last = utc("2026-12-02 02:00"), utc("2026-12-04 03:00")
    assert [(start.day, end.day, end.hour) for start, end in daily.windows(utc("2026-11-01"), first, last)] == [
        (2, 2, 4),
        (3, 3, 4),
        (4, 4, 3),
    ]
    assert not list(daily.windows(utc("2026-12-02 02:30"), utc("2026-12-02 02:01"), utc("2026-12-03 02:00")))
    assert not list(daily.windows(last, first, last))


def test_a_rare_occurrence_is_found_up_to_the_last_year_that_a_schedule_can_name() -> None:
    assert starts("0 0 29 2 */7", "UTC", utc("2026-12-01"), 1, first=utc("9900-12-31")) == ["02-29 00:00 +0000"]


def test_an_expression_that_never_occurs_has_no_windows() -> None:
    never = Recurrence("0 0 */29 2 MON#5", timezone.utc, HOUR)
    assert not list(never.windows(utc("2026-12-01"), ALWAYS, NEVER))


@pytest.mark.parametrize(
    "expression", ["30 3 * * SUN", "*/5 * * * *", "0 0 L * *", "0 0 * * MON#1", "0 12 29 feb *", "0 0 29 2 */7"]
)
def test_five_fields_that_occur_are_sound(expression: str) -> None:
    check_expression(expression)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "it must be five"),
        ("* * * *", "it must be five"),
        ("* * * * * *", "it must be five"),
        ("@daily", "it must be five"),
        ("60 * * * *", "Bad minute"),
        ("* 24 * * *", "Bad hour"),
        ("* * 0 * *", "Bad day-of-month"),
        ("* * * 13 *", "Bad month"),
        ("* * * * 8", "Bad day-of-week"),
        ("*/0 * * * *", "Bad minute"),
        ("5-1 * * * *", "Bad minute"),
        ("1,,2 * * * *", "Bad minute"),
        ("x * * * *", "Bad minute"),
        ("² * * * *", "Bad minute"),
        ("0 0 30 2 *", "Bad day-of-month"),
        ("0 0 */29 2 MON#5", "does not occur within 50 years"),
        (f"{'1,' * 100}1 * * * *", "it must be five"),
    ],
)
def test_an_expression_that_is_wrong_or_never_occurs_is_refused_with_what_is_allowed(
    expression: str, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        check_expression(expression)
    assert "it must be five cron fields such as '30 3 * * SUN'" in str(caught.value)


def test_without_cronsim_the_module_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert recurrence.is_available
    monkeypatch.setitem(sys.modules, "cronsim", None)
    monkeypatch.delitem(sys.modules, "downtime.schedule.cron_search")
    spec = importlib.util.spec_from_file_location("recurring_alone", recurrence.__file__)
    assert spec is not None
    assert spec.loader is not None
    alone: ModuleType = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "recurring_alone", alone)
    spec.loader.exec_module(alone)
    assert not alone.is_available
