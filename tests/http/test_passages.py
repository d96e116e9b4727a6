import io
from collections.abc import Callable

import pytest
from django.http import FileResponse, HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import ResolverMatch
from django.utils.cache import patch_cache_control, patch_vary_headers

from downtime.decorators import downtime_exempt
from downtime.http.built_in_page import BUILT_IN_PAGE
from downtime.http.passages import (
    Passage,
    keep_private,
    unchanged,
    withhold_unless_exempt,
    withhold_unless_reading,
)


def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("up")


VIEWS = {
    "exempt": downtime_exempt(view),
    "reading": downtime_exempt(read_only=True)(view),
    "plain": view,
}


@pytest.mark.parametrize(
    ("passage", "heard"),
    [
        (unchanged, {"exempt", "reading", "plain"}),
        (withhold_unless_exempt, {"exempt"}),
        (withhold_unless_reading, {"exempt", "reading"}),
    ],
    ids=["unchanged", "withhold unless exempt", "withhold unless reading"],
)
@pytest.mark.parametrize("answers", VIEWS)
def test_only_a_view_that_may_answer_is_heard(passage: Passage, heard: set[str], answers: str) -> None:
    request = RequestFactory().get("/")
    request.resolver_match = ResolverMatch(VIEWS[answers], (), {})
    response = passage(request, HttpResponse("up"))
    assert isinstance(response, HttpResponse)
    assert response.content.decode() == ("up" if answers in heard else BUILT_IN_PAGE)


@pytest.mark.parametrize("passage", [withhold_unless_exempt, withhold_unless_reading], ids=["exempt", "reading"])
def test_what_no_view_has_answered_is_heard(passage: Callable[[HttpRequest, HttpResponse], HttpResponse]) -> None:
    response = HttpResponse("by a middleware below")
    assert passage(RequestFactory().get("/"), response) is response


@pytest.mark.usefixtures("database_left_alone")
def test_what_is_to_be_closed_with_a_response_that_is_withheld_is_closed_with_the_page_in_its_place() -> None:
    closed: list[str] = []
    request = RequestFactory().get("/")
    request.resolver_match = ResolverMatch(view, (), {})
    response = FileResponse(io.BytesIO(b"a file"))
    response._resource_closers.append(lambda: closed.append("closer"))
    page = withhold_unless_exempt(request, response)
    assert isinstance(page, HttpResponse)
    assert (page.content.decode(), closed) == (BUILT_IN_PAGE, [])
    page.close()
    assert closed == ["closer"]


@pytest.mark.parametrize("control", [None, "", "public", "no-cache", "Private, max-age=5", "no-store"])
@pytest.mark.parametrize("vary", [None, "", "*", "Accept", "cookie, Accept"])
def test_a_response_of_its_own_client_says_so_as_it_would_by_the_helpers_of_django(
    control: str | None, vary: str | None
) -> None:
    headers = {name: value for name, value in {"Cache-Control": control, "Vary": vary}.items() if value is not None}
    expected, response = HttpResponse(headers=headers), HttpResponse(headers=headers)
    patch_cache_control(expected, private=True)
    patch_vary_headers(expected, ("Cookie",))
    assert dict(keep_private(HttpRequest(), response).headers) == dict(expected.headers)


def test_what_a_site_says_of_caches_stays_but_for_shared_ones() -> None:
    headers = {
        "Cache-Control": "public, max-age=60",
        "Vary": "Accept",
        "CDN-Cache-Control": "max-age=600",
        "X-Accel-Expires": "600",
    }
    personal = keep_private(HttpRequest(), HttpResponse(headers=headers))
    assert set(personal["Cache-Control"].split(", ")) == {"private", "max-age=60"}
    assert personal["Vary"] == "Accept, Cookie"
    assert set(personal.headers) == {"Content-Type", "Cache-Control", "Vary"}
