"""Chooses the language of an answer as the site itself would, among the languages that have texts."""

from __future__ import annotations

import gettext
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

from django.apps import apps
from django.conf import settings
from django.conf.urls.i18n import is_language_prefix_patterns_used
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.functional import cached_property
from django.utils.module_loading import import_string
from django.utils.translation.trans_real import parse_accept_lang_header

from downtime.http.cookies import cookie
from downtime.http.event_loop import may_block
from downtime.http.negotiation import LONGEST_HEADER

_MOST_KEPT = 500
_LONGEST_CODE = 50
_ENGLISH = "en"
_HEADING = "Down for maintenance"


class Language(NamedTuple):
    """A language, and the request headers that chose it, for Vary."""

    code: str
    vary: tuple[str, ...] = ()


class Languages:
    """Chooses by the settings at its creation: as LocaleMiddleware does if it is installed, otherwise LANGUAGE_CODE.

    Of several languages, the first one that `is_offered` counts; if none is, English."""

    def __init__(self, is_offered: Callable[[str], bool]) -> None:
        self._is_negotiated = settings.USE_I18N and _has_locale_middleware()
        self._is_offered = lru_cache(_MOST_KEPT)(is_offered)
        self._of_headers = lru_cache(_MOST_KEPT)(self._by_headers)

    @cached_property
    def _of_site(self) -> Language:
        return Language(next(self._offered([settings.LANGUAGE_CODE]), _ENGLISH))

    def of(self, request: HttpRequest) -> Language:
        """The language of the answer to that request; asks no database or session, and loads no URLconf."""
        if not self._is_negotiated:
            return self._of_site
        has_prefixes, default_has_one = _language_prefixes(request)
        if has_prefixes:
            in_path = translation.get_language_from_path(request.path_info[:LONGEST_HEADER])
            if in_path and (code := self._variant(in_path)):
                return Language(code)
            if not in_path and not default_has_one:
                return self._of_site
        chosen = cookie(request, settings.LANGUAGE_COOKIE_NAME)
        accepted = request.META.get("HTTP_ACCEPT_LANGUAGE", "")[:LONGEST_HEADER]
        code = self._of_headers(chosen if len(chosen) <= _LONGEST_CODE else "", accepted)
        return Language(code, ("Accept-Language", "Cookie"))

    def _by_headers(self, chosen: str, accepted: str) -> str:
        may_block()  # Django looks for its own catalogues
        codes = [code for code, _ in parse_accept_lang_header(accepted)]
        if "*" in codes:
            del codes[codes.index("*") :]
        variants = map(self._variant, [chosen, *codes, settings.LANGUAGE_CODE])
        return next(filter(None, variants), self._of_site.code)

    def _variant(self, code: str) -> str:
        """The site's language that Django finds for that code, or a variant of the same base; empty if none is offered.

        So `pt` gives `pt-br`, as Django does for a language that LANGUAGES does not name."""
        try:
            found = translation.get_supported_language_variant(code).lower()
        except LookupError:
            return ""
        sisters = (other for other, _ in settings.LANGUAGES if _base(other) == _base(found))
        return next(self._offered([found, *sisters]), "")

    def _offered(self, codes: Iterable[str]) -> Iterator[str]:
        return filter(self._is_offered, codes)


def has_texts(code: str) -> bool:
    """Whether the app's own texts exist in that language: they are written in English, and catalogues translate them.

    A text that Django takes from another language does not count."""
    if _base(code) == _ENGLISH or not settings.USE_I18N:
        return _base(code) == _ENGLISH
    apps_of_others = (app for app in apps.get_app_configs() if not app.name.startswith("django."))
    folders = (*_locale_paths(), *(os.path.join(app.path, "locale") for app in apps_of_others))
    return any(catalogue.gettext(_HEADING) != _HEADING for catalogue in _catalogues(code, folders))


def has_project_texts(code: str) -> bool:
    """Whether the project has that language: as LANGUAGE_CODE, in a catalogue in LOCALE_PATHS, or in our texts."""
    return code == settings.LANGUAGE_CODE or has_texts(code) or bool(_catalogues(code, _locale_paths()))


def nearest_with_texts(code: str) -> str:
    """That language, if the app has texts in it; otherwise LANGUAGE_CODE, or English as a last resort."""
    return next(filter(has_texts, [code, settings.LANGUAGE_CODE]), _ENGLISH)


def is_right_to_left(code: str) -> bool:
    """Whether that language is written from right to left."""
    return _base(code) in settings.LANGUAGES_BIDI


@lru_cache(_MOST_KEPT)
def _catalogues(code: str, folders: tuple[str, ...]) -> list[gettext.GNUTranslations]:
    """The catalogues of that language in those folders, of the app and the project."""
    may_block()
    found = []
    for folder in folders:
        # A broken catalogue must not keep the site from starting.
        with suppress(Exception):
            found.append(gettext.translation("django", folder, [translation.to_locale(code)]))
    return found


def _locale_paths() -> tuple[str, ...]:
    return tuple(map(os.fspath, settings.LOCALE_PATHS))


def _base(code: str) -> str:
    return code.partition("-")[0]


def _has_locale_middleware() -> bool:
    """Whether MIDDLEWARE names LocaleMiddleware or a subclass."""
    for name in settings.MIDDLEWARE:
        try:
            middleware = import_string(name)
        except Exception:  # Django will report it when it loads them
            continue
        if isinstance(middleware, type) and issubclass(middleware, LocaleMiddleware):
            return True
    return False


def _language_prefixes(request: HttpRequest) -> tuple[bool, bool]:
    """Whether the URLconf uses i18n_patterns, and whether the default language has a prefix there too."""
    urlconf = getattr(request, "urlconf", settings.ROOT_URLCONF)
    # Not if this would import it: the import may ask the database, and one wait for that is enough (see Routes).
    if isinstance(urlconf, str) and urlconf not in sys.modules:
        return False, False
    try:
        return is_language_prefix_patterns_used(urlconf)
    except Exception:  # a URLconf can raise anything
        return False, False
