"""DowntimeMiddleware: asks `live` whether the site is down, `exemptions` who passes, `http` what all others get."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.core.signals import setting_changed
from django.http import HttpRequest, HttpResponseBase

from downtime import live
from downtime.conf import conf
from downtime.exemptions import Exemptions, Refused, is_safe
from downtime.http import bypass, htmx, pages, passages, responses
from downtime.http.event_loop import at_once
from downtime.http.negotiation import SAFE_METHODS
from downtime.http.throttled_log import ThrottledLogger
from downtime.schedule.periods import Answer

logger = ThrottledLogger(__name__)


class DowntimeMiddleware:
    """Answers for a site that is down. While the site is up, a request costs one comparison."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)
        setting_changed.connect(self._on_setting_changed)
        self._prepare()
        live.load()

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        now, snapshot = monotonic(), live.current.snapshot
        if now < snapshot.up_until:
            return self.get_response(request)
        answer = snapshot.answer if now < snapshot.fresh_until and not self._is_stale else None
        if (
            answer is not None
            and answer.covering(request.path_info, safe=request.method in SAFE_METHODS) is None
            and bypass.NAME not in request.META.get("QUERY_STRING", "")
        ):
            return self.get_response(request)
        if self.is_async:
            return self.__acall__(request, answer)
        decision = self._decide(request, answer)
        if isinstance(decision, HttpResponseBase):
            return decision
        return decision(request, cast("HttpResponseBase", self.get_response(request)))

    async def __acall__(self, request: HttpRequest, answer: Answer | None) -> HttpResponseBase:
        # If the site's own code is asked, nearly every request needs a thread anyway: don't decide those twice.
        decision = at_once(self._decide, request, answer) if answer and not self._asks_site else None
        if decision is None:
            # In a thread, because a look at the files, the page and the exemptions may keep the event loop waiting.
            decision = await sync_to_async(self._decide)(request, None)
        if isinstance(decision, HttpResponseBase):
            return decision
        return decision(request, await cast("Awaitable[HttpResponseBase]", self.get_response(request)))

    def _decide(self, request: HttpRequest, answer: Answer | None) -> HttpResponseBase | passages.Passage:
        """The response in the site's place; or, if the request passes, what the site's own response goes through."""
        answer = answer or live.answer()
        try:
            if self._is_stale:
                self._prepare()
            if answer.active and (exchange := bypass.exchange(request)):
                return exchange
            ruling = self._exemptions.ruling(request, answer)
            if not isinstance(ruling, Refused):
                return ruling
            # Asked last, as only the page for a part of the site links to the front page.
            spares_home = not ruling.window.period.is_whole and answer.spares_home
            response = self._refusals.of(request, ruling.window, ruling.release, spares_home=spares_home)
            if (page := htmx.page_of(request)) and self._exemptions.refuse(page, answer):
                htmx.refresh(request, response)
            return response
        except Exception:  # whatever it is, a planned 503 must not become an unplanned 500
            logger.exception("the answer to a refused request failed; the built-in page is shown")
            if window := answer.covering(request.path_info, safe=is_safe(request)):
                return pages.built_in_response(request.method, window.period.message)
            return passages.unchanged

    def _prepare(self) -> None:
        self._is_stale = False  # first, so that a setting that changes meanwhile is not missed
        self._exemptions = Exemptions()
        self._refusals = responses.Refusals()
        self._asks_site = bool(conf.DOWNTIME_VIEW or conf.DOWNTIME_EXEMPT_IF)

    def _on_setting_changed(self, *, setting: str, **kwargs: Any) -> None:
        """For tests that override settings; a running site never sends this signal."""
        # A test suite has one of these for each client, and only one that gets a request needs to be prepared.
        self._is_stale = True
        live.current.expire()
