"""What a visitor would get at a moment, by path and method alone, whoever it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from urllib.parse import unquote_to_bytes, urlsplit

from django.core.handlers.wsgi import WSGIRequest
from django.urls import Resolver404

from downtime.conf import conf
from downtime.exemptions import Exemptions, is_safe
from downtime.http.marks import NO_MARK, ViewMark, view_mark
from downtime.http.site_code import LOST_MARK, mark_at, view_of
from downtime.schedule.periods import ALWAYS, NEVER, Answer, Period, Window

_METHOD = re.compile(r"[A-Za-z]{1,20}")
_WHOLE_SITE = Window(ALWAYS, 0, NEVER, Period())


@dataclass(frozen=True, slots=True)
class Visit:
    """A request, and what it would get."""

    path: str
    """Decoded, as the paths of a period are."""
    method: str
    window: Window | None
    """The first that covers the request, or None."""
    until: datetime
    """When nothing covers the request any more; NEVER if that is not known, or if nothing does at the moment."""
    exempt_by: str | None
    """The exemption that lets it through, or would in a downtime of the whole site if no window covers it."""

    @property
    def is_refused(self) -> bool:
        """Whether the request would be refused, unless its sender is exempt."""
        return self.window is not None and self.exempt_by is None

    @property
    def view(self) -> str:
        """What answers that path while the site is up, in words."""
        try:
            view = view_of(self.path)
        except Resolver404:
            return "no view answers that path"
        except Exception as error:  # a URLconf can raise anything as it is imported
            return f"the URLconf can't be asked which view answers that path: {type(error).__name__}: {error}"
        named = getattr(view, "view_class", view)  # not the function that `as_view` has made of the class
        name = f"{named.__module__}.{getattr(named, '__qualname__', type(named).__qualname__)}"
        mark = view_mark(view)
        if mark.lost:
            return LOST_MARK % mark.lost
        how = "is not marked with @downtime_exempt" if mark.mark is None else "passes only while the site is read-only"
        return f"the view {name}, which answers that path, {how}"


def visit(path: str, method: str, answer: Answer, *, is_sure: bool) -> Visit:
    """What a request for a path, written as in an address bar, gets; exemptions by who asks are left out.

    Unless the answer `is_sure`, it is not known when the request will pass."""
    redirect = conf.DOWNTIME_URL_REDIRECT or ""
    request = _request(path, method, redirect)
    info, safe = request.path_info, is_safe(request)
    window = answer.covering(info, safe=safe)
    if window is not None and window.period.redirect:
        request = _request(path, method, window.period.redirect)
    read_only = window is not None and not safe and answer.covering(info, safe=True) is None
    mark, exempt_by = _mark(info), Exemptions().exempt_by(request, window or _WHOLE_SITE)
    if exempt_by is None and mark.passes(read_only=read_only):
        exempt_by = "downtime_exempt"
    elif exempt_by is None and window is not None and mark.passes(read_only=not safe):
        # It passes as if it only read, so only what refuses reading keeps it waiting.
        safe, window = True, answer.covering(info, safe=True)
    until = answer.release(info, safe=safe) if window is not None and is_sure else NEVER
    return Visit(info, method, window, until, exempt_by)


def _mark(path: str) -> ViewMark:
    """The mark of the view that answers the path; none if the URLconf raises, which Visit.view reports."""
    try:
        return mark_at(path)
    except Exception:  # a URLconf can raise anything as it is imported
        return NO_MARK


def to_path(text: str) -> str:
    """The text itself, if it can be the path of a request; raises ValueError."""
    if not text.startswith("/") or not text.isprintable() or "?" in text or "#" in text:
        what = "a path of this site that begins with /, such as /search, without a host, query or fragment"
        raise ValueError(f"it must be {what}")
    return text


def to_method(text: str) -> str:
    """The method in capital letters; raises ValueError unless it can be one."""
    if not _METHOD.fullmatch(text):
        raise ValueError("it must be an HTTP method such as GET or POST")
    return text.upper()


def _request(path: str, method: str, redirect: str) -> WSGIRequest:
    """The request, sent to the host that the redirect leads to, as a redirected visitor sends it."""
    try:
        host = urlsplit(redirect).netloc
    except ValueError:  # `checks` reports it
        host = ""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "SERVER_NAME": host or "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": host or "localhost",
        "wsgi.input": BytesIO(),
        "wsgi.url_scheme": "http",
    }
    return WSGIRequest(environ)
