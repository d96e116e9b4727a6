"""Lets one thread at a time look at a file, and the others wait for it only for a limited time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

_SHORTEST_WAIT, _LONGEST_WAIT = 0.25, 1.0
_PAST, _NEVER = float("-inf"), float("inf")


class Turn:
    """Whose turn it is to look at a file, and when the next look is due; moments are monotonic seconds.

    A look can hang, for example on a network file system whose server is gone. It then keeps the thread that it runs
    on, and no other."""

    def __init__(self) -> None:
        self.due_by = _PAST
        """When the next look is due; a look may change what `taken` set."""
        self._due_from = _PAST  # from here on a look is worthwhile if another file is looked at anyway
        self._hint: object = None
        self._begun_at = _NEVER
        self._lock = threading.Lock()

    def fresh_until(self, hint: object) -> float:
        """When the next look is due; infinitely long ago if one is under way, or if none was made for this hint."""
        return self.due_by if hint is self._hint and self._begun_at == _NEVER else _PAST

    @contextmanager
    def taken(self, hint: object, start: float, *, due_by: float, recheck: float) -> Iterator[bool]:
        """Whether a look is due, by time or for a new hint; it begins at `start` and holds until `due_by`.

        Raises TimeoutError if the look of another thread hangs: this waits until that look is `recheck` seconds old,
        but at least a quarter of a second, and at most one."""
        if not self._is_due(hint, start):
            yield False
            return
        self._acquire(recheck)
        try:
            if not self._is_due(hint, start):  # another thread has just looked
                yield False
                return
            self._begun_at, self.due_by = monotonic(), due_by
            self._hint = None  # an interrupted look counts for no hint
            yield True
            self._due_from, self._hint = (start + self.due_by) / 2, hint
        finally:
            self._begun_at = _NEVER
            self._lock.release()

    def _is_due(self, hint: object, start: float) -> bool:
        return hint is not self._hint or start >= self._due_from

    def _acquire(self, recheck: float) -> None:
        patience = min(max(recheck, _SHORTEST_WAIT), _LONGEST_WAIT)
        left = min(self._begun_at + patience - monotonic(), patience)
        if not (self._lock.acquire(timeout=left) if left > 0 else self._lock.acquire(blocking=False)):
            raise TimeoutError
