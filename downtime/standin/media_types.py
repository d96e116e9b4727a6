"""Negotiates by Accept without Django, the same way as `downtime.http.negotiation` does with Django."""

from __future__ import annotations

from functools import lru_cache

_HTML_TYPES = ("text/html", "application/xhtml+xml", "text/*")
_LONGEST_HEADER = 1_000  # characters


def prefers_json(accept: str, is_script: bool) -> bool:
    """Whether the client prefers JSON to HTML (RFC 9110 section 12.5.1); a script does unless its Accept names HTML."""
    return _prefers_json(accept[:_LONGEST_HEADER], is_script)  # cut here, as the cache would keep the whole header


@lru_cache(500)
def _prefers_json(accept: str, is_script: bool) -> bool:
    json, html, other = 0.0, 0.0, 0.0
    for part in (accept or "*/*").split(","):
        name, *parameters = (text.strip() for text in part.lower().split(";"))
        quality = _quality(parameters)
        if name == "application/*" or _is_json(name):
            json = max(json, quality)
        elif name in _HTML_TYPES:
            html = max(html, quality)
        elif name.startswith("*/"):
            other = max(other, quality)
    if html:
        return json > html
    return is_script or (json > 0 and json >= other)


def _quality(parameters: list[str]) -> float:
    """The weight of a media type, from 0 to 1; 1 if it is missing or malformed."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                return 1.0
            return 1.0 if quality < 0 or quality > 1 else quality
    return 1.0


def is_script(htmx: str, destination: str, requested_with: str, body_type: str) -> bool:
    """Whether a script has sent the request, by the same rules as `downtime.http.scripts`.

    The arguments are HX-Request, Sec-Fetch-Dest, X-Requested-With and Content-Type, each empty if it is missing."""
    if not (destination or requested_with or body_type) or htmx == "true":
        return False
    if destination == "empty" or requested_with.lower() == "xmlhttprequest":
        return True
    body = body_type.partition(";")[0].strip().lower()
    return _is_json(body)


def _is_json(name: str) -> bool:
    return name == "application/json" or (name.startswith("application/") and name.endswith("+json"))
