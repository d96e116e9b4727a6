import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downtime.schedule.periods import ALWAYS, NEVER, Period, Schedule
from downtime.schedule.recurrence import Recurrence
from downtime.schedule.site_status import (
    DOWN,
    FLAGS,
    PARTLY,
    READ_ONLY,
    SCHEDULE,
    UNKNOWN,
    UP,
    SiteStatus,
    names_of,
    site_status,
)
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


def test_the_message_is_the_first_of_the_periods_that_cause_the_state_on_one_line() -> None:
    shop = replace(period(-1, 1, ("/shop",)), message="New prices.")
    silent = period(-1, 1)
    assert status_of(shop, silent).message == ""
    first, second = replace(silent, message=" Faster\n disks. "), replace(silent, message="Second.")
    assert status_of(shop, silent, first, second).message == "Faster disks."


def hour(moment: datetime) -> float | None:
    """How many hours after NOW that is; None if it is not known."""
    return (moment - NOW) / timedelta(hours=1) if ALWAYS < moment < NEVER else None


def told(status: SiteStatus) -> list[object]:
    """What is refused below which paths, and the hour since when, for each refusal."""
    return [(r.read_only, r.paths, hour(r.since)) for r in status.refusals]


def test_a_raised_flag_takes_the_site_down() -> None:
    found = status_of(flags=(Period(at(-2)),))
    assert (found.state, found.since, found.until, found.turn) == (DOWN, at(-2), NEVER, None)
    assert [window.is_flag for window in found.windows] == [True]


@pytest.mark.parametrize(
    ("periods", "refused"),
    [
        ([], []),
        ([period(-2, 3), period(-1, 2)], [(False, ("",), -2)]),
        ([period(-2, 3), period(-5, 9, ("/shop",)), period(-6, 9, read_only=True)], [(False, ("",), -2)]),
        ([period(-2, 3, ("/shop",)), period(-1, 4, ("/help", "/shop/new"))], [(False, ("/shop", "/help"), -2)]),
        (
            [period(-2, 3, read_only=True), period(-1, 2, ("/shop",))],
            [(False, ("/shop",), -1), (True, ("",), -2)],
        ),
        (
            [period(-2, 3, ("/shop",), read_only=True), period(-1, 2, ("/shop/new",))],
            [(False, ("/shop/new",), -1), (True, ("/shop",), -2)],
        ),
        ([period(-2, 3, ("/shop/new", "/shop"), read_only=True), period(-1, 2, ("/shop",))], [(False, ("/shop",), -1)]),
        ([period(-1, 2, ("/a",), read_only=True), period(-2, 2, read_only=True)], [(True, ("",), -2)]),
        ([period(-1, 2, ("/shop",)), period(-2, 2, ("/shopping",))], [(False, ("/shop", "/shopping"), -2)]),
    ],
    ids=[
        *["nothing", "the whole site twice", "the whole site, and less", "parts", "a part, and writing"],
        *["a part of what is read-only", "writing where it is down", "writing to a part, and to all", "like names"],
    ],
)
def test_all_that_is_refused_is_told_and_nothing_twice(periods: list[Period], refused: list[object]) -> None:
    assert told(status_of(*periods)) == refused


