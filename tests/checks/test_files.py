"""What is reported of the files and their place."""

import os
import re
from pathlib import Path

import pytest
import pytest_django
from django.core.checks import WARNING

from downtime.fleet.channel import Channel
from tests.support.system_checks import found, ids


@pytest.mark.parametrize(
    ("content", "line", "found_there"),
    [
        (b"periods:\n  - start: soon\n", 2, "'soon'"),
        (b"periods: [", 1, "not valid YAML"),
        (b"\n\n\xff", 3, "UTF-8"),
        (b"a: &a [x]\nb: *a\n", 1, "'a'"),
        (b"[" * 100, 1, "nested deeper"),
    ],
    ids=["a time", "no YAML", "no UTF-8", "a key", "deep nesting"],
)
def test_a_problem_in_the_schedule_is_a_warning_with_file_and_line(
    schedule: Path, content: bytes, line: int, found_there: str
) -> None:
    schedule.write_bytes(content)
    message = found()[0]
    assert (message.id, message.level) == ("downtime.W006", WARNING)
    assert message.msg.startswith(f"{schedule}:{line}: ")
    assert found_there in message.msg


def test_each_problem_is_reported_but_not_thousands_of_them(schedule: Path) -> None:
    schedule.write_text("periods:\n  - start: soon\n  - start: later\n")
    assert ids() == ["W006", "W006"]
    schedule.write_text("periods:\n" + "  - start: soon\n" * 1000)
    assert ids() == ["W006"] * 20


def test_a_problem_in_a_flag_is_a_warning_with_file_and_line(flag: Path) -> None:
    flag.write_text("message: a\nend: soon\n")
    [message] = found()
    assert (message.id, message.level) == ("downtime.W007", WARNING)
    assert message.msg.startswith(f"{flag}:2: ")


def test_a_flag_that_has_expired_is_reported(settings: pytest_django.Settings, flag: Path) -> None:
    flag.touch()
    assert found() == []
    os.utime(flag, (0, 0))
    settings.DOWNTIME_FLAG_MAX_AGE = 60
    [message] = found()
    assert (message.id, message.level) == ("downtime.W007", WARNING)
    assert "it expired at 1970-01-01 00:01 UTC" in message.msg


def test_a_file_that_can_not_be_looked_at_is_reported(
    settings: pytest_django.Settings, schedule: Path, flag: Path, tmp_path: Path
) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    settings.DOWNTIME_FLAG_FILE = [flag, loop / "flag"]
    [message] = found()
    assert (message.id, message.level) == ("downtime.W008", WARNING)
    assert message.msg.startswith(f"{loop}/flag can't be looked at: ")
    settings.DOWNTIME_FLAG_FILE = flag
    settings.DOWNTIME_SCHEDULE_FILE = loop / "schedule"
    [message] = found()
    assert (message.id, message.level) == ("downtime.W006", WARNING)
    assert message.msg.startswith(f"{loop}/schedule:1: it can't be read: ")


def switched(root: Path, release: str, link: str = "current") -> Path:
    """The folder of a release, to which a link leads."""
    (root / release).mkdir(parents=True)
    (root / link).symlink_to(root / release)
    return root / release


@pytest.mark.parametrize("release", ["releases/1", "deployments/20261201", "deploys/1", "versions/2", "app-2", "all/7"])
def test_a_file_in_the_folder_of_one_release_is_reported(
    settings: pytest_django.Settings, tmp_path: Path, release: str
) -> None:
    """By BASE_DIR as startproject writes it, resolved, and by a path through the link; at any depth."""
    folder = switched(tmp_path, release)
    for base in (folder, tmp_path / "current", folder / "site" / "web"):
        settings.DOWNTIME_SCHEDULE_FILE, settings.DOWNTIME_FLAG_FILE = base / "downtime.yml", base / "downtime.flag"
        schedule, flag = found()
        assert [schedule.id, schedule.level, flag.id, flag.level] == ["downtime.W011", WARNING] * 2
        assert schedule.msg.startswith("DOWNTIME_SCHEDULE_FILE is ")
        assert flag.msg.startswith("DOWNTIME_FLAG_FILE is ")
        assert all(f"the release in {folder}:" in message.msg for message in (schedule, flag))


def test_each_flag_in_the_folder_of_one_release_is_reported(settings: pytest_django.Settings, tmp_path: Path) -> None:
    folder = switched(tmp_path, "releases/1")
    settings.DOWNTIME_FLAG_FILE = [tmp_path / "a.flag", folder / "b.flag", folder / "c.flag"]
    assert [re.findall(r"\w\.flag", message.msg) for message in found()] == [["b.flag"], ["c.flag"]]


