"""Where does a redirect lead: to this site, to the very page that was asked for?"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest


def is_target(request: HttpRequest, redirect: str) -> bool:
    """Whether the request asks for the very page that `redirect` leads to, by its own word for the host.

    With and without a closing slash, as the site itself may redirect from one to the other."""
    if request.path_info[:1] not in ("", "/"):  # a target that is no path, for which WSGIRequest.path is a guess
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

    A wildcard there would let a client choose: whoever sends the Host of a status page got that path of this site."""
    host = urlsplit(redirect).hostname
    return host is None or host in [str(allowed).lower().strip("[]") for allowed in settings.ALLOWED_HOSTS]
