"""How do people read a moment, a window and what it means? In the project's time zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.timezone import get_default_timezone

from downtime.schedule.periods import NEVER, Answer, Schedule, Window


def shown(moment: datetime) -> str:
    """A moment as people read it."""
    return f"{moment.astimezone(get_default_timezone()):%Y-%m-%d %H:%M:%S %Z}"


def stretch(window: Window, now: datetime) -> str:
    """From when until when the window lasts."""
    if window.start <= now:
        end = f"until {shown(window.end)}" if window.end != NEVER else "without a known end"
        return f"since {shown(window.began)}, {end}"
    end = f"to {shown(window.end)}" if window.end != NEVER else "without a known end"
    return f"from {shown(window.start)} {end}"


def title(window: Window) -> str:
    """What a person calls a period of the schedule: its name, or its line."""
    return window.period.name or f"the period on line {window.period.line}"


def line(name: str, window: Window, now: datetime) -> str:
    """The window as one line: which, when, of which part of the site, and why."""
    period = window.period
    parts = [
        f"  {name}: {stretch(window, now)}",
        f", only below {', '.join(path or '/' for path in period.paths)}" if period.paths else "",
        ", reading passes" if period.read_only else "",
        f": {period.message}" if period.message else "",
    ]
    return "".join(parts)


def agenda(schedule: Schedule, answer: Answer) -> Iterator[str]:
    """A line for each period of the schedule that is active or will be."""
    if running := [window for window in answer.active if not window.is_flag]:
        yield "Active now:"
        yield from (line(title(window), window, answer.moment) for window in running)
    if coming := schedule.upcoming(answer.moment):
        yield "Coming:"
        yield from (line(title(window), window, answer.moment) for window in coming)
    if not running and not coming:
        yield "Nothing is active now, and nothing is coming."
