"""What `downtime_status --json` prints: the state, the periods and the answer to a request, for programs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.timezone import get_default_timezone

from downtime.conf import conf
from downtime.management.base import State
from downtime.management.visit import Visit
from downtime.management.wording import label
from downtime.schedule.occurrence import occurrence, rounded_up
from downtime.schedule.periods import Window, is_known
from downtime.schedule.refusals import Refusal
from downtime.schedule.site_status import SiteStatus


def as_dict(state: State, upcoming: Iterable[Window], visit: Visit | None) -> dict[str, Any]:
    """Everything that the command tells; the answer to a request only if one was asked for."""
    found = {
        "at": _iso(state.now),
        **_status(state.site_status, state),
        "down": bool(state.answer.active),
        "active": [_window(window) for window in state.answer.active],
        "upcoming": [_window(window) for window in upcoming],
        "problems": state.problems(),
        "schedule_file": conf.DOWNTIME_SCHEDULE_FILE,
        "flag_files": list(conf.flag_files),
    }
    return found if visit is None else {**found, "request": _visit(visit, state)}


def _status(status: SiteStatus, state: State) -> dict[str, Any]:
    turn, if_started_now = status.turn, status.if_started_now
    return {
        "state": status.state,
        "since": _iso(status.since),
        "until": _iso(rounded_up(status.until)),
        "refused": [_refusal(refusal, state) for refusal in status.refusals],
        "next": turn
        and {
            "at": _iso(turn.at),
            "state": turn.status.state,
            "refused": [_refusal(refusal, state) for refusal in turn.status.refusals],
        },
        "doubts": list(status.doubts),
        "if_started_now": if_started_now and _status(if_started_now, state),
    }


def _refusal(refusal: Refusal, state: State) -> dict[str, Any]:
    return {
        "read_only": refusal.read_only,
        "paths": refusal.prefixes,
        "since": _iso(refusal.since),
        "because": list(dict.fromkeys(label(window, state.flags.raised) for window in refusal.windows)),
    }


def _visit(visit: Visit, state: State) -> dict[str, Any]:
    return {
        "path": visit.path,
        "method": visit.method,
        "at": _iso(state.now),
        "refused": visit.is_refused,
        "period": visit.window and label(visit.window, state.flags.raised),
        "until": _iso(rounded_up(visit.until)),
        "exempt_by": visit.exempt_by,
    }


def _window(window: Window) -> dict[str, Any]:
    period = occurrence(window, get_default_timezone())
    return {
        "name": period.name or None,
        "start": period.start and period.start.isoformat(),
        "end": period.end and period.end.isoformat(),
        "message": period.message or None,
        "read_only": period.read_only,
        "paths": list(period.paths),
    }


def _iso(moment: datetime) -> str | None:
    """The second in the project's time zone; None if it is not known."""
    return moment.astimezone(get_default_timezone()).isoformat(timespec="seconds") if is_known(moment) else None
