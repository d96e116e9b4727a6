"""The language is that of the site's own LocaleMiddleware, as far as there is something to say in it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import pytest_django
from django.conf.urls.i18n import i18n_patterns
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.test import RequestFactory, override_settings
from django.urls import re_path
from django.utils import translation
from django.utils.formats import date_format
from hypothesis import given
from hypothesis import strategies as st

from downtime.http.event_loop import at_once
from downtime.http.language import (
    Language,
    Languages,
    has_project_texts,
    has_texts,
    is_right_to_left,
    nearest_with_texts,
)
from downtime.http.scripts import VARIES_BY
from downtime.schedule.periods import Period
from tests.support import language_urls, language_urls_but_one
from tests.support.examples import examples
from tests.support.programs import require
from tests.support.refusals import ENDS_AT_FOUR, START, Page, refused
from tests.urls import echo

LOCALE_MIDDLEWARE = "django.middleware.locale.LocaleMiddleware"
NEGOTIATED = ("Accept-Language", "Cookie")
HEADINGS = {
    "en": "Down for maintenance",
    "de": "Wegen Wartung nicht erreichbar",
    "es": "Sitio en mantenimiento",
    "fr": "Site en maintenance",
    "ja": "メンテナンス中です",
    "nl": "Gesloten voor onderhoud",
    "pt-br": "Site em manutenção",
    "zh-hans": "网站维护中",
}
"""By the language of the catalogue."""


class OwnLocaleMiddleware(LocaleMiddleware):
    """As a project writes one, to look at a profile say."""


def of(path: str = "/", *, cookie: str = "", accept: str = "") -> Language:
    given = {"cookie": f"django_language={cookie}" if cookie else "", "accept-language": accept}
    return Languages(has_texts).of(RequestFactory().get(path, headers=given))


CHOICES: dict[str, tuple[dict[str, str], str]] = {
    "nothing": ({}, "en"),
    "the cookie": ({"cookie": "de"}, "de"),
    "the cookie before the header": ({"cookie": "de", "accept": "fr"}, "de"),
    "a variant in the cookie": ({"cookie": "de-AT"}, "de"),
    "capitals in the cookie": ({"cookie": "EN", "accept": "fr"}, "en"),
    "quotes in the cookie": ({"cookie": '"de"', "accept": "fr"}, "de"),
    "a cookie that no site has set": ({"cookie": "x" * 60_000, "accept": "fr"}, "fr"),
    "a cookie without texts": ({"cookie": "ar", "accept": "fr"}, "fr"),
    "best first": ({"accept": "fr, de;q=0.5"}, "fr"),
    "by quality": ({"accept": "fr;q=0.5, de"}, "de"),
    "refused by quality": ({"accept": "de;q=0, fr;q=0.1"}, "fr"),
    "variant": ({"accept": "de-AT"}, "de"),
    "no texts": ({"accept": "ar"}, "en"),
    "no texts first": ({"accept": "it-CH, de-CH;q=0.9"}, "de"),
    "unknown first": ({"accept": "xx, fr;q=0.8"}, "fr"),
    "unknown alone": ({"accept": "xx"}, "en"),
    "any": ({"accept": "*"}, "en"),
    "any before another": ({"accept": "it, *;q=0.9, de;q=0.8"}, "en"),
    "malformed": ({"accept": "nonsense;;q="}, "en"),
    "English of Britain": ({"accept": "en-GB"}, "en-gb"),
    "English of nowhere": ({"accept": "en-ZA"}, "en"),
    "Portuguese of Portugal": ({"accept": "pt-PT, en;q=0.5"}, "pt-br"),
    "Traditional Chinese": ({"accept": "zh-TW, en;q=0.5"}, "zh-hans"),
    "a path that is no prefix": ({"path": "/fr/", "accept": "de"}, "de"),
}


@pytest.mark.usefixtures("with_locale")
@pytest.mark.parametrize(("request_of", "code"), CHOICES.values(), ids=CHOICES)
def test_the_first_language_with_texts_counts(request_of: dict[str, str], code: str) -> None:
    assert of(**request_of) == Language(code, NEGOTIATED)


PREFIXES: dict[str, tuple[Any, dict[str, str], Language]] = {
    "the path comes first": (language_urls, {"path": "/de/", "cookie": "fr"}, Language("de")),
    "a path without its slash": (language_urls, {"path": "/de"}, Language("de")),
    "a path without texts": (language_urls, {"path": "/ar/", "accept": "fr"}, Language("fr", NEGOTIATED)),
    "a path without a language": (language_urls, {"path": "/shop", "cookie": "fr"}, Language("fr", NEGOTIATED)),
    "the default has no prefix": (language_urls_but_one, {"path": "/shop", "cookie": "fr"}, Language("en-us")),
    "capitals": (language_urls, {"path": "/EN/", "accept": "fr"}, Language("en")),
    "another has one": (language_urls_but_one, {"path": "/fr/shop", "cookie": "de"}, Language("fr")),
}


@pytest.mark.usefixtures("with_locale")
@pytest.mark.parametrize(("urls", "request_of", "expected"), PREFIXES.values(), ids=PREFIXES)
def test_with_i18n_patterns_the_path_comes_first(
    settings: pytest_django.Settings, urls: Any, request_of: dict[str, str], expected: Language
) -> None:
    settings.ROOT_URLCONF = urls.__name__
    assert of(**request_of) == expected


@pytest.mark.usefixtures("with_locale")
def test_the_urlconf_that_a_middleware_has_chosen_is_asked() -> None:
    request = RequestFactory().get("/de/")
    request.urlconf = (*i18n_patterns(re_path("", echo)),)  # type: ignore[attr-defined]
    assert Languages(has_texts).of(request) == Language("de")


@pytest.mark.usefixtures("with_locale")
@pytest.mark.parametrize("urlconf", [["not", "hashable"], ("no patterns",), None], ids=str)
def test_a_urlconf_that_can_not_be_asked_has_no_prefixes(urlconf: Any) -> None:
    request = RequestFactory().get("/de/", headers={"accept-language": "fr"})
    request.urlconf = urlconf  # type: ignore[attr-defined]
    assert Languages(has_texts).of(request) == Language("fr", NEGOTIATED)


@pytest.mark.usefixtures("with_locale")
def test_no_urlconf_is_imported_for_it(settings: pytest_django.Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it may ask the very database that is away."""
    monkeypatch.delitem(sys.modules, "tests.support.site.urls", raising=False)
    settings.ROOT_URLCONF = "tests.urlconf_that_is_not_there"
    assert of("/de/", accept="fr").code == "fr"
    settings.ROOT_URLCONF = "tests.support.site.urls"
    of("/de/")
    assert "tests.support.site.urls" not in sys.modules


