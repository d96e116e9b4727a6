"""Writes the keys of a period as YAML, in block or flow style."""

from __future__ import annotations

from collections.abc import Mapping

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from downtime.files import yaml_nodes

Value = str | int | bool | list[str]


def block(keys: Mapping[str, Value]) -> list[str]:
    """A line of text for each key and its value."""
    return [
        _serialized(MappingNode(yaml_nodes.MAPPING, [pair], flow_style=False)) for pair in _pairs(keys, is_json=False)
    ]


def flow(keys: Mapping[str, Value], *, is_json: bool) -> list[str]:
    """Each key and its value as they stand between braces, with all texts in double quotes if the file `is_json`."""
    return [
        _serialized(MappingNode(yaml_nodes.MAPPING, [pair], flow_style=True))[1:-1]
        for pair in _pairs(keys, is_json=is_json)
    ]


def _pairs(keys: Mapping[str, Value], *, is_json: bool) -> list[tuple[Node, Node]]:
    return [(_text(key, is_json=is_json), _node(value, is_json=is_json)) for key, value in keys.items()]


def _node(value: Value, *, is_json: bool) -> Node:
    if isinstance(value, list):
        return SequenceNode(yaml_nodes.LIST, [_text(item, is_json=is_json) for item in value], flow_style=True)
    if isinstance(value, str):
        return _text(value, is_json=is_json)
    return ScalarNode(yaml_nodes.TEXT, str(value).lower())


def _text(text: str, *, is_json: bool) -> ScalarNode:
    # In double quotes, a text of several lines stays one line of the file.
    in_quotes = is_json or len(text.splitlines()) > 1 or not yaml_nodes.is_plain(text)
    return ScalarNode(yaml_nodes.TEXT, text, style='"' if in_quotes else None)


def _serialized(node: MappingNode) -> str:
    text: str = yaml.serialize(node, Dumper=yaml.BaseDumper, allow_unicode=True, width=float("inf"))
    return text.rstrip("\n")
