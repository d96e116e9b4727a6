"""How is the text to read, so that what is active now has ended?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from yaml.nodes import MappingNode, Node, ScalarNode

from downtime.edits import spans, splices
from downtime.edits.splices import CannotEdit, ScheduleText, Splice
from downtime.files import yaml_nodes
from downtime.schedule.periods import Period, Schedule, Window

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Ended:
    """The new text, and the windows that ended."""

    text: str
    windows: tuple[Window, ...] = ()


def end_active(source: ScheduleText, now: datetime) -> Ended:
    """Ends every period that is active at `now`, of a recurring one only the occurrence; raises CannotEdit.

    Times are whole seconds: a period that is younger than one ends at its first."""
    windows = source.schedule.at(now).active
    periods, changes = list(source.schedule.periods), []
    for window in windows:
        periods[window.rank] = _ended(window.period, now)
        mapping = source.nodes.periods[window.rank]
        changes.append(_splice(source.text, mapping, periods[window.rank], splices.zone_of(mapping, source.zone)))
    return Ended(source.with_splices(changes, meaning=Schedule(tuple(periods))), windows)


def _ended(period: Period, now: datetime) -> Period:
    second = now.replace(microsecond=0)
    if period.recurrence:
        return replace(period, start=second + _SECOND)
    return replace(period, end=max(second, period.start + _SECOND))


def _splice(source: str, mapping: Node, period: Period, zone: tzinfo) -> Splice:
    """The one splice that gives the mapping its new end, or, where it recurs, its new start."""
    pairs = {key.value: (key, value) for key, value in yaml_nodes.pairs(mapping) if isinstance(key, ScalarNode)}
    if period.recurrence:
        key, moment, fold, beside = "start", period.start, 0, "cron"
    else:
        key, moment, fold, beside = "end", period.end, 1, "start"
    model = next((pairs[name][1].value for name in (key, "start", "end") if name in pairs), "")
    text = splices.format_moment(moment, zone, fold=fold, model=model)
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
        raise CannotEdit(f"line {yaml_nodes.line_of(key)} takes its value from an alias; change it by hand")
    return key, value


def _inserted(source: str, mapping: Node, key: ScalarNode, after: int, name: str, text: str) -> Splice:
    """A splice that adds a pair behind the one that ends at `after`, in the style of the mapping."""
    if not isinstance(mapping, MappingNode) or mapping.flow_style:
        quote = '"' if key.style == '"' else "'"  # what was JSON stays JSON
        return Splice(after, after, f", {_quoted(name, key.style)}: {quote}{text}{quote}")
    indent = " " * key.start_mark.column
    return splices.insert_lines(source, spans.line_end(source, after), [f"{indent}{name}: {text}"])


def _quoted(text: str, style: str | None) -> str:
    return f"{style}{text}{style}" if style in ("'", '"') else text
