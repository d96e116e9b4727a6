"""The response to a refused request: page, problem details (JSON), redirect or the site's own view, and Retry-After."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import get_script_prefix
from django.utils import timezone, translation
from django.utils.functional import cached_property

from downtime.conf import conf
from downtime.http.cdn_headers import remove_cdn_headers
from downtime.http.event_loop import may_block
from downtime.http.language import Language, Languages, has_project_texts, has_texts
from downtime.http.negotiation import LONGEST_HEADER, SAFE_METHODS, prefers_json
from downtime.http.pages import (
    Kind,
    Prepared,
    copy_response,
    drop_body,
    mark_planned,
    page_languages,
    prepare_page,
    set_number,
)
from downtime.http.problem_details import prepare_problem, problem_response
from downtime.http.redirects import is_target
from downtime.http.scripts import is_for_fragment, is_script
from downtime.http.site_code import awaited, call, downtime_told
from downtime.schedule.occurrence import occurrence
from downtime.schedule.periods import Window
from downtime.schedule.retry_after import retry_after

_MOST_KEPT = 500

_Prepare = Callable[[Window, datetime, Kind], Prepared]


class Refusals:
    """Builds the responses to refused requests by the settings at its creation, and keeps the rendered pages."""

    def __init__(self) -> None:
        self._redirect = conf.DOWNTIME_URL_REDIRECT or ""
        self._view = conf.DOWNTIME_VIEW
        self._retry_after = conf.DOWNTIME_RETRY_AFTER
        self._kept: dict[tuple[_Prepare, int, datetime, datetime, Kind], Prepared] = {}
        self._redirection = lru_cache(_MOST_KEPT)(_redirection)
        self._prefers_json = lru_cache(_MOST_KEPT)(prefers_json)
        self._languages = Languages(has_texts)
        self._project_languages = Languages(has_project_texts)

    def of(
        self, request: HttpRequest, window: Window, release: datetime, *, spares_home: bool = False
    ) -> HttpResponseBase:
        """The response to a request that `window` refuses until `release`; NEVER means that the end is unknown.

        `spares_home` says whether the front page of the site can still be read."""
        seconds = retry_after(window.period.retry_after, release, time.time(), self._retry_after)
        if self._view:
            language = self._project_languages.of(request)
            return _from_view(self._view, request, window, release, language, seconds)
        accept = request.META.get("HTTP_ACCEPT", "")[:LONGEST_HEADER]
        if self._prefers_json(accept, is_script=is_script(request)):
            kind = _kind(request, window, self._languages, spares_home)
            response = problem_response(self._prepared(prepare_problem, window, release, kind), seconds)
            if request.method == "HEAD":
                drop_body(response)
        elif redirect := self._redirect_for(request, window):
            return copy_response(self._redirection(redirect))
        else:
            kind = _kind(request, window, self._page_languages, spares_home)
            body = b"" if request.method == "HEAD" else None  # the headers have its length already
            response = copy_response(self._prepared(prepare_page, window, release, kind).response, body)
        if seconds is not None:
            set_number(response, "Retry-After", seconds)
        return response

    def _redirect_for(self, request: HttpRequest, window: Window) -> str:
        """The URL to redirect the request to; empty for that very page, and for a part of a page."""
        redirect = window.period.redirect or self._redirect
        return "" if not redirect or is_for_fragment(request) or is_target(request, redirect) else redirect

    @cached_property
    def _page_languages(self) -> Languages:
        return page_languages()

    def _prepared(self, prepare: _Prepare, window: Window, release: datetime, kind: Kind) -> Prepared:
        """What the first request for it prepared, kept since then."""
        key = (prepare, id(window.period), window.start, release, kind)
        kept = self._kept.get(key)
        if kept is None or kept.kept_until < time.monotonic():
            may_block()  # reads templates and catalogues
            prepared = prepare(window, release, kind)
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            kept = self._kept[key] = prepared
        return kept


def _redirection(redirect: str) -> HttpResponse:
    return mark_planned(HttpResponseRedirect(redirect))


def _kind(request: HttpRequest, window: Window, languages: Languages, spares_home: bool) -> Kind:
    home = get_script_prefix() if spares_home and not window.period.is_whole else ""
    return Kind(languages.of(request), was_sent=request.method not in SAFE_METHODS, home=home)


def _from_view(
    view: str, request: HttpRequest, window: Window, release: datetime, language: Language, seconds: int | None
) -> HttpResponseBase:
    """The response of DOWNTIME_VIEW, of any class, with the headers that the view did not set."""
    period = occurrence(window, timezone.get_default_timezone(), end=release)
    # An earlier request may have left its language and its zone to this thread.
    with translation.override(language.code), timezone.override(None), downtime_told(request, period):
        response: object = call(view, request, period)
        # As Django's handler does: a callback may put another response in the place of a rendered one.
        if isinstance(response, HttpResponseBase) and callable(render := getattr(response, "render", None)):
            response = awaited(render())
    if not isinstance(response, HttpResponseBase):
        raise TypeError(f"{view} returned {type(response).__name__}; it must return an HttpResponse")
    if isinstance(response, HttpResponse):
        response = copy_response(response)  # because the view may return the same one each time
        if request.method == "HEAD":
            drop_body(response)
    if seconds is not None and response.status_code == 503 and "Retry-After" not in response:
        response["Retry-After"] = str(seconds)
    return mark_planned(remove_cdn_headers(response), language.vary)
