import pytest

from downtime.schedule.url_paths import first_paths, folded, is_below, is_plain, trimmed


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


def test_of_many_paths_the_first_are_shown() -> None:
    paths = [f"/{number}" for number in range(9)]
    assert first_paths([]) == []
    assert first_paths(paths[:8]) == paths[:8]
    assert first_paths(paths) == [*paths[:8], "…"]
