from datetime import datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from downtime.admin_page.timeline import VIEWS, Lane, Timeline, timeline
from downtime.files.parser import parse
from downtime.schedule.periods import Period, Window

UTC, BERLIN, KOLKATA = map(ZoneInfo, ("UTC", "Europe/Berlin", "Asia/Kolkata"))
NOW = datetime(2026, 12, 1, 12, 34, 56, tzinfo=timezone.utc)


def windows(text: str, now: datetime = NOW) -> list[Window]:
    parsed = parse(f"periods:\n{text}", UTC)
    assert parsed.problems == ()
    return [*parsed.schedule.at(now).active, *parsed.schedule.upcoming(now)]


def drawn(text: str, view: str = "week", *, now: datetime = NOW, zone: ZoneInfo = UTC) -> Timeline:
    return timeline(windows(text, now), VIEWS[view], now=now, zone=zone)


def shares(lane: Lane) -> list[tuple[float, float]]:
    return [(round(bar.left, 4), round(bar.width, 4)) for bar in lane.bars]


@pytest.mark.parametrize(
    ("view", "zone", "begin", "end"),
    [
        ("day", UTC, "2026-12-01T12:00:00+00:00", "2026-12-02T12:00:00+00:00"),
        ("day", KOLKATA, "2026-12-01T18:00:00+05:30", "2026-12-02T18:00:00+05:30"),
        ("week", UTC, "2026-12-01T00:00:00+00:00", "2026-12-08T00:00:00+00:00"),
        ("week", BERLIN, "2026-12-01T00:00:00+01:00", "2026-12-08T00:00:00+01:00"),
        ("month", UTC, "2026-12-01T00:00:00+00:00", "2026-12-31T00:00:00+00:00"),
        ("90-days", UTC, "2026-12-01T00:00:00+00:00", "2027-03-01T00:00:00+00:00"),
    ],
)
def test_a_view_begins_with_the_hour_or_the_day_of_its_viewer(view: str, zone: ZoneInfo, begin: str, end: str) -> None:
    found = drawn("", view, zone=zone)
    assert (found.begin.astimezone(zone).isoformat(), found.end.astimezone(zone).isoformat()) == (begin, end)


@pytest.mark.parametrize(("month", "hours"), [(3, 167), (10, 169)], ids=["forward", "back"])
def test_a_week_with_a_clock_change_ends_at_midnight_too(month: int, hours: int) -> None:
    now = datetime(2026, month, 24, 12, tzinfo=timezone.utc)
    found = drawn("", "week", now=now, zone=BERLIN)
    assert found.end - found.begin == timedelta(hours=hours)
    assert {moment.astimezone(BERLIN).hour for moment, _ in found.marks} == {0}
    assert len(found.marks) == 7


@pytest.mark.parametrize(("view", "count"), [("day", 8), ("week", 7), ("month", 6), ("90-days", 6)])
def test_marks_divide_the_view_evenly(view: str, count: int) -> None:
    places = [place for _, place in drawn("", view).marks]
    assert len(places) == count
    steps = [later - earlier for earlier, later in pairwise(places)]
    assert steps == pytest.approx([1 / count] * (count - 1))


@pytest.mark.parametrize(
    ("zone", "now"), [("America/Santiago", "2026-09-06T12:00Z"), ("Africa/Cairo", "2026-04-24T12:00Z")]
)
def test_where_the_clocks_skip_midnight_the_other_days_begin_with_it(zone: str, now: str) -> None:
    found = drawn("", now=datetime.fromisoformat(now.replace("Z", "+00:00")), zone=ZoneInfo(zone))
    hours = [moment.astimezone(ZoneInfo(zone)).hour for moment, _ in found.marks]
    assert hours == [1, 0, 0, 0, 0, 0, 0]
    assert found.end.astimezone(ZoneInfo(zone)).hour == 0


def test_a_window_that_has_ended_since_it_was_looked_for_is_drawn_all_the_same() -> None:
    yearly = windows("- {cron: '0 12 1 12 *', duration: 10m}", NOW - timedelta(minutes=30))
    [lane] = timeline(yearly, VIEWS["week"], now=NOW, zone=UTC).lanes
    assert len(lane.bars) == 1


def test_the_marks_of_a_day_are_whole_hours_of_the_viewer() -> None:
    hours = [moment.astimezone(KOLKATA).strftime("%H:%M") for moment, _ in drawn("", "day", zone=KOLKATA).marks]
    assert hours == ["18:00", "21:00", "00:00", "03:00", "06:00", "09:00", "12:00", "15:00"]


def test_now_is_marked() -> None:
    assert drawn("", "day").now == pytest.approx((34 * 60 + 56) / 86_400)


def test_a_period_lies_where_its_time_is() -> None:
    [lane] = drawn("- {name: one, start: 2026-12-02 00:00, end: 2026-12-03 12:00}").lanes
    assert lane.period.name == "one"
    assert shares(lane) == [(round(1 / 7, 4), round(1.5 / 7, 4))]


