"""Looks at the flags and the schedule a few times a second, without settings and, if it has to, without PyYAML."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from downtime.files import disk
from downtime.schedule.occurrence import Occurrence
from downtime.standin.options import Options
from downtime.standin.process_lock import ProcessLock

if TYPE_CHECKING:
    from downtime.standin.meaning import Meaning

logger = logging.getLogger("downtime.guard")

PAUSE = 0.25
"""Seconds from one look at the files to the next."""

ANY_DOWNTIME = Occurrence("", None, None, "", "", None, False, ())
"""A downtime of the whole site of which nothing else is known."""


class Observer:
    """Whether the whole site is refused, for reading too: as the middleware would decide from the same files.

    Without PyYAML, only the presence of the flags counts. A downtime of a part, or of writing only, counts as up."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._lock = ProcessLock()
        self._due = -math.inf
        self._downtime: Occurrence | None = None
        self._raised = dict.fromkeys(options.flag_files, False)
        self._meaning: Meaning | None = None
        self._error = ""

    def is_due(self) -> bool:
        """Whether the next call of `downtime` looks at the files."""
        return time.monotonic() >= self._due

    def downtime(self) -> Occurrence | None:
        """The downtime of the whole site, or None if it is up; a new object after each look, four times a second."""
        if time.monotonic() >= self._due:
            self._look_in_turn()
        return self._downtime

    def _look_in_turn(self) -> None:
        """Looks, unless another thread has just done so; while one looks, the others use the last result."""
        lock = self._lock.own()
        if lock.acquire(blocking=self._due == -math.inf):
            try:
                if self.is_due():
                    self._downtime = self._look()
                    self._due = time.monotonic() + PAUSE
            finally:
                lock.release()

    def _look(self) -> Occurrence | None:
        try:
            if self._meaning is None:
                from downtime.standin.meaning import Meaning

                self._meaning = Meaning(self._options, PAUSE)
            return self._meaning.downtime()
        except Exception as error:  # PyYAML may be in the middle of an upgrade, and can raise anything then
            if repr(error) != self._error:
                self._error = repr(error)
                logger.warning("what the files say can't be read (%r); only the presence of a flag counts", error)
            return replace(ANY_DOWNTIME) if self._is_raised() else None

    def _is_raised(self) -> bool:
        """Whether a flag is there; one that can't be looked at counts as before."""
        for path in self._raised:
            try:
                self._raised[path] = disk.entry_fingerprint(path) is not None
            except OSError as error:
                logger.warning("%s can't be looked at: %s; it counts as before", path, disk.reason(error))
        return any(self._raised.values())
