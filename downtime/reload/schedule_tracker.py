"""Tracks downtime.yml: which state of it is in force in this process, and when the next look is due."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import NamedTuple

from downtime.files import disk
from downtime.files.disk import Fingerprint
from downtime.files.fields import Problem, first_problems
from downtime.files.harmless import one_line
from downtime.files.schedule_file import Loaded
from downtime.reload.deferred_log import DeferredLog, Trouble
from downtime.reload.reading import OnRead, Read, Reader
from downtime.reload.stability import Stability, is_young
from downtime.reload.turn import Turn
from downtime.schedule.periods import Schedule

# In rechecks: a process that has not looked for longer than this has been idle.
_IDLE = 1.25
# In seconds: the longest time that a request waits.
_LONGEST_WAIT = 0.25
# A read that fails for lack of memory may take seconds; the next attempt comes after this many times as long.
_REST = 10


@dataclass(frozen=True, slots=True)
class ReadState:
    """What this process knows of a file: when it last read it, in seconds since the epoch, and its problems."""

    path: str
    read_at: float | None = None
    problems: tuple[Problem, ...] = ()
    is_ignored: bool = False
    """Whether an earlier state of it stays in force because of the problems."""
    modified_at: datetime | None = None
    """When its content last changed; None if it was missing, and for a flag."""


class _Wanted(NamedTuple):
    """A state of the file that may be taken over, and when it has to be in force, monotonic seconds."""

    fingerprint: Fingerprint | None
    by: float
    is_reread: bool


class ScheduleTracker:
    """The last good schedule of a file. Until there is one, the sound periods of a damaged file apply.

    Moments are in seconds on the monotonic clock. The file is always in one of four states::

        new ──────────── the first look: read ───────────────────────────────> taken
        taken ────────── another fingerprint is seen ────────────────────────> settling
        settling ─────── it held still long enough, or is finished: read ────> taken
        settling ─────── the same, and it is long: read by a thread ─────────> settling, until that has ended
        settling ─────── the taken fingerprint is seen again ────────────────> taken
        taken ────────── while it was young, or could not be read ───────────> to be reread
        to be reread ─── at `reread_at`: read ───────────────────────────────> taken
    """

    def __init__(self, path: str, log: DeferredLog) -> None:
        self.path = path
        self.schedule = Schedule()
        self.known = ReadState(path)
        self.turn = Turn()
        self._log = log
        self._stability: Stability | None = None  # None while the file is new
        self._counts_by = 0.0  # when the state that was seen last has to be in force
        self._wanted: _Wanted | None = None
        self._reader: Reader | None = None
        self._zone: tzinfo | None = None
        self._looked_at = 0.0
        self._finished_ns: deque[int] = deque(maxlen=1)
        self._has_good = False
        self._hidden, self._damaged = Trouble(log), Trouble(log)
        self._damage: tuple[object, str] | None = None  # what is wrong, and the message

    @property
    def due(self) -> float:
        """The latest moment for the next look at the file; infinity if no look is needed."""
        if self._wanted is not None:
            return self._wanted.by
        due = self._stability.due if self._stability is not None else None
        return float("inf") if due is None else due

    @property
    def is_settling(self) -> bool:
        """Whether the file has changed and its writer may not have finished yet."""
        return self._stability is not None and self._stability.seen != self._stability.taken

    def finished(self, at_ns: int, on_read: OnRead | None = None) -> None:
        """Lets only the next look know that a writer finished the file at `at_ns`, wall clock.

        For the thread of the watch, at any time. With `on_read`, a thread reads a long file even if nobody looks.
        """
        self._finished_ns.append(at_ns)
        if on_read is not None and self._reader is not None:
            self._reader.read_ahead(on_read, at_ns)

    def look(self, zone: tzinfo, *, stable_for: float, recheck: float, on_read: OnRead | None = None) -> None:
        """Looks at the file, and takes over a state that held still for `stable_for` seconds, or that is finished.

        Each change counts within two `recheck` of the last look before it; if nobody looked in time for that, this
        look waits for the writer, and for the reading. With `on_read`, a thread reads a long file and calls it at the
        end, so no look waits for the reading in the meantime."""
        if self._reader is None or zone != self._zone:  # the zone of the project, which its tests may change
            self._stability = self._wanted = None
            self._zone, self._reader = zone, Reader(self.path, zone)
        now, is_new = time.monotonic(), self._stability is None
        is_idle = now - self._looked_at > _IDLE * recheck
        try:
            stability = self._stability = self._observe(now, stable_for, recheck, is_idle=is_idle)
        except OSError as error:
            reason = disk.reason(error)
            self._hidden.lasts(reason, f"{one_line(self.path)} can't be looked at: {reason}; the last schedule stays")
        else:
            self._looked_at = now
            self._hidden.is_over()
            if is_idle or now >= self._counts_by:  # the state seen last is due now, whatever is being read
                self._wanted = None
            if self._wanted is None and (is_new or stability.is_due(at=time.monotonic())):
                self._wanted = _Wanted(stability.seen, self._counts_by, stability.is_reread)
            if self._wanted is not None:
                self._read(self._reader, self._wanted, stable_for, on_read, is_new=is_new, is_idle=is_idle)
        if self._damage is not None:
            self._damaged.lasts(*self._damage)
        self.turn.due_by = min(self.turn.due_by, self.due)

    def _observe(self, now: float, stable_for: float, recheck: float, *, is_idle: bool) -> Stability:
        finished_ns = self._finished_ns.pop() if self._finished_ns else 0  # before the look: a later event is newer
        fingerprint = disk.fingerprint(self.path)
        since_last_look, before = now - self._looked_at, self._stability
        if before is None:
            return Stability(fingerprint, None)
        wait = min(recheck / 4, _LONGEST_WAIT) if is_idle else min(stable_for, 2 * recheck - since_last_look)
        if fingerprint != before.seen:
            self._counts_by = self._looked_at + 2 * recheck
        stability = before.look(fingerprint, stable_at=now + wait).finish(finished_ns, now=now)
        if is_idle and fingerprint not in (before.seen, before.taken) and now < stability.stable_at:
            return self._wait_for_writer(stability, wait, stable_for)
        return stability

    def _wait_for_writer(self, stability: Stability, wait: float, stable_for: float) -> Stability:
        """Sleeps, on the request, to see if a change lasts: otherwise an outdated schedule would decide the request."""
        time.sleep(wait)
        return stability.look(disk.fingerprint(self.path), stable_at=time.monotonic() + stable_for)

    def _read(
        self, reader: Reader, wanted: _Wanted, stable_for: float, on_read: OnRead | None, *, is_new: bool, is_idle: bool
    ) -> None:
        """Takes over the wanted state once it is read, unless it was replaced before."""
        self._wanted = None
        read = reader.read(wanted.fingerprint, on_read, by=0.0 if is_idle or is_new else wanted.by)
        if read is None:
            self._wanted = wanted if reader.is_reading else None
        elif is_new or read.is_finished or read.loaded.fingerprint == wanted.fingerprint:
            self._settle(read, stable_for, is_reread=wanted.is_reread)
            self._take(read.loaded)

    def _settle(self, read: Read, stable_for: float, *, is_reread: bool) -> None:
        assert self._stability is not None
        fingerprint, is_read = read.loaded.fingerprint, read.loaded.is_read
        may_differ = not is_read or (is_young(fingerprint, read.at_ns) and not is_reread)
        rest = max(2 * stable_for, 0 if is_read else (_REST + 1) * (time.monotonic() - read.at))
        self._stability = self._stability.take(fingerprint, reread_at=read.at + rest if may_differ else None)

    def _take(self, loaded: Loaded) -> None:
        problems = loaded.parsed.problems
        modified_at = loaded.fingerprint and loaded.fingerprint.modified_at
        is_ignored = bool(problems) and self._has_good
        self.known = ReadState(self.path, time.time(), problems, is_ignored, modified_at)
        if problems:
            stays = "the last good schedule stays" if self._has_good else "the periods without a problem apply"
            lines = "".join(f"\n{problem.located(self.path)}" for problem in first_problems(problems)[0])
            message = f"{one_line(self.path)} has problems ({len(problems)}), so {stays}:{lines}"
            self._damage = (loaded.fingerprint, problems), message
            if self._has_good:
                return
        else:
            self._has_good, self._damage = True, None
            self._damaged.is_over()
        new = loaded.parsed.schedule
        if new is not self.schedule and (new.periods or self.schedule.periods):
            self._log.info("%s was read; periods: %d", one_line(self.path), len(new.periods))
            self.schedule = new
