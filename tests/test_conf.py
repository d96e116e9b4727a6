from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_django
from django.test import override_settings

from downtime.conf import Settings, conf, is_count, is_list, is_number, is_path, page_conflict, twin_of

HERE = Path(__file__).parent
NAMES = [name for name in vars(Settings) if name.startswith("DOWNTIME_")]

DEFAULTS = {
    "DOWNTIME_SCHEDULE_FILE": str(HERE / "downtime.yml"),
    "DOWNTIME_FLAG_FILE": (str(HERE / "downtime.flag"),),
    "DOWNTIME_FLAG_MAX_AGE": None,
    "DOWNTIME_PAGE_FILE": None,
    "DOWNTIME_FLEET_CACHE": None,
    "DOWNTIME_FLEET_FLAG_FILE": str(HERE / "downtime.fleet.flag"),
    "DOWNTIME_EXEMPT_EXACT_URLS": (),
    "DOWNTIME_EXEMPT_PATHS": ("/admin",),
    "DOWNTIME_EXEMPT_IPS": (),
    "DOWNTIME_PROXY_COUNT": 0,
    "DOWNTIME_EXEMPT_IF": (),
    "DOWNTIME_URL_REDIRECT": None,
    "DOWNTIME_TEMPLATE": "downtime/downtime.html",
    "DOWNTIME_VIEW": None,
    "DOWNTIME_RETRY_AFTER": None,
    "DOWNTIME_WATCH": "auto",
    "DOWNTIME_RECHECK": 1.0,
}

READ = [
    ("DOWNTIME_SCHEDULE_FILE", "/srv/a.yml", "/srv/a.yml"),
    ("DOWNTIME_SCHEDULE_FILE", Path("/srv/a/../b.yml"), "/srv/b.yml"),
    ("DOWNTIME_FLAG_FILE", "/run/a", ("/run/a",)),
    ("DOWNTIME_FLAG_FILE", ["/run/b", Path("/run/a")], ("/run/b", "/run/a")),
    ("DOWNTIME_FLAG_FILE", ["/run/b", 5], ("/run/b",)),
    ("DOWNTIME_FLAG_FILE", [], ()),
    ("DOWNTIME_FLAG_FILE", (), ()),
    ("DOWNTIME_FLAG_MAX_AGE", 60, 60),
    ("DOWNTIME_PAGE_FILE", "/srv/a.html", "/srv/a.html"),
    ("DOWNTIME_PAGE_FILE", Path("/srv/a/../b"), "/srv/b"),
    ("DOWNTIME_FLEET_CACHE", "fleet", "fleet"),
    ("DOWNTIME_FLEET_FLAG_FILE", Path("/srv/a/../b.flag"), "/srv/b.flag"),
    ("DOWNTIME_EXEMPT_EXACT_URLS", ["/healthz"], ("/healthz",)),
    ("DOWNTIME_EXEMPT_PATHS", ["/api", "/hooks/"], ("/api", "/hooks/")),
    ("DOWNTIME_EXEMPT_PATHS", ["/api", 5, ""], ("/api",)),
    ("DOWNTIME_EXEMPT_PATHS", (), ()),
    ("DOWNTIME_EXEMPT_IPS", ["192.0.2.1", "2001:db8::/32"], ("192.0.2.1", "2001:db8::/32")),
    ("DOWNTIME_PROXY_COUNT", 2, 2),
    ("DOWNTIME_EXEMPT_IF", ["a.b", 5], ("a.b",)),
    ("DOWNTIME_URL_REDIRECT", "/upgrade/", "/upgrade/"),
    ("DOWNTIME_TEMPLATE", "mine.html", "mine.html"),
    ("DOWNTIME_VIEW", "a.b", "a.b"),
    ("DOWNTIME_RETRY_AFTER", 60, 60),
    ("DOWNTIME_RETRY_AFTER", 1.5, 2),
    ("DOWNTIME_WATCH", "auto", "auto"),
    ("DOWNTIME_RECHECK", 0, 0),
    ("DOWNTIME_RECHECK", 0.25, 0.25),
    ("DOWNTIME_RECHECK", 3600, 3600),
]

