"""Which kind of answer does this client want, and in which language?"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

_HTML_TYPES = {("text", "html"), ("application", "xhtml+xml"), ("text", "*")}

LONGEST = 1_000
"""Of either header. Django's reading of 64 KiB takes a hundred times as long as all the rest (measured)."""


def wishes(accept: str, accept_language: str) -> tuple[bool, str]:
    """Whether the client prefers JSON, and the code of its language, by the two headers."""
    return _prefers_json(accept), _language(accept_language)


def _prefers_json(accept: str) -> bool:
    """Content negotiation by quality (RFC 9110 section 12.5.1): a client that takes both equally gets HTML."""
    request = HttpRequest()
    request.META["HTTP_ACCEPT"] = accept or "*/*"
    try:
        types = request.accepted_types
    except (ValueError, LookupError):  # a parameter that claims an encoding (RFC 8187) and breaks it, or an unknown one
        return False
    json, html, other = 0.0, 0.0, 0.0
    for accepted in types:
        main, sub = accepted.main_type, accepted.sub_type
        if main == "application" and (sub in ("json", "*") or sub.endswith("+json")):
            json = max(json, accepted.quality)
        elif (main, sub) in _HTML_TYPES:
            html = max(html, accepted.quality)
        elif main == "*":
            other = max(other, accepted.quality)
    return json > html if html else json > 0 and json >= other


def _language(accept_language: str) -> str:
    if not settings.USE_I18N:
        return settings.LANGUAGE_CODE
    request = HttpRequest()
    request.META["HTTP_ACCEPT_LANGUAGE"] = accept_language
    return translation.get_language_from_request(request)
