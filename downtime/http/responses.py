"""The response to a refused request: page, problem details (JSON), redirect or the site's own view; Retry-After."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import gettext

from downtime.conf import conf
from downtime.decorators import is_exempt
from downtime.http.negotiation import LONGEST_HEADER, preferences
from downtime.http.pages import PreparedPage, built_in_response, copy_response, drop_body, mark_planned, prepare_page
from downtime.http.redirects import is_target
from downtime.http.site_code import awaited, call
from downtime.http.throttled_log import ThrottledLogger
from downtime.schedule.occurrence import occurrence
from downtime.schedule.periods import NEVER, Period, Window

logger = ThrottledLogger(__name__)

_MOST_KEPT = 500

Passage = Callable[[HttpRequest, HttpResponseBase], HttpResponseBase]
"""What the site's own response to a request goes through: takes both, returns the response to send."""


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
        prefers_json, language = self._preferences(accept[:LONGEST_HEADER], languages[:LONGEST_HEADER])
        if prefers_json:
            response = _problem_details(window, release, language, seconds)
        elif (redirect := window.period.redirect or self._redirect) and not is_target(request, redirect):
            return mark_planned(HttpResponseRedirect(redirect))
        else:
            response = self._page(window, release, language)
        if seconds is not None:
            response["Retry-After"] = str(seconds)
        return drop_body(response) if request.method == "HEAD" else response

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
    response: object = call(view, request, occurrence(window, timezone.get_default_timezone(), end=release))
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
    return mark_planned(response)


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
    page = built_in_response(request.method)
    page.__dict__["_resource_closers"] += response.__dict__["_resource_closers"]  # nobody else will close them
    return page
