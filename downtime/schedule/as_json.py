"""The state of the site and its windows as JSON, in the same words for a command and a feed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

from downtime.schedule.occurrence import occurrence, rounded_up
from downtime.schedule.periods import Window, is_known
from downtime.schedule.refusals import Refusal
from downtime.schedule.site_status import SiteStatus

Label = Callable[[Window], str]
"""What a window is called; one with an empty name is not listed as a cause."""


def status_as_json(status: SiteStatus, zone: tzinfo, label: Label) -> dict[str, Any]:
    """The state, all that is refused, since when and until when, and what changes before everything passes again."""
    turn = status.turn
    return {
        "state": status.state,
        "since": moment_as_json(status.since, zone),
        "until": moment_as_json(rounded_up(status.until), zone),
        "refused": [_refusal(refusal, zone, label) for refusal in status.refusals],
        "next": turn
        and {
            "at": moment_as_json(turn.at, zone),
            "state": turn.status.state,
            "refused": [_refusal(refusal, zone, label) for refusal in turn.status.refusals],
        },
    }


def window_as_json(window: Window, zone: tzinfo) -> dict[str, Any]:
    """One occurrence of a period, or a flag, which has no name."""
    period = occurrence(window, zone)
    return {
        "name": period.name or None,
        "start": period.start and period.start.isoformat(),
        "end": period.end and period.end.isoformat(),
        "message": period.message or None,
        "read_only": period.read_only,
        "paths": list(period.paths),
    }


def moment_as_json(moment: datetime, zone: tzinfo) -> str | None:
    """The moment in that zone, to the second; None if it is not known."""
    return moment.astimezone(zone).isoformat(timespec="seconds") if is_known(moment) else None


def _refusal(refusal: Refusal, zone: tzinfo, label: Label) -> dict[str, Any]:
    return {
        "read_only": refusal.read_only,
        "paths": refusal.prefixes,
        "since": moment_as_json(refusal.since, zone),
        "because": list(dict.fromkeys(filter(None, map(label, refusal.windows)))),
    }
