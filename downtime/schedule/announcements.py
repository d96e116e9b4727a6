"""Chooses what a page announces: the period that pauses changes there now, and what is coming soon."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from downtime.schedule.periods import Answer, Period, Window


class Announcement(NamedTuple):
    """A window to announce, and until when it keeps its visitors waiting, as far as is known."""

    window: Window
    until: datetime
    is_running: bool = False


def announcements(
    answer: Answer, upcoming: Iterable[Window], now: datetime, *, ahead: timedelta, path: str | None
) -> list[Announcement]:
    """What concerns the page at `path`, or the whole site if the path is None, in order of time.

    `upcoming` is ordered by start. The next of each kind (all or a part, down or read-only) counts, but nothing that
    begins after the whole site has gone down."""
    return [*_running(answer, now, path), *_coming(list(upcoming), now + ahead, now, path)]


def announcements_once_open(
    answer: Answer, upcoming: Iterable[Window], now: datetime, *, ahead: timedelta, path: str | None
) -> list[Announcement]:
    """As `announcements`, for a page that was opened before: a period that has taken it down since counts first."""
    running = [*_down(answer, now, path)] or [*_running(answer, now, path)]
    return [*running, *_coming(list(upcoming), now + ahead, now, path)]


def _down(answer: Answer, now: datetime, path: str | None) -> Iterator[Announcement]:
    """The first active period that takes the page down."""
    for window in answer.active:
        if not window.period.read_only and window.end > now and _concerns(window.period, path):
            yield Announcement(window, answer.release(_page(window, path), safe=True), is_running=True)
            return


def _running(answer: Answer, now: datetime, path: str | None) -> Iterator[Announcement]:
    """The first read-only period that is active. One that takes the page down needs no announcement."""
    for window in answer.active:
        if window.period.read_only and window.end > now and _concerns(window.period, path):
            yield Announcement(window, answer.release(_page(window, path), safe=False), is_running=True)
            return


def _coming(upcoming: list[Window], latest: datetime, now: datetime, path: str | None) -> Iterator[Announcement]:
    seen: set[tuple[bool, bool]] = set()
    for window in upcoming:
        kind = window.period.is_whole, window.period.read_only
        if window.start > latest:
            return
        if window.start > now and kind not in seen and _concerns(window.period, path):
            seen.add(kind)
            after = Answer(window.start, window.end, run=tuple(upcoming))
            yield Announcement(window, after.release(_page(window, path), safe=not window.period.read_only))
            if kind == (True, False):
                return


def _page(window: Window, path: str | None) -> str:
    """The page in question; if none is known, one that the window concerns."""
    return path if path is not None else (window.period.prefixes or ("/",))[0]


def _concerns(period: Period, path: str | None) -> bool:
    return path is None or period.covers(path, safe=False)
