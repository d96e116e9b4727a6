"""Flags that are raised in the memory of this process and in no file, as `downtime.test` does for a test suite."""

from __future__ import annotations

from downtime.files.disk import Fingerprint
from downtime.files.flag_file import Flag
from downtime.schedule.periods import Period

NAME = "<site_down() of downtime.test>"
"""What is shown instead of the path of such a flag."""
_NO_FILE = Fingerprint(0, 0, 0, 0, 0)

# A lock could be held by another thread at a fork; a dictionary needs none, and the child keeps what it holds.
_raised: dict[object, Flag] = {}


def raised() -> tuple[Flag, ...]:
    """Those that are raised, the last one first, so that it takes precedence."""
    return tuple(reversed(list(_raised.values())))


def raise_flag(period: Period) -> object:
    """Raises a flag that stands for this period; returns the key by which that very flag is lowered."""
    key = object()
    _raised[key] = Flag(NAME, _NO_FILE, period)
    return key


def lower_flag(key: object) -> None:
    """Lowers the flag with that key, whichever others were raised before or after it."""
    del _raised[key]
