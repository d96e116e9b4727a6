"""What is on the disk at this moment, what does this process know of it, and which command changes it?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from downtime import advising, files, flag
from downtime.files import Fingerprint
from downtime.loading import located
from downtime.looking import Overview
from downtime.tracking import Known


@dataclass(frozen=True, slots=True)
class Source:
    """The schedule or a flag as it is now; times are None where it is not there, or was never read."""

    path: str
    is_flag: bool
    is_there: bool
    changed_at: datetime | None
    read_at: datetime | None
    problems: tuple[str, ...]
    """As file:line: message."""
    has_let_go: bool = False
    """Whether it is a flag whose time is over."""
    trouble: str = ""
    """Why it can't be told whether it is there; then it counts as before."""

    @property
    def command(self) -> str:
        """Edits the schedule, lowers the flag or raises it."""
        return advising.for_flag(self.path, is_raised=self.is_there) if self.is_flag else advising.EDIT


def sources(overview: Overview, now: datetime, zone: tzinfo) -> list[Source]:
    """The schedule, then each flag, with times in `zone`; what can't be looked at says why."""
    released = {flag.path for flag in overview.flags if flag.period.end <= now}
    return [
        _source(overview.known_schedule, files.fingerprint, zone, is_flag=False, has_let_go=False),
        *(
            _source(known, flag.look, zone, is_flag=True, has_let_go=known.path in released)
            for known in overview.known_flags
        ),
    ]


def _source(
    known: Known, look: Callable[[str], Fingerprint | None], zone: tzinfo, *, is_flag: bool, has_let_go: bool
) -> Source:
    found, trouble = None, ""
    try:
        found = look(known.path)
    except OSError as error:
        trouble = error.strerror or str(error)
    return Source(
        path=known.path,
        is_flag=is_flag,
        is_there=found is not None,
        changed_at=None if found is None else datetime.fromtimestamp(found.modified_ns / 1e9, zone),
        read_at=None if known.read_at is None else datetime.fromtimestamp(known.read_at, zone),
        problems=tuple(located(known.path, problem) for problem in known.problems),
        has_let_go=has_let_go,
        trouble=trouble,
    )
