"""Reads a cookie from the header of a request, however long the header is."""

from __future__ import annotations

from django.http import HttpRequest

from downtime.http.event_loop import LONGEST_AT_ONCE, may_block


def cookie(request: HttpRequest, name: str) -> str:
    """The value of that cookie, without the pair of quotes around it; empty if the request has none."""
    header = request.META.get("HTTP_COOKIE", "")
    if name not in header:
        return ""
    if len(header) > LONGEST_AT_ONCE:
        may_block()
    # Python's own parser can take seconds for 64 KiB of quoted cookies (CVE-2024-7592).
    pairs = [pair.strip().partition("=") for pair in header.split(";")]
    values = [value for found, _, value in pairs if found == name]
    return _unquoted(values[-1]) if values else ""


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
