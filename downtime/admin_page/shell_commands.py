"""Which command line changes what somebody sees? Ready to be copied into a POSIX shell."""

from __future__ import annotations

from collections.abc import Container
from itertools import chain, count
from shlex import quote

from downtime.schedule.periods import Period

_MANAGE = "python manage.py"

START = f"{_MANAGE} downtime_start"
EDIT = f"{_MANAGE} downtime_edit"
CHECK = f"{_MANAGE} downtime_check"


def for_period(period: Period) -> str:
    """Takes the period out of the schedule; one without a name can only be edited."""
    if not period.name:
        return EDIT
    separator = "-- " if period.name.startswith("-") else ""
    return f"{_MANAGE} downtime_cancel {separator}{quote(period.name)}"


def to_schedule(names: Container[str]) -> str:
    """Plans a period, under a name that is none of `names`."""
    name = next(name for name in chain(["upgrade"], (f"upgrade-{n}" for n in count(2))) if name not in names)
    return f"{_MANAGE} downtime_schedule {name} --start +1h --for 2h"


def to_end(*flags: str) -> str:
    """Brings the site back, where these commands lower the flags that `downtime_end` leaves alone."""
    return " && ".join((*flags, f"{_MANAGE} downtime_end"))


def for_flag(path: str, *, is_raised: bool, is_folder: bool = False) -> str:
    """Lowers the flag, or raises it."""
    if not is_raised:
        return f"touch {quote(path)}"
    return f"rmdir {quote(path)}" if is_folder else f"rm {quote(path)}"