@pytest.mark.parametrize(
    ("times", "bar"),
    [
        ("start: 2026-11-01, end: 2026-12-03", (0, round(2 / 7, 4))),
        ("start: 2026-12-06, end: 2027-12-03", (round(5 / 7, 4), round(2 / 7, 4))),
        ("start: 2026-11-01", (0, 1)),
    ],
    ids=["began before", "ends later", "has no end"],
)
def test_a_bar_ends_where_the_picture_does(times: str, bar: tuple[float, float]) -> None:
    [lane] = drawn(f"- {{{times}}}").lanes
    assert shares(lane) == [bar]
    assert not lane.goes_on


@pytest.mark.parametrize(
    "times",
    ["start: 2026-11-01, end: 2026-12-01 12:00", "start: 2026-12-08", "start: 2026-12-02, enabled: false"],
    ids=["over", "later", "disabled"],
)
def test_what_is_over_later_or_disabled_has_no_line(times: str) -> None:
    assert drawn(f"- {{{times}}}").lanes == ()


def test_a_flag_begins_when_it_was_raised() -> None:
    raised = datetime(2026, 12, 1, 6, tzinfo=timezone.utc)
    flag = Period(raised)
    found = timeline(
        [Window(datetime.min.replace(tzinfo=timezone.utc), -1, flag.end, flag)], VIEWS["day"], now=NOW, zone=UTC
    )
    assert (found.lanes[0].bars[0].start, shares(found.lanes[0])) == (raised, [(0, 1)])


def test_a_recurring_period_has_a_bar_for_each_occurrence_from_now_on() -> None:
    [lane] = drawn("- {cron: 0 12 * * *, duration: 1h}").lanes
    assert [bar.start.day for bar in lane.bars] == [1, 2, 3, 4, 5, 6, 7]
    assert not lane.goes_on
    [lane] = drawn("- {cron: 0 10 * * *, duration: 1h}").lanes
    assert [bar.start.day for bar in lane.bars] == [2, 3, 4, 5, 6, 7]


def test_what_recurs_more_often_than_can_be_drawn_says_so() -> None:
    [lane] = drawn("- {cron: '* * * * *', duration: 30s}", "month").lanes
    assert lane.goes_on
    assert len(lane.bars) == 300
    lanes = drawn("- {cron: '* * * * *', duration: 30s}\n" * 40, "month").lanes
    assert sum(len(lane.bars) for lane in lanes) == 1200


def test_lines_are_in_the_order_of_their_starts_and_the_others_are_counted() -> None:
    text = "".join(f"- {{name: p{day}, start: 2026-12-{day:02}, duration: 1h}}\n" for day in range(30, 1, -1))
    found = drawn(text, "month")
    assert [lane.period.name for lane in found.lanes] == [f"p{day}" for day in range(2, 31)]
    assert found.left_out == 0
    many = "".join(f"- {{start: 2026-12-02, duration: {number + 1}h}}\n" for number in range(305))
    found = drawn(many)
    assert (len(found.lanes), found.left_out) == (300, 5)
    assert [lane.rank for lane in found.lanes] == list(range(300))


@pytest.mark.parametrize(
    ("now", "months"), [(NOW, []), (NOW + timedelta(days=25), [(1, 6)]), (NOW - timedelta(days=1), [(12, 1)])]
)
def test_a_month_begins_where_its_first_day_does_unless_the_picture_does(
    now: datetime, months: list[tuple[int, int]]
) -> None:
    found = drawn("", now=now).months
    assert [(moment.astimezone(UTC).month, round(place * 7)) for moment, place in found] == months


@pytest.mark.parametrize(
    ("day", "view", "weekends"),
    [
        (1, "week", [(4, 2)]),
        (5, "week", [(0, 2)]),
        (6, "week", [(0, 1), (6, 1)]),
        (7, "week", [(5, 2)]),
        (3, "day", []),
        (6, "day", [(0, 0.5)]),
    ],
    ids=["within", "at the beginning", "on both sides", "at the end", "none", "a part of a day"],
)
def test_weekends_lie_where_their_days_do(day: int, view: str, weekends: list[tuple[float, float]]) -> None:
    found = drawn("", view, now=NOW.replace(day=day)).weekends
    days = VIEWS[view].days
    assert [(round(left * days, 2), round(width * days, 2)) for left, width in found] == weekends


def test_a_weekend_is_two_days_of_the_viewer_even_if_the_clocks_change() -> None:
    [(left, width)] = drawn("", "week", now=datetime(2026, 10, 24, 12, tzinfo=timezone.utc), zone=BERLIN).weekends[:1]
    assert (left, round(width * 169)) == (0, 49)


def test_a_bar_is_active_while_the_current_time_lies_in_it() -> None:
    [lane] = drawn("- {cron: 0 12 * * *, duration: 1h}").lanes
    assert [bar.is_active for bar in lane.bars] == [True] + [False] * 6


def test_what_happens_once_takes_no_bar_away_from_what_recurs() -> None:
    once = "".join(f"- {{start: 2026-12-02, duration: {number + 1}h}}\n" for number in range(100))
    lanes = drawn(once + "- {cron: '* * * * *', duration: 30s}", "month").lanes
    assert max(len(lane.bars) for lane in lanes) == 300
