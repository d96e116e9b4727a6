"""The stand-in as a WSGI application (PEP 3333)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from downtime.standin.answers import Answers
from downtime.standin.loader import CannotLoad, Loader, Spoiled
from downtime.standin.media_types import is_script
from downtime.standin.process_end import FLUSHED_AFTER, ProcessEnd
from downtime.standin.response import BROKEN


class StandIn:
    """Answers 503 while the site is down; then loads it, and passes every request on to it."""

    def __init__(self, answers: Answers, loader: Loader) -> None:
        self._answers = answers
        self._loader = loader

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if (application := self._loader.application) is not None:
            return application(environ, start_response)  # type: ignore[no-any-return]
        get = environ.get
        method, accept = environ["REQUEST_METHOD"], get("HTTP_ACCEPT", "")
        by_script = is_script(
            get("HTTP_HX_REQUEST", ""),
            get("HTTP_SEC_FETCH_DEST", ""),
            get("HTTP_X_REQUESTED_WITH", ""),
            get("CONTENT_TYPE", ""),
        )
        response = self._answers.to(method, accept, is_script=by_script)
        end: ProcessEnd | None = None
        if response is None:
            try:
                application = self._loader.load()
            except CannotLoad:
                response = BROKEN
            except Spoiled as spoiled:
                response, end = self._answers.once_more(method, accept, is_script=by_script), spoiled.end
            else:
                return application(environ, start_response)  # type: ignore[no-any-return]
        start_response(response.status, list(response.headers))
        body = b"" if method == "HEAD" else response.body
        return [body] if end is None else _LastAnswer(body, end)


class _LastAnswer:
    """A body after which the process ends."""

    def __init__(self, body: bytes, end: ProcessEnd) -> None:
        self._body, self._end = body, end

    def __iter__(self) -> Iterator[bytes]:
        yield self._body

    def close(self) -> None:
        """Ends the process; servers call it after the body is sent (PEP 3333)."""
        time.sleep(FLUSHED_AFTER)
        self._end()
