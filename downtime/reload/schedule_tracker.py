"""Which state of the files is in force in this process, and when do they have to be looked at again?"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import tzinfo

from downtime.files import disk
from downtime.files.fields import Problem
from downtime.files.schedule_file import Loaded, load_schedule
from downtime.reload.stability import Stability
from downtime.schedule.periods import Schedule

logger = logging.getLogger(__name__)

_MOST_LOGGED = 20
# In rechecks: a process that has not looked for longer has been idle.
_IDLE = 1.25
# In seconds; what a request waits for at most.
_LONGEST_WAIT = 0.25


@dataclass(frozen=True, slots=True)
class ReadState:
    """What this process knows of a file: when it read it last, in seconds since the epoch, and what was wrong there."""

    path: str
    read_at: float | None = None
    problems: tuple[Problem, ...] = ()
    is_ignored: bool = False
    """Whether what an earlier state of it said stays in force, because of the problems."""


class ScheduleTracker:
    """The last good schedule of a file. Until there is one, the sound periods of a damaged file count."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.schedule = Schedule()
        self.known = ReadState(path)
        self._settling: Stability | None = None
        self._looked = 0.0
        self._has_good = False
        self._shown: tuple[object, ...] = ()

    @property
    def due(self) -> float:
        """When the file has to be looked at again at the latest, monotonic seconds."""
        due = self._settling.due if self._settling is not None else None
        return float("inf") if due is None else due

    def look(self, zone: tzinfo, *, start: float, hold: float, recheck: float, finished_ns: int) -> bool:
        """Looks at the file, and takes over what has held still for `hold` seconds, or was finished at that time.

        `start` is now, monotonic seconds. What changed since the last look counts within two `recheck`; where nobody
        has looked for longer than that allows to wait, the wait takes place here."""
        try:
            settling = self._seen(start, hold, recheck, finished_ns)
        except OSError as error:
            self._report((error.errno,), f"{self.path} can't be looked at: {error.strerror}; the last schedule stays")
            return False
        is_first, self._settling = self._settling is None, settling
        due = settling.due
        if not is_first and (due is None or (time.monotonic() < due and not settling.is_finished(finished_ns))):
            return False
        return self._read(settling, zone, hold, is_first=is_first)

    def _seen(self, start: float, hold: float, recheck: float, finished_ns: int) -> Stability:
        found = disk.fingerprint(self.path)
        gap, self._looked = start - self._looked, start
        if self._settling is None:
            return Stability(found, None)
        if gap <= _IDLE * recheck:
            return self._settling.look(found, still=start + min(hold, 2 * recheck - gap))
        pause = min(recheck / 4, _LONGEST_WAIT)
        settling = self._settling.look(found, still=start + pause)
        if settling is self._settling or settling.due is None or settling.is_finished(finished_ns):
            return settling
        time.sleep(pause)
        return settling.look(disk.fingerprint(self.path), still=time.monotonic() + hold)

    def _read(self, settling: Stability, zone: tzinfo, hold: float, *, is_first: bool) -> bool:
        loaded = load_schedule(self.path, zone)
        now = time.monotonic()
        self._settling = settling.look(loaded.fingerprint, still=now + hold)
        if self._settling is not settling and not is_first:  # replaced since it was looked at, so not still either
            return False
        is_again = settling.again is not None and settling.seen == settling.taken
        may_differ = not loaded.is_read or (self._settling.is_young(time.time_ns()) and not is_again)
        self._settling = self._settling.take(again=now + 2 * hold if may_differ else None)
        return self._take(loaded)

    def _take(self, loaded: Loaded) -> bool:
        problems = loaded.parsed.problems
        self.known = ReadState(self.path, time.time(), problems, is_ignored=bool(problems) and self._has_good)
        if problems:
            stays = "the last good schedule stays" if self._has_good else "the periods without a problem apply"
            lines = "".join(f"\n{problem.located(self.path)}" for problem in problems[:_MOST_LOGGED])
            message = f"{self.path} has problems ({len(problems)}), so {stays}:{lines}"
            self._report((loaded.fingerprint, problems), message)
            if self._has_good:
                return False
        else:
            self._has_good, self._shown = True, ()
        old, self.schedule = self.schedule, loaded.parsed.schedule
        if self.schedule != old:
            logger.info("%s was read; periods: %d", self.path, len(self.schedule.periods))
            return True
        return _places(self.schedule) != _places(old)

    def _report(self, cause: tuple[object, ...], message: str) -> None:
        if cause != self._shown:
            logger.warning("%s", message)
        self._shown = cause


def _places(schedule: Schedule) -> list[object]:
    """What periods are called by, and shown in, beside what they mean."""
    return [(period.line, period.zone) for period in schedule.periods]
