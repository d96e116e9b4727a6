"""Turns a timeline into the numbers and texts of an SVG, ready for its template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils.formats import date_format, get_format

from downtime.admin_page import wording
from downtime.admin_page.timeline import Bar, Lane, Timeline, View
from downtime.files.flag_file import Flag

# In pixels.
_TOP, _LANE, _LABEL, _BAR = 28, 40, 16, 14
_LEAST_WIDTH = 0.004  # so that the shortest can be seen and pointed at


@dataclass(frozen=True, slots=True)
class SvgMark:
    """A date or time at the top."""

    x: str
    text: str


@dataclass(frozen=True, slots=True)
class SvgBar:
    """A bar, and the text that appears if the pointer rests on it."""

    x: str
    width: str
    title: str


@dataclass(frozen=True, slots=True)
class SvgLane:
    """A period: the places and texts of its label and its bars."""

    label: str
    label_y: int
    bar_y: int
    is_partial: bool
    bars: tuple[SvgBar, ...]
    rest: str
    """The end of the last bar if the period goes on after it; empty if every bar is drawn."""
    rest_y: int


@dataclass(frozen=True, slots=True)
class TimelineSvg:
    """The whole picture; widths and horizontal places are in per cent, so that it fits any screen."""

    height: int
    bar_height: int
    now: str
    marks: tuple[SvgMark, ...]
    lanes: tuple[SvgLane, ...]
    left_out: int


def timeline_svg(timeline: Timeline, view: View, flags: Sequence[Flag], zone: tzinfo) -> TimelineSvg:
    """The picture of a timeline, with its times in `zone`; a flag is called by its path."""
    lanes = tuple(
        _lane(lane, wording.label(lane.period, flags), _TOP + number * _LANE, zone)
        for number, lane in enumerate(timeline.lanes)
    )
    marks = tuple(SvgMark(_per_cent(x), _mark_text(moment.astimezone(zone), view)) for moment, x in timeline.marks)
    return TimelineSvg(_TOP + len(lanes) * _LANE, _BAR, _per_cent(timeline.now), marks, lanes, timeline.left_out)


def _lane(lane: Lane, label: str, y: int, zone: tzinfo) -> SvgLane:
    period, last = lane.period, lane.bars[-1]
    coverage = wording.coverage(period)
    bars = tuple(_bar(bar, f"{label}: {wording.time_span(bar.start, bar.end, zone)} ({coverage})") for bar in lane.bars)
    return SvgLane(
        label=label,
        label_y=y + _LABEL - 4,
        bar_y=y + _LABEL,
        is_partial=period.read_only or not period.is_whole,
        bars=bars,
        rest=_per_cent(last.left + last.width) if lane.goes_on else "",
        rest_y=y + _LABEL + _BAR // 2,
    )


def _bar(bar: Bar, title: str) -> SvgBar:
    width = max(bar.width, _LEAST_WIDTH)
    return SvgBar(_per_cent(min(bar.left, 1 - width)), _per_cent(width), title)


def _per_cent(share: float) -> str:
    return f"{share:.3%}"


def _mark_text(moment: datetime, view: View) -> str:
    if view.hours_apart:
        return date_format(moment, "H:i")
    if view.days_apart == 1:
        return date_format(moment, "D j")
    return date_format(moment, get_format("MONTH_DAY_FORMAT").replace("F", "M"))
