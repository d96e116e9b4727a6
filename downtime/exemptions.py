"""May this request pass while the site is down?"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import Error
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils import translation

from downtime import addresses, bypass
from downtime.calling import call
from downtime.conf import conf
from downtime.decorators import is_marked
from downtime.paths import is_below, is_plain, trimmed
from downtime.redirects import is_own, is_target

logger = logging.getLogger(__name__)

_MOST_KEPT = 500
_LONGEST_KEPT = 500


@dataclass(frozen=True, slots=True)
class Exemptions:
    """The settings, prepared once so that each request only compares."""

    exact: frozenset[str]
    prefixes: tuple[str, ...]
    networks: tuple[addresses.Network, ...]
    proxies: int
    callables: tuple[str, ...]
    _failed: set[str] = field(default_factory=set)

    @classmethod
    def of_settings(cls) -> Exemptions:
        """The exemptions that the settings name now."""
        _leads_to_marked.cache_clear()
        proxies = conf.DOWNTIME_PROXY_COUNT
        return cls(
            exact=frozenset(conf.DOWNTIME_EXEMPT_EXACT_URLS),
            # Without the empty one, which would exempt the whole site.
            prefixes=tuple(filter(None, map(trimmed, conf.DOWNTIME_EXEMPT_PATHS))),
            # A count that can't be understood must not make the address of a proxy that of everybody.
            networks=() if proxies is None else tuple(_networks()),
            proxies=proxies or 0,
            callables=conf.DOWNTIME_EXEMPT_IF,
        )

    def has_page(self, request: HttpRequest, redirect: str) -> bool:
        """Whether what is asked for passes, whoever asks: its path or its view, or it is where `redirect` leads."""
        path = request.path_info
        if path in self.exact:
            return True
        if is_below(path, self.prefixes) and is_plain(path):
            return True
        if redirect and is_target(request, redirect) and is_own(redirect):
            return True
        return self._has_marked_view(request)

    def has_client(self, request: HttpRequest) -> bool:
        """Whether who asks passes, whatever is asked for: by address, bypass cookie or DOWNTIME_EXEMPT_IF."""
        if self.networks and self._has_address(request):
            return True
        if bypass.is_carried(request):
            return True
        return bool(self.callables) and any(self._is_let_through(name, request) for name in self.callables)

    def _has_marked_view(self, request: HttpRequest) -> bool:
        path, urlconf = request.path_info, getattr(request, "urlconf", None)
        find = _leads_to_marked if len(path) <= _LONGEST_KEPT else _leads_to_marked.__wrapped__
        try:
            return find(path, urlconf)
        except Exception:  # importing a URLconf can raise anything, and then nobody can be let through
            self._log_once("the URLconf", "can't be asked which view is exempt; none is")
            return False

    def _has_address(self, request: HttpRequest) -> bool:
        headers = request.META
        remote, forwarded = headers.get("REMOTE_ADDR", ""), headers.get("HTTP_X_FORWARDED_FOR", "")
        address = addresses.client(remote, forwarded, proxies=self.proxies)
        return address is not None and any(address in network for network in self.networks)

    def _is_let_through(self, name: str, request: HttpRequest) -> bool:
        try:
            return bool(call(name, request))
        except Exception:  # the site's own code can raise anything; that is a no
            self._log_once(name, "of DOWNTIME_EXEMPT_IF failed, and counts as a no")
            return False

    def _log_once(self, what: str, failure: str) -> None:
        """With the traceback, but not at each request: a site that is down may get many."""
        if what not in self._failed:
            self._failed.add(what)
            logger.exception("%s %s", what, failure)


def is_staff(request: HttpRequest) -> bool:
    """Whether an active staff user is logged in, for DOWNTIME_EXEMPT_IF; a database that is away is a no."""
    return _has_user(request, "is_staff")


def is_superuser(request: HttpRequest) -> bool:
    """Whether an active superuser is logged in, for DOWNTIME_EXEMPT_IF; a database that is away is a no."""
    return _has_user(request, "is_superuser")


@lru_cache(_MOST_KEPT)
def _leads_to_marked(path: str, urlconf: Any) -> bool:
    """Whether Django would answer that path by a view that is marked, in whatever language the path names.

    Kept, as asking takes longer than all the rest of an answer (measured)."""
    with translation.override(translation.get_language_from_path(path) or settings.LANGUAGE_CODE):
        try:
            return is_marked(resolve(path, urlconf).func)
        except Resolver404:
            return False


def _networks() -> Iterator[addresses.Network]:
    for text in conf.DOWNTIME_EXEMPT_IPS:
        try:
            yield addresses.network(text)
        except ValueError:
            continue  # `checks` reports it


def _has_user(request: HttpRequest, attribute: str) -> bool:
    user = getattr(request, "user", None)
    try:
        return bool(user is not None and user.is_active and getattr(user, attribute))
    except Error:
        return False
