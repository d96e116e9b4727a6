"""Reads YAML nodes into the fields of a period, and collects the problems with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple, TypeVar

from yaml.nodes import Node

from downtime.files import yaml_nodes
from downtime.files.harmless import one_line
from downtime.files.key_spelling import nearest
from downtime.schedule import converters, recurrence
from downtime.schedule.periods import ALWAYS, NEVER

T = TypeVar("T")
_MOST_PROBLEMS = 20
# Reading stops at this many problems, so that a stray file costs no more than a schedule.
_MOST_READ = 100


def first_problems(problems: Sequence[T]) -> tuple[Sequence[T], int]:
    """As many of the problems as a person wants to see at once, and how many more there are."""
    return problems[:_MOST_PROBLEMS], max(len(problems) - _MOST_PROBLEMS, 0)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file that can't be used: the line, what was found on it, and what it must be."""

    line: int
    message: str

    def located(self, path: str) -> str:
        """The problem as one harmless line that people and editors can follow: file:line: message."""
        return one_line(f"{path}:{self.line}: {self.message}")


class Entry(NamedTuple):
    """An entry of a mapping: the line of its key, and the node of its value."""

    line: int
    node: Node


class Reader:
    """Converts the nodes of a text into values, and collects the problems in `problems` on the way."""

    def __init__(self, text: str) -> None:
        self.problems: list[Problem] = []
        """At most one more than `_MOST_READ`; the last one then stands for those that are not kept."""
        # What an alias stands for is read again at each use. This limit keeps the cost linear.
        self._left = len(text) // 3 + 2_000
        self._has_anchors = yaml_nodes.has_anchors(text)

    @property
    def is_full(self) -> bool:
        """Whether so many problems were found that reading stops."""
        return len(self.problems) > _MOST_READ

    def add_problem(self, line: int, message: str) -> None:
        """Adds the problem, unless reading has stopped."""
        if not self.is_full:
            self.problems.append(Problem(line, message))

    def problems_by_line(self) -> tuple[Problem, ...]:
        """The problems so far, in the order of the lines; if there are too many, the last one says so."""
        problems = sorted(self.problems[:_MOST_READ], key=lambda problem: problem.line)
        if self.is_full:
            line = max(problems[-1].line, self.problems[-1].line)
            problems.append(Problem(line, f"there are more problems than these {_MOST_READ}; reading stopped here"))
        return tuple(problems)

    def entries(self, node: Node, what: str, allowed: tuple[str, ...]) -> dict[str, Entry]:
        """The entries of a mapping by key; a key that is not allowed, or that appears twice, is a problem."""
        entries: dict[str, Entry] = {}
        for key_node, value in self.value(Entry(yaml_nodes.line_of(node), node), yaml_nodes.pairs, what) or ():
            if self.is_full:
                break
            line, key = yaml_nodes.line_of(key_node), getattr(key_node, "value", "")
            if not isinstance(key, str) or key not in allowed:
                near = None if key in KEYS else nearest(key, allowed)  # not if it is a key of another mapping
                hint = f"did you mean {near}?" if near else f"the keys are {', '.join(allowed)}"
                self.add_problem(line, f"{yaml_nodes.describe(key_node)} is not a key of {what}; {hint}")
            elif key in entries:
                message = f"the key {key} appears twice, first on line {entries[key].line}; remove one of them"
                self.add_problem(line, message)
            else:
                entries[key] = Entry(line, value)
        return entries

    def value(self, entry: Entry, convert: Callable[[Node], Any], key: str) -> Any:
        """The converted value; None and a problem if it can't be converted."""
        if self._has_anchors and self._left > 0:
            self._left -= yaml_nodes.size(entry.node)
        if self._left <= 0:
            message = f"{key} is too long to read, as aliases repeat so much of the file; write it without aliases"
            self.add_problem(entry.line, message)
            return None
        try:
            return convert(entry.node)
        except ValueError as error:
            self.add_problem(entry.line, f"{key} is {yaml_nodes.describe(entry.node)}; {error}")
            return None

    def values(self, entries: Mapping[str, Entry]) -> dict[str, Any]:
        """The values of the keys that can be read without another key; one with a problem is left out."""
        values = {key: self.value(entries[key], _CONVERTERS[key], key) for key in entries if key in _CONVERTERS}
        return {key: value for key, value in values.items() if value is not None}

    def zone(self, entries: Mapping[str, Entry], default: tzinfo | None) -> tzinfo | None:
        """The time zone that the mapping names, or the default; None and a problem if there is no such zone."""
        if "timezone" not in entries:
            return default
        zone: tzinfo | None = self.value(entries["timezone"], _convert_zone, "timezone")
        return zone

    def end(
        self, entries: Mapping[str, Entry], zone: tzinfo | None, start: datetime, *, after: str = "the start"
    ) -> datetime:
        """The end that `end` or `duration` sets; NEVER without them, or with a problem. `after` names the start."""
        if "end" in entries and "duration" in entries:
            message = "both end and duration are given; give only one of them"
            self.add_problem(entries["duration"].line, message)
        elif "duration" in entries:
            duration: timedelta | None = self.value(entries["duration"], convert_duration, "duration")
            return start + duration if duration and start != ALWAYS else NEVER
        elif "end" in entries:
            end: datetime | None = self.value(entries["end"], moment_converter(zone, fold=1), "end")
            if end is None or end > start:
                return end or NEVER
            message = f"end is {yaml_nodes.describe(entries['end'].node)}; it must be a time after {after}"
            self.add_problem(entries["end"].line, message)
        return NEVER


def moment_converter(zone: tzinfo | None, *, fold: int) -> Callable[[Node], datetime]:
    """Returns a function that converts a node into a moment; `zone` and `fold` as in converters.moment."""
    return lambda node: converters.moment(yaml_nodes.text(node), zone, fold=fold)


def convert_duration(node: Node) -> timedelta:
    """The length of time that the node stands for; raises ValueError."""
    return converters.duration(yaml_nodes.text(node))


def convert_cron(node: Node) -> str:
    """The cron expression in the node; raises ValueError if it never occurs."""
    expression = yaml_nodes.text(node)
    recurrence.check_expression(expression)
    return expression


def _convert_zone(node: Node) -> tzinfo:
    return converters.zone(yaml_nodes.text(node))


def _paths(node: Node) -> tuple[str, ...]:
    try:
        items = yaml_nodes.items(node)
    except ValueError as error:
        raise ValueError(f"{error} of path prefixes, such as [/search, /catalogue]") from error
    if not items:
        raise ValueError("name at least one path prefix, or leave the key out to cover the whole site")
    return tuple(map(_prefix, items))


def _prefix(item: Node) -> str:
    try:
        return converters.prefix(yaml_nodes.text(item))
    except ValueError as error:
        raise ValueError(f"one of its entries is {yaml_nodes.describe(item)}; {error}") from error


_CONVERTERS: dict[str, Callable[[Node], Any]] = {
    "name": lambda node: converters.name(yaml_nodes.text(node)),
    "enabled": yaml_nodes.truth,
    "message": lambda node: yaml_nodes.text(node).strip(),
    "redirect": lambda node: converters.url(yaml_nodes.text(node)),
    "retry_after": lambda node: converters.seconds(yaml_nodes.text(node)),
    "read_only": yaml_nodes.truth,
    "paths": _paths,
}
KEYS = ("name", "start", "end", "duration", "cron", "timezone", *(key for key in _CONVERTERS if key != "name"))
