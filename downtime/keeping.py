"""Is a healthy watch on the right places? Otherwise one is started, in a thread of its own and never on a request."""

from __future__ import annotations

import _thread
import logging
import os
import threading
from collections.abc import Callable
from types import BuiltinFunctionType
from typing import TYPE_CHECKING

from downtime.places import Step, steps

if TYPE_CHECKING:
    from downtime.watching import Watch

logger = logging.getLogger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 300.0


def can_run_threads() -> bool:
    """Whether threads are real here: under gevent and eventlet a watch would stop the whole process, or go deaf."""
    return isinstance(_thread.start_new_thread, BuiltinFunctionType)


class Keeper:
    """Keeps a watch for one process. `on_change` is told of a path, and whether its writer has finished it."""

    def __init__(self, paths: tuple[str, ...], on_change: Callable[[str, bool], None], polling: float | None) -> None:
        self.paths = paths
        self.polling = polling
        self._on_change = on_change
        self._watch: Watch | None = None
        self._places: dict[str, frozenset[Step]] = {}
        self._thread: threading.Thread | None = None
        self._pause = _FIRST_PAUSE
        self._not_before = float("-inf")
        self._said = ""

    def keep(self, now: float) -> bool:
        """Whether a healthy watch is on all the places that matter; else sees to it. `now` is monotonic seconds."""
        if self._thread is not None and self._thread.is_alive():
            return False
        places = {path: steps(path) for path in self.paths}
        if self._watch is not None and places == self._places and self._watch.is_healthy():
            self._pause = _FIRST_PAUSE
            return True
        if now >= self._not_before:
            self._not_before = now + self._pause
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
            self._thread = threading.Thread(target=self._renew, args=(places,), name="downtime-keeper", daemon=True)
            try:
                self._thread.start()
            except RuntimeError as error:  # no thread to be had, or the interpreter is ending
                self._thread = None
                self._say(f"no watch is running: {error}")
        return False

    def close(self) -> None:
        """Ends the watch and waits for its threads; for tests, as a process may simply end."""
        if self._thread is not None:
            self._thread.join()
        if self._watch is not None:
            self._watch.stop()
            self._watch = None

    def _renew(self, places: dict[str, frozenset[Step]]) -> None:
        # Importing watchdog takes a tenth of a second (measured), which neither a start nor a request has to wait for.
        from downtime.watching import Watch

        old, self._watch = self._watch, None
        names: dict[str, set[str]] = {}
        for step in frozenset().union(*places.values()):
            names.setdefault(step.folder, set()).add(step.name)
        try:
            if old is not None:
                old.stop()
            self._places = places
            self._watch = Watch(names, self._changed, self.polling)
        except (OSError, RuntimeError) as error:
            self._say(f"no watch is running: {error}")
        else:
            self._say(f"{self._watch.kind} watches {', '.join(sorted(names))}")
            for path in self.paths:  # what changed before the watch was on
                self._on_change(path, False)

    def _changed(self, place: str, is_finished: bool) -> None:
        for path, found in self._places.items():
            if any(os.path.join(step.folder, step.name) == place for step in found):
                self._on_change(path, is_finished)

    def _say(self, message: str) -> None:
        if message != self._said:
            logger.info("%s; the files are compared all the same", message)
        self._said = message
