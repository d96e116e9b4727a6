"""Tracks a flag: whether it is raised and what it says, as this process last read it."""

from __future__ import annotations

import time
from datetime import tzinfo

from downtime.files import disk, flag_file
from downtime.files.disk import Fingerprint
from downtime.files.flag_file import Flag
from downtime.files.harmless import one_line
from downtime.reload.deferred_log import DeferredLog, Trouble
from downtime.reload.schedule_tracker import ReadState
from downtime.reload.turn import Turn


class FlagTracker:
    """The flag at this path as it was last read; `flag` is None unless it is raised."""

    def __init__(self, path: str, log: DeferredLog) -> None:
        self.path = path
        self.flag: Flag | None = None
        self.known = ReadState(path)
        self.turn = Turn()
        self._settings: object = None  # with which it was last read
        self._log = log
        self._trouble = Trouble(log)

    def look(self, zone: tzinfo | None, *, max_age: float | None) -> None:
        """Looks at the flag, and reads it if it was rewritten, or if the last read failed.

        A flag that can't be inspected counts as before; one that can't be read counts for the whole site. Without a
        zone, only an end with an offset counts."""
        try:
            fingerprint = disk.entry_fingerprint(self.path)
        except OSError as error:
            reason = disk.reason(error)
            self._trouble.lasts(reason, f"{one_line(self.path)} can't be looked at: {reason}; it counts as before")
            return
        self._trouble.is_over()
        if fingerprint is None:
            self.flag, self.known = None, ReadState(self.path)
        elif not self._is_known(fingerprint) or self._settings != (zone, max_age):
            self._settings = zone, max_age
            self._read(fingerprint, zone, max_age)

    def _is_known(self, fingerprint: Fingerprint) -> bool:
        return self.flag is not None and self.flag.is_read and self.flag.fingerprint == fingerprint

    def _read(self, fingerprint: Fingerprint, zone: tzinfo | None, max_age: float | None) -> None:
        old = self.flag
        try:
            flag = flag_file.read_flag(self.path, fingerprint, zone=zone, max_age=max_age)
        except Exception:  # whatever went wrong, the flag is raised
            self.flag = flag_file.unread(self.path, fingerprint, old)
            raise
        if flag == old:  # it still could not be read
            return
        self.flag, self.known = flag, ReadState(self.path, time.time(), flag.problems)
        for problem in flag.problems:
            self._log.warning("%s", problem.located(self.path))
