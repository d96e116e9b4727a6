"""The bypass link: a signed token in a URL, exchanged for a cookie that lets its bearer pass; nothing is stored."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit, urlunsplit

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.encoding import escape_uri_path
from django.utils.http import escape_leading_slashes

from downtime.http.cookies import cookie
from downtime.http.event_loop import may_block

NAME = "downtime_bypass"
"""The name of the query parameter, and of the cookie."""

_LONGEST_TOKEN = 200


def token(seconds: int) -> str:
    """A token that is valid for that many seconds from now, on every host with the same SECRET_KEY."""
    return _signer().sign(str(seconds))


def link(base: str, seconds: int) -> str:
    """The URL `base` with a new token that is valid for that many seconds."""
    parts = urlsplit(base)
    query = f"{parts.query}&" if parts.query else ""
    return urlunsplit(parts._replace(path=parts.path or "/", query=f"{query}{NAME}={token(seconds)}"))


def exchange(request: HttpRequest) -> HttpResponse | None:
    """The response to a valid link, which sets the cookie and redirects to the URL without the token; or None."""
    query = request.META.get("QUERY_STRING", "")
    if NAME not in query or request.method not in ("GET", "HEAD"):
        return None
    may_block()  # 64 KiB of parameters take 40 ms (measured), and links are rare
    parts = query.split("&")
    tokens = [unquote(part.partition("=")[2]) for part in parts if _is_ours(part)]
    seconds = _lifetime(tokens[-1]) if tokens else 0
    if not seconds:
        return None
    path = escape_leading_slashes("/" + escape_uri_path(request.path).removeprefix("/"))
    rest = "&".join(part for part in parts if not _is_ours(part))
    response = HttpResponseRedirect(f"{path}?{rest}" if rest else path)
    # If a proxy in front ends TLS, is_secure() knows of it only from SECURE_PROXY_SSL_HEADER.
    secure = request.is_secure() or settings.SESSION_COOKIE_SECURE
    response.set_cookie(NAME, tokens[-1], max_age=seconds, secure=secure, httponly=True, samesite="Lax")
    response["Referrer-Policy"] = "no-referrer"
    add_never_cache_headers(response)
    patch_vary_headers(response, ("Cookie",))
    return response


def has_cookie(request: HttpRequest) -> bool:
    """Whether the request carries the cookie with a valid token."""
    return _lifetime(cookie(request, NAME)) > 0


def _is_ours(parameter: str) -> bool:
    return unquote(parameter.partition("=")[0]) == NAME


def _lifetime(token: str) -> int:
    """The lifetime of a valid token in seconds; 0 if it is malformed, altered or expired."""
    if not token or len(token) > _LONGEST_TOKEN:
        return 0
    signer = _signer()
    try:
        seconds = int(signer.unsign(token))
        signer.unsign(token, max_age=seconds)
    except BadSignature:
        return 0
    return seconds


def _signer() -> TimestampSigner:
    """A signer that compares in constant time and accepts the keys of SECRET_KEY_FALLBACKS too."""
    return TimestampSigner(salt="downtime.bypass", sep=".")
