"""The views of downtime.urls: the state as JSON, the calendar, and the banner of a page that stays open.

All of them answer from memory, even while the site is down, and ask no database, session or cookie."""

from __future__ import annotations

from datetime import datetime, timezone, tzinfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseNotFound, JsonResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.cache import get_conditional_response, set_response_etag
from django.utils.timezone import get_default_timezone
from django.utils.timezone import override as override_time_zone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from downtime import live
from downtime.decorators import downtime_exempt
from downtime.feeds.banner import banner_context
from downtime.schedule import converters
from downtime.schedule.announcements import announcements, announcements_once_open
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
        # Only on request, because its library may be missing.
        from downtime.feeds.calendar import calendar_feed
    except ModuleNotFoundError as error:
        if error.name != "icalendar":
            raise
        return HttpResponseNotFound(_WITHOUT_LIBRARY, content_type="text/plain; charset=utf-8")
    overview = live.overview()
    feed = calendar_feed(
        overview.schedule,
        datetime.now(timezone.utc),
        modified_at=overview.known_schedule.modified_at,
        host=request.get_host().lower(),
    )
    return _unless_known(request, HttpResponse(feed, content_type="text/calendar; charset=utf-8"))


@downtime_exempt
@require_safe
@cache_control(private=True, no_cache=True)
def banner(request: HttpRequest) -> HttpResponseBase:
    """What the banner of an open page shows now; {% downtime_banner %} writes the query, which names the page."""
    try:
        ahead = converters.duration(request.GET.get("within", ""))
    except ValueError as error:
        return HttpResponseBadRequest(f"within: {error}\n", content_type="text/plain; charset=utf-8")
    # A visitor who was shown the page while it was down passes, and need not be told.
    choice = announcements if "passes" in request.GET else announcements_once_open
    with override_time_zone(_zone(request)):
        context = banner_context(request.GET.get("path"), _language(request), ahead=ahead, choice=choice)
        # Without the request, because context processors may ask the database.
        return HttpResponse(render_to_string("downtime/banner.html", context))


def _name(window: Window) -> str:
    """The name of the period; empty if it has none, and for a flag, whose path is not public."""
    return window.period.name


def _language(request: HttpRequest) -> str:
    """The language of the page, if the site has it; otherwise LANGUAGE_CODE."""
    try:
        return translation.get_supported_language_variant(request.GET.get("language", ""))
    except (LookupError, ValueError):
        return settings.LANGUAGE_CODE


def _zone(request: HttpRequest) -> tzinfo | None:
    """The time zone of the page; None, meaning the site's, if it has no IANA name."""
    try:
        return converters.zone(request.GET.get("zone", ""))
    except ValueError:
        return None


def _unless_known(request: HttpRequest, response: HttpResponse) -> HttpResponseBase:
    """The response with an ETag; 304 without a body if the client has it already."""
    set_response_etag(response)
    return get_conditional_response(request, etag=response["ETag"], response=response) or response
