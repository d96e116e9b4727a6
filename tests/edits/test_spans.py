from itertools import combinations

import pytest
from yaml.nodes import SequenceNode

from downtime.edits import spans
from downtime.files import yaml_nodes
from tests.support.schedules import SCHEDULES, after

LISTS = {
    "lines": ("periods:\n  - a\n  - b: |\n      c\n\n  # d\n", ["- a", "- b: |\n      c"]),
    "no indentation": ("periods:\n- a:\n  - b\n  - c\n- d\ntimezone: x\n", ["- a:\n  - b\n  - c", "- d"]),
    "nothing in an item": ("periods:\n  -\n  - a\n  -\n", ["-", "- a", "-"]),
    "anchors and aliases": ("periods: &x\n  - &y a\n  - *y\n", ["- &y a", "- *y"]),
    "flow style": ("periods: [a, {b: [c, d], e: f},\n *g ]", ["a", "{b: [c, d], e: f}", "*g"]),
    "a last comma": ("periods: &x [a, ]", ["a"]),
    "no item": ("periods: [ ]", []),
    "tags": ("periods: [!!str a, !!map {b: c}]", ["!!str a", "!!map {b: c}"]),
}


@pytest.mark.parametrize(("text", "expected"), LISTS.values(), ids=LISTS)
def test_the_items_of_a_list_are_found_in_any_style(text: str, expected: list[str]) -> None:
    root = yaml_nodes.compose(text.replace("*g", "g"))
    assert root is not None
    listed = yaml_nodes.pairs(root)[0][1]
    found = spans.item_spans(text.replace("*g", "g"), listed)  # type: ignore[arg-type]
    assert [text.replace("*g", "g")[item.start : item.end] for item in found] == [
        piece.replace("*g", "g") for piece in expected
    ]


ALIASES = """\
periods:
  - &one
    start: 2026-12-01  # - no
  # one
  - *one
  - {start: 2026-12-01}
  - start: 2026-12-02
    message: "a
  - b"

  - &two {start: 2026-12-01}
  - *one
  - *two
  -
    # two
    start: &s 2026-12-01
  - *one
  - end: *s
timezone: UTC
"""


@pytest.mark.parametrize(
    "text",
    [*map(after, SCHEDULES.values()), ALIASES, ALIASES.replace("\n", "\r\n"), f"? periods\n: {ALIASES[11:-14]}"],
    ids=[*SCHEDULES, "aliases", "CRLF and aliases", "behind a sign of a value"],
)
def test_the_spans_of_a_part_of_the_list_are_those_of_the_whole(text: str) -> None:
    text = text.removeprefix("\ufeff")
    root = yaml_nodes.compose(text)
    assert root is not None
    sequence = next(value for key, value in yaml_nodes.pairs(root) if key.value == "periods")
    assert isinstance(sequence, SequenceNode)
    count = len(sequence.value)
    every = spans.item_spans(text, sequence)
    assert len(every) == count
    indexes = range(count + 1) if count < 20 else (0, count // 2, count)
    for first, end in combinations(indexes, 2):
        assert spans.item_spans(text, sequence, first, end) == every[first:end], (first, end)
        assert spans.item_spans(text, sequence, first) == every[first:], first


def test_each_item_knows_the_comma_behind_it() -> None:
    text = "[a , b, {c: d, e: f}]"
    root = yaml_nodes.compose(text)
    found = spans.item_spans(text, root)  # type: ignore[arg-type]
    assert [item.comma.start if item.comma else None for item in found] == [3, 6, None]


TEXT = """\
# no
  # no

  # yes
  # yes
  - it  # yes
    # yes

   # yes

  # no
"""


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n"), TEXT.rstrip("\n")], ids=["LF", "CRLF", "no end"])
def test_the_comments_of_an_item_are_those_that_stand_by_it(text: str) -> None:
    start = text.index("- it")
    first, last = spans.first_line(text, start, 2, behind=0), spans.last_line(text, start + 4, 2)
    assert (text[:first].count("yes"), text[first:last].count("yes"), text[last:].count("yes")) == (0, 5, 0)
    assert "no" not in text[first:last]
    assert not spans.is_blank(text[first:last].splitlines()[-1])


def test_blank_lines_are_found_on_both_sides() -> None:
    text = "a\n\n \nb\n\t\n\nc"
    index = text.index("b")
    assert spans.first_blank(text, index) == 2
    assert spans.last_blank(text, index + 2) == text.index("c")
    assert spans.first_blank("\n\na", 2) == 0
    assert spans.last_blank("a\n\n", 2) == 3


def test_the_comments_of_an_item_may_begin_with_the_text() -> None:
    assert spans.first_line("# a\n# b\n- c\n", 8, 0, behind=0) == 0
