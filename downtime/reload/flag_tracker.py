"""Tracks the flags: which of them are raised, each as this process last read it."""

from __future__ import annotations

import logging
import time
from datetime import tzinfo

from downtime.files import disk, flag_file
from downtime.files.disk import Fingerprint
from downtime.files.flag_file import Flag
from downtime.reload.schedule_tracker import ReadState

logger = logging.getLogger(__name__)


class FlagTracker:
    """The raised flags among these paths, each as it was last read."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        self.paths = paths
        self._raised: dict[str, Flag] = {}
        self._read_at: dict[str, float] = {}
        self._uninspectable: set[str] = set()

    @property
    def raised(self) -> list[Flag]:
        """The raised flags in the order of the paths."""
        return [self._raised[path] for path in self.paths if path in self._raised]

    @property
    def known(self) -> list[ReadState]:
        """What was read of each flag, raised or not, in the order of the paths."""
        raised = self._raised
        return [
            ReadState(path, self._read_at[path], raised[path].problems) if path in raised else ReadState(path)
            for path in self.paths
        ]

    def look(self, zone: tzinfo, *, max_age: float | None) -> bool:
        """Looks at each flag, and returns whether one was raised, lowered or rewritten.

        A flag that can't be inspected counts as before."""
        before = dict(self._raised)
        for path in self.paths:
            try:
                fingerprint = disk.entry_fingerprint(path)
            except OSError as error:
                if path not in self._uninspectable:
                    logger.warning("%s can't be looked at: %s; it counts as before", path, error.strerror)
                self._uninspectable.add(path)
            else:
                self._uninspectable.discard(path)
                self._update(path, fingerprint, zone, max_age)
        return self._raised != before

    def _update(self, path: str, fingerprint: Fingerprint | None, zone: tzinfo, max_age: float | None) -> None:
        known = self._raised.get(path)
        if fingerprint is None:
            if self._raised.pop(path, None):
                logger.info("the flag %s was lowered", path)
        elif known is None or known.fingerprint != fingerprint:
            self._raised[path] = flag = flag_file.read_flag(path, fingerprint, zone=zone, max_age=max_age)
            self._read_at[path] = time.time()
            logger.info("the flag %s is raised", path)
            for problem in flag.problems:
                logger.warning("%s", problem.located(path))
