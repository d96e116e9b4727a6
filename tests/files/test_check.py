import io
import os
from datetime import timezone
from pathlib import Path

import pytest

from downtime.files.check import CannotCheck, check_file, check_input
from downtime.files.schedule_file import LARGEST
from tests.support.texts import BERLIN

ONE, TWO = "periods: [{start: 2026-12-01 02:00}]\n", "periods: [{start: 2026-12-01}, {start: 2026-12-02}]\n"


@pytest.mark.parametrize(("text", "count"), [("", "0 periods"), (ONE, "1 period"), (TWO, "2 periods")])
def test_a_sound_schedule_is_told_with_the_number_of_its_periods(tmp_path: Path, text: str, count: str) -> None:
    path = tmp_path / "downtime.yml"
    path.write_text(text)
    assert check_file(str(path), BERLIN).verdict == f"{path} has no problem; it has {count}."
    standard_input = io.TextIOWrapper(io.BytesIO(text.encode()))
    assert check_input(standard_input, BERLIN).verdict == f"<stdin> has no problem; it has {count}."


def test_times_without_an_offset_are_those_of_the_zone(tmp_path: Path) -> None:
    path = tmp_path / "downtime.yml"
    path.write_text(ONE)
    hours = [check_file(str(path), zone).parsed.schedule.periods[0].start.hour for zone in (timezone.utc, BERLIN)]
    assert hours == [2, 1]


@pytest.mark.parametrize("name", ["none.yml", "dangling.yml", "file.yml/below", ""])
def test_a_file_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file.yml").touch()
    Path("dangling.yml").symlink_to("gone.yml")
    with pytest.raises(CannotCheck) as caught:
        check_file(name, BERLIN)
    assert str(caught.value) == f"{name or 'a file without a name'} does not exist; check the name"


def test_a_file_that_can_not_be_read_has_that_problem(tmp_path: Path) -> None:
    [problem] = check_file(str(tmp_path), BERLIN).parsed.problems
    assert (problem.line, problem.message) == (1, "it can't be read: Is a directory")


def test_an_input_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotCheck, match=r"^the standard input can't be read: it is closed$"):
        check_input(None, BERLIN)
    with open(os.devnull) as stream:
        folder = os.open(tmp_path, os.O_RDONLY)
        os.dup2(folder, stream.fileno())
        os.close(folder)
        with pytest.raises(CannotCheck, match=r"^the standard input can't be read: Is a directory$"):
            check_input(stream, BERLIN)


def test_no_more_of_an_input_is_read_than_a_schedule_can_have() -> None:
    with (
        open("/dev/zero", encoding="ascii") as zeros,
        pytest.raises(CannotCheck, match=f"^the standard input has more than {LARGEST} bytes, which is more than"),
    ):
        check_input(zeros, BERLIN)
