"""What `downtime_status --json` prints: the state, the periods and the answer to a request, for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.timezone import get_default_timezone

from downtime.conf import conf
from downtime.management.base import State
from downtime.schedule.as_json import moment_as_json, status_as_json, window_as_json
from downtime.schedule.occurrence import rounded_up
from downtime.schedule.periods import Window
from downtime.schedule.site_status import SiteStatus
from downtime.visit import Visit


def as_dict(state: State, upcoming: Iterable[Window], visit: Visit | None) -> dict[str, Any]:
    """Everything that the command shows; the answer to a request only if one was asked for."""
    zone = get_default_timezone()
    found = {
        "at": moment_as_json(state.now, zone),
        **_status(state.site_status, state),
        "down": bool(state.answer.active),
        "active": [window_as_json(window, zone) for window in state.answer.active],
        "upcoming": [window_as_json(window, zone) for window in upcoming],
        "problems": state.problems(),
        "schedule_file": conf.DOWNTIME_SCHEDULE_FILE,
        "flag_files": list(conf.flag_files),
    }
    return found if visit is None else {**found, "request": _visit(visit, state)}


def _status(status: SiteStatus, state: State) -> dict[str, Any]:
    if_started_now = status.if_started_now
    return {
        **status_as_json(status, get_default_timezone(), state.label),
        "doubts": list(status.doubts),
        "if_started_now": if_started_now and _status(if_started_now, state),
    }


def _visit(visit: Visit, state: State) -> dict[str, Any]:
    zone = get_default_timezone()
    return {
        "path": visit.path,
        "method": visit.method,
        "at": moment_as_json(state.now, zone),
        "refused": visit.is_refused,
        "period": visit.window and state.label(visit.window),
        "until": moment_as_json(rounded_up(visit.until), zone),
        "exempt_by": visit.exempt_by,
    }
