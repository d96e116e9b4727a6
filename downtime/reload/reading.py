"""Reads the schedule: a short one at once, a long one on a thread of its own that lets requests go first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime, timezone, tzinfo
from functools import partial
from typing import NamedTuple

from downtime.files import disk
from downtime.files.disk import Fingerprint
from downtime.files.parser import Pause, never_pause
from downtime.files.schedule_file import Content, Loaded, parse_schedule, read_schedule

# In bytes: some 150 periods, which take ten milliseconds.
_LONG = 16 * 1024
# In seconds. If a thread only lets the interpreter switch, each system call of a request waits 5 ms for it, until
# requests queue for seconds. With these values, they hardly notice. With less work or longer rests, reading takes
# longer than a new schedule may take to count (all measured with 200 requests a second and 10,000 periods).
_WORK, _REST = 0.0005, 0.0001

OnRead = Callable[[], None]
"""Called by the thread that has read a file, so that the next look takes over the result."""


class Read(NamedTuple):
    """A file as it was read."""

    loaded: Loaded
    at: float
    """When that was, monotonic seconds."""
    at_ns: int
    """The same in nanoseconds on the wall clock."""
    is_finished: bool = False
    """Whether a writer is known to have finished this very state."""


class Reader:
    """Reads one file again and again, and parses only what has changed."""

    def __init__(self, path: str, zone: tzinfo) -> None:
        self._path = path
        self._zone = zone
        self._known: Loaded | None = None
        self._reading: _Reading | None = None

    @property
    def is_reading(self) -> bool:
        """Whether a thread is reading the file, or has read it for the next caller."""
        return self._reading is not None

    def read_ahead(self, on_read: OnRead, finished_ns: int) -> None:
        """Starts a thread that reads a long file before anybody asks for it, unless one already does.

        For the thread that saw a writer finish the file at `finished_ns`, wall clock. If another thread calls `read`
        meanwhile, the file is read twice, and its fingerprint decides as usual."""
        is_read = self._reading is not None and not self._reading.is_over
        with suppress(OSError, RuntimeError):  # it can't be looked at, or no thread can start
            if self._known is not None and not is_read and is_long(disk.fingerprint(self._path)):
                self._reading = _Reading(partial(self._read_finished, finished_ns), on_read)

    def read(self, wanted: Fingerprint | None, on_read: OnRead | None, *, by: float) -> Read | None:
        """The file as it was read, perhaps in a later state than the wanted one; None if it is not read yet.

        From the moment `by` on, monotonic seconds, it waits for a thread that is reading. With `on_read`, it starts one
        if that helps. Raises whatever the parser raises; a lack of memory is a problem in the result."""
        is_late = time.monotonic() >= by
        if (reading := self._reading) is not None:
            if not is_late and not reading.is_over:
                return None
            self._reading = None
            read = reading.result()
            if read.loaded.fingerprint == wanted or (read.is_finished and not is_late):
                return read
        begun = self._begun()
        if on_read is not None and not is_late and is_long(begun.content.fingerprint):
            if begun.content.fingerprint != wanted:  # it has changed since the look at it
                return None
            with suppress(RuntimeError):  # no thread can start
                self._reading = _Reading(partial(self._parsed, begun), on_read)
                return None
        return self._parsed(begun, never_pause)

    def _read_finished(self, at_ns: int, pause: Pause) -> Read:
        begun = self._begun()
        fingerprint = begun.content.fingerprint
        is_finished = fingerprint is not None and fingerprint.changed_ns <= at_ns
        return self._parsed(begun, pause)._replace(is_finished=is_finished)

    def _begun(self) -> _Begun:
        # The time before the content: later writes may not be in it.
        return _Begun(time.monotonic(), time.time_ns(), read_schedule(self._path))

    def _parsed(self, begun: _Begun, pause: Pause) -> Read:
        """The schedule, prepared so that the first question does not take long."""
        loaded = parse_schedule(begun.content, self._zone, known=self._known, pause=pause)
        with suppress(Exception):  # whatever it is, the look that asks what applies logs it
            loaded.parsed.schedule.foresee(datetime.now(timezone.utc), pause)
        self._known = loaded
        return Read(loaded, begun.at, begun.at_ns)


class _Begun(NamedTuple):
    at: float
    at_ns: int
    content: Content


class _Reading:
    """A reading on a thread of its own; raises RuntimeError if no thread can start."""

    def __init__(self, read: Callable[[Pause], Read], on_read: OnRead) -> None:
        self._read = read
        self._on_read = on_read
        self._future: Future[Read] = Future()
        self._is_awaited = False
        self._works_until = 0.0
        threading.Thread(target=self._run, name="downtime-reader", daemon=True).start()

    @property
    def is_over(self) -> bool:
        return self._future.done()

    def result(self) -> Read:
        """What was read, for a caller that may have to wait for it; from now on the thread does not rest."""
        self._is_awaited = True
        return self._future.result()

    def _run(self) -> None:
        try:
            self._future.set_result(self._read(self._pause))
        except Exception as error:  # the look that asks for the result logs it
            self._future.set_exception(error)
        finally:
            self._future.cancel()  # no effect if it is done: whatever ends the thread, nobody must wait for ever
            self._on_read()

    def _pause(self) -> None:
        if time.monotonic() >= self._works_until and not self._is_awaited:
            time.sleep(_REST)
            self._works_until = time.monotonic() + _WORK


def is_long(fingerprint: Fingerprint | None) -> bool:
    """Whether a request would have to wait for a schedule of that size."""
    return fingerprint is not None and fingerprint.size > _LONG
