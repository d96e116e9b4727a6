"""The raised flags, as this process last read them."""

from __future__ import annotations

import logging
import time
from datetime import tzinfo

from downtime.files import flag_file
from downtime.files.flag_file import Flag
from downtime.reload.schedule_tracker import ReadState

logger = logging.getLogger(__name__)


class FlagTracker:
    """The raised flags, each as it was last read."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        self.paths = paths
        self._raised: dict[str, Flag] = {}
        self._read_at: dict[str, float] = {}
        self._unsure: set[str] = set()

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
        """Looks at each flag; True where one was raised, lowered or rewritten. What can't be told stays as it was."""
        before = dict(self._raised)
        for path in self.paths:
            try:
                found = flag_file.fingerprint(path)
            except OSError as error:
                if path not in self._unsure:
                    logger.warning("%s can't be looked at: %s; it counts as before", path, error.strerror)
                self._unsure.add(path)
                continue
            self._unsure.discard(path)
            if found is None:
                if self._raised.pop(path, None):
                    logger.info("the flag %s was lowered", path)
            elif path not in before or before[path].fingerprint != found:
                self._raised[path] = flag_file.read(path, found, zone=zone, max_age=max_age)
                self._read_at[path] = time.time()
                logger.info("the flag %s is raised", path)
                for problem in self._raised[path].problems:
                    logger.warning("%s", problem.located(path))
        return self._raised != before
