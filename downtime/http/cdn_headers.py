"""Removes the headers by which a site tells a cache in front otherwise than Cache-Control does."""

from __future__ import annotations

from typing import TypeVar

from django.http import HttpResponseBase

_Response = TypeVar("_Response", bound=HttpResponseBase)

# Each comes before Cache-Control, so that `private` and `no-store` there would mean nothing.
_NAMES = frozenset({"surrogate-control", "edge-control", "x-accel-expires"})
# RFC 9213: CDN-Cache-Control, and those of one CDN each, such as Cloudflare-CDN-Cache-Control.
_ENDING = "-cache-control"


def remove_cdn_headers(response: _Response) -> _Response:
    """Leaves Cache-Control as the only word on who may keep the response; changes its argument."""
    for name in list(response.headers):
        if name.lower() in _NAMES or name.lower().endswith(_ENDING):
            del response.headers[name]
    return response
