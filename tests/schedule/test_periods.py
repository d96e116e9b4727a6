from dataclasses import FrozenInstanceError
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downtime.schedule.periods import ALWAYS, NEVER, Period, Schedule, is_known
from downtime.schedule.recurrence import Recurrence
from tests.support.examples import examples

NOON = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)


def at(minutes: float) -> datetime:
    return NOON + minutes * MINUTE


def fixed(start: float, end: float | None, **rest: object) -> Period:
    return Period(at(start), NEVER if end is None else at(end), **rest)  # type: ignore[arg-type]


def cron(expression: str, minutes: float, **rest: object) -> Period:
    recurrence = Recurrence(expression, timezone.utc, minutes * MINUTE)
    return Period(recurrence=recurrence, **rest)  # type: ignore[arg-type]


def active(schedule: Schedule, now: datetime, *flags: Period) -> list[str]:
    return [window.period.name for window in schedule.at(now, flags).active]


@pytest.mark.parametrize(
    ("period", "path", "safe", "is_covered"),
    [
        (Period(), "/", True, True),
        (Period(), "/any", False, True),
        (Period(read_only=True), "/any", True, False),
        (Period(read_only=True), "/any", False, True),
        (Period(paths=("/search",)), "/search", True, True),
        (Period(paths=("/search",)), "/search/x", True, True),
        (Period(paths=("/search",)), "/searching", True, False),
        (Period(paths=("/search",)), "/", True, False),
        (Period(paths=("/a", "/b")), "/b/c", True, True),
        (Period(paths=("",)), "/any", True, True),
        (Period(paths=("/search",)), "//search", True, True),
        (Period(paths=("/search",)), "/x/../search", True, True),
        (Period(paths=("/search",)), "/./search/", True, True),
        (Period(paths=("/search",)), "/search/../x", True, True),
        (Period(paths=("/search",)), "/x/../y", True, False),
        (Period(paths=("/search",)), "//x", True, False),
        (Period(paths=("/search",), read_only=True), "/search", True, False),
        (Period(paths=("/search",), read_only=True), "/search", False, True),
        (Period(paths=("/search",), read_only=True), "/x", False, False),
    ],
)
def test_a_period_covers_its_paths_however_they_are_spelled(
    period: Period, path: str, safe: bool, is_covered: bool
) -> None:
    assert period.covers(path, safe=safe) is is_covered


@pytest.mark.parametrize(
    ("moment", "expected"), [(ALWAYS, False), (NOON, True), (NEVER, False)], ids=["open start", "noon", "open end"]
)
def test_an_open_side_is_not_known(moment: datetime, expected: bool) -> None:
    assert is_known(moment) is expected


def test_prefixes_are_as_people_write_them() -> None:
    assert Period(paths=("", "/shop")).prefixes == ("/", "/shop")
    assert Period().prefixes == ()


def test_values_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Period().name = "x"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        Schedule().periods = ()  # type: ignore[misc]


def test_where_a_period_stands_in_the_file_does_not_make_it_another() -> None:
    assert Period(NOON, line=3) == Period(NOON, line=4)


@pytest.mark.parametrize(
    ("now", "is_active", "until"),
    [
        (at(0) - timedelta(microseconds=1), False, at(0)),
        (at(0), True, at(60)),
        (at(60) - timedelta(microseconds=1), True, at(60)),
        (at(60), False, NEVER),
    ],
    ids=["just before", "at the start", "at the last microsecond", "at the end"],
)
def test_the_start_counts_and_the_end_no_longer_does(now: datetime, is_active: bool, until: datetime) -> None:
    answer = Schedule((fixed(0, 60),)).at(now)
    assert (answer.moment, bool(answer.active), answer.until) == (now, is_active, until)


def test_nothing_scheduled_holds_for_ever() -> None:
    answer = Schedule().at(NOON)
    assert (answer.active, answer.run, answer.until) == ((), (), NEVER)


def test_the_order_of_the_file_is_the_precedence_whatever_starts_first() -> None:
    schedule = Schedule((fixed(10, 60, name="first"), fixed(0, 90, name="second"), fixed(-5, 90, name="third")))
    assert active(schedule, at(20)) == ["first", "second", "third"]
    assert active(schedule, at(5)) == ["second", "third"]


