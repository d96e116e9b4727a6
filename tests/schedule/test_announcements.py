from datetime import datetime, timedelta, timezone

import pytest

from downtime.schedule.announcements import Announcement, announcements, announcements_once_open
from downtime.schedule.periods import Period, Schedule

NOW = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)


def period(start: float, end: float | None = None, *paths: str, name: str = "", read_only: bool = False) -> Period:
    """A period that starts and ends so many hours from now."""
    given = {} if end is None else {"end": NOW + timedelta(hours=end)}
    kind = ("read-only" if read_only else "down") + "".join(paths)
    return Period(NOW + timedelta(hours=start), name=name or kind, paths=paths, read_only=read_only, **given)


def announced(path: str | None, *periods: Period, flags: tuple[Period, ...] = ()) -> list[str]:
    """The names of what is announced within a day, running ones in capitals."""
    schedule = Schedule(periods)
    found = announcements(schedule.at(NOW, flags), schedule.upcoming(NOW), NOW, ahead=timedelta(days=1), path=path)
    return names_of(found)


def names_of(found: list[Announcement]) -> list[str]:
    """The names, those of what is running in capitals."""
    return [item.window.period.name.upper() if item.is_running else item.window.period.name for item in found]


CASES: dict[str, tuple[str | None, list[Period], list[str]]] = {
    "nothing": ("/", [], []),
    "the next one": ("/", [period(3, 4, name="late"), period(1, 2, name="soon")], ["soon"]),
    "in exactly that time": ("/", [period(24, 25)], ["down"]),
    "later than that": ("/", [period(24.1, 25)], []),
    "it has begun": ("/", [period(0, 1)], []),
    "it is over": ("/", [period(-2, -1, read_only=True)], []),
    "another part": ("/", [period(1, 2, "/shop")], []),
    "a part that is named alike": ("/shopping", [period(1, 2, "/shop")], []),
    "this part": ("/shop/shoes", [period(1, 2, "/shop")], ["down/shop"]),
    "this part by another spelling": ("/x/../shop", [period(1, 2, "/shop")], ["down/shop"]),
    "no page is known": (None, [period(1, 2, "/shop")], ["down/shop"]),
    "a part, then all": ("/shop", [period(1, 2, "/shop"), period(3, 4)], ["down/shop", "down"]),
    "a part, then all, of no page": (None, [period(1, 2, "/shop"), period(3, 4)], ["down/shop", "down"]),
    "all, then a part": ("/shop", [period(1, 2), period(3, 4, "/shop")], ["down"]),
    "many parts, then all": (None, [*(period(1, 2, f"/{n}") for n in range(9)), period(3, 4)], ["down/0", "down"]),
    "another part, then all": ("/", [period(1, 2, "/shop"), period(3, 4)], ["down"]),
    "read-only, then down": ("/", [period(1, 2, read_only=True), period(2, 3)], ["read-only", "down"]),
    "read-only runs": ("/", [period(-1, 1, read_only=True)], ["READ-ONLY"]),
    "read-only runs without an end": ("/", [period(-1, read_only=True)], ["READ-ONLY"]),
    "read-only runs elsewhere": ("/", [period(-1, 1, "/shop", read_only=True)], []),
    "read-only runs here": ("/shop", [period(-1, 1, "/shop", read_only=True)], ["READ-ONLY/SHOP"]),
    "read-only runs somewhere": (None, [period(-1, 1, "/shop", read_only=True)], ["READ-ONLY/SHOP"]),
    "two run": ("/", [period(-1, 1, read_only=True), period(-2, 1, read_only=True, name="other")], ["READ-ONLY"]),
    "one runs, all goes down": ("/", [period(-1, 2, read_only=True), period(1, 3)], ["READ-ONLY", "down"]),
    "a part is down": ("/", [period(-1, 1, "/shop")], []),
}


@pytest.mark.parametrize(("path", "periods", "names"), CASES.values(), ids=CASES)
def test_a_page_announces_what_concerns_it(path: str | None, periods: list[Period], names: list[str]) -> None:
    assert announced(path, *periods) == names


def test_a_read_only_flag_is_announced_while_it_is_raised() -> None:
    flag = period(-1, name="flag", read_only=True)
    assert announced("/", period(1, 2), flags=(flag,)) == ["FLAG", "down"]


ENDS: dict[str, tuple[list[Period], float | None]] = {
    "its own": ([period(-1, 1, read_only=True)], 1),
    "followed by another": ([period(-1, 1, read_only=True), period(1, 2, read_only=True)], 2),
    "followed by a whole downtime": ([period(-1, 1, read_only=True), period(1, 3)], 3),
    "followed by one that never ends": ([period(-1, 1, read_only=True), period(1)], None),
    "followed by one of another part": ([period(-1, 1, read_only=True), period(0.5, 2, "/shop")], 1),
    "not known": ([period(-1, read_only=True)], None),
}


