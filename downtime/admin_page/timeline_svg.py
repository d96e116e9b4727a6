"""Turns a timeline into the numbers and texts of SVGs, one for each lane, ready for their template."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils.formats import date_format, get_format

from downtime.admin_page import times, wording
from downtime.admin_page.timeline import Bar, Lane, Timeline, View
from downtime.files.flag_file import Flag
from downtime.schedule.periods import Period

_MOST_ROWS = 12
"""How many lanes are shown before the reader asks for the rest."""
# Two pixels of a picture in a window 1280 pixels wide: anything shorter is visible only if it is drawn too long.
_SHORTEST = 2 / 725
# Keeps a tick at the very end inside the picture.
_FARTHEST = 0.998


@dataclass(frozen=True, slots=True)
class SvgMark:
    """A date or time at the top."""

    x: str
    text: str


@dataclass(frozen=True, slots=True)
class SvgBar:
    """A bar as wide as its time, or a tick of one pixel, and the text that appears when the pointer rests on it."""

    x: str
    width: str
    title: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class SvgLane:
    """A period: its name, the address of its row, and the places and texts of its bars."""

    label: str
    href: str
    is_partial: bool
    bars: tuple[SvgBar, ...]
    rest: str
    """The end of the last bar if the period goes on after it; empty if every bar is drawn."""


@dataclass(frozen=True, slots=True)
class TimelineSvg:
    """The whole picture; widths and horizontal places are in per cent, so that it fits any screen."""

    now: str
    marks: tuple[SvgMark, ...]
    months: tuple[SvgMark, ...]
    weekends: tuple[tuple[str, str], ...]
    lanes: tuple[SvgLane, ...]
    more_lanes: tuple[SvgLane, ...]
    """The lanes that are shown only on request."""
    left_out: int

    @property
    def all_lanes(self) -> tuple[SvgLane, ...]:
        """The lanes that are shown at once, and then the others."""
        return (*self.lanes, *self.more_lanes)


def timeline_svg(
    timeline: Timeline, view: View, flags: Sequence[Flag], zone: tzinfo, row_of: Callable[[int], str]
) -> TimelineSvg:
    """The picture of a timeline, with times in `zone`; a flag's path serves as its name.

    `row_of` returns the address of a period's row, by the place of the period in the file."""
    lanes = tuple(_lane(lane, wording.label(lane.period, flags), row_of(lane.rank), zone) for lane in timeline.lanes)
    return TimelineSvg(
        now=_per_cent(timeline.now),
        marks=tuple(SvgMark(_per_cent(x), _mark_text(at.astimezone(zone), view)) for at, x in timeline.marks),
        months=tuple(SvgMark(_per_cent(x), date_format(at.astimezone(zone), "F")) for at, x in timeline.months),
        weekends=tuple((_per_cent(left), _per_cent(width)) for left, width in timeline.weekends),
        lanes=lanes[:_MOST_ROWS],
        more_lanes=lanes[_MOST_ROWS:],
        left_out=timeline.left_out,
    )


def _lane(lane: Lane, label: str, href: str, zone: tzinfo) -> SvgLane:
    period, last = lane.period, lane.bars[-1]
    return SvgLane(
        label=label,
        href=href,
        is_partial=period.read_only or not period.is_whole,
        bars=tuple(_bar(bar, _title(label, bar, period, zone)) for bar in lane.bars),
        rest=_per_cent(last.left + last.width) if lane.goes_on else "",
    )


def _title(label: str, bar: Bar, period: Period, zone: tzinfo) -> str:
    return f"{label}: {times.time_span(bar.start, bar.end, zone)} ({wording.coverage(period)})"


def _bar(bar: Bar, title: str) -> SvgBar:
    width = "1" if bar.width < _SHORTEST else _per_cent(bar.width)
    return SvgBar(_per_cent(min(bar.left, _FARTHEST)), width, title, bar.is_active)


def _per_cent(share: float) -> str:
    return f"{share:.3%}"


def _mark_text(moment: datetime, view: View) -> str:
    if view.hours_apart:
        return date_format(moment, "H:i")
    if view.days_apart == 1:
        return date_format(moment, "D j")
    return date_format(moment, get_format("MONTH_DAY_FORMAT").replace("F", "M"))
