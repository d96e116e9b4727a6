"""Finds what is wrong with the place of the middleware: W003 to W005, W010, W012 and W021 of system_checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from django.core.checks import CheckMessage, Warning
from django.utils.module_loading import import_string

from downtime.conf import conf

_MIDDLEWARE = "downtime.middleware.DowntimeMiddleware"
_NEEDED_FOR_USERS = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
)
_NEEDS_DATABASE = (
    *_NEEDED_FOR_USERS,
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.auth.middleware.RemoteUserMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.contrib.sites.middleware.CurrentSiteMiddleware",
)
# What belongs above ours, and what a refused visitor lacks if it is not there.
_BELONGS_ABOVE = {
    "corsheaders.middleware.CorsMiddleware": "scripts of other origins can't read the answer while the site is down",
    "whitenoise.middleware.WhiteNoiseMiddleware": "the files that it serves are refused while the site is down",
}
_PAGE_CACHE = "django.middleware.cache.FetchFromCacheMiddleware"
_READY_MADE = ("downtime.exemptions.is_staff", "downtime.exemptions.is_superuser")
_HINT = "Put it first, or right below SecurityMiddleware, CORS headers and WhiteNoise."


def misplaced_middleware(middleware: Sequence[str]) -> Iterator[CheckMessage]:
    """Warnings unless ours is there once, below what adds to each response and above what may query the database."""
    places = [place for place, name in enumerate(middleware) if _is_one_of(name, [_MIDDLEWARE])]
    if not places:
        message = f"MIDDLEWARE does not contain '{_MIDDLEWARE}', so the site never goes down."
        yield Warning(message, hint=_HINT, id="downtime.W003")
        return
    if len(places) > 1:
        message = f"MIDDLEWARE contains '{_MIDDLEWARE}' more than once."
        yield Warning(message, hint="Keep the first one.", id="downtime.W004")
    above, below = middleware[: places[0]], middleware[places[0] + 1 :]
    yield from _missing_user_middleware(above)
    yield from _database_middleware_above(above)
    yield from _page_cache_above(above)
    yield from _low_middleware(below)


def _missing_user_middleware(above: Sequence[str]) -> Iterator[CheckMessage]:
    callables = [name for name in _READY_MADE if name in conf.DOWNTIME_EXEMPT_IF]
    missing = [needed for needed in _NEEDED_FOR_USERS if not any(_is_one_of(name, [needed]) for name in above)]
    if callables and missing:
        yield Warning(
            f"DOWNTIME_EXEMPT_IF contains {', '.join(callables)}, but this lets nobody through "
            f"unless MIDDLEWARE has {', '.join(missing)} above '{_MIDDLEWARE}'.",
            hint="Put them above it, or let people through with manage.py downtime_link, which needs no database.",
            id="downtime.W010",
        )


def _database_middleware_above(above: Sequence[str]) -> Iterator[CheckMessage]:
    database = [name for name in above if _is_one_of(name, _NEEDS_DATABASE)]
    # A callable in DOWNTIME_EXEMPT_IF may need the session and the user.
    if database and not conf.DOWNTIME_EXEMPT_IF:
        message = f"'{_MIDDLEWARE}' is below {', '.join(database)}, which may query a database that is down."
        yield Warning(message, hint=_HINT, id="downtime.W005")


def _page_cache_above(above: Sequence[str]) -> Iterator[CheckMessage]:
    for name in above:
        if _is_one_of(name, [_PAGE_CACHE]):
            message = f"'{name}' is above '{_MIDDLEWARE}', so pages from its cache are shown while the site is down."
            yield Warning(message, hint=f"Put '{name}' below it.", id="downtime.W021")


def _low_middleware(below: Sequence[str]) -> Iterator[CheckMessage]:
    for kind, loss in _BELONGS_ABOVE.items():
        for name in below:
            if _is_one_of(name, [kind]):
                hint = f"Put '{name}' above '{_MIDDLEWARE}'."
                yield Warning(f"'{name}' is below '{_MIDDLEWARE}', so {loss}.", hint=hint, id="downtime.W012")


def _is_one_of(name: str, kinds: Iterable[str]) -> bool:
    """Whether the dotted path is that of one of these classes, or of a subclass of one."""
    try:
        classes = getattr(import_string(name), "__mro__", ())
    except Exception:  # its module can raise anything; Django says so when it starts to serve
        classes = ()
    return not {name, *(f"{each.__module__}.{each.__qualname__}" for each in classes)}.isdisjoint(kinds)
