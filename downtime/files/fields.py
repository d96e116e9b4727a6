"""What values do these nodes hold, and what is wrong with them?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from difflib import get_close_matches
from typing import Any, NamedTuple

from yaml.nodes import Node

from downtime.files import yaml_nodes
from downtime.schedule import converters, recurrence
from downtime.schedule.periods import ALWAYS, NEVER

# A hint takes a tenth of a millisecond to find.
_MOST_HINTS = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file that can't be taken over: what was found on that line, and what is allowed."""

    line: int
    message: str

    def located(self, path: str) -> str:
        """The problem as a line that editors and people can follow: file:line: message."""
        return f"{path}:{self.line}: {self.message}"


class Found(NamedTuple):
    """A value in a mapping, and the line of its key."""

    line: int
    node: Node


class Reader:
    """Reads nodes into values, and collects the problems on the way."""

    def __init__(self, source: str) -> None:
        self.problems: list[Problem] = []
        # What an alias stands for is read at each use. So that the cost stays linear, this much is read and no more.
        self._left = 2 * len(source) + 10_000
        self._has_anchors = "&" in source

    def problems_by_line(self) -> tuple[Problem, ...]:
        """The problems so far, in the order of the lines."""
        return tuple(sorted(self.problems, key=lambda problem: problem.line))

    def keys(self, node: Node, what: str, allowed: tuple[str, ...]) -> dict[str, Found]:
        """The values of a mapping by key; a key that is not allowed, or there before, is a problem."""
        found: dict[str, Found] = {}
        for key_node, value in self.value(Found(yaml_nodes.line_of(node), node), yaml_nodes.pairs, what) or ():
            line, key = yaml_nodes.line_of(key_node), getattr(key_node, "value", "")
            if not isinstance(key, str) or key not in allowed:
                near = _nearest(key, allowed) if len(self.problems) < _MOST_HINTS else None
                hint = f"did you mean {near}?" if near else f"the keys are {', '.join(allowed)}"
                self.problems.append(Problem(line, f"{yaml_nodes.found(key_node)} is not a key of {what}; {hint}"))
            elif key in found:
                message = f"the key {key} is there twice, first on line {found[key].line}; remove one of them"
                self.problems.append(Problem(line, message))
            else:
                found[key] = Found(line, value)
        return found

    def value(self, found: Found, convert: Callable[[Node], Any], key: str) -> Any:
        """The converted value, or None and a problem."""
        if self._has_anchors and self._left > 0:
            self._left -= yaml_nodes.size(found.node)
        if self._left <= 0:
            message = f"{key} is too much to read, as aliases repeat so much of the file; write it out"
            self.problems.append(Problem(found.line, message))
            return None
        try:
            return convert(found.node)
        except ValueError as error:
            self.problems.append(Problem(found.line, f"{key} is {yaml_nodes.found(found.node)}; {error}"))
            return None

    def plain(self, found: Mapping[str, Found]) -> dict[str, Any]:
        """Those fields of a period that need no other to be read."""
        read = {key: self.value(found[key], _PLAIN[key], key) for key in found if key in _PLAIN}
        return {key: value for key, value in read.items() if value is not None}

    def zone(self, found: Mapping[str, Found], default: tzinfo | None) -> tzinfo | None:
        """The time zone that the mapping names, or the default; None and a problem where there is no such zone."""
        if "timezone" not in found:
            return default
        zone: tzinfo | None = self.value(found["timezone"], lambda n: converters.zone(yaml_nodes.text(n)), "timezone")
        return zone

    def end(self, found: Mapping[str, Found], zone: tzinfo | None, start: datetime) -> datetime:
        """The end that `end` or `duration` sets, NEVER without them or with a problem."""
        if "end" in found and "duration" in found:
            message = "both end and duration are given; give only one of them"
            self.problems.append(Problem(found["duration"].line, message))
        elif "duration" in found:
            length: timedelta | None = self.value(found["duration"], duration, "duration")
            return start + length if length and start != ALWAYS else NEVER
        elif "end" in found:
            end: datetime | None = self.value(found["end"], moment(zone, fold=1), "end")
            if end is None or end > start:
                return end or NEVER
            message = f"end is {yaml_nodes.found(found['end'].node)}; it must be a time after the start"
            self.problems.append(Problem(found["end"].line, message))
        return NEVER


def _nearest(key: object, allowed: tuple[str, ...]) -> str | None:
    """The allowed key that was meant, if that is plain; None for a key of another place."""
    if not isinstance(key, str) or key in KEYS:
        return None
    return next(iter(get_close_matches(key[:40], allowed, n=1)), None)


def moment(zone: tzinfo | None, *, fold: int) -> Callable[[Node], datetime]:
    """Converts a node into a moment; see values.moment."""
    return lambda node: converters.moment(yaml_nodes.text(node), zone, fold=fold)


def duration(node: Node) -> timedelta:
    """Converts a node into a length of time."""
    return converters.duration(yaml_nodes.text(node))


def cron(node: Node) -> str:
    """Converts a node into a cron expression that occurs at some time."""
    expression = yaml_nodes.text(node)
    recurrence.check_expression(expression)
    return expression


def _paths(node: Node) -> tuple[str, ...]:
    prefixes = tuple(converters.prefix(yaml_nodes.text(item)) for item in yaml_nodes.items(node))
    if not prefixes:
        raise ValueError("name at least one path prefix, or leave the key out to cover the whole site")
    return prefixes


_PLAIN: dict[str, Callable[[Node], Any]] = {
    "name": lambda node: converters.name(yaml_nodes.text(node)),
    "enabled": yaml_nodes.truth,
    "message": lambda node: yaml_nodes.text(node).strip(),
    "redirect": lambda node: converters.url(yaml_nodes.text(node)),
    "retry_after": lambda node: converters.seconds(yaml_nodes.text(node)),
    "read_only": yaml_nodes.truth,
    "paths": _paths,
}
KEYS = ("name", "start", "end", "duration", "cron", "timezone", *list(_PLAIN)[1:])
