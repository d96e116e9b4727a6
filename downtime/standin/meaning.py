"""What the flags and the schedule say about the whole site, read by the same code as in running processes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

from downtime.reload.deferred_log import DeferredLog
from downtime.reload.flag_tracker import FlagTracker
from downtime.reload.schedule_tracker import ScheduleTracker
from downtime.schedule.occurrence import Occurrence, occurrence
from downtime.schedule.periods import Schedule
from downtime.standin.options import Options


class Meaning:
    """The files, as they were last read; a damaged schedule leaves the last good one in force."""

    def __init__(self, options: Options, pause: float) -> None:
        """Takes as `pause` the number of seconds from one look at the files to the next."""
        self._pause = pause
        self._log = DeferredLog()
        self._zone, self._max_age = options.zone, options.flag_max_age
        self._flags = [FlagTracker(path, self._log) for path in options.flag_files]
        self._schedule = ScheduleTracker(options.schedule_file, self._log) if options.schedule_file else None
        self._last: Occurrence | None = None

    def downtime(self) -> Occurrence | None:
        """What refuses the whole site, for reading too, after a look at the files; None if nothing does.

        The last answer stays while a changed schedule settles: it may continue what a flag has just ended."""
        found = self._look()
        if found is not None or self._schedule is None or not self._schedule.is_settling:
            self._last = found
        return replace(self._last) if self._last is not None and found is None else found

    def _look(self) -> Occurrence | None:
        for flag in self._flags:
            flag.look(self._zone, max_age=self._max_age)
        schedule = Schedule()
        if self._schedule is not None and self._zone is not None:
            self._schedule.look(self._zone, stable_for=self._pause, recheck=4 * self._pause)
            schedule = self._schedule.schedule
        self._log.say()
        raised = [flag.flag.period for flag in self._flags if flag.flag is not None]
        answer = schedule.at(datetime.now(timezone.utc), raised)
        for window in answer.active:
            if window.period.is_whole and not window.period.read_only:
                return occurrence(window, self._zone or timezone.utc, end=answer.release("/", safe=True))
        return None
