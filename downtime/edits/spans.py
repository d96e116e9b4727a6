"""The characters and the comment lines of the text that belong to each period."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from yaml.nodes import MappingNode, SequenceNode

from downtime.files import yaml_nodes
from downtime.files.yaml_nodes import Token


class ItemSpan(NamedTuple):
    """The place of a list's item: from its dash, or in flow style from its first character, to just after its last."""

    start: int
    end: int
    column: int
    comma: Token | None = None
    """The comma after it, in flow style."""


def item_spans(text: str, sequence: SequenceNode, first: int = 0, end: int | None = None) -> list[ItemSpan]:
    """The spans of the list's items from the index `first` up to `end`, aliases or not, in the order of the text."""
    if sequence.flow_style:
        mark = sequence.start_mark
        return _flow_items(_tokens(text, sequence, (mark.index, mark.column)))[first:end]
    skipped, start = _dash_before(sequence, first)
    return list(islice(_block_items(_tokens(text, sequence, start)), first - skipped, end and end - skipped))


def _dash_before(sequence: SequenceNode, index: int) -> tuple[int, tuple[int, int]]:
    """The last item up to that index whose dash is known without a scan, and the index and column of the dash.

    A mapping in block style ends where the next dash is. An alias has the mark of what it stands for, further up."""
    items = enumerate(sequence.value[:index], 1)
    ends = [(number, node.end_mark) for number, node in items if isinstance(node, MappingNode) and not node.flow_style]
    number, mark = max([(0, sequence.start_mark), *ends], key=lambda known: known[1].index)
    return number, (mark.index, mark.column)


def _tokens(text: str, sequence: SequenceNode, start: tuple[int, int]) -> Iterator[Token]:
    """The tokens of the list from that index and column on."""
    # The text before it becomes blank lines, because the tokens of 10,000 periods take half a second (measured).
    index, column = start
    blank = "\n" * (index - column) + " " * column
    return yaml_nodes.tokens(blank + text[index : sequence.end_mark.index])


def _block_items(tokens: Iterator[Token]) -> Iterator[ItemSpan]:
    dash = last = next(token for token in tokens if token.kind == "-")  # before it, the list may have an anchor
    for token in tokens:
        if token.kind == "-" and token.column == dash.column:
            yield ItemSpan(dash.start, last.end, dash.column)
            dash = token
        last = token
    yield ItemSpan(dash.start, last.end, dash.column)


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


def line_start(text: str, index: int) -> int:
    """The start of the line that contains `index`."""
    return text.rfind("\n", 0, index) + 1


def line_end(text: str, index: int) -> int:
    """The index after the next line break from `index` on, or the end of the text."""
    return text.find("\n", index) + 1 or len(text)


def is_blank(text: str) -> bool:
    """Whether the text is only spaces, tabs and line breaks."""
    return not text.strip(" \t\r\n")


def first_line(text: str, start: int, column: int, *, behind: int) -> int:
    """The start of the item's lines; comments right above it, in its column, are part of them.

    Lines before `behind`, the end of the item before, are not: its last line may look like a comment."""
    first = line_start(text, start)
    while first:
        above = line_start(text, first - 1)
        if above < behind or _comment_column(text[above:first]) != column:
            break
        first = above
    return first


def last_line(text: str, end: int, column: int) -> int:
    """The end of the item's lines; comments below it, deeper than `column`, are part of them."""
    last = position = line_end(text, end)
    while position < len(text):
        behind = line_end(text, position)
        line = text[position:behind]
        if not is_blank(line):
            if _comment_column(line) <= column:
                break
            last = behind
        position = behind
    return last


def first_blank(text: str, index: int) -> int:
    """The start of the blank lines above `index`, the start of a line."""
    while index and is_blank(text[line_start(text, index - 1) : index]):
        index = line_start(text, index - 1)
    return index


def last_blank(text: str, index: int) -> int:
    """The end of the blank lines that begin at `index`."""
    while index < len(text) and is_blank(text[index : line_end(text, index)]):
        index = line_end(text, index)
    return index


def _comment_column(line: str) -> int:
    """The column of the comment if the line holds nothing else, otherwise -1."""
    comment = line.lstrip(" \t")
    return len(line) - len(comment) if comment.startswith("#") else -1
