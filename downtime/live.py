"""Says what applies in this process, from its snapshot in memory, for the middleware, templates and other code."""

from __future__ import annotations

import os
import time

from django.utils.timezone import get_default_timezone

from downtime.conf import conf
from downtime.reload import memory_flags
from downtime.reload.process_state import ProcessState
from downtime.reload.snapshot import Overview
from downtime.reload.supervisor import can_run_threads, prepare
from downtime.schedule.occurrence import Occurrence, occurrence
from downtime.schedule.periods import Answer, Period

__all__ = ["Occurrence", "active", "current_period", "is_down", "upcoming"]  # for sites; all else is the app's own

_states: dict[tuple[int, bool], ProcessState] = {}
current = ProcessState()


def load() -> None:
    """Reads the files into the snapshot of this process, so that even its first request is answered correctly."""
    _process_state().look(watch=False)
    current.expire()
    prepare(conf.DOWNTIME_WATCH)


def answer() -> Answer:
    """What applies now: from memory, or after a look at the files if that is due. Starts a watch if none runs."""
    snapshot = current.snapshot
    if time.monotonic() < snapshot.fresh_until:
        return snapshot.answer
    return _process_state().look(watch=True).answer


def is_down() -> bool:
    """Whether a period is active now, even if only for a part of the site or only for writing."""
    return current_period() is not None


def current_period() -> Occurrence | None:
    """The active period of highest precedence, a flag before the schedule, or None if the site is up.

    For code outside of requests: like a request, it looks at the files if that is due, but it starts no watch."""
    snapshot = current.snapshot
    is_fresh = time.monotonic() < snapshot.fresh_until
    windows = (snapshot if is_fresh else _process_state().look(watch=False)).answer.active
    return occurrence(windows[0], get_default_timezone()) if windows else None


def active() -> list[Occurrence]:
    """The active periods, in order of precedence, for templates: from memory alone, as the last look left it."""
    return [occurrence(window, get_default_timezone()) for window in current.last_answer().active]


def upcoming() -> list[Occurrence]:
    """The next occurrence of each period of the schedule, by start; from memory alone."""
    return [occurrence(window, get_default_timezone()) for window in current.upcoming()]


def overview() -> Overview:
    """Everything that this process decides by, after a look at the files if that is due; it starts no watch."""
    state = _process_state()
    if time.monotonic() >= state.snapshot.fresh_until:
        state.look(watch=False)
    return state.overview()


def raise_in_memory(period: Period) -> object:
    """Takes the site down by a flag of this process alone; counts once it returns. The key returned lowers it."""
    key = memory_flags.raise_flag(period)
    try:
        _process_state().renew()
    except BaseException:  # whatever it is, such as Ctrl-C: it is raised again, and nobody else has the key
        memory_flags.lower_flag(key)
        raise
    return key


def lower_in_memory(key: object) -> None:
    """Lowers the flag with that key, which no longer counts once it returns."""
    memory_flags.lower_flag(key)
    _process_state().renew()


def _process_state() -> ProcessState:
    """The state of this process; a forked child drops its parent's state, and touches nothing in it.

    A state made before gevent patched threads is dropped too: its lock would block every greenlet."""
    global current
    key = os.getpid(), can_run_threads()
    if key not in _states:
        _states.setdefault(key, ProcessState())
    current = _states[key]
    return current


def _forget() -> None:  # pragma: no cover (only in children, which end unmeasured: tests/system/test_forking.py)
    """Makes a forked child look at the files at once; under uWSGI, which runs no such hooks, when it is due."""
    global current, _states
    current, _states = ProcessState(), {}


if hasattr(os, "register_at_fork"):  # pragma: no branch
    os.register_at_fork(after_in_child=_forget)
