"""What the documentation promises to a request, worked out without the app, moment by moment, from a site's files."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest

from tests.fuzz import callables


@dataclass(frozen=True, slots=True)
class Downtime:
    """A flag or a period as it is written; None for a side that is open.

    A flag has no start, but a time at which it was written, and perhaps an age at which it lets go."""

    start: datetime | None
    end: datetime | None
    paths: tuple[str, ...] = ()
    read_only: bool = False
    redirect: str = ""
    retry_after: int | None = None
    message: str = ""
    written: datetime | None = None
    max_age: timedelta | None = None
    has_duration: bool = False
    """Whether its end is written as a duration, if one can lead to it."""

    @property
    def until(self) -> datetime | None:
        """The first moment at which it no longer counts; None if there is none.

        The end of a flag that lies before the flag was written is a mistake, and not an end."""
        ends = [self.end] if self.end and not (self.written and self.end <= self.written) else []
        ends += [self.written + self.max_age] if self.written and self.max_age else []
        return min(ends, default=None)

    def lines(self) -> list[str]:
        """Its keys in YAML, without the start."""
        lines = [f"end: {self.end:%Y-%m-%dT%H:%M:%SZ}"] if self.end else []
        if self.has_duration and self.end and self.written and self.end > self.written:
            lines = [f"duration: {(self.end - self.written) // timedelta(hours=1)}h"]
        lines += [f"paths: [{', '.join(map(repr, self.paths))}]"] if self.paths else []
        lines += ["read_only: true"] if self.read_only else []
        lines += [f"redirect: {self.redirect}"] if self.redirect else []
        lines += [f"retry_after: {self.retry_after}"] if self.retry_after else []
        return [*lines, f"message: {self.message!r}"]

    def is_active(self, moment: datetime) -> bool:
        """Whether it counts then: from the start on, and no longer at the end."""
        return (self.start is None or self.start <= moment) and (self.until is None or moment < self.until)

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
        """What the documentation promises to this request."""
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
        ends = {one.until for one in (*self.flags, *self.periods)}
        moments = sorted(moment for moment in ends if moment is not None and moment > now)
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
        asked = self.settings["DOWNTIME_EXEMPT_IF"]
        is_asked = isinstance(asked, list) and any(name in callables.LETS_THROUGH for name in asked)
        return is_asked and request.headers.get("X-Key") == "right"

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
