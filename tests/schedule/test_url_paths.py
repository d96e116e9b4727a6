import pytest
from hypothesis import given
from hypothesis import strategies as st

from downtime.schedule.url_paths import PathIndex, first_paths, folded, is_below, is_plain, trimmed
from tests.support.examples import examples


@pytest.mark.parametrize(
    ("path", "prefix", "is_in"),
    [
        ("/admin", "/admin", True),
        ("/admin/", "/admin", True),
        ("/admin/login/", "/admin", True),
        ("/admin", "/admin/", True),
        ("/administrator", "/admin", False),
        ("/admin.php", "/admin", False),
        ("/Admin", "/admin", False),
        ("/x/admin", "/admin", False),
        ("/adm", "/admin", False),
        ("", "/admin", False),
        ("/a/b/c", "/a/b", True),
        ("/a/bc", "/a/b", False),
        ("/a/b/c", "/a/b/", True),
        ("/", "/", True),
        ("/anything/at/all", "/", True),
        ("/größe/1", "/größe", True),
    ],
)
def test_a_path_is_below_a_prefix_in_whole_segments(path: str, prefix: str, is_in: bool) -> None:
    assert is_below(path, [trimmed(prefix)]) is is_in


def test_any_prefix_will_do() -> None:
    assert is_below("/b/1", ["/a", "/b"])
    assert not is_below("/b/1", [])


@pytest.mark.parametrize("path", ["/", "", "/a", "/a/", "/a.b/c..d", "/...", "/.well-known/x", "/a/..b"])
def test_a_path_without_empty_and_dot_segments_is_plain(path: str) -> None:
    assert is_plain(path)


@pytest.mark.parametrize("path", ["//", "//a", "/a//b", "/a//", "/.", "/..", "/a/../b", "/a/./b", "/a/..", "/a/."])
def test_a_path_that_can_be_folded_is_not_plain(path: str) -> None:
    assert not is_plain(path)


@pytest.mark.parametrize(
    ("path", "shorter"),
    [
        ("/a", "/a"),
        ("/a/", "/a"),
        ("//a//b", "/a/b"),
        ("///a", "/a"),
        ("/a/../b", "/b"),
        ("/a/./b", "/a/b"),
        ("/../../a", "/a"),
        ("/a/..", "/"),
        ("", "/"),
        ("a", "/a"),
    ],
)
def test_folding_says_where_a_path_leads(path: str, shorter: str) -> None:
    assert folded(path) == shorter


def test_an_index_tells_the_groups_in_order_and_those_without_a_prefix_always() -> None:
    index = PathIndex([(0, ["/b", "/a/b"]), (1, []), (2, ["/a"]), (3, [""]), (5, ["/a/b", "/a"])])
    assert index.numbers("/a/b/c") == [0, 1, 2, 3, 5]
    assert index.numbers("/a") == [1, 2, 3, 5]
    assert index.numbers("/ab") == [1, 3]
    assert index.numbers("*") == [1]
    assert PathIndex([]).numbers("/") == []
    assert PathIndex([(4, []), (7, [])]).numbers("/") == [4, 7]


HOSTILE = [
    "",
    "/",
    "*",
    "//",
    "/a/",
    "/a//",
    "//a",
    "/./a",
    "/x/../a",
    "/a/..",
    "/a/../b",
    "/ab",
    "/A",
    "a",
    "/" * 8192,
]
PATHS = st.sampled_from(HOSTILE) | st.lists(st.sampled_from(["a", "b", "ab", ".", "..", ""])).map(
    lambda parts: "/" + "/".join(parts)
)
PREFIXES = st.lists(st.sampled_from(["", "/a", "/b", "/a/b", "/ab", "/a/b/ab"]), max_size=3)


@examples(1000)
@given(st.lists(PREFIXES, max_size=5), PATHS)
def test_an_index_finds_what_a_look_at_each_prefix_finds_however_a_path_is_spelled(
    groups: list[list[str]], path: str
) -> None:
    expected = [
        number
        for number, prefixes in enumerate(groups)
        if not prefixes or is_below(path, prefixes) or (not is_plain(path) and is_below(folded(path), prefixes))
    ]
    assert PathIndex(enumerate(groups)).numbers(path) == expected


def test_of_many_paths_the_first_are_shown() -> None:
    paths = [f"/{number}" for number in range(9)]
    assert first_paths([]) == []
    assert first_paths(paths[:8]) == paths[:8]
    assert first_paths(paths) == [*paths[:8], "…"]