def test_a_page_in_the_folder_of_one_release_is_reported(settings: pytest_django.Settings, tmp_path: Path) -> None:
    settings.DOWNTIME_PAGE_FILE = switched(tmp_path, "releases/1") / "downtime.html"
    [message] = found()
    assert (message.id, message.level) == ("downtime.W011", WARNING)
    assert message.msg.startswith("DOWNTIME_PAGE_FILE is ")
    settings.DOWNTIME_PAGE_FILE.symlink_to(tmp_path / "shared.html")
    assert found() == []


def test_the_flag_of_a_fleet_in_the_folder_of_one_release_is_reported(
    settings: pytest_django.Settings, fleet: Channel, tmp_path: Path
) -> None:
    settings.DOWNTIME_FLEET_FLAG_FILE = switched(tmp_path, "releases/1") / "downtime.fleet.flag"
    [message] = [message for message in found() if message.id == "downtime.W011"]
    assert message.msg.startswith("DOWNTIME_FLEET_FLAG_FILE is ")


def test_a_problem_in_the_flag_of_a_fleet_is_a_warning(fleet: Channel, tmp_path: Path) -> None:
    (tmp_path / "downtime.fleet.flag").write_text("retry_after: soon\n")
    [message] = [message for message in found() if message.id == "downtime.W007"]
    assert message.msg.startswith(f"{tmp_path}/downtime.fleet.flag:1: retry_after is 'soon'")


def test_a_release_is_left_by_links_as_it_is_entered(settings: pytest_django.Settings, tmp_path: Path) -> None:
    """A schedule is what its link leads to; a flag is the link itself, and only its folder may be one."""
    folder, shared = switched(tmp_path, "releases/1"), tmp_path / "shared"
    shared.mkdir()
    (folder / "linked").symlink_to(shared)
    (folder / "downtime.yml").symlink_to(shared / "downtime.yml")
    settings.DOWNTIME_SCHEDULE_FILE = folder / "downtime.yml"
    settings.DOWNTIME_FLAG_FILE = folder / "linked" / "downtime.flag"
    assert ids() == []
    (shared / "downtime.yml").symlink_to(folder / "other.yml")
    assert ids() == ["W011"]
    settings.DOWNTIME_SCHEDULE_FILE = shared / "other.yml"
    (shared / "downtime.flag").symlink_to(folder / "text")
    (folder / "text").write_text("We are moving.")
    assert ids() == []


@pytest.mark.parametrize("place", ["downtime", "release-notes", "releases", "my-releases/1", "shared", "current"])
def test_a_folder_that_no_link_switches_is_nobody_s_release(
    settings: pytest_django.Settings, tmp_path: Path, place: str
) -> None:
    switched(tmp_path, "releases/1", "live")
    folder = tmp_path / place
    folder.mkdir(parents=True, exist_ok=True)
    settings.DOWNTIME_SCHEDULE_FILE, settings.DOWNTIME_FLAG_FILE = folder / "downtime.yml", folder / "downtime.flag"
    assert ids() == []


@pytest.mark.parametrize("content", [b"periods: [", b"\0", b"{" * 50_000, b"5", b"!!python/object:os.abort {}"])
def test_no_content_is_an_error_as_that_would_stop_migrate(schedule: Path, flag: Path, content: bytes) -> None:
    schedule.write_bytes(content)
    flag.write_bytes(content)
    assert {message.level for message in found()} == {WARNING}


def test_a_folder_that_is_not_there_is_reported_for_each_file(settings: pytest_django.Settings, tmp_path: Path) -> None:
    (tmp_path / "text").touch()
    (tmp_path / "a.yml").symlink_to(tmp_path / "gone" / "b.yml")
    settings.DOWNTIME_SCHEDULE_FILE = tmp_path / "a.yml"
    settings.DOWNTIME_FLAG_FILE = [tmp_path / "none" / "flag", tmp_path / "flag", tmp_path / "text" / "flag"]
    messages = found()
    assert [(message.id, message.level) for message in messages] == [("downtime.W017", WARNING)] * 3
    assert [message.msg.partition(", but there is no folder ")[2] for message in messages] == [
        f"{tmp_path / name}." for name in ("gone", "none", "text")
    ]
    (tmp_path / "gone").mkdir()
    settings.DOWNTIME_FLAG_FILE, settings.DOWNTIME_PAGE_FILE = [], tmp_path / "web" / "downtime.html"
    assert [(message.id, message.msg) for message in found()] == [
        ("downtime.W017", f"DOWNTIME_PAGE_FILE is {tmp_path}/web/downtime.html, but there is no folder {tmp_path}/web.")
    ]
    (tmp_path / "web").mkdir()
    assert found() == []
