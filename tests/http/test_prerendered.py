"""What a front server shows is what Django would have answered to a visitor who prefers no language."""

import json
from datetime import datetime
from pathlib import Path

import pytest
import pytest_django

from downtime.http.built_in_page import built_in_page
from downtime.http.prerendered import prerender
from downtime.schedule.periods import NEVER, Period, Window
from tests.support.refusals import ENDS_AT_FOUR, PROBLEM, START, refused

PERIODS = {
    "no message": Period(START),
    "a message": Period(START, message="Größere <b>Platten</b> 🚧\n\nhttps://status.example.com/"),
    "a redirect": Period(START, redirect="https://status.example.com/"),
}
OWN = """{% extends "downtime/downtime.html" %}
{% block content %}{{ period.message }} {{ period.start }} {{ end|date:"c" }} {{ language_code }}{% endblock %}
"""
LANGUAGES = ["en-us", "de", "es", "fr", "ja", "nl", "pt-br", "pt", "zh-hans", "he"]


def answered(period: Period, release: datetime) -> tuple[bytes, bytes]:
    """What the middleware answers; the page without a redirect, as whoever follows one to this site gets it."""
    page = refused(Period(START, message=period.message), release).content
    details = json.loads(refused(period, release, accept=PROBLEM).content)
    del details["retry_after"]
    return page, json.dumps(details, ensure_ascii=False).encode()


@pytest.fixture(params=["that of the app", "of the project"])
def template(request: pytest.FixtureRequest, settings: pytest_django.Settings, tmp_path: Path) -> None:
    """The page's template."""
    if request.param == "of the project":
        (tmp_path / "own.html").write_text(OWN)
        settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
        settings.DOWNTIME_TEMPLATE = "own.html"


@pytest.mark.usefixtures("template")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("release", [NEVER, ENDS_AT_FOUR], ids=["open", "ends"])
@pytest.mark.parametrize("period", PERIODS.values(), ids=PERIODS)
def test_it_is_byte_by_byte_what_the_middleware_answers(
    settings: pytest_django.Settings, period: Period, release: datetime, language: str
) -> None:
    settings.LANGUAGE_CODE = language
    page, problem, is_built_in = prerender(Window(period.start, 0, period.end, period), release)
    assert (page, problem) == answered(period, release)
    assert not is_built_in


@pytest.mark.usefixtures("with_locale")
@pytest.mark.parametrize("language", ["de", "en-us", "he", "pt"])
def test_with_locale_middleware_it_is_in_the_language_of_a_visitor_who_names_none(
    settings: pytest_django.Settings, language: str
) -> None:
    settings.LANGUAGE_CODE = language
    period = PERIODS["no message"]
    assert prerender(Window(START, 0, NEVER, period), ENDS_AT_FOUR)[:2] == answered(period, ENDS_AT_FOUR)


def test_neither_a_view_nor_a_redirect_of_the_site_is_asked(settings: pytest_django.Settings) -> None:
    """A front server can do neither."""
    window = Window(START, 0, NEVER, PERIODS["a message"])
    before = prerender(window, NEVER)
    settings.DOWNTIME_VIEW, settings.DOWNTIME_URL_REDIRECT = "tests.no_such_view", "/status/"
    assert prerender(window, NEVER) == before


def test_a_page_that_can_not_be_rendered_is_the_built_in_one(
    settings: pytest_django.Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DOWNTIME_TEMPLATE = "no/such/template.html"
    page, problem, is_built_in = prerender(Window(START, 0, NEVER, PERIODS["a message"]), NEVER)
    assert page.decode() == built_in_page(PERIODS["a message"].message, was_sent=False)
    assert json.loads(problem)["detail"] == PERIODS["a message"].message
    assert is_built_in
    assert [record.message for record in caplog.records] == [
        "the template no/such/template.html can't be rendered; the built-in page is shown"
    ]
