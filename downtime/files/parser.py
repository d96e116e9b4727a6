"""Parses the text of downtime.yml into a schedule and its problems. Whatever the text holds, nothing is raised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from itertools import takewhile
from typing import NamedTuple

from yaml.nodes import Node

from downtime.files import fields, yaml_nodes
from downtime.files.fields import Entry, Problem, Reader
from downtime.schedule import converters, recurrence
from downtime.schedule.periods import ALWAYS, Period, Schedule


@dataclass(frozen=True, slots=True)
class Parsed:
    """The meaning of a text: the schedule of its sound periods, and every problem in the order of the lines."""

    schedule: Schedule = field(default_factory=Schedule)
    problems: tuple[Problem, ...] = ()


class Nodes(NamedTuple):
    """The YAML nodes of a text: the root, None if the text holds nothing, and the mapping of each sound period."""

    root: Node | None
    periods: tuple[Node, ...]


def parse(text: str, zone: tzinfo) -> Parsed:
    """The schedule that the text means; times without an offset or a zone of their own are read in `zone`."""
    return parse_with_nodes(text, zone)[0]


def parse_bytes(content: bytes, zone: tzinfo) -> Parsed:
    """The schedule that the content of a file means; content that is not UTF-8 text is a problem."""
    try:
        return parse(content.decode().removeprefix("\ufeff"), zone)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Parsed(problems=(Problem(line, "it is not UTF-8 text; save it as UTF-8"),))


def parse_with_nodes(text: str, zone: tzinfo) -> tuple[Parsed, Nodes]:
    """The schedule that the text means, and the nodes that it was read from."""
    reader = Reader(text)
    root = _root(reader, text)
    pairs = _named_once(reader, _periods(reader, root, zone)) if root is not None else []
    parsed = Parsed(Schedule(tuple(period for _, period in pairs)), reader.problems_by_line())
    return parsed, Nodes(root, tuple(node for node, _ in pairs))


def _root(reader: Reader, text: str) -> Node | None:
    try:
        root = yaml_nodes.compose(text)
    except yaml_nodes.NotYaml as error:
        reader.add_problem(error.line, error.message)
        return None
    return None if root is None or yaml_nodes.is_empty(root) else root


def _periods(reader: Reader, root: Node, zone: tzinfo | None) -> list[tuple[Node, Period]]:
    entries = reader.entries(root, "the schedule", ("timezone", "periods"))
    zone = reader.zone(entries, zone)
    if "periods" not in entries or yaml_nodes.is_empty(entries["periods"].node):
        return []
    nodes = reader.value(entries["periods"], yaml_nodes.items, "periods") or ()
    pairs = ((node, _period(reader, node, zone)) for node in takewhile(lambda _: not reader.is_full, nodes))
    return [(node, period) for node, period in pairs if period is not None]


def _period(reader: Reader, node: Node, zone: tzinfo | None) -> Period | None:
    """The period; None if it adds a problem to those of the reader."""
    problems_before = len(reader.problems)
    entries = reader.entries(node, "a period", fields.KEYS)
    values = reader.values(entries)
    zone = reader.zone(entries, zone)
    start, recurrence = ALWAYS, None
    if "start" in entries:
        start = reader.value(entries["start"], fields.moment_converter(zone, fold=0), "start") or ALWAYS
    if "cron" in entries:
        recurrence = _recurrence(reader, entries, zone)
        del entries["cron"]
        entries.pop("duration", None)
    elif "start" not in entries and len(reader.problems) == problems_before:
        reader.add_problem(yaml_nodes.line_of(node), "a period needs a start, or cron with a duration")
    end = reader.end(entries, zone, start)
    if len(reader.problems) > problems_before:
        return None
    return Period(start, end, recurrence=recurrence, line=yaml_nodes.line_of(node), zone=zone, **values)


def _recurrence(reader: Reader, entries: Mapping[str, Entry], zone: tzinfo | None) -> recurrence.Recurrence | None:
    cron: str | None = reader.value(entries["cron"], fields.convert_cron, "cron")
    if "duration" not in entries:
        reader.add_problem(entries["cron"].line, "a period with cron needs a duration, such as 45m")
        return None
    duration: timedelta | None = reader.value(entries["duration"], fields.convert_duration, "duration")
    if cron is None or duration is None or zone is None:
        return None
    return recurrence.Recurrence(cron, zone, duration)


def _named_once(reader: Reader, pairs: list[tuple[Node, Period]]) -> list[tuple[Node, Period]]:
    """The pairs, without those whose name an earlier period has, which is a problem."""
    first: dict[str, Period] = {}
    for _, period in pairs:
        namesake = first.setdefault(period.name, period)
        if period.name and namesake is not period:
            message = f"the name {converters.shown(period.name)} is taken by the period on line {namesake.line}"
            reader.add_problem(period.line, message)
    return [(node, period) for node, period in pairs if not period.name or first[period.name] is period]
