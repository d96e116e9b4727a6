import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downtime.schedule.periods import NEVER, Period, Schedule
from downtime.schedule.recurrence import Recurrence
from downtime.schedule.site_status import DOWN, PARTLY, READ_ONLY, UP, SiteStatus, site_status
from tests.support.examples import examples

NOW = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def period(start: float, end: float | None, paths: tuple[str, ...] = (), *, read_only: bool = False) -> Period:
    return Period(at(start), NEVER if end is None else at(end), paths=paths, read_only=read_only)


def status_of(*periods: Period, flags: tuple[Period, ...] = ()) -> SiteStatus:
    return site_status(Schedule(periods).at(NOW, flags))


@pytest.mark.parametrize(
    ("periods", "state"),
    [
        ([], UP),
        ([period(1, 2)], UP),
        ([period(-1, 1)], DOWN),
        ([period(-1, 1, ("",))], DOWN),
        ([period(-1, 1, read_only=True)], READ_ONLY),
        ([period(-1, 1, ("/shop",))], PARTLY),
        ([period(-1, 1, ("/shop",), read_only=True)], PARTLY),
        ([period(-1, 1, ("/shop",)), period(-1, 1)], DOWN),
        ([period(-1, 1, read_only=True), period(-1, 1)], DOWN),
        ([period(-1, 1, ("/shop",)), period(-1, 1, read_only=True)], PARTLY),
        ([period(-1, 1, ("/shop",), read_only=True), period(-1, 1, read_only=True)], READ_ONLY),
    ],
    ids=[
        *["nothing", "later", "the whole site", "the path /", "writing", "a part", "writing to a part"],
        *["a part and the whole", "writing and the whole", "a part, and writing", "writing to a part, and to all"],
    ],
)
def test_the_most_that_is_refused_is_the_state(periods: list[Period], state: str) -> None:
    assert status_of(*periods).state == state


@pytest.mark.parametrize(
    ("periods", "is_read_only"),
    [
        ([], False),
        ([period(-1, 1)], False),
        ([period(-1, 1, ("/shop",))], False),
        ([period(-1, 1, read_only=True)], True),
        ([period(-1, 1, ("/shop",), read_only=True)], True),
        ([period(-1, 1, read_only=True), period(-1, 1, ("/shop",))], False),
    ],
    ids=["nothing", "the whole site", "a part", "writing", "writing to a part", "writing, and a part"],
)
def test_a_status_tells_read_only_from_down(periods: list[Period], is_read_only: bool) -> None:
    assert status_of(*periods).is_read_only is is_read_only


def test_the_message_is_the_first_of_the_periods_that_cause_the_state_on_one_line() -> None:
    shop = replace(period(-1, 1, ("/shop",)), message="New prices.")
    silent = period(-1, 1)
    assert status_of(shop, silent).message == ""
    first, second = replace(silent, message=" Faster\n disks. "), replace(silent, message="Second.")
    assert status_of(shop, silent, first, second).message == "Faster disks."


def test_a_raised_flag_takes_the_site_down() -> None:
    assert status_of(flags=(Period(at(-2)),)) == SiteStatus(DOWN, at(-2), NEVER, active_windows(Period(at(-2))))


def active_windows(flag: Period) -> tuple[object, ...]:
    return Schedule().at(NOW, (flag,)).active


@pytest.mark.parametrize(
    ("periods", "since", "until"),
    [
        ([period(-2, 3)], -2, 3),
        ([period(-2, 3), period(-1, 2)], -2, 3),
        ([period(-2, 1), period(1, 4)], -2, 4),
        ([period(-2, None)], -2, None),
        ([period(-2, 3), period(-5, 9, ("/shop",))], -2, 3),
        ([period(-2, 3, ("/shop",)), period(-1, 4, ("/help", "/shop/new"))], -2, 4),
        ([period(-2, 3, ("/shop",)), period(2, 6, ("/help",))], -2, 3),
        ([period(-2, 3, ("/shop",)), period(2, 6, ("/shop",))], -2, 6),
        ([period(-2, 3, ("/shop",)), period(2, 6)], -2, 2),
        ([period(-2, 3, read_only=True), period(2, 6)], -2, 2),
        ([period(-2, 3, read_only=True), period(1, 6, ("/shop",))], -2, 1),
        ([period(-2, 3), period(2, 6, read_only=True)], -2, 3),
        ([period(-2, 3, ("/shop",)), period(4, 6, ("/shop",))], -2, 3),
        ([period(-2, 3, read_only=True), period(-1, 2, ("/shop",))], -1, 2),
        ([period(-3, 1, read_only=True)], -3, 1),
        ([period(-3, 1, ("/shop",), read_only=True)], -3, 1),
    ],
    ids=[
        *["one", "overlapping", "following one another", "without end", "a part that lasts longer", "two parts"],
        *["another part before the first is back", "the same part before it is back", "a part, then the whole"],
        *["writing, then the whole", "writing, then a part", "the whole, then writing", "the same part again, later"],
        *["a part, and writing", "writing", "writing to a part"],
    ],
)
def test_it_lasts_until_that_is_over_or_more_is_refused(
    periods: list[Period], since: float, until: float | None
) -> None:
    found = status_of(*periods)
    assert (found.since, found.until) == (at(since), NEVER if until is None else at(until))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start = draw(st.integers(-6, 6))
    paths = draw(st.sampled_from([(), ("/a",), ("/b",)]))
    return period(start, start + draw(st.integers(1, 6)), paths, read_only=draw(st.booleans()))


@examples(300)
@given(st.lists(periods(), max_size=6))
def test_it_stands_so_at_each_moment_until_then_and_otherwise_after_it(listed: list[Period]) -> None:
    schedule = Schedule(tuple(listed))
    found = site_status(schedule.at(NOW))
    if found.state == UP:
        return

    def parts(moment: datetime) -> set[object]:
        then = site_status(schedule.at(moment))
        return {(then.state, window.period.paths, window.period.read_only) for window in then.windows}

    now = parts(NOW)
    assert all(now & parts(at(hour)) for hour in range(20) if at(hour) < found.until)
    assert not now & parts(found.until)


def test_ten_thousand_parts_at_once_are_told_apart_from_none_in_no_time() -> None:
    parts = [period(-1, 1 + number / 3600, (f"/{number}",)) for number in range(10_000)]
    answer = Schedule(tuple(parts)).at(NOW)
    begun = time.perf_counter()
    assert site_status(answer).until == parts[-1].end
    assert time.perf_counter() - begun < 1


def test_where_it_goes_on_without_a_gap_for_years_the_end_is_not_known() -> None:
    daily = Recurrence("0 0 * * *", timezone.utc, timedelta(days=1))
    found = status_of(Period(recurrence=daily, read_only=True))
    assert (found.state, found.until) == (READ_ONLY, NEVER)
