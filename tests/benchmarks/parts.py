"""What the benchmarks compare the app with: the least that a middleware can do."""

from collections.abc import Awaitable, Callable

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.decorators import async_only_middleware

PAGE = (
    b"<!DOCTYPE html><title>Down</title><h1>Down for maintenance</h1>" + b"<p>We are moving to faster disks.</p>" * 60
)


class Empty:
    """Passes every request on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)


class Prebuilt(Empty):
    """Answers every request with a page that was built before, and as little else as the app sends."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = HttpResponse(PAGE, status=503, headers={"Retry-After": "300"})
        response._has_been_logged = True
        return response


@async_only_middleware
def prebuilt(get_response: object) -> Callable[[HttpRequest], Awaitable[HttpResponse]]:
    """`Prebuilt` for ASGI."""

    async def middleware(request: HttpRequest) -> HttpResponse:
        headers = {"Retry-After": "300", "Content-Length": str(len(PAGE))}
        response = HttpResponse(PAGE, status=503, headers=headers)
        response._has_been_logged = True
        return response

    return middleware


urlpatterns = [path("", lambda request: HttpResponse("up"))]