def test_a_flag_comes_before_every_period_and_flags_keep_their_order() -> None:
    schedule = Schedule((fixed(0, 60, name="period"),))
    flags = Period(at(30), name="one"), Period(at(20), name="two")
    assert active(schedule, at(10), *flags) == ["one", "two", "period"]


def test_a_window_tells_a_flag_from_a_period_of_the_schedule() -> None:
    windows = Schedule((fixed(0, 60), fixed(0, 60))).at(at(10), iter([Period(end=at(9)), Period(), Period()])).active
    assert [window.is_flag for window in windows] == [True, True, False, False]


def test_a_flag_counts_even_before_the_time_at_which_it_was_raised_and_until_its_end() -> None:
    flag = Period(at(30), at(40), name="flag")
    assert active(Schedule(), at(0), flag) == ["flag"]
    assert Schedule().at(at(0), [flag]).until == at(40)
    assert active(Schedule(), at(40), flag) == []


def test_a_period_that_is_not_enabled_is_kept_and_never_applies() -> None:
    off = fixed(0, 60, enabled=False), cron("* * * * *", 1, enabled=False)
    schedule = Schedule(off)
    assert schedule.periods == off
    assert schedule.at(at(30)).until == NEVER
    assert not schedule.at(at(30)).active
    assert not schedule.upcoming(at(-30))


def test_the_window_that_counts_is_the_first_that_covers_the_request() -> None:
    schedule = Schedule(
        (
            fixed(0, 60, name="search", paths=("/search",)),
            fixed(0, 60, name="writing", read_only=True),
            fixed(0, 60, name="shop", paths=("/shop",)),
        )
    )
    answer = schedule.at(at(1))

    def name(path: str, *, safe: bool) -> str | None:
        window = answer.covering(path, safe=safe)
        return window and window.period.name

    assert name("/search", safe=False) == "search"
    assert name("/shop", safe=False) == "writing"
    assert name("/shop", safe=True) == "shop"
    assert name("/", safe=True) is None


@pytest.mark.parametrize(
    ("periods", "is_spared"),
    [
        ([], True),
        ([fixed(0, 60, paths=("/shop",))], True),
        ([fixed(0, 60, read_only=True)], True),
        ([fixed(0, 60)], False),
        ([fixed(0, 60, paths=("/shop", ""))], False),
        ([fixed(0, 60, paths=("/shop",)), fixed(0, 60)], False),
        ([fixed(0, 60, paths=("/shop",)), fixed(60, 90)], True),
    ],
    ids=["up", "a part", "read-only", "all", "all by its paths", "a part and all", "all later"],
)
def test_a_site_of_which_only_parts_are_down_spares_its_front_page(periods: list[Period], is_spared: bool) -> None:
    assert Schedule(tuple(periods)).at(at(1)).spares_home is is_spared


@pytest.mark.parametrize(
    ("periods", "path", "safe", "released"),
    [
        ([fixed(0, 60)], "/", True, 60),
        ([fixed(0, None)], "/", True, None),
        ([fixed(0, 60), fixed(30, 90)], "/", True, 90),
        ([fixed(0, 60), fixed(60, 90)], "/", True, 90),
        ([fixed(0, 60), fixed(61, 90)], "/", True, 60),
        ([fixed(60, 90), fixed(0, 60), fixed(90, 100)], "/", True, 100),
        ([fixed(0, 60), fixed(10, 20)], "/", True, 60),
        ([fixed(0, 60), fixed(60, None)], "/", True, None),
        ([fixed(0, 60), fixed(60, 90, paths=("/a",))], "/a", True, 90),
        ([fixed(0, 60), fixed(60, 90, paths=("/a",))], "/b", True, 60),
        ([fixed(0, 60), fixed(60, 90, read_only=True)], "/", True, 60),
        ([fixed(0, 60), fixed(60, 90, read_only=True)], "/", False, 90),
        ([fixed(0, 90, read_only=True), fixed(0, 60)], "/", True, 60),
        ([fixed(0, 20), fixed(10, 90, paths=("/a",)), fixed(30, 60)], "/b", True, 20),
        ([fixed(0, 20), fixed(10, 90, paths=("/a",)), fixed(20, 60)], "/b", True, 60),
        ([fixed(0, 90, paths=("/a",))], "/b", True, 2),
        ([cron("0 12 * * *", 30), fixed(30, 45)], "/", True, 45),
        ([cron("0 12 * * *", 30), cron("30 12 * * *", 30)], "/", True, 60),
        ([cron("*/10 * * * *", 5)], "/", True, 5),
        ([cron("* * * * *", 1)], "/", True, None),
        ([cron("* * * * *", 1, paths=("/a",)), fixed(0, 60)], "/b", True, 60),
    ],
    ids=[
        "one",
        "open end",
        "overlap",
        "adjacent",
        "gap",
        "in no order",
        "within",
        "open end follows",
        "path goes on",
        "path is free",
        "reading is free",
        "writing goes on",
        "reading is free first",
        "gap for one path",
        "no gap for one path",
        "not refused at all",
        "cron, then fixed",
        "cron, then cron",
        "cron with gaps",
        "cron without gaps",
        "cron elsewhere",
    ],
)
def test_a_request_is_released_once_no_period_covers_it_any_more(
    periods: list[Period], path: str, safe: bool, released: float | None
) -> None:
    expected = NEVER if released is None else at(released)
    assert Schedule(tuple(periods)).at(at(2)).release(path, safe=safe) == expected


