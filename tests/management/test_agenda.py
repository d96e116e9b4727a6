"""The tables of periods."""

from datetime import datetime, timedelta, timezone
from io import StringIO

import pytest

from downtime.management.agenda import tell_schedule, tell_windows
from downtime.management.output import Printer
from downtime.management.table import display_width
from downtime.schedule.periods import Period, Schedule
from tests.support.commands import Terminal

NOW = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)
RUNS = Period(NOW - timedelta(minutes=12), NOW + timedelta(hours=1), name="disks", message="Faster\n disks.")
COMES = Period(NOW + timedelta(hours=3), NOW + timedelta(hours=4), name="ディスク", read_only=True)


def told(schedule: Schedule, output: StringIO, *, flags: tuple[Period, ...] = ()) -> list[str]:
    tell_schedule(Printer(stdout=output), schedule, schedule.at(NOW, flags))
    return output.getvalue().splitlines()


def test_both_tables_have_the_same_columns() -> None:
    assert told(Schedule((RUNS, COMES)), StringIO()) == [
        "By this schedule alone, the site is down, since 2026-12-01 12:48:00 CET, until 2026-12-01 14:00:00 CET, "
        "because of disks.",
        "",
        "ACTIVE      WHEN                           PERIOD    REFUSED     MESSAGE",
        "for 12 min  2026-12-01 12:48 to 14:00 CET  disks     everything  Faster disks.",
        "",
        "COMING      WHEN                           PERIOD    REFUSED     MESSAGE",
        "in 3 h      2026-12-01 16:00 to 17:00 CET  ディスク  writing",
    ]


def test_a_table_without_rows_and_a_column_without_words_are_left_out() -> None:
    assert told(Schedule((COMES,)), StringIO())[1:] == [
        "",
        "COMING  WHEN                           PERIOD    REFUSED",
        "in 3 h  2026-12-01 16:00 to 17:00 CET  ディスク  writing",
    ]


def test_flags_are_no_part_of_a_schedule() -> None:
    assert told(Schedule(), StringIO(), flags=(Period(NOW),)) == [
        "By this schedule alone, the site is up.",
        "Nothing is active now, and nothing is coming.",
    ]


LONG = Period(NOW, name="n" * 100, message="ディスク" * 30, paths=tuple(f"/part-{n}" for n in range(20)))


@pytest.mark.parametrize("columns", [20, 80, 120])
def test_a_terminal_gets_no_row_that_is_wider_than_it_is(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    _, *rows = told(Schedule((LONG, RUNS, COMES)), Terminal())
    assert max(map(display_width, rows)) in (columns, columns - 1)
    whole = told(Schedule((LONG, RUNS, COMES)), StringIO())[1:]
    assert "n" * 100 in whole[2]
    assert "/part-19" in whole[2]
    assert "ディスク" * 30 in whole[2]


def test_a_long_name_leaves_room_for_what_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    _, _, _, row, *_ = told(Schedule((LONG,)), Terminal())
    assert f"  {'n' * 39}…  /part-0, " in row


def test_a_cell_can_neither_begin_a_line_nor_steer_a_terminal() -> None:
    output = StringIO()
    window = next(Schedule((Period(NOW, message="a\x1b[2J\u202e"),)).windows(NOW))
    tell_windows(Printer(stdout=output), [window], [], NOW, lambda window: "a\nb\t\x9b")
    assert output.getvalue().splitlines()[2].endswith(r"  a\nb\t\x9b  everything  a\x1b[2J\u202e")
