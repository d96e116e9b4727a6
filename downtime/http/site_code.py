"""Runs the site's own code for a request: its callables by dotted path, and its URLconf. Either may raise anything."""

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

from downtime.decorators import is_exempt
from downtime.http.throttled_log import PAUSE, ThrottledLogger

logger = ThrottledLogger(__name__)

_MOST_KEPT = 500
_LONGEST_KEPT = 500


def call(dotted_path: str, *arguments: object) -> Any:
    """What that callable, sync or async, returns; raises what it raises, and ImportError if it does not exist."""
    return awaited(import_string(dotted_path)(*arguments))


def awaited(result: Any) -> Any:
    """What an async callable of the site returns once it is awaited; what a sync one has returned, as it is."""
    return async_to_sync(_awaited)(result) if isawaitable(result) else result


def view_of(path: str, urlconf: Any = None) -> Callable[..., Any]:
    """The view by which Django answers that path, in the language that the path names; raises Resolver404."""
    with translation.override(translation.get_language_from_path(path) or settings.LANGUAGE_CODE):
        # Not django.urls.resolve, which would take a URLconf that was left to this thread.
        return get_resolver(urlconf).resolve(path).func


class Routes:
    """Tells which paths lead to exempt views; the URLconf is asked only while the site is down."""

    def __init__(self) -> None:
        # Resolving a path takes longer than all the rest of a response (measured).
        self._kept = lru_cache(_MOST_KEPT)(_has_exempt_view)
        self._not_before = 0.0

    def has_exempt_view(self, request: HttpRequest) -> bool:
        """Whether Django would answer the request by an exempt view; False if the URLconf raises."""
        begun = monotonic()
        if begun < self._not_before:
            return False
        path, urlconf = request.path_info, getattr(request, "urlconf", None)
        resolve = self._kept if len(path) <= _LONGEST_KEPT else _has_exempt_view
        try:
            return resolve(path, urlconf)
        except Exception:  # a URLconf can raise anything as it is imported
            logger.exception("the URLconf can't be asked which view is exempt; none is")
            # Longer if it took long, as it may if it asks a dead database: the down page must not wait for it.
            now = monotonic()
            self._not_before = now + max(PAUSE, 10 * (now - begun))
            return False


def _has_exempt_view(path: str, urlconf: Any) -> bool:
    try:
        return is_exempt(view_of(path, urlconf))
    except Resolver404:
        return False


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result
