"""Negotiates by Accept: problem details (JSON) or HTML."""

from __future__ import annotations

from django.http import HttpRequest

_HTML_TYPES = {("text", "html"), ("application", "xhtml+xml"), ("text", "*")}

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""The methods that only read: RFC 9110 section 9.2.1, without TRACE, which a site has no use for."""

LONGEST_HEADER = 1_000
"""How many characters of a header are read. Parsing 64 KiB takes 100 times as long as all the rest (measured)."""


def prefers_json(accept: str, *, is_script: bool = False) -> bool:
    """Whether the client prefers JSON to HTML (RFC 9110 section 12.5.1); False if it accepts both equally.

    A script prefers it unless its Accept names HTML."""
    request = HttpRequest()
    request.META["HTTP_ACCEPT"] = accept or "*/*"
    try:
        media_types = request.accepted_types
    except (ValueError, LookupError):  # a parameter whose encoding (RFC 8187) is broken or unknown
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
