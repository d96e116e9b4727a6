"""What does a refused request get: the page, JSON, or a redirect? Prepared once, so that requests only choose."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.http.response import ResponseHeaders
from django.template.loader import render_to_string
from django.template.response import SimpleTemplateResponse
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers, patch_cache_control, patch_vary_headers
from django.utils.translation import gettext

from downtime.announcing import occurrence
from downtime.calling import call
from downtime.conf import conf
from downtime.decorators import is_marked
from downtime.negotiation import LONGEST, wishes
from downtime.redirects import is_target
from downtime.schedule import NEVER, Period, Window
from downtime.seldom import PAUSE, Seldom

logger = Seldom(__name__)

BUILT_IN_PAGE = (
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
    "<title>Down for maintenance</title></head>"
    "<body><main><h1>Down for maintenance</h1><p>Please try again a little later.</p></main></body></html>\n"
)
"""Needs no template engine, no translation and no setting."""

_MOST_KEPT = 500


@dataclass(frozen=True, slots=True)
class Prepared:
    """A page that is ready to be sent. It holds its period, so that no other is ever given the same id."""

    period: Period
    release: float
    response: HttpResponse
    kept_until: float = math.inf
    """Monotonic seconds."""


class Refusals:
    """The answers to refused requests, as the settings are now; a page is rendered once for period and language."""

    def __init__(self) -> None:
        self.redirect = conf.DOWNTIME_URL_REDIRECT or ""
        self._view = conf.DOWNTIME_VIEW
        self._retry_after = conf.DOWNTIME_RETRY_AFTER
        self._pages: dict[tuple[int, datetime, datetime, str], Prepared] = {}
        self._client = lru_cache(_MOST_KEPT)(wishes)

    def of(self, request: HttpRequest, window: Window, release: datetime) -> HttpResponseBase:
        """The answer to a request that would be let through at `release`, or NEVER where that is not known."""
        if self._view:
            return self._viewed(self._view, request, window, release)
        accept, languages = request.META.get("HTTP_ACCEPT", ""), request.META.get("HTTP_ACCEPT_LANGUAGE", "")
        wants_json, language = self._client(accept[:LONGEST], languages[:LONGEST])
        if wants_json:
            return self._problem(request, window, release, language)
        redirect = window.period.redirect or self.redirect
        if redirect and not is_target(request, redirect):
            return _marked(HttpResponseRedirect(redirect))
        return self._page(request, window, release, language)

    def _page(self, request: HttpRequest, window: Window, release: datetime, language: str) -> HttpResponse:
        key = (id(window.period), window.start, release, language)
        page = self._pages.get(key)
        if page is None or page.kept_until < time.monotonic():
            if len(self._pages) >= _MOST_KEPT:
                self._pages.clear()
            page = self._pages[key] = _rendered(window, release, language)
        response = _copied(page.response)
        self._tell_when(response, window.period, page.release)
        return _bodiless(response) if request.method == "HEAD" else response

    def _problem(self, request: HttpRequest, window: Window, release: datetime, language: str) -> HttpResponse:
        """Problem details (RFC 9457)."""
        told = occurrence(window, timezone.get_default_timezone(), end=release)
        with translation.override(language):
            detail = told.message or (
                gettext("Changes are paused while the site is under maintenance. Reading goes on.")
                if told.read_only
                else gettext("The site is down for maintenance.")
            )
        problem = {
            "type": "about:blank",
            "title": "Service Unavailable",
            "status": 503,
            "detail": detail,
            "start": told.start and told.start.isoformat(),
            "end": told.end and told.end.isoformat(),
            "retry_after": self._seconds(window.period, _timestamp(release)),
        }
        response = JsonResponse(
            problem, status=503, content_type="application/problem+json", json_dumps_params={"ensure_ascii": False}
        )
        response["Content-Length"] = str(len(response.content))
        self._tell_when(response, window.period, _timestamp(release))
        return _marked(_bodiless(response) if request.method == "HEAD" else response)

    def _viewed(self, view: str, request: HttpRequest, window: Window, release: datetime) -> HttpResponseBase:
        """What DOWNTIME_VIEW answers, whose headers stay; those that it did not set are added."""
        response: object = call(view, request, occurrence(window, timezone.get_default_timezone(), end=release))
        if not isinstance(response, HttpResponseBase):
            raise TypeError(f"{view} returned {type(response).__name__}; allowed is an HttpResponse")
        if isinstance(response, SimpleTemplateResponse):
            response.render()
        if isinstance(response, HttpResponse):
            response = _copied(response)  # as it may return the same one each time
        if response.status_code == 503 and "Retry-After" not in response:
            self._tell_when(response, window.period, _timestamp(release))
        if request.method == "HEAD" and isinstance(response, HttpResponse):
            _bodiless(response)
        return _marked(response)

    def _tell_when(self, response: HttpResponseBase, period: Period, release: float) -> None:
        """Retry-After (RFC 9110 section 10.2.3)."""
        retry_after = self._seconds(period, release)
        if retry_after is not None:
            response["Retry-After"] = str(retry_after)

    def _seconds(self, period: Period, release: float) -> int | None:
        """The whole seconds until the release, at least 1; else those that are set."""
        if release == math.inf:
            return period.retry_after or self._retry_after
        return max(1, math.ceil(release - time.time()))


def built_in(method: str | None) -> HttpResponse:
    """The answer of last resort to a request with that method."""
    response = _marked(HttpResponse(BUILT_IN_PAGE, status=503))
    response["Content-Length"] = str(len(response.content))
    return _bodiless(response) if method == "HEAD" else response


def for_one_client(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """What the site answers to a client that may pass, kept from shared caches, which would show it to all."""
    patch_cache_control(response, private=True)
    patch_vary_headers(response, ("Cookie",))
    return response


def unless_unmarked(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """What the site answers to a request that passes by its view, unless another view than expected has answered.

    As where a middleware below chooses a URLconf, rewrites the path or finds another language."""
    match = request.resolver_match
    if match is None or is_marked(match.func):
        return response
    logger.warning("a middleware below led a request to a view that is not exempt; its answer is withheld")
    return built_in(request.method)


def _rendered(window: Window, release: datetime, language: str) -> Prepared:
    told = occurrence(window, timezone.get_default_timezone(), end=release)
    kept_until = math.inf
    try:
        # Neither the language nor the zone that an earlier request may have left to this thread.
        with translation.override(language), timezone.override(None):
            context = {
                "period": told,
                "end": told.end,
                "language_code": language,
                "language_bidi": translation.get_language_bidi(),
            }
            response = _marked(HttpResponse(render_to_string(conf.DOWNTIME_TEMPLATE, context), status=503))
        response["Content-Language"] = language
    except Exception:  # a template can raise anything; its error must not become the site's
        logger.exception("the template %s can't be rendered; the built-in page is shown", conf.DOWNTIME_TEMPLATE)
        response = built_in("GET")
        kept_until = time.monotonic() + PAUSE  # it may be one that is just being deployed
    response["Content-Length"] = str(len(response.content))
    return Prepared(window.period, _timestamp(release), response, kept_until)


_Response = TypeVar("_Response", bound=HttpResponseBase)


def _marked(response: _Response) -> _Response:
    """The response with the headers that every answer carries; Django logs and mails nothing about it."""
    add_never_cache_headers(response)
    patch_vary_headers(response, ("Accept", "Accept-Language"))
    response["X-Downtime"] = "planned"
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _bodiless(response: HttpResponse) -> HttpResponse:
    """The answer to HEAD: that to GET, Content-Length included, without its body (RFC 9110 section 9.3.2)."""
    response.content = b""
    return response


def _copied(response: HttpResponse) -> HttpResponse:
    """A copy that others may change. Building one anew takes nearly three times as long (tests/benchmarks)."""
    headers = ResponseHeaders.__new__(ResponseHeaders)
    headers._store = response.headers._store.copy()
    copy = HttpResponse.__new__(HttpResponse)
    copy.__dict__.update(
        response.__dict__,
        headers=headers,
        cookies=type(response.cookies)(response.cookies),
        _container=[response.content],
        _resource_closers=[*response.__dict__["_resource_closers"]],
    )
    return copy


def _timestamp(release: datetime) -> float:
    return math.inf if release == NEVER else release.timestamp()
