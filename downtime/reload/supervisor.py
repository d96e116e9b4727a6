"""Keeps a healthy watch on the right folders, or does without one; starts it on a thread, never on a request."""

from __future__ import annotations

import _thread
import errno
import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import BuiltinFunctionType
from typing import TYPE_CHECKING

from downtime.files.harmless import one_line
from downtime.reload.deferred_log import DeferredLog
from downtime.reload.path_resolution import Step, steps

if TYPE_CHECKING:
    from downtime.reload.watch import Watch

logger = logging.getLogger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 300.0

Places = Mapping[str, frozenset[Step]]
"""For each path, every step at which it can be made to lead elsewhere."""


def can_run_threads() -> bool:
    """Whether threads are real here: under gevent and eventlet, a watch would stop the whole process or go deaf."""
    return isinstance(_thread.start_new_thread, BuiltinFunctionType)


def prepare(way: str) -> None:
    """Imports watchdog, if a watch will need it, while no other thread runs: it takes a tenth of a second (measured).

    If a process is forked while a thread imports it, the next import in the child would wait for ever."""
    if way != "none" and can_run_threads():
        try:
            import downtime.reload.watch  # noqa: F401
        except Exception:  # it may lack anything, such as ctypes; the first attempt to watch logs a warning
            logger.debug("watchdog can't be imported", exc_info=True)


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """What to watch, and how: one of conf.WATCHERS."""

    paths: tuple[str, ...]
    way: str


class _State(Enum):
    WAITING = auto()  # no watch is trusted; the next one is started by the first look after `_retry_at`
    STARTING = auto()  # a thread is starting a watch
    WATCHING = auto()  # a watch is on all the places, as far as the last look could see
    GIVEN_UP = auto()  # no watch runs, and none will be started


class Supervisor:
    """Keeps a watch for one process; calls `on_change` with a path, and whether its writer has finished it.

    A watch that fails is started again, at ever longer intervals; one that can't work is given up for good."""

    def __init__(self, options: WatchOptions, on_change: Callable[[str, bool], None], log: DeferredLog) -> None:
        self.options = options
        self._on_change = on_change
        self._log = log
        self._state = _State.WAITING
        self._watch: Watch | None = None
        self._places: Places = {}
        self._thread: threading.Thread | None = None
        self._pause = _FIRST_PAUSE
        self._retry_at = float("-inf")
        self._has_warned = False  # since a watch last worked

    def keep(self, now: float) -> bool:
        """Whether a healthy watch is on all places that matter; if not, may start one. `now` is monotonic seconds."""
        if self._state in (_State.STARTING, _State.GIVEN_UP):
            return False
        if self.options.way == "none" or not can_run_threads():
            self._state = self._without_a_watch()
            return False
        places = {path: steps(path) for path in self.options.paths}
        if self._state is _State.WATCHING and self._is_sound(places):
            self._pause = _FIRST_PAUSE
            return True
        self._state = _State.WAITING
        if self._watch is not None and self._watch.is_flooded:
            self._state = self._flooded()
        elif now >= self._retry_at:
            self._retry_at = now + self._pause
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
            self._start(places)
        return False

    def close(self) -> None:
        """Ends the watch and waits for its threads, sometimes for half a second, so never on a request."""
        if self._thread is not None:
            self._thread.join()
        if self._watch is not None:
            self._watch.stop()
            self._watch = None
        if self._state is _State.WATCHING:
            self._state = _State.WAITING

    def _is_sound(self, places: Places) -> bool:
        return self._watch is not None and places == self._places and self._watch.is_healthy()

    def _without_a_watch(self) -> _State:
        reason = "DOWNTIME_WATCH is 'none'" if self.options.way == "none" else "threads are patched, as by gevent"
        self._log.info("no watch runs: %s; requests compare the files", reason)
        return _State.GIVEN_UP

    def _flooded(self) -> _State:
        folders = ", ".join(sorted({step.folder for path_steps in self._places.values() for step in path_steps}))
        return self._failed(
            f"too many files come and go in {folders}, so give the downtime files a folder of their own", is_final=True
        )

    def _start(self, places: Places) -> None:
        thread = threading.Thread(target=self._run, args=(places,), name="downtime-supervisor", daemon=True)
        self._state = _State.STARTING
        try:
            thread.start()
        except RuntimeError as error:  # no thread is available, or the interpreter is shutting down
            self._state = self._failed(str(error))
        else:
            self._thread = thread

    def _run(self, places: Places) -> None:
        """Starts a watch, on a thread of its own; changes the state last, so no look trusts half a watch."""
        state = _State.WAITING
        try:
            state = self._renew(places)
        finally:
            self._state = state
            self._log.say()

    def _renew(self, places: Places) -> _State:
        old, self._watch = self._watch, None
        names: dict[str, set[str]] = {}
        for step in frozenset().union(*places.values()):
            names.setdefault(step.folder, set()).add(step.name)
        try:
            from downtime.reload.watch import Watch
        except Exception as error:  # it may lack anything, such as ctypes, and Python keeps half of what it imported
            return self._failed(f"watchdog can't be imported: {error}", is_final=True)
        try:
            if old is not None:
                old.stop()
            self._places = places
            self._watch = Watch(names, self._changed)
        except Exception as error:  # whatever a system refuses or a library raises, requests still compare the files
            # If the user's inotify watches are used up, watchdog 6.0.0 leaks three descriptors at each attempt.
            return self._failed(str(error), is_final=isinstance(error, OSError) and error.errno == errno.ENOSPC)
        self._has_warned = False
        self._log.info("%s watches %s", self._watch.kind, one_line(", ".join(sorted(names))))
        for path in self.options.paths:  # something may have changed before the watch worked
            self._on_change(path, False)
        return _State.WATCHING

    def _changed(self, place: str, is_finished: bool) -> None:
        for path, path_steps in self._places.items():
            if any(os.path.join(step.folder, step.name) == place for step in path_steps):
                self._on_change(path, is_finished)

    def _failed(self, reason: str, *, is_final: bool = False) -> _State:
        """The state after a failure, which is logged unless one was logged since a watch last worked."""
        if not self._has_warned:
            outlook = "this process does not try again" if is_final else "this process tries again"
            self._log.warning("no watch runs: %s; requests compare the files, and %s", one_line(reason), outlook)
        self._has_warned = True
        return _State.GIVEN_UP if is_final else _State.WAITING
