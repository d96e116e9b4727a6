"""Runs the site's own code for a request: its callables by dotted path, and its URLconf. Both may raise anything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
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

from downtime.http.event_loop import may_block
from downtime.http.marks import NO_MARK, ViewMark, view_mark
from downtime.http.throttled_log import PAUSE, ThrottledLogger
from downtime.schedule.occurrence import Occurrence

logger = ThrottledLogger(__name__)

_MOST_KEPT = 500
_LONGEST_KEPT = 500

LOST_MARK = (
    "downtime_exempt on %s has no effect, as it is not on the view that the URL pattern holds; put it above all other "
    "decorators of the view, on dispatch of a class, or name the path in DOWNTIME_EXEMPT_PATHS"
)
"""The warning about a misplaced mark, with the name of the marked function."""


def call(dotted_path: str, *arguments: object) -> Any:
    """What that callable, sync or async, returns; raises what it raises, and ImportError if it does not exist."""
    may_block()
    return awaited(import_string(dotted_path)(*arguments))


def awaited(result: Any) -> Any:
    """The result of a callable of the site, awaited if it is async."""
    return async_to_sync(_awaited)(result) if isawaitable(result) else result


@contextmanager
def downtime_told(request: HttpRequest, downtime: Occurrence) -> Iterator[None]:
    """Sets `request.downtime` for the site's own code in the block, and takes it back afterwards."""
    attributes = vars(request)
    before = {name: value for name, value in attributes.items() if name == "downtime"}
    attributes["downtime"] = downtime
    try:
        yield
    finally:
        attributes.pop("downtime", None)
        attributes.update(before)


def view_of(path: str, urlconf: Any = None) -> Callable[..., Any]:
    """The view with which Django answers that path, in the language that the path names; raises Resolver404."""
    with translation.override(translation.get_language_from_path(path) or settings.LANGUAGE_CODE):
        # Not django.urls.resolve, which would use a URLconf that an earlier request left to this thread.
        return get_resolver(urlconf).resolve(path).func


def mark_at(path: str, urlconf: Any = None) -> ViewMark:
    """The mark of the view with which Django answers that path; raises whatever importing the URLconf raises."""
    may_block()
    try:
        return view_mark(view_of(path, urlconf))
    except Resolver404:
        return NO_MARK


class Routes:
    """Finds the mark of the view that a path leads to; asks the URLconf only while the site is down."""

    def __init__(self) -> None:
        # Resolving a path takes longer than all the rest of a response (measured).
        self._kept = lru_cache(_MOST_KEPT)(mark_at)
        self._not_before = 0.0
        self._told: set[str] = set()

    def mark(self, request: HttpRequest) -> ViewMark:
        """The mark of the view with which Django would answer the request; none if the URLconf raises."""
        begun = monotonic()
        if begun < self._not_before:
            may_block()  # the next one to ask the URLconf, such as `Languages`, may wait for its import
            return NO_MARK
        path, urlconf = request.path_info, getattr(request, "urlconf", None)
        resolve = self._kept if len(path) <= _LONGEST_KEPT else mark_at
        try:
            mark = resolve(path, urlconf)
        except Exception:  # a URLconf can raise anything as it is imported
            logger.exception("the URLconf can't be asked which views are exempt, so none is")
            # Longer if it took long, as with a dead database: the down page must not wait for that.
            now = monotonic()
            self._not_before = now + max(PAUSE, 10 * (now - begun))
            return NO_MARK
        if mark.lost and mark.lost not in self._told:
            logger.warning(LOST_MARK, mark.lost)  # first: in an event loop this raises, and a thread logs it
            self._told.add(mark.lost)
        return mark


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result
