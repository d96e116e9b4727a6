"""Requests by chance to sites by chance, against an oracle that knows the documentation and nothing of the app."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from asgiref.sync import async_to_sync
from django.core.signing import TimestampSigner
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.test import RequestFactory, override_settings

from downtime.http import bypass
from downtime.middleware import DowntimeMiddleware
from tests.fuzz import sites
from tests.fuzz.oracle import Downtime, Site

_REQUESTS = 60
_TIMES = 2  # as what the first has asked for is kept
_RECHECKS = (0, 3600)
_TOLERANCE = 3  # seconds between the moment of the oracle and that of the app
_PATHS = (
    *("/", "/shop", "/shop/", "/shop/a", "/shopping", "/cart/x", "/admin", "/admin/", "/admin/x", "/administrator"),
    *(
        "//admin",
        "/admin//x",
        "/admin/../x",
        "/x/../admin",
        "/./admin",
        "/admin/./x",
        "/healthz",
        "/healthz/",
        "/Admin",
    ),
    *(
        "/upgrade",
        "/upgrade/",
        "/a/../shop",
        "//shop",
        "/shop/../x",
        "/größer/a",
        "/a b",
        "/%61dmin",
        "/shop/..",
        "/..",
    ),
)
_ADDRESSES = ("192.0.2.17", "192.0.3.17", "::ffff:192.0.2.18", "2001:db8::5", "2001:db9::5", "10.0.0.1", "unix:", "")
_FORWARDED = (*_ADDRESSES, "192.0.2.17:80", "[2001:db8::5]:443", "for=192.0.2.17", "192.0.2.0/24")
# Whether a client prefers JSON, by what it sends as Accept.
_ACCEPTS = {
    "": False,
    "*/*": False,
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": False,
    "application/json": True,
    "application/json, text/html;q=0.5": True,
    "application/json;q=0.5, text/html": False,
    "application/problem+json": True,
}


def trial(chance: random.Random) -> int:
    """One site, and many requests to it, sync or async, each decided by a look at the files or all from memory."""
    site = sites.site(chance)
    with (
        tempfile.TemporaryDirectory() as folder,
        override_settings(
            **site.settings, **sites.written(site, Path(folder)), DOWNTIME_RECHECK=chance.choice(_RECHECKS)
        ),
    ):
        send = _handler(is_async=chance.random() < 0.3)
        for _ in range(_REQUESTS):
            request = _request(chance)
            for _ in range(_TIMES):
                _check(site, request, send)
    return _REQUESTS * _TIMES


def _handler(*, is_async: bool) -> Callable[[HttpRequest], HttpResponseBase]:
    """The middleware before a page that answers "up"."""
    if not is_async:
        middleware = DowntimeMiddleware(lambda request: HttpResponse("up"))
        return lambda request: middleware(request)  # type: ignore[return-value]

    async def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse("up")

    return async_to_sync(DowntimeMiddleware(page))  # type: ignore[arg-type]


def _request(chance: random.Random) -> HttpRequest:
    method = chance.choice(("GET", "GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PURGE"))
    path = chance.choice(_PATHS)
    headers = {"accept": chance.choice(tuple(_ACCEPTS)), "accept-language": "en"}
    if chance.random() < 0.3:
        headers["x-forwarded-for"] = ", ".join(chance.choice(_FORWARDED) for _ in range(chance.randint(1, 3)))
    if chance.random() < 0.1:
        headers["x-key"] = chance.choice(("right", "wrong"))
    good = bypass.token(3600)
    tokens = (good, good, f"{good[:-1]}~", f"9{good}", "3600", "", TimestampSigner(key="another").sign("3600"))
    cookie, opened = chance.choice((*tokens, *[""] * 20)), chance.choice((*tokens, *[""] * 20))
    headers["cookie"] = f"a=b; downtime_bypass={cookie}" if cookie else ""
    query = chance.choice(("", "a=b")) if not opened else f"a=b&downtime_bypass={opened}"
    given = {name: value for name, value in headers.items() if value}
    info = path.encode().decode("latin-1")
    request = RequestFactory().generic(method, "/", QUERY_STRING=query, headers=given, PATH_INFO=info)
    request.META["REMOTE_ADDR"] = chance.choice(_ADDRESSES)
    request.META["fuzz.has_cookie"] = cookie == good
    request.META["fuzz.opens_link"] = opened == good and method in ("GET", "HEAD")
    return request


def _check(site: Site, request: HttpRequest, send: Callable[[HttpRequest], HttpResponseBase]) -> None:
    now = datetime.now(timezone.utc)
    response = send(request)
    told = (site, request.method, request.path_info, request.META, response.status_code, response.headers)
    assert isinstance(response, HttpResponse), told
    expected = site.expected(request, now)
    if request.META["fuzz.opens_link"] and any(one.is_active(now) for one in (*site.flags, *site.periods)):
        assert response.status_code == 302, told
        assert "downtime_bypass" in response.cookies, told
        assert "downtime_bypass" not in response["Location"], told
    elif expected.refused_by is None:
        assert (response.status_code, response.content) == (200, b"up"), told
        assert ("private" in response.get("Cache-Control", "")) is expected.is_private, told
        assert "X-Downtime" not in response, told
    else:
        _check_refusal(site, request, expected.refused_by, expected.until, response, told)


def _check_refusal(
    site: Site, request: HttpRequest, by: Downtime, until: datetime | None, response: HttpResponse, told: object
) -> None:
    assert response["X-Downtime"] == "planned", told
    assert "no-store" in response["Cache-Control"], told
    is_json = _ACCEPTS[request.headers.get("Accept", "")]
    redirect = by.redirect or site.settings["DOWNTIME_URL_REDIRECT"]
    if redirect and not is_json:
        assert (response.status_code, response["Location"]) == (302, redirect), told
        return
    assert response.status_code == 503, told
    assert response["Content-Type"].startswith("application/problem+json" if is_json else "text/html"), told
    seconds = by.retry_after or site.settings["DOWNTIME_RETRY_AFTER"]
    if until is None:
        assert response.get("Retry-After") == (str(seconds) if seconds else None), told
    else:
        left = (until - datetime.now(timezone.utc)).total_seconds()
        assert abs(int(response["Retry-After"]) - left) < _TOLERANCE, told
    shown = by.message if is_json else by.message.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert (shown.encode() in response.content) is (request.method != "HEAD"), told
