"""The stand-in as an ASGI application (version 3), for HTTP, websockets and the lifespan of a server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

from downtime.standin.answers import Answers
from downtime.standin.loader import CannotLoad, Loader, Spoiled
from downtime.standin.media_types import is_script
from downtime.standin.process_end import FLUSHED_AFTER, ProcessEnd
from downtime.standin.response import BROKEN, Response

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
# RFC 6455 section 7.4.1, and the IANA registry to which section 7.4.2 leaves the other codes.
_INTERNAL_ERROR, _TRY_AGAIN_LATER = 1011, 1013


class _Request(NamedTuple):
    """What the answer to a request depends on."""

    method: str
    accept: str
    by_script: bool
    has_body: bool

    @classmethod
    def of(cls, scope: _Message) -> _Request:
        headers: dict[bytes, str] = {}
        for name, value in scope.get("headers", ()):
            text = value.decode("latin-1")
            headers[name] = f"{headers[name]},{text}" if name in headers else text  # as Django joins them
        names = (b"hx-request", b"sec-fetch-dest", b"x-requested-with", b"content-type")
        by_script = is_script(*(headers.get(name, "") for name in names))
        has_body = b"content-length" in headers or b"transfer-encoding" in headers
        return cls(scope.get("method", "GET"), headers.get(b"accept", ""), by_script, has_body)


class StandIn:
    """Answers 503 while the site is down; then loads it in a thread, and passes every request on to it."""

    def __init__(self, answers: Answers, loader: Loader) -> None:
        self._answers = answers
        self._loader = loader
        self._loading: asyncio.Future[Any] | None = None

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        application = self._loader.application
        if application is None:
            if scope["type"] == "lifespan":
                await _live(receive, send)
                return
            request = _Request.of(scope)
            response, end = await self._response(request)
            if response is not None:
                if request.has_body:
                    await _take_body(receive)
                await _send(scope, request.method, response, send)
                await _after(end)
                return
            application = self._loader.application
        await application(scope, receive, send)

    async def _response(self, request: _Request) -> tuple[Response | None, ProcessEnd | None]:
        """The response in the site's place, and how to end the process after it; both None once the site is loaded."""
        method, accept, by_script, _ = request
        if self._answers.is_due():  # in a thread, because a look at the files may block the event loop
            response = await asyncio.to_thread(self._answers.to, method, accept, is_script=by_script)
        else:
            response = self._answers.to(method, accept, is_script=by_script)
        if response is not None:
            return response, None
        try:
            await self._load()
        except CannotLoad:
            return BROKEN, None
        except Spoiled as spoiled:
            return self._answers.once_more(method, accept, is_script=by_script), spoiled.end
        return None, None

    async def _load(self) -> None:
        """Loads in a thread, once for all requests: a project may ask the database, which async code may not."""
        if self._loading is None:
            self._loading = asyncio.ensure_future(asyncio.to_thread(self._loader.load))
            self._loading.add_done_callback(self._loaded)
        await asyncio.shield(self._loading)

    def _loaded(self, loading: asyncio.Future[Any]) -> None:
        self._loading = None
        if not loading.cancelled():  # as when the server ends
            loading.exception()  # marks it as seen, even if nobody waits for it any more


async def _take_body(receive: _Receive) -> None:
    """Reads all that the client sends, as Django does: a server that has to discard it may reset the connection."""
    while (message := await receive())["type"] == "http.request" and message.get("more_body"):
        pass


async def _send(scope: _Message, method: str, response: Response, send: _Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": _INTERNAL_ERROR if response is BROKEN else _TRY_AGAIN_LATER})
        return
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in response.headers]
    await send({"type": "http.response.start", "status": int(response.status[:3]), "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else response.body})


async def _after(end: ProcessEnd | None) -> None:
    """Ends the process, if it has to end, once the server has sent the response."""
    if end is not None:
        await asyncio.sleep(FLUSHED_AFTER)
        end()


async def _live(receive: _Receive, send: _Send) -> None:
    """Follows the server's lifespan, in which there is nothing to do."""
    while (await receive())["type"] == "lifespan.startup":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})