@pytest.mark.parametrize(
    ("periods", "until", "turn"),
    [
        ([period(-2, 3)], 3, None),
        ([period(-2, 3), period(-1, 2)], 3, None),
        ([period(-2, 1), period(1, 4)], 4, None),
        ([period(-2, None)], None, None),
        ([period(-2, 3), period(-5, 9, ("/shop",))], 9, (3, PARTLY)),
        ([period(-2, 3, ("/shop",)), period(-1, 4, ("/help", "/shop/new"))], 4, None),
        ([period(-2, 3, ("/shop",)), period(2, 6, ("/help",))], 6, (2, PARTLY)),
        ([period(-2, 3, ("/shop",)), period(2, 6, ("/shop",))], 6, None),
        ([period(-2, 3, ("/shop",)), period(2, 6)], 6, (2, DOWN)),
        ([period(-2, 3, read_only=True), period(2, 6)], 6, (2, DOWN)),
        ([period(-2, None, read_only=True), period(2, 6)], None, (2, DOWN)),
        ([period(-2, 3, read_only=True), period(1, 6, ("/shop",))], 6, (1, PARTLY)),
        ([period(-2, 3), period(2, 6, read_only=True)], 6, (3, READ_ONLY)),
        ([period(-2, 3, ("/shop",)), period(4, 6)], 3, None),
        ([period(-2, 3, read_only=True), period(-1, 2, ("/shop",))], 3, None),
        ([period(-2, 2, read_only=True), period(-1, 3, ("/shop",))], 3, (2, PARTLY)),
        ([period(-3, 1, read_only=True)], 1, None),
        ([period(-3, 1, ("/shop",), read_only=True)], 1, None),
        ([period(-2, 1), period(-1, 3, ("/shop",)), period(2, 4)], 4, (1, PARTLY)),
    ],
    ids=[
        *["one", "overlapping", "following one another", "without end", "a part that lasts longer", "two parts"],
        *["another part before the first is back", "the same part before it is back", "a part, then the whole"],
        *["writing, then the whole", "writing without end, then the whole", "writing, then a part"],
        *["the whole, then writing", "the whole, later", "a part, and writing", "writing, and a part for longer"],
        *["writing", "writing to a part", "the whole, and again, and a part between"],
    ],
)
def test_it_lasts_until_everything_passes_again_and_what_comes_before_that_is_told(
    periods: list[Period], until: float | None, turn: tuple[float, str] | None
) -> None:
    found = status_of(*periods)
    assert hour(found.until) == until
    assert (found.turn and (hour(found.turn.at), found.turn.status.state)) == turn


@pytest.mark.parametrize("doubts", [[SCHEDULE], [FLAGS], [SCHEDULE, FLAGS]], ids=" and ".join)
def test_with_a_doubt_the_state_is_unknown(doubts: list[str]) -> None:
    """What is known is how a process that starts now would go, and that alone."""
    found = site_status(Schedule((period(-1, 2, read_only=True),)).at(NOW), doubts)
    assert (found.state, found.doubts, found.refusals, found.until, found.turn) == (
        UNKNOWN,
        tuple(doubts),
        (),
        NEVER,
        None,
    )
    assert found.if_started_now == status_of(period(-1, 2, read_only=True))


@pytest.mark.parametrize(
    ("doubts", "schedule", "flags", "states"),
    [
        ([SCHEDULE], [], [period(-1, None)], [DOWN]),
        ([SCHEDULE], [], [period(-1, 2)], [DOWN, 2, UNKNOWN]),
        ([SCHEDULE], [period(-1, 4)], [period(-1, 2)], [DOWN, 2, UNKNOWN]),
        ([SCHEDULE], [], [period(-1, 2), period(-1, 3)], [DOWN, 3, UNKNOWN]),
        ([SCHEDULE], [period(-1, 4)], [], [UNKNOWN]),
        ([SCHEDULE], [], [period(-1, 2, read_only=True)], [UNKNOWN]),
        ([SCHEDULE], [], [period(-1, 2, ("/shop",))], [UNKNOWN]),
        ([FLAGS], [period(-1, 4)], [], [DOWN, 4, UNKNOWN]),
        ([FLAGS], [period(-1, 4)], [period(-1, None)], [DOWN]),
        ([FLAGS], [period(-1, 4, ("/shop",))], [], [UNKNOWN]),
        ([FLAGS, SCHEDULE], [period(-1, 4)], [], [UNKNOWN]),
    ],
    ids=[
        *["a flag", "a flag with an end", "a flag, and a period", "two flags", "a period", "a flag for reading"],
        *["a flag for a part", "flags in doubt, and a period", "flags in doubt, and a flag"],
        *["flags in doubt, and a part", "both in doubt, and a period"],
    ],
)
def test_what_takes_the_whole_site_down_beyond_doubt_is_known(
    doubts: list[str], schedule: list[Period], flags: list[Period], states: list[object]
) -> None:
    found = site_status(Schedule(tuple(schedule)).at(NOW, flags), doubts)
    then = [] if found.turn is None else [hour(found.turn.at), found.turn.status.state]
    assert [found.state, *then] == states
    assert found.until == NEVER


