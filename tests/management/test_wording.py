"""How the commands word periods and the state of the site, as plain values."""

from datetime import datetime, timezone

import pytest

from downtime.files.disk import Fingerprint
from downtime.files.flag_file import Flag
from downtime.management.wording import label, refused, status_line, time_span
from downtime.schedule.periods import NEVER, Answer, Period, Schedule
from downtime.schedule.site_status import site_status

NOW = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)
AN_HOUR_AGO, IN_AN_HOUR = NOW.replace(hour=11), NOW.replace(hour=13)
RAISED = Period(AN_HOUR_AGO)
FLAG = Flag("/srv/downtime.flag", Fingerprint(0, 0, 0, 0, 0), RAISED)


def answer(*periods: Period, flags: tuple[Period, ...] = ()) -> Answer:
    return Schedule(periods).at(NOW, flags)


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        (Period(AN_HOUR_AGO, IN_AN_HOUR), "since 2026-12-01 12:00:00 CET, until 2026-12-01 14:00:00 CET"),
        (Period(AN_HOUR_AGO, NEVER), "since 2026-12-01 12:00:00 CET, without a known end"),
        (Period(IN_AN_HOUR, NOW.replace(day=2)), "from 2026-12-01 14:00:00 CET to 2026-12-02 13:00:00 CET"),
        (Period(IN_AN_HOUR, NEVER), "from 2026-12-01 14:00:00 CET without a known end"),
    ],
    ids=["active", "active and open", "coming", "coming and open"],
)
def test_a_window_is_worded_by_whether_it_has_begun(period: Period, expected: str) -> None:
    [window] = Schedule((period,)).windows(NOW)
    assert time_span(window, NOW) == expected


def test_an_end_is_the_second_after_which_nothing_is_refused() -> None:
    period = Period(AN_HOUR_AGO, IN_AN_HOUR.replace(microsecond=1), name="a")
    [window] = Schedule((period,)).windows(NOW)
    assert time_span(window, NOW) == "since 2026-12-01 12:00:00 CET, until 2026-12-01 14:00:01 CET"
    shop = Period(AN_HOUR_AGO, IN_AN_HOUR, name="shop", paths=("/shop",), read_only=True)
    parts = status_line(site_status(answer(shop, Period(AN_HOUR_AGO, period.end, name="b", paths=("/b",)))))
    assert parts.endswith("; everything passes again at 2026-12-01 14:00:01 CET.")


@pytest.mark.parametrize(
    ("active", "expected"),
    [
        (answer(Period(AN_HOUR_AGO, name="upgrade", line=2)), "upgrade"),
        (answer(Period(AN_HOUR_AGO, line=2)), "the period on line 2"),
        (answer(flags=(RAISED,)), "flag /srv/downtime.flag"),
    ],
    ids=["its name", "its line", "its flag"],
)
def test_a_window_is_called_by_what_people_can_look_up(active: Answer, expected: str) -> None:
    [window] = active.active
    assert label(window, [FLAG]) == expected


@pytest.mark.parametrize(
    ("period", "state"),
    [
        (Period(AN_HOUR_AGO, name="a"), "The site is down"),
        (Period(AN_HOUR_AGO, name="a", paths=("/shop",)), "A part of the site is down (/shop)"),
        (Period(AN_HOUR_AGO, name="a", read_only=True), "The site is read-only"),
        (Period(AN_HOUR_AGO, name="a", read_only=True, paths=("/shop",)), "A part of the site is read-only (/shop)"),
    ],
    ids=["down", "a part", "read-only", "a part is read-only"],
)
def test_the_state_is_told_with_since_and_until_and_because_of_what(period: Period, state: str) -> None:
    expected = f"{state}, since 2026-12-01 12:00:00 CET, without a known end, because of a."
    assert status_line(site_status(answer(period))) == expected


