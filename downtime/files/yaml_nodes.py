"""Composes YAML text into nodes, which know their line and place, at a bounded cost.

No Python objects are constructed from it, so a tag runs no code and an alias bomb stays one node."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from downtime.schedule import converters

try:
    from yaml import CBaseLoader as _BaseLoader
except ImportError:  # a PyYAML that was built without libyaml
    from downtime.files.pure_yaml import PureLoader as _BaseLoader  # type: ignore[assignment]

# A schedule nests five deep. libyaml's composer recurses, and ends the process at 100,000 (measured).
_DEEPEST = 8
# Some 200,000 periods; without a bound, a stray file of 12 MiB takes half a minute and 1.2 GB (measured).
_MOST_NODES = 2_000_000
# A node costs 270 bytes (measured). A period of two lines has one for ten characters. A text that has one for less
# than five, beyond this many nodes, is no schedule, and would cost many times what a schedule of its length does.
_FEW_NODES = 1_000
_FEWEST_CHARACTERS = 5
# libyaml compares each directive with all before it: 20,000 of them take most of a second (measured).
_MOST_DIRECTIVES = 8
_BREAKS = "\n\r\x85\u2028\u2029"
# libyaml skips some of them.
_INNER_MARK = re.compile(f"(?<=[\ufeff{_BREAKS}])\ufeff")
_DIRECTIVE = re.compile(r"(?:^|[\r\x85\u2028\u2029])%", re.MULTILINE)
# An anchor begins a token, so no letter comes right before it.
_ANCHOR = re.compile(r"(?<!\w)&\S")
TEXT, LIST, MAPPING = (f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map"))
_TAGS: dict[type[Node], str] = {ScalarNode: TEXT, SequenceNode: LIST, MappingNode: MAPPING}
_EMPTY = ("", "~", "null", "Null", "NULL")
_WORDS = frozenset(
    spelled
    for word in ("null", "true", "false", "yes", "no", "on", "off")
    for spelled in (word, word.capitalize(), word.upper())
)


class NotYaml(Exception):
    """The text is not a YAML document, or not one that a schedule could be; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


OnItem = Callable[[Node, Any], object]
"""Takes the root as far as it is read, and an item of one of its lists; returns what replaces the item."""


class _Loader(_BaseLoader):
    depth = 0
    nodes = 0

    def __init__(self, text: str, on_item: OnItem | None) -> None:
        super().__init__(text)
        self.most_nodes = min(_MOST_NODES, _FEW_NODES + len(text) // _FEWEST_CHARACTERS)
        self.on_item = on_item
        self.root: Any = None

    # The composer calls these two around each node; `index` is the place of an item in its list.
    def descend_resolver(self, parent: Any, index: object) -> None:
        self.depth += 1
        self.nodes += 1
        if self.nodes > self.most_nodes:
            problem = f"it has more than {self.most_nodes:,} entries, which no schedule of its length can have"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=parent.start_mark)
        if self.depth > _DEEPEST:
            raise yaml.MarkedYAMLError(
                problem="it is nested deeper than a schedule can be", problem_mark=parent.start_mark
            )
        if self.depth == 2:
            self.root = parent
        elif self.depth == 3 and self.on_item is not None and isinstance(index, int) and index:
            parent.value[index - 1] = self.on_item(self.root, parent.value[index - 1])

    def ascend_resolver(self) -> None:
        self.depth -= 1

    def resolve(self, kind: type[Node], value: object, implicit: object) -> str:
        """The tag of a node without one: what PyYAML itself would say, in a third of the time (measured)."""
        return _TAGS[kind]


class Token(NamedTuple):
    """A visible piece of the text, and its kind, as YAML's scanner calls it."""

    kind: str
    start: int
    end: int
    column: int


def compose(text: str, *, on_item: OnItem | None = None) -> Node | None:
    """The root node of the one document in the text, None if there is none; raises NotYaml.

    `on_item` is given each item of a list in the root, except the last, as soon as it is complete."""
    # Looking for the character first takes a hundredth of the time that the expression takes (measured).
    if "%" in text and next(islice(_DIRECTIVE.finditer(text), _MOST_DIRECTIVES, None), None):
        raise NotYaml(1, f"more than {_MOST_DIRECTIVES} lines begin with %; a schedule needs no YAML directives")
    if "\ufeff" in text and (mark_within := _INNER_MARK.search(text)):
        raise NotYaml(_line_at(text, mark_within.start()), "a byte order mark begins the line; remove it")
    try:
        return _composed(text, on_item)
    except yaml.reader.ReaderError as error:
        index = len(text.encode("utf-8", "surrogatepass")[: error.position].decode(errors="ignore"))
        message = f"it holds a character that YAML does not allow: {error.reason}"
        raise NotYaml(_line_at(text, index), message) from error
    except UnicodeEncodeError as error:
        message = f"it holds a character that YAML does not allow: {error.reason}"
        raise NotYaml(_line_at(text, error.start), message) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = ", ".join(part for part in (error.context, error.problem) if part)
        # The mark of an end that comes too early may be after the last line.
        line = min(mark.line + 1, _lines(text)) if mark else 1
        raise NotYaml(line, f"it is not valid YAML: {reason}") from error


