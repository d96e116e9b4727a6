import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta, timezone
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import pytest_django
from django.db import InterfaceError, OperationalError, ProgrammingError
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import path as url
from django.utils.functional import SimpleLazyObject

from downtime.decorators import downtime_exempt
from downtime.exemptions import Exemptions, Refused, is_safe, is_staff, is_superuser
from downtime.http import bypass
from downtime.http.passages import Passage, keep_private, unchanged, withhold_unless_exempt, withhold_unless_reading
from downtime.schedule.occurrence import Occurrence
from downtime.schedule.periods import ALWAYS, NEVER, Answer, Period, Schedule, Window
from tests.support.readme import block
from tests.support.requests import request_for

NOW = datetime(2026, 12, 1, tzinfo=timezone.utc)


def during(*periods: Period) -> Answer:
    """What applies while these periods are active."""
    return Schedule(periods).at(NOW)


def passes_whole(request: HttpRequest, exemptions: Exemptions | None = None) -> bool:
    """Whether the request passes while the whole site is down."""
    return not (exemptions or Exemptions()).refuse(request, during(Period()))


@pytest.mark.parametrize(
    ("path", "passes"),
    [
        ("/admin", True),
        ("/admin/", True),
        ("/admin/login/", True),
        ("/admin/.hidden", True),
        ("/admin/...", True),
        ("/", False),
        ("/administrator", False),
        ("/admin.php", False),
        ("/Admin", False),
        ("//admin", False),
        ("//admin/", False),
        ("/admin//", False),
        ("/admin/../x", False),
        ("/admin/..", False),
        ("/admin/./x", False),
        ("/x/../admin", False),
        ("/./admin", False),
        ("/%61dmin", False),
        ("/admin%2f..%2fx", False),
        ("/x/admin", False),
        ("/admin\\..\\x", False),
        ("", False),
    ],
)
def test_a_prefix_exempts_whole_segments_of_plain_paths(path: str, passes: bool) -> None:
    assert Exemptions().has_path(request_for(path), "") is passes


@pytest.mark.parametrize("prefix", ["/hooks", "/hooks/", "/hooks//"])
@pytest.mark.parametrize(("path", "passes"), [("/hooks", True), ("/hooks/a", True), ("/hooksmith", False)])
def test_a_closing_slash_of_a_prefix_means_nothing(
    settings: pytest_django.Settings, prefix: str, path: str, passes: bool
) -> None:
    settings.DOWNTIME_EXEMPT_PATHS = [prefix]
    assert Exemptions().has_path(request_for(path), "") is passes


