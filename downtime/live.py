"""This process's snapshot in memory: what is down, and what is coming?"""

from __future__ import annotations

import os
import time

from django.utils.timezone import get_default_timezone

from downtime.conf import conf
from downtime.reload.snapshot import Overview, ProcessState
from downtime.reload.supervisor import can_run_threads, prepare
from downtime.schedule.occurrence import Occurrence, occurrence
from downtime.schedule.periods import Answer

_states: dict[tuple[int, bool], ProcessState] = {}
current = ProcessState()


def load() -> None:
    """Reads the files into the snapshot of this process, so that its very first request is answered rightly."""
    _mine().look(watch=False)
    current.expire()
    prepare(conf.DOWNTIME_WATCH)


def answer() -> Answer:
    """What applies now: from memory, or after a look at the files where that is due."""
    snapshot = current.snapshot
    if time.monotonic() < snapshot.fresh_until:
        return snapshot.answer
    return _mine().look(watch=True).answer


def is_down() -> bool:
    """Whether a period is active now, be it for a part of the site only or for writing only."""
    return current_period() is not None


def current_period() -> Occurrence | None:
    """The active period that comes first, the flag before the schedule, or None where the site is up.

    For code outside of requests: like a request it looks at the files where that is due, but it starts no watch."""
    snapshot = current.snapshot
    is_fresh = time.monotonic() < snapshot.fresh_until
    windows = (snapshot if is_fresh else _mine().look(watch=False)).answer.active
    return occurrence(windows[0], get_default_timezone()) if windows else None


def active() -> list[Occurrence]:
    """What is active now, in order of precedence, for templates: from memory alone, as the last look left it."""
    return [occurrence(window, get_default_timezone()) for window in current.active()]


def upcoming() -> list[Occurrence]:
    """The next occurrence of each period of the schedule that is to come, by start; from memory alone."""
    return [occurrence(window, get_default_timezone()) for window in current.upcoming()]


def overview() -> Overview:
    """All that this process knows, after a look at the files where that is due; it starts no watch."""
    mine = _mine()
    if time.monotonic() >= mine.snapshot.fresh_until:
        mine.look(watch=False)
    return mine.overview()


def next_period() -> Occurrence | None:
    """The first of those, or None."""
    windows = current.upcoming()
    return occurrence(windows[0], get_default_timezone()) if windows else None


def _mine() -> ProcessState:
    """The snapshot of this process. What a fork left of its parent's is not touched.

    So is what was made before threads were patched: its lock would stop all greenlets, and not one."""
    global current
    mine = os.getpid(), can_run_threads()
    if mine not in _states:
        _states.setdefault(mine, ProcessState())
    current = _states[mine]
    return current


def _forget() -> None:  # pragma: no cover (only in children, which end unmeasured: tests/system/test_forking.py)
    """Lets a forked child look for itself at once; under uWSGI, which runs no such hooks, when it next has to."""
    global current, _states
    current, _states = ProcessState(), {}


if hasattr(os, "register_at_fork"):  # pragma: no branch
    os.register_at_fork(after_in_child=_forget)
