"""The down page, rendered once so that requests only copy it; and the response of last resort."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase
from django.http.response import ResponseHeaders
from django.template.loader import get_template
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.formats import get_format

from downtime.conf import conf
from downtime.http.built_in_page import built_in_page
from downtime.http.content_security_policy import policy
from downtime.http.event_loop import may_block
from downtime.http.language import Language, Languages, has_project_texts, has_texts, is_right_to_left
from downtime.http.negotiation import SAFE_METHODS
from downtime.http.scripts import VARIES_BY
from downtime.http.throttled_log import PAUSE, ThrottledLogger
from downtime.schedule.occurrence import occurrence, zone_name
from downtime.schedule.periods import Period, Window
from downtime.schedule.url_paths import first_paths

logger = ThrottledLogger(__name__)

OWN_TEMPLATE = Path(__file__).parents[1] / "templates" / "downtime" / "downtime.html"
"""The file of the app's own page, which a project may have replaced."""


class Kind(NamedTuple):
    """What a page depends on besides its period: the language, and facts about the request."""

    language: Language
    was_sent: bool = False
    """Whether the request would have changed something, which was not saved."""
    home: str = ""
    """The URL of the front page, if only part of the site is refused."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A page or problem details with the headers. It holds its period, so no other period can get the same id."""

    period: Period
    response: HttpResponse
    kept_until: float
    """Monotonic seconds; infinite unless rendering failed."""

    @property
    def is_built_in(self) -> bool:
        """Whether the built-in page takes the place of a template that could not be rendered."""
        return self.kept_until < math.inf


def built_in_response(method: str | None, message: str = "") -> HttpResponse:
    """The response of last resort to a request with that method: 503 with the built-in page and the message."""
    page = built_in_page(message, was_sent=method not in SAFE_METHODS)
    response = mark_planned(HttpResponse(page, status=503))
    response["Content-Length"] = str(len(response.content))
    return drop_body(response) if method == "HEAD" else response


def prepare_page(window: Window, release: datetime, kind: Kind) -> Prepared:
    """The page of that kind for requests that are refused until `release`; never raises."""
    try:
        response, kept_until = _rendered(window, release, kind), math.inf
    except Exception:  # a template can raise anything; its error must not become the site's
        logger.exception("the template %s can't be rendered; the built-in page is shown", conf.DOWNTIME_TEMPLATE)
        # Not for long, because the template may be in the middle of a deploy.
        response = built_in_response("POST" if kind.was_sent else "GET", window.period.message)
        kept_until = time.monotonic() + PAUSE
    return Prepared(window.period, response, kept_until)


def is_own(template: Any) -> bool:
    """Whether a loaded template is the app's own, and not the project's replacement."""
    origin = getattr(template, "origin", None)  # templates of other engines may have none
    return bool(getattr(origin, "name", None) == str(OWN_TEMPLATE))


def has_own_page() -> bool:
    """Whether the page comes from the app's own template; also if the template can't be loaded."""
    may_block()
    try:
        return is_own(get_template(conf.DOWNTIME_TEMPLATE))
    except Exception:  # a template can raise anything; rendering it logs the error
        return True


def page_languages() -> Languages:
    """The languages of the page: the app's or, with a template of the project, the project's."""
    return Languages(has_texts if has_own_page() else has_project_texts)


def _rendered(window: Window, release: datetime, kind: Kind) -> HttpResponse:
    template = get_template(conf.DOWNTIME_TEMPLATE)
    # An earlier request may have left its language and its zone to this thread.
    with translation.override(kind.language.code), timezone.override(None):
        page = template.render(_context(window, release, kind))
    response = mark_planned(HttpResponse(page, status=503), kind.language.vary)
    if is_own(template):
        # The site's own policy would block the style; a middleware that sets it leaves an existing one alone.
        response["Content-Security-Policy"] = policy(page)
    response["Content-Language"] = kind.language.code
    response["Content-Length"] = str(len(response.content))
    return response


def _context(window: Window, release: datetime, kind: Kind) -> dict[str, Any]:
    period, code = occurrence(window, timezone.get_default_timezone(), end=release), kind.language.code
    return {
        "period": period,
        "end": period.end,
        "zone": period.end and zone_name(period.end),
        # Not the format of LANGUAGE_CODE, which Django uses if USE_I18N is off.
        "date_format": get_format("DATE_FORMAT", lang=code, use_l10n=True),
        "was_sent": kind.was_sent,
        "home": kind.home,
        "parts": first_paths(period.paths) if kind.home else [],
        "language_code": code,
        "language_bidi": is_right_to_left(code),
        "message_language": settings.LANGUAGE_CODE,
    }


_Response = TypeVar("_Response", bound=HttpResponseBase)


def mark_planned(response: _Response, vary: Iterable[str] = ()) -> _Response:
    """Adds the headers that every response here has, and keeps Django from logging it; changes its argument.

    `vary` names request headers that the response depends on besides Accept."""
    add_never_cache_headers(response)
    patch_vary_headers(response, ("Accept", *VARIES_BY, *vary))
    response["X-Downtime"] = "planned"
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def drop_body(response: HttpResponse) -> HttpResponse:
    """Removes the body and leaves the headers, as for HEAD (RFC 9110 section 9.3.2); changes its argument."""
    if response.content:
        response.setdefault("Content-Length", str(len(response.content)))
    response.content = b""
    return response


def copy_response(response: HttpResponse, content: bytes | None = None) -> HttpResponse:
    """A copy of the same class, with that content, which can be changed without changing the argument.

    The copy takes over what is to be closed with the argument, so it is closed once. Building a new response with the
    same nine headers takes five times as long (18 µs instead of 3.6, measured), and `copy.copy` leaves out what a
    class such as TemplateResponse does not pickle."""
    headers = ResponseHeaders.__new__(ResponseHeaders)
    headers._store = response.headers._store.copy()
    closers = response.__dict__["_resource_closers"]
    copy: HttpResponse = object.__new__(type(response))
    copy.__dict__.update(
        response.__dict__,
        headers=headers,
        cookies=type(response.cookies)(response.cookies),
        _container=[response.content if content is None else content],
        _resource_closers=[*closers],
    )
    closers.clear()
    return copy


def set_number(response: HttpResponse, name: str, number: int) -> None:
    """Sets a header to a number of ours, without Django's checks of the value (0.6 µs instead of 1.6, measured)."""
    response.headers._store[name.lower()] = (name, str(number))
