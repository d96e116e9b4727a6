"""The state of the site: up, down, partly down or read-only, since when and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from downtime.schedule.periods import ALWAYS, NEVER, UNKNOWN, Answer, Period, Window

UP, DOWN, PARTLY, READ_ONLY = "up", "down", "partly", "read-only"
# By the weight of what is refused: writing to a part, all writing, a part, everything.
_STATES = (PARTLY, READ_ONLY, PARTLY, DOWN)


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """One of the states, and the windows that cause it. `since` is ALWAYS and `until` NEVER if it is not known."""

    state: str
    since: datetime = ALWAYS
    until: datetime = NEVER
    windows: tuple[Window, ...] = ()

    @property
    def is_read_only(self) -> bool:
        """Whether only writing is refused, to the whole site (READ_ONLY) or to a part of it (PARTLY)."""
        return any(window.period.read_only for window in self.windows)

    @property
    def message(self) -> str:
        """The first message of its periods, on one line; empty if none has one."""
        messages = (" ".join(window.period.message.split()) for window in self.windows)
        return next(filter(None, messages), "")


def site_status(answer: Answer) -> SiteStatus:
    """The status by the most that is refused now; it lasts until that is over or more is refused."""
    if not answer.active:
        return SiteStatus(UP)
    most = max(_weight(window.period) for window in answer.active)
    windows = tuple(window for window in answer.active if _weight(window.period) == most)
    return SiteStatus(_STATES[most], min(window.began for window in windows), _until(answer, most, windows), windows)


def _weight(period: Period) -> int:
    return 2 * (not period.read_only) + period.is_whole


def _until(answer: Answer, most: int, windows: tuple[Window, ...]) -> datetime:
    parts = {window.period.paths for window in windows}
    reached = answer.moment
    for window in answer.run:
        if window.start > reached:
            break
        period = window.period
        if period is UNKNOWN:
            return NEVER
        if _weight(period) > most:
            return window.start
        if _weight(period) == most and (period.is_whole or period.paths in parts):
            reached = max(reached, window.end)
    return reached
