"""The site for an event loop: its one page is a coroutine."""

from django.http import HttpRequest, HttpResponse
from django.urls import re_path

from tests.benchmarks import parts


async def up(request: HttpRequest) -> HttpResponse:
    """The page of the site, on every path."""
    return parts.up(request)


urlpatterns = [re_path("", up)]
