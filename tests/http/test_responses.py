import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import pytest_django
from django.core.signals import request_finished
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.test import RequestFactory
from django.test.signals import template_rendered
from django.utils import timezone as django_timezone
from django.utils import translation

from downtime.http.pages import BUILT_IN_PAGE, built_in_response
from downtime.http.responses import Refusals
from downtime.schedule.occurrence import Occurrence
from downtime.schedule.periods import ALWAYS, NEVER, Period, Window
from tests.support.clock import Clock
from tests.support.requests import Ask

START = datetime(2026, 12, 1, 1, tzinfo=timezone.utc)
OPEN = Period(START)
ENDS_AT_FOUR = datetime(2099, 12, 1, 3, tzinfo=timezone.utc)
PROBLEM = "application/problem+json"


def refused(
    period: Period = OPEN,
    release: datetime = NEVER,
    *,
    method: str = "GET",
    accept: str = "",
    languages: str = "",
    refusals: Refusals | None = None,
) -> HttpResponse:
    """What the middleware would hand to the server."""
    given = {"accept": accept, "accept-language": languages}
    request = RequestFactory().generic(method, "/", headers={name: value for name, value in given.items() if value})
    response = (refusals or Refusals()).of(request, Window(period.start, 0, period.end, period), release)
    assert isinstance(response, HttpResponse)
    return response


def problem(response: HttpResponse) -> dict[str, Any]:
    assert response["Content-Type"] == PROBLEM
    return json.loads(response.content)


def templates(settings: pytest_django.Settings, **sources: str) -> None:
    """Templates by name, without `.html`, in the place of all others."""
    loader = ("django.template.loaders.locmem.Loader", {f"{name}.html": text for name, text in sources.items()})
    backend = "django.template.backends.django.DjangoTemplates"
    settings.TEMPLATES = [{"BACKEND": backend, "OPTIONS": {"loaders": [loader]}}]


@pytest.fixture
def rendered() -> Iterator[list[str]]:
    """The names of the templates that were rendered."""
    names: list[str] = []

    def note(*, template: Any, **kwargs: Any) -> None:
        names.append(template.name)

    template_rendered.connect(note)
    yield names
    template_rendered.disconnect(note)


# Which kind of answer


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/html"),
        ("*/*", "text/html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("image/avif,image/webp,*/*;q=0.8", "text/html"),
        ("image/png", "text/html"),
        ("text/plain", "text/html"),
        ("text/*", "text/html"),
        ("nonsense", "text/html"),
        (";;,;q=,/", "text/html"),
        ("application/json", PROBLEM),
        ("application/problem+json", PROBLEM),
        ("APPLICATION/JSON", PROBLEM),
        ("application/*", PROBLEM),
        ("application/json, */*;q=0.1", PROBLEM),
        ("application/json, text/plain, */*", PROBLEM),
        ("application/json;q=0.9, text/html;q=0.8", PROBLEM),
        ("application/json;q=0.8, text/html;q=0.9", "text/html"),
        ("text/html, application/json", "text/html"),
        ("application/json, text/html", "text/html"),
        ("application/json;q=0, */*", "text/html"),
        ("application/json;q=0", "text/html"),
        ("application/json;charset=utf-8", PROBLEM),
        ("application/json; version=1.0", PROBLEM),
        ("application/vnd.api+json", PROBLEM),
        ("*/*, application/json;q=0.5", "text/html"),
        ("text/html;q=0.5, application/json;q=0.7, */*;q=0.8", PROBLEM),
        ("application/xhtml+xml, application/json", "text/html"),
        ("application/xml, */*;q=0.5", "text/html"),
    ],
)
def test_a_client_that_prefers_json_gets_it_and_any_other_the_page(accept: str, content_type: str) -> None:
    assert refused(accept=accept)["Content-Type"].partition(";")[0] == content_type


@pytest.mark.parametrize("accept", ["", "application/json"], ids=["page", "JSON"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "PROPFIND"])
def test_every_answer_says_that_it_is_planned_and_is_kept_by_no_cache(method: str, accept: str) -> None:
    response = refused(method=method, accept=accept)
    assert response.status_code == 503
    assert response["X-Downtime"] == "planned"
    directives = response["Cache-Control"].split(", ")
    assert {"no-store", "no-cache", "max-age=0", "private", "must-revalidate"} <= set(directives)
    assert response["Vary"] == "Accept, Accept-Language"


