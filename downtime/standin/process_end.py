"""Ends a process that can no longer load the site, with an exit code after which a supervisor starts a new one."""

from __future__ import annotations

import atexit
import logging
import mmap
import os
import signal
from typing import NoReturn

EXIT_CODE = 1
"""Not 3 or 4, which halt gunicorn's master."""
_HALTS_GUNICORN = 3
FLUSHED_AFTER = 0.2
"""Seconds after which a server has sent its response."""


class ProcessEnd:
    """How to end the process that made this, or a child, which has inherited the spoiled state.

    A server that loads before it forks (`--preload`) ends on SIGTERM with exit code 0, after which nobody restarts
    it. So a child says through shared memory that it asked for the end."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._was_asked = mmap.mmap(-1, 1)
        atexit.register(self._exit)

    def __call__(self) -> NoReturn:
        """Ends this process at once, and also its parent, if that made this."""
        code = EXIT_CODE
        if self._pid == os.getppid():
            self._was_asked[0] = 1
            try:
                os.kill(self._pid, signal.SIGTERM)
            except PermissionError:  # with `--preload --user`, the parent runs as root, and this code ends it
                code = _HALTS_GUNICORN
        os._exit(code)

    def _exit(self) -> None:
        if os.getpid() == self._pid and self._was_asked[0]:
            logging.shutdown()
            os._exit(EXIT_CODE)
