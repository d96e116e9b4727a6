"""Waits for something in another thread or process: until a condition holds, and how long that took."""

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], bool], *, within: float = 5.0, what: str) -> float:
    """Seconds until the condition held; raises AssertionError after `within` seconds."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > within:
            raise AssertionError(f"not within {within:g} s: {what}")
        time.sleep(0.002)
    return time.monotonic() - begun
