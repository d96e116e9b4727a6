"""May this request pass while the site is down?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import Error
from django.http import HttpRequest

from downtime.conf import conf
from downtime.http import bypass, client_address
from downtime.http.redirects import is_own, is_target
from downtime.http.site_code import Routes, call
from downtime.http.throttled_log import ThrottledLogger
from downtime.schedule.url_paths import is_below, is_plain, trimmed

logger = ThrottledLogger(__name__)


@dataclass(frozen=True, slots=True)
class Exemptions:
    """The settings, prepared once so that each request only compares."""

    exact: frozenset[str]
    prefixes: tuple[str, ...]
    networks: tuple[client_address.Network, ...]
    proxies: int
    callables: tuple[str, ...]
    routes: Routes

    @classmethod
    def of_settings(cls) -> Exemptions:
        """The exemptions that the settings name now."""
        proxies = conf.DOWNTIME_PROXY_COUNT
        return cls(
            exact=frozenset(conf.DOWNTIME_EXEMPT_EXACT_URLS),
            # Without the empty one, which would exempt the whole site.
            prefixes=tuple(filter(None, map(trimmed, conf.DOWNTIME_EXEMPT_PATHS))),
            # A count that can't be understood must not make the address of a proxy that of everybody.
            networks=() if proxies is None else tuple(_networks()),
            proxies=proxies or 0,
            callables=conf.DOWNTIME_EXEMPT_IF,
            routes=Routes(),
        )

    def has_path(self, request: HttpRequest, redirect: str) -> bool:
        """Whether that path passes, whoever asks for it: it is exempt, or it is where `redirect` leads."""
        path = request.path_info
        if path in self.exact:
            return True
        if is_below(path, self.prefixes) and is_plain(path):
            return True
        return bool(redirect) and is_target(request, redirect) and is_own(redirect)

    def has_client(self, request: HttpRequest) -> bool:
        """Whether who asks passes, whatever is asked for: by address, bypass cookie or DOWNTIME_EXEMPT_IF."""
        if self.networks and self._has_address(request):
            return True
        if bypass.has_cookie(request):
            return True
        return bool(self.callables) and any(self._is_let_through(name, request) for name in self.callables)

    def _has_address(self, request: HttpRequest) -> bool:
        headers = request.META
        remote, forwarded = headers.get("REMOTE_ADDR", ""), headers.get("HTTP_X_FORWARDED_FOR", "")
        address = client_address.client(remote, forwarded, proxies=self.proxies)
        return address is not None and any(address in network for network in self.networks)

    def _is_let_through(self, name: str, request: HttpRequest) -> bool:
        try:
            return bool(call(name, request))
        except Exception:  # the site's own code can raise anything; that is a no
            logger.exception("%s of DOWNTIME_EXEMPT_IF failed, and counts as a no", name)
            return False


def is_staff(request: HttpRequest) -> bool:
    """Whether an active staff user is logged in, for DOWNTIME_EXEMPT_IF; a database that is away is a no."""
    return _has_user(request, "is_staff")


def is_superuser(request: HttpRequest) -> bool:
    """Whether an active superuser is logged in, for DOWNTIME_EXEMPT_IF; a database that is away is a no."""
    return _has_user(request, "is_superuser")


def _networks() -> Iterator[client_address.Network]:
    for text in conf.DOWNTIME_EXEMPT_IPS:
        try:
            yield client_address.network(text)
        except ValueError:
            continue  # `checks` reports it


def _has_user(request: HttpRequest, attribute: str) -> bool:
    user = getattr(request, "user", None)
    try:
        return bool(user is not None and user.is_active and getattr(user, attribute))
    except Error:
        return False
