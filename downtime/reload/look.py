"""One look at the files, each in its turn: if looking at one raises or hangs, the others still count."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from downtime.files.harmless import one_line
from downtime.reload.deferred_log import DeferredLog
from downtime.reload.look_settings import LookSettings
from downtime.reload.turn import Turn


class Look:
    """The look of one thread, made for a hint; it began at `start`, monotonic seconds."""

    def __init__(self, hint: object, settings: LookSettings, log: DeferredLog) -> None:
        self.hint = hint
        self.settings = settings
        self.start = time.monotonic()
        self._log = log
        self._hung: set[str] = set()

    @property
    def is_hindered(self) -> bool:
        """Whether this look met a hanging look of another thread."""
        return bool(self._hung)

    def take(self, turn: Turn, what: str, look_at: Callable[[], None], *, interval: float) -> None:
        """Looks at a file if that is due; the look holds for `interval` seconds from the start. Logs a failure.

        Keeps away from a folder in which the look of another thread hangs."""
        folder = os.path.dirname(what)
        if folder in self._hung:
            return
        try:
            with turn.taken(
                self.hint, self.start, due_by=self.start + interval, recheck=self.settings.recheck
            ) as is_due:
                if is_due:
                    self._guarded(what, look_at)
        except TimeoutError:
            self._hung.add(folder)

    def _guarded(self, what: str, look_at: Callable[[], None]) -> None:
        try:
            look_at()
        except Exception as error:  # whatever it is, it must not become an error of the site or hide the rest
            self._log.failure(error, "%s could not be looked at; what applied before still does", one_line(what))
