import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from downtime.files import permissions


@pytest.fixture
def opened(file: Path) -> Iterator[int]:
    """The file, open for writing."""
    descriptor = os.open(file, os.O_RDWR)
    yield descriptor
    os.close(descriptor)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(("old", "new"), [(0o640, 0o640), (0o604, 0o604), (0o7755, 0o755)])
def test_permissions_are_kept_and_nothing_else_of_a_mode(file: Path, opened: int, old: int, new: int) -> None:
    other = file.with_name("other")
    other.touch()
    other.chmod(old)
    permissions.keep(other.stat(), opened)
    assert mode(file) == new


@pytest.mark.parametrize(
    ("folder", "lock"),
    [
        (0o700, 0o600),
        (0o755, 0o600),
        (0o750, 0o600),
        (0o770, 0o660),
        (0o775, 0o660),
        (0o777, 0o666),
        (0o1777, 0o666),
        (0o2775, 0o660),
    ],
)
def test_those_can_open_a_lock_who_may_write_to_its_folder(file: Path, opened: int, folder: int, lock: int) -> None:
    file.parent.chmod(folder)
    file.chmod(0o644)
    permissions.let_writers_in(opened, file.parent.stat())
    assert mode(file) == lock
    for bits in range(0o1000):
        file.chmod(bits)
        assert permissions.is_for_writers(file.stat(), file.parent.stat()) is not bool(bits & 0o077 & ~lock)


@pytest.mark.usefixtures("as_root")
def test_what_root_makes_belongs_to_the_owner_of_the_folder(file: Path, opened: int) -> None:
    os.chown(file.parent, 1234, 5678)
    file.parent.chmod(0o775)
    permissions.let_writers_in(opened, file.parent.stat())
    status = file.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (1234, 5678, 0o660)
    os.chown(file, 1234, 4)
    assert not permissions.is_for_writers(file.stat(), file.parent.stat())


def test_what_is_no_plain_file_with_one_name_is_no_lock(file: Path) -> None:
    file.chmod(0o600)
    folder = file.parent.stat()
    assert permissions.is_for_writers(file.stat(), folder)
    assert not permissions.is_for_writers(folder, folder)
    file.with_name("second").hardlink_to(file)
    assert not permissions.is_for_writers(file.stat(), folder)
