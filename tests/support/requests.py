"""Requests as the handlers pass them on, and the type of what sends one through the test client."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

Ask = Callable[..., HttpResponse]
"""The fixture `ask`: ask("/path", method="GET", cookie="", **more)."""


def request_for(path_info: str, *, script: str = "", host: str = "example.com") -> HttpRequest:
    """A request as the server passes it on: the path is decoded already, and its bytes are latin-1 (PEP 3333)."""
    path = path_info.encode().decode("latin-1")
    return RequestFactory().get("/", PATH_INFO=path, SCRIPT_NAME=script, headers={"host": host})
