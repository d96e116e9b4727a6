"""The lines above a list that a command makes: `add` writes them, and `cancel` takes them out again."""

from __future__ import annotations

from downtime.edits import spans

# Editors that know YAML check the file against it as you type. It is also the $id of schedule.schema.json.
SCHEMA_URL = "https://raw.githubusercontent.com/dstegelman/django-downtime/main/downtime/schedule.schema.json"
FIRST_LINE = f"# yaml-language-server: $schema={SCHEMA_URL}"
"""The first line of a file that a command makes."""
COMMENT = "# Downtimes of this site; manage.py downtime_check shows what is wrong here."
"""Stands above the key of the list."""
_KEY = "periods:"


def lines(text: str, at: int, column: int) -> list[str]:
    """The lines above a new list, for a text that is added to at that index; the key of the list is the last."""
    first = [] if text else [FIRST_LINE]
    # A first line that is there already is kept apart, so that it stays if the list goes.
    gap = [""] if text[:at].strip() == FIRST_LINE else []
    return [*first, *gap, *(" " * column + line for line in (COMMENT, _KEY))]


def start(text: str, first: int, end: int) -> int:
    """The start of those lines above the only period, which reaches from `first` to `end`; `first` without any."""
    key = spans.line_start(text, first - 1)
    above = spans.line_start(text, key - 1) if key else 0
    if [text[above:key].strip(), text[key:first].strip()] != [COMMENT, _KEY]:
        return first
    if text[:above].strip() != FIRST_LINE:
        return above
    line = spans.line_start(text, above - 1)
    is_gap, is_all = spans.is_blank(text[line:above]), spans.is_blank(text[end:])
    return line if is_gap or is_all else above