@pytest.mark.parametrize("accept", ["", "application/json"], ids=["page", "JSON"])
def test_the_answer_to_head_is_that_to_get_without_its_body(accept: str) -> None:
    refusals = Refusals()
    head = refused(method="HEAD", accept=accept, refusals=refusals)
    get = refused(accept=accept, refusals=refusals)
    assert head.content == b""
    assert head.headers == get.headers
    assert int(get["Content-Length"]) == len(get.content) > 0


# Retry-After


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
    }
    assert int(response["Content-Length"]) == len(response.content)


def test_what_is_not_known_is_null_in_problem_details() -> None:
    body = problem(refused(Period(ALWAYS), accept="application/json"))
    assert (body["start"], body["end"], body["retry_after"]) == (None, None, None)
    assert body["detail"] == "The site is down for maintenance."


def test_problem_details_say_that_reading_goes_on() -> None:
    body = problem(refused(Period(START, read_only=True), method="POST", accept="application/json"))
    assert body["detail"] == "Changes are paused while the site is under maintenance. Reading goes on."


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
    assert response["Vary"] == "Accept, Accept-Language"


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
    assert (response["Retry-After"], response["Vary"]) == ("7", "Cookie, Accept, Accept-Language")
    assert "no-store" in response["Cache-Control"]
    settings.DOWNTIME_VIEW = f"{HERE}.teapot"
    response = refused(release=ENDS_AT_FOUR)
    assert (response.status_code, response.content, "Retry-After" in response) == (418, b"short and stout", False)


