"""Decides whether a redirect leads to this site, or back to the requested page."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest


def is_target(request: HttpRequest, redirect: str) -> bool:
    """Whether `redirect` leads to the very page that was requested; the Host header says which site the request is for.

    A trailing slash makes no difference, because the site may redirect from one spelling to the other."""
    if request.path_info[:1] not in ("", "/"):  # not a path (OPTIONS *), so WSGIRequest.path is a guess
        return False
    try:
        target = urlsplit(redirect)
    except ValueError:  # `checks` reports it
        return False
    if unquote(target.path).removesuffix("/") != request.path.removesuffix("/"):
        return False
    if not target.netloc:
        return True
    host = target.netloc.lower().removesuffix({"http": ":80", "https": ":443"}.get(target.scheme, ""))
    try:
        return host == request.get_host().lower()
    except DisallowedHost:
        return False


def is_own(redirect: str) -> bool:
    """Whether `redirect` leads to this site: it names no host, or one that ALLOWED_HOSTS names in full.

    A wildcard does not count: a client that sent the Host of an external status page would get that path here."""
    host = urlsplit(redirect).hostname
    return host is None or host in [str(allowed).lower().strip("[]") for allowed in settings.ALLOWED_HOSTS]
