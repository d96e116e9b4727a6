"""What windows refuse together, as sets of path prefixes."""

from datetime import datetime, timezone

import pytest

from downtime.schedule.periods import ALWAYS, NEVER, Period, Schedule, Window
from downtime.schedule.refusals import covers_all, more_than, refusals_of

NOW = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)


def windows(*periods: Period) -> tuple[Window, ...]:
    return Schedule(periods).at(NOW).active


def down(*paths: str) -> Period:
    return Period(paths=paths)


def paused(*paths: str) -> Period:
    return Period(paths=paths, read_only=True)


@pytest.mark.parametrize(
    ("periods", "expected"),
    [
        ([], []),
        ([down()], [(False, [])]),
        ([down("")], [(False, [])]),
        ([paused("/a", "")], [(True, [])]),
        ([down("/b", "/a"), down("/b")], [(False, ["/b", "/a"])]),
        ([paused("/a"), down("/a/b/c")], [(False, ["/a/b/c"]), (True, ["/a"])]),
        ([paused("/a/b/c"), down("/a")], [(False, ["/a"])]),
        ([paused("/a"), down("/a")], [(False, ["/a"])]),
        ([paused("/a/b"), paused("/a")], [(True, ["/a"])]),
    ],
    ids=[
        *["nothing", "all", "the path /", "writing to all", "parts", "a part of what is read-only"],
        *["writing where it is down", "writing to the same", "writing to a part and more"],
    ],
)
def test_what_is_down_comes_first_and_what_is_refused_all_the_same_is_left_out(
    periods: list[Period], expected: list[object]
) -> None:
    assert [(refusal.read_only, refusal.prefixes) for refusal in refusals_of(windows(*periods))] == expected


def test_the_windows_of_a_refusal_are_those_that_cause_it() -> None:
    listed = windows(down("/a/b"), down("/a"), paused("/a"), down("/a", "/c"))
    [refusal] = refusals_of(listed)
    assert refusal.windows == (listed[1], listed[3])
    assert (refusal.is_whole, refusal.since) == (False, ALWAYS)


@pytest.mark.parametrize(
    ("now", "later", "is_more"),
    [
        (down(), paused("/a"), False),
        (down("/a"), down("/a/b"), False),
        (down("/a"), paused("/a"), False),
        (down("/a"), down("/a", "/b"), True),
        (down("/a"), down("/ab"), True),
        (down("/a"), down(), True),
        (paused(), paused("/a"), False),
        (paused(), down("/a"), True),
        (paused("/a"), paused(), True),
    ],
    ids=[
        *["writing where all is down", "a part of the part", "writing to the part", "one part more"],
        *["a part of a like name", "the whole", "writing to a part", "a part of what is read-only", "writing to all"],
    ],
)
def test_more_is_whatever_was_not_refused_before(now: Period, later: Period, is_more: bool) -> None:
    [window] = windows(later)
    assert more_than(refusals_of(windows(now)), [window]) == ([window] if is_more else [])


@pytest.mark.parametrize(
    ("period", "everything", "writing"),
    [(down(), True, True), (paused(), False, True), (down("/a"), False, False), (paused("/a"), False, False)],
    ids=["all", "writing", "a part", "writing to a part"],
)
def test_a_window_covers_all_if_it_is_of_the_whole_site(period: Period, everything: bool, writing: bool) -> None:
    window = Window(ALWAYS, 0, NEVER, period)
    assert (covers_all(window, read_only=False), covers_all(window, read_only=True)) == (everything, writing)
