import os
import re
from pathlib import Path

import pytest
import pytest_django
from django.conf.urls.i18n import i18n_patterns
from django.core.checks import WARNING
from django.http import HttpResponse
from django.urls import clear_script_prefix, path, set_script_prefix

from downtime import checks, setting_rules
from tests.support.programs import ROOT
from tests.support.system_checks import found, ids

OURS = "downtime.middleware.DowntimeMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
USERS = "django.contrib.auth.middleware.AuthenticationMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"


class Patterns:
    """A URLconf with one page."""

    urlpatterns = [
        path("upgrade/", lambda request: HttpResponse()),
        *i18n_patterns(path("new/", lambda request: HttpResponse())),
    ]


def test_a_site_with_nothing_set_has_nothing_to_correct(settings: pytest_django.Settings) -> None:
    del settings.DOWNTIME_SCHEDULE_FILE, settings.DOWNTIME_FLAG_FILE
    del settings.DOWNTIME_RECHECK, settings.DOWNTIME_WATCH
    assert found() == []


@pytest.mark.parametrize(
    ("redirect", "expected"),
    [
        ("/upgrade/", []),
        ("/upgrade/?from=downtime#now", []),
        ("/upgr%61de/", []),
        ("/site/upgrade/", []),
        ("/de/new/", []),
        ("/fr/nowhere/", ["W009"]),
        ("/upgrde/", ["W009"]),
        ("/", ["W009"]),
        ("//status.example.com/upgrde/", []),
        ("https://status.example.com/upgrde/", []),
    ],
)
def test_a_redirect_to_a_page_that_is_not_there_is_reported(
    settings: pytest_django.Settings, redirect: str, expected: list[str]
) -> None:
    settings.ROOT_URLCONF = Patterns
    settings.DOWNTIME_URL_REDIRECT = redirect
    set_script_prefix("/site/" if redirect.startswith("/site/") else "/")
    try:
        assert ids() == expected
    finally:
        clear_script_prefix()


def test_a_urlconf_that_can_not_be_loaded_is_left_to_django(settings: pytest_django.Settings) -> None:
    settings.ROOT_URLCONF = "no.such.urlconf"
    settings.DOWNTIME_URL_REDIRECT = "/upgrade/"
    assert ids() == []


STAFF, SUPERUSER = "downtime.exemptions.is_staff", "downtime.exemptions.is_superuser"


@pytest.mark.parametrize(
    ("middleware", "callables", "expected"),
    [
        ([SESSIONS, USERS, OURS], [STAFF], []),
        ([SECURITY, SESSIONS, USERS, OURS], [SUPERUSER, STAFF], []),
        ([SESSIONS, USERS, OURS], ["tests.test_exemptions.yes"], []),
        ([SESSIONS, USERS, OURS], [], ["W005"]),
        ([OURS], ["tests.test_exemptions.yes"], []),
        ([OURS, SESSIONS, USERS], [STAFF], ["W010"]),
        ([SESSIONS, OURS, USERS], [SUPERUSER], ["W010"]),
        ([OURS], ["tests.test_exemptions.yes", STAFF], ["W010"]),
    ],
)
def test_who_asks_for_users_has_their_middleware_above(
    settings: pytest_django.Settings, middleware: list[str], callables: list[str], expected: list[str]
) -> None:
    settings.MIDDLEWARE, settings.DOWNTIME_EXEMPT_IF = middleware, callables
    assert ids() == expected


@pytest.mark.parametrize(
    ("name", "id", "hint"),
    [
        ("DOWNTIME_MIXIN", "W001", "DOWNTIME_TEMPLATE"),
        ("DOWNTIME_NODATABASE_MODE", "W001", "Remove it"),
        ("DOWNTIME_EXEMPT_PATH", "W002", "Did you mean DOWNTIME_EXEMPT_PATHS?"),
        ("DOWNTIME_FLAGFILE", "W002", "Did you mean DOWNTIME_FLAG_FILE?"),
        ("DOWNTIME_XYZ", "W002", "Remove it."),
    ],
)
def test_a_setting_that_does_nothing_is_reported_with_what_to_write_instead(
    settings: pytest_django.Settings, name: str, id: str, hint: str
) -> None:
    setattr(settings, name, True)
    [message] = found()
    assert (message.id, message.level) == (f"downtime.{id}", WARNING)
    assert name in message.msg
    assert hint in str(message.hint)


