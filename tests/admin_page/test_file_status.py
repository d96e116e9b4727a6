from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import pytest_django

from downtime import live
from downtime.admin_page.file_status import FileStatus, file_statuses
from downtime.fleet.channel import Channel
from tests.support.texts import BERLIN


def found() -> list[FileStatus]:
    """The schedule and the flags, after a look at them."""
    return file_statuses(live.overview(), datetime.now(timezone.utc), BERLIN)


def test_files_that_are_not_there_are_named_all_the_same(schedule: Path, flag: Path) -> None:
    before, of_flag = found()
    assert (before.path, before.is_flag, before.is_there, before.changed_at) == (str(schedule), False, False, None)
    assert (of_flag.path, of_flag.is_flag, of_flag.is_there, of_flag.changed_at) == (str(flag), True, False, None)
    assert of_flag.read_at is None
    assert before.command == "python manage.py downtime_edit"
    assert of_flag.command == f"touch {flag}"


def test_they_tell_when_they_changed_and_when_this_process_read_them(schedule: Path, flag: Path) -> None:
    begun = datetime.now(BERLIN)
    schedule.write_text("periods: []")
    flag.touch()
    for file in found():
        assert file.is_there
        assert file.changed_at is not None
        assert file.read_at is not None
        # A file system's clock may lag behind by a tick.
        assert begun - timedelta(seconds=1) < file.changed_at < datetime.now(BERLIN)
        assert begun < file.read_at < datetime.now(BERLIN)
        assert file.read_at.tzinfo is BERLIN
    assert found()[1].command == f"rm {flag}"


def test_what_is_not_read_anew_keeps_the_time_of_its_reading(schedule: Path, flag: Path) -> None:
    schedule.write_text("periods: []")
    flag.touch()
    live.overview()
    read = [file.read_at for file in found()]
    assert [file.read_at for file in found()] == read
    flag.write_text("Back at four.")
    after = [file.read_at for file in found()]
    assert after[0] == read[0]
    assert after[1] is not None
    assert read[1] is not None
    assert after[1] > read[1]


def test_a_lowered_flag_is_no_longer_read(flag: Path) -> None:
    flag.touch()
    found()
    flag.unlink()
    assert found()[1].read_at is None


def test_problems_name_the_file_and_the_line(schedule: Path, flag: Path) -> None:
    schedule.write_text("periods:\n  - start: 2020-01-01\n    cover: [/a]\n")
    flag.write_text("message: Soon.\nretry_after: later\n")
    of_schedule, of_flag = found()
    assert [problem.partition(" ")[0] for problem in of_schedule.problems] == [f"{schedule}:3:"]
    assert [problem.partition(" ")[0] for problem in of_flag.problems] == [f"{flag}:2:"]


def test_a_flag_whose_time_is_over_says_so(flag: Path, settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_FLAG_MAX_AGE = 1e-6
    flag.touch()
    live.overview()
    assert found()[1].has_let_go
    settings.DOWNTIME_FLAG_MAX_AGE = 1e6
    flag.write_text("again")
    assert not found()[1].has_let_go


@pytest.mark.parametrize("name", ["DOWNTIME_SCHEDULE_FILE", "DOWNTIME_FLAG_FILE"])
def test_what_can_not_be_looked_at_says_why(name: str, tmp_path: Path, settings: pytest_django.Settings) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    setattr(settings, name, loop / "file")
    [hidden] = [file for file in found() if file.trouble]
    assert hidden.path == str(loop / "file")
    assert hidden.is_flag is (name == "DOWNTIME_FLAG_FILE")
    assert hidden.trouble == "Too many levels of symbolic links"


def test_each_flag_is_listed(tmp_path: Path, settings: pytest_django.Settings) -> None:
    paths = [tmp_path / "one.flag", tmp_path / "two.flag"]
    settings.DOWNTIME_FLAG_FILE = paths
    paths[1].touch()
    assert [(file.path, file.is_there) for file in found()[1:]] == [(str(paths[0]), False), (str(paths[1]), True)]


def test_the_flag_of_a_fleet_is_changed_on_every_host(fleet: Channel, flag: Path, tmp_path: Path) -> None:
    """A follower would put right what is done to the file."""
    of_fleet = found()[2]
    assert (of_fleet.path, of_fleet.command) == (
        str(tmp_path / "downtime.fleet.flag"),
        "python manage.py downtime_start --fleet",
    )
    (tmp_path / "downtime.fleet.flag").touch()
    assert found()[2].command == "python manage.py downtime_end --fleet"
    assert found()[1].command == f"touch {flag}"
