"""Which command line changes what somebody sees? Ready to be copied into a POSIX shell."""

from __future__ import annotations

from shlex import quote

from downtime.schedule import Period

_MANAGE = "python manage.py"

START = f"{_MANAGE} downtime_start"
END = f"{_MANAGE} downtime_end"
SCHEDULE = f"{_MANAGE} downtime_schedule upgrade --start +1h --for 2h"
EDIT = f"{_MANAGE} downtime_edit"
CHECK = f"{_MANAGE} downtime_check"


def for_period(period: Period) -> str:
    """Takes the period out of the schedule; one without a name can only be edited."""
    if not period.name:
        return EDIT
    separator = "-- " if period.name.startswith("-") else ""
    return f"{_MANAGE} downtime_cancel {separator}{quote(period.name)}"


def for_flag(path: str, *, is_raised: bool) -> str:
    """Lowers the flag, or raises it."""
    return f"rm {quote(path)}" if is_raised else f"touch {quote(path)}"
