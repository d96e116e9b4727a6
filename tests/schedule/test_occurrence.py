from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest

from downtime.schedule.occurrence import occurrence, rounded_up, zone_name
from downtime.schedule.periods import ALWAYS, NEVER, Period, Schedule, Window
from downtime.schedule.recurrence import Recurrence
from tests.support.texts import BERLIN

START = datetime(2026, 12, 1, 1, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def window(period: Period) -> Window:
    return Window(period.start, 0, period.end, period)


def test_a_period_is_told_in_the_zone_of_the_project() -> None:
    period = Period(START, START + HOUR, name="disks", message="Faster.", redirect="/a/", retry_after=5, read_only=True)
    told = occurrence(window(period), BERLIN)
    assert (told.start, told.end) == (START, START + HOUR)
    assert told.start is not None
    assert told.start.tzinfo is BERLIN
    assert (told.name, told.message, told.redirect) == ("disks", "Faster.", "/a/")
    assert (told.retry_after, told.read_only, told.paths) == (5, True, ())


def test_what_is_not_known_is_none() -> None:
    told = occurrence(Window(ALWAYS, -1, NEVER, Period()), BERLIN)
    assert (told.start, told.end, told.retry_after) == (None, None, None)


def test_a_flag_began_when_it_was_raised() -> None:
    assert occurrence(Window(ALWAYS, -1, NEVER, Period(START)), BERLIN).start == START


def test_a_recurring_period_is_told_by_its_occurrence() -> None:
    recurrence = Recurrence("0 3 * * *", timezone.utc, HOUR)
    schedule = Schedule((Period(START - 100 * HOUR, recurrence=recurrence),))
    [active] = schedule.at(START + 2.5 * HOUR).active
    told = occurrence(active, BERLIN)
    assert (told.start, told.end) == (START + 2 * HOUR, START + 3 * HOUR)


def test_the_end_may_be_that_of_what_follows() -> None:
    period = Period(START, START + HOUR)
    assert occurrence(window(period), BERLIN, end=START + 2 * HOUR).end == START + 2 * HOUR
    assert occurrence(window(period), BERLIN, end=NEVER).end is None


def test_times_are_whole_seconds_and_nobody_comes_back_too_early() -> None:
    odd = timedelta(microseconds=1)
    told = occurrence(window(Period(START + odd, START + HOUR + odd)), BERLIN)
    assert (told.start, told.end) == (START, START + HOUR + timedelta(seconds=1))


def test_the_whole_site_as_a_prefix_is_told_as_a_path() -> None:
    assert occurrence(window(Period(START, paths=("", "/shop"))), BERLIN).paths == ("/", "/shop")


def test_a_moment_is_rounded_up_to_the_second_unless_it_is_not_known() -> None:
    second = timedelta(seconds=1)
    assert [rounded_up(START + timedelta(microseconds=odd)) - START for odd in (0, 1, 999_999)] == [
        0 * HOUR,
        second,
        second,
    ]
    assert (rounded_up(ALWAYS), rounded_up(NEVER)) == (ALWAYS, NEVER)


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        (timezone.utc, "UTC"),
        (BERLIN, "CET"),
        (ZoneInfo("America/Sao_Paulo"), "UTC\N{MINUS SIGN}3"),
        (ZoneInfo("America/St_Johns"), "NST"),
        (ZoneInfo("Asia/Kathmandu"), "UTC+5:45"),
        (ZoneInfo("Asia/Dubai"), "UTC+4"),
        (ZoneInfo("Atlantic/Azores"), "UTC\N{MINUS SIGN}1"),
        (ZoneInfo("Pacific/Marquesas"), "UTC\N{MINUS SIGN}9:30"),
        (timezone(timedelta(0), "+00"), "UTC"),
    ],
    ids=str,
)
def test_a_zone_has_a_name_with_letters(zone: tzinfo, name: str) -> None:
    assert zone_name(datetime(2026, 12, 1, tzinfo=zone)) == name
