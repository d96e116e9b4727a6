import io
import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta, timezone
from http.cookies import Morsel
from pathlib import Path
from typing import Any

import pytest
import pytest_django
from asgiref.sync import sync_to_async
from django.core.handlers.base import BaseHandler
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseForbidden,
    HttpResponseNotAllowed,
    HttpResponseNotFound,
    HttpResponseNotModified,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.test import AsyncRequestFactory, RequestFactory
from django.test.signals import template_rendered
from django.urls import path as url
from django.utils import timezone as django_timezone
from django.utils import translation

from downtime.http.built_in_page import BUILT_IN_PAGE
from downtime.http.responses import Refusals
from downtime.http.scripts import VARIES_BY
from downtime.schedule.occurrence import Occurrence
from downtime.schedule.periods import ALWAYS, NEVER, Period, Window
from tests.support.clock import Clock
from tests.support.refusals import ENDS_AT_FOUR, OPEN_ENDED, PROBLEM, START, refused
from tests.support.requests import Ask

VARY = ", ".join(["Accept", *VARIES_BY])


def problem(response: HttpResponse) -> dict[str, Any]:
    assert response["Content-Type"] == PROBLEM
    return json.loads(response.content)


def unhurried(response: HttpResponse) -> dict[str, str]:
    """The headers without the one that tells the second."""
    return {name: value for name, value in response.items() if name != "Expires"}


@pytest.fixture
def rendered() -> Iterator[list[str]]:
    """The names of the templates that were rendered."""
    names: list[str] = []

    def note(*, template: Any, **kwargs: Any) -> None:
        names.append(template.name)

    template_rendered.connect(note)
    yield names
    template_rendered.disconnect(note)


@pytest.mark.parametrize("accept", ["", "application/json"], ids=["page", "JSON"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "PROPFIND"])
def test_every_answer_says_that_it_is_planned_and_is_kept_by_no_cache(method: str, accept: str) -> None:
    response = refused(method=method, accept=accept)
    assert response.status_code == 503
    assert response["X-Downtime"] == "planned"
    directives = response["Cache-Control"].split(", ")
    assert {"no-store", "no-cache", "max-age=0", "private", "must-revalidate"} <= set(directives)
    assert response["Vary"] == VARY


@pytest.mark.parametrize("accept", ["", "application/json"], ids=["page", "JSON"])
def test_the_answer_to_head_is_that_to_get_without_its_body(accept: str) -> None:
    refusals = Refusals()
    head = refused(method="HEAD", accept=accept, refusals=refusals)
    get = refused(accept=accept, refusals=refusals)
    assert head.content == b""
    assert unhurried(head) == unhurried(get)
    assert int(get["Content-Length"]) == len(get.content) > 0


# Retry-After


NOW = datetime(2026, 12, 1, 2, tzinfo=timezone.utc)


@pytest.mark.parametrize("accept", ["", "application/json"], ids=["page", "JSON"])
@pytest.mark.parametrize(
    ("ahead", "of_period", "of_settings", "value"),
    [
        (None, None, None, None),
        (None, None, 60, "60"),
        (None, 30, 60, "30"),
        (10.0, 30, 60, "10"),
        (9.2, None, None, "10"),
        (0.2, None, None, "1"),
        (0.0, None, None, "1"),
        (-5.0, None, None, "1"),
    ],
    ids=str,
)
def test_retry_after_is_the_time_to_the_release_rounded_up_or_else_what_is_set(
    settings: pytest_django.Settings,
    monkeypatch: pytest.MonkeyPatch,
    accept: str,
    ahead: float | None,
    of_period: int | None,
    of_settings: int | None,
    value: str | None,
) -> None:
    now = datetime(2026, 12, 1, tzinfo=timezone.utc)
    monkeypatch.setattr("time.time", now.timestamp)
    settings.DOWNTIME_RETRY_AFTER = of_settings
    release = NEVER if ahead is None else now + timedelta(seconds=ahead)
    response = refused(Period(START, retry_after=of_period), release, accept=accept)
    assert response.get("Retry-After") == value
    if accept:
        assert problem(response)["retry_after"] == (value and int(value))