@pytest.mark.parametrize(
    ("count", "told"), [(0, ""), (1, "0"), (8, "0, 1, 2, 3, 4, 5, 6, 7"), (9, "0, 1, 2, 3, 4, 5, 6, 7, …")]
)
def test_of_many_names_the_first_are_told_each_once(count: int, told: str) -> None:
    assert names_of(str(number) for number in range(count) for _ in range(2)) == told


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start = draw(st.integers(-6, 6))
    paths = draw(st.sampled_from([(), ("",), ("/a",), ("/a/x",), ("/b",), ("/a", "/b")]))
    return period(start, start + draw(st.integers(1, 6)), paths, read_only=draw(st.booleans()))


REQUESTS = {(path, safe) for path in ("/", "/a", "/a/x", "/a/x/y", "/b", "/bb") for safe in (False, True)}
WRITING = {request for request in REQUESTS if not request[1]}


def state_by(refused: set[tuple[str, bool]]) -> str:
    if refused in (REQUESTS, WRITING):
        return DOWN if refused == REQUESTS else READ_ONLY
    return PARTLY if refused else UP


@examples(300)
@given(st.lists(periods(), max_size=6))
def test_the_status_is_what_requests_meet_now_and_until_everything_passes(listed: list[Period]) -> None:
    schedule = Schedule(tuple(listed))

    def refused(hour: int) -> set[tuple[str, bool]]:
        answer = schedule.at(at(hour))
        return {(path, safe) for path, safe in REQUESTS if answer.covering(path, safe=safe)}

    found, now = site_status(schedule.at(NOW)), refused(0)
    assert found.state == state_by(now)
    as_periods = [Period(paths=refusal.paths, read_only=refusal.read_only) for refusal in found.refusals]
    assert {(path, safe) for path, safe in REQUESTS if any(p.covers(path, safe=safe) for p in as_periods)} == now
    if not now:
        return
    over = next(hour for hour in range(20) if not refused(hour))
    assert found.until == at(over)
    wholes = [whole for whole in (REQUESTS, WRITING) if whole <= now][:1]
    turns = [hour for hour in range(over) if refused(hour) - now or any(not whole <= refused(hour) for whole in wholes)]
    assert (found.turn and (found.turn.at, found.turn.status.state)) == (
        (at(turns[0]), state_by(refused(turns[0]))) if turns else None
    )


def test_ten_times_as_many_parts_at_once_take_about_ten_times_as_long() -> None:
    """In time of the processor, and with room: a hundred times as long would be each part compared with each other."""

    def seconds(count: int) -> float:
        parts = [period(-1, 1 + number / 3600, (f"/{number}",)) for number in range(count)]
        answer = Schedule(tuple(parts)).at(NOW)
        begun = time.thread_time()
        assert site_status(answer).until == parts[-1].end
        return time.thread_time() - begun

    assert min(seconds(10_000) for _ in range(3)) < 40 * max(min(seconds(1000) for _ in range(3)), 0.001)


@pytest.mark.parametrize("paths", [(), ("/shop",)], ids=["the whole site", "a part"])
def test_where_it_goes_on_without_a_gap_for_years_the_end_is_not_known(paths: tuple[str, ...]) -> None:
    daily = Recurrence("0 0 * * *", timezone.utc, timedelta(days=1))
    found = status_of(Period(recurrence=daily, read_only=True, paths=paths))
    assert (found.state, found.until, found.turn) == (PARTLY if paths else READ_ONLY, NEVER, None)