@pytest.mark.parametrize("middleware", [f"{__name__}.OwnLocaleMiddleware", LOCALE_MIDDLEWARE])
def test_a_subclass_of_locale_middleware_counts(settings: pytest_django.Settings, middleware: str) -> None:
    settings.MIDDLEWARE = ["tests.no_such.Middleware", "tests.http.test_language.of", middleware]
    assert of(cookie="de").code == "de"


@pytest.mark.parametrize(
    ("code", "expected"),
    [("de", "de"), ("de-at", "de-at"), ("pt-br", "pt-br"), ("en-us", "en-us"), ("ar", "en"), ("it", "en")],
)
def test_without_locale_middleware_the_language_is_that_of_the_site_or_english(
    settings: pytest_django.Settings, code: str, expected: str
) -> None:
    settings.LANGUAGE_CODE = code
    assert of("/fr/", cookie="fr", accept="fr") == Language(expected)


@pytest.mark.usefixtures("with_locale")
@pytest.mark.parametrize(
    ("code", "accept", "expected"),
    [
        ("de", "", "de"),
        ("de", "ar", "de"),
        ("de", "it, xx", "de"),
        ("de", "fr", "fr"),
        ("it", "", "en"),
        ("it", "ar", "en"),
    ],
)
def test_if_nothing_else_fits_the_language_of_the_site_counts_and_then_english(
    settings: pytest_django.Settings, code: str, accept: str, expected: str
) -> None:
    settings.LANGUAGE_CODE = code
    assert of(accept=accept).code == expected


