"""What a visitor would get: the same as the middleware gives, by path and method alone."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import pytest_django
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.utils.decorators import method_decorator
from django.views.generic import View

from downtime import live
from downtime.decorators import downtime_exempt
from downtime.schedule.periods import NEVER, Period, Schedule
from downtime.visit import Visit, to_method, to_path, visit

NOW = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("up")


@method_decorator(downtime_exempt, name="dispatch")
class Marked(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("up")

    post = get


class Unmarked(View):
    pass


def bare(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A decorator that keeps nothing of what it decorates."""

    def wrapper(request: HttpRequest) -> HttpResponse:
        return view(request)

    return wrapper


class Instance:
    def __call__(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("up")


class Patterns:
    """A URLconf with a view that is marked, one whose mark has no effect, and others."""

    urlpatterns = [
        path("plain/", plain),
        path("marked/", Marked.as_view()),
        path("lost/", lambda request: downtime_exempt(plain)(request)),
        path("reading/", downtime_exempt(read_only=True)(plain)),
        path("wrapped/", bare(downtime_exempt(plain))),
        path("class/", Unmarked.as_view()),
        path("instance/", Instance()),
        path("upgrade/", plain),
    ]


@pytest.fixture(autouse=True)
def urlconf(settings: pytest_django.Settings) -> None:
    settings.ROOT_URLCONF = Patterns
    settings.ALLOWED_HOSTS = ["testserver", "www.example.com"]
    settings.DOWNTIME_EXEMPT_EXACT_URLS = ["/healthz"]


def visited(path: str, method: str = "GET") -> Visit:
    """What the visit gives now."""
    live.current.expire()
    return visit(path, method, live.answer(), is_sure=True)


PATHS = {
    "/plain/": None,
    "/lost/": None,
    "/instance/": None,
    "/nowhere/": None,
    "/marked/": "downtime_exempt",
    "/marked": None,
    "/wrapped/": None,
    "/healthz": "DOWNTIME_EXEMPT_EXACT_URLS",
    "/healthz/": None,
    "/admin": "DOWNTIME_EXEMPT_PATHS",
    "/admin/x": "DOWNTIME_EXEMPT_PATHS",
    "/%61dmin": "DOWNTIME_EXEMPT_PATHS",
    "/admin/../plain/": None,
    "//admin": None,
    "/upgrade/": "redirect",
    "/upgrade": "redirect",
    "/w%C3%A4rter/": None,
    "/%FF": None,
}


@pytest.mark.parametrize("content", ["", "read_only: true", "paths: [/plain, /marked, /lost]"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_it_is_what_the_middleware_does(
    client: Client, settings: pytest_django.Settings, flag: Path, method: str, content: str
) -> None:
    settings.DOWNTIME_URL_REDIRECT = "/upgrade/"
    flag.write_text(content)
    for address, exempt_by in PATHS.items():
        found = visited(address, method)
        response = client.generic(method, f"http://testserver{address}")
        assert found.is_refused is (response.status_code in (302, 503)), address
        assert found.exempt_by == exempt_by, address


@pytest.mark.parametrize(
    ("redirect", "exempt_by"),
    [
        ("https://www.example.com/upgrade/", "redirect"),
        ("https://status.example.com/upgrade/", None),
        ("/plain/", None),
        ("http://[", None),
    ],
)
@pytest.mark.parametrize("place", ["the setting", "the flag"])
def test_a_visitor_who_is_redirected_comes_to_the_host_of_the_redirect(
    settings: pytest_django.Settings, flag: Path, redirect: str, exempt_by: str | None, place: str
) -> None:
    flag.touch()
    if place == "the setting":
        settings.DOWNTIME_URL_REDIRECT = redirect
    else:
        flag.write_text(f"redirect: '{redirect}'")
    assert visited("/upgrade/").exempt_by == exempt_by


def test_what_would_be_exempt_is_told_while_the_site_is_up(client: Client) -> None:
    """So that a mark can be tried before it is needed."""
    marked, lost = visited("/marked/"), visited("/lost/")
    assert [(found.window, found.is_refused, found.until) for found in (marked, lost)] == [(None, False, NEVER)] * 2
    assert (marked.exempt_by, lost.exempt_by) == ("downtime_exempt", None)


def test_a_request_waits_for_what_follows_too_unless_that_is_in_doubt() -> None:
    first = Period(NOW, NOW + timedelta(hours=1))
    second = Period(NOW + timedelta(hours=1), NOW + timedelta(hours=2), paths=("/plain",))
    answer = Schedule((first, second)).at(NOW)
    for address, hours in {"/x": 1, "/plain": 2}.items():
        assert visit(address, "GET", answer, is_sure=True).until == NOW + timedelta(hours=hours)
        assert visit(address, "GET", answer, is_sure=False).until == NEVER


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/plain/", "the view tests.test_visit.plain, which answers that path, is not marked with"),
        ("/lost/", "the view tests.test_visit.Patterns.<lambda>, which answers that path, is not marked"),
        ("/class/", "the view tests.test_visit.Unmarked, which answers that path, is not marked with"),
        ("/instance/", "the view tests.test_visit.Instance, which answers that path, is not marked with"),
        ("/nowhere/", "no view answers that path"),
    ],
)
def test_the_view_that_has_no_mark_is_named(path: str, words: str) -> None:
    assert visited(path).view.startswith(words)


def test_a_urlconf_that_can_not_be_imported_is_told_once(
    settings: pytest_django.Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ROOT_URLCONF = "no.such.urlconf"
    found = visited("/plain/")
    assert found.exempt_by is None
    assert found.view == (
        "the URLconf can't be asked which view answers that path: ModuleNotFoundError: No module named 'no'"
    )
    assert caplog.records == []


def test_a_mark_without_effect_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    assert "has no effect" in visited("/wrapped/").view
    assert caplog.records == []


@pytest.mark.parametrize("text", ["", "search", "https://example.com/x", "/x?y=1", "/x#y", "/x\ny", "/x\udcff"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="it must be a path of this site that begins with /, such as /search"):
        to_path(text)


def test_a_path_stays_as_it_is_and_a_method_gets_capital_letters() -> None:
    assert to_path("/w%C3%A4rter/a b") == "/w%C3%A4rter/a b"
    assert to_method("post") == "POST"


@pytest.mark.parametrize("text", ["", "GET /", "G\nT", "x" * 21, "ÄNDERN"])
def test_what_is_no_method_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="it must be an HTTP method such as GET or POST"):
        to_method(text)


@pytest.mark.parametrize(
    ("content", "method", "is_exempt"),
    [("read_only: true", "POST", True), ("read_only: true", "GET", False), ("", "POST", False)],
    ids=["writing", "reading passes anyway", "everything is refused"],
)
def test_a_view_that_only_reads_passes_as_the_middleware_lets_it(
    client: Client, flag: Path, content: str, method: str, is_exempt: bool
) -> None:
    flag.write_text(content)
    found = visited("/reading/", method)
    response = client.generic(method, "/reading/")
    assert found.is_refused is (response.status_code == 503)
    assert (found.exempt_by == "downtime_exempt") is is_exempt


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/reading/", "passes only while the site is read-only"),
        ("/wrapped/", "downtime_exempt on tests.test_visit.plain has no effect"),
    ],
)
def test_the_view_is_told_with_what_its_mark_comes_to(address: str, words: str) -> None:
    assert words in visited(address).view


@pytest.mark.parametrize("address", ["/reading/", "/plain/"])
def test_what_refuses_a_view_that_only_reads_is_told_as_the_middleware_tells_it(
    client: Client, schedule: Path, address: str
) -> None:
    schedule.write_text(
        "periods:\n- {name: reading, start: 2026-01-01, end: 2099-12-02, read_only: true}\n"
        "- {name: whole, start: 2026-01-01, end: 2099-12-01}\n"
    )
    found = visited(address, "POST")
    assert found.is_refused
    assert found.window is not None
    assert found.window.period.name == {"/reading/": "whole", "/plain/": "reading"}[address]
    told = client.post(address, headers={"accept": "application/json"}).json()
    assert datetime.fromisoformat(told["end"]) == found.until
