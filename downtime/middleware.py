"""Asks `live` whether the site is down, `exemptions` who passes, and `responses` what the others get."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.core.signals import setting_changed
from django.http import HttpRequest, HttpResponseBase

from downtime import live
from downtime.exemptions import Exemptions
from downtime.http import bypass, pages, responses
from downtime.http.throttled_log import ThrottledLogger

logger = ThrottledLogger(__name__)

Finish = Callable[[HttpRequest, HttpResponseBase], HttpResponseBase]

# RFC 9110 section 9.2.1, without TRACE, which a site has no use for.
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class DowntimeMiddleware:
    """Answers in the place of a site that is down. While the site is up, a request costs one comparison."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)
        self._prepare()
        live.load()
        setting_changed.connect(self._on_setting_changed)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if monotonic() < live.current.snapshot.up_until:
            return self.get_response(request)
        if self.is_async:
            return self.__acall__(request)
        refusal, finish = self._decided(request)
        if refusal is not None:
            return refusal
        response = cast("HttpResponseBase", self.get_response(request))
        return finish(request, response) if finish else response

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        # In a thread, as a look at the files, the page and what decides on it may keep an event loop waiting.
        refusal, finish = await sync_to_async(self._decided)(request)
        if refusal is not None:
            return refusal
        response = await cast("Awaitable[HttpResponseBase]", self.get_response(request))
        return finish(request, response) if finish else response

    def _decided(self, request: HttpRequest) -> tuple[HttpResponseBase | None, Finish | None]:
        """What a refused request gets, None for one that passes; and what its answer then goes through."""
        answer = live.answer()
        path, is_safe = request.path_info, request.method in _SAFE
        window = answer.covering(path, safe=is_safe)
        try:
            if answer.active and (opened := bypass.exchange(request)):
                return opened, None
            exemptions, refusals = self._exemptions, self._refusals
            if window is None or exemptions.has_path(request, window.period.redirect or refusals.redirect):
                return None, None
            if exemptions.routes.lead_to_marked(request):
                return None, responses.unless_unmarked
            if exemptions.has_client(request):
                return None, responses.for_one_client
            return refusals.of(request, window, answer.release(path, safe=is_safe)), None
        except Exception:  # whatever it is, a planned 503 must not become an unplanned 500
            logger.exception("the answer to a refused request failed; the built-in page is shown")
            return None if window is None else pages.built_in(request.method), None

    def _prepare(self) -> None:
        self._exemptions = Exemptions.of_settings()
        self._refusals = responses.Refusals()

    def _on_setting_changed(self, *, setting: str, **kwargs: Any) -> None:
        """For tests that override settings; a running site never sends this signal."""
        self._prepare()
        live.current.expire()