@pytest.mark.usefixtures("with_locale")
def test_a_language_that_the_site_does_not_offer_is_not_chosen(settings: pytest_django.Settings) -> None:
    settings.LANGUAGES = [("en", "English"), ("fr", "French")]
    assert of(cookie="de", accept="de, fr;q=0.1").code == "fr"


@pytest.mark.usefixtures("with_locale")
def test_without_translations_the_texts_are_english(settings: pytest_django.Settings) -> None:
    settings.USE_I18N, settings.LANGUAGE_CODE = False, "de"
    assert of(cookie="fr", accept="fr") == Language("en")
    assert Languages(has_project_texts).of(RequestFactory().get("/")) == Language("de")


def catalogue(folder: Path, code: str, text: str, translated: str) -> None:
    """A compiled catalogue of a project with that one text."""
    require("msgfmt")
    source = folder / code / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    source.write_text(f'{head}msgid "{text}"\nmsgstr "{translated}"\n')
    subprocess.run(["msgfmt", "-o", source.with_suffix(".mo"), source], check=True)


@pytest.mark.usefixtures("with_locale")
def test_a_catalogue_of_the_project_adds_a_language(settings: pytest_django.Settings, tmp_path: Path) -> None:
    catalogue(tmp_path, "ar", "Down for maintenance", "الموقع قيد الصيانة")
    settings.LOCALE_PATHS = [tmp_path]
    page = Page(refused(Period(START), ENDS_AT_FOUR, languages="ar"))
    assert "الموقع قيد الصيانة" in page.text
    assert {("lang", "ar"), ("dir", "rtl")} <= set(page.attributes)


@pytest.mark.usefixtures("with_locale")
def test_a_catalogue_of_the_project_without_our_texts_counts_for_its_own_page_alone(
    settings: pytest_django.Settings, tmp_path: Path
) -> None:
    catalogue(tmp_path, "it", "Hello", "Ciao")
    settings.LOCALE_PATHS = [str(tmp_path)]
    request = RequestFactory().get("/", headers={"accept-language": "it, de;q=0.5"})
    assert Languages(has_texts).of(request).code == "de"
    assert Languages(has_project_texts).of(request).code == "it"


@pytest.mark.usefixtures("with_locale")
def test_a_damaged_catalogue_counts_as_none(settings: pytest_django.Settings, tmp_path: Path) -> None:
    damaged = tmp_path / "it" / "LC_MESSAGES" / "django.mo"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"\xde\x12\x04\x95 and nonsense")
    settings.LOCALE_PATHS = [tmp_path]
    assert of(accept="it, de").code == "de"


def test_catalogues_are_never_read_in_an_event_loop(settings: pytest_django.Settings, tmp_path: Path) -> None:
    settings.LANGUAGE_CODE, settings.LOCALE_PATHS = "de", [tmp_path]
    languages, request = Languages(has_texts), RequestFactory().get("/")
    assert at_once(languages.of, request) is None
    assert languages.of(request) == at_once(languages.of, request) == Language("de")


def test_the_language_of_the_site_is_one_of_the_project(settings: pytest_django.Settings) -> None:
    """A project that writes its own page in Arabic needs no catalogue for that."""
    settings.LANGUAGE_CODE = "ar"
    assert Languages(has_project_texts).of(RequestFactory().get("/")).code == "ar"


@pytest.mark.parametrize(
    ("code", "of_site", "expected"),
    [("de", "en", "de"), ("ar", "en", "en"), ("ar", "de", "de"), ("ar", "it", "en"), ("en-gb", "de", "en-gb")],
)
def test_the_nearest_language_with_texts(
    settings: pytest_django.Settings, code: str, of_site: str, expected: str
) -> None:
    settings.LANGUAGE_CODE = of_site
    assert nearest_with_texts(code) == expected