def test_the_state_is_told_by_what_refuses_the_most() -> None:
    """Of what follows without a gap, the end counts; of what goes by the same name, the name once."""
    periods = (
        Period(AN_HOUR_AGO, IN_AN_HOUR, name="upgrade"),
        Period(AN_HOUR_AGO, NOW.replace(hour=14), name="upgrade"),
        Period(AN_HOUR_AGO.replace(hour=1), NOW.replace(hour=14), name="search", paths=("/search",)),
    )
    assert status_line(site_status(answer(*periods))) == (
        "The site is down, since 2026-12-01 12:00:00 CET, until 2026-12-01 15:00:00 CET, because of upgrade."
    )
    assert status_line(site_status(answer(flags=(RAISED,))), [FLAG]).endswith(", because of flag /srv/downtime.flag.")
    assert status_line(site_status(answer())) == "The site is up."


def test_all_that_is_refused_is_told_and_what_comes_before_everything_passes_again() -> None:
    periods = (
        Period(AN_HOUR_AGO, IN_AN_HOUR, name="shop", paths=("/shop",)),
        Period(AN_HOUR_AGO, NOW.replace(hour=14), name="move", read_only=True),
        Period(IN_AN_HOUR, NOW.replace(hour=15), name="wiki", paths=("/wiki",)),
    )
    assert status_line(site_status(answer(*periods)), still=True) == (
        "A part of the site is still down (/shop), since 2026-12-01 12:00:00 CET, because of shop; the rest of the "
        "site is still read-only, since 2026-12-01 12:00:00 CET, because of move; from 2026-12-01 14:00:00 CET on, a "
        "part of the site is down (/wiki), because of wiki, and the rest of the site is read-only, because of move; "
        "everything passes again at 2026-12-01 16:00:00 CET."
    )


def test_of_many_causes_and_parts_the_first_are_told() -> None:
    periods = (Period(AN_HOUR_AGO, name=f"p{n}", paths=(f"/{n}",)) for n in range(10))
    line = status_line(site_status(answer(*periods)))
    assert "(/0, /1, /2, /3, /4, /5, /6, /7, …)" in line
    assert line.endswith(" because of p0, p1, p2, p3, p4, p5, p6, p7, ….")


def test_how_far_off_its_times_are_is_told_as_of_a_moment() -> None:
    periods = (
        Period(AN_HOUR_AGO, IN_AN_HOUR, name="a", read_only=True),
        Period(IN_AN_HOUR, NOW.replace(day=4), name="b"),
    )
    assert status_line(site_status(answer(*periods)), now=NOW) == (
        "The site is read-only, since 2026-12-01 12:00:00 CET (for 1 h), because of a; from 2026-12-01 14:00:00 CET "
        "(in 1 h) on, the site is down, because of b; everything passes again at 2026-12-04 13:00:00 CET (in 3 d)."
    )
    assert status_line(site_status(answer(periods[0])), now=NOW) == (
        "The site is read-only, since 2026-12-01 12:00:00 CET (for 1 h), until 2026-12-01 14:00:00 CET (in 1 h), "
        "because of a."
    )


def test_a_start_by_a_clock_that_is_ahead_is_in_the_future() -> None:
    """As of a flag that `touch -d tomorrow` has raised."""
    flag = Period(NOW.replace(day=2))
    line = status_line(site_status(Schedule().at(NOW, [flag])), now=NOW)
    assert line.startswith("The site is down, since 2026-12-02 13:00:00 CET (24 h in the future), without a known end")


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        (Period(), "everything"),
        (Period(read_only=True), "writing"),
        (Period(paths=("/shop", "/wiki")), "/shop, /wiki"),
        (Period(paths=("/shop",), read_only=True), "writing to /shop"),
        (Period(paths=("/shop", "")), "everything"),
    ],
)
def test_what_a_period_refuses_is_told_in_few_words(period: Period, expected: str) -> None:
    assert refused(period) == expected
