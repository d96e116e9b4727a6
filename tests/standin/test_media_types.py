import tracemalloc
from typing import Any

import pytest
from django.test import RequestFactory

from downtime.http import negotiation, scripts
from downtime.standin import media_types

ACCEPTS = [
    "",
    "*/*",
    "text/html",
    "TEXT/HTML",
    "application/json",
    "Application/JSON",
    "application/problem+json",
    "application/vnd.api+json; charset=utf-8",
    "application/json, text/html",
    "text/html, application/json",
    "text/html;q=0.5, application/json",
    "text/html;q=0.5, application/json;q=0.5",
    "text/html ; q = 0.5, application/json ; q=0.4",
    "application/json;q=0.9, */*;q=0.8",
    "application/json;q=0.7, */*;q=0.8",
    "application/json;q=0",
    "application/json;q=nonsense, text/html;q=0.1",
    "application/json;q=-1, text/html;q=0.1",
    "application/json;q=7, text/html;q=0.1",
    "application/json;q=nan",
    "application/*",
    "application/xhtml+xml",
    "text/*;q=0.3, application/json;q=0.4",
    "image/png, image/*",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    ",,,",
    ";;",
    "json",
    "*/json",
    "application/json;version=1;q=0.2, text/html;q=0.3",
    "a" * 5_000 + ", application/json",
]


@pytest.mark.parametrize("is_script", [False, True], ids=["navigation", "script"])
@pytest.mark.parametrize("accept", ACCEPTS, ids=[accept[:40] or "none" for accept in ACCEPTS])
def test_who_gets_json_is_the_same_as_from_the_middleware(accept: str, is_script: bool) -> None:
    by_middleware = negotiation.prefers_json(accept[: negotiation.LONGEST_HEADER], is_script=is_script)
    assert media_types.prefers_json(accept, is_script) is by_middleware


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"HTTP_HX_REQUEST": "true", "HTTP_SEC_FETCH_DEST": "empty"},
        {"HTTP_HX_REQUEST": "false", "HTTP_SEC_FETCH_DEST": "empty"},
        {"HTTP_SEC_FETCH_DEST": "document"},
        {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"},
        {"HTTP_X_REQUESTED_WITH": "an app"},
        {"CONTENT_TYPE": "application/json"},
        {"CONTENT_TYPE": "Application/JSON; charset=utf-8"},
        {"CONTENT_TYPE": "application/vnd.api+json"},
        {"CONTENT_TYPE": "text/x+json"},
        {"CONTENT_TYPE": "application/x-www-form-urlencoded"},
    ],
    ids=str,
)
def test_what_counts_as_a_script_is_the_same_as_for_the_middleware(headers: dict[str, Any]) -> None:
    request = RequestFactory().generic("POST", "/", b"x", headers.get("CONTENT_TYPE", ""), **headers)
    names = ("HTTP_HX_REQUEST", "HTTP_SEC_FETCH_DEST", "HTTP_X_REQUESTED_WITH", "CONTENT_TYPE")
    assert media_types.is_script(*(headers.get(name, "") for name in names)) is scripts.is_script(request)


def test_long_headers_are_not_kept() -> None:
    tracemalloc.start()
    try:
        for number in range(100):
            media_types.prefers_json(f"text/html;a={number}" + "x" * 60_000, is_script=False)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1_000_000