@pytest.mark.parametrize(
    ("code", "expected"), [("ar", True), ("ar-dz", True), ("he", True), ("de", False), ("en-gb", False)]
)
def test_some_languages_run_from_right_to_left(code: str, expected: bool) -> None:
    assert is_right_to_left(code) is expected


CODES = st.sampled_from(
    ["en", "en-gb", "EN", "de", "de-AT", "de-ch", '"de"', "es-mx", "fr", "nl", "pt-br", "zh-cn", "zh-hans", "xx", "*"]
)
ACCEPTED = st.lists(st.tuples(CODES, st.sampled_from(["", ";q=0.9", ";q=0.5", ";q=0"])), max_size=4)
PATHS = st.sampled_from(["/", "/shop", "/de/", "/de/shop", "/EN/", "/fr", "/xx/", "/zh-hans/", "/pt-br/x", "//de/"])


@examples(300)
@given(
    path=PATHS,
    cookie=st.none() | CODES,
    accepted=ACCEPTED,
    urls=st.sampled_from([language_urls.__name__, language_urls_but_one.__name__, "tests.urls"]),
    of_site=st.sampled_from(["en", "de", "fr"]),
)
def test_of_languages_that_all_have_texts_it_is_the_one_that_django_chooses(
    path: str, cookie: str | None, accepted: list[tuple[str, str]], urls: str, of_site: str
) -> None:
    languages = [(code, code) for code in ("en", "en-gb", "de", "es", "fr", "ja", "nl", "pt-br", "zh-hans")]
    with override_settings(
        LANGUAGES=languages, LANGUAGE_CODE=of_site, ROOT_URLCONF=urls, MIDDLEWARE=[LOCALE_MIDDLEWARE]
    ):
        headers = {"accept-language": ", ".join(code + quality for code, quality in accepted)}
        request = RequestFactory().get(
            path, headers=headers | ({"cookie": f"django_language={cookie}"} if cookie else {})
        )
        ours = Languages(has_texts).of(request).code
        answered = LocaleMiddleware(lambda request: HttpResponse(request.LANGUAGE_CODE))(request)
        translation.deactivate()
    assert ours == answered.content.decode()


def test_lang_dir_texts_and_dates_agree_whatever_a_visitor_asks_for(settings: pytest_django.Settings) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, LOCALE_MIDDLEWARE]
    shown = set()
    for asked, _ in settings.LANGUAGES:
        response = refused(Period(START), ENDS_AT_FOUR, languages=asked, cookie=f"django_language={asked}")
        page, code = Page(response), response["Content-Language"]
        known = next(known for known in (code, code.partition("-")[0]) if known in HEADINGS)
        assert HEADINGS[known] in page.text
        assert {("lang", code), ("dir", "ltr")} <= set(page.attributes)
        with translation.override(code):
            assert date_format(ENDS_AT_FOUR, "DATE_FORMAT") in page.text
        assert response["Vary"] == ", ".join(["Accept", *VARIES_BY, "Accept-Language", "Cookie"])
        shown.add(known)
    assert shown == set(HEADINGS)


def test_without_translations_the_page_is_english_in_every_respect(
    settings: pytest_django.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.USE_I18N = False
    monkeypatch.setattr(translation, "_trans", type(translation._trans)())  # it keeps what it was at its first use
    settings.LANGUAGE_CODE = "ar"
    page = Page(refused(release=ENDS_AT_FOUR, languages="fr"))
    assert {("lang", "en"), ("dir", "ltr")} <= set(page.attributes)
    assert "Down for maintenance" in page.text
    assert "Dec. 1, 2099 at 04:00 CET" in page.text


def test_it_is_chosen_without_a_session_or_a_query(settings: pytest_django.Settings) -> None:
    """The request has neither session nor user, and the settings no database; whatever asked them would fail."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, LOCALE_MIDDLEWARE]
    request = HttpRequest()
    request.META["HTTP_COOKIE"] = "django_language=de"
    assert Languages(has_texts).of(request).code == "de"
