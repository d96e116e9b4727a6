"""The down page, rendered once so that requests only copy it; and the built-in page, which needs no template."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.http import HttpResponse, HttpResponseBase
from django.http.response import ResponseHeaders
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers, patch_vary_headers

from downtime.conf import conf
from downtime.http.scripts import VARIES_BY
from downtime.http.throttled_log import PAUSE, ThrottledLogger
from downtime.schedule.occurrence import occurrence
from downtime.schedule.periods import Period, Window

logger = ThrottledLogger(__name__)

BUILT_IN_PAGE = (
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
    '<meta name="turbo-visit-control" content="reload">'
    "<title>Down for maintenance</title></head>"
    "<body><main><h1>Down for maintenance</h1><p>Please try again a little later.</p></main></body></html>\n"
)
"""Needs no template engine, no translation and no setting."""


@dataclass(frozen=True, slots=True)
class PreparedPage:
    """A rendered page with its headers. It holds its period, so that no other is ever given the same id."""

    period: Period
    response: HttpResponse
    kept_until: float
    """Monotonic seconds; infinite unless rendering failed."""


def built_in_response(method: str | None) -> HttpResponse:
    """The response of last resort to a request with that method: 503 with the built-in page."""
    response = mark_planned(HttpResponse(BUILT_IN_PAGE, status=503))
    response["Content-Length"] = str(len(response.content))
    return drop_body(response) if method == "HEAD" else response


def prepare_page(window: Window, release: datetime, language: str) -> PreparedPage:
    """The page in that language for requests that are refused until `release`; never raises."""
    try:
        response, kept_until = _rendered(window, release, language), math.inf
    except Exception:  # a template can raise anything; its error must not become the site's
        logger.exception("the template %s can't be rendered; the built-in page is shown", conf.DOWNTIME_TEMPLATE)
        # Not for long, as the template may be one that is just being deployed.
        response, kept_until = built_in_response("GET"), time.monotonic() + PAUSE
    return PreparedPage(window.period, response, kept_until)


def _rendered(window: Window, release: datetime, language: str) -> HttpResponse:
    period = occurrence(window, timezone.get_default_timezone(), end=release)
    # Neither the language nor the zone that an earlier request may have left to this thread.
    with translation.override(language), timezone.override(None):
        context = {
            "period": period,
            "end": period.end,
            "language_code": language,
            "language_bidi": translation.get_language_bidi(),
        }
        response = mark_planned(HttpResponse(render_to_string(conf.DOWNTIME_TEMPLATE, context), status=503))
    response["Content-Language"] = language
    response["Content-Length"] = str(len(response.content))
    return response


_Response = TypeVar("_Response", bound=HttpResponseBase)


def mark_planned(response: _Response) -> _Response:
    """Adds to the response the headers that every one has, and keeps Django from logging it; changes its argument."""
    add_never_cache_headers(response)
    patch_vary_headers(response, ("Accept", "Accept-Language", *VARIES_BY))
    response["X-Downtime"] = "planned"
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def drop_body(response: HttpResponse) -> HttpResponse:
    """Removes the body and leaves the headers, as for HEAD (RFC 9110 section 9.3.2); changes its argument."""
    if response.content:
        response.setdefault("Content-Length", str(len(response.content)))
    response.content = b""
    return response


def copy_response(response: HttpResponse) -> HttpResponse:
    """A copy, of the same class, that can be changed without changing the argument.

    What is to be closed with the argument is closed with the copy instead, so that it is closed once. Building a
    response anew takes nearly three times as long (tests/benchmarks), and `copy.copy` leaves out what a class such as
    TemplateResponse does not pickle."""
    headers = ResponseHeaders.__new__(ResponseHeaders)
    headers._store = response.headers._store.copy()
    closers = response.__dict__["_resource_closers"]
    copy: HttpResponse = object.__new__(type(response))
    copy.__dict__.update(
        response.__dict__,
        headers=headers,
        cookies=type(response.cookies)(response.cookies),
        _container=[response.content],
        _resource_closers=[*closers],
    )
    closers.clear()
    return copy