def test_a_flag_holds_a_request_back_until_its_end_and_through_what_follows() -> None:
    schedule = Schedule((fixed(30, 60),))
    assert schedule.at(at(0), [Period(end=at(30))]).release("/", safe=True) == at(60)
    assert schedule.at(at(0), [Period()]).release("/", safe=True) == NEVER


def test_behind_a_thousand_windows_without_a_gap_the_release_is_unknown() -> None:
    minutes = tuple(fixed(minute, minute + 1) for minute in range(1500))
    assert Schedule(minutes[:900]).at(at(0)).release("/", safe=True) == at(900)
    assert Schedule(minutes).at(at(0)).release("/", safe=True) == NEVER
    elsewhere = fixed(0, 5000, paths=("/elsewhere",))
    answer = Schedule((elsewhere, *minutes)).at(at(0))
    assert answer.release("/", safe=True) == NEVER
    assert answer.release("/elsewhere", safe=True) == NEVER
    first_only = Schedule((fixed(0, 1), *(fixed(m, m + 1, paths=("/a",)) for m in range(1, 1500)))).at(at(0))
    assert first_only.release("/b", safe=True) == at(1)


def test_a_thousand_periods_at_once_are_all_active() -> None:
    schedule = Schedule(tuple(fixed(0, 60 + minute) for minute in range(3000)))
    assert len(schedule.at(at(1)).active) == 3000
    assert schedule.at(at(1)).release("/", safe=True) == at(60 + 2999)


def test_the_answer_holds_until_the_next_occurrence_starts_or_ends() -> None:
    schedule = Schedule((cron("0 * * * *", 10),))
    assert schedule.at(at(5)).until == at(10)
    assert schedule.at(at(10)).until == at(60)


def test_upcoming_is_the_next_window_of_each_period_by_start() -> None:
    schedule = Schedule(
        (
            fixed(90, 95, name="later"),
            cron("0 * * * *", 10, name="hourly"),
            fixed(5, 20, name="soon"),
            fixed(-5, 20, name="running"),
            fixed(-9, -5, name="past"),
            cron("0 * * * *", 10, name="over", end=at(-30)),
        )
    )
    found = [(window.period.name, window.start, window.end) for window in schedule.upcoming(at(0))]
    assert found == [("soon", at(5), at(20)), ("hourly", at(60), at(70)), ("later", at(90), at(95))]


def test_what_was_asked_of_an_answer_does_not_make_it_another() -> None:
    schedule = Schedule((fixed(0, 60, paths=("/a",)),))
    asked, other = schedule.at(at(1)), schedule.at(at(1))
    assert asked.covering("/a", safe=True)
    assert asked.release("/a", safe=True) == at(60)
    assert (asked, repr(asked), hash(asked)) == (other, repr(other), hash(other))


