from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_django
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import get_script_prefix, set_script_prefix
from django.utils import timezone as django_timezone

from downtime.http.built_in_page import BUILT_IN_PAGE
from downtime.http.event_loop import at_once
from downtime.http.pages import built_in_response, copy_response, drop_body, mark_planned, page_languages
from downtime.http.responses import Refusals
from downtime.http.scripts import VARIES_BY
from downtime.schedule.periods import NEVER, Period
from tests.support.clock import Clock
from tests.support.refusals import ENDS_AT_FOUR, START, Page, refused


def templates(settings: pytest_django.Settings, **sources: str) -> None:
    """Templates by name, without `.html`, in the place of all others."""
    loader = ("django.template.loaders.locmem.Loader", {f"{name}.html": text for name, text in sources.items()})
    backend = "django.template.backends.django.DjangoTemplates"
    settings.TEMPLATES = [{"BACKEND": backend, "OPTIONS": {"loaders": [loader]}}]


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
    assert "Expected to end:" in page.text


@pytest.mark.parametrize("release", [NEVER, ENDS_AT_FOUR], ids=["open", "ends"])
@pytest.mark.parametrize("read_only", [False, True], ids=["down", "read-only"])
def test_the_page_is_accessible_and_asks_nobody_for_anything(release: datetime, read_only: bool) -> None:
    response = refused(Period(START, message="Soon.", read_only=read_only), release)
    page = Page(response)
    assert (page.tags.count("h1"), page.tags.count("main"), page.tags.count("title")) == (1, 1, 1)
    assert ("lang", "en-us") in page.attributes
    assert ("name", "viewport") in page.attributes
    assert ("content", "noindex") in page.attributes
    assert not {"img", "iframe", "form"} & set(page.tags)
    assert page.tags.count("script") == 1
    assert [value for name, value in page.attributes if name in ("href", "src")] == ["data:,"]
    assert b"url(" not in response.content
    assert b"@import" not in response.content


@pytest.mark.usefixtures("with_locale")
@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "ja", "nl", "pt-BR", "zh-Hans"])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("paths", [(), ("/shop",)], ids=["whole", "part"])
def test_the_page_takes_at_most_six_kibibytes(language: str, method: str, paths: tuple[str, ...]) -> None:
    response = refused(Period(START, paths=paths), ENDS_AT_FOUR, method=method, languages=language, spares_home=True)
    assert response["Content-Language"] == language.lower()
    assert len(response.content) <= 6 * 1024


@pytest.mark.parametrize(
    ("period", "method", "then"),
    [
        (Period(START), "GET", "reload"),
        (Period(START, paths=("/shop",)), "GET", "reload"),
        (Period(START), "POST", "tell"),
        (Period(START, read_only=True), "POST", None),
    ],
    ids=["reads", "reads of a part", "sent", "sent while read-only"],
)
def test_the_page_tells_its_script_what_to_do_when_the_site_is_back(
    period: Period, method: str, then: str | None
) -> None:
    """What was sent is never sent again, and a site that is read-only is there."""
    page = Page(refused(period, method=method))
    assert dict(page.attributes).get("data-when-back") == then
    assert (("role", "status") in page.attributes) is bool(then)
    assert (("href", "") in page.attributes) is (method == "POST")


@pytest.mark.parametrize("autoescape", [True, False])
def test_addresses_in_a_message_are_links(settings: pytest_django.Settings, autoescape: bool) -> None:
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "OPTIONS": {"autoescape": autoescape}}]
    message = "See <https://status.example.com/?a=1&b=2>, or write to help@example.com."
    html = refused(Period(START, message=message)).content.decode()
    link = (
        '<a href="https://status.example.com/?a=1&amp;b=2" rel="nofollow">https://status.example.com/?a=1&amp;b=2</a>'
    )
    assert f"See &lt;{link}&gt;, or write to " in html
    assert '<a href="mailto:help@example.com">help@example.com</a>.' in html


BLOCKS = ("brand", "heading", "message", "when", "contact")


