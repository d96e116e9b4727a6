"""Checks one schedule, a file or the standard input, in the words of `downtime_check` and of `python -m downtime`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import TextIO

from downtime.files import disk
from downtime.files.parser import Parsed, parse_bytes
from downtime.files.schedule_file import LARGEST, load_schedule

STANDARD_INPUT = "<stdin>"


class CannotCheck(Exception):
    """There is nothing to check; the message is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A schedule as it was checked: what it is called, and what it means."""

    name: str
    parsed: Parsed

    @property
    def verdict(self) -> str:
        """What is said of it if it has no problem."""
        count = len(self.parsed.schedule.periods)
        return f"{self.name} has no problem; it has {count} {'period' if count == 1 else 'periods'}."


def check_file(path: str, zone: tzinfo) -> Checked:
    """The schedule in the file, with times in `zone` unless they name another; raises CannotCheck if there is none."""
    loaded = load_schedule(path, zone)
    if loaded.fingerprint is None and loaded.is_read:
        raise CannotCheck(missing(path))
    return Checked(path, loaded.parsed)


def missing(path: str) -> str:
    """The sentence about a file that was named and does not exist."""
    return f"{path or 'a file without a name'} does not exist; check the name"


def check_input(stream: TextIO | None, zone: tzinfo) -> Checked:
    """The schedule in the standard input, None if that is closed; raises CannotCheck if that can't be read."""
    if stream is None:
        raise CannotCheck("the standard input can't be read: it is closed")
    try:
        content = stream.buffer.read(LARGEST + 1)
    except OSError as error:  # it is a folder, say
        raise CannotCheck(f"the standard input can't be read: {disk.reason(error)}") from error
    if len(content) > LARGEST:
        raise CannotCheck(f"the standard input has more than {LARGEST} bytes, which is more than a schedule can have")
    return Checked(STANDARD_INPUT, parse_bytes(content, zone))
