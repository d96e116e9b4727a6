"""The state of downtime.yml and of each flag: on the disk now, and as this process last read it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from downtime.admin_page import shell_commands
from downtime.conf import conf
from downtime.files import disk
from downtime.files.disk import Fingerprint
from downtime.reload.schedule_tracker import ReadState
from downtime.reload.snapshot import Overview


@dataclass(frozen=True, slots=True)
class FileStatus:
    """The schedule or a flag as it is now; a time is None if the file is missing, or not in force."""

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
    """Why it is unknown whether the file exists; it then counts as before."""

    @property
    def is_raised(self) -> bool:
        """Whether it is a flag that counts as raised and has not let go."""
        return self.is_flag and self.read_at is not None and not self.has_let_go

    @property
    def command(self) -> str:
        """The command line that edits the schedule, lowers the flag or raises it."""
        if not self.is_flag:
            return shell_commands.EDIT
        is_raised = self.is_there or self.read_at is not None
        if self.path == conf.fleet_flag_file:
            return shell_commands.for_fleet_flag(is_raised=is_raised)
        is_folder = os.path.isdir(self.path) and not os.path.islink(self.path)
        return shell_commands.for_flag(self.path, is_raised=is_raised, is_folder=is_folder)


def file_statuses(overview: Overview, now: datetime, zone: tzinfo) -> list[FileStatus]:
    """The schedule, then each flag, with times in `zone`; looks at each file on the disk."""
    released = {flag.path for flag in overview.flags if flag.period.end <= now}
    return [
        _file_status(overview.known_schedule, disk.fingerprint, zone, is_flag=False, has_let_go=False),
        *(
            _file_status(known, disk.entry_fingerprint, zone, is_flag=True, has_let_go=known.path in released)
            for known in overview.known_flags
        ),
    ]


def _file_status(
    known: ReadState,
    fingerprint_of: Callable[[str], Fingerprint | None],
    zone: tzinfo,
    *,
    is_flag: bool,
    has_let_go: bool,
) -> FileStatus:
    fingerprint, trouble = None, ""
    try:
        fingerprint = fingerprint_of(known.path)
    except OSError as error:
        trouble = disk.reason(error)
    return FileStatus(
        path=known.path,
        is_flag=is_flag,
        is_there=fingerprint is not None,
        changed_at=None if fingerprint is None else fingerprint.modified_at.astimezone(zone),
        read_at=None if known.read_at is None else datetime.fromtimestamp(known.read_at, zone),
        problems=tuple(problem.located(known.path) for problem in known.problems),
        has_let_go=has_let_go,
        trouble=trouble,
    )
