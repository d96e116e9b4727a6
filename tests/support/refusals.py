"""Refused requests without a middleware, and the parts of a page that matter to a test."""

from datetime import datetime, timezone
from html.parser import HTMLParser

from django.http import HttpResponse
from django.test import RequestFactory

from downtime.http.responses import Refusals
from downtime.schedule.periods import NEVER, Period, Window

START = datetime(2026, 12, 1, 1, tzinfo=timezone.utc)
OPEN_ENDED = Period(START)
ENDS_AT_FOUR = datetime(2099, 12, 1, 3, tzinfo=timezone.utc)
PROBLEM = "application/problem+json"


def refused(
    period: Period = OPEN_ENDED,
    release: datetime = NEVER,
    *,
    method: str = "GET",
    accept: str = "",
    languages: str = "",
    cookie: str = "",
    path: str = "/",
    spares_home: bool = False,
    refusals: Refusals | None = None,
) -> HttpResponse:
    """The response that the middleware would pass to the server."""
    given = {"accept": accept, "accept-language": languages, "cookie": cookie}
    request = RequestFactory().generic(method, path, headers={name: value for name, value in given.items() if value})
    window = Window(period.start, 0, period.end, period)
    response = (refusals or Refusals()).of(request, window, release, spares_home=spares_home)
    assert isinstance(response, HttpResponse)
    return response


class Page(HTMLParser):
    """The parts of a page that matter here."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(response.content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data