def test_each_block_of_the_page_can_be_filled_alone(settings: pytest_django.Settings) -> None:
    loaders = ["django.template.loaders.app_directories.Loader"]
    filled = "".join(f"{{% block {block} %}}<i>{block}</i>{{% endblock %}}" for block in BLOCKS)
    sources = {"mine.html": f'{{% extends "downtime/downtime.html" %}}{filled}'}
    loaders.append(("django.template.loaders.locmem.Loader", sources))  # type: ignore[arg-type]
    backend = "django.template.backends.django.DjangoTemplates"
    settings.TEMPLATES = [{"BACKEND": backend, "OPTIONS": {"loaders": loaders}}]
    settings.DOWNTIME_TEMPLATE = "mine.html"
    html = refused(Period(START, message="Lost."), ENDS_AT_FOUR, method="POST").content.decode()
    assert [html.count(f"<i>{block}</i>") for block in BLOCKS] == [1] * 5
    assert html.count("<svg") == 0
    assert "Lost." not in html
    assert NOT_SAVED in html
    assert 'role="status"' in html


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
    settings.LANGUAGE_CODE = "ar"
    response = refused(Period(START, message="a & b"), ENDS_AT_FOUR)
    assert response.content == b"a &amp; b|2099-12-01T04:00:00+01:00|ar|True"


