"""The state of the site: all that is refused, since when, until when, and what changes before everything passes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from downtime.schedule.periods import ALWAYS, NEVER, Answer, Window
from downtime.schedule.periods import UNKNOWN as CUT_OFF
from downtime.schedule.refusals import Refusal, covers_all, more_than, refusals_of

UP, DOWN, PARTLY, READ_ONLY, UNKNOWN = "up", "down", "partly", "read-only", "unknown"
SCHEDULE, FLAGS = "schedule", "flags"
"""What may be in doubt: a schedule that has problems, and flags that can't be looked at."""

_MOST_NAMES = 8


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """One of the states, and what is refused: first what is down, then what is read-only."""

    state: str
    refusals: tuple[Refusal, ...] = ()
    until: datetime = NEVER
    """When everything passes again; NEVER if that is not known."""
    turn: Turn | None = None
    """What changes before that, if more is refused then, or if something is no longer refused on the whole site."""
    doubts: tuple[str, ...] = ()
    """Why the state is UNKNOWN, if it is: a running process keeps what it knew, which one that starts now can't."""
    if_started_now: SiteStatus | None = None
    """If the state is UNKNOWN, the status that a process that starts now would have."""

    @property
    def windows(self) -> tuple[Window, ...]:
        """All windows that cause the state."""
        return tuple(window for refusal in self.refusals for window in refusal.windows)

    @property
    def since(self) -> datetime:
        """When the first of its refusals began; ALWAYS if that is not known."""
        return min((refusal.since for refusal in self.refusals), default=ALWAYS)

    @property
    def message(self) -> str:
        """The first message of its periods, on one line; empty if none has one."""
        messages = (" ".join(window.period.message.split()) for window in self.windows)
        return next(filter(None, messages), "")


class Turn(NamedTuple):
    """The status as of a later moment."""

    at: datetime
    status: SiteStatus


def site_status(answer: Answer, doubts: Collection[str] = ()) -> SiteStatus:
    """The status as of the answer, which follows from the sound part of the schedule and the flags that could be seen.

    With doubts it is UNKNOWN, unless something beyond doubt takes the whole site down."""
    if not doubts:
        return _status(answer)

    def is_certain(window: Window) -> bool:
        return covers_all(window, read_only=False) and (window.is_flag or SCHEDULE not in doubts)

    causes = tuple(filter(is_certain, answer.active))
    if not causes:
        return SiteStatus(UNKNOWN, doubts=tuple(doubts), if_started_now=_status(answer))
    end = _end(answer.moment, filter(is_certain, answer.run))
    turn = Turn(end, SiteStatus(UNKNOWN, doubts=tuple(doubts))) if end < NEVER else None
    return SiteStatus(DOWN, (Refusal(False, ("",), causes),), turn=turn)


def names_of(names: Iterable[str]) -> str:
    """The first of the names, each once, and an ellipsis if there are more."""
    first: list[str] = []
    for name in names:
        if name not in first:
            first.append(name if len(first) < _MOST_NAMES else "…")
        if len(first) > _MOST_NAMES:
            break
    return ", ".join(first)


def _status(answer: Answer) -> SiteStatus:
    refusals = refusals_of(answer.active)
    if not refusals:
        return SiteStatus(UP)
    until = _end(answer.moment, answer.run)
    return SiteStatus(_state(refusals), refusals, until, _turn(answer, refusals, until))


def _state(refusals: tuple[Refusal, ...]) -> str:
    if len(refusals) == 1 and refusals[0].is_whole:
        return READ_ONLY if refusals[0].read_only else DOWN
    return PARTLY


def _turn(answer: Answer, refusals: tuple[Refusal, ...], until: datetime) -> Turn | None:
    """The first moment before `until` at which more is refused, or something is no longer refused on the whole site."""
    run = [window for window in answer.run if window.period is not CUT_OFF]
    later = [window for window in run if window.start > answer.moment]
    changes = [window.start for window in more_than(refusals, later)]
    for refusal in refusals:
        if refusal.is_whole:
            same = [window for window in answer.run if covers_all(window, read_only=refusal.read_only)]
            changes.append(_end(answer.moment, same))
    at = min(changes, default=until)
    then = refusals_of([window for window in run if window.start <= at < window.end])
    return Turn(at, SiteStatus(_state(then), then)) if at < until and then else None


def _end(moment: datetime, windows: Iterable[Window]) -> datetime:
    """Until when the windows, in order of start, go on from that moment without a gap."""
    for window in windows:
        if window.start > moment:
            break
        moment = max(moment, window.end)
    return moment
