"""What scripts make of a refused request: fetch, htmx, Turbo and EventSource, each the real one in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.harness import Site, serving
from tests.support.npm import SCRIPTS, installed
from tests.support.readme import block

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Opened = Callable[..., "Page"]
HEADING = "Down for maintenance"


class Served(Site):
    """The site with those pages, and its URL."""

    url = ""

    def down(self, text: str = "") -> None:
        """From now on each request is decided by a flag with that text."""
        self.flag.write_text(text)

    def up(self) -> None:
        """From now on the site is up."""
        self.flag.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def served(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for a module; where there is no browser, none is started."""
    settings = {
        "ROOT_URLCONF": "tests.support.site.pages",
        "LIBRARIES": str(installed(tmp_path_factory.mktemp("npm"), SCRIPTS)),
        "DOWNTIME_EXEMPT_PATHS": ["/library"],
    }
    site = Served(tmp_path_factory.mktemp("scripts"), recheck=0, settings=settings)
    with serving(site, "gunicorn gthread", workers=1) as server:
        site.url = f"http://127.0.0.1:{server.port}"
        yield site


@pytest.fixture
def site(served: Served) -> Iterator[Served]:
    """That site, which is up at first."""
    served.up()
    yield served
    served.up()


def loads_of(page: Page) -> list[str]:
    """The URLs of the pages that the window loads from now on."""
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url) if request.is_navigation_request() else None)
    return urls


# fetch

FETCHES = {
    "fetch": "fetch('/api')",
    "fetch of JSON": "fetch('/api', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'})",
    "fetch of a form": "fetch('/api', {method: 'POST', body: new URLSearchParams({a: 1})})",
    "axios": "fetch('/api', {headers: {Accept: 'application/json, text/plain, */*'}})",
}


@pytest.mark.parametrize("call", FETCHES.values(), ids=FETCHES)
@pytest.mark.parametrize("redirect", ["", "redirect: https://status.example.com/"], ids=["page", "redirect"])
def test_fetch_gets_json(site: Served, opened: Opened, call: str, redirect: str) -> None:
    page = opened()
    page.goto(f"{site.url}/page/plain/none")
    site.down(f"message: Back at four.\n{redirect}\n")
    status, problem = page.evaluate(f"{call}.then(async answer => [answer.status, await answer.json()])")
    detail = "Back at four.\nWhat was sent was not saved." if "POST" in call else "Back at four."
    assert (status, problem["detail"], problem["state"]) == (503, detail, "down")


def test_xmlhttprequest_gets_json(site: Served, opened: Opened) -> None:
    page = opened()
    page.goto(f"{site.url}/page/plain/none")
    site.down()
    problem = page.evaluate(
        "new Promise(done => { const request = new XMLHttpRequest(); request.open('GET', '/api');"
        " request.responseType = 'json'; request.onload = () => done(request.response); request.send(); })"
    )
    assert problem["status"] == 503


def test_fetch_gets_html_if_it_names_it(site: Served, opened: Opened) -> None:
    page = opened()
    page.goto(f"{site.url}/page/plain/none")
    site.down()
    text = page.evaluate("fetch('/api', {headers: {Accept: 'text/html'}}).then(answer => answer.text())")
    assert HEADING in text


def test_a_navigation_still_gets_the_page(site: Served, opened: Opened) -> None:
    page = opened()
    site.down()
    page.goto(f"{site.url}/page/plain/none")
    assert page.get_by_role("heading", name=HEADING).is_visible()


# htmx


@pytest.mark.parametrize("library", ["htmx-2", "htmx-4"])
@pytest.mark.parametrize("button", ["get", "post"])
def test_htmx_shows_the_down_page_once(site: Served, opened: Opened, library: str, button: str) -> None:
    page = opened()
    page.goto(f"{site.url}/page/buttons/{library}")
    page.click(f"#{button}")
    page.get_by_text(f"a part by {button.upper()}").wait_for()
    site.down()
    urls = loads_of(page)
    page.click(f"#{button}")
    page.get_by_role("heading", name=HEADING).wait_for()
    page.wait_for_load_state("networkidle")
    assert urls == [f"{site.url}/page/buttons/{library}"]
    site.up()
    page.reload()
    assert page.locator("#target").inner_text() == "nothing yet"


