"""Asks `live` whether the site is down, `exemptions` who passes, and `responses` what the others get."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.core.signals import setting_changed
from django.http import HttpRequest, HttpResponseBase

from downtime import bypass, live, responses
from downtime.exemptions import Exemptions

logger = logging.getLogger(__name__)

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
        if monotonic() < live.current.picture.up_until:
            return self.get_response(request)
        if self.is_async:
            return self.__acall__(request)
        refusal, is_personal = self._decided(request)
        if refusal is not None:
            return refusal
        response = cast("HttpResponseBase", self.get_response(request))
        return responses.for_one_client(response) if is_personal else response

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        # In a thread, as a look at the files, the page and what decides on it may keep an event loop waiting.
        refusal, is_personal = await sync_to_async(self._decided)(request)
        if refusal is not None:
            return refusal
        response = await cast("Awaitable[HttpResponseBase]", self.get_response(request))
        return responses.for_one_client(response) if is_personal else response

    def _decided(self, request: HttpRequest) -> tuple[HttpResponseBase | None, bool]:
        """What a refused request gets, None for one that passes; and whether it passes by who asks."""
        answer = live.answer()
        path, is_safe = request.path_info, request.method in _SAFE
        window = answer.covering(path, safe=is_safe)
        try:
            if answer.active and (opened := bypass.opened(request)):
                return opened, False
            if window is None or self._exemptions.has_page(request, window.period.redirect or self._refusals.redirect):
                return None, False
            if self._exemptions.has_client(request):
                return None, True
            return self._refusals.of(request, window, answer.release(path, safe=is_safe)), False
        except Exception:  # whatever it is, a planned 503 must not become an unplanned 500
            logger.exception("the answer to a refused request failed; the built-in page is shown")
            return None if window is None else responses.built_in(request.method), False

    def _prepare(self) -> None:
        self._exemptions = Exemptions.of_settings()
        self._refusals = responses.Refusals()

    def _on_setting_changed(self, *, setting: str, **kwargs: Any) -> None:
        """For tests that override settings; a running site never sends this signal."""
        self._prepare()
        live.current.expire()
