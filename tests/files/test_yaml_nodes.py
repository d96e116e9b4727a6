import importlib.util
import sys
from typing import Any

import pytest
import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from downtime.files import yaml_nodes
from downtime.files.pure_yaml import PureLoader


@pytest.fixture(params=["libyaml", "pure Python"])
def module(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module as it is with libyaml, and as it is where PyYAML was built without."""
    if request.param == "libyaml":
        assert yaml_nodes._BaseLoader is yaml.CBaseLoader
        return yaml_nodes
    monkeypatch.delattr(yaml, "CBaseLoader", raising=False)
    spec = importlib.util.spec_from_file_location("documents_alone", yaml_nodes.__file__)
    assert spec is not None
    assert spec.loader is not None
    alone = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "documents_alone", alone)
    spec.loader.exec_module(alone)
    assert alone._BaseLoader is PureLoader
    return alone


def node_of(source: str) -> Node:
    node = yaml_nodes.compose(source)
    assert node is not None
    return node


@pytest.mark.parametrize("source", ["", "\n\n", "# a comment\n", "   ", "\ufeff"])
def test_a_text_without_content_has_no_node(module: Any, source: str) -> None:
    assert module.compose(source) is None


def test_nodes_know_their_line_and_their_place_in_the_text(module: Any) -> None:
    source = "ü: 🚧\r\n\r\nb:\r\n  - c # d\r\n"
    root = module.compose(source)
    (first, _), (second, listed) = root.value
    assert [module.line_of(node) for node in (root, first, second, listed)] == [1, 1, 3, 4]
    item = listed.value[0]
    assert source[item.start_mark.index : item.end_mark.index] == "c"


NOT_YAML = {
    "open list": ("a: [b\n", 1, "not valid YAML"),
    "open quote": ("a:\n  'b\n", 2, "not valid YAML"),
    "tab as indent": ("a:\n\tb: c\n", 2, "not valid YAML"),
    "colon in a text": ("a: b: c\n", 1, "mapping values are not allowed"),
    "wrong indent": ("a:\n  b: 1\n c: 2\n", 3, "not valid YAML"),
    "two documents": ("a: b\n---\nc: d\n", 2, "expected a single document"),
    "unknown alias": ("a: 1\nb: *c\n", 2, "found undefined alias"),
    "unknown tag handle": ("a: 1\nb: !x!y z\n", 2, "found undefined tag handle"),
    "reserved character": ("a: 1\nb: @c\n", 2, "cannot start any token"),
    "NUL": ("a: 1\nb: \0\n", 2, "a character that YAML does not allow"),
    "escape": ("a: 1\n\n\x1b[31m\n", 3, "a character that YAML does not allow"),
    "byte order mark in it": ("a: 1\n\ufeffb: c\n", 2, "a byte order mark begins the line"),
    "two byte order marks": ("\ufeff\ufeffa: 1\n", 1, "a byte order mark begins the line"),
    "lone surrogate": ("a: 1\nb: \ud800\n", 2, "a character that YAML does not allow"),
    "NUL at once": ("\0", 1, "a character that YAML does not allow"),
    "behind many bytes": ("a: 🚧\nb: ü\nü: 日本語\n\n\n\nc: \x7f\nd: 🚧\n", 7, "control characters are not allowed"),
    "behind other breaks": ("a: 1\r\rb: 2\r\nc: 3\u2028d: \x7f\n", 5, "control characters are not allowed"),
    "surrogate behind other breaks": ("a: 1\r\rb: \ud800\n", 3, "a character that YAML does not allow"),
    "byte order mark behind other breaks": ("a: 1\r\r\ufeffb: c\n", 3, "a byte order mark begins the line"),
}


@pytest.mark.parametrize(("source", "line", "message"), NOT_YAML.values(), ids=NOT_YAML)
def test_a_text_that_is_no_yaml_is_refused_with_its_line(module: Any, source: str, line: int, message: str) -> None:
    with pytest.raises(module.NotYaml, match=message) as caught:
        module.compose(source)
    assert caught.value.line == line


DEEP = 100_000
TOO_DEEP = {
    "flow lists": "[" * DEEP + "]" * DEEP,
    "open flow lists": "[" * DEEP,
    "flow mappings": "{a: " * DEEP + "}" * DEEP,
    "flow list in a mapping": "periods: [{paths: " + "[" * DEEP,
    "block lists in a line": "- " * DEEP + "a",
    "block lists over lines": "\n".join(" " * depth + "-" for depth in range(600)) + "\n",
    "block mappings over lines": "\n".join(" " * depth + "a:" for depth in range(600)) + "\n",
    "explicit keys": "? " * DEEP + "a",
    "flow lists in a block list": "- " + "[" * DEEP,
}


@pytest.mark.parametrize("source", TOO_DEEP.values(), ids=TOO_DEEP)
def test_a_deep_nest_is_refused_and_ends_no_process(module: Any, source: str) -> None:
    """Since PyYAML 6.0.4, the parser of libyaml refuses the deepest by itself."""
    with pytest.raises(module.NotYaml, match=r"nested deeper than a schedule can be|exceeded maximum nesting depth"):
        module.compose(source)


def test_what_a_schedule_needs_is_not_too_deep(module: Any) -> None:
    assert module.compose("periods:\n  - paths:\n      - /a\n") is not None
    assert module.compose("{periods: [{paths: [/a]}]}") is not None


def test_an_alias_bomb_stays_as_small_as_its_text(module: Any) -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 60))
    root = module.compose(bomb)
    nodes: dict[int, Node] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) not in nodes:
            nodes[id(node)] = node
            children = node.value if not isinstance(node, ScalarNode) else []
            waiting += [part for child in children for part in (child if isinstance(child, tuple) else (child,))]
    assert len(nodes) == 1 + 60 * 2 + 2


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\x85", "\u2028"], ids=ascii)
def test_directives_which_cost_the_square_of_their_number_are_refused_unread(module: Any, line_break: str) -> None:
    source = "".join(f"%TAG !{i}! tag:x{line_break}" for i in range(20_000)) + f"---{line_break}a: b"
    with pytest.raises(module.NotYaml, match="a schedule needs no YAML directives"):
        module.compose(source)


def test_a_few_directives_are_as_good_as_any_yaml(module: Any) -> None:
    assert module.compose("%YAML 1.1\n%TAG !a! tag:a\n---\na: 100 %\n") is not None


@pytest.mark.parametrize(
    "source",
    [
        "!!python/object/apply:os.system ['touch {}']",
        "a: !!python/object/apply:os.system ['touch {}']",
        "a: !!python/name:os.system x",
        "a: !!python/object:downtime.schedule.periods.Period {{}}",
        "!!python/module:antigravity x",
    ],
)
def test_a_tag_runs_no_code_and_is_refused_as_a_value(module: Any, source: str, tmp_path: Any) -> None:
    root = module.compose(source.format(tmp_path / "touched"))
    node = root if not isinstance(root, MappingNode) or root.tag != "tag:yaml.org,2002:map" else root.value[0][1]
    assert module.describe(node).startswith("something tagged 'tag:yaml.org,2002:python/")
    for convert in (module.text, module.items, module.pairs, module.truth):
        with pytest.raises(ValueError, match="it must be"):
            convert(node)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("abc", "'abc'"),
        ("''", "empty"),
        ("~", "'~'"),
        ("[a]", "a list"),
        ("{a: b}", "a mapping"),
        ("!x a", "something tagged '!x'"),
        ("!!int 5", "something tagged 'tag:yaml.org,2002:int'"),
        ('"\\e[31m"', r"'\x1b[31m'"),
        ("x" * 99, f"'{'x' * 57}...'"),
    ],
)
def test_what_was_found_is_said_in_few_printable_words(source: str, message: str) -> None:
    assert yaml_nodes.describe(node_of(source)) == message


@pytest.mark.parametrize(
    ("source", "size"),
    [("abc", 2), ("''", 2), ("a" * 350, 5), ("[a, b]", 3), ("[[a, b], c]", 3), ("{a: b, c: d}", 3)],
)
def test_the_size_of_a_node_counts_what_stands_in_it_and_not_what_lies_deeper(source: str, size: int) -> None:
    assert yaml_nodes.size(node_of(source)) == size


@pytest.mark.parametrize(("source", "is_empty"), [("~", True), ("null", True), ("NULL", True), ("a:", True)])
def test_nothing_is_empty(source: str, is_empty: bool) -> None:
    node = node_of(source)
    assert yaml_nodes.is_empty(node.value[0][1] if isinstance(node, MappingNode) else node) is is_empty


@pytest.mark.parametrize("source", ["''", "'~'", '"null"', "nil", "[]", "{}", "0", "no"])
def test_something_is_not_empty(source: str) -> None:
    assert not yaml_nodes.is_empty(node_of(source))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("abc", "abc"),
        ("'no'", "no"),
        ('"null"', "null"),
        ("''", ""),
        ("22:00", "22:00"),
        ("007", "007"),
        ("1.50", "1.50"),
        ("2026-12-01", "2026-12-01"),
        ("nOPE", "nOPE"),
        ("y", "y"),
        ("!!str abc", "abc"),
        ('"a\\tb"', "a\tb"),
        ("|\n  a\n  b\n", "a\nb\n"),
        (">-\n  a\n  b\n", "a b"),
        ("a\n  b", "a b"),
    ],
)
def test_a_text_is_taken_as_it_stands(source: str, text: str) -> None:
    assert yaml_nodes.text(node_of(source)) == text


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("[a]", "it must be text"),
        ("{a: b}", "it must be text"),
        ("!!int 5", "it must be text"),
        ("~", "give it a value, or leave the key out"),
        ("null", "give it a value, or leave the key out"),
        ("no", "write it in quotes: 'no'"),
        ("Yes", "write it in quotes: 'Yes'"),
        ("OFF", "write it in quotes: 'OFF'"),
        ("true", "write it in quotes: 'true'"),
    ],
)
def test_what_yaml_reads_as_no_text_is_refused_as_one(source: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        yaml_nodes.text(node_of(source))


@pytest.mark.parametrize(("source", "truth"), [("true", True), ("True", True), ("false", False), ("FALSE", False)])
def test_true_and_false_are_the_only_truths(source: str, truth: bool) -> None:
    assert yaml_nodes.truth(node_of(source)) is truth


@pytest.mark.parametrize("source", ["yes", "no", "on", "1", "'true'", '"false"', "~", "[true]", "!!bool true"])
def test_any_other_truth_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="it must be true or false"):
        yaml_nodes.truth(node_of(source))


def test_items_are_those_of_a_list_and_of_nothing_else() -> None:
    assert [item.value for item in yaml_nodes.items(node_of("[a, b]"))] == ["a", "b"]
    for source in ("a", "{a: b}", "!!set [a]", "~"):
        with pytest.raises(ValueError, match="it must be a list"):
            yaml_nodes.items(node_of(source))


def test_pairs_are_those_of_a_mapping_and_of_nothing_else() -> None:
    pairs = yaml_nodes.pairs(node_of("a: b\na: c\n? [d]\n: e\n"))
    assert [value.value for _, value in pairs] == ["b", "c", "e"]
    assert isinstance(pairs[2][0], SequenceNode)
    for source in ("a", "[a]", "!!omap {a: b}", "~"):
        with pytest.raises(ValueError, match="it must be a mapping"):
            yaml_nodes.pairs(node_of(source))


DENSE = {
    "flow list": ("[" + "a," * 20_000 + "]", 1),
    "flow mapping": ("a:\n  {" + "a," * 20_000 + "}", 2),
    "block list": ("periods:\n" + "- a\n" * 20_000, 2),
    "block mapping": ("a:\n\n\n" + " b:\n" * 20_000, 4),
    "mappings": ("periods:\n" + "- a: 1\n" * 20_000, None),
}


@pytest.mark.parametrize(("source", "line"), DENSE.values(), ids=DENSE)
def test_a_text_with_an_entry_for_every_few_characters_is_refused(module: Any, source: str, line: int | None) -> None:
    with pytest.raises(module.NotYaml, match="entries, which no schedule of its length can have") as caught:
        module.compose(source)
    assert line in (caught.value.line, None)


@pytest.mark.parametrize("unit", ["/a,", "/,"])
def test_a_short_text_may_be_as_dense_as_it_likes(module: Any, unit: str) -> None:
    assert module.compose(f"periods: [{{start: 2026-12-01, paths: [{unit * 900}]}}]") is not None


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"], ids=ascii)
@pytest.mark.parametrize("end", ["", "break"])
def test_what_is_missing_at_the_end_is_missed_on_the_last_line(module: Any, line_break: str, end: str) -> None:
    with pytest.raises(module.NotYaml) as caught:
        module.compose(line_break.join(["a:", "  - b", "  - [c"]) + (line_break if end else ""))
    assert caught.value.line == 3


@pytest.mark.system
def test_more_entries_than_any_schedule_has_are_refused() -> None:
    with pytest.raises(yaml_nodes.NotYaml, match="more than 2,000,000 entries"):
        yaml_nodes.compose("[" + "abcdefg, " * 2_000_001 + "]")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a: &b c", True),
        ("[&a x]", True),
        ('{"a":&a x}', True),
        ("&a\n- x", True),
        ("- !!str &a x", True),
        ("a: Q & A", False),
        ("a: /x?a=1&b=2", False),
        ("a: b", False),
    ],
)
def test_a_mere_ampersand_is_no_anchor(source: str, expected: bool) -> None:
    assert yaml_nodes.has_anchors(source) is expected
