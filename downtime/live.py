"""This process's picture in memory: what applies now, and until when nobody has to ask."""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from django.utils.timezone import get_default_timezone

from downtime.conf import conf
from downtime.keeping import Keeper, can_run_threads
from downtime.schedule import ALWAYS, Answer
from downtime.tracking import TrackedFlags, TrackedSchedule

logger = logging.getLogger(__name__)

_PAST = float("-inf")
_NOTHING_YET = Answer(ALWAYS, ALWAYS)


@dataclass(frozen=True, slots=True)
class Picture:
    """What applies, until when that holds, and until when every request passes; both on the monotonic clock."""

    answer: Answer = _NOTHING_YET
    fresh_until: float = _PAST
    up_until: float = _PAST
    finished_ns: int = 0
    """When the schedule's writer was last seen to finish it, wall clock; 0 where it was not."""


class Live:
    """The picture of one process. One attribute assignment publishes a new one, or calls for a new look."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.picture = Picture()
        self._lock = threading.Lock()
        self._last = Picture()
        self._schedule: TrackedSchedule | None = None
        self._flags: TrackedFlags | None = None
        self._keeper: Keeper | None = None

    def look(self, *, watch: bool) -> Picture:
        """Looks at the files, unless another thread has just done so, and publishes what applies.

        Whatever fails, the last answer stays; the failure is logged."""
        with self._lock:
            picture = self.picture
            if time.monotonic() < picture.fresh_until:
                return picture
            self.picture = looking = Picture(picture.answer)
            start = time.monotonic()
            try:
                self._last = self._looked(start, picture.finished_ns, watch)
            except Exception:  # whatever it is, it must not become an error of the site
                logger.exception("the downtime files could not be looked at; what applied before still does")
                self._last = _kept(self._last.answer, start + 1.0)
            if self.picture is looking:  # else an event came meanwhile, and the next request looks again
                self.picture = self._last
            return self._last

    def expire(self) -> None:
        """Makes the next request look at the files."""
        self.picture = Picture(finished_ns=self.picture.finished_ns)

    def close(self) -> None:
        """Ends the watch, and waits for its threads."""
        if self._keeper is not None:
            self._keeper.close()

    def _looked(self, start: float, finished_ns: int, watch: bool) -> Picture:
        schedule, flags = self._tracked()
        interval = conf.DOWNTIME_RECHECK
        if not (watch and self._is_watched(schedule, flags, start, interval)):
            interval /= 4
        zone = get_default_timezone()
        flags_changed = flags.look(zone, max_age=conf.DOWNTIME_FLAG_MAX_AGE)
        schedule_changed = schedule.look(zone, hold=interval, finished_ns=finished_ns)
        asked, now = time.monotonic(), datetime.now(timezone.utc)
        answer = self._last.answer
        if flags_changed or schedule_changed or not answer.moment <= now < answer.until:
            answer = schedule.schedule.at(now, (flag.period for flag in flags.raised))
        boundary = asked + (answer.until - now).total_seconds()
        until = min(start + interval, schedule.due(interval), boundary)
        return Picture(answer, until, _PAST if answer.active else until)

    def _tracked(self) -> tuple[TrackedSchedule, TrackedFlags]:
        schedule_path, flag_paths = conf.DOWNTIME_SCHEDULE_FILE, conf.DOWNTIME_FLAG_FILE
        if self._schedule is None or self._schedule.path != schedule_path:
            self._schedule = TrackedSchedule(schedule_path)
            self._last = Picture()
        if self._flags is None or self._flags.paths != flag_paths:
            self._flags = TrackedFlags(flag_paths)
            self._last = Picture()
        return self._schedule, self._flags

    def _is_watched(self, schedule: TrackedSchedule, flags: TrackedFlags, now: float, interval: float) -> bool:
        paths = (schedule.path, *flags.paths)
        polling = max(interval, 0.1) if conf.DOWNTIME_WATCH == "polling" else None
        wanted = conf.DOWNTIME_WATCH != "none" and can_run_threads()
        keeper = self._keeper
        if keeper is not None and not (wanted and (keeper.paths, keeper.polling) == (paths, polling)):
            self._keeper = None
            threading.Thread(target=keeper.close, name="downtime-closer", daemon=True).start()
        if not wanted:
            return False
        if self._keeper is None:
            self._keeper = Keeper(paths, self._changed, polling)
        return self._keeper.keep(now)

    def _changed(self, path: str, is_finished: bool) -> None:
        if is_finished and self._schedule is not None and path == self._schedule.path:
            self.picture = Picture(finished_ns=time.time_ns())
        else:
            self.expire()


def _kept(answer: Answer, until: float) -> Picture:
    """The answer once more after a failure; it ends as it begins, so that the next look makes another in any case."""
    return Picture(replace(answer, until=answer.moment), until, _PAST if answer.active else until)


_lives: dict[int, Live] = {}
current = Live()


def load() -> None:
    """Reads the files into the picture of this process, so that its very first request is answered rightly."""
    _mine().look(watch=False)
    current.expire()


def answer() -> Answer:
    """What applies now: from memory, or after a look at the files where that is due."""
    picture = current.picture
    if time.monotonic() < picture.fresh_until:
        return picture.answer
    return _mine().look(watch=True).answer


def _mine() -> Live:
    """The picture of this process. What a fork left of its parent's is dropped and not touched."""
    global current
    pid = os.getpid()
    if pid not in _lives:
        _lives.setdefault(pid, Live())
        for other in set(_lives) - {pid}:
            _lives.pop(other, None)
    current = _lives[pid]
    return current
