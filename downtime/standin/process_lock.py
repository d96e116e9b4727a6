"""A lock that is another one in each process, and another one once gevent has patched threads."""

from __future__ import annotations

import os
import threading


class ProcessLock:
    """Makes the lock when it is first asked for.

    One that was made before would be held for ever in a fork if a thread of the parent held it, and would block all
    greenlets if it was made before gevent has patched threads, as it is by uWSGI."""

    def __init__(self) -> None:
        self._locks: dict[tuple[int, object], threading.Lock] = {}

    def own(self) -> threading.Lock:
        """The lock of this process."""
        return self._locks.setdefault((os.getpid(), threading.Lock), threading.Lock())
