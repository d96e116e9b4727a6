"""Loads the site into this process, after a trial in a child, and remembers if the load has spoiled the process."""

from __future__ import annotations

import importlib
import logging
import math
import time
from typing import Any

from downtime.standin.agreement import tell_differences
from downtime.standin.options import Options
from downtime.standin.probe import CannotFork, probe
from downtime.standin.process_end import ProcessEnd
from downtime.standin.process_lock import ProcessLock

logger = logging.getLogger("downtime.guard")

PAUSE = 2.0
"""Seconds from a failed trial to the next one."""


class CannotLoad(Exception):
    """The site can't be loaded now; the message is the traceback, which is in the log too."""


class Spoiled(Exception):
    """A load has failed in this process and left half of the site behind, so only a new process can load it."""

    def __init__(self, end: ProcessEnd) -> None:
        super().__init__()
        self.end = end


class Loader:
    """The application, once it is loaded. One thread loads it, and the others wait."""

    def __init__(self, options: Options) -> None:
        self.application: Any = None
        self._options = options
        self._lock = ProcessLock()
        self._retried_at = -math.inf
        self._why = ""
        self._end: ProcessEnd | None = None  # of this process, if a load has spoiled it

    def load(self) -> Any:
        """The application, loaded here if it can be loaded in a child. Raises CannotLoad or Spoiled, and logs why.

        The first trial is at the boot. After each later trial that fails, the next one comes PAUSE seconds later."""
        with self._lock.own():
            if self.application is None:
                if self._end is not None:
                    raise Spoiled(self._end)
                self._try()
                self.application = self._load_here()
            return self.application

    def _try(self) -> None:
        """Returns if the site can be loaded in a child, or if that can't be tried."""
        if time.monotonic() < self._retried_at + PAUSE:
            raise CannotLoad(self._why)
        importlib.invalidate_caches()  # a repair may have come within one tick of the clock
        try:
            why = probe(self._options.application, self._options.timeout)
        except CannotFork:
            return
        except OSError as error:  # too many open files, and a load here would fail too
            why = f"it can't be tried in a child: {error}"
        if why is not None:
            logger.error("the site can't be loaded:\n%s", why)
            if self._why:
                self._retried_at = time.monotonic()
            self._why = why
            raise CannotLoad(why)

    def spoil(self) -> ProcessEnd:
        """Records that the load whose exception is being handled has failed in this process."""
        logger.exception("the site can't be loaded, and the next attempt needs a new process")
        self._end = ProcessEnd()
        return self._end

    def _load_here(self) -> Any:
        try:
            application = self._options.application()
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # whatever it is, even a sys.exit() in the settings: spoil() logs it
            raise Spoiled(self.spoil()) from error
        tell_differences(self._options)
        return application