@pytest.mark.parametrize("path", ["/", None])
@pytest.mark.parametrize(("periods", "hours"), ENDS.values(), ids=ENDS)
def test_changes_are_paused_until_they_would_be_let_through(
    periods: list[Period], hours: float | None, path: str | None
) -> None:
    schedule = Schedule(tuple(periods))
    [first, *_] = announcements(schedule.at(NOW), schedule.upcoming(NOW), NOW, ahead=timedelta(days=1), path=path)
    assert first.is_running
    assert first.until == (Period().end if hours is None else NOW + timedelta(hours=hours))


COMING: dict[str, tuple[list[Period], float | None]] = {
    "its own": ([period(1, 2)], 2),
    "followed by another": ([period(1, 2), period(2, 3)], 3),
    "followed by one that never ends": ([period(1, 2), period(2)], None),
    "followed later": ([period(1, 2), period(2.5, 3)], 2),
    "followed by one of another part": ([period(1, 2), period(2, 3, "/shop")], 2),
    "followed by a read-only one": ([period(1, 2), period(2, 3, read_only=True)], 2),
    "read-only, followed by a whole downtime": ([period(1, 2, read_only=True), period(2, 3)], 3),
    "after another of another part": ([period(0.5, 1.5, "/shop"), period(1, 2)], 2),
    "without an end": ([period(1)], None),
}


@pytest.mark.parametrize("path", ["/", None])
@pytest.mark.parametrize(("periods", "hours"), COMING.values(), ids=COMING)
def test_what_is_to_come_lasts_through_what_follows_without_a_gap(
    periods: list[Period], hours: float | None, path: str | None
) -> None:
    schedule = Schedule(tuple(periods))
    found = announcements(schedule.at(NOW), schedule.upcoming(NOW), NOW, ahead=timedelta(days=1), path=path)
    [first, *_] = [item for item in found if not item.window.period.paths]
    assert first.until == (Period().end if hours is None else NOW + timedelta(hours=hours))


def test_what_has_ended_since_the_last_look_is_not_announced() -> None:
    answer = Schedule((period(-1, 1, read_only=True),)).at(NOW)
    assert announcements(answer, [], NOW + timedelta(hours=2), ahead=timedelta(days=1), path="/") == []


ONCE_OPEN: dict[str, tuple[str | None, list[Period], list[str]]] = {
    "nothing": ("/", [], []),
    "the site is down": ("/", [period(-1, 1)], ["DOWN"]),
    "without an end": ("/", [period(-1)], ["DOWN"]),
    "it is over": ("/", [period(-2, -1)], []),
    "this part": ("/shop/1", [period(-1, 1, "/shop")], ["DOWN/SHOP"]),
    "another part": ("/", [period(-1, 1, "/shop")], []),
    "some part": (None, [period(-1, 1, "/shop")], ["DOWN/SHOP"]),
    "it is read-only": ("/", [period(-1, 1, read_only=True)], ["READ-ONLY"]),
    "down counts before read-only": ("/", [period(-1, 1, read_only=True), period(-1, 1)], ["DOWN"]),
    "another part is down, and it is read-only": (
        *("/", [period(-1, 1, "/shop"), period(-1, 1, read_only=True)]),
        ["READ-ONLY"],
    ),
    "and what is coming": ("/", [period(-1, 1), period(3, 4, name="next")], ["DOWN", "next"]),
}


@pytest.mark.parametrize(("path", "periods", "names"), ONCE_OPEN.values(), ids=ONCE_OPEN)
def test_a_page_that_is_open_is_told_that_it_has_gone_down(
    path: str | None, periods: list[Period], names: list[str]
) -> None:
    schedule = Schedule(tuple(periods))
    ahead, upcoming = timedelta(days=1), schedule.upcoming(NOW)
    assert names_of(announcements_once_open(schedule.at(NOW), upcoming, NOW, ahead=ahead, path=path)) == names


def test_it_is_told_until_when_it_is_down_through_what_follows_without_a_gap() -> None:
    schedule = Schedule((period(-1, 1), period(1, 2, "/shop"), period(2, 3, "/shop", read_only=True)))
    [down, *_] = announcements_once_open(schedule.at(NOW), [], NOW, ahead=timedelta(days=1), path="/shop")
    assert down.until == NOW + timedelta(hours=2)