@pytest.mark.parametrize(
    ("middleware", "expected"),
    [
        ([OURS], []),
        ([SECURITY, "corsheaders.middleware.CorsMiddleware", OURS, SESSIONS, USERS], []),
        ([SESSIONS, OURS, USERS], ["W005"]),
        ([SESSIONS, USERS, OURS], ["W005"]),
        (["django.contrib.messages.middleware.MessageMiddleware", OURS], ["W005"]),
        (["django.contrib.auth.middleware.LoginRequiredMiddleware", OURS], ["W005"]),
        ([OURS, SESSIONS, OURS], ["W004"]),
        ([SESSIONS, OURS, OURS], ["W004", "W005"]),
        ([SESSIONS], ["W003"]),
        ([], ["W003"]),
    ],
)
@pytest.mark.parametrize("kind", [list, tuple])
def test_the_middleware_is_there_once_and_above_sessions_and_users(
    settings: pytest_django.Settings, middleware: list[str], expected: list[str], kind: type
) -> None:
    settings.MIDDLEWARE = kind(middleware)
    assert ids() == expected


def test_what_stands_above_the_middleware_is_named(settings: pytest_django.Settings) -> None:
    settings.MIDDLEWARE = [SESSIONS, SECURITY, USERS, OURS]
    [message] = found()
    assert f"{SESSIONS}, {USERS}" in message.msg
    assert SECURITY not in message.msg


@pytest.mark.parametrize(
    ("content", "line", "found_there"),
    [
        (b"periods:\n  - start: soon\n", 2, "'soon'"),
        (b"periods: [", 1, "not valid YAML"),
        (b"\n\n\xff", 3, "UTF-8"),
        (b"a: &a [x]\nb: *a\n", 1, "'a'"),
        (b"[" * 100, 1, "nested deeper"),
    ],
    ids=["a time", "no YAML", "no UTF-8", "a key", "deep nesting"],
)
def test_a_problem_in_the_schedule_is_a_warning_with_file_and_line(
    schedule: Path, content: bytes, line: int, found_there: str
) -> None:
    schedule.write_bytes(content)
    message = found()[0]
    assert (message.id, message.level) == ("downtime.W006", WARNING)
    assert message.msg.startswith(f"{schedule}:{line}: ")
    assert found_there in message.msg


def test_each_problem_is_reported_but_not_thousands_of_them(schedule: Path) -> None:
    schedule.write_text("periods:\n  - start: soon\n  - start: later\n")
    assert ids() == ["W006", "W006"]
    schedule.write_text("periods:\n" + "  - start: soon\n" * 1000)
    assert ids() == ["W006"] * 20


def test_a_problem_in_a_flag_is_a_warning_with_file_and_line(flag: Path) -> None:
    flag.write_text("message: a\nend: soon\n")
    [message] = found()
    assert (message.id, message.level) == ("downtime.W007", WARNING)
    assert message.msg.startswith(f"{flag}:2: ")


def test_a_flag_that_has_let_go_is_reported(settings: pytest_django.Settings, flag: Path) -> None:
    flag.touch()
    assert found() == []
    os.utime(flag, (0, 0))
    settings.DOWNTIME_FLAG_MAX_AGE = 60
    [message] = found()
    assert (message.id, message.level) == ("downtime.W007", WARNING)
    assert "it let go at 1970-01-01 00:01 UTC" in message.msg


def test_a_file_that_can_not_be_looked_at_is_reported(
    settings: pytest_django.Settings, schedule: Path, flag: Path, tmp_path: Path
) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    settings.DOWNTIME_FLAG_FILE = [flag, loop / "flag"]
    [message] = found()
    assert (message.id, message.level) == ("downtime.W008", WARNING)
    assert message.msg.startswith(f"{loop}/flag can't be looked at: ")
    settings.DOWNTIME_FLAG_FILE = flag
    settings.DOWNTIME_SCHEDULE_FILE = loop / "schedule"
    [message] = found()
    assert (message.id, message.level) == ("downtime.W006", WARNING)
    assert message.msg.startswith(f"{loop}/schedule:1: it can't be read: ")


def switched(root: Path, release: str, link: str = "current") -> Path:
    """The folder of a release, to which a link leads."""
    (root / release).mkdir(parents=True)
    (root / link).symlink_to(root / release)
    return root / release


