"""A name in an open folder. Everything is done to it in that folder, wherever the folder's path leads by then."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass

from downtime.files.disk import OPEN_FLAGS

_ITSELF = OPEN_FLAGS | getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a name in a folder stands for: a file, a link, which is never followed, something else or nothing."""

    folder: int | None
    """The descriptor of the folder; None on a system that reaches files only by their whole path."""
    path: str

    @property
    def name(self) -> str:
        """The last part of the path."""
        return os.path.basename(self.path)

    @property
    def _key(self) -> str:
        return self.path if self.folder is None else self.name

    def sibling(self, name: str) -> Entry:
        """The entry of that name in the same folder."""
        return Entry(self.folder, os.path.join(os.path.dirname(self.path), name))

    def names(self) -> list[str]:
        """All names in the folder; none if it may not be listed."""
        with suppress(OSError):
            descriptor = self._open_folder()
            try:
                return os.listdir(descriptor)
            finally:
                os.close(descriptor)
        return []

    def open(self, flags: int, mode: int = 0o600) -> int:
        """A descriptor of the file; raises OSError, also for a link."""
        return os.open(self._key, flags | _ITSELF, mode, dir_fd=self.folder)

    def status(self) -> os.stat_result | None:
        """The status of what is there; None if nothing is. Raises OSError."""
        try:
            return os.stat(self._key, dir_fd=self.folder, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def folder_status(self) -> os.stat_result:
        """The status of the folder."""
        return os.stat(os.path.dirname(self.path)) if self.folder is None else os.fstat(self.folder)

    def move_to(self, other: Entry) -> None:
        """Takes the other's place at once; raises OSError."""
        os.replace(self._key, other._key, src_dir_fd=self.folder, dst_dir_fd=other.folder)

    def remove(self) -> None:
        """Removes the file, link or empty folder; raises OSError, or FileNotFoundError if there is none."""
        status = self.status()
        remove = os.rmdir if status and stat.S_ISDIR(status.st_mode) else os.unlink
        remove(self._key, dir_fd=self.folder)

    def sync_folder(self) -> None:
        """Makes the names in the folder survive a power cut, if the system allows it."""
        with suppress(OSError):  # not every folder or file system does; the file itself is in its place by now
            descriptor = self._open_folder()
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _open_folder(self) -> int:
        # Not the descriptor that we have: it may be good only for looking up names.
        folder = os.path.dirname(self.path) if self.folder is None else "."
        return os.open(folder, os.O_RDONLY | OPEN_FLAGS, dir_fd=self.folder)

    def close(self) -> None:
        """Lets go of the folder."""
        if self.folder is not None:
            os.close(self.folder)
