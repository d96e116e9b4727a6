"""How does the site stand now: up, down, partly down or read-only; since when, and until when?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from downtime.schedule import ALWAYS, NEVER, Answer, Window

UP, DOWN, PARTLY, READ_ONLY = "up", "down", "partly", "read-only"


@dataclass(frozen=True, slots=True)
class Standing:
    """One of the states, and the windows that bring it about. ALWAYS and NEVER stand for what is not known."""

    state: str
    since: datetime = ALWAYS
    until: datetime = NEVER
    windows: tuple[Window, ...] = ()


def standing(answer: Answer) -> Standing:
    """The most that is refused now: everything, a part of the site, or writing."""
    whole = [window for window in answer.active if window.period.is_whole]
    parts = [window for window in answer.active if not window.period.is_whole]
    down = [window for window in whole if not window.period.read_only]
    if down:
        return _of(DOWN, down, until=answer.release("/", safe=True))
    refusing = [window for window in parts if not window.period.read_only]
    if refusing or (parts and not whole):
        return _of(PARTLY, refusing or parts, until=answer.release_of_all(safe=bool(refusing)))
    if whole:
        return _of(READ_ONLY, whole, until=answer.release("/", safe=False))
    return Standing(UP)


def _of(state: str, windows: list[Window], *, until: datetime) -> Standing:
    return Standing(state, min(window.began for window in windows), until, tuple(windows))