def _composed(text: str, on_item: OnItem | None) -> Node | None:
    loader = _Loader(text, on_item)
    try:
        root: Node | None = loader.get_single_node()
    finally:
        loader.dispose()
    return root


def has_anchors(text: str) -> bool:
    """Whether the text may hold an anchor, to which an alias may refer; a mere "Q & A" or "a=1&b=2" is not one."""
    return "&" in text and _ANCHOR.search(text) is not None


def _line_at(text: str, index: int) -> int:
    """The line, from 1, that the character at the index is on."""
    return _lines(f"{text[:index]} ")


def _lines(text: str) -> int:
    """How many lines the text has, as YAML counts them."""
    return sum(map(text.count, _BREAKS)) - text.count("\r\n") + (text[-1:] not in _BREAKS)


def tokens(text: str) -> Iterator[Token]:
    """The visible tokens of a text that `compose` takes, without the line breaks that end a block."""
    for token in yaml.scan(text, Loader=_BaseLoader):
        mark, end = token.start_mark, token.end_mark.index
        visible = text[mark.index : end].rstrip(" \t\r\n")
        if visible:
            kind = token.id  # type: ignore[attr-defined]
            yield Token(kind, mark.index, mark.index + len(visible), mark.column)


def line_of(node: Node) -> int:
    """The line on which the node begins, from 1."""
    return int(node.start_mark.line) + 1


def describe(node: Node) -> str:
    """The node as messages name it: its quoted text, or its kind."""
    if node.tag not in (TEXT, LIST, MAPPING):
        return f"something tagged {converters.shown(node.tag)}"
    if isinstance(node, ScalarNode):
        return converters.shown(node.value) if node.value else "empty"
    return "a list" if isinstance(node, SequenceNode) else "a mapping"


def size(node: Node) -> int:
    """The cost of reading the node: itself, its items, and one for each hundred characters of an item; no deeper."""
    if isinstance(node, MappingNode):
        return 1 + len(node.value)
    parts = node.value if isinstance(node, SequenceNode) else [node]
    return 1 + sum(1 + len(part.value) // 100 for part in parts)


def is_empty(node: Node) -> bool:
    """Whether the node is nothing, `~` or `null`."""
    return isinstance(node, ScalarNode) and node.style == "" and node.value in _EMPTY


def is_plain(text: str) -> bool:
    """Whether YAML reads these characters as text even without quotes."""
    return text not in _WORDS and text not in _EMPTY


def text(node: Node) -> str:
    """The text of a scalar; raises ValueError for a list, a mapping, a tag, and a word like `no` that is not text."""
    if not isinstance(node, ScalarNode) or node.tag != TEXT:
        raise ValueError("it must be text")
    if is_empty(node):
        raise ValueError("give it a value, or leave the key out")
    if node.style == "" and not is_plain(node.value):
        raise ValueError(f"YAML does not read that as text; write it in quotes: '{node.value}'")
    return str(node.value)


def truth(node: Node) -> bool:
    """The bool of a plain true or false; raises ValueError for anything else, `yes` and `no` included."""
    value = node.value if isinstance(node, ScalarNode) and node.tag == TEXT and node.style == "" else ""
    if value.lower() not in ("true", "false"):
        raise ValueError("it must be true or false")
    return bool(value.lower() == "true")


def items(node: Node) -> list[Node]:
    """The items of a list; raises ValueError for anything else."""
    if not isinstance(node, SequenceNode) or node.tag != LIST:
        raise ValueError("it must be a list")
    return list(node.value)


def pairs(node: Node) -> list[tuple[Node, Node]]:
    """The keys and values of a mapping; raises ValueError for anything else."""
    if not isinstance(node, MappingNode) or node.tag != MAPPING:
        raise ValueError("it must be a mapping, a key and a value on each line")
    return list(node.value)
