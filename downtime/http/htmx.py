"""Makes htmx reload the page that sent a refused request, unless that page would send the request again."""

from __future__ import annotations

from copy import copy
from urllib.parse import SplitResult, unquote, urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers

from downtime.http.event_loop import LONGEST_AT_ONCE, may_block
from downtime.http.scripts import is_htmx

COOKIE = "downtime_refreshed"
"""The name of the cookie that keeps a browser from reloading a page again and again."""

_PAUSE = 60
"""Seconds between two reloads. If a cache in front still has the page, a reload does not lead to the down page."""


def page_of(request: HttpRequest) -> HttpRequest | None:
    """The request that would reload the page from which htmx sent this one.

    If that page is not known, it is a request for the same path. None if htmx has not sent this one, or if the page
    belongs to another site."""
    if not is_htmx(request):
        return None
    page = copy(request)
    page.method = "GET"
    headers = {name: value for name, value in request.META.items() if not name.startswith("HTTP_HX_")}
    vars(page).update(META=headers, environ=headers)  # WSGIRequest reads the latter
    for read in ("GET", "headers", "_post", "_files"):  # cached on the original request
        vars(page).pop(read, None)
    page.META.update(REQUEST_METHOD="GET")
    url = _current_url(request)
    if url is None or (url.netloc and not _is_own(request, url)):
        return None
    if url.netloc:
        script = request.path.removesuffix(request.path_info)
        path = unquote(url.path)
        if not path.startswith(f"{script}/"):
            return None
        page.path, page.path_info = path, path.removeprefix(script)
        page.META.update(PATH_INFO=page.path_info, QUERY_STRING=url.query)
    return page


def refresh(request: HttpRequest, response: HttpResponseBase) -> None:
    """Tells htmx to reload its page, once in a while; changes the response, unless it already has a header for htmx."""
    patch_vary_headers(response, ("HX-Current-URL", "Cookie"))
    if response.status_code != 503 or COOKIE in request.META.get("HTTP_COOKIE", ""):
        return
    if any(name.lower().startswith("hx-") for name in response.headers):
        return
    response.headers["HX-Refresh"] = "true"
    secure = request.is_secure() or settings.SESSION_COOKIE_SECURE
    response.set_cookie(COOKIE, "1", max_age=_PAUSE, secure=secure, httponly=True, samesite="Lax")


def _current_url(request: HttpRequest) -> SplitResult | None:
    url = str(request.META.get("HTTP_HX_CURRENT_URL", ""))
    if len(url) > LONGEST_AT_ONCE:
        may_block()
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _is_own(request: HttpRequest, url: SplitResult) -> bool:
    if site := request.META.get("HTTP_SEC_FETCH_SITE"):  # is right even if a proxy replaces the Host
        return bool(site == "same-origin")
    try:
        return url.netloc.lower() == request.get_host().lower()
    except DisallowedHost:
        return False