def test_the_seconds_count_down_on_a_page_that_was_kept(clock: Clock) -> None:
    refusals = Refusals()
    release = clock.now(timezone.utc) + timedelta(seconds=100)
    first = int(refused(release=release, refusals=refusals)["Retry-After"])
    clock.passes(40)
    assert int(refused(release=release, refusals=refusals)["Retry-After"]) in (first - 40, first - 41)


# Problem details


def test_problem_details_have_the_members_of_rfc_9457() -> None:
    period = Period(START, ENDS_AT_FOUR, message="Größere <Platten>")
    response = refused(period, ENDS_AT_FOUR, accept="application/json")
    body = problem(response)
    assert body.pop("retry_after") == int(response["Retry-After"])
    assert body == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "Größere <Platten>",
        "start": "2026-12-01T02:00:00+01:00",
        "end": "2099-12-01T04:00:00+01:00",
        "state": "down",
    }
    assert int(response["Content-Length"]) == len(response.content)


def test_what_is_not_known_is_null_in_problem_details() -> None:
    body = problem(refused(Period(ALWAYS), accept="application/json"))
    assert (body["start"], body["end"], body["retry_after"]) == (None, None, None)
    assert body["detail"] == "The site is down for maintenance."


NOT_SAVED = "What was sent was not saved."
DETAILS: dict[str, tuple[Period, str, bool, str]] = {
    "down": (Period(START), "GET", False, "The site is down for maintenance."),
    "sent": (Period(START), "POST", False, f"The site is down for maintenance.\n{NOT_SAVED}"),
    "told": (Period(START, message="Back at four"), "GET", False, "Back at four"),
    "told and sent": (Period(START, message="Back at four"), "DELETE", False, f"Back at four\n{NOT_SAVED}"),
    "a part": (Period(START, paths=("/shop",)), "GET", True, "This part of the site is down for maintenance."),
    "a part of a site that is down": (
        Period(START, paths=("/shop",)),
        "GET",
        False,
        "The site is down for maintenance.",
    ),
    "read-only": (
        Period(START, read_only=True),
        "PUT",
        True,
        f"Changes are paused while the site is under maintenance. Reading goes on.\n{NOT_SAVED}",
    ),
}


@pytest.mark.parametrize(("period", "method", "spares_home", "detail"), DETAILS.values(), ids=DETAILS)
def test_problem_details_say_what_is_down_and_that_nothing_was_saved(
    period: Period, method: str, spares_home: bool, detail: str
) -> None:
    response = refused(period, method=method, accept="application/json", spares_home=spares_home)
    assert problem(response)["detail"] == detail
    assert problem(response)["state"] == ("read-only" if period.read_only else "down")
    assert response["Content-Language"] == "en-us"


# Redirect


@pytest.mark.parametrize(
    ("of_period", "of_settings", "location"),
    [
        ("", "/all/", "/all/"),
        ("/this/", "/all/", "/this/"),
        ("https://a.example/?b=ä", "", "https://a.example/?b=%C3%A4"),
    ],
)
def test_browsers_are_redirected_by_the_period_or_else_by_the_setting(
    settings: pytest_django.Settings, of_period: str, of_settings: str, location: str
) -> None:
    settings.DOWNTIME_URL_REDIRECT = of_settings
    response = refused(Period(START, redirect=of_period, retry_after=5), ENDS_AT_FOUR)
    assert (response.status_code, response["Location"]) == (302, location)
    assert "Retry-After" not in response
    assert response["X-Downtime"] == "planned"
    assert "no-store" in response["Cache-Control"]
    assert response["Vary"] == VARY


