"""A Django site in this process, and requests that are handed to its handler, as a WSGI or an ASGI server does."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import AsyncRequestFactory, RequestFactory

HERE = "tests.benchmarks.parts"
APP = "downtime.middleware.DowntimeMiddleware"
EMPTY, PREBUILT, SAME = f"{HERE}.Empty", f"{HERE}.Prebuilt", f"{HERE}.SameAnswer"


@contextmanager
def site(schedule: str, *, flag: str | None = None, is_async: bool = False, **more: object) -> Iterator[None]:
    """It has the app's default settings, except for `more`; a process can have only one."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "downtime.yml").write_text(schedule)
        if flag is not None:
            Path(folder, "downtime.flag").write_text(flag)
        settings.configure(
            BASE_DIR=folder,
            ALLOWED_HOSTS=["*"],
            INSTALLED_APPS=["downtime"],
            ROOT_URLCONF="tests.benchmarks.async_parts" if is_async else HERE,
            TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
            LOGGING={"version": 1, "loggers": {"downtime": {"level": "ERROR"}}},
            **more,
        )
        django.setup()
        yield


class Ask(NamedTuple):
    """What a request is, and which status it has to get."""

    status: int = 200
    path: str = "/"
    method: str = "GET"
    accept: str = "text/html"

    @property
    def headers(self) -> dict[str, str]:
        """Those that it is sent with."""
        return {"accept": self.accept, "accept-language": "de"}


class Reply(NamedTuple):
    """What it got."""

    status: int
    headers: dict[str, str]
    body: bytes


class SyncRequests:
    """One request through that middleware alone, time and again; called, it returns what `count` of them take."""

    count = 50

    def __init__(self, middleware: str, ask: Ask) -> None:
        settings.MIDDLEWARE = [middleware]
        self.ask = ask
        self._handler = WSGIHandler()
        factory = RequestFactory(headers=ask.headers)
        self.environ = factory._base_environ(PATH_INFO=ask.path, REQUEST_METHOD=ask.method)

    def reply(self) -> Reply:
        """The reply to one of them."""
        response = self._handler(self.environ.copy(), start_response)
        return Reply(response.status_code, dict(response.headers), response.content)

    def __call__(self) -> float:
        handler, environ = self._handler, self.environ
        start = time.process_time()
        for _ in range(self.count):
            response = handler(environ.copy(), start_response)
            response.close()
        taken = time.process_time() - start
        assert response.status_code == self.ask.status, response.status_code
        return taken


def start_response(status: str, headers: list[tuple[str, str]]) -> None:
    """Does nothing with them."""


class AsyncRequests:
    """The same for ASGI, all in one event loop."""

    count = 20

    def __init__(self, middleware: str, ask: Ask) -> None:
        settings.MIDDLEWARE = [middleware]
        self.ask = ask
        self._handler = ASGIHandler()
        self._scope = AsyncRequestFactory().generic(ask.method, ask.path, headers=ask.headers).scope
        self._loop = asyncio.new_event_loop()
        self._is_received = False
        self._sent: list[dict[str, Any]] = []

    def reply(self) -> Reply:
        """The reply to one of them."""
        self._loop.run_until_complete(self._requests(1))
        start, *bodies = self._sent
        headers = {name.decode(): value.decode() for name, value in start["headers"]}
        return Reply(start["status"], headers, b"".join(message["body"] for message in bodies))

    def __call__(self) -> float:
        start = time.process_time()
        self._loop.run_until_complete(self._requests(self.count))
        taken = time.process_time() - start
        assert self._sent[0]["status"] == self.ask.status, self._sent[0]
        return taken

    async def _requests(self, count: int) -> None:
        for _ in range(count):
            self._is_received = False
            self._sent.clear()
            await self._handler(self._scope.copy(), self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        if self._is_received:
            await asyncio.Future()  # nobody disconnects
        self._is_received = True
        return {"type": "http.request", "body": b""}

    async def _send(self, message: dict[str, Any]) -> None:
        self._sent.append(message)


def requests(middleware: str, ask: Ask, *, is_async: bool) -> SyncRequests | AsyncRequests:
    """The one or the other."""
    return AsyncRequests(middleware, ask) if is_async else SyncRequests(middleware, ask)
