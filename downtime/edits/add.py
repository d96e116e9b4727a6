"""Adds a period at the end of the list, in the file's own style."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from itertools import pairwise

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from downtime.edits import head, schedule_text, spans, yaml_writer
from downtime.edits.schedule_text import CannotEdit, ScheduleText, Splice
from downtime.edits.spans import ItemSpan
from downtime.edits.yaml_writer import Value
from downtime.files import yaml_nodes
from downtime.schedule import converters
from downtime.schedule.periods import ALWAYS, NEVER, Period, Schedule
from downtime.schedule.recurrence import Recurrence

# The style of the list is taken from this many of its last periods.
_NEIGHBOURS = 10


@dataclass(frozen=True, slots=True)
class Added:
    """The new text, and the part of it that is new, exactly as in the text."""

    text: str
    addition: str


def add(source: ScheduleText, keys: Mapping[str, Value]) -> Added:
    """Adds a period with these sound keys at the end of the list, in the list's style; raises CannotEdit."""
    period = period_of(keys, source.zone)
    namesake = next((other for other in source.schedule.periods if other.name == period.name != ""), None)
    if namesake:
        raise CannotEdit(
            f"the name {converters.shown(period.name)} is taken by the period on line {namesake.line}; choose another"
        )
    changes = _splices(source, keys)
    text = source.with_splices(changes, meaning=Schedule((*source.schedule.periods, period)))
    return Added(text, "".join(change.text for change in changes).strip("\r\n"))


def period_of(keys: Mapping[str, Value], zone: tzinfo) -> Period:
    """The period that those keys stand for, with times in `zone` unless they name another one; raises ValueError."""
    # Deliberately not by files.parser, which reads the result: the expected meaning must not come from the code that
    # it checks. So a mistake on either side, in writing or in reading, refuses the edit.
    text = {key: value for key, value in keys.items() if isinstance(value, str)}
    zone = converters.zone(text["timezone"]) if "timezone" in text else zone
    start = converters.moment(text["start"], zone, fold=0) if "start" in text else ALWAYS
    end = converters.moment(text["end"], zone, fold=1) if "end" in text else NEVER
    recurrence = None
    if "cron" in text:
        recurrence = Recurrence(text["cron"], zone, converters.duration(text["duration"]))
    elif "duration" in text:
        end = start + converters.duration(text["duration"])
    retry_after, paths = keys.get("retry_after"), keys.get("paths")
    return Period(
        start,
        end,
        name=text.get("name", ""),
        recurrence=recurrence,
        message=text.get("message", "").strip(),
        redirect=text.get("redirect", ""),
        retry_after=retry_after if isinstance(retry_after, int) else None,
        read_only=keys.get("read_only") is True,
        paths=tuple(converters.prefix(path) for path in paths) if isinstance(paths, list) else (),
    )


def _splices(source: ScheduleText, keys: Mapping[str, Value]) -> list[Splice]:
    root = source.nodes.root
    if root is None:
        ends = [token.start for token in yaml_nodes.tokens(source.text) if token.kind == "<document end>"]
        return [_new_list(source, ends[0] if ends else len(source.text), 0, keys)]
    pairs = {key.value: (key, value) for key, value in yaml_nodes.pairs(root)}
    if "periods" in pairs:
        key, value = pairs["periods"]
        if isinstance(value, SequenceNode):
            return _into_list(source, key, value, keys)
        if value.value == "" and not _is_flow(root):
            column = key.start_mark.column + 2
            at = spans.last_line(source.text, key.end_mark.index, column)
            return [schedule_text.insert_lines(source.text, at, _block(keys, column, 2))]
    elif not _is_flow(root):
        column = root.start_mark.column
        last = max(value.end_mark.index for _, value in pairs.values())
        return [_new_list(source, spans.last_line(source.text, last, column), column, keys)]
    raise CannotEdit("it has no list of periods that one could be added to; write  periods: []  by hand first")


def _new_list(source: ScheduleText, at: int, column: int, keys: Mapping[str, Value]) -> Splice:
    lines = head.lines(source.text, at, column) + _block(keys, column + 2, 2)
    return schedule_text.insert_lines(source.text, at, lines)


def _into_list(source: ScheduleText, key: Node, sequence: SequenceNode, keys: Mapping[str, Value]) -> list[Splice]:
    items = spans.item_spans(source.text, sequence, max(len(sequence.value) - _NEIGHBOURS, 0))
    if sequence.flow_style:
        pairs = yaml_writer.flow(keys, is_json=isinstance(key, ScalarNode) and key.style == '"')
        return _into_flow_list(source.text, sequence, items, pairs)
    last = items[-1]
    lines = _like(sequence.value[-1], last, keys)
    if len(items) > 1 and all(_is_set_off(source.text, *pair) for pair in pairwise(items)):
        lines = ["", *lines]
    return [schedule_text.insert_lines(source.text, spans.last_line(source.text, last.end, last.column), lines)]


def _is_set_off(text: str, before: ItemSpan, item: ItemSpan) -> bool:
    """Whether there is a blank line between the two items, above the comments of the second."""
    start = spans.first_line(text, item.start, item.column, behind=before.end)
    return spans.first_blank(text, start) < start


def _like(model: Node, item: ItemSpan, keys: Mapping[str, Value]) -> list[str]:
    """The lines of a new item in the style of the last one, whose node is the model."""
    is_here = item.start <= model.start_mark.index < item.end  # not if the item is an alias
    if _is_flow(model):
        return [f"{' ' * item.column}- {{{', '.join(yaml_writer.flow(keys, is_json=False))}}}"]
    indent = yaml_nodes.pairs(model)[0][0].start_mark.column - item.column if is_here else 2
    return _block(keys, item.column, indent)


def _block(keys: Mapping[str, Value], column: int, indent: int) -> list[str]:
    first, *others = yaml_writer.block(keys)
    return [f"{' ' * column}{'-'.ljust(indent)}{first}", *(" " * (column + indent) + line for line in others)]


def _into_flow_list(text: str, sequence: SequenceNode, items: list[ItemSpan], pairs: list[str]) -> list[Splice]:
    one_line = f"{{{', '.join(pairs)}}}"
    if not items:
        opening = text.index("[", sequence.start_mark.index) + 1
        return [Splice(opening, opening, one_line)]
    last = items[-1]
    if not spans.is_blank(text[spans.line_start(text, last.start) : last.start]):
        return [Splice(last.end, last.end, f", {one_line}")]
    behind = last.comma.end if last.comma else last.end
    at = spans.line_end(text, behind)
    end, indent = schedule_text.line_break(text, at), " " * last.column
    model = sequence.value[-1]
    if "\n" in text[last.start : last.end] and _is_flow(model) and last.start == model.start_mark.index:
        inner = " " * yaml_nodes.pairs(model)[0][0].start_mark.column
        one_line = f"{{{end}{inner}" + f",{end}{inner}".join(pairs) + f"{end}{indent}}}"
    if text[behind:at].strip()[:1] not in ("", "#"):  # the list ends on that line
        return [Splice(last.end, last.end, f",{end}{indent}{one_line}")]
    if last.comma:
        return [Splice(at, at, f"{indent}{one_line},{end}")]
    return [Splice(last.end, last.end, ","), Splice(at, at, f"{indent}{one_line}{end}")]


def _is_flow(node: Node) -> bool:
    return isinstance(node, MappingNode) and bool(node.flow_style)
