"""Replaces and removes files, whole or not at all; everything that is written goes through `replace`."""

from __future__ import annotations

import errno
import math
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress

from downtime.files import disk, permissions, trusted_path
from downtime.files.entry import Entry

# In seconds; a flag is written in milliseconds.
_LONGEST_WRITE = 60.0


class CannotWrite(Exception):
    """A file can't be written; the message has the full path, the reason and what to do."""


@contextmanager
def explained(path: str = "") -> Iterator[None]:
    """Turns an OSError into a CannotWrite that names the path, by default the error's, the reason and what to do."""
    try:
        yield
    except OSError as error:
        path = path or str(error.filename)
        raise CannotWrite(f"{path} can't be written: {disk.reason(error)}; {remedy(error)}") from error


def remedy(error: OSError) -> str:
    """What to do about the error."""
    return _REMEDIES.get(error.errno or 0, "nothing was changed")


def temporary_name(name: str) -> str:
    """The name of a temporary file beside the file of that name."""
    return f".{name}.{secrets.token_hex(6)}.tmp"


def sweep(entry: Entry, *, spared: float = 0) -> None:
    """Removes the temporary files that killed writers left beside the file; call it while nobody else writes one.

    Without the lock, files that are at most `spared` seconds older than the file have to stay: they may be in use."""
    oldest_in_use = math.inf
    if spared:
        status = entry.status()
        oldest_in_use = status.st_ctime - spared if status else -math.inf  # its mtime may be set to any time
    for name in entry.names():
        if _is_temporary(name, entry.name):
            leftover = entry.sibling(name)
            with suppress(OSError):  # nobody reads it anyway
                found = leftover.status()
                if found and found.st_mtime < oldest_in_use:
                    leftover.remove()


def _is_temporary(name: str, of: str) -> bool:
    """Whether it is a name such as `temporary_name` makes for the file, or for its lock."""
    return bool(re.fullmatch(rf"\.({re.escape(of)}|\.{re.escape(of)}\.lock)\.[0-9a-f]{{12}}\.tmp", name))


def replace(entry: Entry, content: bytes, *, modified_at: float | None = None) -> None:
    """Replaces the content of the file, or creates it; if killed at any instant, leaves the old file or the new one.

    Its mode, owner, access control list and extended attributes stay; everybody who may enter its folder can read a new
    one. A link in its place is replaced, and what it leads to is left alone. It counts as modified at that time, in
    seconds since the epoch, by default now. Raises CannotWrite."""
    temporary = entry.sibling(temporary_name(entry.name))
    with explained(entry.path):
        with ExitStack() as unless_moved:  # even an interrupt must leave no temporary file, whenever it comes
            unless_moved.callback(_discard, temporary)
            descriptor = temporary.open(os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            with open(descriptor, "wb") as file:
                _set_permissions(descriptor, entry)
                file.write(content)
                file.flush()
                os.fsync(descriptor)
                if modified_at is not None and os.utime in os.supports_fd:
                    os.utime(descriptor, ns=(nanoseconds(modified_at),) * 2)
            temporary.move_to(entry)
            unless_moved.pop_all()
        entry.sync_folder()


def nanoseconds(seconds: float) -> int:
    """A time since the epoch as `replace` gives it to a file, in whole microseconds."""
    return int(seconds * 1_000_000) * 1000


def _discard(temporary: Entry) -> None:
    with suppress(OSError):  # it was moved, or never made
        temporary.remove()


def _set_permissions(descriptor: int, entry: Entry) -> None:
    """Gives the new file the permissions of the one that it will replace, or otherwise those of a new one."""
    original = opened_if_file(entry)
    if original is None:
        permissions.let_readers_in(descriptor, entry.folder_status())
        return
    try:
        permissions.keep(original, descriptor)
    finally:
        os.close(original)


def opened_if_file(entry: Entry) -> int | None:
    """A descriptor of the file whose permissions a new one gets; None if there is no file. Raises OSError."""
    status = entry.status()
    if status and stat.S_ISREG(status.st_mode):
        with suppress(FileNotFoundError):  # it is a flag that was just lowered
            return entry.open(os.O_RDONLY)
    return None


def replace_unfollowed(path: str, content: bytes, *, modified_at: float | None = None) -> None:
    """Replaces whatever has that very name, as `replace` does, and sweeps. Raises CannotWrite."""
    with explained(os.path.abspath(path)):
        entry = trusted_path.unfollowed(path)
    with closing(entry):
        replace(entry, content, modified_at=modified_at)
        sweep(entry, spared=_LONGEST_WRITE)


def replace_followed(path: str, content: bytes) -> None:
    """Replaces the file that the path leads to, as `replace` does, and sweeps; takes no lock. Raises CannotWrite.

    Anything that is not a file stays: a folder, a pipe, a device."""
    with explained(os.path.abspath(path)):
        entry = trusted_path.followed(path)
    with closing(entry):
        with explained(entry.path):
            refuse_unless_file(entry)
        replace(entry, content)
        sweep(entry, spared=_LONGEST_WRITE)


def refuse_unless_file(entry: Entry) -> None:
    """Raises OSError if something other than a file is there."""
    status = entry.status()
    if status and stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if status and not stat.S_ISREG(status.st_mode):
        raise OSError(None, "it is a pipe, a device or the like: remove it, or name another file")


def remove_unfollowed(path: str) -> bool:
    """Removes the file, link or empty folder of that very name; False if there was none. Raises CannotWrite."""
    try:
        with closing(trusted_path.unfollowed(path)) as entry:
            entry.remove()
    except FileNotFoundError:
        return False
    except OSError:
        if not os.path.lexists(path):  # a read-only mount reports itself first, even if nothing is there
            return False
        with explained(os.path.abspath(path)):
            raise
    return True


_REMEDIES = {
    errno.EACCES: "run the command as a user who may write to the file's folder",
    errno.EPERM: "run the command as the file's owner, because the file keeps its owner",
    errno.EROFS: "it is on a read-only mount: change the file where it comes from",
    errno.EBUSY: "it is mounted as a single file: mount its folder instead, or change the file on the host",
    errno.ENOSPC: "make room on that disk",
    errno.EDQUOT: "make room in that quota",
    errno.ENOLCK: "the file system gives no locks: nothing was changed; put the file on another file system",
    errno.ENOENT: "make its folder first",
    errno.ENOTDIR: "a part of that path is not a folder: correct the path in the settings",
    errno.EISDIR: "a folder is in its place: remove it first",
    errno.ENOTEMPTY: "it is a folder that is not empty: remove it by hand",
}
