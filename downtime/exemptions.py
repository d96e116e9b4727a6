"""Decides which requests pass while the site is down; is_staff and is_superuser for DOWNTIME_EXEMPT_IF."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from types import NoneType
from typing import NamedTuple

from django.db import Error
from django.http import HttpRequest
from django.utils.timezone import get_default_timezone

from downtime.conf import conf
from downtime.http import bypass, client_address
from downtime.http.negotiation import SAFE_METHODS
from downtime.http.passages import Passage, keep_private, unchanged, withhold_unless_exempt, withhold_unless_reading
from downtime.http.redirects import is_own, is_target
from downtime.http.site_code import Routes, call, downtime_told
from downtime.http.throttled_log import ThrottledLogger
from downtime.schedule.occurrence import occurrence
from downtime.schedule.periods import Answer, Window
from downtime.schedule.url_paths import is_below, is_plain, trimmed

logger = ThrottledLogger(__name__)

_MOST_KEPT = 500
_LONGEST_KEPT = 500


class Refused(NamedTuple):
    """A request that does not pass: the window that refuses it, and the first moment at which it would pass."""

    window: Window
    release: datetime


class Exemptions:
    """The exemptions that the settings name at its creation, prepared so that a request only has to compare."""

    def __init__(self) -> None:
        proxies = conf.DOWNTIME_PROXY_COUNT
        self._exact = frozenset(conf.DOWNTIME_EXEMPT_EXACT_URLS)
        # Without the empty prefix, which would exempt the whole site.
        self._prefixes = tuple(filter(None, map(trimmed, conf.DOWNTIME_EXEMPT_PATHS)))
        # If the count is wrong, the address of a proxy must not count as that of every client.
        self._networks = () if proxies is None else tuple(_networks())
        self._proxies = proxies or 0
        self._kept = lru_cache(_MOST_KEPT)(self._has_address)
        self._callables = conf.DOWNTIME_EXEMPT_IF
        self._redirect = conf.DOWNTIME_URL_REDIRECT or ""
        self._routes = Routes()

    def ruling(self, request: HttpRequest, answer: Answer) -> Passage | Refused:
        """What the site's response goes through if the request passes; otherwise why not, and until when.

        The exemptions are checked in order of cost, so those that may query a database come last."""
        path, safe = request.path_info, is_safe(request)
        window = answer.covering(path, safe=safe)
        if window is None or self.exempt_by(request, window):
            return unchanged
        mark = self._routes.mark(request)
        if mark.passes(read_only=False):
            return withhold_unless_exempt
        if not safe and mark.passes(read_only=True):
            safe, window = True, answer.covering(path, safe=True)
            if window is None:
                return withhold_unless_reading
        if self.has_client(request):
            return keep_private
        refused = Refused(window, answer.release(path, safe=safe))
        return keep_private if self._is_let_through(request, answer, refused) else refused

    def refuse(self, request: HttpRequest, answer: Answer) -> bool:
        """Whether the request does not pass."""
        return isinstance(self.ruling(request, answer), Refused)

    def has_path(self, request: HttpRequest, redirect: str) -> bool:
        """Whether the path of the request is exempt for every client; the one that `redirect` leads to is."""
        return self._by_path(request, redirect) is not None

    def exempt_by(self, request: HttpRequest, window: Window) -> str | None:
        """What exempts the request by its path, whoever sends it: the name of a setting, or `redirect`."""
        return self._by_path(request, window.period.redirect or self._redirect)

    def _by_path(self, request: HttpRequest, redirect: str) -> str | None:
        path = request.path_info
        if path in self._exact:
            return "DOWNTIME_EXEMPT_EXACT_URLS"
        if is_below(path, self._prefixes) and is_plain(path):
            return "DOWNTIME_EXEMPT_PATHS"
        return "redirect" if redirect and is_target(request, redirect) and is_own(redirect) else None

    def has_client(self, request: HttpRequest) -> bool:
        """Whether this client passes, whatever the path: by address or bypass cookie."""
        return bool(self._networks and self._comes_from_network(request)) or bypass.has_cookie(request)

    def _is_let_through(self, request: HttpRequest, answer: Answer, refused: Refused) -> bool:
        """Whether a callable in DOWNTIME_EXEMPT_IF says yes. It sees a period that refuses reading too, if one does.

        Otherwise one that lets requests pass during a read-only period would also let them pass during a full one."""
        if not self._callables:
            return False
        window = answer.covering(request.path_info, safe=True) or refused.window
        with downtime_told(request, occurrence(window, get_default_timezone(), end=refused.release)):
            return any(_says_yes(name, request) for name in self._callables)

    def _comes_from_network(self, request: HttpRequest) -> bool:
        remote = request.META.get("REMOTE_ADDR") or ""  # None if the server does not know it
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if self._proxies else ""
        has_address = self._kept if len(remote) + len(forwarded) <= _LONGEST_KEPT else self._has_address
        return has_address(remote, forwarded)

    def _has_address(self, remote: str, forwarded: str) -> bool:
        address = client_address.client(remote, forwarded, proxies=self._proxies)
        return address is not None and any(address in network for network in self._networks)


def is_safe(request: HttpRequest) -> bool:
    """Whether the method only reads, and so passes during a read-only period."""
    return request.method in SAFE_METHODS


def is_staff(request: HttpRequest) -> bool:
    """Whether an active staff user is logged in, for DOWNTIME_EXEMPT_IF; False if the database is away."""
    return _has_user(request, "is_staff")


def is_superuser(request: HttpRequest) -> bool:
    """Whether an active superuser is logged in, for DOWNTIME_EXEMPT_IF; False if the database is away."""
    return _has_user(request, "is_superuser")


def _networks() -> Iterator[client_address.Network]:
    for text in conf.DOWNTIME_EXEMPT_IPS:
        try:
            yield client_address.network(text)
        except ValueError:
            continue  # `checks` reports it


def _says_yes(dotted_path: str, request: HttpRequest) -> bool:
    try:
        answer = call(dotted_path, request)
    except Exception:  # the site's own code can raise anything; that counts as a no
        logger.exception("%s in DOWNTIME_EXEMPT_IF failed, which counts as a no", dotted_path)
        return False
    # An instance of a class, a generator or a text is no answer, although Python considers it true.
    if not isinstance(answer, (bool, NoneType)):
        wrong = "%s in DOWNTIME_EXEMPT_IF returned %s; only True lets a request through, so it counts as a no"
        logger.warning(wrong, dotted_path, type(answer).__name__)
    return answer is True


def _has_user(request: HttpRequest, attribute: str) -> bool:
    user = getattr(request, "user", None)
    try:
        return bool(user is not None and user.is_active and getattr(user, attribute))
    except Error:
        return False
