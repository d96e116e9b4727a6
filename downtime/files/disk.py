"""Fingerprints of files, and reading them whole and within bounds."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

# For os.open; not every system has all of them.
OPEN_FLAGS = sum(getattr(os, name, 0) for name in ("O_CLOEXEC", "O_NONBLOCK", "O_BINARY"))

_PIECE = 1024 * 1024

# A file system may hold any time; these leave room to add durations and to change time zones.
_EPOCH = datetime.fromtimestamp(0, timezone.utc)
_LAST_MICROSECOND = 250_000_000_000 * 1_000_000


class Fingerprint(NamedTuple):
    """Tells one state of a file from another without reading it; all five fields are needed."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int

    @property
    def modified_at(self) -> datetime:
        """When the content last changed, in UTC, from 1970 to 9892."""
        return _EPOCH + timedelta(microseconds=min(max(self.modified_ns // 1000, 0), _LAST_MICROSECOND))

    @classmethod
    def of(cls, status: os.stat_result) -> Fingerprint:
        """The fingerprint of a file with that status."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def fingerprint(path: str) -> Fingerprint | None:
    """The fingerprint of the file, through links; None if there is no file. Raises OSError if that is not known."""
    try:
        return Fingerprint.of(os.stat(path))
    except (FileNotFoundError, NotADirectoryError):
        return None


def entry_fingerprint(path: str) -> Fingerprint | None:
    """As `fingerprint`, but a dangling link counts as present."""
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(status.st_mode):
        with suppress(OSError):
            status = os.stat(path)
    return Fingerprint.of(status)


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | OPEN_FLAGS)


def read(path: str, *, limit: int, opener: Callable[[str, int], int] = _open) -> tuple[bytes, Fingerprint]:
    """The whole content of a regular file, and the fingerprint that it had both before and after reading.

    Raises OSError, also for more than `limit` bytes, for a file that keeps changing, for a device, and for a pipe,
    without waiting for it."""
    descriptor = opener(path, os.O_RDONLY)
    try:
        for _ in range(3):
            before = os.fstat(descriptor)
            if stat.S_ISDIR(before.st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
            if not stat.S_ISREG(before.st_mode):
                raise OSError(errno.EINVAL, "it is not a regular file", path)
            if before.st_size > limit:
                raise OSError(errno.EFBIG, f"it has {before.st_size} bytes; at most {limit} are read", path)
            content = _content(descriptor, limit)
            if Fingerprint.of(before) == Fingerprint.of(os.fstat(descriptor)):
                return content, Fingerprint.of(before)
    finally:
        os.close(descriptor)
    raise OSError(errno.EAGAIN, "it is being written", path)


def reason(error: OSError | MemoryError) -> str:
    """Why a file can't be looked at or read, in the words of the system if it has any."""
    if isinstance(error, MemoryError):
        return "there is not enough memory for it"
    return error.strerror or str(error) or type(error).__name__


def _content(descriptor: int, limit: int) -> bytes:
    """The first `limit` bytes, in pieces: a single read would allocate room for all that may come."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    content = bytearray()
    while piece := os.read(descriptor, min(limit - len(content), _PIECE)):
        content += piece
    return bytes(content)
