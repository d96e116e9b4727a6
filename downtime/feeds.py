"""The views of downtime.urls: the state as JSON, and the calendar.

Both answer from memory, also while the site is down, and ask no database, session or cookie."""

from __future__ import annotations

from datetime import datetime, timezone

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, set_response_etag
from django.utils.timezone import get_default_timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from downtime import live
from downtime.decorators import downtime_exempt
from downtime.schedule.as_json import status_as_json, window_as_json
from downtime.schedule.periods import Window
from downtime.schedule.site_status import site_status

_MOST = 100
_WITHOUT_LIBRARY = "The calendar needs a library: pip install 'django-downtime[calendar]'\n"


@downtime_exempt
@require_safe
@cache_control(public=True, max_age=60)
def status(request: HttpRequest) -> HttpResponseBase:
    """The state as this process applies it, what is active, and what is to come, at most 100 of each."""
    overview, zone = live.overview(), get_default_timezone()
    found = {
        **status_as_json(site_status(overview.answer), zone, _name),
        "active": [window_as_json(window, zone) for window in overview.answer.active[:_MOST]],
        "upcoming": [window_as_json(window, zone) for window in overview.upcoming[:_MOST]],
    }
    return _unless_known(request, JsonResponse(found))


@downtime_exempt
@require_safe
@cache_control(public=True, max_age=60)
def calendar(request: HttpRequest) -> HttpResponseBase:
    """The occurrences of the next 90 days in iCalendar format (RFC 5545); 404 unless the extra is installed."""
    try:
        # Only if somebody asks, as its library may be missing.
        from downtime.calendar_feed import calendar_feed
    except ModuleNotFoundError as error:
        if error.name != "icalendar":
            raise
        return HttpResponseNotFound(_WITHOUT_LIBRARY, content_type="text/plain; charset=utf-8")
    overview = live.overview()
    feed = calendar_feed(
        overview.schedule,
        datetime.now(timezone.utc),
        modified_at=overview.known_schedule.modified_at,
        host=request.get_host(),
    )
    return _unless_known(request, HttpResponse(feed, content_type="text/calendar; charset=utf-8"))


def _name(window: Window) -> str:
    """The name of the period; empty for one without a name, and for a flag, whose path is not public."""
    return window.period.name


def _unless_known(request: HttpRequest, response: HttpResponse) -> HttpResponseBase:
    """The response with an ETag; 304 without a body if the client has it already."""
    set_response_etag(response)
    return get_conditional_response(request, etag=response["ETag"], response=response) or response