MOMENTS = st.integers(-8, 8)
PATHS = st.sampled_from([(), ("/a",), ("/a/b",), ("/c",), ("",), ("/c", "/a/b")])


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start = draw(MOMENTS)
    end = draw(st.none() | st.integers(start + 1, start + 9))
    return fixed(
        start, end, enabled=draw(st.integers(0, 5)) > 0, read_only=draw(st.booleans()), paths=draw(PATHS), name="x"
    )


@examples(400)
@given(
    st.lists(periods(), max_size=7),
    st.lists(periods(), max_size=2),
    MOMENTS,
    st.sampled_from(["/", "/a", "/a/b", "/ab", "/c/", "//c", "/./a", "/x/../c", "/a/..", "*", ""]),
    st.booleans(),
)
def test_the_answer_is_the_one_that_a_look_at_every_minute_gives(
    listed: list[Period], flags: list[Period], minute: int, path: str, safe: bool
) -> None:
    answer = Schedule(tuple(listed)).at(at(minute), flags)

    def actives(minute: int) -> list[Period]:
        now = at(minute)
        raised = [flag for flag in flags if now < flag.end]
        return raised + [p for p in listed if p.enabled and p.start <= now < p.end]

    def is_refused(minute: int) -> bool:
        return any(period.covers(path, safe=safe) for period in actives(minute))

    later = range(minute, 40)
    assert [window.period for window in answer.active] == actives(minute)
    changes = [at(m) for m in later if actives(m) != actives(minute)]
    assert answer.until <= min(changes, default=NEVER)
    assert answer.until in {NEVER, *(p.start for p in listed), *(p.end for p in (*listed, *flags))}
    assert answer.until > at(minute)
    covering = answer.covering(path, safe=safe)
    assert (covering is not None) is is_refused(minute)
    if covering is not None:
        assert covering.period == next(p for p in actives(minute) if p.covers(path, safe=safe))
    free = [at(m) for m in later if not is_refused(m)]
    assert answer.release(path, safe=safe) == min(free, default=NEVER)


@given(st.lists(periods(), max_size=7), MOMENTS)
def test_what_is_upcoming_starts_later_and_is_enabled(listed: list[Period], minute: int) -> None:
    found = [window.period for window in Schedule(tuple(listed)).upcoming(at(minute))]
    expected = [period for period in listed if period.enabled and period.start > at(minute)]
    assert found == sorted(expected, key=lambda period: period.start)


MINUTES = st.integers(-100, 100)


@st.composite
def crons(draw: st.DrawFn) -> Period:
    expression = draw(st.sampled_from(["* * * * *", "*/7 * * * *", "3,5,40 * * * *", "0 13 * * *", "0 0 29 2 *"]))
    rest: dict[str, object] = {"enabled": draw(st.integers(0, 5)) > 0, "read_only": draw(st.booleans())}
    if draw(st.booleans()):
        rest["start"] = at(draw(MINUTES))
    if draw(st.booleans()):
        rest["end"] = at(draw(st.integers(101, 200)))
    return cron(expression, draw(st.sampled_from([0.5, 1, 10, 90])), **rest)


@examples(60)
@given(st.lists(crons() | periods(), max_size=5), st.lists(MINUTES, min_size=2, max_size=8))
def test_what_was_asked_before_changes_no_answer_even_when_the_clock_is_set_back(
    listed: list[Period], minutes: list[int]
) -> None:
    kept = Schedule(tuple(listed))
    for now in map(at, minutes):
        fresh = Schedule(tuple(listed))
        assert kept.at(now) == fresh.at(now)
        assert kept.upcoming(now) == fresh.upcoming(now)


def test_a_period_without_a_start_is_active_already() -> None:
    assert active(Schedule((Period(ALWAYS, at(10), name="open"),)), at(0)) == ["open"]


def test_an_open_end_is_not_searched_for_rare_occurrences_beyond_the_years_of_a_datetime() -> None:
    rare = Recurrence("0 0 29 2 */7", timezone.utc, timedelta(hours=1))
    now = datetime(2026, 11, 23, tzinfo=timezone.utc)
    answer = Schedule((Period(recurrence=rare),)).at(now, [Period(now)])
    assert [window.period.start for window in answer.active] == [now]
    assert answer.release("/", safe=True) == NEVER
