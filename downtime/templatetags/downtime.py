"""The template tag {% downtime_banner %}, which announces what concerns the page that it is on."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache, partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.template import Context
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse
from django.utils import timezone, translation

from downtime.feeds.banner import banner_context, is_down, static_url
from downtime.http.throttled_log import ThrottledLogger
from downtime.schedule import converters

logger = ThrottledLogger(__name__)
register = template.Library()

_MOST_KEPT = 500
_SCRIPT = "downtime/banner.js"


class Updates(NamedTuple):
    """The script of a page that stays open, the URLs of the state and of the banner, and when a period is announced."""

    script: str
    status: str
    banner: str
    within: int
    """How many seconds before its start a period is announced."""


@register.simple_tag(takes_context=True)
def downtime_banner(context: Context, within: str = "24h") -> str:
    """Announces what pauses changes on this page now, and what begins within that duration; otherwise shows nothing."""
    try:
        ahead = converters.duration(str(within))
    except ValueError as error:
        raise template.TemplateSyntaxError(f"within of downtime_banner is {within!r}; {error}") from error
    # A RequestContext has it even if no context processor adds it.
    request = getattr(context, "request", None) or context.get("request")
    path = getattr(request, "path_info", None)
    language = translation.get_language() or settings.LANGUAGE_CODE
    found = banner_context(path, language, ahead=ahead)
    updates = _updates(path, language, found["language_code"], ahead)
    assert context.template is not None  # because it is being rendered
    place = context.new(
        {
            **found,
            "script": partial(static_url, _SCRIPT),
            "updates": updates,
            # From Django 6 or django-csp, which make a nonce, and add it to the policy, only once it is printed.
            "nonce": context.get("csp_nonce", getattr(request, "csp_nonce", None)),
        }
    )
    name = "downtime/banner_place.html" if updates else "downtime/banner.html"
    return context.template.engine.get_template(name).render(place)


def _updates(path: str | None, language: str, shown_in: str, ahead: timedelta) -> Updates | None:
    """How a page at that path, whose banner may be in another language, learns of changes; None if it can't."""
    try:
        urls = _urls(get_urlconf() or settings.ROOT_URLCONF, language, get_script_prefix())
    except Exception:  # a URLconf can raise anything as it is imported, for a page that no request has asked for
        logger.exception("the URLconf can't be asked for the feeds, so the banner does not change on an open page")
        return None
    if urls is None or not (script := static_url(_SCRIPT)):
        return None
    status, banner = urls
    within = int(ahead.total_seconds())
    query = {"language": shown_in, "zone": timezone.get_current_timezone_name(), "within": f"{within}s"}
    query |= {} if path is None else {"path": path}
    query |= {"passes": "1"} if is_down(path) else {}
    return Updates(script, status, f"{banner}?{urlencode(query, errors='replace')}", within)


@lru_cache(_MOST_KEPT)
def _urls(urlconf: Any, language: str, script_prefix: str) -> tuple[str, str] | None:
    """The URLs of the state and of the banner; None unless the site includes downtime.urls.

    They are cached by all that they depend on, because searching the URLconf takes longer than all the rest."""
    try:
        return reverse("downtime:status", urlconf), reverse("downtime:banner", urlconf)
    except NoReverseMatch:
        return None
