"""What has every edit of the text to keep? Every byte outside the edited place, and what all other periods mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import NamedTuple

from yaml.nodes import Node

from downtime.edits import spans
from downtime.files import yaml_nodes
from downtime.files.fields import Problem
from downtime.files.parser import parse, parse_with_nodes
from downtime.schedule import converters
from downtime.schedule.periods import Schedule

_UNSAFE = "it can't be edited safely here, as the result would not mean what was asked; change it by hand"


class CannotEdit(Exception):
    """The text can't be edited safely; the message says why, `problems` what is wrong with it already."""

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class ScheduleText:
    """A text without a problem: its schedule, the node of each period, the root, and the zone of its times."""

    text: str
    schedule: Schedule
    nodes: tuple[Node, ...]
    root: Node | None
    zone: tzinfo


class Splice(NamedTuple):
    """Puts `text` in the place of what stands from `start` up to `end`."""

    start: int
    end: int
    text: str


def opened(text: str, zone: tzinfo) -> ScheduleText:
    """The text, ready to be edited; raises CannotEdit where it has problems already."""
    parsed, nodes = parse_with_nodes(text, zone)
    if parsed.problems:
        raise CannotEdit("it has problems already; correct these first", parsed.problems)
    root = yaml_nodes.compose(text)
    return ScheduleText(text, parsed.schedule, nodes, root, zone_of(root, zone))


def zone_of(mapping: Node | None, default: tzinfo) -> tzinfo:
    """The zone that the mapping, which has no problem, names, or the default."""
    pairs = yaml_nodes.pairs(mapping) if mapping is not None and not yaml_nodes.is_empty(mapping) else []
    return next((converters.zone(value.value) for key, value in pairs if key.value == "timezone"), default)


def written(moment: datetime, zone: tzinfo, *, fold: int, model: str = "") -> str:
    """The moment as the file writes times: local where the model has no offset and that is unambiguous."""
    local = moment.astimezone(zone)
    separator = "T" if "T" in model else " "
    text = local.replace(tzinfo=None).isoformat(separator, "seconds")
    if model.endswith(("Z", "z")) or "+" in model or model.count("-") > 2:
        return local.isoformat(separator, "seconds")
    return text if converters.moment(text, zone, fold=fold) == moment else local.isoformat(separator, "seconds")


def line_break(text: str, index: int) -> str:
    """The line break that a new line at `index` needs: that of the line before, or else of the text."""
    before = text[spans.line_start(text, max(index - 1, 0)) : index]
    return "\r\n" if "\r\n" in (before if "\n" in before else text) else "\n"


def insert_lines(text: str, index: int, lines: Sequence[str]) -> Splice:
    """Adds the lines where one begins, or behind the text; a last line without a line break stays one.

    Raises CannotEdit where carriage returns alone end the lines."""
    if text.endswith("\r"):
        raise CannotEdit(_UNSAFE)
    end = line_break(text, index)
    if index == len(text) and index and not text.endswith("\n"):
        return Splice(index, index, "".join(end + line for line in lines))
    return Splice(index, index, "".join(line + end for line in lines))


def delete_lines(text: str, start: int, end: int) -> Splice:
    """Takes the lines out, which undoes `insert_lines`."""
    if end == len(text) and not text.endswith("\n"):
        start -= len(line_break(text, start)) if start else 0
    return Splice(start, end, "")


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """The text with all of the splices, which do not overlap."""
    for splice in sorted(set(splices), reverse=True):
        text = text[: splice.start] + splice.text + text[splice.end :]
    return text


def checked(text: str, schedule: Schedule, zone: tzinfo) -> str:
    """The text, if it means exactly that schedule; else raises CannotEdit."""
    parsed = parse(text, zone)
    if parsed.problems or parsed.schedule != schedule:
        raise CannotEdit(_UNSAFE)
    return text