@pytest.mark.parametrize("library", ["htmx-2", "htmx-4"])
@pytest.mark.parametrize(
    "flag", ["paths: [/part]", "{paths: [/part], read_only: true}"], ids=["part down", "part read-only"]
)
def test_a_page_that_is_up_is_not_loaded_again_and_again(site: Served, opened: Opened, library: str, flag: str) -> None:
    """It would send the same request each time."""
    site.down(flag)
    page = opened()
    urls = loads_of(page)
    with page.expect_response("**/part") as answer:
        page.goto(f"{site.url}/page/{'loads' if 'read_only' not in flag else 'buttons'}/{library}")
        if "read_only" in flag:
            page.click("#post")
    assert answer.value.status == 503
    page.wait_for_load_state("networkidle")
    assert urls == [f"{site.url}/page/{'loads' if 'read_only' not in flag else 'buttons'}/{library}"]


def test_a_page_that_only_a_cache_still_has_is_loaded_anew_once(site: Served, opened: Opened) -> None:
    """As a CDN may have it: the page comes all the same, and sends its request each time."""
    page = opened()
    page.goto(f"{site.url}/page/loads/htmx-2")
    page.get_by_text("a part by GET").wait_for()
    kept = page.request.get(f"{site.url}/page/loads/htmx-2").body()
    page.route("**/page/loads/*", lambda route: route.fulfill(body=kept, content_type="text/html"))
    site.down()
    urls = loads_of(page)
    page.goto(f"{site.url}/page/loads/htmx-2")
    page.wait_for_timeout(2000)  # for as long as it would go on
    assert len(urls) == 2


@pytest.mark.parametrize("library", ["htmx-2", "htmx-4"])
def test_the_recipe_of_the_readme_tells_what_htmx_does_not(site: Served, opened: Opened, library: str) -> None:
    page = opened()
    page.goto(f"{site.url}/page/buttons/{library}")
    page.add_script_tag(content=block("htmx:responseError").text)
    site.down("read_only: true")
    with page.expect_event("dialog") as dialog:
        page.on("dialog", lambda dialog: dialog.accept())
        page.click("#post", no_wait_after=True)
    assert "was not saved" in dialog.value.message


# Turbo


@pytest.mark.parametrize("page_name", ["frame", "drive"])
@pytest.mark.parametrize(
    ("flag", "button", "heading"),
    [("", "Get", HEADING), ("", "Post", HEADING), ("read_only: true", "Post", "Changes are paused")],
    ids=["link", "form", "form while read-only"],
)
@pytest.mark.parametrize("redirect", ["", "/page/plain/none"], ids=["page", "redirect"])
def test_turbo_shows_the_down_page(
    site: Served, opened: Opened, page_name: str, flag: str, button: str, heading: str, redirect: str
) -> None:
    page = opened()
    page.goto(f"{site.url}/page/{page_name}/turbo")
    page.wait_for_function("'Turbo' in window")
    site.down("\n".join(filter(None, [flag, redirect and f"redirect: {redirect}"])))
    page.get_by_text(button, exact=True).click()
    if redirect and page_name == "drive":
        page.wait_for_url(f"{site.url}{redirect}")
    else:
        page.get_by_role("heading", name=heading).wait_for()
    assert "Content missing" not in page.content()


# EventSource


def test_an_event_source_comes_back_by_the_recipe_of_the_readme(site: Served, opened: Opened) -> None:
    page = opened()
    page.clock.install()
    page.goto(f"{site.url}/page/plain/none")
    page.add_script_tag(content=block("new EventSource").text)
    page.evaluate("window.heard = []; listen('/events', event => heard.push(event.data));")
    page.wait_for_function("heard.length > 0")
    with page.expect_response(lambda response: response.url.endswith("/events") and response.status == 503):
        site.down()
    site.up()
    page.evaluate("heard.length = 0")
    page.clock.fast_forward(10_000)
    page.wait_for_function("heard.length > 0")


def test_an_event_source_alone_never_comes_back(site: Served, opened: Opened) -> None:
    """So the standard has it: https://html.spec.whatwg.org/#fail-the-connection."""
    page = opened()
    page.goto(f"{site.url}/page/plain/none")
    site.down()
    page.evaluate("window.source = new EventSource('/events')")
    page.wait_for_function("source.readyState === EventSource.CLOSED")