def test_a_view_of_ones_own_may_answer_by_a_template_or_in_parts(settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_VIEW = f"{HERE}.template"
    assert b"Down for maintenance" in refused().content
    settings.DOWNTIME_VIEW = f"{HERE}.streaming"
    request = RequestFactory().head("/")
    response = Refusals().of(request, Window(START, 0, NEVER, OPEN), NEVER)
    assert isinstance(response, StreamingHttpResponse)
    assert response.getvalue() == b"in parts"


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


# The page


class Page(HTMLParser):
    """What of a page matters here."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(response.content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_shows_the_message_and_the_expected_end_in_the_zone_of_the_project() -> None:
    page = Page(refused(Period(START, message="Faster disks.\n\nSoon."), ENDS_AT_FOUR))
    assert "Faster disks." in page.text
    assert "Soon." in page.text
    assert ("datetime", "2099-12-01T04:00:00+01:00") in page.attributes
    assert "Dec. 1, 2099 at 04:00 CET" in page.text


def test_the_page_is_in_the_zone_of_the_project_whatever_an_earlier_request_has_left() -> None:
    with django_timezone.override("Asia/Tokyo"):
        page = Page(refused(release=ENDS_AT_FOUR))
    assert "Dec. 1, 2099 at 04:00 CET" in page.text


def test_the_end_on_the_page_is_a_whole_second() -> None:
    page = Page(refused(release=ENDS_AT_FOUR - timedelta(microseconds=1)))
    assert ("datetime", "2099-12-01T04:00:00+01:00") in page.attributes


def test_a_message_is_escaped_also_where_the_engine_escapes_nothing(settings: pytest_django.Settings) -> None:
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "OPTIONS": {"autoescape": False}}]
    assert (
        b"<p>Faster &lt;b&gt;disks&lt;/b&gt; &amp; more.</p>"
        in refused(Period(START, message="Faster <b>disks</b> & more.")).content
    )


def test_without_time_zones_the_page_tells_the_same(settings: pytest_django.Settings) -> None:
    settings.USE_TZ = False
    assert "Dec. 1, 2099 at 04:00 CET" in Page(refused(release=ENDS_AT_FOUR)).text


def test_the_page_speaks_of_no_end_that_is_not_known() -> None:
    assert "time" not in Page(refused()).tags


def test_a_read_only_page_says_that_reading_goes_on() -> None:
    page = Page(refused(Period(START, read_only=True), ENDS_AT_FOUR, method="POST"))
    assert "You can go on reading" in page.text
    assert "Expected to end on" in page.text


@pytest.mark.parametrize("release", [NEVER, ENDS_AT_FOUR], ids=["open", "ends"])
@pytest.mark.parametrize("read_only", [False, True], ids=["down", "read-only"])
def test_the_page_is_accessible_and_asks_nobody_for_anything(release: datetime, read_only: bool) -> None:
    response = refused(Period(START, message="Soon.", read_only=read_only), release)
    page = Page(response)
    assert (page.tags.count("h1"), page.tags.count("main"), page.tags.count("title")) == (1, 1, 1)
    assert ("lang", "en") in page.attributes
    assert ("name", "viewport") in page.attributes
    assert ("content", "noindex") in page.attributes
    assert not {"script", "img", "iframe", "form"} & set(page.tags)
    assert [value for name, value in page.attributes if name in ("href", "src")] == ["data:,"]
    assert b"url(" not in response.content
    assert b"@import" not in response.content


@pytest.mark.parametrize(
    "message",
    [
        "<script>alert(1)</script>",
        "</p></main><img src=x onerror=alert(1)>",
        '"><svg onload=alert(1)>',
        "{{ period.start }} {% now 'Y' %} {# gone #}",
        "&lt;b&gt;",
        "$(rm) `id` %(detail)s %s {0}",
    ],
)
def test_a_message_is_text_whatever_it_holds(message: str) -> None:
    page = Page(refused(Period(START, message=message)))
    assert message in page.text
    assert page.tags == Page(refused(Period(START, message="Soon."))).tags


def test_a_template_of_ones_own_gets_what_it_needs(settings: pytest_django.Settings) -> None:
    templates(settings, mine="{{ period.message }}|{{ end|date:'c' }}|{{ language_code }}|{{ language_bidi }}")
    settings.DOWNTIME_TEMPLATE = "mine.html"
    response = refused(Period(START, message="a & b"), ENDS_AT_FOUR, languages="ar")
    assert response.content == b"a &amp; b|2099-12-01T04:00:00+01:00|ar|True"


def test_the_context_processors_of_the_site_are_not_asked(settings: pytest_django.Settings) -> None:
    [template] = settings.TEMPLATES
    options = {"context_processors": ["tests.http.test_responses.no_such_processor"]}
    settings.TEMPLATES = [{**template, "OPTIONS": options}]
    assert "Down for maintenance" in Page(refused()).text


def test_a_page_is_rendered_once_for_a_period_a_release_and_a_language(rendered: list[str]) -> None:
    refusals = Refusals()
    other = Period(START)
    for period, release, languages in (
        (OPEN, NEVER, "en"),
        (OPEN, NEVER, "de"),
        (OPEN, ENDS_AT_FOUR, "en"),
        (other, NEVER, "en"),
    ):
        before = len(rendered)
        bodies = {refused(period, release, languages=languages, refusals=refusals).content for _ in range(5)}
        assert (len(bodies), len(rendered) - before) == (1, 1)


def test_what_is_kept_does_not_grow_without_bound(rendered: list[str]) -> None:
    """Neither by what clients send, nor by releases that differ for each path."""
    refusals = Refusals()
    for number in range(1100):
        refused(release=ENDS_AT_FOUR + timedelta(days=number), accept=f"a/{number}", refusals=refusals)
    assert refusals._preferences.cache_info().currsize <= 500
    assert len(refusals._pages) <= 500


def test_a_period_that_took_the_place_of_another_in_memory_gets_its_own_page() -> None:
    refusals = Refusals()
    for number in range(50):
        period = Period(START, message=f"number {number}")
        assert f"number {number}" in refused(period, refusals=refusals).content.decode()
        del period


# Languages


@pytest.mark.parametrize(
    ("languages", "code", "direction", "end"),
    [
        ("de-AT, en;q=0.5", "de", "ltr", "1. Dezember 2099"),
        ("ar", "ar", "rtl", "2099"),
        ("xx, fr;q=0.8", "fr", "ltr", "1 décembre 2099"),
        ("nonsense;;q=", "en", "ltr", "Dec. 1, 2099"),
        ("", "en", "ltr", "Dec. 1, 2099"),
    ],
)
def test_the_page_is_in_the_language_of_the_client(languages: str, code: str, direction: str, end: str) -> None:
    response = refused(Period(START), ENDS_AT_FOUR, languages=languages)
    page = Page(response)
    assert response["Content-Language"] == code
    assert ("lang", code) in page.attributes
    assert ("dir", direction) in page.attributes
    assert end in page.text


def test_without_translations_the_page_is_in_the_language_of_the_site(
    settings: pytest_django.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.USE_I18N = False
    monkeypatch.setattr(translation, "_trans", type(translation._trans)())  # it keeps what it was at its first use
    settings.LANGUAGE_CODE = "de"
    response = refused(languages="fr")
    assert response["Content-Language"] == "de"
    assert ("lang", "de") in Page(response).attributes


# What must not go wrong


@pytest.fixture
def database_left_alone() -> Iterator[None]:
    """The end of an answer looks after the connections, which tests of the admin may have left open."""
    request_finished.disconnect(close_old_connections)
    yield
    request_finished.connect(close_old_connections)


@pytest.mark.usefixtures("database_left_alone")
def test_an_answer_can_be_changed_without_changing_the_next(rf: RequestFactory) -> None:
    refusals = Refusals()
    fresh = refused(refusals=refusals)
    headers, content = dict(fresh.headers), fresh.content
    closed: list[bool] = []
    changed = refused(refusals=refusals)
    changed["X-Mine"] = "1"
    del changed["X-Downtime"]
    changed.set_cookie("mine", "1")
    changed.write("more")
    changed.status_code = 200
    changed.reason_phrase = "Mine"
    changed._resource_closers.append(lambda: closed.append(True))
    after = refused(refusals=refusals)
    assert (dict(after.headers), after.content, after.status_code) == (headers, content, 503)
    assert (after.reason_phrase, after.cookies, after.closed) == ("Service Unavailable", {}, False)
    after.close()
    assert closed == []
    changed.close()
    assert closed == [True]


BROKEN = {
    "missing": {},
    "syntax": {"page": "{% if %}"},
    "unknown filter": {"page": "{{ period|no_such_filter }}"},
    "raises": {"page": "{{ period.covers }}{% include 'missing.html' %}"},
    "recursion": {"page": "{% extends 'page.html' %}"},
}


@pytest.mark.parametrize("sources", BROKEN.values(), ids=BROKEN)
def test_a_broken_template_is_replaced_by_a_built_in_page_and_logged_once(
    settings: pytest_django.Settings, caplog: pytest.LogCaptureFixture, sources: dict[str, str]
) -> None:
    templates(settings, **sources)
    settings.DOWNTIME_TEMPLATE = "page.html"
    refusals, period = Refusals(), Period(START, retry_after=5)
    for _ in range(3):
        response = refused(period, refusals=refusals)
        assert response.content.decode() == BUILT_IN_PAGE
        assert (response.status_code, response["X-Downtime"], response["Retry-After"]) == (503, "planned", "5")
    assert [record.message for record in caplog.records] == [
        "the template page.html can't be rendered; the built-in page is shown"
    ]


def test_a_template_that_is_mended_is_seen_some_seconds_later(
    settings: pytest_django.Settings, tmp_path: Path, clock: Clock
) -> None:
    settings.DOWNTIME_TEMPLATE = "page.html"
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    refusals = Refusals()
    (tmp_path / "page.html").write_text("{% if %}")
    assert refused(refusals=refusals).content.decode() == BUILT_IN_PAGE
    (tmp_path / "page.html").write_text("mended")
    assert refused(refusals=refusals).content.decode() == BUILT_IN_PAGE
    clock.passes(11)
    assert refused(refusals=refusals).content == b"mended"
    (tmp_path / "page.html").write_text("changed")
    clock.passes(1000)
    assert refused(refusals=refusals).content == b"mended"


def test_the_built_in_page_needs_no_template_engine(settings: pytest_django.Settings) -> None:
    settings.TEMPLATES = []
    response = built_in_response("GET")
    assert response.status_code == 503
    assert response.content.decode() == BUILT_IN_PAGE
    assert "no-store" in response["Cache-Control"]
    assert Page(response).tags.count("h1") == 1
    head = built_in_response("HEAD")
    assert (head.headers, head.content) == (response.headers, b"")
