"""May this request pass while the site is down?"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest

from downtime.conf import conf
from downtime.paths import is_below, is_plain, trimmed


@dataclass(frozen=True, slots=True)
class Exemptions:
    """The settings, prepared once so that each request only compares."""

    exact: frozenset[str]
    prefixes: tuple[str, ...]

    @classmethod
    def of_settings(cls) -> Exemptions:
        """The exemptions that the settings name now."""
        return cls(
            exact=frozenset(conf.DOWNTIME_EXEMPT_EXACT_URLS),
            # Without the empty one, which would exempt the whole site.
            prefixes=tuple(filter(None, map(trimmed, conf.DOWNTIME_EXEMPT_PATHS))),
        )

    def has(self, request: HttpRequest, redirect: str) -> bool:
        """Whether the request passes: its path is exempt, or it is where `redirect` sends those who don't."""
        path = request.path_info
        if path in self.exact:
            return True
        if is_below(path, self.prefixes) and is_plain(path):
            return True
        return bool(redirect) and is_target(request, redirect)


def is_target(request: HttpRequest, redirect: str) -> bool:
    """Whether the request asks for the very page of this site that `redirect` leads to.

    With and without a closing slash, as the site itself may redirect from one to the other."""
    target = urlsplit(redirect)
    if unquote(target.path).removesuffix("/") != request.path.removesuffix("/"):
        return False
    if not target.netloc:
        return True
    host = target.netloc.lower().removesuffix({"http": ":80", "https": ":443"}.get(target.scheme, ""))
    try:
        return host == request.get_host().lower()
    except DisallowedHost:
        return False
