"""Parses the text of downtime.yml into a schedule and its problems. Whatever the text holds, nothing is raised."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from itertools import takewhile
from typing import Any, NamedTuple

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


Pause = Callable[[], object]
"""Called at each period, if other threads must not wait for the reader."""

_ROOT = "the schedule", ("timezone", "periods")


def never_pause() -> None:
    """The Pause of a reader that nobody waits for."""


def parse(text: str, zone: tzinfo, *, pause: Pause = never_pause) -> Parsed:
    """The schedule that the text means; times without an offset or a zone of their own are read in `zone`."""
    ahead = _Ahead(text, zone, pause)
    parsed, nodes = _parse(text, zone, pause, ahead)
    if ahead.was_misled(nodes.root):
        parsed, _ = _parse(text, zone, pause)
    return parsed


def parse_bytes(content: bytes, zone: tzinfo, *, pause: Pause = never_pause) -> Parsed:
    """The schedule that the content of a file means; content that is not UTF-8 text is a problem."""
    try:
        return parse(content.decode().removeprefix("\ufeff"), zone, pause=pause)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Parsed(problems=(Problem(line, "it is not UTF-8 text; save it as UTF-8"),))


def parse_with_nodes(text: str, zone: tzinfo) -> tuple[Parsed, Nodes]:
    """The schedule that the text means, and the nodes that it was read from."""
    return _parse(text, zone)


class _Ahead:
    """Reads each sound period as soon as its node is complete, so the nodes of all periods are never held at once.

    Then the garbage collector has nothing to look through, which saves half of the time (measured). Everything else is
    read once the root is complete, so the result is the same."""

    def __init__(self, text: str, zone: tzinfo, pause: Pause) -> None:
        self._reader = Reader(text)
        self._has_anchors = yaml_nodes.has_anchors(text)  # then a node may be needed again
        self._default = zone
        self._zone: tzinfo | None = None
        self._pause = pause
        self._has_begun = False

    def __call__(self, root: Node, item: Node) -> Node | Period:
        """The period that the item of the root's list means, or the item itself."""
        self._pause()
        if self._has_anchors or self._reader.is_full:
            return item
        if not self._has_begun:
            self._has_begun, self._zone = True, self._zone_of(root)
        return _period(self._reader, item, self._zone) or item

    def was_misled(self, root: Node | None) -> bool:
        """Whether the root turned out to name another time zone, after what was read ahead."""
        return self._has_begun and root is not None and self._zone_of(root) != self._zone

    def _zone_of(self, root: Node) -> tzinfo | None:
        reader = Reader("")
        return reader.zone(reader.entries(root, *_ROOT), self._default)


def _parse(text: str, zone: tzinfo, pause: Pause = never_pause, ahead: _Ahead | None = None) -> tuple[Parsed, Nodes]:
    """What the text means, and its nodes; with `ahead`, periods replace the nodes that were read ahead."""
    reader, periods, nodes = Reader(text), [], []
    root = _root(reader, text, ahead)
    for node, period in _periods(reader, root, zone, pause) if root is not None else ():
        nodes.append(node)
        periods.append(period)
    return Parsed(Schedule(tuple(periods)), reader.problems_by_line()), Nodes(root, tuple(nodes))


def _root(reader: Reader, text: str, ahead: _Ahead | None) -> Node | None:
    try:
        root = yaml_nodes.compose(text, on_item=ahead)
    except yaml_nodes.NotYaml as error:
        reader.add_problem(error.line, error.message)
        return None
    return None if root is None or yaml_nodes.is_empty(root) else root


def _periods(reader: Reader, root: Node, zone: tzinfo | None, pause: Pause) -> Iterator[tuple[Node, Period]]:
    """Each sound period whose name no earlier one has, and its node."""
    entries = reader.entries(root, *_ROOT)
    zone = reader.zone(entries, zone)
    if "periods" not in entries or yaml_nodes.is_empty(entries["periods"].node):
        return
    first: dict[str, Period] = {}
    nodes: Sequence[Any] = reader.value(entries["periods"], yaml_nodes.items, "periods") or ()
    for node in takewhile(lambda _: not reader.is_full, nodes):
        pause()
        period = node if isinstance(node, Period) else _period(reader, node, zone)
        if period is not None and _is_named_once(reader, period, first):
            yield node, period


def _period(reader: Reader, node: Node, zone: tzinfo | None) -> Period | None:
    """The period; None if reading it adds a problem."""
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


def _is_named_once(reader: Reader, period: Period, first: dict[str, Period]) -> bool:
    """Whether no earlier period has its name; adds a problem if one has, otherwise adds it to `first`."""
    namesake = first.setdefault(period.name, period) if period.name else period
    if namesake is not period:
        name = converters.shown(period.name)
        message = f"the name {name} is taken by the period on line {namesake.line}; choose another"
        reader.add_problem(period.line, message)
    return namesake is period