def test_a_json_client_is_never_redirected(settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_URL_REDIRECT = "/all/"
    response = refused(Period(START, redirect="/this/"), accept="application/json")
    assert (response.status_code, response["Content-Type"]) == (503, PROBLEM)


# DOWNTIME_VIEW


def told(request: HttpRequest, period: Occurrence) -> HttpResponse:
    end = period.end and period.end.isoformat()
    return HttpResponse(f"{request.path} {period.message} {end}", status=503)


async def async_told(request: HttpRequest, period: Occurrence) -> HttpResponse:
    return told(request, period)


def with_own_headers(request: HttpRequest, period: Occurrence) -> HttpResponse:
    return HttpResponse(status=503, headers={"Retry-After": "7", "Cache-Control": "max-age=60", "Vary": "Cookie"})


def teapot(request: HttpRequest, period: Occurrence) -> HttpResponse:
    return HttpResponse("short and stout", status=418)


def streaming(request: HttpRequest, period: Occurrence) -> StreamingHttpResponse:
    return StreamingHttpResponse(["in ", "parts"], status=503)


def template(request: HttpRequest, period: Occurrence) -> TemplateResponse:
    return TemplateResponse(request, "downtime/downtime.html", {"period": period}, status=503)


def returns_text(request: HttpRequest, period: Occurrence) -> str:
    return "no response"


def fails(request: HttpRequest, period: Occurrence) -> HttpResponse:
    raise RuntimeError("this view is broken")


ONE_FOR_ALL = HttpResponse("the same for all", status=503)
ONE_FOR_ALL.set_cookie("mine", "1")


def one_for_all(request: HttpRequest, period: Occurrence) -> HttpResponse:
    return ONE_FOR_ALL


HERE = "tests.http.test_responses"


@pytest.mark.parametrize("view", ["told", "async_told"])
@pytest.mark.parametrize("accept", ["", "application/json"], ids=["page", "JSON"])
def test_a_view_of_ones_own_builds_the_answer_alone(settings: pytest_django.Settings, view: str, accept: str) -> None:
    settings.DOWNTIME_VIEW = f"{HERE}.{view}"
    settings.DOWNTIME_URL_REDIRECT = "/all/"
    response = refused(Period(START, message="Faster."), ENDS_AT_FOUR, accept=accept)
    assert (response.status_code, response.content) == (503, b"/ Faster. 2099-12-01T04:00:00+01:00")
    assert int(response["Retry-After"]) > 0
    assert response["X-Downtime"] == "planned"
    assert "no-store" in response["Cache-Control"]


def test_what_a_view_of_ones_own_sets_stays(settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_VIEW = f"{HERE}.with_own_headers"
    response = refused(release=ENDS_AT_FOUR)
    assert (response["Retry-After"], response["Vary"]) == ("7", f"Cookie, {VARY}")
    assert "no-store" in response["Cache-Control"]
    settings.DOWNTIME_VIEW = f"{HERE}.teapot"
    response = refused(release=ENDS_AT_FOUR)
    assert (response.status_code, response.content, "Retry-After" in response) == (418, b"short and stout", False)


def speaking(request: HttpRequest, period: Occurrence) -> HttpResponse:
    return HttpResponse(f"{translation.get_language()} {django_timezone.get_current_timezone_name()}")


@pytest.mark.usefixtures("with_locale")
def test_a_view_of_ones_own_speaks_to_the_visitor_and_not_to_the_one_before(settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_VIEW = f"{HERE}.speaking"
    with translation.override("fr"), django_timezone.override("Asia/Tokyo"):
        response = refused(languages="de")
        assert (response.content, response["Vary"]) == (
            b"de Europe/Berlin",
            f"{VARY}, Accept-Language, Cookie",
        )
        settings.MIDDLEWARE = []
        assert refused(languages="de").content == b"en-us Europe/Berlin"


def test_a_view_of_ones_own_may_answer_by_a_template_or_in_parts(settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_VIEW = f"{HERE}.template"
    assert b"Down for maintenance" in refused().content
    settings.DOWNTIME_VIEW = f"{HERE}.streaming"
    request = RequestFactory().head("/")
    response = Refusals().of(request, Window(START, 0, NEVER, OPEN_ENDED), NEVER)
    assert isinstance(response, StreamingHttpResponse)
    assert response.getvalue() == b"in parts"


# What any view returns, once as Django calls it at an exempt path of the site, and once as DOWNTIME_VIEW.

ADDED = {"Cache-Control", "Expires", "Vary", "X-Downtime"}
CLOSED: list[str] = []


class Counted(HttpResponse):
    """Has a status of its own, keeps what its constructor was given, and releases something."""

    status_code = 507

    def __init__(self, content: str, *, released: str) -> None:
        super().__init__(content, reason="Full up", charset="latin-1", headers={"X-Mine": "1"})
        self.released = released
        self._resource_closers.append(lambda: CLOSED.append("closer"))

    def close(self) -> None:
        super().close()
        CLOSED.append(self.released)


class WithData(TemplateResponse):
    """Has an attribute that it leaves out when it is pickled, as the responses of Django REST framework do."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request, "downtime/downtime.html", {"language_code": "en"}, status=503)
        self.data = {"a": 1}

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__getstate__().items() if name != "data"}


class RenderedAsync(HttpResponse):
    async def render(self) -> HttpResponse:
        return HttpResponseForbidden("rendered")


def counted(request: HttpRequest) -> HttpResponse:
    response = Counted("Größe", released="Counted")
    response.set_cookie("first", "1", max_age=60, secure=True, httponly=True, samesite="Lax")
    response.delete_cookie("second")
    return response


def replaced_when_rendered(request: HttpRequest) -> TemplateResponse:
    response = WithData(request)
    response.add_post_render_callback(lambda response: HttpResponseNotFound("replaced"))
    return response


def streaming_closed(request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[str]:
        try:
            yield from ("in ", "parts")
        finally:
            CLOSED.append("iterator")

    response = StreamingHttpResponse(parts(), status=503, headers={"X-Mine": "1"})
    response.set_cookie("mine", "1")
    return response


def streaming_async(request: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[str]:
        for part in ("in ", "parts"):
            yield part

    return StreamingHttpResponse(parts(), status=503)


def file(request: HttpRequest) -> FileResponse:
    response = FileResponse(io.BytesIO(b"a file"), as_attachment=True, filename="why.txt", status=503)
    response._resource_closers.append(lambda: CLOSED.append("closer"))
    return response


ANY: dict[str, Callable[[HttpRequest], HttpResponseBase]] = {
    "plain": lambda request: HttpResponse(["in ", "parts"], content_type="text/plain", reason="Because"),
    "redirect": lambda request: HttpResponseRedirect("https://a.example/?b=ä"),
    "permanent redirect": lambda request: HttpResponsePermanentRedirect("/there/"),
    "forbidden": lambda request: HttpResponseForbidden("no"),
    "not allowed": lambda request: HttpResponseNotAllowed(["GET", "PUT"]),
    "not modified": lambda request: HttpResponseNotModified(headers={"ETag": '"1"'}),
    "no content": lambda request: HttpResponse(status=204),
    "JSON": lambda request: JsonResponse({"a": "ä"}, status=503),
    "template": WithData,
    "replaced when rendered": replaced_when_rendered,
    "own class": counted,
    # Django warns of these, or fails, in a site of the other kind.
    "streaming, sync only": streaming_closed,
    "file, sync only": file,
    "streaming, async only": streaming_async,
    "rendered, async only": lambda request: RenderedAsync("not yet"),
}


def chosen(request: HttpRequest, period: Occurrence | None = None) -> HttpResponseBase:
    """One of them; it is put here by a test."""
    raise NotImplementedError


class Patterns:
    urlpatterns = [url("admin", lambda request: chosen(request))]


async def served(path: str, method: str, *, is_async: bool) -> HttpResponseBase:
    """What a server gets from Django."""
    handler = BaseHandler()
    handler.load_middleware(is_async=is_async)
    if is_async:
        return await handler.get_response_async(AsyncRequestFactory().generic(method, path))
    return await sync_to_async(handler.get_response)(RequestFactory().generic(method, path))


def attributes(cookie: Morsel[str]) -> dict[str, Any]:
    """Those that do not depend on the second in which it was set."""
    return {name: value for name, value in cookie.items() if name != "expires" or not cookie["max-age"]}


async def arrived(response: HttpResponseBase) -> dict[str, Any]:
    """What whoever gets the response can tell of it, until it is closed."""
    CLOSED.clear()
    body = b"".join([part async for part in response] if getattr(response, "is_async", False) else response)  # type: ignore[attr-defined]
    await sync_to_async(response.close)()
    own = {name: getattr(response, name, None) for name in ("data", "url", "released", "file_to_stream")}
    return {
        "class": type(response),
        "status": (response.status_code, response.reason_phrase, response.charset),
        "headers": {name: value for name, value in response.items() if name not in ADDED},
        "cookies": [(cookie.key, cookie.value, attributes(cookie)) for cookie in response.cookies.values()],
        "body": body,
        "own": {name: value for name, value in own.items() if not hasattr(value, "read")},
        "closed": (response.closed, CLOSED.copy()),
    }


CASES = [
    (name, is_async)
    for name in ANY
    for is_async in (False, True)
    if not name.endswith(" only") or name.endswith(", async only") is is_async
]


@pytest.mark.parametrize(
    ("name", "is_async"), CASES, ids=[f"{name}{' (async)' * is_async}" for name, is_async in CASES]
)
@pytest.mark.usefixtures("database_left_alone")
async def test_whatever_a_view_of_ones_own_returns_arrives_as_it_would_from_django(
    settings: pytest_django.Settings, monkeypatch: pytest.MonkeyPatch, flag: Path, name: str, is_async: bool
) -> None:
    monkeypatch.setattr(f"{HERE}.chosen", lambda request, period=None: ANY[name](request))
    settings.DOWNTIME_VIEW, settings.ROOT_URLCONF = f"{HERE}.chosen", Patterns
    flag.touch()
    refused = await served("/shop", "GET", is_async=is_async)
    assert refused["X-Downtime"] == "planned"
    assert await arrived(refused) == await arrived(await served("/admin", "GET", is_async=is_async))


@pytest.mark.usefixtures("database_left_alone")
def test_what_is_to_be_closed_with_a_response_that_is_returned_each_time_is_closed_once(
    settings: pytest_django.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    response = Counted("the same", released="Counted")
    monkeypatch.setattr(f"{HERE}.chosen", lambda request, period: response)
    settings.DOWNTIME_VIEW = f"{HERE}.chosen"
    CLOSED.clear()
    for _ in range(3):
        refused().close()
    assert CLOSED == ["closer", "Counted", "Counted", "Counted"]


@pytest.mark.parametrize("name", ["plain", "forbidden", "template", "own class", "JSON"])
def test_the_answer_to_head_is_that_of_the_view_to_get_without_its_body(
    settings: pytest_django.Settings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(f"{HERE}.chosen", lambda request, period: ANY[name](request))
    settings.DOWNTIME_VIEW = f"{HERE}.chosen"
    get, head = refused(), refused(method="HEAD")
    assert (type(head), head.status_code, head.content) == (type(get), get.status_code, b"")
    assert unhurried(head) == {**unhurried(get), "Content-Length": str(len(get.content))}


@pytest.mark.parametrize("name", ["no content", "not modified", "redirect"])
def test_the_answer_to_head_claims_no_length_if_there_is_no_body(
    settings: pytest_django.Settings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(f"{HERE}.chosen", lambda request, period: ANY[name](request))
    settings.DOWNTIME_VIEW = f"{HERE}.chosen"
    assert unhurried(refused(method="HEAD")) == unhurried(refused())


def test_a_view_of_ones_own_need_not_know_of_head(settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_VIEW = f"{HERE}.told"
    assert refused(method="HEAD").content == b""


def test_a_view_of_ones_own_may_return_the_same_response_each_time(settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_VIEW = f"{HERE}.one_for_all"
    refused(method="HEAD", release=ENDS_AT_FOUR)
    later = refused()
    assert (later.content, "Retry-After" in later, later.cookies["mine"].value) == (b"the same for all", False, "1")
    assert (dict(ONE_FOR_ALL.headers), ONE_FOR_ALL.content) == (
        {"Content-Type": "text/html; charset=utf-8"},
        b"the same for all",
    )


def test_without_an_end_a_view_of_ones_own_gets_no_retry_after(settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_VIEW = f"{HERE}.told"
    assert "Retry-After" not in refused()


@pytest.mark.parametrize("view", ["returns_text", "fails", "no_such_view"])
def test_a_view_of_ones_own_that_fails_is_replaced_by_the_built_in_page(
    settings: pytest_django.Settings, ask: Ask, flag: Path, caplog: pytest.LogCaptureFixture, view: str
) -> None:
    settings.DOWNTIME_VIEW = f"{HERE}.{view}"
    flag.touch()
    answer = ask("/")
    assert (answer.status_code, answer.content.decode()) == (503, BUILT_IN_PAGE)
    assert "the answer to a refused request failed" in caplog.text
    if view == "returns_text":
        assert f"{HERE}.returns_text returned str; it must return an HttpResponse" in caplog.text


def test_a_site_answers_by_a_view_of_its_own(settings: pytest_django.Settings, ask: Ask, flag: Path) -> None:
    settings.DOWNTIME_VIEW = f"{HERE}.async_told"
    flag.write_text("Back at four.")
    assert ask("/shop").content == b"/shop Back at four. None"


# What is kept


@pytest.mark.parametrize("accept", ["", "application/json"], ids=["page", "JSON"])
def test_what_is_prepared_is_kept_for_each_kind_of_answer(accept: str) -> None:
    refusals = Refusals()
    for method in ("GET", "HEAD", "POST"):
        answers = [refused(method=method, accept=accept, refusals=refusals) for _ in range(3)]
        assert len({answer.content for answer in answers}) == 1
    assert len(refusals._kept) == 2
    refused(accept="" if accept else "application/json", refusals=refusals)
    assert len(refusals._kept) == 3


def test_a_redirect_can_be_changed_without_changing_the_next(settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_URL_REDIRECT = "/all/"
    refusals = Refusals()
    first = refused(refusals=refusals)
    headers = dict(first.headers)
    first["Location"] = "/mine/"
    first.set_cookie("mine", "1")
    later = refused(refusals=refusals)
    assert (type(later), dict(later.headers), later.cookies) == (HttpResponseRedirect, headers, {})
    assert refused(Period(START, redirect="/this/"), refusals=refusals)["Location"] == "/this/"


@pytest.mark.usefixtures("with_locale")
def test_a_page_is_rendered_once_for_a_period_a_release_a_language_and_a_kind(rendered: list[str]) -> None:
    refusals = Refusals()
    other = Period(START)
    for period, release, languages in (
        (OPEN_ENDED, NEVER, "en"),
        (OPEN_ENDED, NEVER, "de"),
        (OPEN_ENDED, ENDS_AT_FOUR, "en"),
        (other, NEVER, "en"),
    ):
        for method in ("GET", "POST"):
            before = len(rendered)
            answers = [refused(period, release, method=method, languages=languages, refusals=refusals) for _ in "abcde"]
            assert (len({answer.content for answer in answers}), len(rendered) - before) == (1, 1)


@pytest.mark.usefixtures("with_locale")
def test_a_part_of_the_site_has_a_page_of_its_own_for_each_kind_of_request(rendered: list[str]) -> None:
    refusals, part = Refusals(), Period(START, paths=("/shop",))
    for number in range(10):
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
            for spares_home in (False, True):
                path, cookie = f"/shop/{number}", f"django_language=x{number}"
                refused(part, method=method, path=path, cookie=cookie, spares_home=spares_home, refusals=refusals)
    assert len(rendered) == len(refusals._kept) == 4


@pytest.mark.usefixtures("with_locale")
def test_what_is_kept_does_not_grow_without_bound(rendered: list[str]) -> None:
    """Neither by what clients send, nor by releases that differ for each path."""
    refusals = Refusals()
    for number in range(1100):
        sent = {"accept": f"a/{number}", "languages": f"de;q=0.{number}", "cookie": f"django_language=de-{number}"}
        refused(release=ENDS_AT_FOUR + timedelta(days=number), **sent, refusals=refusals)
    kept = (refusals._prefers_json, refusals._languages._of_headers, refusals._languages._is_offered)
    assert max(cache.cache_info().currsize for cache in kept) <= 500
    assert len(refusals._kept) <= 500


def test_a_period_that_took_the_place_of_another_in_memory_gets_its_own_page() -> None:
    refusals = Refusals()
    for number in range(50):
        period = Period(START, message=f"number {number}")
        assert f"number {number}" in refused(period, refusals=refusals).content.decode()
        del period
