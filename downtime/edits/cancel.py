"""Takes out a period and its own comments."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from yaml.nodes import SequenceNode

from downtime.edits import head, schedule_text, spans
from downtime.edits.schedule_text import CannotEdit, ScheduleText, Splice
from downtime.edits.spans import ItemSpan
from downtime.files import yaml_nodes
from downtime.schedule import converters
from downtime.schedule.periods import Period, Schedule

_MOST_NAMES = 10


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The new text and what it means, and the period that it no longer holds."""

    text: str
    schedule: Schedule
    period: Period


def cancel(source: ScheduleText, name: str) -> Cancelled:
    """Takes out the period of that name, and the comment lines that are its own; raises CannotEdit.

    Its own are those right above it in the column of its dash, within it, and below it if indented deeper."""
    periods = source.schedule.periods
    names = [period.name for period in periods]
    if name not in names:
        raise CannotEdit(f"it has no period named {converters.shown(name)}; {_suggestion(name, names)}")
    index = names.index(name)
    assert source.nodes.root is not None
    sequence = next(value for key, value in yaml_nodes.pairs(source.nodes.root) if key.value == "periods")
    assert isinstance(sequence, SequenceNode)
    without = _without_flow_item if sequence.flow_style else _without_block_item
    changes = without(source.text, *_with_neighbours(source.text, sequence, index))
    schedule = Schedule(periods[:index] + periods[index + 1 :])
    return Cancelled(source.with_splices(changes, meaning=schedule), schedule, periods[index])


def _suggestion(wrong_name: str, names: list[str]) -> str:
    """Says which name was probably meant, or otherwise which names there are."""
    given = [name for name in names if name]
    if near := get_close_matches(wrong_name, given, n=1):
        return f"did you mean {converters.shown(near[0])}?"
    if not names:
        return "it has none at all"
    if not given:
        return "none of its periods has a name; give it one, or take it out by hand"
    more = f", and {len(given) - _MOST_NAMES} more" if len(given) > _MOST_NAMES else ""
    return f"its periods are {', '.join(map(converters.shown, given[:_MOST_NAMES]))}{more}"


def _with_neighbours(
    text: str, sequence: SequenceNode, index: int
) -> tuple[ItemSpan | None, ItemSpan, ItemSpan | None]:
    """The item before it, if there is one, the item, and the one after it."""
    first = max(index - 1, 0)
    found = dict(enumerate(spans.item_spans(text, sequence, first, index + 2), first))
    return found.get(index - 1), found[index], found.get(index + 1)


def _without_block_item(text: str, before: ItemSpan | None, item: ItemSpan, behind: ItemSpan | None) -> list[Splice]:
    if not spans.is_blank(text[spans.line_start(text, item.start) : item.start]):
        raise CannotEdit("the period begins after something else on its line; take it out by hand")
    start = spans.first_line(text, item.start, item.column, behind=before.end if before else 0)
    end = spans.last_line(text, item.end, item.column)
    gap_start, gap_end = spans.first_blank(text, start), spans.last_blank(text, end)
    if before is None and behind is None:
        start = head.start(text, start, end)
    elif before is None:
        end = gap_end
    elif behind is None or gap_end > end:  # one gap is enough
        start = gap_start
    return [schedule_text.delete_lines(text, start, end)]


def _without_flow_item(text: str, before: ItemSpan | None, item: ItemSpan, behind: ItemSpan | None) -> list[Splice]:
    comma = before.comma if before else None
    end = item.comma.end if item.comma else item.end
    spare = [Splice(comma.start, comma.end, "")] if comma and not item.comma else []
    line, line_end = spans.line_start(text, item.start), spans.line_end(text, end)
    if spans.is_blank(text[line : item.start]) and text[end:line_end].strip()[:1] in ("", "#"):
        first = spans.first_line(text, item.start, item.column, behind=comma.end if comma else 0)
        return [*spare, Splice(first, line_end, "")]
    if comma and spans.is_blank(text[comma.end : item.start]):
        return [Splice(comma.start, item.end, "")]
    if behind and spans.is_blank(text[end : behind.start]):
        return [Splice(item.start, behind.start, "")]
    return [*spare, Splice(item.start, end, "")]
