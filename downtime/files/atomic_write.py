"""Locks, replaces and removes files, whole or not at all; whatever is written goes through `replace`."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from downtime.files.disk import OPEN_FLAGS

_TEMPORARY = ".tmp"


class CannotWrite(Exception):
    """A file can't be written; the message has the full path, the reason and what to do."""


@contextmanager
def locked(path: str, *, timeout: float = 10.0) -> Iterator[None]:
    """Holds the lock beside the file, which every command takes to edit it; raises CannotWrite after `timeout` seconds.

    The kernel releases the lock when the process that holds it ends, however it ends."""
    folder, name = os.path.split(os.path.realpath(path))
    lock_path = os.path.join(folder, f".{name}.lock")
    try:
        descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT | OPEN_FLAGS, 0o666)
    except OSError as error:
        is_there = os.path.lexists(lock_path)
        raise CannotWrite(_message(error, lock_path if is_there else os.path.join(folder, name))) from error
    with open(descriptor, "rb") as file:
        with suppress(PermissionError):  # without this, root would lock the owner of the file out
            _copy_owner_and_mode(os.path.join(folder, name), descriptor)
        deadline = time.monotonic() + timeout
        while not _try_to_lock(file, lock_path):
            if time.monotonic() > deadline:
                raise CannotWrite(
                    f"{lock_path} has been locked by another command for {timeout:g} s; wait for it to end"
                )
            time.sleep(0.02)
        yield


def _try_to_lock(file: BinaryIO, lock_path: str) -> bool:
    from django.core.files import locks  # imported here, so that reading the files needs no Django

    try:
        return locks.lock(file, locks.LOCK_EX | locks.LOCK_NB)
    except OSError as error:
        raise CannotWrite(f"{lock_path} can't be locked: {error.strerror}; {_remedy(error)}") from error


def sweep(path: str) -> None:
    """Removes the temporary files that killed writers left beside the file; call it while its lock is held."""
    folder, name = os.path.split(os.path.realpath(path))
    entries: list[str] = []
    with suppress(OSError):  # a folder that may be written to, but not listed
        entries = os.listdir(folder)
    for entry in entries:
        if entry.startswith(f".{name}.") and entry.endswith(_TEMPORARY):
            with suppress(OSError):  # nobody reads it anyway
                os.unlink(os.path.join(folder, entry))


def replace(path: str, content: bytes) -> None:
    """Replaces the content of the file, or creates it; if killed at any instant, leaves the old file or the new one.

    A link stays and its target is replaced; mode and owner stay too. Raises CannotWrite."""
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name}.{secrets.token_hex(6)}{_TEMPORARY}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | OPEN_FLAGS, 0o666)
        try:
            with open(descriptor, "wb") as file:
                _copy_owner_and_mode(target, descriptor)
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            os.replace(temporary, target)
        except BaseException:  # even an interrupt must leave no temporary file; it is raised again
            os.unlink(temporary)
            raise
        _sync_folder(folder)
    except OSError as error:
        raise CannotWrite(_message(error, target)) from error


def remove(path: str) -> bool:
    """Removes the file, link or empty folder; False if there was none. Raises CannotWrite."""
    try:
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        else:
            os.unlink(path)
    except OSError as error:
        if not os.path.lexists(path):  # a read-only mount reports itself first, even if nothing is there
            return False
        raise CannotWrite(_message(error, os.path.abspath(path))) from error
    return True


def _copy_owner_and_mode(target: str, descriptor: int) -> None:
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
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | OPEN_FLAGS)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


_REMEDIES = {
    errno.EACCES: "run the command as a user who may write to the file's folder",
    errno.EPERM: "run the command as the file's owner, whose ownership is kept",
    errno.EROFS: "it is on a read-only mount: change the file where it comes from",
    errno.EBUSY: "it is mounted as a single file: mount its folder instead, or change the file on the host",
    errno.ENOSPC: "make room on that disk",
    errno.EDQUOT: "make room in that quota",
    errno.ENOLCK: "the file system has no lock to give: nothing was changed; put the file on another one",
    errno.ENOENT: "make its folder first",
    errno.ENOTDIR: "a part of that path is not a folder: correct the path in the settings",
    errno.EISDIR: "a folder is in its place: remove that first",
    errno.ENOTEMPTY: "it is a folder that holds something: remove that by hand",
}


def _message(error: OSError, path: str) -> str:
    return f"{path} can't be written: {error.strerror}; {_remedy(error)}"


def _remedy(error: OSError) -> str:
    return _REMEDIES.get(error.errno or 0, "nothing was changed")
