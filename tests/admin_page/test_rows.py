from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest

from downtime.admin_page.rows import ORDERS, STATES, Row, filter_rows, make_rows, sort_rows
from downtime.files.parser import parse
from downtime.schedule.periods import ALWAYS, NEVER

NOW = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)
SCHEDULE = parse(
    """
periods:
  - {name: Bravo, start: 2026-12-05 02:00, duration: 2h, message: Faster disks.}
  - {name: alpha, start: 2026-12-01, end: 2026-12-02, paths: [/shop]}
  - {name: past, start: 2026-01-01, duration: 30m, read_only: true}
  - {name: idle, start: 2026-12-03, enabled: false}
  - {name: each-sunday, cron: 30 3 * * SUN, duration: 45m}
  - {name: each-day, cron: 0 11 * * *, duration: 3h}
  - {name: bounded, cron: 0 3 * * *, duration: 1h, end: 2026-11-01}
  - {start: 2026-12-04}
""",
    ZoneInfo("UTC"),
).schedule
ROWS = make_rows(SCHEDULE, SCHEDULE.at(NOW).active, SCHEDULE.upcoming(NOW))


def names(found: list[Row]) -> list[str]:
    return [row.period.name for row in found]


def utc(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 12, day, hour, minute, tzinfo=timezone.utc)


def test_each_period_has_a_row_in_the_order_of_the_file() -> None:
    assert [row.period for row in ROWS] == list(SCHEDULE.periods)
    assert [row.rank for row in ROWS] == list(range(len(SCHEDULE.periods)))


def test_a_period_is_active_coming_over_or_disabled() -> None:
    assert {row.period.name: row.state for row in ROWS} == {
        "Bravo": "coming",
        "alpha": "active",
        "past": "over",
        "idle": "disabled",
        "each-sunday": "coming",
        "each-day": "active",
        "bounded": "over",
        "": "coming",
    }


def test_the_times_are_those_of_the_occurrence_that_runs_or_is_next_and_else_of_the_period() -> None:
    assert {row.period.name: (row.start, row.end) for row in ROWS} == {
        "Bravo": (utc(5, 2), utc(5, 4)),
        "alpha": (utc(1), utc(2)),
        "past": (datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2026, 1, 1, 0, 30, tzinfo=timezone.utc)),
        "idle": (utc(3), NEVER),
        "each-sunday": (utc(6, 3, 30), utc(6, 4, 15)),
        "each-day": (utc(1, 11), utc(1, 14)),
        "bounded": (ALWAYS, datetime(2026, 11, 1, tzinfo=timezone.utc)),
        "": (utc(4), NEVER),
    }


@pytest.mark.parametrize("state", STATES)
def test_a_state_is_chosen(state: str) -> None:
    found = filter_rows(ROWS, state=state, words=[])
    assert found == [row for row in ROWS if row.state == state]
    assert found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["bravo"], ["Bravo"]),
        (["ALPHA"], ["alpha"]),
        (["faster"], ["Bravo"]),
        (["/shop"], ["alpha"]),
        (["sun"], ["each-sunday"]),
        (["each", "11"], ["each-day"]),
        (["each", "bravo"], []),
        (["%"], []),
    ],
)
def test_each_word_has_to_stand_in_the_name_the_message_the_cron_or_a_path(words: list[str], found: list[str]) -> None:
    assert names(filter_rows(ROWS, state=None, words=words)) == found


def test_a_state_and_words_are_both_asked_for() -> None:
    assert names(filter_rows(ROWS, state="coming", words=["each"])) == ["each-sunday"]
    assert filter_rows(ROWS, state="no-such-state", words=[]) == []


@pytest.mark.parametrize(
    ("keys", "first", "last"),
    [
        (["name"], ["", "alpha", "bounded", "Bravo"], "past"),
        (["-name"], ["past", "idle"], ""),
        (["state", "when"], ["alpha", "each-day", "", "Bravo", "each-sunday", "bounded", "past"], "idle"),
        (["state", "-when"], ["each-day", "alpha"], "idle"),
        (["when"], ["bounded", "past", "alpha"], "each-sunday"),
        (["-covers"], ["alpha", "past"], ""),
        (["-pk", "no such key"], ["Bravo", "alpha"], ""),
    ],
    ids=" ".join,
)
def test_rows_are_ordered_by_the_first_key_and_then_the_next(keys: list[str], first: list[str], last: str) -> None:
    found = names(sort_rows(ROWS, keys))
    assert (found[: len(first)], found[-1]) == (first, last)


@pytest.mark.parametrize("key", ORDERS)
def test_equal_rows_keep_the_order_of_the_file_both_ways(key: str) -> None:
    twins = [ROWS[0]._replace(rank=rank) for rank in (3, 1, 2)]
    assert sort_rows(twins, [key]) == sort_rows(twins, [f"-{key}"]) == twins
