"""The problem details (RFC 9457) for a client that prefers JSON to the page."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils import timezone, translation
from django.utils.translation import gettext

from downtime.http.pages import Kind, Prepared, copy_response, mark_planned, set_number
from downtime.schedule.occurrence import occurrence
from downtime.schedule.periods import Window


def prepare_problem(window: Window, release: datetime, kind: Kind) -> Prepared:
    """The response to requests of that kind, refused until `release`, without `retry_after` and Content-Length yet."""
    response = json_response(problem_details(window, release, kind))
    response["Content-Language"] = kind.language.code
    return Prepared(window.period, mark_planned(response, kind.language.vary), math.inf)


def problem_response(prepared: Prepared, seconds: int | None) -> HttpResponse:
    """A copy of the prepared response with `retry_after` as its last member."""
    last = b"null" if seconds is None else b"%d" % seconds
    body = prepared.response.content.removesuffix(b"}") + b', "retry_after": %b}' % last
    response = copy_response(prepared.response, body)
    set_number(response, "Content-Length", len(body))
    return response


def problem_details(window: Window, release: datetime, kind: Kind) -> dict[str, Any]:
    """All members except `retry_after`: they hold for as long as the downtime lasts."""
    period = occurrence(window, timezone.get_default_timezone(), end=release)
    with translation.override(kind.language.code):
        facts = [period.message or _reason(read_only=period.read_only, is_part=bool(kind.home))]
        facts += [gettext("What was sent was not saved.")] if kind.was_sent else []
    return {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "\n".join(facts),
        "start": period.start and period.start.isoformat(),
        "end": period.end and period.end.isoformat(),
        "state": "read-only" if period.read_only else "down",
    }


def json_response(details: dict[str, Any]) -> HttpResponse:
    """The response with these members, without the headers that depend on the request."""
    return JsonResponse(
        details, status=503, content_type="application/problem+json", json_dumps_params={"ensure_ascii": False}
    )


def _reason(*, read_only: bool, is_part: bool) -> str:
    """Why a request is refused, if nobody wrote a message."""
    if read_only:
        return gettext("Changes are paused while the site is under maintenance. Reading goes on.")
    if is_part:
        return gettext("This part of the site is down for maintenance.")
    return gettext("The site is down for maintenance.")
