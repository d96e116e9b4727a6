"""Tells why a file could not be replaced or removed, as far as that is known without trying; changes nothing."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager

from downtime.files import trusted_path
from downtime.files.atomic_write import explained
from downtime.files.entry import Entry


@contextmanager
def writable(path: str) -> Iterator[Entry]:
    """Gives the entry that the path leads to; raises CannotWrite if nobody could put a file there."""
    with explained():
        entry = trusted_path.followed(path)
    with closing(entry):
        with explained(entry.path):
            _require_writable_folder(entry)
        yield entry


def require_replaceable(path: str) -> None:
    """Raises CannotWrite if it is known that `atomic_write.replace_unfollowed` would."""
    with explained(os.path.abspath(path)), closing(trusted_path.unfollowed(path)) as entry:
        _require_writable_folder(entry)
        status = entry.status()
        if status and stat.S_ISDIR(status.st_mode):
            raise _error(errno.EISDIR)


def is_removable(path: str) -> bool:
    """Whether `atomic_write.remove_unfollowed` would remove something; raises CannotWrite if it is known to fail."""
    if not os.path.lexists(path):
        return False
    with explained(os.path.abspath(path)), closing(trusted_path.unfollowed(path)) as entry:
        _require_writable_folder(entry)
        if stat.S_ISDIR(os.lstat(path).st_mode) and os.listdir(path):
            raise _error(errno.ENOTEMPTY)
    return True


def _require_writable_folder(entry: Entry) -> None:
    folder = os.path.dirname(entry.path)
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        is_read_only = os.statvfs(folder).f_flag & os.ST_RDONLY
        raise _error(errno.EROFS if is_read_only else errno.EACCES)


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
