"""Removes the headers that tell a cache in front something other than what Cache-Control says."""

from __future__ import annotations

from typing import TypeVar

from django.http import HttpResponseBase

_Response = TypeVar("_Response", bound=HttpResponseBase)

# Each takes precedence over Cache-Control, whose `private` and `no-store` would then mean nothing.
_NAMES = frozenset({"surrogate-control", "edge-control", "x-accel-expires"})
# RFC 9213: CDN-Cache-Control, and headers for a single CDN, such as Cloudflare-CDN-Cache-Control.
_ENDING = "-cache-control"


def remove_cdn_headers(response: _Response) -> _Response:
    """Lets Cache-Control alone decide who may keep the response; changes its argument."""
    for name in list(response.headers):
        if name.lower() in _NAMES or name.lower().endswith(_ENDING):
            del response.headers[name]
    return response
