"""Finds what does not fit the URLconf: W009 and W014 to W016 of system_checks. A broken URLconf is left to Django."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Warning
from django.http import HttpRequest
from django.urls import NoReverseMatch, Resolver404, URLPattern, URLResolver, get_resolver, get_script_prefix, reverse
from django.utils import translation

from downtime.conf import conf
from downtime.decorators import Mark, mark_of
from downtime.exemptions import Exemptions
from downtime.http.site_code import view_of

# No site has a page here, so a view that answers it answers every path.
_NOWHERE = "/no-such-page-of-django-downtime/"
_ADMIN = "/admin/"


def misfits() -> list[CheckMessage]:
    """Warnings about a redirect to nowhere, and about exemptions that let too few or too many pages through."""
    try:
        sites = dict(_admin_sites(get_resolver().url_patterns))
        return [*_unresolved_redirect(), *_closed_admins(sites), *_refused_static_files(sites), *_open_stranger()]
    except Exception:  # a URLconf can raise anything as it is imported; Django's own check reports it
        return []


def _unresolved_redirect() -> Iterator[CheckMessage]:
    """A redirect to this site has to match a URL pattern, unless another server answers there."""
    redirect = conf.DOWNTIME_URL_REDIRECT or ""
    if redirect.startswith("/") and not redirect.startswith("//") and _view(_path_info(redirect)) is None:
        yield Warning(
            f"DOWNTIME_URL_REDIRECT is {redirect!r}, and no URL pattern of this site matches it.",
            hint="Correct it, unless a server in front of Django answers there.",
            id="downtime.W009",
        )


def _closed_admins(sites: dict[Any, list[str]]) -> Iterator[CheckMessage]:
    """An admin that shows the periods has to be reachable while the site is down."""
    for site, urls in sites.items():
        if any(model.__module__ == "downtime.admin" for model in site._registry):
            for url in urls:
                if url != "/" and not _passes(url):  # at the root, only the whole site could be exempt
                    yield Warning(
                        f"The admin at {url} shows the periods, but is refused while the site is down.",
                        hint=f"Add '{url.rstrip('/')}' to DOWNTIME_EXEMPT_PATHS.",
                        id="downtime.W015",
                    )


def _refused_static_files(sites: dict[Any, list[str]]) -> Iterator[CheckMessage]:
    """Static files that Django itself serves are refused like any page, even those of an open admin."""
    url = settings.STATIC_URL or ""
    is_open = any(_passes(admin) for urls in sites.values() for admin in urls)
    if not is_open or not url.startswith("/") or url.startswith("//"):
        return
    path = f"{_path_info(url)}admin/css/base.css"
    if _is_page(path) and not _passes(path):
        yield Warning(
            f"The admin passes while the site is down, but its static files below {url} are refused.",
            hint=f"Add '{_path_info(url).rstrip('/')}' to DOWNTIME_EXEMPT_PATHS, or let the web server serve them.",
            id="downtime.W014",
        )


def _open_stranger() -> Iterator[CheckMessage]:
    """/admin is exempt by default, for Django's admin; people who work with another one there would go on writing."""
    if _passes(_ADMIN) and _is_page(_ADMIN) and not hasattr(_view(_ADMIN), "admin_site"):
        yield Warning(
            "'/admin' is exempt, but it is not Django's admin, so people go on writing there while the site is down.",
            hint="Set DOWNTIME_EXEMPT_PATHS to the paths that should pass, such as ['/django-admin'], or to [].",
            id="downtime.W016",
        )


def _admin_sites(patterns: list[URLPattern | URLResolver]) -> Iterator[tuple[Any, list[str]]]:
    """Each AdminSite in the URLconf, and where it is reached, by language if that differs."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _admin_sites(pattern.url_patterns)
        elif pattern.name == "index" and hasattr(pattern.callback, "admin_site"):
            site = pattern.callback.admin_site
            yield site, list(dict.fromkeys(_urls_of(site)))


def _urls_of(site: Any) -> Iterator[str]:
    # A language other than the default may have a prefix of its own; the others are like it.
    others = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
    for language in (settings.LANGUAGE_CODE, *others[:1]):
        with translation.override(language), suppress(NoReverseMatch):
            yield _path_info(reverse("admin:index", current_app=site.name))


def _path_info(url: str) -> str:
    return unquote(urlsplit(url).path).removeprefix(get_script_prefix().rstrip("/"))


def _passes(path: str) -> bool:
    """Whether the path passes for every client while the site is down."""
    request = HttpRequest()
    request.path_info = path
    view = _view(path)
    return Exemptions().has_path(request, "") or mark_of(view) is Mark.ALWAYS


def _is_page(path: str) -> bool:
    """Whether a view answers this path, and not simply every path."""
    view = _view(path)
    return view is not None and view is not _view(_NOWHERE + path.lstrip("/").partition("/")[2])


def _view(path: str) -> Callable[..., Any] | None:
    try:
        return view_of(path)
    except Resolver404:
        return None
