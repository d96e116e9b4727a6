import pytest
import pytest_django
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.test import AsyncRequestFactory, RequestFactory

from downtime.http.event_loop import at_once
from downtime.http.htmx import COOKIE, page_of, refresh

SITE = "http://example.com"


def sent(path: str = "/part", *, page: str = "", is_async: bool = False, **headers: str) -> HttpRequest:
    """A request as htmx sends it from that page."""
    given = {"hx-request": "true", "hx-current-url": page, **headers}
    request = (AsyncRequestFactory() if is_async else RequestFactory()).post(path, {"a": "1"}, headers=given)
    request.META["HTTP_HOST"] = "example.com"
    return request


PAGES: dict[str, tuple[str, str, str | None]] = {
    "the page": (f"{SITE}/cart/", "", "/cart/"),
    "with a query": (f"{SITE}/cart/?a=b#c", "", "/cart/"),
    "letters": (f"{SITE}/gr%C3%B6%C3%9Fer", "", "/größer"),
    "no path": (SITE, "", None),
    "below a script": (f"{SITE}/site/cart/", "/site", "/cart/"),
    "outside of the script": (f"{SITE}/other/", "/site", None),
    "not known": ("", "", "/part"),
    "another site": ("https://evil.example/", "", None),
    "another port": ("http://example.com:8000/", "", None),
    "malformed": ("http://[", "", None),
    "capitals": ("HTTP://EXAMPLE.COM/cart/", "", "/cart/"),
}


@pytest.mark.parametrize(("page", "script", "path"), PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("is_async", [False, True], ids=["WSGI", "ASGI"])
def test_the_page_is_what_a_reload_would_ask_for(page: str, script: str, path: str | None, is_async: bool) -> None:
    request = sent(page=page, is_async=is_async)
    if script and not is_async:
        request = WSGIRequest({**request.META, "SCRIPT_NAME": script})
    elif script:
        request.path = script + request.path_info
    found = page_of(request)
    if path is None:
        assert found is None
        return
    assert found is not None
    assert (found.method, found.path_info, found.path) == ("GET", path, script + path)
    assert dict(found.GET.items()) == ({"a": "b"} if "?" in page else {})
    assert page_of(found) is None
    assert (request.method, request.path_info) == ("POST", "/part")


@pytest.mark.parametrize("is_async", [False, True], ids=["WSGI", "ASGI"])
def test_the_page_has_nothing_of_the_request_that_was_read_before(is_async: bool) -> None:
    """As by a middleware above, or by a callable of DOWNTIME_EXEMPT_IF."""
    request = sent("/part?a=b", page=f"{SITE}/cart/", is_async=is_async)
    assert (request.GET["a"], request.POST["a"], request.headers["HX-Request"]) == ("b", "1", "true")
    page = page_of(request)
    assert page is not None
    assert (dict(page.GET), dict(page.POST)) == ({}, {})
    assert "HX-Request" not in page.headers
    assert request.POST["a"] == "1"


def test_a_very_long_url_is_never_taken_apart_in_an_event_loop() -> None:
    for times, is_at_once in ((1_000, True), (20_000, False)):
        request = sent(page=f"{SITE}/" + "%61" * times)
        assert bool(at_once(page_of, request)) is is_at_once
        assert page_of(request)


def test_what_htmx_has_not_sent_has_no_page() -> None:
    assert page_of(RequestFactory().get("/", headers={"hx-current-url": f"{SITE}/"})) is None


@pytest.mark.parametrize(("site", "is_own"), [("same-origin", True), ("same-site", False), ("cross-site", False)])
def test_the_browser_knows_best_whether_the_page_is_of_this_site(site: str, is_own: bool) -> None:
    """As a proxy in front may replace the Host."""
    request = sent(page="https://www.example.org/cart/", **{"sec-fetch-site": site})
    assert (page_of(request) is not None) is is_own


@pytest.mark.parametrize("site", ["", "cross-site"])
def test_a_host_that_is_not_allowed_has_no_page(settings: pytest_django.Settings, site: str) -> None:
    settings.ALLOWED_HOSTS = ["other.example"]
    assert page_of(sent(page=f"{SITE}/", **{"sec-fetch-site": site})) is None


def test_htmx_is_told_to_load_the_page_anew() -> None:
    response = HttpResponse(status=503)
    refresh(sent(), response)
    assert response["HX-Refresh"] == "true"
    assert response["Vary"] == "HX-Current-URL, Cookie"
    cookie = response.cookies[COOKIE]
    assert (cookie["max-age"], cookie["path"], cookie["httponly"], cookie["samesite"]) == (60, "/", True, "Lax")


def test_it_is_told_so_once_a_minute() -> None:
    response = HttpResponse(status=503)
    refresh(sent(cookie=f"{COOKIE}=1"), response)
    assert "HX-Refresh" not in response
    assert COOKIE not in response.cookies


@pytest.mark.parametrize(
    "response",
    [HttpResponse("a part", status=200), HttpResponse(status=503, headers={"HX-Retarget": "#error"})],
    ids=["another status", "a word of its own"],
)
def test_a_response_that_speaks_to_htmx_itself_stays(response: HttpResponse) -> None:
    before = {name: value for name, value in response.items() if name != "Vary"}
    refresh(sent(), response)
    assert {name: value for name, value in response.items() if name != "Vary"} == before


@pytest.mark.parametrize(
    ("over_tls", "setting", "secure"), [(True, False, True), (False, True, True), (False, False, "")]
)
def test_the_cookie_is_as_secure_as_that_of_the_session(
    settings: pytest_django.Settings, over_tls: bool, setting: bool, secure: object
) -> None:
    settings.SESSION_COOKIE_SECURE = setting
    request = RequestFactory().get("/", secure=over_tls)
    response = HttpResponse(status=503)
    refresh(request, response)
    assert response.cookies[COOKIE]["secure"] == secure
