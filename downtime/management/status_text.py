"""Shows people what downtime_status finds: the state, the periods, the problems, the files and what to do next."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone

from downtime.conf import conf
from downtime.files.flag_file import Flag, path_of
from downtime.management.agenda import tell_windows
from downtime.management.base import DowntimeCommand, State
from downtime.management.times import ago
from downtime.management.wording import status_line, visit_lines
from downtime.schedule.periods import Window
from downtime.schedule.site_status import DOWN, UP, SiteStatus
from downtime.visit import Visit

_MOST_COMING = 10


def tell_status(
    command: DowntimeCommand, state: State, coming: Sequence[Window], visited: Visit | None, *, is_whole: bool
) -> None:
    """Prints the state, the request if one was asked about, and the periods; only the first ones unless `is_whole`."""
    status, flags = state.site_status, state.flags.raised
    paint = {UP: command.style.SUCCESS, DOWN: command.style.ERROR}.get(status.state, command.style.WARNING)
    command.tell(status_line(status, flags, now=state.now), painted=_word(status), paint=paint)
    for line in visit_lines(visited, status, flags) if visited is not None else ():
        command.tell(line)
    shown = coming if is_whole else coming[:_MOST_COMING]
    tell_windows(command, state.answer.active, shown, state.now, lambda window: _name(window, state))
    if more := len(coming) - len(shown):
        command.tell(f"and {more} more; --all shows them")


def _name(window: Window, state: State) -> str:
    """Its label; the file name of a flag is enough, because the list of files shows the whole paths."""
    path = path_of(window.period, state.flags.raised)
    return f"flag {os.path.basename(path)}" if path else state.label(window)


def _word(status: SiteStatus) -> str:
    """The word of the sentence that names the state."""
    if not status.refusals:
        return status.state
    return "read-only" if status.refusals[0].read_only else "down"


def tell_files(command: DowntimeCommand, state: State) -> None:
    """Prints what is wrong with the files, and which were looked at."""
    if problems := state.problems():
        command.tell("")
        command.tell("Problems:", painted="Problems", paint=command.style.ERROR)
    for problem in problems:
        command.tell(f"  {problem}")
    command.tell("")
    command.tell("Looked at:")
    for line in _file_lines(state, datetime.now(timezone.utc)):
        command.tell(f"  {line}")


def _file_lines(state: State, now: datetime) -> Iterator[str]:
    loaded, parsed = state.loaded, state.loaded.parsed
    if not loaded.is_read:
        yield f"{loaded.path}: it can't be read"
    elif loaded.fingerprint is None:
        yield f"{loaded.path}: not there, so no periods"
    else:
        periods = _count(len(parsed.schedule.periods), "period")
        problems = f", {_count(len(parsed.problems), 'problem')}" if parsed.problems else ""
        yield f"{loaded.path}: {periods}{problems}, changed {_ago(loaded.fingerprint.modified_at, now)}"
    flags = {flag.path: flag for flag in state.flags.raised}
    for path in conf.flag_files:
        if path in flags:
            yield f"{path}: {_raised(flags[path], now)}"
        else:
            is_seen = not any(why.startswith(f"{path} ") for why in state.flags.uninspectable)
            yield f"{path}: {'not raised' if is_seen else 'it is not known whether it is raised'}"


def _raised(flag: Flag, now: datetime) -> str:
    has_let_go = ", but it has expired" if flag.period.end <= now else ""
    return f"raised {_ago(flag.fingerprint.modified_at, now)}{has_let_go}"


def _ago(moment: datetime, now: datetime) -> str:
    return ago((now - moment).total_seconds())


def _count(number: int, of: str) -> str:
    return f"{number} {of}{'' if number == 1 else 's'}"


def tell_next_steps(command: DowntimeCommand, state: State) -> None:
    """Prints which commands correct the schedule, and bring the site back."""
    steps = list(_next_steps(state, command.program))
    for line in ["", *steps] if steps else ():
        command.tell(line)


def _next_steps(state: State, program: str) -> Iterator[str]:
    problems = state.loaded.parsed.problems
    if problems and state.loaded.is_read:  # no command of ours makes a file readable
        yield f"Correct the schedule: {program} downtime_edit"
    flags = [path_of(window.period, state.flags.raised) for window in state.answer.active if window.is_flag]
    has_ending = not problems and any(not window.is_flag for window in state.answer.active)
    if has_ending or any(path in conf.DOWNTIME_FLAG_FILE[:1] for path in flags):
        yield f"Bring it back: {program} downtime_end"
    for path in flags:
        if path == conf.fleet_flag_file:
            yield f"Bring back the whole fleet: {program} downtime_end --fleet"
        elif path not in conf.DOWNTIME_FLAG_FILE[:1]:
            is_folder = os.path.isdir(path) and not os.path.islink(path)
            yield f"Lower the other flag: rm {'-r ' * is_folder}{shlex.quote(path)}"
