"""Tells which requests a script has sent, and which of them fetch a part of a page."""

from __future__ import annotations

from django.http import HttpRequest

VARIES_BY = ("Sec-Fetch-Dest", "X-Requested-With", "Content-Type", "HX-Request", "Turbo-Frame")
"""The headers that the answers here depend on."""


def is_script(request: HttpRequest) -> bool:
    """Whether a script has sent the request, and can make use of JSON: by fetch, XMLHttpRequest, or with a JSON body.

    What htmx sends is no such request, as it shows whatever comes as HTML."""
    headers = request.META
    if is_htmx(request):
        return False
    if headers.get("HTTP_SEC_FETCH_DEST") == "empty":  # https://www.w3.org/TR/fetch-metadata/
        return True
    if headers.get("HTTP_X_REQUESTED_WITH", "").lower() == "xmlhttprequest":
        return True
    body = request.content_type or ""  # in small letters, without parameters
    return body == "application/json" or (body.startswith("application/") and body.endswith("+json"))


def is_htmx(request: HttpRequest) -> bool:
    """Whether htmx has sent the request."""
    return bool(request.META.get("HTTP_HX_REQUEST") == "true")


def is_for_fragment(request: HttpRequest) -> bool:
    """Whether the response replaces a part of a page, so that whatever a redirect leads to would land in it."""
    return is_htmx(request) or "HTTP_TURBO_FRAME" in request.META
