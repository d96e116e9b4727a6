"""Ends the active periods; for a recurring one, only the occurrence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from yaml.nodes import MappingNode, Node, ScalarNode

from downtime.edits import schedule_text, spans
from downtime.edits.schedule_text import CannotEdit, ScheduleText, Splice
from downtime.files import yaml_nodes
from downtime.schedule.periods import Period, Schedule, Window

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Ended:
    """The new text and what it means, and the windows that ended."""

    text: str
    schedule: Schedule
    windows: tuple[Window, ...] = ()


def end_active(source: ScheduleText, now: datetime) -> Ended:
    """Ends every period that is active at `now`, for a recurring one only the occurrence; raises CannotEdit.

    Times are whole seconds: a period that has lasted for less than one ends after its first."""
    windows = source.schedule.at(now).active
    periods, changes = list(source.schedule.periods), []
    for window in windows:
        periods[window.rank] = _ended(window.period, now)
        mapping = source.nodes.periods[window.rank]
        changes.append(_splice(source.text, mapping, periods[window.rank], schedule_text.zone_of(mapping, source.zone)))
    schedule = Schedule(tuple(periods))
    return Ended(source.with_splices(changes, meaning=schedule), schedule, windows)


def _ended(period: Period, now: datetime) -> Period:
    second = now.replace(microsecond=0)
    if period.recurrence:
        return replace(period, start=second + _SECOND)
    return replace(period, end=max(second, period.start + _SECOND))


def _splice(text: str, mapping: Node, period: Period, zone: tzinfo) -> Splice:
    """The splice that gives the mapping the period's new end, or its new start if it recurs."""
    pairs = {key.value: (key, value) for key, value in yaml_nodes.pairs(mapping) if isinstance(key, ScalarNode)}
    if period.recurrence:
        key, moment, fold, beside = "start", period.start, 0, "cron"
    else:
        key, moment, fold, beside = "end", period.end, 1, "start"
    model = next((pairs[name][1].value for name in (key, "start", "end") if name in pairs), "")
    value = schedule_text.format_moment(moment, zone, fold=fold, model=model)
    if key in pairs:
        _, old = _in_place(mapping, *pairs[key])
        return Splice(old.start_mark.index, old.end_mark.index, _quoted(value, old.style))
    if key == "end" and "duration" in pairs:
        duration, old = _in_place(mapping, *pairs["duration"])
        pair = f"{_quoted(key, duration.style)}: {_quoted(value, old.style)}"
        return Splice(duration.start_mark.index, old.end_mark.index, pair)
    beside_key, beside_value = _in_place(mapping, *pairs[beside])
    return _insert_pair(text, mapping, beside_key, beside_value.end_mark.index, key, value)


def _in_place(mapping: Node, key: ScalarNode, value: Node) -> tuple[ScalarNode, ScalarNode]:
    """The key and its value; raises CannotEdit if the value is an alias, whose text is elsewhere."""
    if not isinstance(value, ScalarNode) or not key.end_mark.index <= value.start_mark.index <= mapping.end_mark.index:
        raise CannotEdit(f"line {yaml_nodes.line_of(key)} takes its value from an alias; change it by hand")
    return key, value


def _insert_pair(text: str, mapping: Node, beside: ScalarNode, after: int, key: str, value: str) -> Splice:
    """The splice that adds a pair after the one of the key `beside`, which ends at `after`, in the mapping's style."""
    if not isinstance(mapping, MappingNode) or mapping.flow_style:
        quote = '"' if beside.style == '"' else "'"  # what was JSON stays JSON
        return Splice(after, after, f", {_quoted(key, beside.style)}: {quote}{value}{quote}")
    indent = " " * beside.start_mark.column
    return schedule_text.insert_lines(text, spans.line_end(text, after), [f"{indent}{key}: {value}"])


def _quoted(text: str, style: str | None) -> str:
    return f"{style}{text}{style}" if style in ("'", '"') else text
