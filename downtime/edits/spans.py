"""Which characters of the text belong to which period, and which comments are its own?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from yaml.nodes import SequenceNode

from downtime.files import yaml_nodes
from downtime.files.yaml_nodes import Token


class ItemSpan(NamedTuple):
    """Where an item of a list stands: from its dash, or in flow style from its first character, to its last."""

    start: int
    end: int
    column: int
    comma: Token | None = None
    """The comma behind it."""


def item_spans(text: str, sequence: SequenceNode) -> list[ItemSpan]:
    """The spans of a list's items in the order of the text, be they written out or aliases."""
    start, end = sequence.start_mark.index, sequence.end_mark.index
    tokens = (token for token in yaml_nodes.tokens(text) if start <= token.start < end)
    return _flow_items(tokens) if sequence.flow_style else _block_items(tokens)


def _block_items(tokens: Iterator[Token]) -> list[ItemSpan]:
    dash = last = next(token for token in tokens if token.kind == "-")  # before it, the list may have an anchor
    spans = []
    for token in tokens:
        if token.kind == "-" and token.column == dash.column:
            spans.append(ItemSpan(dash.start, last.end, dash.column))
            dash = token
        last = token
    return [*spans, ItemSpan(dash.start, last.end, dash.column)]


def _flow_items(tokens: Iterator[Token]) -> list[ItemSpan]:
    spans: list[ItemSpan] = []
    depth, is_open = 0, False
    for token in tokens:
        if token.kind in ("]", "}"):
            depth -= 1
        if depth == 1 and token.kind == ",":
            spans[-1] = spans[-1]._replace(comma=token)
            is_open = False
        elif depth and is_open:
            spans[-1] = spans[-1]._replace(end=token.end)
        elif depth:
            spans.append(ItemSpan(token.start, token.end, token.column))
            is_open = True
        if token.kind in ("[", "{"):
            depth += 1
    return spans


def line_start(source: str, index: int) -> int:
    """Where the line begins that `index` lies in."""
    return source.rfind("\n", 0, index) + 1


def line_end(source: str, index: int) -> int:
    """Behind the line break that follows `index`, or behind the text."""
    return source.find("\n", index) + 1 or len(source)


def is_blank(text: str) -> bool:
    """Whether nothing can be seen there."""
    return not text.strip(" \t\r\n")


def first_line(source: str, start: int, column: int, *, behind: int) -> int:
    """Where the lines of what stands at `start` begin: with the comments right above it, in that column.

    Those begin `behind` the end of what stands before, whose last line may look like one."""
    begun = line_start(source, start)
    while begun:
        above = line_start(source, begun - 1)
        if above < behind or _comment_column(source[above:begun]) != column:
            break
        begun = above
    return begun


def last_line(source: str, end: int, column: int) -> int:
    """Where the lines of what ends at `end` end: with the comments below it that are indented deeper than `column`."""
    reached = position = line_end(source, end)
    while position < len(source):
        behind = line_end(source, position)
        line = source[position:behind]
        if not is_blank(line):
            if _comment_column(line) <= column:
                break
            reached = behind
        position = behind
    return reached


def first_blank(source: str, index: int) -> int:
    """Where the blank lines begin that end at `index`, the start of a line."""
    while index and is_blank(source[line_start(source, index - 1) : index]):
        index = line_start(source, index - 1)
    return index


def last_blank(source: str, index: int) -> int:
    """Where the blank lines end that begin at `index`."""
    while index < len(source) and is_blank(source[index : line_end(source, index)]):
        index = line_end(source, index)
    return index


def _comment_column(line: str) -> int:
    """The column of the comment that the line consists of, -1 where there is more or less than that."""
    text = line.lstrip(" \t")
    return len(line) - len(text) if text.startswith("#") else -1
