"""Sets owner, group, mode and attributes of the files that we make, through the descriptor of what was just created."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress

# Never set-user-ID and the like: root would give such a program to anybody who may write to the folder.
_PERMISSIONS = 0o777
_ACL = "system.posix_acl_access"
# Capabilities and signatures, which hold only for the old content.
_OF_THE_CONTENT = ("security.capability", "security.ima", "security.evm")


def has_owners() -> bool:
    """Whether files have owners and modes here; on Windows they take the access rights of their folder."""
    return hasattr(os, "fchown")


def keep(original: int, descriptor: int) -> None:
    """Gives the new file what the original has: owner, group, permissions, access control list, extended attributes.

    Raises OSError if any of them can't be set."""
    if not has_owners():
        return
    old, new = os.fstat(original), os.fstat(descriptor)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        os.fchown(descriptor, old.st_uid, old.st_gid)
    kept, inherited = _attributes(original), _attributes(descriptor)
    if _ACL in inherited and _ACL not in kept:
        os.removexattr(descriptor, _ACL)
    if (mode := old.st_mode & _PERMISSIONS) != os.fstat(descriptor).st_mode & _PERMISSIONS:
        os.fchmod(descriptor, mode)
    for name, value in kept.items():
        if inherited.get(name) != value or name == _ACL:
            _set_attribute(descriptor, name, value)


def require_keepable(original: int, folder: os.stat_result) -> None:
    """Raises the OSError of `keep` for a file that is yet to be made in that folder, if owner or group can't be set."""
    if not has_owners():
        return
    old, user = os.fstat(original), os.geteuid()
    groups = {os.getegid(), *os.getgroups()}
    if folder.st_mode & stat.S_ISGID or sys.platform != "linux":  # new files there belong to the folder's group
        groups.add(folder.st_gid)
    if user != 0 and (old.st_uid != user or old.st_gid not in groups):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))


def _attributes(descriptor: int) -> dict[str, bytes]:
    """The extended attributes of the file; none if the system or the file system has none."""
    try:
        names: list[str] = getattr(os, "listxattr", lambda descriptor: [])(descriptor)
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        return {}
    return {name: os.getxattr(descriptor, name) for name in names if name not in _OF_THE_CONTENT}


def _set_attribute(descriptor: int, name: str, value: bytes) -> None:
    try:
        os.setxattr(descriptor, name, value)
    except OSError as error:
        raise OSError(None, f"its extended attribute {name} can't be kept: {error.strerror}") from error


def let_readers_in(descriptor: int, folder: os.stat_result) -> None:
    """Lets everybody who may enter its folder read the new file, whatever the umask; raises OSError if it can't.

    A file that root makes belongs to owner and group of the folder. Other users give it to the group, if they may.
    Users it does not belong to read it by the permissions of others, and reach it only if they may enter the folder."""
    if not has_owners():
        return
    _give_away(descriptor, folder)
    new = os.fstat(descriptor)
    readers = 0
    if folder.st_mode & stat.S_IXOTH:
        readers |= 0o044
    if folder.st_mode & stat.S_IXGRP:
        readers |= 0o040 if new.st_gid == folder.st_gid else 0o044
    if folder.st_mode & stat.S_IXUSR and new.st_uid != folder.st_uid:
        readers |= 0o044
    if (mode := new.st_mode & _PERMISSIONS | 0o600 | readers) != new.st_mode & _PERMISSIONS:
        os.fchmod(descriptor, mode)


def let_writers_in(descriptor: int, folder: os.stat_result) -> None:
    """Lets only those who may write to its folder open the new file, as far as a mode can express that.

    A file that root makes belongs to the owner of the folder."""
    if not has_owners():
        return
    _give_away(descriptor, folder)
    os.fchmod(descriptor, 0o600 | _writers(os.fstat(descriptor), folder))


def _give_away(descriptor: int, folder: os.stat_result) -> None:
    with suppress(OSError):  # a user who can't give it away keeps it
        os.fchown(descriptor, folder.st_uid if os.geteuid() == 0 else -1, folder.st_gid)


def is_for_writers(status: os.stat_result, folder: os.stat_result) -> bool:
    """Whether it is a plain file with one name, which only those who may write to its folder can open."""
    others = status.st_mode & 0o077 & ~_writers(status, folder)
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1 and not others


def _writers(status: os.stat_result, folder: os.stat_result) -> int:
    """The permissions for the group and the others of a file, if they may write to its folder."""
    everybody = 0o066 if folder.st_mode & stat.S_IWOTH else 0
    group = 0o060 if folder.st_mode & stat.S_IWGRP and folder.st_gid == status.st_gid else 0
    return everybody | group
