"""What is known of a writing that is not tried; whatever is found here, the writing finds too."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from downtime.files.atomic_write import CannotWrite, remove_unfollowed, replace_unfollowed
from downtime.files.dry_run import is_removable, require_replaceable, writable


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


PLACES: dict[str, Callable[[Path], object]] = {
    "nothing": lambda path: None,
    "a file": Path.touch,
    "a link": lambda path: path.symlink_to("file"),
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


def test_it_is_known_before_whether_a_file_can_be_replaced(place: str, tmp_path: Path) -> None:
    before = everything(tmp_path)
    known = outcome(lambda: require_replaceable(place))
    assert everything(tmp_path) == before
    assert known == outcome(lambda: replace_unfollowed(place, b""))


def test_it_is_known_before_whether_something_would_be_removed(place: str, tmp_path: Path) -> None:
    before = everything(tmp_path)
    known = outcome(lambda: is_removable(place))
    assert everything(tmp_path) == before
    assert known == outcome(lambda: remove_unfollowed(place))


@pytest.mark.parametrize(
    ("flags", "reason"), [(os.ST_RDONLY, "Read-only file system"), (0, "Permission denied")], ids=["EROFS", "EACCES"]
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
    for action in (lambda: require_replaceable(path), lambda: is_removable(path), lambda: writable(path).__enter__()):
        assert outcome(action).startswith(f"{path} can't be written: {reason}; ")


def test_a_file_is_written_behind_its_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("downtime.yml")
    with writable(str(tmp_path / "link")) as entry:
        assert entry.path == str(tmp_path / "downtime.yml")
    assert not (tmp_path / "downtime.yml").exists()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(CannotWrite, match=os.strerror(errno.ELOOP)), writable(str(tmp_path / "loop")):
        pytest.fail("it leads nowhere")