def test_a_template_of_another_engine_is_shown_whatever_it_tells_of_itself(
    settings: pytest_django.Settings, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("mine $language_code")
    settings.TEMPLATES = [{"BACKEND": "django.template.backends.dummy.TemplateStrings", "DIRS": [tmp_path]}]
    settings.DOWNTIME_TEMPLATE = "mine.txt"
    assert refused().content == b"mine en-us"


def test_the_context_processors_of_the_site_are_not_asked(settings: pytest_django.Settings) -> None:
    [template] = settings.TEMPLATES
    options = {"context_processors": ["tests.http.test_pages.no_such_processor"]}
    settings.TEMPLATES = [{**template, "OPTIONS": options}]
    assert "Down for maintenance" in Page(refused()).text


@pytest.mark.usefixtures("with_locale")
@pytest.mark.parametrize(
    ("languages", "code", "end"),
    [
        ("de-AT, en;q=0.5", "de", "1. Dezember 2099"),
        ("ar", "en", "Dec. 1, 2099"),
        ("xx, fr;q=0.8", "fr", "1 décembre 2099"),
        ("", "en", "Dec. 1, 2099"),
    ],
)
def test_the_page_is_in_the_language_of_the_client(languages: str, code: str, end: str) -> None:
    response = refused(Period(START), ENDS_AT_FOUR, languages=languages)
    page = Page(response)
    assert response["Content-Language"] == code
    assert response["Vary"] == ", ".join(["Accept", *VARIES_BY, "Accept-Language", "Cookie"])
    assert {("lang", code), ("dir", "ltr")} <= set(page.attributes)
    assert end in page.text


def test_a_message_is_in_the_language_of_the_project(settings: pytest_django.Settings) -> None:
    settings.LANGUAGE_CODE = "he"
    response = refused(Period(START, message="שלום"))
    assert response["Content-Language"] == "en"
    assert '<div lang="he" dir="auto"><p>שלום</p></div>' in response.content.decode()


@pytest.mark.parametrize(
    ("zone", "shown"),
    [("America/Sao_Paulo", "00:00 UTC\N{MINUS SIGN}3"), ("Asia/Kathmandu", "08:45 UTC+5:45"), ("UTC", "03:00 UTC")],
)
def test_a_zone_without_letters_is_told_by_its_offset(settings: pytest_django.Settings, zone: str, shown: str) -> None:
    settings.TIME_ZONE = zone
    assert f"at {shown}" in Page(refused(release=ENDS_AT_FOUR)).text


NOT_SAVED = "What you have just sent was not saved. Keep this page open, and reload it once the site is back"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_whoever_sent_something_is_told_that_it_was_not_saved_and_what_to_do(method: str) -> None:
    for period in (Period(START), Period(START, message="Faster disks."), Period(START, paths=("/shop",))):
        assert NOT_SAVED in Page(refused(period, method=method, spares_home=True)).text


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_whoever_only_reads_is_told_nothing_of_the_kind(method: str) -> None:
    assert "not saved" not in Page(refused(method=method)).text
    assert "not saved" not in built_in_response(method).content.decode()


def test_the_built_in_page_says_it_too() -> None:
    page = Page(built_in_response("POST"))
    assert "What you have just sent was not saved." in page.text
    assert page.tags == [*Page(built_in_response("GET")).tags, "p"]


SHOP = Period(START, paths=("/shop", "/a<b>"))


def test_a_part_of_the_site_says_which_and_leads_to_the_rest() -> None:
    response = refused(SHOP, ENDS_AT_FOUR, spares_home=True)
    page = Page(response)
    assert page.text.count("This part of the site is down for maintenance") == 2  # in its title too
    assert "Down for maintenance" not in page.text
    assert "Affected: /shop, /a<b>" in page.text
    assert ("href", "/") in page.attributes
    assert "Go to the rest of the site" in page.text
    assert "Expected back: Dec. 1, 2099" in page.text


def test_a_part_that_is_read_only_says_which() -> None:
    period = Period(START, paths=("/shop",), read_only=True)
    page = Page(refused(period, method="POST", spares_home=True))
    for text in ("Changes are paused", "You can go on reading", "Affected: /shop"):
        assert text in page.text
    assert ("href", "/") in page.attributes


@pytest.mark.parametrize(
    ("period", "spares_home"),
    [(SHOP, False), (Period(START), True), (Period(START, paths=("", "/shop")), True)],
    ids=["the rest is down too", "all", "all by its paths"],
)
def test_the_page_of_a_site_that_is_down_as_a_whole_promises_nothing_else(period: Period, spares_home: bool) -> None:
    page = Page(refused(period, spares_home=spares_home))
    assert "Down for maintenance" in page.text
    assert "Affected" not in page.text
    assert "a" not in page.tags


def test_the_rest_of_a_site_below_a_prefix_is_there() -> None:
    before = get_script_prefix()
    set_script_prefix("/app/")
    try:
        assert ("href", "/app/") in Page(refused(SHOP, spares_home=True)).attributes
    finally:
        set_script_prefix(before)


def test_of_many_parts_the_first_are_named() -> None:
    many = Period(START, paths=tuple(f"/part{number}" for number in range(1000)))
    page = Page(refused(many, spares_home=True))
    assert "/part6, /part7, …" in page.text
    assert "/part8" not in page.text


# What must not go wrong


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


def test_only_the_copy_is_another_response_than_its_argument() -> None:
    response = HttpResponse("body", status=503)
    copy = copy_response(response)
    assert copy is not response
    assert (copy.content, copy.headers, copy.status_code) == (b"body", response.headers, 503)
    assert mark_planned(response) is response
    assert drop_body(response) is response
    assert (response.content, response["X-Downtime"]) == (b"", "planned")
    assert (copy.content, "X-Downtime" in copy) == (b"body", False)


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


def test_the_built_in_page_carries_the_message(settings: pytest_django.Settings) -> None:
    templates(settings)
    page = refused(Period(START, message="Back <b>soon</b>")).content.decode()
    assert "<p>Back &lt;b&gt;soon&lt;/b&gt;</p>" in page


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


def test_a_template_is_never_loaded_in_an_event_loop() -> None:
    assert at_once(page_languages) is None
    assert page_languages() is not None


def test_the_built_in_page_needs_no_template_engine(settings: pytest_django.Settings) -> None:
    settings.TEMPLATES = []
    response = built_in_response("GET")
    assert response.status_code == 503
    assert response.content.decode() == BUILT_IN_PAGE
    assert "no-store" in response["Cache-Control"]
    assert Page(response).tags.count("h1") == 1
    head = built_in_response("HEAD")
    assert (head.headers, head.content) == (response.headers, b"")
