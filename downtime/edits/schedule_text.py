"""Splices the text of a schedule, and proves that the result means what was asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import NamedTuple

from yaml.nodes import Node

from downtime.edits import spans
from downtime.files import yaml_nodes
from downtime.files.fields import Problem
from downtime.files.parser import Nodes, parse, parse_with_nodes
from downtime.schedule import converters
from downtime.schedule.periods import Schedule

_UNSAFE = "it can't be edited safely here, as the result would not mean what was asked; change it by hand"


class CannotEdit(Exception):
    """The text can't be edited safely; the message says why, and `problems` are those that it already has."""

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class Splice(NamedTuple):
    """Replaces the characters from `start` up to `end` with `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class ScheduleText:
    """The text of a schedule without a problem: what it means, its nodes, and the zone of times that name none."""

    text: str
    schedule: Schedule
    nodes: Nodes
    default_zone: tzinfo

    @property
    def zone(self) -> tzinfo:
        """The time zone that the text names for all of its periods, or the default."""
        return zone_of(self.nodes.root, self.default_zone)

    def with_splices(self, splices: Iterable[Splice], *, meaning: Schedule) -> str:
        """The text with those splices; raises CannotEdit unless it means exactly that schedule."""
        text = spliced(self.text, splices)
        parsed = parse(text, self.default_zone)
        if parsed.problems or parsed.schedule != meaning:
            raise CannotEdit(_UNSAFE)
        return text


def open_text(text: str, zone: tzinfo) -> ScheduleText:
    """The text, parsed so that it can be edited; raises CannotEdit if it already has problems."""
    parsed, nodes = parse_with_nodes(text, zone)
    if parsed.problems:
        raise CannotEdit("it already has problems; correct them first", parsed.problems)
    return ScheduleText(text, parsed.schedule, nodes, zone)


def zone_of(mapping: Node | None, default: tzinfo) -> tzinfo:
    """The time zone that a mapping without a problem names, or the default."""
    pairs = yaml_nodes.pairs(mapping) if mapping is not None else []
    return next((converters.zone(value.value) for key, value in pairs if key.value == "timezone"), default)


def format_moment(moment: datetime, zone: tzinfo, *, fold: int, model: str = "") -> str:
    """The moment as the file writes times: local if the model has no offset and the local time is unambiguous."""
    local = moment.astimezone(zone)
    separator = "T" if "T" in model else " "
    text, with_offset = local.replace(tzinfo=None).isoformat(separator), local.isoformat(separator)
    if model.endswith(("Z", "z")) or "+" in model or model.count("-") > 2:
        return with_offset
    return text if converters.moment(text, zone, fold=fold) == moment else with_offset


def line_break(text: str, index: int) -> str:
    """The line break that a new line at `index` needs: that of the line before, or of the text if there is none."""
    before = text[spans.line_start(text, max(index - 1, 0)) : index]
    return "\r\n" if "\r\n" in (before if "\n" in before else text) else "\n"


def insert_lines(text: str, index: int, lines: Sequence[str]) -> Splice:
    """The splice that adds lines at the start of a line, or at the end of the text.

    A text without a final line break stays without one. Raises CannotEdit if lines end in carriage returns alone."""
    if text.endswith("\r"):
        raise CannotEdit(_UNSAFE)
    end = line_break(text, index)
    if index == len(text) and index and not text.endswith("\n"):
        return Splice(index, index, "".join(end + line for line in lines))
    return Splice(index, index, "".join(line + end for line in lines))


def delete_lines(text: str, start: int, end: int) -> Splice:
    """The splice that takes out the lines from `start` up to `end`; undoes `insert_lines`."""
    if end == len(text) and not text.endswith("\n"):
        start -= len(line_break(text, start)) if start else 0
    return Splice(start, end, "")


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """The text with all of the splices, which must not overlap."""
    for splice in sorted(set(splices), reverse=True):
        text = text[: splice.start] + splice.text + text[splice.end :]
    return text
