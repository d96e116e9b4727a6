"""The lock beside a file, which every command holds while it edits the file.

Anybody who can open a lock, even only for reading, can hold it. So if a lock is not a plain file, or if somebody who
may not write to the folder can open it, a command replaces it and does not wait for it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

from downtime.files import disk, permissions, trusted_path
from downtime.files.atomic_write import CannotWrite, explained, remedy, temporary_name
from downtime.files.entry import Entry
from downtime.files.lock_holder import describe, holder

_MODE = 0o600
# In seconds. If hundreds of commands wait, each looks rarely, and leaves the processor to the one that works.
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.02, 0.2
# In seconds. An edit takes milliseconds; people who wait longer are told for whom.
_SOON = 1.0


@contextmanager
def locked(
    path: str, *, timeout: float = 10.0, waiting: Callable[[str], object] = lambda what: None
) -> Iterator[Entry]:
    """Holds the lock of the file that the path leads to, and yields the file's entry; raises CannotWrite.

    Waits as long as the lock changes hands at least every `timeout` seconds; after a second, tells `waiting` what it
    waits for. The kernel releases the lock when the process that holds it ends, however it ends."""
    with explained():
        entry = trusted_path.followed(path)
    with closing(entry):
        descriptor = _lock(entry, timeout, waiting)
        try:
            yield entry
        finally:
            os.close(descriptor)


def _lock(entry: Entry, timeout: float, waiting: Callable[[str], object]) -> int:
    """The descriptor of the lock, which is held until the descriptor is closed."""
    lock = entry.sibling(f".{entry.name}.lock")
    pause, taken, began = _SHORTEST_PAUSE, None, time.monotonic()
    since = began
    while (descriptor := _tried(lock, entry)) is None:
        if taken != (taken := _last_taken(lock)):
            since = time.monotonic()
        elif time.monotonic() - since > timeout:
            raise CannotWrite(
                f"{lock.path} has been held by {_holder(lock)} for {timeout:g} s; wait for it to end, or end it"
            )
        if time.monotonic() - began > _SOON:
            waiting(f"Waiting for {_holder(lock)}, which holds {lock.path}")
        time.sleep(pause)
        pause = min(pause * 1.2, _LONGEST_PAUSE)
    return descriptor


def _holder(lock: Entry) -> str:
    status = lock.status()
    return describe(holder(status) if status else 0)


def _tried(lock: Entry, entry: Entry) -> int | None:
    """The descriptor of the lock if it is held now; None if the caller has to wait."""
    with explained(lock.path if os.path.lexists(lock.path) else entry.path):
        descriptor = _opened(lock)
        if descriptor is not None and not _is_locked(descriptor, lock):
            os.close(descriptor)
            return None
        return descriptor


def _last_taken(lock: Entry) -> tuple[int, int] | None:
    """A value that changes whenever the lock changes hands, because each holder touches it."""
    status = lock.status()
    return status and (status.st_ino, status.st_mtime_ns)


def _opened(lock: Entry) -> int | None:
    """A descriptor of the lock, made or replaced if need be; None if the caller has to wait. Raises OSError."""
    status, folder = lock.status(), lock.folder_status()
    with suppress(FileExistsError, FileNotFoundError):  # another command was faster
        if status is None:
            return _made(lock, folder)
        if not permissions.is_for_writers(status, folder):
            _replace(lock, folder)
        try:
            return lock.open(os.O_RDWR)
        except PermissionError:
            # It shuts out somebody who may write to the folder, so it is replaced too, but not under its holder.
            if not holder(status):
                _replace(lock, folder)
    return None


def _made(lock: Entry, folder: os.stat_result) -> int:
    descriptor = lock.open(os.O_RDWR | os.O_CREAT | os.O_EXCL, _MODE)
    permissions.let_writers_in(descriptor, folder)
    return descriptor


def _replace(lock: Entry, folder: os.stat_result) -> None:
    """Replaces what is there with a new lock, unless all files there have the same mode, as on a mounted FAT."""
    fresh = lock.sibling(temporary_name(lock.name))
    descriptor = _made(fresh, folder)
    try:
        if permissions.is_for_writers(os.fstat(descriptor), folder):
            fresh.move_to(lock)
    finally:
        os.close(descriptor)
        with suppress(FileNotFoundError):  # it was moved
            fresh.remove()


def _is_locked(descriptor: int, lock: Entry) -> bool:
    """Whether this descriptor holds the lock now, and the lock was not replaced meanwhile."""
    from django.core.files import locks  # imported here, so that reading the files needs no Django

    try:
        is_held = locks.lock(descriptor, locks.LOCK_EX | locks.LOCK_NB)
    except OSError as error:
        raise CannotWrite(f"{lock.path} can't be locked: {disk.reason(error)}; {remedy(error)}") from error
    status = lock.status()
    if not is_held or status is None or not os.path.samestat(status, os.fstat(descriptor)):
        return False
    os.utime(descriptor if os.utime in os.supports_fd else lock.path)
    return True
