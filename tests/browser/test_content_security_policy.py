"""The page and the admin under a strict policy, with the real middlewares, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import django
import pytest

from tests.browser.conftest import Site, serving
from tests.browser.test_admin_page import planned
from tests.browser.test_coming_back import COMES_BACK, LONGEST_PAUSE
from tests.support.programs import require
from tests.support.readme import block
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Opened = Callable[..., "Page"]

README_POLICY = " ".join(block("style-src").text.split())
STRICT = "default-src 'self'"
MIDDLEWARES = {
    "django-csp": """
CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"default-src": ["'self'"]}}
MIDDLEWARE.insert(0, "csp.middleware.CSPMiddleware")
""",
}
if django.VERSION >= (6,):  # .ci/run runs this file with such a Django too
    MIDDLEWARES["Django"] = """
SECURE_CSP = {"default-src": ["'self'"]}
MIDDLEWARE.insert(0, "django.middleware.csp.ContentSecurityPolicyMiddleware")
"""


@pytest.fixture(scope="module", params=MIDDLEWARES)
def strict_site(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Site]:
    """The sample site under that policy."""
    require("csp")
    with serving(tmp_path_factory.mktemp("strict"), MIDDLEWARES[request.param]) as site:
        yield site


@pytest.fixture
def complaints(opened: Opened) -> tuple[Page, list[str]]:
    """A page, and what the browser says against what is on it."""
    page = opened()
    found: list[str] = []
    page.on("console", lambda message: "Content Security Policy" in message.text and found.append(message.text))
    return page, found


def shown_down(page: Page, site: Site) -> str:
    """The colour of the paper on the down page, and the policy that came with it."""
    site.flag.touch()

    def is_down() -> bool:
        answer = page.goto(site.url)
        return answer is not None and answer.status == 503

    wait_until(is_down, within=10, what="the site has seen the flag")
    colour: str = page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor")
    return colour


def test_the_page_keeps_its_style_and_comes_back_by_itself(
    strict_site: Site, complaints: tuple[Page, list[str]]
) -> None:
    page, found = complaints
    page.clock.install()
    assert shown_down(page, strict_site) == "rgb(255, 255, 255)"
    with page.expect_response(lambda answer: answer.request.method == "HEAD") as asked:
        page.clock.fast_forward(LONGEST_PAUSE)
    assert asked.value.status == 503
    assert found == []
    strict_site.flag.unlink()


def test_the_policy_of_the_site_is_in_force(strict_site: Site, complaints: tuple[Page, list[str]]) -> None:
    """By the sample's home page, whose style it does not allow."""
    page, found = complaints
    page.goto(strict_site.url)
    assert page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") == "none"
    wait_until(lambda: any("style" in text for text in found), what="the browser complains of the style")


def test_the_banner_has_its_style_and_can_be_hidden(strict_site: Site, complaints: tuple[Page, list[str]]) -> None:
    page, found = complaints
    strict_site.schedule.write_text(planned(datetime.now(timezone.utc)))

    def is_there() -> bool:
        page.goto(strict_site.url)
        return page.locator(".downtime-banner").count() == 1

    wait_until(is_there, within=10, what="the banner is there")
    banner = "getComputedStyle(document.querySelector('.downtime-banner')).borderInlineStartWidth"
    assert page.evaluate(banner) == "4px"
    notices = page.locator(".downtime-announcement").count()
    page.locator(".downtime-dismiss").first.click()
    assert page.locator(".downtime-announcement").count() == notices - 1
    assert not [text for text in found if "script" in text]


def test_the_admin_page_works(strict_site: Site, complaints: tuple[Page, list[str]]) -> None:
    page, found = complaints
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    strict_site.schedule.write_text(planned(datetime.now(timezone.utc)))
    answer = page.goto(strict_site.page)
    assert answer is not None
    assert answer.headers["content-security-policy"] == STRICT
    page.fill("[name=username]", "demo")
    page.fill("[name=password]", "demo")
    page.click("[type=submit]")
    page.wait_for_url(strict_site.page)
    assert page.locator(".downtime-lanes rect").count() >= 5
    page.locator("#result_list").get_by_role("button", name="Copy").first.click()
    page.locator("#result_list").get_by_role("button", name="Copied").wait_for()
    strict_site.flag.touch()
    page.locator("#downtime-state[data-state=down]").wait_for(timeout=20_000)
    colour = page.evaluate("getComputedStyle(document.querySelector('#downtime-state')).borderInlineStartWidth")
    assert colour == "6px"
    strict_site.flag.unlink()
    assert found == []


@pytest.mark.parametrize(
    ("policy", "background", "line"),
    [(f"default-src 'none'; {README_POLICY}", "rgb(255, 255, 255)", COMES_BACK), (STRICT, "rgba(0, 0, 0, 0)", "")],
    ids=["of the documentation", "without the hashes"],
)
def test_a_policy_that_a_proxy_adds_needs_the_hashes_of_the_readme(
    site: Site, complaints: tuple[Page, list[str]], policy: str, background: str, line: str
) -> None:
    """As nginx's add_header would: a second header, so that both count."""
    page, found = complaints

    def add(route: object) -> None:
        answer = route.fetch()  # type: ignore[attr-defined]
        own = answer.headers["content-security-policy"]
        route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": f"{own}, {policy}"})  # type: ignore[attr-defined]

    shown_down(page, site)
    page.route("**/*", add)
    found.clear()
    assert shown_down(page, site) == background
    assert page.locator("[role=status]").inner_text() == line
    assert bool(found) is (policy == STRICT)
