"""What the benchmarks compare the app with: the least that a middleware can do. And the page of the site."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import re_path
from django.utils.decorators import async_only_middleware

PAGE = (
    b"<!DOCTYPE html><title>Down</title><h1>Down for maintenance</h1>" + b"<p>We are moving to faster disks.</p>" * 60
)


class Empty:
    """Passes every request on."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)


class Prebuilt(Empty):
    """Answers every request with a constant page, and with hardly a header."""

    async_capable = False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = HttpResponse(PAGE, status=503, headers={"Retry-After": "300"})
        response._has_been_logged = True
        return response


class SameAnswer:
    """Answers every request as BENCHMARK_ANSWER says: status, headers and text, which were those of the app."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.status, self.headers, text = settings.BENCHMARK_ANSWER
        self.body = text.encode()
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        return self.soon() if self.is_async else self.now()

    def now(self) -> HttpResponse:
        """The response."""
        response = HttpResponse(self.body, status=self.status, headers=self.headers)
        response._has_been_logged = True
        return response

    async def soon(self) -> HttpResponse:
        """The response, for ASGI."""
        return self.now()


@async_only_middleware
def prebuilt(get_response: object) -> Callable[[HttpRequest], Awaitable[HttpResponse]]:
    """`Prebuilt` for ASGI."""

    async def middleware(request: HttpRequest) -> HttpResponse:
        headers = {"Retry-After": "300", "Content-Length": str(len(PAGE))}
        response = HttpResponse(PAGE, status=503, headers=headers)
        response._has_been_logged = True
        return response

    return middleware


def up(request: HttpRequest) -> HttpResponse:
    """The page of the site, on every path."""
    return HttpResponse("up", headers={"Content-Length": "2"})


urlpatterns = [re_path("", up)]
