"""Calls the site's own views and callables, and asks its URLconf; any of them may raise anything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache
from inspect import isawaitable
from time import monotonic
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.http import HttpRequest
from django.urls import Resolver404, get_resolver
from django.utils import translation
from django.utils.module_loading import import_string

from downtime.decorators import is_marked
from downtime.http.throttled_log import PAUSE, ThrottledLogger

logger = ThrottledLogger(__name__)

_MOST_KEPT = 500
_LONGEST_KEPT = 500


class Routes:
    """The URLconfs of a site, asked only while that is down."""

    def __init__(self) -> None:
        # Asking takes longer than all the rest of an answer (measured).
        self._kept = lru_cache(_MOST_KEPT)(_leads_to_marked)
        self._not_before = 0.0

    def lead_to_marked(self, request: HttpRequest) -> bool:
        """Whether Django would answer the request by a marked view; where it can't tell, none is."""
        begun = monotonic()
        if begun < self._not_before:
            return False
        path, urlconf = request.path_info, getattr(request, "urlconf", None)
        ask = self._kept if len(path) <= _LONGEST_KEPT else _leads_to_marked
        try:
            return ask(path, urlconf)
        except Exception:  # a URLconf can raise anything as it is imported
            logger.exception("the URLconf can't be asked which view is exempt; none is")
            # Longer where it took long, as one may that asks a dead database: the down page must not wait for it.
            now = monotonic()
            self._not_before = now + max(PAUSE, 10 * (now - begun))
            return False


def view_of(path: str, urlconf: Any = None) -> Callable[..., Any]:
    """The view by which Django answers that path, in the language that the path names; raises Resolver404."""
    with translation.override(translation.get_language_from_path(path) or settings.LANGUAGE_CODE):
        return get_resolver(urlconf).resolve(path).func


def _leads_to_marked(path: str, urlconf: Any) -> bool:
    try:
        return is_marked(view_of(path, urlconf))
    except Resolver404:
        return False


def call(name: str, *arguments: object) -> Any:
    """What the callable of that dotted path returns; raises what it raises, and ImportError where there is none."""
    result = import_string(name)(*arguments)
    return async_to_sync(_awaited)(result) if isawaitable(result) else result


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result
