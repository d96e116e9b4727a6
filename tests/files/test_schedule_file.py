import os
from pathlib import Path

import pytest

from downtime.files import disk
from downtime.files.fields import Problem
from downtime.files.flag_file import load_flags
from downtime.files.parser import Parsed
from downtime.files.schedule_file import load_schedule
from downtime.schedule.periods import NEVER
from tests.support.texts import BERLIN


def problems(path: Path) -> list[str]:
    return [problem.located("downtime.yml") for problem in load_schedule(str(path), BERLIN).parsed.problems]


def test_a_schedule_is_read_with_its_fingerprint(schedule: Path) -> None:
    schedule.write_text("periods: [{start: 2026-12-01}]")
    loaded = load_schedule(str(schedule), BERLIN)
    assert (loaded.path, loaded.fingerprint, loaded.is_read) == (str(schedule), disk.fingerprint(str(schedule)), True)
    assert len(loaded.parsed.schedule.periods) == 1


def test_a_missing_file_means_no_periods_and_reading_makes_none(schedule: Path) -> None:
    schedule.with_name("link").symlink_to("nowhere")
    for path in (schedule, schedule.parent / "none" / "x", schedule.with_name("link")):
        loaded = load_schedule(str(path), BERLIN)
        assert (loaded.fingerprint, loaded.parsed, loaded.is_read) == (None, Parsed(), True)
    assert os.listdir(schedule.parent) == ["link"]


def test_below_a_file_there_is_no_schedule(schedule: Path) -> None:
    schedule.touch()
    assert load_schedule(str(schedule / "x"), BERLIN).parsed == Parsed()


def test_an_empty_file_means_no_periods(schedule: Path) -> None:
    schedule.touch()
    loaded = load_schedule(str(schedule), BERLIN)
    assert loaded.parsed == Parsed()
    assert loaded.fingerprint is not None


def test_a_byte_order_mark_is_no_part_of_the_text(schedule: Path) -> None:
    schedule.write_bytes(b"\xef\xbb\xbfperiods: [{start: 2026-12-01}]\r\n")
    assert problems(schedule) == []


def test_a_file_that_is_not_utf_8_is_a_problem_on_the_line_where_that_shows(schedule: Path) -> None:
    schedule.write_bytes("periods:\n- start: 2026-12-01\n  message: Zurück\n".encode("latin-1"))
    assert problems(schedule) == ["downtime.yml:3: it is not UTF-8 text; save it as UTF-8"]
    schedule.write_bytes("periods: []\n".encode("utf-16"))
    assert problems(schedule) == ["downtime.yml:1: it is not UTF-8 text; save it as UTF-8"]
    assert load_schedule(str(schedule), BERLIN).is_read


def test_a_problem_says_where_it_is_as_editors_follow_it(schedule: Path) -> None:
    schedule.write_text("periods:\n- start: soon\n  x: 1\n")
    assert [line.partition("; ")[0] for line in problems(schedule)] == [
        "downtime.yml:2: start is 'soon'",
        "downtime.yml:3: 'x' is not a key of a period",
    ]


def test_what_is_no_file_is_a_problem_and_counts_as_not_read(schedule: Path) -> None:
    schedule.mkdir()
    assert problems(schedule) == ["downtime.yml:1: it can't be read: Is a directory"]
    schedule.rmdir()
    os.mkfifo(schedule)
    assert problems(schedule) == ["downtime.yml:1: it can't be read: it is no regular file"]
    loaded = load_schedule(str(schedule), BERLIN)
    assert (loaded.is_read, loaded.fingerprint) == (False, disk.fingerprint(str(schedule)))


def test_a_file_beyond_all_measure_is_a_problem_and_is_not_read(schedule: Path) -> None:
    schedule.touch()
    os.truncate(schedule, 2**40)
    assert problems(schedule) == [
        "downtime.yml:1: it can't be read: it has 1099511627776 bytes; at most 33554432 are read",
    ]


def test_a_path_that_cannot_be_looked_at_is_a_problem(schedule: Path) -> None:
    schedule.symlink_to(schedule.name)
    loaded = load_schedule(str(schedule), BERLIN)
    assert [problem.message for problem in loaded.parsed.problems] == [
        "it can't be read: Too many levels of symbolic links"
    ]
    assert (loaded.fingerprint, loaded.is_read) == (None, False)


def test_the_raised_flags_come_in_the_order_of_their_paths(tmp_path: Path) -> None:
    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    three.write_text("third")
    one.write_text("retry_after: 0")
    hidden = tmp_path / ("x" * 300)
    raised = load_flags(tuple(map(str, (three, hidden, two, one))), zone=BERLIN, max_age=None)
    assert [flag.path for flag in raised] == [str(three), str(one)]
    assert [flag.period.message for flag in raised] == ["third", ""]
    assert [len(flag.problems) for flag in raised] == [0, 1]
    assert all(flag.period.end == NEVER for flag in raised)


def test_the_greatest_age_holds_for_each_flag(tmp_path: Path) -> None:
    (tmp_path / "one").touch()
    (flag,) = load_flags((str(tmp_path / "one"),), zone=BERLIN, max_age=60)
    assert (flag.period.end - flag.period.start).total_seconds() == 60


@pytest.mark.parametrize("path", ["/srv/downtime.yml", "downtime.yml"])
def test_located(path: str) -> None:
    assert Problem(12, "wrong").located(path) == f"{path}:12: wrong"
