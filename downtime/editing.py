"""How is the text to read, so that it means what was asked? Every byte outside the edited place stays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from yaml.nodes import MappingNode, Node, ScalarNode

from downtime import documents, values
from downtime.parsing import parse, parse_with_nodes
from downtime.reading import Problem
from downtime.schedule import Period, Window

_SECOND = timedelta(seconds=1)


class CannotEdit(Exception):
    """The text can't be edited safely; the message says why, `problems` what is wrong with it already."""

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Edited:
    """The new text, and the windows that the edit ended."""

    text: str
    ended: tuple[Window, ...] = ()


class Splice(NamedTuple):
    """Puts `text` in the place of what stands from `start` up to `end`."""

    start: int
    end: int
    text: str


def end_active(source: str, zone: tzinfo, now: datetime) -> Edited:
    """Ends every period that is active at `now`, of a recurring one only the occurrence; raises CannotEdit.

    Times are whole seconds: a period that is younger than one ends at its first."""
    parsed, nodes = parse_with_nodes(source, zone)
    if parsed.problems:
        raise CannotEdit("it has problems already; correct these first", parsed.problems)
    windows = parsed.schedule.at(now).active
    file_zone = _zone_of(documents.compose(source), zone)
    periods, splices = list(parsed.schedule.periods), []
    for window in windows:
        periods[window.rank] = _ended(window.period, now)
        mapping = nodes[window.rank]
        splices.append(_splice(source, mapping, periods[window.rank], _zone_of(mapping, file_zone)))
    return Edited(_checked(_spliced(source, splices), periods, zone), windows)


def _ended(period: Period, now: datetime) -> Period:
    second = now.replace(microsecond=0)
    if period.recurrence:
        return replace(period, start=second + _SECOND)
    return replace(period, end=max(second, period.start + _SECOND))


def _splice(source: str, mapping: Node, period: Period, zone: tzinfo) -> Splice:
    """The one splice that gives the mapping its new end, or, where it recurs, its new start."""
    pairs = {key.value: (key, value) for key, value in documents.pairs(mapping) if isinstance(key, ScalarNode)}
    if period.recurrence:
        key, moment, fold, beside = "start", period.start, 0, "cron"
    else:
        key, moment, fold, beside = "end", period.end, 1, "start"
    model = next((pairs[name][1].value for name in (key, "start", "end") if name in pairs), "")
    text = _written(moment, zone, fold, model)
    if key in pairs:
        _, old = _placed(mapping, *pairs[key])
        return Splice(old.start_mark.index, old.end_mark.index, _quoted(text, old.style))
    if key == "end" and "duration" in pairs:
        duration, old = _placed(mapping, *pairs["duration"])
        return Splice(
            duration.start_mark.index, old.end_mark.index, f"{_quoted(key, duration.style)}: {_quoted(text, old.style)}"
        )
    beside_key, beside_value = _placed(mapping, *pairs[beside])
    return _inserted(source, mapping, beside_key, beside_value.end_mark.index, key, text)


def _placed(mapping: Node, key: ScalarNode, value: Node) -> tuple[ScalarNode, ScalarNode]:
    """The key and its value, unless the value stands elsewhere in the text, behind an alias."""
    if not isinstance(value, ScalarNode) or not key.end_mark.index <= value.start_mark.index <= mapping.end_mark.index:
        raise CannotEdit(f"line {documents.line_of(key)} takes its value from an alias; change it by hand")
    return key, value


def _inserted(source: str, mapping: Node, key: ScalarNode, after: int, name: str, text: str) -> Splice:
    """A splice that adds a pair behind the one that ends at `after`, in the style of the mapping."""
    if not isinstance(mapping, MappingNode) or mapping.flow_style:
        quote = '"' if key.style == '"' else "'"  # what was JSON stays JSON
        return Splice(after, after, f", {_quoted(name, key.style)}: {quote}{text}{quote}")
    indent = " " * key.start_mark.column
    line_end = source.find("\n", after)
    line_break = "\r\n" if "\r\n" in (source[line_end - 1 : line_end + 1] if line_end > 0 else source) else "\n"
    if line_end < 0:
        return Splice(len(source), len(source), f"{line_break}{indent}{name}: {text}")
    return Splice(line_end + 1, line_end + 1, f"{indent}{name}: {text}{line_break}")


def _written(moment: datetime, zone: tzinfo, fold: int, model: str) -> str:
    """The moment as the file writes times: local where the model has no offset and that is unambiguous."""
    local = moment.astimezone(zone)
    separator = "T" if "T" in model else " "
    text = local.replace(tzinfo=None).isoformat(separator, "seconds")
    if model.endswith(("Z", "z")) or "+" in model or model.count("-") > 2:
        return local.isoformat(separator, "seconds")
    return text if values.moment(text, zone, fold=fold) == moment else local.isoformat(separator, "seconds")


def _quoted(text: str, style: str | None) -> str:
    return f"{style}{text}{style}" if style in ("'", '"') else text


def _zone_of(mapping: Node | None, default: tzinfo) -> tzinfo:
    pairs = documents.pairs(mapping) if mapping is not None else []
    return next((values.zone(value.value) for key, value in pairs if key.value == "timezone"), default)


def _spliced(source: str, splices: Iterable[Splice]) -> str:
    for splice in sorted(set(splices), reverse=True):
        source = source[: splice.start] + splice.text + source[splice.end :]
    return source


def _checked(text: str, periods: list[Period], zone: tzinfo) -> str:
    """The text, if it means exactly those periods."""
    parsed = parse(text, zone)
    if parsed.problems or list(parsed.schedule.periods) != periods:
        raise CannotEdit(
            "it can't be edited safely here, as the result would not mean what was asked; change it by hand"
        )
    return text
