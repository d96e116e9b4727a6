"""The page and the problem details for a program that answers in Django's place, such as a front server."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.http import HttpRequest

from downtime.http.language import Languages, has_texts
from downtime.http.pages import Kind, page_languages, prepare_page
from downtime.http.problem_details import json_response, problem_details
from downtime.schedule.periods import Window


class Prerendered(NamedTuple):
    """What a visitor without a preferred language gets, as bytes."""

    page: bytes
    problem: bytes
    """Without `retry_after`, which would become outdated."""
    is_built_in: bool
    """Whether the page is the built-in one because the template can't be rendered."""


def prerender(window: Window, release: datetime) -> Prerendered:
    """The page and the problem details of a downtime of the whole site until `release`; NEVER means no known end.

    They come from the template even if DOWNTIME_VIEW or a redirect answers the requests that reach Django."""
    visitor = HttpRequest()
    page = prepare_page(window, release, Kind(page_languages().of(visitor)))
    problem = problem_details(window, release, Kind(Languages(has_texts).of(visitor)))
    return Prerendered(page.response.content, json_response(problem).content, page.is_built_in)