@pytest.mark.parametrize("release", ["releases/1", "deployments/20261201", "deploys/1", "versions/2", "app-2", "all/7"])
def test_a_file_in_the_folder_of_one_release_is_reported(
    settings: pytest_django.Settings, tmp_path: Path, release: str
) -> None:
    """By BASE_DIR as startproject writes it, resolved, and by a path through the link; at any depth."""
    folder = switched(tmp_path, release)
    for base in (folder, tmp_path / "current", folder / "site" / "web"):
        settings.DOWNTIME_SCHEDULE_FILE, settings.DOWNTIME_FLAG_FILE = base / "downtime.yml", base / "downtime.flag"
        schedule, flag = found()
        assert [schedule.id, schedule.level, flag.id, flag.level] == ["downtime.W011", WARNING] * 2
        assert schedule.msg.startswith("DOWNTIME_SCHEDULE_FILE is ")
        assert flag.msg.startswith("DOWNTIME_FLAG_FILE is ")
        assert all(f"the release in {folder}:" in message.msg for message in (schedule, flag))


def test_each_flag_in_the_folder_of_one_release_is_reported(settings: pytest_django.Settings, tmp_path: Path) -> None:
    folder = switched(tmp_path, "releases/1")
    settings.DOWNTIME_FLAG_FILE = [tmp_path / "a.flag", folder / "b.flag", folder / "c.flag"]
    assert [re.findall(r"\w\.flag", message.msg) for message in found()] == [["b.flag"], ["c.flag"]]


def test_a_release_is_left_by_links_as_it_is_entered(settings: pytest_django.Settings, tmp_path: Path) -> None:
    """A schedule is what its link leads to; a flag is the link itself, and only its folder may be one."""
    folder, shared = switched(tmp_path, "releases/1"), tmp_path / "shared"
    shared.mkdir()
    (folder / "linked").symlink_to(shared)
    (folder / "downtime.yml").symlink_to(shared / "downtime.yml")
    settings.DOWNTIME_SCHEDULE_FILE = folder / "downtime.yml"
    settings.DOWNTIME_FLAG_FILE = folder / "linked" / "downtime.flag"
    assert ids() == []
    (shared / "downtime.yml").symlink_to(folder / "other.yml")
    assert ids() == ["W011"]
    settings.DOWNTIME_SCHEDULE_FILE = shared / "other.yml"
    (shared / "downtime.flag").symlink_to(folder / "text")
    (folder / "text").write_text("We are moving.")
    assert ids() == []


@pytest.mark.parametrize("place", ["downtime", "release-notes", "releases", "my-releases/1", "shared", "current"])
def test_a_folder_that_no_link_switches_is_nobody_s_release(
    settings: pytest_django.Settings, tmp_path: Path, place: str
) -> None:
    switched(tmp_path, "releases/1", "live")
    folder = tmp_path / place
    settings.DOWNTIME_SCHEDULE_FILE, settings.DOWNTIME_FLAG_FILE = folder / "downtime.yml", folder / "downtime.flag"
    assert ids() == []


@pytest.mark.parametrize("content", [b"periods: [", b"\0", b"{" * 50_000, b"5", b"!!python/object:os.abort {}"])
def test_no_content_is_an_error_as_that_would_stop_migrate(schedule: Path, flag: Path, content: bytes) -> None:
    schedule.write_bytes(content)
    flag.write_bytes(content)
    assert {message.level for message in found()} == {WARNING}


def test_an_id_is_never_used_again_for_another_check() -> None:
    """Add to this list; nothing is ever taken from it or given another meaning."""
    used = [f"E{number:03}" for number in range(1, 15)] + [f"W{number:03}" for number in range(1, 12)]
    source = Path(checks.__file__).read_text() + Path(setting_rules.__file__).read_text()
    assert sorted(set(re.findall(r'"(?:downtime\.)?([EW]\d{3})"', source))) == used
    documented = str(checks.__doc__) + (ROOT / "README.rst").read_text()
    assert all(id in documented for id in ("E001", "E014", *used[14:]))


@pytest.mark.parametrize("folder", [None, "", ".", "site", 5])
def test_a_default_in_no_known_folder_is_an_error(settings: pytest_django.Settings, folder: object) -> None:
    settings.BASE_DIR = folder
    settings.DOWNTIME_SCHEDULE_FILE = settings.DOWNTIME_FLAG_FILE = None
    assert ids() == ["E001", "E002"]


def test_a_path_that_is_given_needs_no_folder(settings: pytest_django.Settings) -> None:
    settings.BASE_DIR = None
    assert ids() == []
