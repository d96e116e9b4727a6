"""What does a refused request get: the page, JSON, or a redirect? Prepared once, so that requests only choose."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import ResponseHeaders
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext

from downtime.conf import conf
from downtime.negotiation import wishes
from downtime.schedule import ALWAYS, NEVER, Period

logger = logging.getLogger(__name__)

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


class Refusals:
    """The answers to refused requests, as the settings are now; a page is rendered once for period and language."""

    def __init__(self) -> None:
        self.redirect = conf.DOWNTIME_URL_REDIRECT or ""
        self._retry_after = conf.DOWNTIME_RETRY_AFTER
        self._pages: dict[tuple[int, datetime, str], Prepared] = {}
        self._client = lru_cache(_MOST_KEPT)(wishes)

    def of(self, request: HttpRequest, period: Period, release: datetime, since: datetime = ALWAYS) -> HttpResponse:
        """The answer to a request that would be let through at `release`, or NEVER where that is not known.

        `since` is when the occurrence of a recurring period began."""
        headers = request.META
        wants_json, language = self._client(headers.get("HTTP_ACCEPT", ""), headers.get("HTTP_ACCEPT_LANGUAGE", ""))
        if wants_json:
            return self._problem(request, period, max(since, period.start), release, language)
        redirect = period.redirect or self.redirect
        if redirect:
            return _marked(HttpResponseRedirect(redirect))
        key = (id(period), release, language)
        page = self._pages.get(key)
        if page is None:
            if len(self._pages) >= _MOST_KEPT:
                self._pages.clear()
            page = self._pages[key] = _rendered(period, release, language)
        response = _copied(page.response)
        retry_after = self._seconds(period, page.release)
        if retry_after is not None:
            response["Retry-After"] = str(retry_after)
        if request.method == "HEAD":
            response.content = b""
        return response

    def _seconds(self, period: Period, release: float) -> int | None:
        """Retry-After (RFC 9110 section 10.2.3), in whole seconds."""
        if release == math.inf:
            return period.retry_after or self._retry_after
        return max(1, math.ceil(release - time.time()))

    def _problem(
        self, request: HttpRequest, period: Period, start: datetime, release: datetime, language: str
    ) -> HttpResponse:
        """Problem details (RFC 9457)."""
        retry_after = self._seconds(period, _timestamp(release))
        with translation.override(language):
            detail = period.message or gettext("The site is down for maintenance.")
        problem = {
            "type": "about:blank",
            "title": "Service Unavailable",
            "status": 503,
            "detail": detail,
            "start": _iso(start),
            "end": _iso(release),
            "retry_after": retry_after,
        }
        response = JsonResponse(
            problem, status=503, content_type="application/problem+json", json_dumps_params={"ensure_ascii": False}
        )
        response["Content-Length"] = str(len(response.content))
        if retry_after is not None:
            response["Retry-After"] = str(retry_after)
        if request.method == "HEAD":
            response.content = b""
        return _marked(response)


def built_in(method: str | None) -> HttpResponse:
    """The answer of last resort to a request with that method."""
    response = _marked(HttpResponse(BUILT_IN_PAGE, status=503))
    response["Content-Length"] = str(len(response.content))
    if method == "HEAD":
        response.content = b""
    return response


def _rendered(period: Period, release: datetime, language: str) -> Prepared:
    end = None if release == NEVER else release.astimezone(get_default_timezone())
    try:
        with translation.override(language):
            context = {
                "period": period,
                "end": end,
                "language_code": language,
                "language_bidi": translation.get_language_bidi(),
            }
            response = _marked(HttpResponse(render_to_string(conf.DOWNTIME_TEMPLATE, context), status=503))
        response["Content-Language"] = language
    except Exception:  # a template can raise anything; its error must not become the site's
        logger.exception("the template %s can't be rendered; the built-in page is shown", conf.DOWNTIME_TEMPLATE)
        response = built_in("GET")
    response["Content-Length"] = str(len(response.content))
    return Prepared(period, _timestamp(release), response)


def _marked(response: HttpResponse) -> HttpResponse:
    """The response with the headers that every answer carries; Django logs and mails nothing about it."""
    add_never_cache_headers(response)
    patch_vary_headers(response, ("Accept", "Accept-Language"))
    response["X-Downtime"] = "planned"
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _copied(response: HttpResponse) -> HttpResponse:
    """A copy that others may change. Building one anew takes nearly three times as long (tests/benchmarks)."""
    headers = ResponseHeaders.__new__(ResponseHeaders)
    headers._store = response.headers._store.copy()
    copy = HttpResponse.__new__(HttpResponse)
    copy.__dict__.update(
        response.__dict__,
        headers=headers,
        cookies=type(response.cookies)(),
        _container=[response.content],
        _resource_closers=[],
    )
    return copy


def _timestamp(release: datetime) -> float:
    return math.inf if release == NEVER else release.timestamp()


def _iso(moment: datetime) -> str | None:
    if moment in (ALWAYS, NEVER):
        return None
    return moment.astimezone(get_default_timezone()).isoformat(timespec="seconds")
