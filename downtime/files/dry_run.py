"""Says why a file could not be replaced or removed, as far as that is known without trying; changes nothing."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from downtime.files import permissions, trusted_path
from downtime.files.atomic_write import explained, opened_if_file, refuse_unless_file
from downtime.files.entry import Entry

_MOUNTS = "/proc/self/mountinfo"  # see proc_pid_mountinfo(5)


@contextmanager
def writable(path: str) -> Iterator[Entry]:
    """Yields the entry that the path leads to; raises CannotWrite if no file can be put there."""
    with explained():
        entry = trusted_path.followed(path)
    with closing(entry):
        with explained(entry.path):
            _require_writable_folder(entry)
        yield entry


def require_replaceable(entry: Entry) -> None:
    """Raises CannotWrite if it is known that `atomic_write.replace` would."""
    with explained(entry.path):
        _require_writable_folder(entry)
        original = opened_if_file(entry)
        if original is not None:
            try:
                permissions.require_keepable(original, entry.folder_status())
            finally:
                os.close(original)
        status = entry.status()
        if status and stat.S_ISDIR(status.st_mode):
            raise _error(errno.EISDIR)
        _require_movable(entry)


def require_replaceable_unfollowed(path: str) -> None:
    """Raises CannotWrite if it is known that `atomic_write.replace_unfollowed` would."""
    with explained(os.path.abspath(path)), closing(trusted_path.unfollowed(path)) as entry:
        require_replaceable(entry)


def require_replaceable_followed(path: str) -> None:
    """Raises CannotWrite if it is known that `atomic_write.replace_followed` would."""
    with explained(os.path.abspath(path)), closing(trusted_path.followed(path)) as entry:
        with explained(entry.path):
            refuse_unless_file(entry)
        require_replaceable(entry)


def is_removable(path: str) -> bool:
    """Whether `atomic_write.remove_unfollowed` would remove something; raises CannotWrite if it is known to fail."""
    if not os.path.lexists(path):
        return False
    with explained(os.path.abspath(path)), closing(trusted_path.unfollowed(path)) as entry:
        _require_writable_folder(entry)
        _require_movable(entry)
        if stat.S_ISDIR(os.lstat(path).st_mode) and os.listdir(path):
            raise _error(errno.ENOTEMPTY)
    return True


def _require_writable_folder(entry: Entry) -> None:
    folder = os.path.dirname(entry.path)
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        is_read_only = permissions.has_owners() and os.statvfs(folder).f_flag & os.ST_RDONLY
        raise _error(errno.EROFS if is_read_only else errno.EACCES)


def _require_movable(entry: Entry) -> None:
    """Raises OSError if what is there belongs to somebody else in a folder such as /tmp, or is mounted there."""
    status, folder = entry.status(), entry.folder_status()
    user = os.geteuid() if permissions.has_owners() else 0
    if status and folder.st_mode & stat.S_ISVTX and user not in (0, status.st_uid, folder.st_uid):
        raise _error(errno.EPERM)
    if _is_mounted(entry.path):
        raise _error(errno.EBUSY)


def _is_mounted(path: str) -> bool:
    """Whether something is mounted on that very path; False if the system does not list what is mounted."""
    listed = re.sub(rb"[ \t\n\\]", lambda found: b"\\%03o" % ord(found[0]), os.fsencode(path))
    with suppress(OSError), open(_MOUNTS, "rb") as mounts:
        return any(line.split(b" ")[4] == listed for line in mounts)
    return False


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
