"""What is known of a writing that is not tried; whatever is found here, the writing finds too."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from downtime.files.atomic_write import CannotWrite, remove_unfollowed, replace_followed, replace_unfollowed
from downtime.files.dry_run import (
    is_removable,
    require_replaceable_followed,
    require_replaceable_unfollowed,
    writable,
)
from tests.support.programs import ROOT, require
from tests.support.users import NOBODY, being_nobody


def outcome(action: Callable[[], object]) -> str:
    """What the action returns, or why it fails."""
    try:
        return str(action())
    except CannotWrite as error:
        return str(error)


def full_folder(path: Path) -> None:
    path.mkdir()
    (path / "file").touch()


def file_as_folder(path: Path) -> None:
    path.parent.rmdir()
    path.parent.touch()


def pipe(path: Path) -> None:
    os.mkfifo(path)


PLACES: dict[str, Callable[[Path], object]] = {
    "nothing": lambda path: None,
    "a file": Path.touch,
    "a link": lambda path: path.symlink_to("file"),
    "a pipe": pipe,
    "a folder": Path.mkdir,
    "a folder that holds something": full_folder,
    "no folder": lambda path: path.parent.rmdir(),
    "a file in the place of the folder": file_as_folder,
}


@pytest.fixture(params=PLACES.values(), ids=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    (tmp_path / "folder").mkdir()
    path = tmp_path / "folder" / "downtime.flag"
    request.param(path)
    return str(path)


def everything(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.lstat().st_mtime_ns) for path in folder.rglob("*"))


@pytest.mark.parametrize(
    ("question", "replace"),
    [(require_replaceable_unfollowed, replace_unfollowed), (require_replaceable_followed, replace_followed)],
    ids=["unfollowed", "followed"],
)
def test_it_is_known_before_whether_a_file_can_be_replaced(
    place: str, tmp_path: Path, question: Callable[[str], object], replace: Callable[[str, bytes], object]
) -> None:
    before = everything(tmp_path)
    known = outcome(lambda: question(place))
    assert everything(tmp_path) == before
    assert known == outcome(lambda: replace(place, b""))


def test_it_is_known_before_whether_something_would_be_removed(place: str, tmp_path: Path) -> None:
    before = everything(tmp_path)
    known = outcome(lambda: is_removable(place))
    assert everything(tmp_path) == before
    assert known == outcome(lambda: remove_unfollowed(place))


@pytest.mark.parametrize(
    ("flags", "reason"),
    [(getattr(os, "ST_RDONLY", 1), "Read-only file system"), (0, "Permission denied")],
    ids=["EROFS", "EACCES"],
)
def test_a_folder_that_nobody_may_write_to_is_known_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: int, reason: str
) -> None:
    """Root may write anywhere but on a mount that is read-only, so that the system is made to say it."""
    (tmp_path / "downtime.yml").touch()
    path = str(tmp_path / "downtime.yml")
    status = os.statvfs_result((0,) * 8 + (flags, 255))
    monkeypatch.setattr(os, "access", lambda *arguments, **more: False)
    monkeypatch.setattr(os, "supports_effective_ids", {os.access})
    monkeypatch.setattr(os, "statvfs", lambda folder: status)
    for action in (require_replaceable_unfollowed, is_removable, lambda path: writable(path).__enter__()):
        assert outcome(lambda action=action: action(path)).startswith(f"{path} can't be written: {reason}; ")


OTHER = 1234
OWNED: dict[str, tuple[int, int, int, int, str]] = {
    "one's own": (NOBODY, NOBODY, OTHER, 0o777, ""),
    "another's": (OTHER, NOBODY, OTHER, 0o777, "Operation not permitted"),
    "of another group": (NOBODY, OTHER, OTHER, 0o777, "Operation not permitted"),
    "of the group that the folder gives": (NOBODY, OTHER, OTHER, 0o2777, ""),
    "unreadable": (OTHER, OTHER, OTHER, 0o777, "Permission denied"),
}


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize(("user", "group", "folder_group", "mode", "reason"), OWNED.values(), ids=OWNED)
def test_it_is_known_before_whether_the_owner_can_be_kept(
    public_folder: Path, user: int, group: int, folder_group: int, mode: int, reason: str
) -> None:
    path = public_folder / "downtime.flag"
    path.touch()
    path.chmod(0o600 if reason == "Permission denied" else 0o644)
    os.chown(path, user, group)
    os.chown(public_folder, OTHER, folder_group)
    public_folder.chmod(mode)
    with being_nobody():
        known = outcome(lambda: require_replaceable_unfollowed(str(path)))
        assert known == outcome(lambda: replace_unfollowed(str(path), b""))
    assert known.startswith(f"{path} can't be written: {reason}" if reason else "None")
    assert outcome(lambda: require_replaceable_unfollowed(str(path))) == "None"  # root can give it to anybody


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize(
    ("user", "folder_user", "is_allowed"),
    [(OTHER, OTHER, False), (NOBODY, OTHER, True), (OTHER, NOBODY, True)],
    ids=["another's", "one's own", "in a folder of one's own"],
)
def test_it_is_known_before_that_a_file_of_another_stays_in_a_folder_such_as_tmp(
    public_folder: Path, user: int, folder_user: int, is_allowed: bool
) -> None:
    path = public_folder / "downtime.flag"
    path.symlink_to("nothing")  # of which no owner is kept
    os.lchown(path, user, user)
    os.chown(public_folder, folder_user, folder_user)
    public_folder.chmod(0o1777)
    assert is_removable(str(path))  # by root
    with being_nobody():
        told = [outcome(lambda: is_removable(str(path))), outcome(lambda: require_replaceable_unfollowed(str(path)))]
        done = [outcome(lambda: replace_unfollowed(str(path), b"")), outcome(lambda: remove_unfollowed(str(path)))]
    assert told == done[::-1]
    assert ("Operation not permitted" in told[0]) is not is_allowed


@pytest.mark.usefixtures("as_root")
def test_what_is_mounted_can_not_be_removed() -> None:
    assert outcome(lambda: is_removable("/proc")).startswith("/proc can't be written: Device or resource busy; ")


def test_a_system_that_does_not_list_what_is_mounted_refuses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("downtime.files.dry_run._MOUNTS", str(tmp_path / "none"))
    (tmp_path / "downtime.flag").touch()
    assert is_removable(str(tmp_path / "downtime.flag"))


IN_ITS_MOUNTS = """
import sys
from tests.files.test_dry_run import *
path = sys.argv[1]
print(outcome(lambda: require_replaceable_unfollowed(path)))
print(outcome(lambda: replace_unfollowed(path, b"")))
print(outcome(lambda: is_removable(path)))
print(outcome(lambda: remove_unfollowed(path)))
"""


@pytest.mark.system
def test_it_is_known_before_that_a_file_is_mounted_by_itself(tmp_path: Path) -> None:
    require("unshare")
    path = tmp_path / "of\\ mine ü" / "downtime.flag"
    path.parent.mkdir()
    path.touch()
    (tmp_path / "other").touch()
    script = 'mount --bind "$1" "$2" && exec "$3" -c "$4" "$2"'
    arguments = ["sh", str(tmp_path / "other"), str(path), sys.executable, IN_ITS_MOUNTS]
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    why = "it is mounted as a single file: mount its folder instead, or change the file on the host"
    assert done.stdout.splitlines() == [f"{path} can't be written: Device or resource busy; {why}"] * 4


def test_a_file_is_written_behind_its_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("downtime.yml")
    with writable(str(tmp_path / "link")) as entry:
        assert entry.path == str(tmp_path / "downtime.yml")
    assert not (tmp_path / "downtime.yml").exists()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(CannotWrite, match=os.strerror(errno.ELOOP)), writable(str(tmp_path / "loop")):
        pytest.fail("it leads nowhere")
