"""Shows which worker answered."""

import os
from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase


class WorkerMiddleware:
    """Adds the header `X-Worker`, with the pid of the answering process, to each answer."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self.acall(request)
        return signed(self.get_response(request))

    async def acall(self, request: HttpRequest) -> HttpResponseBase:
        answer = cast(Awaitable[HttpResponse], self.get_response(request))
        return signed(await answer)


def signed(response: HttpResponseBase) -> HttpResponseBase:
    """The response with the pid of this process."""
    response.headers["X-Worker"] = str(os.getpid())
    return response
