"""Looks at the files when that is due, and publishes a snapshot: what applies, and until when that holds."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from django.utils.timezone import get_default_timezone

from downtime.conf import conf
from downtime.files.flag_file import Flag
from downtime.reload.flag_tracker import FlagTracker
from downtime.reload.schedule_tracker import ReadState, ScheduleTracker
from downtime.reload.supervisor import Supervisor, WatchOptions
from downtime.schedule.periods import ALWAYS, Answer, Schedule, Window

logger = logging.getLogger(__name__)

_PAST = float("-inf")
_FAILED_PAUSE = 0.25
_NOTHING_YET = Answer(ALWAYS, ALWAYS)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What applies, until when that holds, and until when every request passes; monotonic seconds."""

    answer: Answer = _NOTHING_YET
    fresh_until: float = _PAST
    up_until: float = _PAST


@dataclass(frozen=True, slots=True)
class Overview:
    """All that a process decides by, as of one look, and what it knows of the files."""

    answer: Answer
    upcoming: list[Window]
    schedule: Schedule
    flags: list[Flag]
    known_schedule: ReadState
    known_flags: list[ReadState]


class ProcessState:
    """The snapshot of one process. One attribute assignment publishes a new one, or calls for a new look."""

    def __init__(self) -> None:
        self.snapshot = Snapshot()
        self._lock = threading.Lock()
        self._last = Snapshot()
        self._ahead: tuple[Answer, list[Window]] = (_NOTHING_YET, [])
        self._is_whole = False  # whether the last answer takes in all that was seen
        self._interval = 1.0
        self._schedule: ScheduleTracker | None = None
        self._flags: FlagTracker | None = None
        self._supervisor: Supervisor | None = None

    def look(self, *, watch: bool) -> Snapshot:
        """Looks at the files, unless another thread has just done so, and publishes what applies.

        With `watch` it starts a watch, if none runs; without, it keeps one that runs. Whatever fails, the last answer
        stays, and the failure is logged."""
        with self._lock:
            snapshot = self.snapshot
            start = time.monotonic()
            if start < snapshot.fresh_until:
                return snapshot
            self.snapshot = looking = Snapshot(snapshot.answer)
            try:
                self._last = self._look_at_files(start, watch)
            except Exception:  # whatever it is, it must not become an error of the site
                logger.exception("the downtime files could not be looked at; what applied before still does")
                self._is_whole = False
                self._last = _until(start + max(self._interval, _FAILED_PAUSE), self._last.answer)
            if self.snapshot is looking:  # else an event came meanwhile, and the next request looks again
                self.snapshot = self._last
            return self._last

    def active(self) -> tuple[Window, ...]:
        """What was active when the files were last looked at."""
        return self._last.answer.active

    def upcoming(self) -> list[Window]:
        """The next occurrence of each period of the schedule, by start, as of that look."""
        return [] if self._schedule is None else self._upcoming(self._last.answer, self._schedule.schedule)

    def overview(self) -> Overview:
        """What this process decides by, all of it from the last look."""
        with self._lock:
            schedule, flags = self._trackers()
            answer, periods = self._last.answer, schedule.schedule
            raised, known = flags.raised, (schedule.known, flags.known)
        # Not under the lock, as requests may wait for it.
        return Overview(answer, self._upcoming(answer, periods), periods, raised, *known)

    def expire(self) -> None:
        """Makes the next request look at the files."""
        self.snapshot = Snapshot()

    def close(self) -> None:
        """Ends the watch, and waits for its threads."""
        if self._supervisor is not None:
            self._supervisor.close()

    def _look_at_files(self, start: float, watch: bool) -> Snapshot:
        schedule, flags = self._trackers()
        recheck = self._interval = conf.DOWNTIME_RECHECK
        if not ((watch or self._supervisor is not None) and self._keep_watch(schedule, flags, start)):
            self._interval /= 4
        zone = get_default_timezone()
        if flags.look(zone, max_age=conf.DOWNTIME_FLAG_MAX_AGE):
            self._is_whole = False
        if schedule.look(zone, now=start, stable_for=self._interval, recheck=recheck):
            self._is_whole = False
        answered_at, now = time.monotonic(), datetime.now(timezone.utc)
        answer = self._last.answer
        if not (self._is_whole and answer.moment <= now < answer.until):
            answer = self._answer(schedule, flags, now)
        boundary = answered_at + (answer.until - now).total_seconds()
        return _until(min(start + self._interval, schedule.due, boundary), answer)

    def _answer(self, schedule: ScheduleTracker, flags: FlagTracker, now: datetime) -> Answer:
        raised = [flag.period for flag in flags.raised]
        try:
            answer = schedule.schedule.at(now, raised)
        except Exception:  # whatever it is, a flag has to count, and so does what the schedule said last
            logger.exception("%s can't be asked what applies; what it said last still does", schedule.path)
            windows = [window for window in self._last.answer.active if not window.is_flag]
            periods = (replace(w.period, start=w.start, end=w.end, recurrence=None) for w in windows)
            return Schedule(tuple(periods)).at(now, raised)
        self._is_whole = True
        return answer

    def _upcoming(self, answer: Answer, schedule: Schedule) -> list[Window]:
        """What is to come, computed once for each answer, as a long schedule takes milliseconds."""
        known_answer, upcoming = self._ahead
        if known_answer is not answer:
            try:
                upcoming = schedule.upcoming(answer.moment)
            except Exception:  # whatever it is, a banner must not become an error of the site
                logger.exception("%s can't be asked what is to come; nothing is", conf.DOWNTIME_SCHEDULE_FILE)
                upcoming = []
            self._ahead = answer, upcoming
        return upcoming

    def _trackers(self) -> tuple[ScheduleTracker, FlagTracker]:
        """The trackers of the files that the settings name, which tests may change."""
        schedule_path, flag_paths = conf.DOWNTIME_SCHEDULE_FILE, conf.DOWNTIME_FLAG_FILE
        if self._schedule is None or self._schedule.path != schedule_path:
            self._schedule = ScheduleTracker(schedule_path)
            self._last = Snapshot()
        if self._flags is None or self._flags.paths != flag_paths:
            self._flags = FlagTracker(flag_paths)
            self._last = Snapshot()
        return self._schedule, self._flags

    def _keep_watch(self, schedule: ScheduleTracker, flags: FlagTracker, now: float) -> bool:
        """Returns whether a healthy watch is on the files; if not, sees to it."""
        options = WatchOptions((schedule.path, *flags.paths), conf.DOWNTIME_WATCH)
        old = self._supervisor
        if old is not None and old.options == options:
            return old.keep(now)
        self._supervisor = supervisor = Supervisor(options, self._changed)
        if old is not None:
            threading.Thread(target=old.close, name="downtime-closer", daemon=True).start()
        return supervisor.keep(now)

    def _changed(self, path: str, is_finished: bool) -> None:
        if is_finished and self._schedule is not None and path == self._schedule.path:
            self._schedule.finished(time.time_ns())
        self.expire()


def _until(until: float, answer: Answer) -> Snapshot:
    """The snapshot that holds until that moment, monotonic seconds."""
    return Snapshot(answer, until, _PAST if answer.active else until)
