"""Is a healthy watch on the right places? Otherwise one is started, in a thread of its own and never on a request."""

from __future__ import annotations

import _thread
import errno
import logging
import os
import threading
from collections.abc import Callable
from types import BuiltinFunctionType
from typing import TYPE_CHECKING, NamedTuple

from downtime.reload.path_resolution import Step, steps

if TYPE_CHECKING:
    from downtime.reload.watch import Watch

logger = logging.getLogger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 300.0
_NEVER = float("inf")


def can_run_threads() -> bool:
    """Whether threads are real here: under gevent and eventlet a watch would stop the whole process, or go deaf."""
    return isinstance(_thread.start_new_thread, BuiltinFunctionType)


def prepare(way: str) -> None:
    """Imports watchdog, where a watch will need it, while nobody else runs: it takes a tenth of a second (measured).

    In a process that is forked while a thread imports it, whoever imports it next would wait for ever."""
    if way != "none" and can_run_threads():
        import downtime.reload.watch  # noqa: F401


class WatchOptions(NamedTuple):
    """What to watch, and how: one of conf.WATCHERS."""

    paths: tuple[str, ...]
    way: str


class Supervisor:
    """Keeps a watch for one process. `on_change` is told of a path, and whether its writer has finished it."""

    def __init__(self, wanted: WatchOptions, on_change: Callable[[str, bool], None]) -> None:
        self.wanted = wanted
        self._on_change = on_change
        self._watch: Watch | None = None
        self._places: dict[str, frozenset[Step]] = {}
        self._thread: threading.Thread | None = None
        self._pause = _FIRST_PAUSE
        self._not_before = float("-inf")
        self._is_down = False

    def keep(self, now: float) -> bool:
        """Whether a healthy watch is on all the places that matter; else sees to it. `now` is monotonic seconds."""
        if self._not_before == _NEVER or (self._thread is not None and self._thread.is_alive()):
            return False
        if self.wanted.way == "none" or not can_run_threads():
            self._do_without()
            return False
        if self._watch is not None and self._watch.is_flooded:
            folders = ", ".join(sorted({step.folder for found in self._places.values() for step in found}))
            self._give_up_watching(
                f"too many files come and go in {folders}, so give ours a folder of their own", for_good=True
            )
            return False
        places = {path: steps(path) for path in self.wanted.paths}
        if self._watch is not None and places == self._places and self._watch.is_healthy():
            self._pause = _FIRST_PAUSE
            return True
        if now >= self._not_before:
            self._not_before = now + self._pause
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
            self._thread = threading.Thread(target=self._renew, args=(places,), name="downtime-supervisor", daemon=True)
            try:
                self._thread.start()
            except RuntimeError as error:  # no thread to be had, or the interpreter is ending
                self._thread = None
                self._give_up_watching(str(error))
        return False

    def close(self) -> None:
        """Ends the watch and waits for its threads, for half a second at times, so never on a request."""
        if self._thread is not None:
            self._thread.join()
        if self._watch is not None:
            self._watch.stop()
            self._watch = None

    def _renew(self, places: dict[str, frozenset[Step]]) -> None:
        old, self._watch = self._watch, None
        names: dict[str, set[str]] = {}
        for step in frozenset().union(*places.values()):
            names.setdefault(step.folder, set()).add(step.name)
        try:
            from downtime.reload.watch import Watch

            if old is not None:
                old.stop()
            self._places = places
            self._watch = Watch(names, self._changed)
        except Exception as error:  # whatever a system refuses or a library raises, the files are compared all the same
            # Where the user's inotify watches are used up, watchdog 6.0.0 leaks three descriptors at each try.
            self._give_up_watching(str(error), for_good=isinstance(error, OSError) and error.errno == errno.ENOSPC)
        else:
            self._is_down = False
            logger.info("%s watches %s", self._watch.kind, ", ".join(sorted(names)))
            for path in self.wanted.paths:  # what changed before the watch was on
                self._on_change(path, False)

    def _changed(self, place: str, is_finished: bool) -> None:
        for path, found in self._places.items():
            if any(os.path.join(step.folder, step.name) == place for step in found):
                self._on_change(path, is_finished)

    def _do_without(self) -> None:
        self._not_before = _NEVER
        reason = "DOWNTIME_WATCH is 'none'" if self.wanted.way == "none" else "threads are patched, as gevent does it"
        logger.info("no watch runs: %s; requests compare the files", reason)

    def _give_up_watching(self, reason: str, *, for_good: bool = False) -> None:
        if not self._is_down:
            again = "this process does not try again" if for_good else "it is tried again"
            logger.warning("no watch runs: %s; requests compare the files, and %s", reason, again)
        self._is_down = True
        if for_good:
            self._not_before = _NEVER
