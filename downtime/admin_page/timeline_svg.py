"""What does the picture of the coming days consist of? Numbers and texts, ready for the SVG template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils.formats import date_format, get_format

from downtime.admin_page import wording
from downtime.admin_page.timeline import Bar, Line, Timeline, View
from downtime.files.flag_file import Flag

# In pixels.
_TOP, _ROW, _LABEL, _BAR = 28, 40, 16, 14
_LEAST_WIDTH = 0.004  # so that the shortest can be seen and pointed at


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment at the top."""

    x: str
    text: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A bar, and the text that is shown where the pointer rests on it."""

    x: str
    width: str
    title: str


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A period: where its label and its bars lie, and what they say."""

    name: str
    label_y: int
    bar_y: int
    is_partial: bool
    shapes: tuple[Shape, ...]
    rest: str
    """Where the bars end although the period goes on; nothing where all are drawn."""
    rest_y: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """The whole picture; widths and places along it are in per cent, so that it fits any screen."""

    height: int
    bar: int
    now: str
    marks: tuple[Mark, ...]
    lines: tuple[DrawnLine, ...]
    left_out: int


def drawing(timeline: Timeline, view: View, flags: list[Flag], zone: tzinfo) -> Drawing:
    """The picture of a timeline, with its times in `zone`; a flag is called by its path."""
    lines = tuple(
        _line(line, wording.name(line.period, flags), _TOP + number * _ROW, zone)
        for number, line in enumerate(timeline.lines)
    )
    marks = tuple(Mark(_per_cent(x), _mark(moment.astimezone(zone), view)) for moment, x in timeline.marks)
    return Drawing(_TOP + len(lines) * _ROW, _BAR, _per_cent(timeline.now), marks, lines, timeline.left_out)


def _line(line: Line, name: str, y: int, zone: tzinfo) -> DrawnLine:
    period = line.period
    covers = wording.covers(period)
    shapes = tuple(_shape(bar, f"{name}: {wording.stretch(bar.start, bar.end, zone)} ({covers})") for bar in line.bars)
    last = line.bars[-1]
    return DrawnLine(
        name=name,
        label_y=y + _LABEL - 4,
        bar_y=y + _LABEL,
        is_partial=period.read_only or not period.is_whole,
        shapes=shapes,
        rest=_per_cent(last.left + last.width) if line.goes_on else "",
        rest_y=y + _LABEL + _BAR // 2,
    )


def _shape(bar: Bar, title: str) -> Shape:
    width = max(bar.width, _LEAST_WIDTH)
    return Shape(_per_cent(min(bar.left, 1 - width)), _per_cent(width), title)


def _per_cent(share: float) -> str:
    return f"{share:.3%}"


def _mark(moment: datetime, view: View) -> str:
    if view.hours_apart:
        return date_format(moment, "H:i")
    if view.days_apart == 1:
        return date_format(moment, "D j")
    return date_format(moment, get_format("MONTH_DAY_FORMAT").replace("F", "M"))
