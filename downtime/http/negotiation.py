"""Negotiates by Accept and Accept-Language: problem details (JSON) or HTML, and the language."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

_HTML_TYPES = {("text", "html"), ("application", "xhtml+xml"), ("text", "*")}

LONGEST_HEADER = 1_000
"""Characters of a header that are read. Parsing 64 KiB takes a hundred times as long as all the rest (measured)."""


def preferences(accept: str, accept_language: str, *, is_script: bool = False) -> tuple[bool, str]:
    """Whether the client prefers JSON, and the code of its language, by the values of the two headers."""
    return prefers_json(accept, is_script=is_script), language(accept_language)


def prefers_json(accept: str, *, is_script: bool = False) -> bool:
    """Whether the client prefers JSON to HTML (RFC 9110 section 12.5.1); False if it accepts both equally.

    A script prefers it unless its Accept names HTML."""
    request = HttpRequest()
    request.META["HTTP_ACCEPT"] = accept or "*/*"
    try:
        media_types = request.accepted_types
    except (ValueError, LookupError):  # a parameter that claims an encoding (RFC 8187) and breaks it, or an unknown one
        return is_script
    json, html, other = 0.0, 0.0, 0.0
    for media_type in media_types:
        main, sub = media_type.main_type, media_type.sub_type
        if main == "application" and (sub in ("json", "*") or sub.endswith("+json")):
            json = max(json, media_type.quality)
        elif (main, sub) in _HTML_TYPES:
            html = max(html, media_type.quality)
        elif main == "*":
            other = max(other, media_type.quality)
    if html:
        return json > html
    return is_script or (json > 0 and json >= other)


def language(accept_language: str) -> str:
    """The code of the best language for the client that the site has; LANGUAGE_CODE if USE_I18N is off."""
    if not settings.USE_I18N:
        return settings.LANGUAGE_CODE
    request = HttpRequest()
    request.META["HTTP_ACCEPT_LANGUAGE"] = accept_language
    return translation.get_language_from_request(request)
