"""Recognizes requests that a script has sent, and those that fetch a part of a page."""

from __future__ import annotations

from django.http import HttpRequest

VARIES_BY = ("Sec-Fetch-Dest", "X-Requested-With", "Content-Type", "HX-Request", "Turbo-Frame")
"""The headers that the answers here depend on."""


def is_script(request: HttpRequest) -> bool:
    """Whether a script that can use JSON has sent the request: by fetch, by XMLHttpRequest, or with a JSON body.

    Requests of htmx do not count, because it shows every response as HTML."""
    headers = request.META
    if is_htmx(request):
        return False
    if headers.get("HTTP_SEC_FETCH_DEST") == "empty":  # https://www.w3.org/TR/fetch-metadata/
        return True
    if headers.get("HTTP_X_REQUESTED_WITH", "").lower() == "xmlhttprequest":
        return True
    body = request.content_type or ""  # in lower case, without parameters
    return body == "application/json" or (body.startswith("application/") and body.endswith("+json"))


def is_htmx(request: HttpRequest) -> bool:
    """Whether htmx has sent the request."""
    return bool(request.META.get("HTTP_HX_REQUEST") == "true")


def is_for_fragment(request: HttpRequest) -> bool:
    """Whether the response replaces a part of a page, in which the target of a redirect would appear."""
    return is_htmx(request) or "HTTP_TURBO_FRAME" in request.META
