"""The disk: what a file looks like, what it holds, and how to replace it. Writing goes through `replace` alone."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from django.core.files import locks

# Not every system has all of them.
_OPEN = sum(getattr(os, name, 0) for name in ("O_CLOEXEC", "O_NONBLOCK", "O_BINARY"))


class Fingerprint(NamedTuple):
    """What tells one state of a file from another without reading it; all five are needed."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Fingerprint:
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def fingerprint(path: str) -> Fingerprint | None:
    """The fingerprint of the file, through links; None where there is none. Raises OSError where that can't be told."""
    try:
        return Fingerprint.of(os.stat(path))
    except (FileNotFoundError, NotADirectoryError):
        return None


def entry_fingerprint(path: str) -> Fingerprint | None:
    """As `fingerprint`, but a link that leads nowhere is something too."""
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(status.st_mode):
        with suppress(OSError):
            status = os.stat(path)
    return Fingerprint.of(status)


def read(path: str, *, limit: int) -> tuple[bytes, Fingerprint]:
    """The whole content of a regular file, and the fingerprint that it had before and after; raises OSError.

    More than `limit` bytes are an error, and so are a file that is being written, a device and a pipe, which is never
    waited for."""
    with open(path, "rb", opener=lambda path, flags: os.open(path, flags | _OPEN)) as file:
        for _ in range(3):
            before = os.fstat(file.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise OSError(errno.EINVAL, "it is no regular file", path)
            if before.st_size > limit:
                raise OSError(errno.EFBIG, f"it has {before.st_size} bytes; allowed are {limit}", path)
            file.seek(0)
            content = file.read(limit)
            if Fingerprint.of(before) == Fingerprint.of(os.fstat(file.fileno())):
                return content, Fingerprint.of(before)
    raise OSError(errno.EAGAIN, "it is being written", path)


class CannotWrite(Exception):
    """A file can't be written: the full path, the reason and what to do."""


@contextmanager
def locked(path: str, *, timeout: float = 10.0) -> Iterator[None]:
    """Holds the lock beside the file, which all who edit it take; raises CannotWrite after `timeout` seconds.

    The kernel lets go of the lock when its holder ends, however that ends."""
    folder, name = os.path.split(os.path.realpath(path))
    lock_path = os.path.join(folder, f".{name}.lock")
    try:
        descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT | _OPEN, 0o666)
    except OSError as error:
        left_by_another = os.path.lexists(lock_path)
        raise CannotWrite(_explained(error, lock_path if left_by_another else os.path.join(folder, name))) from error
    with open(descriptor, "rb") as file:
        deadline = time.monotonic() + timeout
        while not locks.lock(file, locks.LOCK_EX | locks.LOCK_NB):
            if time.monotonic() > deadline:
                raise CannotWrite(
                    f"{lock_path} has been locked by another command for {timeout:g} s; wait for it to end"
                )
            time.sleep(0.02)
        yield


def replace(path: str, content: bytes) -> None:
    """Puts `content` in the place of the file, or makes it: killed at any instant, the old or the new one is there.

    A link stays and its target is replaced; mode and owner stay too. Raises CannotWrite."""
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name}.{secrets.token_hex(6)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OPEN, 0o666)
        try:
            with open(descriptor, "wb") as file:
                _take_after(target, descriptor)
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            os.replace(temporary, target)
        except BaseException:  # an interrupt too must leave no temporary file; it is raised again
            os.unlink(temporary)
            raise
        _sync_folder(folder)
    except OSError as error:
        raise CannotWrite(_explained(error, target)) from error


def remove(path: str) -> bool:
    """Takes the file, link or empty folder away; False where there was none. Raises CannotWrite."""
    try:
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        else:
            os.unlink(path)
    except OSError as error:
        if not os.path.lexists(path):  # which a read-only mount does not say first
            return False
        raise CannotWrite(_explained(error, os.path.abspath(path))) from error
    return True


def _take_after(target: str, descriptor: int) -> None:
    try:
        old = os.stat(target)
    except FileNotFoundError:
        return
    new = os.fstat(descriptor)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        os.fchown(descriptor, old.st_uid, old.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode))


def _sync_folder(folder: str) -> None:
    # Not every folder and file system allows it; the file itself is in its place by now.
    with suppress(OSError), _opened(folder) as descriptor:
        os.fsync(descriptor)


@contextmanager
def _opened(folder: str) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | _OPEN)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


_REMEDIES = {
    errno.EACCES: "run the command as a user who may write to the file's folder",
    errno.EPERM: "run the command as the file's owner, whose ownership is kept",
    errno.EROFS: "it is on a read-only mount: change the file where it comes from",
    errno.EBUSY: "it is mounted as a single file: mount its folder instead, or change the file on the host",
    errno.ENOSPC: "make room on that disk",
    errno.EDQUOT: "make room in that quota",
    errno.ENOENT: "make its folder first",
    errno.ENOTDIR: "a part of that path is no folder: correct the path in the settings",
    errno.EISDIR: "a folder is in its place: remove that first",
    errno.ENOTEMPTY: "it is a folder that holds something: remove that by hand",
}


def _explained(error: OSError, path: str) -> str:
    remedy = _REMEDIES.get(error.errno or 0, "nothing was changed")
    return f"{path} can't be written: {error.strerror}; {remedy}"
