"""What does a refused request get: the page, JSON, a redirect, or what a view of the site builds?"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.template.response import SimpleTemplateResponse
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import gettext

from downtime.conf import conf
from downtime.decorators import is_exempt
from downtime.http.negotiation import LONGEST_HEADER, preferences
from downtime.http.pages import Prepared, built_in, copy_response, drop_body, mark_planned, rendered, timestamp
from downtime.http.redirects import is_target
from downtime.http.site_code import call
from downtime.http.throttled_log import ThrottledLogger
from downtime.schedule.occurrence import occurrence
from downtime.schedule.periods import Period, Window

logger = ThrottledLogger(__name__)

_MOST_KEPT = 500

Passage = Callable[[HttpRequest, HttpResponseBase], HttpResponseBase]
"""What the site's own response to a request goes through: takes both, returns the response to send."""


class Refusals:
    """The answers to refused requests, as the settings are now; a page is rendered once for period and language."""

    def __init__(self) -> None:
        self._redirect = conf.DOWNTIME_URL_REDIRECT or ""
        self._view = conf.DOWNTIME_VIEW
        self._retry_after = conf.DOWNTIME_RETRY_AFTER
        self._pages: dict[tuple[int, datetime, datetime, str], Prepared] = {}
        self._client = lru_cache(_MOST_KEPT)(preferences)

    def of(self, request: HttpRequest, window: Window, release: datetime) -> HttpResponseBase:
        """The answer to a request that would be let through at `release`, or NEVER where that is not known."""
        if self._view:
            return self._viewed(self._view, request, window, release)
        accept, languages = request.META.get("HTTP_ACCEPT", ""), request.META.get("HTTP_ACCEPT_LANGUAGE", "")
        wants_json, language = self._client(accept[:LONGEST_HEADER], languages[:LONGEST_HEADER])
        if wants_json:
            return self._problem(request, window, release, language)
        redirect = window.period.redirect or self._redirect
        if redirect and not is_target(request, redirect):
            return mark_planned(HttpResponseRedirect(redirect))
        return self._page(request, window, release, language)

    def _page(self, request: HttpRequest, window: Window, release: datetime, language: str) -> HttpResponse:
        key = (id(window.period), window.start, release, language)
        page = self._pages.get(key)
        if page is None or page.kept_until < time.monotonic():
            if len(self._pages) >= _MOST_KEPT:
                self._pages.clear()
            page = self._pages[key] = rendered(window, release, language)
        response = copy_response(page.response)
        self._tell_when(response, window.period, page.release)
        return drop_body(response) if request.method == "HEAD" else response

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
            "retry_after": self._seconds(window.period, timestamp(release)),
        }
        response = JsonResponse(
            problem, status=503, content_type="application/problem+json", json_dumps_params={"ensure_ascii": False}
        )
        response["Content-Length"] = str(len(response.content))
        self._tell_when(response, window.period, timestamp(release))
        return mark_planned(drop_body(response) if request.method == "HEAD" else response)

    def _viewed(self, view: str, request: HttpRequest, window: Window, release: datetime) -> HttpResponseBase:
        """What DOWNTIME_VIEW answers, whose headers stay; those that it did not set are added."""
        response: object = call(view, request, occurrence(window, timezone.get_default_timezone(), end=release))
        if not isinstance(response, HttpResponseBase):
            raise TypeError(f"{view} returned {type(response).__name__}; it must return an HttpResponse")
        if isinstance(response, SimpleTemplateResponse):
            response.render()
        if isinstance(response, HttpResponse):
            response = copy_response(response)  # as it may return the same one each time
        if response.status_code == 503 and "Retry-After" not in response:
            self._tell_when(response, window.period, timestamp(release))
        if request.method == "HEAD" and isinstance(response, HttpResponse):
            drop_body(response)
        return mark_planned(response)

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


def unchanged(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The site's own response as it is."""
    return response


def keep_private(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Keeps the response to an exempt client from shared caches, which would show it to all; changes the argument."""
    patch_cache_control(response, private=True)
    patch_vary_headers(response, ("Cookie",))
    return response


def withhold_unless_exempt(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The response to a request for an exempt view, unless another view has answered: then the built-in page.

    A middleware below may choose another URLconf, rewrite the path or find another language."""
    match = request.resolver_match
    if match is None or is_exempt(match.func):
        return response
    logger.warning("a middleware below led a request to a view that is not exempt; its answer is withheld")
    return built_in(request.method)