WRONG: list[tuple[str, Any]] = [
    *(("DOWNTIME_SCHEDULE_FILE", value) for value in (5, "", None, ["/a"], b"/a", "a\0b")),
    *(("DOWNTIME_FLAG_FILE", value) for value in (5, "", None, set(), [5], {"/a": 1}, ["a\0b"])),
    *(("DOWNTIME_FLAG_MAX_AGE", value) for value in (0, -1, "60", True, float("nan"), float("inf"))),
    *(("DOWNTIME_PAGE_FILE", value) for value in (5, "", ["/a"], b"/a", "a\0b", "/a.json", "/a.JSON")),
    *(("DOWNTIME_FLEET_CACHE", value) for value in (5, "", None, ["fleet"], b"fleet")),
    *(("DOWNTIME_FLEET_FLAG_FILE", value) for value in (5, "", None, ["/a"], b"/a", "a\0b")),
    ("DOWNTIME_PROXY_COUNT", None),
    *(("DOWNTIME_URL_REDIRECT", value) for value in (5, "", ["/a"])),
    *(("DOWNTIME_TEMPLATE", value) for value in (5, "", None, ["a.html"])),
    *(("DOWNTIME_VIEW", value) for value in (5, "", ["a.b"])),
    *(("DOWNTIME_RETRY_AFTER", value) for value in (0, 0.5, -1, "60", True, float("nan"))),
    *(("DOWNTIME_WATCH", value) for value in ("inotify", "native", "polling", "", None, True, [])),
    *(("DOWNTIME_RECHECK", value) for value in (-1, "1", None, True, 3600.1, 1e11, float("inf"), float("nan"))),
]


def test_every_setting_has_a_default(settings: pytest_django.Settings) -> None:
    for name in NAMES:
        if hasattr(settings, name):
            delattr(settings, name)
    assert {name: getattr(conf, name) for name in NAMES} == DEFAULTS


@pytest.mark.parametrize(("name", "value", "read"), READ, ids=lambda value: str(value))
def test_a_setting_is_read_at_every_access(name: str, value: Any, read: Any) -> None:
    with override_settings(**{name: value}):
        assert getattr(conf, name) == read
    assert getattr(conf, name) != read or value == 0


@pytest.mark.parametrize(("name", "value"), WRONG, ids=lambda value: repr(value))
def test_a_wrong_value_counts_as_the_default(name: str, value: Any) -> None:
    with override_settings(**{name: value}):
        assert getattr(conf, name) == DEFAULTS[name]


@pytest.mark.parametrize(
    "value",
    [5, 0, True, "/a", b"/a", {"/a": 1}, iter(["/a"]), object],
    ids=lambda value: "iterator" if isinstance(value, Iterator) else str(value),
)
@pytest.mark.parametrize("name", [name for name in NAMES if "_EXEMPT_" in name])
def test_an_exemption_setting_of_a_wrong_type_exempts_nobody(name: str, value: Any) -> None:
    """Not even the default, which the site may have meant to change."""
    with override_settings(**{name: value}):
        assert getattr(conf, name) == ()
    with override_settings(**{name: None}):
        assert getattr(conf, name) == DEFAULTS[name]


@pytest.mark.parametrize("value", ["1", -1, 1.5, True, []], ids=repr)
def test_a_wrong_count_of_proxies_is_no_count(settings: pytest_django.Settings, value: Any) -> None:
    """The default would take the address of a proxy for that of everybody who comes through it."""
    settings.DOWNTIME_PROXY_COUNT = value
    assert conf.DOWNTIME_PROXY_COUNT is None


