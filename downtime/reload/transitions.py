"""Tells what began, changed or ended from one answer to the next, in a line each for the log."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple

from downtime.files.flag_file import Flag, path_of
from downtime.schedule.occurrence import zone_name
from downtime.schedule.periods import Answer, Window, is_known

_MOST_LINES = 20


class _Fact(NamedTuple):
    label: str
    state: str


def transitions(before: tuple[Answer, Sequence[Flag]], after: tuple[Answer, Sequence[Flag]], zone: tzinfo) -> list[str]:
    """The lines that tell of what differs between two answers, each given with its flags; times are in `zone`."""
    old, new = (
        {_key(window, flags): _fact(window, flags, zone) for window in answer.active}
        for answer, flags in (before, after)
    )
    lines = [f"{fact.state}, because of {fact.label}" for key, fact in new.items() if not _is_told(fact, old.get(key))]
    over = [f"{fact.label} is over" for key, fact in old.items() if key not in new]
    if over and not new:
        over[-1] += "; the site is up"
    lines += over
    more = len(lines) - _MOST_LINES
    return [*lines[:_MOST_LINES], f"{more} more such lines are left out"] if more > 0 else lines


def _is_told(fact: _Fact, old: _Fact | None) -> bool:
    return old is not None and old.state == fact.state


def _key(window: Window, flags: Sequence[Flag]) -> Hashable:
    """What stays the same while an entry of the schedule or a flag is rewritten."""
    period = window.period
    if window.is_flag:
        return path_of(period, flags)
    return ("", period.name) if period.name else (window.start, period.paths, period.read_only)


def _fact(window: Window, flags: Sequence[Flag], zone: tzinfo) -> _Fact:
    period = window.period
    path = path_of(period, flags)
    label = f"flag {path}" if path else period.name or f"the period on line {period.line}"
    what = "read-only" if period.read_only else "down"
    extent = (
        f"the site is {what}" if period.is_whole else f"a part of the site is {what} ({', '.join(period.prefixes)})"
    )
    end = f"until {_local(window.end, zone)}" if is_known(window.end) else "without a known end"
    return _Fact(label, f"{extent}, since {_local(window.began, zone)}, {end}")


def _local(moment: datetime, zone: tzinfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S} {zone_name(local)}"
