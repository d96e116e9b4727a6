"""Words what began, changed or ended between two answers, in one log line each."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime, tzinfo

from downtime.files.flag_file import Flag, path_of
from downtime.reload import memory_flags
from downtime.schedule.occurrence import rounded_up, zone_name
from downtime.schedule.periods import Answer, Window, is_known
from downtime.schedule.site_status import names_of

_MOST_LINES = 20


def transitions(before: tuple[Answer, Sequence[Flag]], after: tuple[Answer, Sequence[Flag]], zone: tzinfo) -> list[str]:
    """The lines that say what differs between two answers, each given with its flags; times are in `zone`.

    Flags in memory are left out: whoever runs tests knows of them."""
    old, new = _by_key(*before), _by_key(*after)
    begun = [window for key, window in new.items() if not _is_told(window, old.get(key))]
    over = [window for key, window in old.items() if key not in new]
    lines = [f"{_state(window, zone)}, because of {_label(window, after[1])}" for window in begun[:_MOST_LINES]]
    lines += [f"{_label(window, before[1])} is over" for window in over[: _MOST_LINES - len(lines)]]
    if more := len(begun) + len(over) - len(lines):
        lines.append(f"{more} more such lines are left out")
    if over and not after[0].active:
        lines[-1] += "; the site is up"
    return lines


def _by_key(answer: Answer, flags: Sequence[Flag]) -> dict[Hashable, Window]:
    windows = {_key(window, flags): window for window in answer.active}
    windows.pop(memory_flags.NAME, None)
    return windows


def _key(window: Window, flags: Sequence[Flag]) -> Hashable:
    """What stays the same if an entry of the schedule or a flag is rewritten."""
    period = window.period
    if window.is_flag:
        return path_of(period, flags)
    return ("", period.name) if period.name else (window.start, period.paths, period.read_only)


def _is_told(window: Window, old: Window | None) -> bool:
    return old is window or (old is not None and _facts(old) == _facts(window))


def _facts(window: Window) -> tuple[object, ...]:
    """What a line says about the window, as plain values: wording it takes much longer."""
    period = window.period
    paths = () if period.is_whole else period.paths
    return period.read_only, paths, window.began.replace(microsecond=0), rounded_up(window.end)


def _state(window: Window, zone: tzinfo) -> str:
    period = window.period
    what = "read-only" if period.read_only else "down"
    extent = f"the site is {what}" if period.is_whole else f"a part of the site is {what} ({names_of(period.prefixes)})"
    end = f"until {_local(rounded_up(window.end), zone)}" if is_known(window.end) else "without a known end"
    return f"{extent}, since {_local(window.began, zone)}, {end}"


def _label(window: Window, flags: Sequence[Flag]) -> str:
    period = window.period
    path = path_of(period, flags)
    return f"flag {path}" if path else period.name or f"the period on line {period.line}"


def _local(moment: datetime, zone: tzinfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S} {zone_name(local)}"