def test_without_a_base_dir_the_files_lie_in_the_working_directory(
    settings: pytest_django.Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del settings.BASE_DIR, settings.DOWNTIME_SCHEDULE_FILE, settings.DOWNTIME_FLAG_FILE
    monkeypatch.chdir(tmp_path)
    assert str(tmp_path / "downtime.yml") == conf.DOWNTIME_SCHEDULE_FILE
    assert (str(tmp_path / "downtime.flag"),) == conf.DOWNTIME_FLAG_FILE


def test_the_flag_of_a_fleet_comes_after_those_of_the_host(settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_FLAG_FILE = ["/srv/a.flag", "/srv/b.flag"]
    settings.DOWNTIME_FLEET_FLAG_FILE = "/srv/fleet.flag"
    assert (conf.flag_files, conf.fleet_flag_file) == (("/srv/a.flag", "/srv/b.flag"), None)
    settings.DOWNTIME_FLEET_CACHE = "fleet"
    assert (conf.flag_files, conf.fleet_flag_file) == (
        ("/srv/a.flag", "/srv/b.flag", "/srv/fleet.flag"),
        "/srv/fleet.flag",
    )


def test_a_site_that_has_no_flag_has_none_of_a_fleet(settings: pytest_django.Settings) -> None:
    """As its test suite wants it, whatever else the settings say."""
    settings.DOWNTIME_FLAG_FILE, settings.DOWNTIME_FLEET_CACHE = [], "fleet"
    assert (conf.flag_files, conf.fleet_flag_file) == ((), None)


@pytest.mark.parametrize("path", ["/srv/down.yml", "/srv/a.flag", "/srv/x/../a.flag"])
def test_the_flag_of_a_fleet_is_kept_in_no_other_file(settings: pytest_django.Settings, path: str) -> None:
    """A follower would remove that."""
    settings.DOWNTIME_SCHEDULE_FILE, settings.DOWNTIME_FLAG_FILE = "/srv/down.yml", "/srv/a.flag"
    settings.DOWNTIME_FLEET_CACHE, settings.DOWNTIME_FLEET_FLAG_FILE = "fleet", path
    assert conf.flag_files == ("/srv/a.flag", DEFAULTS["DOWNTIME_FLEET_FLAG_FILE"])


@pytest.mark.parametrize(
    "page", ["/srv/a.json", "/srv/down.yml", "/srv/a.flag", "/srv/b.flag", "/srv/b.html", "/srv/fleet"]
)
def test_no_page_is_kept_in_the_place_of_another_file(settings: pytest_django.Settings, page: str) -> None:
    settings.DOWNTIME_SCHEDULE_FILE = "/srv/down.yml"
    settings.DOWNTIME_FLAG_FILE = ["/srv/a.flag", "/srv/b.flag", "/srv/b.json"]
    settings.DOWNTIME_FLEET_CACHE, settings.DOWNTIME_FLEET_FLAG_FILE = "fleet", "/srv/fleet"
    settings.DOWNTIME_PAGE_FILE = page
    assert conf.DOWNTIME_PAGE_FILE is None


@pytest.mark.parametrize(
    ("page", "twin"),
    [
        ("/srv/a.html", "/srv/a.json"),
        ("/srv/a.b.html", "/srv/a.b.json"),
        ("/srv/a", "/srv/a.json"),
        ("/srv/a.d/b", "/srv/a.d/b.json"),
        ("/srv/.a", "/srv/.a.json"),
        ("/srv/a.", "/srv/a.json"),
    ],
)
def test_the_problem_details_are_beside_the_page(page: str, twin: str) -> None:
    assert twin_of(page) == twin
    assert page_conflict(page) == ""


@pytest.mark.parametrize(
    ("is_such", "right", "wrong"),
    [
        (is_path, ["a", Path("a")], ["", b"a", 5, None, ["a"], "a\0b"]),
        (is_list, [[], (), set(), frozenset()], ["a", {}, None, 5]),
        (is_count, [0, 1, 5], [True, False, -1, 1.0, "1", None]),
        (is_number, [0, 1.5, -1], [True, float("nan"), float("inf"), "1", None]),
    ],
    ids=["path", "list", "count", "number"],
)
def test_kinds_of_values(is_such: Callable[[Any], bool], right: list[Any], wrong: list[Any]) -> None:
    assert [is_such(value) for value in right] == [True] * len(right)
    assert [is_such(value) for value in wrong] == [False] * len(wrong)
