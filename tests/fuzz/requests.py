"""Requests by chance to sites by chance, against an oracle that knows README.rst and nothing of the app.

The oracle takes a site as the values that were written into its files and settings, and tries moment by moment."""

from __future__ import annotations

import ipaddress
import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from asgiref.sync import async_to_sync
from django.core.signing import TimestampSigner
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.test import RequestFactory, override_settings

from downtime.http import bypass
from downtime.middleware import DowntimeMiddleware

_REQUESTS = 60
_HOUR = timedelta(hours=1)
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
_NETWORKS = ("192.0.2.17", "192.0.2.0/24", "2001:db8::/32", "10.0.0.0/8", "::ffff:192.0.2.0/120")
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


def has_key(request: HttpRequest) -> bool:
    """For DOWNTIME_EXEMPT_IF."""
    return request.headers.get("X-Key") == "right"


def fails(request: HttpRequest) -> bool:
    """For DOWNTIME_EXEMPT_IF; what raises is a no."""
    raise RuntimeError("fails")


@dataclass(frozen=True, slots=True)
class Downtime:
    """A flag or a period as it is written; None for a side that is open."""

    start: datetime | None
    end: datetime | None
    paths: tuple[str, ...] = ()
    read_only: bool = False
    redirect: str = ""
    retry_after: int | None = None
    message: str = ""

    def lines(self) -> list[str]:
        """Its keys in YAML, without the start."""
        lines = [f"end: {self.end:%Y-%m-%dT%H:%M:%SZ}"] if self.end else []
        lines += [f"paths: [{', '.join(map(repr, self.paths))}]"] if self.paths else []
        lines += ["read_only: true"] if self.read_only else []
        lines += [f"redirect: {self.redirect}"] if self.redirect else []
        lines += [f"retry_after: {self.retry_after}"] if self.retry_after else []
        return [*lines, f"message: {self.message!r}"]

    def is_active(self, moment: datetime) -> bool:
        """Whether it counts then: from the start on, and no longer at the end."""
        return (self.start is None or self.start <= moment) and (self.end is None or moment < self.end)

    def refuses(self, path: str, method: str) -> bool:
        """Whether it covers such a request."""
        if self.read_only and method in ("GET", "HEAD", "OPTIONS"):
            return False
        return not self.paths or any(is_within(path, p) or is_within(resolved(path), p) for p in self.paths)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the oracle says: passes, unless it is refused by a downtime until some moment."""

    refused_by: Downtime | None = None
    until: datetime | None = None
    is_private: bool = False


def segments(path: str) -> list[str]:
    """The segments of a path, without the empty one behind a closing slash."""
    parts = path.split("/")[1:]
    return parts[:-1] if parts and parts[-1] == "" else parts


def is_within(path: str, prefix: str) -> bool:
    """Whether the path is the prefix or lies below it, in whole segments."""
    wanted = segments(prefix)
    return path.startswith("/") and segments(path)[: len(wanted)] == wanted


def resolved(path: str) -> str:
    """The path as a browser would fold it."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            kept = kept[:-1]
        elif segment not in ("", "."):
            kept.append(segment)
    return "/" + "/".join(kept)


def is_plain(path: str) -> bool:
    """Whether nothing in the path could be folded away."""
    return not any(segment in ("", ".", "..") for segment in segments(path))


@dataclass(frozen=True, slots=True)
class Site:
    """The files and the settings of a site, as they are written."""

    flags: tuple[Downtime, ...]
    periods: tuple[Downtime, ...]
    settings: dict[str, object]

    def expected(self, request: HttpRequest, now: datetime) -> Expected:
        """What README.rst promises to this request."""
        path, method = request.path_info, request.method or ""
        downtimes = (*self.flags, *self.periods)
        refusing = [one for one in downtimes if one.is_active(now) and one.refuses(path, method)]
        if not refusing or self.is_exempt_path(path, refusing[0].redirect or self.settings["DOWNTIME_URL_REDIRECT"]):
            return Expected()
        if self.is_exempt_client(request):
            return Expected(is_private=True)
        return Expected(refusing[0], self.release(path, method, now))

    def release(self, path: str, method: str, now: datetime) -> datetime | None:
        """The first moment at which nothing refuses it; None if there is no such moment."""
        moments = sorted({one.end for one in (*self.flags, *self.periods) if one.end and one.end > now})
        for moment in moments:
            if not any(one.is_active(moment) and one.refuses(path, method) for one in (*self.flags, *self.periods)):
                return moment
        return None

    def is_exempt_path(self, path: str, redirect: object) -> bool:
        """Whether that path passes for everybody."""
        exact, prefixes = self.settings["DOWNTIME_EXEMPT_EXACT_URLS"], self.settings["DOWNTIME_EXEMPT_PATHS"]
        assert isinstance(exact, list)
        assert isinstance(prefixes, list)
        is_target = isinstance(redirect, str) and redirect.startswith("/") and redirect.rstrip("/") == path.rstrip("/")
        return path in exact or is_target or (is_plain(path) and any(is_within(path, prefix) for prefix in prefixes))

    def is_exempt_client(self, request: HttpRequest) -> bool:
        """Whether who asks passes everywhere: by address, by a link that was opened, or by a callable."""
        if self.is_exempt_address(request.META["REMOTE_ADDR"], request.META.get("HTTP_X_FORWARDED_FOR", "")):
            return True
        if request.META["fuzz.has_cookie"]:
            return True
        return f"{__name__}.has_key" in str(self.settings["DOWNTIME_EXEMPT_IF"]) and has_key(request)

    def is_exempt_address(self, remote: str, forwarded: str) -> bool:
        """Whether the client, that many proxies from the right, is in one of the networks."""
        proxies = self.settings["DOWNTIME_PROXY_COUNT"]
        assert isinstance(proxies, int)
        entries = [entry.strip() for entry in forwarded.split(",")]
        if proxies > len(entries):
            return False
        text = entries[-proxies] if proxies else remote
        text = {"192.0.2.17:80": "192.0.2.17", "[2001:db8::5]:443": "2001:db8::5"}.get(text, text)
        try:
            client = _unmapped(ipaddress.ip_address(text))
        except ValueError:
            return False
        exempt = self.settings["DOWNTIME_EXEMPT_IPS"]
        assert isinstance(exempt, list)
        return any(client.version == network.version and client in network for network in map(_network, exempt))


