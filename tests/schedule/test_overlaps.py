"""Which periods refuse the same thing at the same time."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest

from downtime.schedule.overlaps import overlaps
from downtime.schedule.periods import NEVER, Period
from downtime.schedule.recurrence import Recurrence

NOW = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)  # a Tuesday


def hours(start: float, end: float, **more: object) -> Period:
    """A period from so many hours after NOW."""
    return Period(NOW + timedelta(hours=start), NOW + timedelta(hours=end), **more)  # type: ignore[arg-type]


def cron(expression: str, minutes: int) -> Period:
    return Period(recurrence=Recurrence(expression, timezone.utc, timedelta(minutes=minutes)))


NEW = hours(2, 4)


def starts(period: Period, others: Iterable[Period]) -> list[float]:
    """When those windows begin, in hours after NOW."""
    return [(window.start - NOW) / timedelta(hours=1) for window in overlaps(period, others, NOW)]


@pytest.mark.parametrize(
    ("other", "is_overlapping"),
    [
        (hours(1, 2), False),
        (hours(4, 5), False),
        (hours(1, 2.1), True),
        (hours(3, 3.5), True),
        (hours(3.9, 9), True),
        (hours(-9, 99), True),
        (Period(NOW, NEVER), True),
        (hours(2, 4, enabled=False), False),
        (hours(2, 4, read_only=True), True),
    ],
    ids=["before", "after", "into it", "within", "out of it", "around", "open", "not enabled", "read-only"],
)
def test_windows_overlap_if_each_begins_before_the_other_ends(other: Period, is_overlapping: bool) -> None:
    assert bool(overlaps(NEW, [other], NOW)) is is_overlapping
    assert bool(overlaps(other, [NEW], NOW)) is is_overlapping


@pytest.mark.parametrize(
    ("paths", "others", "is_overlapping"),
    [
        (("/shop",), ("/wiki",), False),
        (("/shop",), ("/shopping",), False),
        (("/shop",), ("/shop",), True),
        (("/shop", "/a"), ("/wiki", "/shop/cart"), True),
        (("/shop",), (), True),
        (("/shop",), ("",), True),
    ],
)
def test_parts_of_the_site_overlap_if_one_is_below_the_other(
    paths: tuple[str, ...], others: tuple[str, ...], is_overlapping: bool
) -> None:
    one, other = hours(2, 4, paths=paths), hours(2, 4, paths=others)
    assert bool(overlaps(one, [other], NOW)) is is_overlapping
    assert bool(overlaps(other, [one], NOW)) is is_overlapping


def test_of_what_recurs_the_first_window_that_overlaps_is_found_however_far_it_is() -> None:
    far = hours(24 * 1000 + 2, 24 * 1000 + 4)
    daily = cron("0 15 * * *", 30)
    assert starts(far, [daily]) == [24_003]
    assert starts(daily, [far]) == [24_002]


def test_two_that_recur_are_compared_as_long_as_it_is_cheap() -> None:
    assert starts(cron("0 1 * * *", 60), [cron("0 2 * * *", 60)]) == []
    assert starts(cron("0 1 * * *", 60), [cron("30 1 1 * *", 60)]) == [24 * 31 - 10.5]


@pytest.mark.parametrize("number", [6, 1000])
def test_each_of_many_that_recur_is_compared_and_so_is_what_comes_behind_them(number: int) -> None:
    others = [*[cron("0 1 * * *", 30)] * number, hours(24, 48), cron("0 3 * * *", 30)]
    assert starts(cron("0 3 * * *", 60), others) == [15, 24]
    assert starts(hours(26, 36), others) == [24]


def test_what_is_not_enabled_takes_nothing_from_the_others() -> None:
    off = Period(enabled=False, recurrence=Recurrence("0 1 * * *", timezone.utc, timedelta(minutes=30)))
    far = cron("30 1 1 * *", 60)
    assert starts(cron("0 1 * * *", 60), [*[off] * 1000, far]) == [24 * 31 - 10.5]


@pytest.mark.parametrize("bounds", [hours(-9, -1), hours(24 * 400, 24 * 500)], ids=["over", "behind its end"])
def test_what_recurs_within_bounds_that_it_never_meets_takes_nothing_from_the_others(bounds: Period) -> None:
    apart = replace(cron("0 1 * * *", 30), start=bounds.start, end=bounds.end)
    thirteenth = replace(cron("0 1 13 * *", 60), end=NOW + timedelta(days=400))
    [found] = overlaps(thirteenth, [*[apart] * 1000, cron("0 1 * * FRI", 60)], NOW)
    assert found.start.date() == date(2027, 8, 13)


def test_the_order_of_the_others_does_not_matter() -> None:
    nightly = cron("0 1 * * *", 60)
    others = [hours(13 + 24 * day, 14 + 24 * day + day % 2) for day in range(-2, 20)]
    expected = [other.start for other in others if other.end > NOW]
    for ordered in (others, others[::-1], others[::2] + others[1::2]):
        assert [window.start for window in overlaps(nightly, ordered, NOW)] == expected


def test_what_is_over_does_not_overlap() -> None:
    assert overlaps(NEW, [hours(-9, -8)], NOW) == []
    assert overlaps(hours(-9, -8), [NEW], NOW) == []


def test_the_first_of_each_comes_in_order_of_time() -> None:
    others = [hours(3, 5), hours(1, 3), cron("*/10 * * * *", 1), hours(1, 3)]
    assert starts(NEW, others) == [1, 1, 2, 3]
