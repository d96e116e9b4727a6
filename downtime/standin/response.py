"""The responses in the site's place, as bytes: the page file or the built-in page, or problem details (RFC 9457)."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from downtime.files import disk
from downtime.http.built_in_page import built_in_page
from downtime.schedule.occurrence import Occurrence
from downtime.schedule.periods import NEVER
from downtime.schedule.retry_after import retry_after
from downtime.standin.observer import ANY_DOWNTIME

_LONGEST_PAGE = 4 * 1024 * 1024
_REASON = "The site is down for maintenance."
_NOT_SAVED = "What was sent was not saved."
_VARY = "Accept, Sec-Fetch-Dest, X-Requested-With, Content-Type, HX-Request, Turbo-Frame"


@dataclass(frozen=True, slots=True)
class Response:
    """A response, by default for a planned downtime."""

    headers: tuple[tuple[str, str], ...]
    body: bytes
    status: str = "503 Service Unavailable"


BROKEN = Response(
    (("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "27"), ("Cache-Control", "no-store")),
    b"<h1>Server Error (500)</h1>",
    "500 Internal Server Error",
)
"""For requests while the site is up and can't be loaded; some servers send nothing if an application raises."""


def page(downtime: Occurrence, page_file: str | None, *, now: float, was_sent: bool) -> Response:
    """The page file as it is or, if it can't be read, the built-in page with the message of the downtime."""
    body = _content(page_file) if page_file else b""
    if not body:
        body = built_in_page(downtime.message, was_sent=was_sent).encode()
    return _response("text/html; charset=utf-8", body, _retry_after(downtime, now))


def problem(downtime: Occurrence, page_file: str | None, *, now: float, was_sent: bool) -> Response:
    """Problem details as the middleware would send them; the page's twin fills in what the files do not say."""
    twin = _twin(page_file) if page_file else {}
    seconds = _retry_after(downtime, now)
    detail = downtime.message or twin.get("detail") or _REASON
    details = {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": f"{detail}\n{_NOT_SAVED}" if was_sent else detail,
        "start": downtime.start.isoformat() if downtime.start else None,
        "end": downtime.end.isoformat() if downtime.end else twin.get("end") if downtime == ANY_DOWNTIME else None,
        "retry_after": seconds,
        "state": "down",
    }
    body = json.dumps(details, ensure_ascii=False).encode("utf-8", "replace")
    return _response("application/problem+json", body, seconds)


def twin_of(page_file: str) -> str:
    """The path of the JSON twin of a page file: downtime.json for downtime.html."""
    return os.path.splitext(page_file)[0] + ".json"


def _retry_after(downtime: Occurrence, now: float) -> int | None:
    return retry_after(downtime.retry_after, downtime.end or NEVER, now)


def _response(content_type: str, body: bytes, seconds: int | None) -> Response:
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "max-age=0, no-cache, no-store, must-revalidate, private"),
        ("Vary", _VARY),
        ("X-Downtime", "planned"),
    ]
    if seconds is not None:
        headers.append(("Retry-After", str(seconds)))
    return Response(tuple(headers), body)


def _content(path: str) -> bytes:
    """The content of the file; empty if it can't be read, or is a pipe, which could block."""
    with suppress(OSError, MemoryError):
        return disk.read(path, limit=_LONGEST_PAGE)[0]
    return b""


def _twin(page_file: str) -> dict[str, Any]:
    with suppress(ValueError, RecursionError):
        twin = json.loads(_content(twin_of(page_file)))
        if isinstance(twin, dict) and isinstance(twin.get("detail"), str):
            return twin
    return {}