def _unmapped(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return getattr(address, "ipv4_mapped", None) or address


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text.replace("::ffff:192.0.2.0/120", "192.0.2.0/24"))


def trial(chance: random.Random) -> int:
    """One site, and many requests to it, sync or async."""
    site = _site(chance)
    with tempfile.TemporaryDirectory() as folder, override_settings(**site.settings, **_written(site, Path(folder))):
        send = _handler(is_async=chance.random() < 0.1)
        for _ in range(_REQUESTS):
            _check(site, _request(chance), send)
    return _REQUESTS


def _site(chance: random.Random) -> Site:
    now = datetime.now(timezone.utc).replace(microsecond=0)
    redirect = chance.choice((None, None, "/upgrade/", "https://status.example.com/"))
    settings: dict[str, object] = {
        "DOWNTIME_EXEMPT_EXACT_URLS": chance.choice(([], ["/healthz"], ["//admin", "/shop/"])),
        "DOWNTIME_EXEMPT_PATHS": chance.choice((["/admin"], ["/admin/", "/größer"], [], ["/shop/a"])),
        "DOWNTIME_EXEMPT_IPS": chance.sample(_NETWORKS, chance.randint(0, 3)),
        "DOWNTIME_PROXY_COUNT": chance.choice((0, 0, 1, 2)),
        "DOWNTIME_EXEMPT_IF": chance.choice(([], [f"{__name__}.fails"], [f"{__name__}.fails", f"{__name__}.has_key"])),
        "DOWNTIME_URL_REDIRECT": redirect,
        "DOWNTIME_RETRY_AFTER": chance.choice((None, 77)),
    }
    flags = [_downtime(chance, now, f"flag {number}", is_flag=True) for number in range(chance.choice((0, 0, 1, 2)))]
    periods = [_downtime(chance, now, f"period {number}") for number in range(chance.randint(0, 6))]
    return Site(tuple(flags), tuple(periods), settings)


def _downtime(chance: random.Random, now: datetime, message: str, *, is_flag: bool = False) -> Downtime:
    """A downtime whose bounds lie whole hours from now, so that many meet and none is near."""
    start = None if is_flag else now + _HOUR * chance.choice((-9, -2, -1, -1, 1, 2, 3, 5))
    length = chance.choice((1, 2, 3, 4, 24))
    end = now + _HOUR * length if is_flag else (start or now) + _HOUR * length
    if end == now:
        end += _HOUR
    return Downtime(
        start,
        chance.choice((None, end, end, end)),
        chance.choice(((), (), ("/shop",), ("/cart/", "/größer"), ("/",), ("/shop/a", "/x"))),
        chance.random() < 0.3,
        chance.choice(("", "", "", "/upgrade", "https://elsewhere.example.com/")),
        chance.choice((None, None, 55)),
        f"{message} <&> ü",
    )


def _written(site: Site, folder: Path) -> dict[str, object]:
    """Writes the files, and returns the settings that name them."""
    lines = ["periods:" if site.periods else "periods: []"]
    for period in site.periods:
        lines += [f"  - start: {period.start:%Y-%m-%dT%H:%M:%SZ}", *(f"    {line}" for line in period.lines())]
    (folder / "downtime.yml").write_text("\n".join(lines), encoding="utf-8")
    names = [folder / f"{number}.flag" for number in range(2)]
    for name, flag in zip(names, site.flags, strict=False):
        name.write_text("\n".join(flag.lines()), encoding="utf-8")
    return {"DOWNTIME_SCHEDULE_FILE": folder / "downtime.yml", "DOWNTIME_FLAG_FILE": names}


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
