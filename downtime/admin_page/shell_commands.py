"""Command lines that change what the page shows, ready to be copied into a POSIX shell."""

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
    """The command line that takes the period out of the schedule, or edits the schedule if the period has no name."""
    if not period.name:
        return EDIT
    separator = "-- " if period.name.startswith("-") else ""
    return f"{_MANAGE} downtime_cancel {separator}{quote(period.name)}"


def to_schedule(names: Container[str]) -> str:
    """The command line that plans a period with a name that is not among `names`."""
    name = next(name for name in chain(["upgrade"], (f"upgrade-{n}" for n in count(2))) if name not in names)
    return f"{_MANAGE} downtime_schedule {name} --start +1h --for 2h"


def to_end(*lowering: str) -> str:
    """The command line that brings the site back; `lowering` lowers the flags that `downtime_end` leaves raised."""
    return " && ".join((*lowering, f"{_MANAGE} downtime_end"))


def for_flag(path: str, *, is_raised: bool, is_folder: bool = False) -> str:
    """The command line that lowers the flag if it is raised, and raises it otherwise."""
    if not is_raised:
        return f"touch {quote(path)}"
    return f"rmdir {quote(path)}" if is_folder else f"rm {quote(path)}"


def for_fleet_flag(*, is_raised: bool) -> str:
    """The command line that lowers the fleet's flag on every host if it is raised, and raises it otherwise."""
    return f"{_MANAGE} {'downtime_end' if is_raised else 'downtime_start'} --fleet"