def test_the_default_prefix_goes_with_a_setting_of_ones_own(settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_EXEMPT_PATHS = ()
    assert not Exemptions().has_path(request_for("/admin"), "")


@pytest.mark.parametrize(
    ("path", "passes"),
    [
        ("/healthz", True),
        ("/healthz/", False),
        ("/healthz/x", False),
        ("//healthz", False),
        ("/Healthz", False),
        ("//as/../written", True),
    ],
)
def test_an_exact_url_exempts_that_path_as_written(settings: pytest_django.Settings, path: str, passes: bool) -> None:
    settings.DOWNTIME_EXEMPT_EXACT_URLS = ["/healthz", "//as/../written"]
    assert Exemptions().has_path(request_for(path), "") is passes


@pytest.mark.parametrize(
    ("script", "path", "passes"),
    [("/site", "/admin", True), ("/admin", "/x", False), ("/admin", "/", False), ("/site", "/site/admin", False)],
)
def test_the_script_prefix_is_no_part_of_the_path(script: str, path: str, passes: bool) -> None:
    assert Exemptions().has_path(request_for(path, script=script), "") is passes


@pytest.mark.parametrize("prefix", ["/", "//"])
def test_no_prefix_exempts_the_whole_site(settings: pytest_django.Settings, prefix: str) -> None:
    settings.DOWNTIME_EXEMPT_PATHS = [prefix]
    assert not Exemptions().has_path(RequestFactory().get("/shop"), "")


# Addresses


@pytest.mark.parametrize(
    ("networks", "proxies", "remote", "forwarded", "passes"),
    [
        (["192.0.2.1"], 0, "192.0.2.1", "", True),
        (["192.0.2.0/24"], 0, "192.0.2.77", "", True),
        (["::1", "192.0.2.0/24"], 0, "192.0.2.77", "", True),
        (["2001:db8::/32"], 0, "2001:db8::1", "", True),
        (["192.0.2.0/24"], 0, "::ffff:192.0.2.77", "", True),
        (["::ffff:192.0.2.0/120"], 0, "192.0.2.77", "", True),
        (["192.0.2.0/24"], 1, "10.0.0.1", "203.0.113.9, 192.0.2.77", True),
        (["192.0.2.0/24"], 2, "10.0.0.1", "192.0.2.77, 10.0.0.2", True),
        ([], 0, "192.0.2.1", "", False),
        (["192.0.2.0/24"], 0, "198.51.100.1", "", False),
        (["192.0.2.0/24"], 0, "198.51.100.1", "192.0.2.1", False),
        (["192.0.2.0/24"], 1, "192.0.2.1", "198.51.100.1", False),
        (["192.0.2.0/24"], 1, "192.0.2.1", "", False),
        (["192.0.2.0/24"], 1, "10.0.0.1", "192.0.2.77, 203.0.113.9", False),
        (["192.0.2.0/24"], 2, "10.0.0.1", "192.0.2.77", False),
        (["192.0.2.0/24"], "1", "192.0.2.1", "192.0.2.1", False),
        (["192.0.2.0/24"], -1, "192.0.2.1", "192.0.2.1", False),
        (["192.0.2.1/24"], 0, "192.0.2.1", "", False),
        (["192.0.2.1/24", "192.0.2.1"], 0, "192.0.2.1", "", True),
        (["::/0"], 0, "192.0.2.1", "", False),
        (["0.0.0.0/0"], 0, "", "", False),
        (["0.0.0.0/0"], 0, "unix:", "", False),
        (["0.0.0.0/0"], 0, None, "192.0.2.77", False),
        (["192.0.2.0/24"], 1, None, "192.0.2.77", True),
        (["192.0.2.0/24"], 1, None, "", False),
    ],
)
def test_an_address_exempts_who_comes_from_it(
    settings: pytest_django.Settings,
    networks: list[str],
    proxies: Any,
    remote: str | None,
    forwarded: str,
    passes: bool,
) -> None:
    settings.DOWNTIME_EXEMPT_IPS, settings.DOWNTIME_PROXY_COUNT = networks, proxies
    request = RequestFactory().get("/", REMOTE_ADDR=remote, headers={"x-forwarded-for": forwarded})
    assert Exemptions().has_client(request) is passes


def test_a_request_without_an_address_is_exempt_by_none(settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_EXEMPT_IPS = ["0.0.0.0/0", "::/0"]
    assert not Exemptions().has_client(HttpRequest())


def test_what_is_kept_of_addresses_does_not_grow_without_bound_and_changes_no_answer(
    settings: pytest_django.Settings,
) -> None:
    settings.DOWNTIME_EXEMPT_IPS, settings.DOWNTIME_PROXY_COUNT = ["192.0.2.0/24"], 1
    exemptions = Exemptions()

    def has_client(forwarded: str) -> bool:
        return exemptions.has_client(RequestFactory().get("/", headers={"x-forwarded-for": forwarded}))

    for number in range(600):
        for padding in ("", "x" * number + ","):
            assert has_client(f"{padding}192.0.2.{number % 256}")
            assert not has_client(f"{padding}198.51.100.{number % 256}")
    assert exemptions._kept.cache_info().currsize == 500
    kept = exemptions._kept.cache_info().misses
    assert has_client("x" * 8_000 + ",192.0.2.1")
    assert exemptions._kept.cache_info().misses == kept


def test_without_a_proxy_what_a_client_says_of_its_address_is_not_even_kept(settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_EXEMPT_IPS = ["127.0.0.1"]
    exemptions = Exemptions()
    for number in range(9):
        forwarded = "x" * 100 * number + f"192.0.2.{number}"
        assert exemptions.has_client(RequestFactory().get("/", headers={"x-forwarded-for": forwarded}))
    assert exemptions._kept.cache_info()[:2] == (8, 1)  # hits and misses


# The bypass cookie


def test_the_bypass_cookie_exempts_who_carries_it() -> None:
    exemptions = Exemptions()
    assert exemptions.has_client(RequestFactory().get("/", headers={"cookie": f"{bypass.NAME}={bypass.token(60)}"}))
    assert not exemptions.has_client(RequestFactory().get("/", headers={"cookie": f"{bypass.NAME}=x"}))


# DOWNTIME_EXEMPT_IF


def yes(request: HttpRequest) -> bool:
    return True


def no(request: HttpRequest) -> bool:
    return False


async def async_yes(request: HttpRequest) -> bool:
    return True


async def async_no(request: HttpRequest) -> bool:
    return False


def nothing(request: HttpRequest) -> None:
    return None


def failing(request: HttpRequest) -> bool:
    raise RuntimeError("this callable is broken")


def asks_header(request: HttpRequest) -> bool:
    return request.headers.get("x-key") == "secret"


class HasKey:
    """A class in the place of one of its instances."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request


class AsksKey:
    def __call__(self, request: HttpRequest) -> bool:
        return asks_header(request)


asks_key = AsksKey()


def generator(request: HttpRequest) -> Iterator[bool]:
    yield False


async def async_generator(request: HttpRequest) -> AsyncIterator[bool]:
    yield False


def function(request: HttpRequest) -> Callable[[HttpRequest], bool]:
    return no


def text(request: HttpRequest) -> str:
    return "False"


def no_text(request: HttpRequest) -> str:
    return ""


def number(request: HttpRequest) -> int:
    return 1


async def async_number(request: HttpRequest) -> int:
    return 1


class Undecided:
    def __bool__(self) -> bool:
        raise ValueError("neither true nor false")


def undecided(request: HttpRequest) -> Undecided:
    return Undecided()


HERE = "tests.test_exemptions"


@pytest.mark.parametrize(
    ("names", "passes"),
    [
        (["yes"], True),
        (["async_yes"], True),
        (["no", "failing", "yes"], True),
        (["asks_header"], True),
        (["asks_key"], True),
        (["text", "generator", "yes"], True),
        (["no"], False),
        (["async_no"], False),
        (["nothing"], False),
        (["failing"], False),
        (["no_such_callable"], False),
        (["HERE"], False),
        (["HasKey"], False),
        (["AsksKey"], False),
        (["generator"], False),
        (["async_generator"], False),
        (["function"], False),
        (["text"], False),
        (["no_text"], False),
        (["number"], False),
        (["async_number"], False),
        (["undecided"], False),
        ([], False),
    ],
    ids=str,
)
def test_a_callable_exempts_by_saying_yes(settings: pytest_django.Settings, names: list[str], passes: bool) -> None:
    settings.DOWNTIME_EXEMPT_IF = [f"{HERE}.{name}" for name in names]
    request = RequestFactory().get("/", headers={"x-key": "secret"})
    assert passes_whole(request) is passes


def test_callables_are_asked_in_order_until_one_says_yes(
    settings: pytest_django.Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DOWNTIME_EXEMPT_IF = [f"{HERE}.yes", f"{HERE}.failing"]
    assert passes_whole(RequestFactory().get("/"))
    assert caplog.records == []


def test_a_callable_that_fails_is_logged_once(
    settings: pytest_django.Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DOWNTIME_EXEMPT_IF = [f"{HERE}.failing", "no.such.module"]
    exemptions = Exemptions()
    for _ in range(3):
        assert not passes_whole(RequestFactory().get("/"), exemptions)
    assert [record.message for record in caplog.records] == [
        f"{HERE}.failing in DOWNTIME_EXEMPT_IF failed, which counts as a no",
        "no.such.module in DOWNTIME_EXEMPT_IF failed, which counts as a no",
    ]
    assert "this callable is broken" in caplog.text


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("HasKey", "HasKey"),
        ("generator", "generator"),
        ("async_generator", "async_generator"),
        ("text", "str"),
        ("async_number", "int"),
        ("undecided", "Undecided"),
    ],
)
def test_what_is_neither_yes_nor_no_is_logged_once_and_counts_as_a_no(
    settings: pytest_django.Settings, caplog: pytest.LogCaptureFixture, name: str, kind: str
) -> None:
    settings.DOWNTIME_EXEMPT_IF = [f"{HERE}.{name}"]
    exemptions = Exemptions()
    for _ in range(3):
        assert not passes_whole(RequestFactory().get("/"), exemptions)
    assert [record.message for record in caplog.records] == [
        f"{HERE}.{name} in DOWNTIME_EXEMPT_IF returned {kind}; only True lets a request through, so it counts as a no"
    ]


@pytest.mark.parametrize("name", ["no", "async_no", "nothing"])
def test_a_plain_no_is_not_logged(
    settings: pytest_django.Settings, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    settings.DOWNTIME_EXEMPT_IF = [f"{HERE}.{name}"]
    assert not passes_whole(RequestFactory().get("/"))
    assert caplog.records == []


# Values of a wrong type

WRONG_TYPES = [5, 0, True, 1.5, "/", "/admin", "0.0.0.0/0", f"{HERE}.yes", b"/admin", {"/admin": 1}, {"0.0.0.0/0": 1}]


@pytest.mark.parametrize("value", WRONG_TYPES, ids=repr)
@pytest.mark.parametrize("name", ["EXACT_URLS", "PATHS", "IPS", "IF"])
def test_an_exemption_setting_of_a_wrong_type_exempts_nobody(
    settings: pytest_django.Settings, name: str, value: Any
) -> None:
    setattr(settings, f"DOWNTIME_EXEMPT_{name}", value)
    if name != "PATHS":
        settings.DOWNTIME_EXEMPT_PATHS = ()
    for path in ("/", "/admin", "/admin/login/"):
        assert not passes_whole(request_for(path))


# What the site's own response goes through


class Patterns:
    urlpatterns = [url("marked", downtime_exempt(yes)), url("reading", downtime_exempt(read_only=True)(yes))]


PASSAGES: dict[str, tuple[dict[str, Any], str, str, Passage | None]] = {
    "nobody": ({}, "/shop", "", None),
    "exact URL": ({"DOWNTIME_EXEMPT_EXACT_URLS": ["/shop"]}, "/shop", "", unchanged),
    "prefix": ({}, "/admin/login/", "", unchanged),
    "redirect of the settings": ({"DOWNTIME_URL_REDIRECT": "/shop"}, "/shop", "", unchanged),
    "redirect of the period": ({}, "/shop", "/shop", unchanged),
    "redirect of another period": ({"DOWNTIME_URL_REDIRECT": "/shop"}, "/shop", "/upgrade/", None),
    "exempt view": ({}, "/marked", "", withhold_unless_exempt),
    "address": ({"DOWNTIME_EXEMPT_IPS": ["127.0.0.1"]}, "/shop", "", keep_private),
    "callable": ({"DOWNTIME_EXEMPT_IF": [f"{HERE}.yes"]}, "/shop", "", keep_private),
    "prefix before client": ({"DOWNTIME_EXEMPT_IPS": ["127.0.0.1"]}, "/admin", "", unchanged),
    "view before client": ({"DOWNTIME_EXEMPT_IPS": ["127.0.0.1"]}, "/marked", "", withhold_unless_exempt),
}


@pytest.mark.parametrize(("changed", "path", "redirect", "passage"), PASSAGES.values(), ids=PASSAGES)
def test_each_exemption_has_its_passage(
    settings: pytest_django.Settings, changed: dict[str, Any], path: str, redirect: str, passage: Passage | None
) -> None:
    settings.ROOT_URLCONF = Patterns
    for name, value in changed.items():
        setattr(settings, name, value)
    period = Period(redirect=redirect)
    refused = Refused(Window(ALWAYS, 0, NEVER, period), NEVER)
    assert Exemptions().ruling(request_for(path), during(period)) == (passage or refused)


# A view that only reads, and callables that are told the downtime

WHOLE, READING = Period(message="whole"), Period(read_only=True, message="reading")
PARTLY = Period(paths=("/elsewhere",))
ENDS = Period(end=NOW + timedelta(hours=1), message="ends")
LONGER = Period(end=NOW + timedelta(hours=2), read_only=True)


@pytest.mark.parametrize(
    ("periods", "method", "passage"),
    [
        ([READING], "POST", withhold_unless_reading),
        ([READING, PARTLY], "POST", withhold_unless_reading),
        ([READING], "GET", unchanged),
        ([WHOLE], "POST", None),
        ([WHOLE], "GET", None),
        ([READING, WHOLE], "POST", None),
        ([WHOLE, READING], "POST", None),
    ],
    ids=["read-only", "another part down", "reading anyway", "whole", "GET", "whole beneath", "whole above"],
)
def test_a_view_that_only_reads_passes_only_if_nothing_but_read_only_periods_cover_it(
    settings: pytest_django.Settings, periods: list[Period], method: str, passage: Passage | None
) -> None:
    settings.ROOT_URLCONF = Patterns
    ruling = Exemptions().ruling(RequestFactory().generic(method, "/reading"), during(*periods))
    if passage is None:
        assert isinstance(ruling, Refused)
        assert ruling.window.period is WHOLE
    else:
        assert ruling is passage


def test_a_view_that_only_reads_waits_for_no_read_only_period(settings: pytest_django.Settings) -> None:
    settings.ROOT_URLCONF = Patterns
    ends = {}
    for path in ("/reading", "/other"):
        ruling = Exemptions().ruling(RequestFactory().post(path), during(LONGER, ENDS))
        assert isinstance(ruling, Refused)
        ends[path] = ruling.release
    assert ends == {"/reading": ENDS.end, "/other": LONGER.end}


TOLD: list[Occurrence] = []


def passes_reading(request: HttpRequest) -> bool:
    TOLD.append(request.downtime)  # type: ignore[attr-defined]
    return request.downtime.read_only and request.path_info == "/graphql"  # type: ignore[attr-defined]


async def async_passes_reading(request: HttpRequest) -> bool:
    return passes_reading(request)


@pytest.mark.parametrize("name", ["passes_reading", "async_passes_reading"])
@pytest.mark.parametrize(
    ("periods", "path", "passes"),
    [
        ([READING], "/graphql", True),
        ([READING], "/shop", False),
        ([PARTLY, READING], "/graphql", True),
        ([WHOLE], "/graphql", False),
        ([READING, WHOLE], "/graphql", False),
        ([WHOLE, READING], "/graphql", False),
    ],
    ids=["read-only", "another path", "another part down", "whole", "whole beneath", "whole above"],
)
def test_a_callable_is_told_the_downtime_that_covers_the_request_while_it_runs(
    settings: pytest_django.Settings, name: str, periods: list[Period], path: str, passes: bool
) -> None:
    settings.DOWNTIME_EXEMPT_IF = [f"{HERE}.{name}"]
    TOLD.clear()
    request = RequestFactory().post(path)
    assert Exemptions().refuse(request, during(*periods)) is not passes
    assert not hasattr(request, "downtime")
    assert [told.message for told in TOLD] == ["whole" if WHOLE in periods else "reading"]


def test_the_end_that_a_callable_is_told_is_the_release_of_the_request(settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_EXEMPT_IF = [f"{HERE}.passes_reading"]
    TOLD.clear()
    Exemptions().ruling(RequestFactory().post("/"), during(ENDS, LONGER))
    assert [told.end for told in TOLD] == [LONGER.end]


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "X"]
)
def test_only_reading_is_safe(method: str) -> None:
    assert is_safe(RequestFactory().generic(method, "/")) is (method in ("GET", "HEAD", "OPTIONS"))


# is_staff and is_superuser


@pytest.mark.parametrize(
    ("user", "staff", "superuser"),
    [
        (SimpleNamespace(is_active=True, is_staff=True, is_superuser=True), True, True),
        (SimpleNamespace(is_active=True, is_staff=True, is_superuser=False), True, False),
        (SimpleNamespace(is_active=True, is_staff=False, is_superuser=True), False, True),
        (SimpleNamespace(is_active=False, is_staff=True, is_superuser=True), False, False),
        (SimpleNamespace(is_active=False, is_staff=False, is_superuser=False), False, False),
        (None, False, False),
    ],
    ids=["both", "staff", "superuser", "inactive", "anonymous", "none"],
)
def test_staff_and_superusers_are_told_by_their_user(user: object, staff: bool, superuser: bool) -> None:
    request = RequestFactory().get("/")
    assert not is_staff(request)
    request.user = user  # type: ignore[assignment]
    assert (is_staff(request), is_superuser(request)) == (staff, superuser)


@pytest.mark.parametrize("error", [OperationalError, ProgrammingError, InterfaceError])
def test_a_database_that_is_away_is_a_plain_no(
    settings: pytest_django.Settings, caplog: pytest.LogCaptureFixture, error: type[Exception]
) -> None:
    def load() -> object:
        raise error("the database is away")

    settings.DOWNTIME_EXEMPT_IF = ["downtime.exemptions.is_staff", "downtime.exemptions.is_superuser"]
    request = RequestFactory().get("/")
    request.user = SimpleLazyObject(load)  # type: ignore[assignment]
    assert not passes_whole(request)
    assert caplog.records == []


# By name


@pytest.mark.parametrize(
    ("path", "by"),
    [
        ("/healthz", "DOWNTIME_EXEMPT_EXACT_URLS"),
        ("/admin/x", "DOWNTIME_EXEMPT_PATHS"),
        ("/upgrade/", "redirect"),
        ("/shop", None),
    ],
)
def test_what_exempts_a_path_is_named(settings: pytest_django.Settings, path: str, by: str | None) -> None:
    settings.DOWNTIME_EXEMPT_EXACT_URLS = ["/healthz"]
    window = Window(ALWAYS, 0, NEVER, Period(redirect="/upgrade/"))
    assert Exemptions().exempt_by(request_for(path), window) == by
    assert Exemptions().has_path(request_for(path), "/upgrade/") is (by is not None)


@pytest.mark.parametrize(
    ("periods", "path", "passes"),
    [
        ([READING], "/accounts/login/", True),
        ([READING], "/i18n/setlang/", True),
        ([READING], "/shop", False),
        ([WHOLE], "/accounts/login/", False),
        ([READING, WHOLE], "/accounts/login/", False),
    ],
    ids=["log-in", "language", "another path", "whole", "whole beneath"],
)
def test_the_callable_of_the_readme_lets_those_pass_that_only_read(
    settings: pytest_django.Settings,
    monkeypatch: pytest.MonkeyPatch,
    periods: list[Period],
    path: str,
    passes: bool,
) -> None:
    module = ModuleType("maintenance_of_readme")
    exec(block("def only_reads").text, vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    settings.DOWNTIME_EXEMPT_IF = [f"{module.__name__}.only_reads"]
    assert Exemptions().refuse(RequestFactory().post(path), during(*periods)) is not passes
