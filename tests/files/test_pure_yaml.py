"""A file means the same with libyaml and without, or is refused by both."""

import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from yaml.nodes import Node, ScalarNode

from downtime.files.pure_yaml import PureLoader
from tests.support.examples import examples
from tests.support.programs import ROOT

SAME = [
    "periods:\t# x\n- start:\t2026-12-01\t# x\n",
    "a: b\t\n",
    "a\t: b\n",
    "a: b\tc\t d # e\n",
    "a: [b,\tc\t]\n",
    "a: {\tb: c\t}\n",
    "a:\n  - b\n\t- c\n",
    "a:\n\tb: c\n",
    "-\ta\n",
    "-\t- a\n",
    "a: b\n \tc\n",
    "a: b\n\tc\n",
    "a: |\t\n  b\n",
    "a: |#b\n  c\n",
    "a: |2-#b\n  c\n",
    "a: >-\t# b\n  c\n   d\n\n  e\n",
    "a: |\n  \tb\n",
    "a: |\n \t b\n",
    "a: |2\n  \tb\n",
    "a: 'b\n\tc'\n",
    'a: "b\\\n\tc"\n',
    "a: !!str\tb\n",
    "a: !!str, b\n",
    "a: ![ b\n",
    "a: !<tag:yaml.org,2002:str>\tb\n",
    "{redirect: https://a.example/?b=c&d=e, paths: [/?, a?]}\n",
    "[a:b, http://x, -a, ?a, a:]\n",
    "[a:]\n",
    "{a:, b}\n",
    "[a?b, a ?b]\n",
    "a: b?\nc: ?d\n? e\n: f\n",
    "read_only: true\nb:\nc: ~\nd: ''\ne: \"\"\n",
    "%YAML 1.1\n---\na: b\n",
    "%YAML 1.2\n---\na: b\n",
    "%YAML 1.3\n---\na: b\n",
    "%YAML 2.0\n---\na: b\n",
    "%YAML 1.1# one\n--- # two\na: b\n",
    "%YAML #1.1\n---\na: b\n",
    "%YAML 1#.1\n---\na: b\n",
    "%YAML\t1.1\t# one\n---\na: b\n",
    "%YML 1.1\n---\na: b\n",
    "%Y ML 1.1\n---\na: b\n",
    "%TAG\t!a!\ttag:a,2000:\t# one\n---\n!a!b c\n",
    "%TAG !a! tag:a,2000:# one\n---\n!a!b c\n",
    "%TAG !a*! tag:a,2000:\n---\n!a!b c\n",
    "!*!*",
    "!a*!b c\n",
    "!a!b c\n",
    "!a! c\n",
    "a: b\ufeffc\n",
    "a: b\r\nc: d\re: f\x85g: h\u2028i: j\u2029",
    "a: b\r\n\r\n  c\u2028  d\n",
    "--- a\n...\n",
    "a\n--- b\n",
    "a\n---b\n",
    "a: 'b'#c\n",
    "a: &b c\nd: *b\n",
    "a: @b\n",
    "a: %b\n",
    'a: "\\/\\e\\x41\\u263a"\n',
]


def meaning(text: str, loader: type) -> object:
    """What the text means to the loader, down to the places and styles; None if it is refused."""
    try:
        node = yaml.compose(text, Loader=loader)
    except yaml.YAMLError:
        return None
    return ("nothing",) if node is None else parts(node)


def parts(node: Node) -> object:
    content = node.value
    if not isinstance(node, ScalarNode):
        content = [tuple(map(parts, item)) if isinstance(item, tuple) else parts(item) for item in content]
    style = node.style if isinstance(node, ScalarNode) else bool(node.flow_style)
    mark = node.start_mark
    place = (mark.line, mark.column, mark.index) if style or content else None  # that of nothing is anywhere
    return node.tag, style, place, content


SAME.append(ROOT.joinpath("sample_config", "downtime.yml").read_text())


@pytest.mark.parametrize("text", SAME, ids=lambda text: ascii(text[:60]))
def test_a_text_means_the_same_with_libyaml_and_without(text: str) -> None:
    assert meaning(text, PureLoader) == meaning(text, yaml.CBaseLoader)


PIECES = ["a", "b", " ", "  ", "\t", "\n", "\n  ", ": ", ":\t", ":", "- ", "-\t", "? ", "[", "]", "{", "}", ",", ", "]
PIECES += [
    " # x",
    "\t# x",
    "'",
    '"',
    "&a",
    "*a",
    "|\n  x\n",
    ">-\n  y\n",
    "---",
    "...",
    "\x85",
    "\r\n",
    "ü",
    "🚧",
    "a:b",
    "?a",
]


@examples(1500, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_any_text_means_the_same_with_libyaml_and_without(text: str) -> None:
    assert meaning(text, PureLoader) == meaning(text, yaml.CBaseLoader)
