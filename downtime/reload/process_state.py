"""Looks at the files when a look is due, and publishes a snapshot of what applies."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import datetime, timezone, tzinfo
from functools import partial

from downtime.files.harmless import one_line
from downtime.reload import memory_flags
from downtime.reload.deferred_log import DeferredLog
from downtime.reload.flag_tracker import FlagTracker
from downtime.reload.look import Look
from downtime.reload.look_settings import LookSettings
from downtime.reload.schedule_tracker import ScheduleTracker
from downtime.reload.snapshot import Overview, Seen, Snapshot
from downtime.reload.supervisor import Supervisor, WatchOptions, can_run_threads
from downtime.reload.transitions import transitions
from downtime.reload.turn import Turn
from downtime.schedule.periods import Answer, Window


class ProcessState:
    """The snapshot of one process; one attribute assignment publishes a new one, or asks for a new look.

    Watch, flags and schedule are looked at separately, each in its turn: if one of them raises or hangs, the others
    still count. Nothing is logged, and no code of the site runs, during a turn or under a lock."""

    def __init__(self) -> None:
        self.snapshot = Snapshot()
        self._last = Snapshot()
        self._hint = object()
        self._ahead: tuple[Answer, list[Window]] = (self._last.answer, [])
        self._log = DeferredLog()
        self._looking: set[int] = set()  # threads
        self._lock = threading.Lock()  # never held while a file is looked at
        self._settings: LookSettings | None = None
        self._supervisor: Supervisor | None = None
        self._watch_turn = Turn()
        self._is_watched = False
        self._flags: tuple[FlagTracker, ...] = ()
        self._schedule: ScheduleTracker | None = None

    def look(self, *, watch: bool) -> Snapshot:
        """Looks at the files, unless another thread has just done so, and publishes what applies.

        With `watch`, it starts a watch if none runs; without, it only keeps a running one. If anything fails or hangs,
        the last answer stays, and a failure is logged. A look within a look gets the last snapshot."""
        thread = threading.get_ident()
        if thread in self._looking:
            return self._last
        try:
            self._looking.add(thread)  # inside `try`: what a signal raises must not leave it in for ever
            self._try_to_look(watch)
            self._log.say()
        finally:
            self._looking.discard(thread)
        return self._last

    def last_answer(self) -> Answer:
        """What applied when the files were last looked at."""
        return self._last.answer

    def upcoming(self) -> list[Window]:
        """The next occurrence of each period of the schedule, by start, as of the last look."""
        return self._upcoming(self._last)

    def overview(self) -> Overview:
        """Everything that this process decides by, from the last look."""
        last, seen = self._last, self._last.seen
        upcoming = self._upcoming(last)
        return Overview(last.answer, upcoming, seen.schedule, seen.flags, seen.known_schedule, seen.known_flags)

    def expire(self) -> None:
        """Makes the next request look at the files."""
        self._hint = object()
        self.snapshot = Snapshot()

    def renew(self) -> None:
        """Makes every request from now on go by the flags in memory as they are now, in whichever thread it runs."""
        with self._lock:  # else what is just being published would be taken for newer than this
            self.expire()
        self.look(watch=False)  # for templates, which never look themselves

    def close(self) -> None:
        """Ends the watch, and waits for its threads."""
        if self._supervisor is not None:
            self._supervisor.close()

    def _try_to_look(self, watch: bool) -> None:
        hint, settings = self._hint, self._read_settings()
        if settings is not None:
            try:
                self._look_at_files(Look(hint, settings, self._log), watch)
            except Exception as error:  # whatever it is, it must not become an error of the site
                self._log.failure(error, "the downtime files could not be looked at; what applied before still does")

    def _read_settings(self) -> LookSettings | None:
        """The settings as they are now or, if that fails, as they last were; None if they could never be read."""
        try:
            self._settings = LookSettings.read()
        except Exception as error:  # a lazy setting can raise anything, which must not become an error of the site
            self._log.failure(error, "the settings can't be read; what they last said still applies")
        return self._settings

    def _look_at_files(self, look: Look, watch: bool) -> None:
        settings, interval = look.settings, self._interval(look.settings)
        flags, schedule = self._trackers(settings)
        for flag in flags:
            look_at = partial(flag.look, settings.zone, max_age=settings.flag_max_age)
            look.take(flag.turn, flag.path, look_at, interval=interval)
        on_read = self.expire if watch and can_run_threads() else None
        look_at = partial(schedule.look, settings.zone, stable_for=interval, recheck=settings.recheck, on_read=on_read)
        look.take(schedule.turn, schedule.path, look_at, interval=interval)
        if (watch or self._supervisor is not None) and not look.is_hindered:
            look.take(self._watch_turn, "the watch", partial(self._keep_watch, look), interval=interval)
        with self._lock:
            self._publish(look, flags, schedule)

    def _interval(self, settings: LookSettings) -> float:
        """Seconds from one look to the next."""
        return settings.recheck if self._is_watched else settings.recheck / 4

    def _trackers(self, settings: LookSettings) -> tuple[Sequence[FlagTracker], ScheduleTracker]:
        """The trackers of the files that the settings name; tests may change those."""
        with self._lock:
            if self._schedule is None or self._schedule.path != settings.schedule_path:
                self._schedule = ScheduleTracker(settings.schedule_path, self._log)
            if tuple(flag.path for flag in self._flags) != settings.flag_paths:
                self._flags = tuple(FlagTracker(path, self._log) for path in settings.flag_paths)
            return self._flags, self._schedule

    def _keep_watch(self, look: Look) -> None:
        """Keeps a healthy watch on the files, if one can run."""
        settings, old = look.settings, self._supervisor
        options = WatchOptions((settings.schedule_path, *settings.flag_paths), settings.way)
        self._is_watched = False
        if old is not None and old.options == options:
            self._is_watched = old.keep(look.start)
            return
        self._supervisor = supervisor = Supervisor(options, self._changed, self._log)
        if old is not None:
            threading.Thread(target=old.close, name="downtime-closer", daemon=True).start()
        self._is_watched = supervisor.keep(look.start)

    def _changed(self, path: str, is_finished: bool) -> None:
        if is_finished and self._schedule is not None and path == self._schedule.path:
            self._schedule.finished(time.time_ns(), self.expire)
        self.expire()

    def _publish(self, look: Look, flags: Sequence[FlagTracker], schedule: ScheduleTracker) -> None:
        """Publishes what is known of these files, even if another thread is still looking at one."""
        raised = (*memory_flags.raised(), *(flag.flag for flag in flags if flag.flag is not None))
        seen = Seen(schedule.schedule, raised, schedule.known, tuple(flag.known for flag in flags))
        answered_at, now, last = time.monotonic(), datetime.now(timezone.utc), self._last
        answer, error = last.answer_for(seen, now)
        if error is not None:
            self._log.failure(
                error, "%s can't be asked what applies; what it last said still applies", one_line(schedule.path)
            )
        boundary = answered_at + (answer.until - now).total_seconds()
        turns = [*(flag.turn for flag in flags), schedule.turn]
        fresh_until = min(
            boundary, look.start + self._interval(look.settings), *(turn.fresh_until(look.hint) for turn in turns)
        )
        self.snapshot = self._last = Snapshot.until(fresh_until, answer, seen, is_whole=error is None)
        if self._hint is not look.hint:  # an event came in the meantime, so the next request looks again
            self.snapshot = Snapshot()
        if answer is not last.answer:
            self._tell(last, self._last, look.settings.zone)

    def _tell(self, before: Snapshot, after: Snapshot, zone: tzinfo) -> None:
        try:
            lines = transitions((before.answer, before.seen.flags), (after.answer, after.seen.flags), zone)
        except Exception as error:  # whatever it is, such as too little memory, the published snapshot counts
            self._log.failure(error, "what has begun or ended can't be logged")
        else:
            for line in lines:
                self._log.warning("%s", one_line(line))

    def _upcoming(self, snapshot: Snapshot) -> list[Window]:
        """What is to come, computed once for each answer, because a long schedule takes milliseconds."""
        known_answer, upcoming = self._ahead
        if known_answer is not snapshot.answer:
            try:
                upcoming = snapshot.seen.schedule.upcoming(snapshot.answer.moment)
            except Exception as error:  # whatever it is, a banner must not become an error of the site
                path = snapshot.seen.known_schedule.path
                self._log.failure(error, "%s can't be asked what is to come, so nothing is announced", one_line(path))
                upcoming = []
            self._ahead = snapshot.answer, upcoming
            self._log.say()
        return upcoming
