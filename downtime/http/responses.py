"""The response to a refused request: page, problem details (JSON), redirect or the site's own view; Retry-After."""

from __future__ import annotations

import math
import time
from datetime import datetime
from functools import lru_cache

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.utils import timezone, translation
from django.utils.translation import gettext

from downtime.conf import conf
from downtime.http.cdn_headers import remove_cdn_headers
from downtime.http.negotiation import LONGEST_HEADER, preferences
from downtime.http.pages import PreparedPage, copy_response, drop_body, mark_planned, prepare_page
from downtime.http.redirects import is_target
from downtime.http.scripts import is_for_fragment, is_script
from downtime.http.site_code import awaited, call, downtime_told
from downtime.schedule.occurrence import occurrence
from downtime.schedule.periods import NEVER, Period, Window

_MOST_KEPT = 500


class Refusals:
    """Builds the responses to refused requests by the settings at its creation, and keeps the rendered pages."""

    def __init__(self) -> None:
        self._redirect = conf.DOWNTIME_URL_REDIRECT or ""
        self._view = conf.DOWNTIME_VIEW
        self._retry_after = conf.DOWNTIME_RETRY_AFTER
        self._pages: dict[tuple[int, datetime, datetime, str], PreparedPage] = {}
        self._preferences = lru_cache(_MOST_KEPT)(preferences)

    def of(self, request: HttpRequest, window: Window, release: datetime) -> HttpResponseBase:
        """The response to a request that `window` refuses until `release`; NEVER means that this moment is unknown."""
        seconds = retry_after(window.period, release, time.time(), self._retry_after)
        if self._view:
            return _from_view(self._view, request, window, release, seconds)
        accept, languages = request.META.get("HTTP_ACCEPT", ""), request.META.get("HTTP_ACCEPT_LANGUAGE", "")
        prefers_json, language = self._preferences(
            accept[:LONGEST_HEADER], languages[:LONGEST_HEADER], is_script=is_script(request)
        )
        if prefers_json:
            response = _problem_details(window, release, language, seconds)
        elif redirect := self._redirect_for(request, window):
            return mark_planned(HttpResponseRedirect(redirect))
        else:
            response = self._page(window, release, language)
        if seconds is not None:
            response["Retry-After"] = str(seconds)
        return drop_body(response) if request.method == "HEAD" else response

    def _redirect_for(self, request: HttpRequest, window: Window) -> str:
        """Where the request is redirected; nowhere from that very page, or from within another."""
        redirect = window.period.redirect or self._redirect
        return "" if not redirect or is_for_fragment(request) or is_target(request, redirect) else redirect

    def _page(self, window: Window, release: datetime, language: str) -> HttpResponse:
        """A copy of the kept page, which is rendered at the first request for it."""
        key = (id(window.period), window.start, release, language)
        page = self._pages.get(key)
        if page is None or page.kept_until < time.monotonic():
            if len(self._pages) >= _MOST_KEPT:
                self._pages.clear()
            page = self._pages[key] = prepare_page(window, release, language)
        return copy_response(page.response)


def retry_after(period: Period, release: datetime, now: float, default: int | None) -> int | None:
    """The value of Retry-After (RFC 9110 section 10.2.3): whole seconds until the release, rounded up, at least 1.

    If the release is NEVER, the period's own value, else the default. `now` is in seconds since the epoch."""
    if release == NEVER:
        return period.retry_after or default
    return max(1, math.ceil(release.timestamp() - now))


def _problem_details(window: Window, release: datetime, language: str, seconds: int | None) -> HttpResponse:
    """Problem details (RFC 9457)."""
    period = occurrence(window, timezone.get_default_timezone(), end=release)
    with translation.override(language):
        detail = period.message or (
            gettext("Changes are paused while the site is under maintenance. Reading goes on.")
            if period.read_only
            else gettext("The site is down for maintenance.")
        )
    problem = {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": detail,
        "start": period.start and period.start.isoformat(),
        "end": period.end and period.end.isoformat(),
        "retry_after": seconds,
        "state": "read-only" if period.read_only else "down",
    }
    response = JsonResponse(
        problem, status=503, content_type="application/problem+json", json_dumps_params={"ensure_ascii": False}
    )
    response["Content-Length"] = str(len(response.content))
    return mark_planned(response)


def _from_view(
    view: str, request: HttpRequest, window: Window, release: datetime, seconds: int | None
) -> HttpResponseBase:
    """The response of DOWNTIME_VIEW, whatever its class, with the headers that it did not set itself."""
    period = occurrence(window, timezone.get_default_timezone(), end=release)
    with downtime_told(request, period):
        response: object = call(view, request, period)
        # As Django's handler renders a response that can be rendered: a callback may put another one in its place.
        if isinstance(response, HttpResponseBase) and callable(render := getattr(response, "render", None)):
            response = awaited(render())
    if not isinstance(response, HttpResponseBase):
        raise TypeError(f"{view} returned {type(response).__name__}; it must return an HttpResponse")
    if isinstance(response, HttpResponse):
        response = copy_response(response)  # as the view may return the same one each time
        if request.method == "HEAD":
            drop_body(response)
    if seconds is not None and response.status_code == 503 and "Retry-After" not in response:
        response["Retry-After"] = str(seconds)
    return mark_planned(remove_cdn_headers(response))
