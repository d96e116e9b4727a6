"""A lock that differs in each process, and again once gevent has patched threads."""

from __future__ import annotations

import os
import threading


class ProcessLock:
    """Makes the lock at its first use.

    A lock from before a fork would be held for ever if a thread of the parent held it. A lock from before gevent has
    patched threads, as with uWSGI, would block all greenlets."""

    def __init__(self) -> None:
        self._locks: dict[tuple[int, object], threading.Lock] = {}

    def own(self) -> threading.Lock:
        """The lock of this process."""
        return self._locks.setdefault((os.getpid(), threading.Lock), threading.Lock())
