"""Finds the process that holds the lock on a file, if the system names it: on Linux, in /proc/locks."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from downtime.schedule.converters import shown


def holder(status: os.stat_result) -> int:
    """The process that holds a lock on the file with that status; 0 if none does, or if the system does not say."""
    with suppress(OSError):  # another system
        lines = Path("/proc/locks").read_text().splitlines()
        device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
        for line in lines:
            # 1: FLOCK  ADVISORY  WRITE 4711 fe:00:1234 0 EOF
            _, kind, _, _, pid, file, *_ = line.replace("->", "").split()
            if (kind, file) == ("FLOCK", device):
                return max(int(pid), 0)
    return 0


def describe(process: int) -> str:
    """What people call the process that holds a lock: its number and its command line."""
    if not process:
        return "another command"
    with suppress(OSError):  # it has ended, or is hidden from us
        if command := Path(f"/proc/{process}/cmdline").read_text("utf-8", "replace").replace("\0", " ").strip():
            return f"process {process} ({shown(command)})"
    return f"process {process}"
