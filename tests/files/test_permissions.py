import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from downtime.files import permissions
from tests.support.users import ACL, acl


@pytest.fixture
def opened(file: Path) -> Iterator[int]:
    """The file, open for writing."""
    descriptor = os.open(file, os.O_RDWR)
    yield descriptor
    os.close(descriptor)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def other(file: Path) -> Iterator[int]:
    """Another file in the same folder, open for reading."""
    descriptor = os.open(file.with_name("other"), os.O_RDONLY | os.O_CREAT)
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize(("old", "new"), [(0o640, 0o640), (0o604, 0o604), (0o7755, 0o755)])
def test_permissions_are_kept_and_nothing_else_of_a_mode(
    file: Path, opened: int, other: int, old: int, new: int
) -> None:
    os.chmod(other, old)
    permissions.keep(other, opened)
    assert mode(file) == new


def test_attributes_are_kept_except_for_those_of_the_content(opened: int, other: int) -> None:
    os.setxattr(other, "user.origin", b"puppet")
    permissions.keep(other, opened)
    permissions.keep(other, opened)
    assert os.getxattr(opened, "user.origin") == b"puppet"


@pytest.mark.usefixtures("as_root")
def test_what_a_program_may_do_is_not_kept(opened: int, other: int) -> None:
    os.setxattr(other, "security.capability", bytes.fromhex("0100000200200000000000000000000000000000"))
    permissions.keep(other, opened)
    assert "security.capability" not in os.listxattr(opened)


@pytest.mark.parametrize("wanted", [None, acl(1234), acl(1235)], ids=["none", "the same", "another"])
def test_the_access_control_list_is_that_of_the_old_file_whatever_the_folder_gives_to_new_ones(
    file: Path, wanted: bytes | None
) -> None:
    other, new = file.with_name("other"), file.with_name("new")
    other.touch(0o640)
    os.setxattr(file.parent, "system.posix_acl_default", acl(1234))
    if wanted:
        os.setxattr(other, ACL, wanted)
    new.touch()
    assert ACL in os.listxattr(new)
    with other.open("rb") as old, new.open("r+b") as opened:
        permissions.keep(old.fileno(), opened.fileno())
    assert (os.getxattr(new, ACL) if ACL in os.listxattr(new) else None) == wanted
    assert mode(new) == mode(other)


def test_a_file_system_without_attributes_has_none_to_keep(
    opened: int, other: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(descriptor: int) -> list[str]:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "listxattr", unsupported)
    error = errno.ENOTSUP
    permissions.keep(other, opened)
    error = errno.EIO
    with pytest.raises(OSError, match="Input/output error"):
        permissions.keep(other, opened)


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


def test_without_owners_all_is_left_as_it_is(
    file: Path, opened: int, other: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, where a new file takes the access rights of its folder."""
    os.chmod(file, 0o601)
    os.chmod(other, 0o644)
    monkeypatch.delattr(os, "fchown")
    permissions.keep(other, opened)
    permissions.require_keepable(other, file.parent.stat())
    permissions.let_readers_in(opened, file.parent.stat())
    permissions.let_writers_in(opened, file.parent.stat())
    assert mode(file) == 0o601
