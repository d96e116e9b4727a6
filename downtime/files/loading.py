"""What do the files say at this moment? Read once, as the commands, the checks and each new process need it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from downtime.files import disk, flag_file
from downtime.files.disk import Fingerprint
from downtime.files.fields import Problem
from downtime.files.flag_file import Flag
from downtime.files.parser import Parsed, parse

# In bytes; some 300,000 periods.
LARGEST = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Loaded:
    """A schedule file as it was read; without a fingerprint it was not there."""

    path: str
    fingerprint: Fingerprint | None
    parsed: Parsed
    is_read: bool = True
    """False where its content could not be got at, which another try may mend."""


def load_schedule(path: str, zone: tzinfo) -> Loaded:
    """The schedule file; one that is missing means no periods, one that can't be read is a problem."""
    fingerprint = None
    try:
        fingerprint = disk.fingerprint(path)
        content, fingerprint = disk.read(path, limit=LARGEST)
    except (FileNotFoundError, NotADirectoryError):
        return Loaded(path, None, Parsed())
    except OSError as error:
        problem = Problem(1, f"it can't be read: {error.strerror}")
        return Loaded(path, fingerprint, Parsed(problems=(problem,)), is_read=False)
    return Loaded(path, fingerprint, parsed(content, zone))


def parsed(content: bytes, zone: tzinfo) -> Parsed:
    """What the content of a schedule file means; one that is no UTF-8 text is a problem."""
    try:
        return parse(content.decode().removeprefix("\ufeff"), zone)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Parsed(problems=(Problem(line, "it is no UTF-8 text; allowed is UTF-8"),))


def load_flags(paths: tuple[str, ...], *, zone: tzinfo, max_age: float | None) -> list[Flag]:
    """The raised ones of the flags, in order; one of which it can't be told counts as not raised."""
    raised = []
    for path in paths:
        try:
            fingerprint = flag_file.fingerprint(path)
        except OSError:
            continue
        if fingerprint is not None:
            raised.append(flag_file.read(path, fingerprint, zone=zone, max_age=max_age))
    return raised


def hidden(paths: tuple[str, ...]) -> list[str]:
    """What keeps each flag of which it can't be told whether it is raised from being looked at."""
    reasons = []
    for path in paths:
        try:
            flag_file.fingerprint(path)
        except OSError as error:
            reasons.append(f"{path} can't be looked at: {error.strerror}; it counts as before, or as not raised")
    return reasons


def located(path: str, problem: Problem) -> str:
    """The problem as a line that editors and people can follow: file:line: message."""
    return f"{path}:{problem.line}: {problem.message}"
