from dataclasses import replace
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest

from downtime.files.disk import Fingerprint
from downtime.files.flag_file import Flag
from downtime.reload.transitions import transitions
from downtime.schedule.periods import NEVER, Answer, Period, Schedule
from tests.support.texts import BERLIN

NOW = datetime(2026, 12, 1, 2, 0, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
DISKS = Period(NOW, NOW + HOUR, name="disks", line=3)
SHOP = Period(NOW, NOW + HOUR, paths=("/shop", "/cart"), read_only=True, line=7)
FLAG = Flag("/srv/downtime.flag", Fingerprint(1, 1, 1, 1, 1), Period(NOW, NEVER, message="Back at four."))
UP: tuple[Answer, tuple[Flag, ...]] = (Schedule().at(NOW), ())

IS_DOWN = "the site is down, since 2026-12-01 03:00:00 CET, until 2026-12-01 04:00:00 CET, because of disks"


def answer(*periods: Period, flags: tuple[Flag, ...] = (), now: datetime = NOW) -> tuple[Answer, tuple[Flag, ...]]:
    return Schedule(periods).at(now, [flag.period for flag in flags]), flags


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (UP, UP, []),
        (UP, answer(DISKS), [IS_DOWN]),
        (answer(DISKS), answer(DISKS, now=NOW + HOUR / 2), []),
        (answer(DISKS), answer(DISKS, now=NOW + HOUR), ["disks is over; the site is up"]),
        (
            UP,
            answer(SHOP),
            [
                "a part of the site is read-only (/shop, /cart), since 2026-12-01 03:00:00 CET, "
                "until 2026-12-01 04:00:00 CET, because of the period on line 7"
            ],
        ),
        (
            UP,
            answer(flags=(FLAG,)),
            [
                "the site is down, since 2026-12-01 03:00:00 CET, without a known end, "
                "because of flag /srv/downtime.flag"
            ],
        ),
        (answer(flags=(FLAG,)), UP, ["flag /srv/downtime.flag is over; the site is up"]),
        (answer(DISKS, flags=(FLAG,)), answer(DISKS), ["flag /srv/downtime.flag is over"]),
        (
            answer(DISKS),
            answer(replace(DISKS, end=NOW + 2 * HOUR)),
            [IS_DOWN.replace("until 2026-12-01 04", "until 2026-12-01 05")],
        ),
        (answer(DISKS), answer(replace(DISKS, message="another", line=9)), []),
        (answer(SHOP), answer(replace(SHOP, line=9)), []),
        (answer(SHOP), answer(DISKS), [IS_DOWN, "the period on line 7 is over"]),
    ],
    ids=[
        *("up and up", "a period begins", "it goes on", "it ends", "a part", "a flag is raised", "it is lowered"),
        *("it is lowered while a period goes on", "another end", "another message", "another line", "another period"),
    ],
)
def test_what_began_changed_or_ended_is_a_line(
    before: tuple[Answer, tuple[Flag, ...]], after: tuple[Answer, tuple[Flag, ...]], lines: list[str]
) -> None:
    assert transitions(before, after, BERLIN) == lines


def test_the_lines_do_not_grow_with_the_number_of_periods() -> None:
    many = [replace(DISKS, name=f"disks-{number}") for number in range(100)]
    lines = transitions(UP, answer(*many), BERLIN)
    assert len(lines) == 21
    assert lines[-1] == "80 more such lines are left out"


def test_that_the_site_is_up_is_told_however_many_periods_end_at_once() -> None:
    many = [replace(DISKS, name=f"disks-{number}") for number in range(100)]
    lines = transitions(answer(*many), UP, BERLIN)
    assert len(lines) == 21
    assert lines[-1] == "80 more such lines are left out; the site is up"


def test_what_begins_and_what_ends_share_the_lines() -> None:
    old, new = ([replace(DISKS, name=f"{name}-{number}") for number in range(15)] for name in ("old", "new"))
    lines = transitions(answer(*old), answer(*new), BERLIN)
    assert [line.endswith(" is over") for line in lines[:20]] == [False] * 15 + [True] * 5
    assert lines[20:] == ["10 more such lines are left out"]


def test_a_line_does_not_grow_with_the_number_of_paths() -> None:
    paths = tuple(f"/shop-{number}" for number in range(1000))
    [line] = transitions(UP, answer(replace(SHOP, paths=paths)), BERLIN)
    assert "(/shop-0, /shop-1, " in line
    assert len(line) < 300


class Counted(tzinfo):
    """UTC, and how often a time was worded in it."""

    def __init__(self) -> None:
        self.times = 0

    def fromutc(self, moment: datetime) -> datetime:
        self.times += 1
        return moment

    def utcoffset(self, moment: datetime | None) -> timedelta:
        return timedelta(0)

    def dst(self, moment: datetime | None) -> timedelta:
        return timedelta(0)

    def tzname(self, moment: datetime | None) -> str:
        return "UTC"


def test_only_what_is_told_is_worded() -> None:
    """The other requests of a process may have to wait for the lines."""
    schedule = Schedule(tuple(replace(DISKS, name=f"disks-{number}") for number in range(1000)))
    begun, goes_on = ((schedule.at(now), ()) for now in (NOW, NOW + HOUR / 2))
    zone = Counted()
    assert transitions(begun, goes_on, zone) == []
    assert zone.times == 0
    assert len(transitions(UP, begun, zone)) == 21
    assert zone.times == 40


def test_a_zone_without_letters_is_told_by_its_offset() -> None:
    [line] = transitions(UP, answer(DISKS), ZoneInfo("America/Sao_Paulo"))
    assert "until 2026-12-01 00:00:00 UTC\N{MINUS SIGN}3, because of disks" in line


def test_an_end_is_the_second_after_which_nothing_is_refused() -> None:
    [line] = transitions(UP, answer(replace(DISKS, end=DISKS.end + timedelta(microseconds=1))), BERLIN)
    assert "until 2026-12-01 04:00:01 CET, because of disks" in line
