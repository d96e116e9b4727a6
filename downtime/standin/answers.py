"""Chooses the answer to a request while the site is down, from those prepared since the last look at the files."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import NamedTuple

from downtime.schedule.occurrence import Occurrence
from downtime.standin import response
from downtime.standin.media_types import prefers_json
from downtime.standin.observer import ANY_DOWNTIME, Observer
from downtime.standin.options import Options
from downtime.standin.response import Response

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FOR_A_MOMENT = replace(ANY_DOWNTIME, retry_after=1)


class _Prepared(NamedTuple):
    downtime: Occurrence | None
    responses: dict[tuple[bool, bool], Response]


class Answers:
    """The answers to requests while the site is down, by method, Accept, and whether a script has sent them."""

    def __init__(self, options: Options) -> None:
        self._observer = Observer(options)
        self._page_file = options.page_file
        self._prepared = _Prepared(None, {})

    def is_down(self) -> bool:
        """Whether the whole site is refused."""
        return self._observer.downtime() is not None

    def is_due(self) -> bool:
        """Whether the next answer has to wait for a look at the files."""
        return self._observer.is_due()

    def to(self, method: str, accept: str, *, is_script: bool) -> Response | None:
        """The response to such a request, of which HEAD gets only the headers; None if the site is up."""
        downtime, prepared = self._observer.downtime(), self._prepared
        if downtime is None:
            return None
        if downtime is not prepared.downtime:
            prepared = self._prepared = _Prepared(downtime, {})
        kind = prefers_json(accept, is_script), method not in _SAFE_METHODS
        found = prepared.responses.get(kind)
        if found is None:
            found = prepared.responses[kind] = self._prepare(downtime, *kind)
        return found

    def once_more(self, method: str, accept: str, *, is_script: bool) -> Response:
        """The response to such a request while the site comes back: it asks the client to try again at once."""
        return self._prepare(_FOR_A_MOMENT, prefers_json(accept, is_script), method not in _SAFE_METHODS)

    def _prepare(self, downtime: Occurrence, is_json: bool, was_sent: bool) -> Response:
        build = response.problem if is_json else response.page
        return build(downtime, self._page_file, now=time.time(), was_sent=was_sent)
