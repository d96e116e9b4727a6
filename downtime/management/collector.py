"""Pauses the garbage collector while a schedule is read."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_collector() -> Iterator[None]:
    """Turns the garbage collector off within the block, and restores it afterwards."""
    # A long schedule is read into up to a million objects without a cycle. Searching them again and again takes a
    # quarter of a reading and half of an edit (measured), while other commands wait for the lock.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
