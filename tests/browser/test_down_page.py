"""The down page as a visitor sees it."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import DESKTOP, PHONE, Site, overflow, serving, violations
from tests.support.readme import block
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Opened = Callable[..., "Page"]
FLAG = (
    "message: |\n  We are moving to faster disks.\n\n  Orders that you have placed are safe.\nend: 2099-12-01 04:00\n"
)


@pytest.fixture
def down(site: Site, opened: Opened) -> Opened:
    """Opens a window on the site, which is down: down(flag="…", locale="de")."""

    def down(flag: str = FLAG, **options: Any) -> Page:
        site.flag.write_text(flag)
        page = opened(**options)
        wait_until(lambda: is_shown(page, site), within=10, what="the site has seen the flag")
        return page

    return down


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("locale", "direction", "heading"),
    [
        ("en-GB", "ltr", "Down for maintenance"),
        ("de", "ltr", "Wegen Wartung nicht erreichbar"),
        ("ar", "rtl", "الموقع قيد الصيانة"),
    ],
    ids=["English", "German", "right to left"],
)
def test_everybody_can_read_it(
    down: Opened,
    kept: Callable[..., None],
    request: pytest.FixtureRequest,
    viewport: dict[str, int],
    color_scheme: str,
    locale: str,
    direction: str,
    heading: str,
) -> None:
    page = down(viewport=viewport, color_scheme=color_scheme, locale=locale)
    kept(page, f"down-{re.sub(r'[^a-zA-Z]+', '-', request.node.callspec.id)}")
    assert heading in page.locator("h1").inner_text()
    assert page.locator("html").get_attribute("dir") == direction
    assert violations(page) == []
    assert overflow(page) == []
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = max(map(int, re.findall(r"\d+", ground)))
    assert (brightness < 60) is (color_scheme == "dark")


def test_the_text_lies_on_the_side_of_its_direction(down: Opened) -> None:
    """A message in the other direction keeps its own."""
    edges = {}
    for locale in ("en-GB", "ar"):
        page = down("message: שלום\n", viewport=PHONE, locale=locale)
        edges[locale] = [
            page.evaluate(f"getComputedStyle(document.querySelector('{part}')).direction")
            for part in ("h1", ".body > div")
        ]
    assert edges == {"en-GB": ["ltr", "rtl"], "ar": ["rtl", "rtl"]}


def test_a_long_word_does_not_break_the_frame(down: Opened) -> None:
    page = down("message: " + "Donaudampfschifffahrt" * 10, viewport=PHONE)
    assert overflow(page) == []


def test_a_page_of_one_s_own_looks_as_in_the_readme(
    browser: Browser, opened: Opened, kept: Callable[..., None], tmp_path: Path
) -> None:
    template = tmp_path / "templates" / "downtime" / "downtime.html"
    template.parent.mkdir(parents=True)
    template.write_text(block("{% block brand %}").text)
    with serving(tmp_path, f'TEMPLATES[0]["DIRS"].insert(0, {str(tmp_path / "templates")!r})\n') as site:
        site.flag.write_text(FLAG)
        for color_scheme, accent in (("light", "rgb(163, 54, 15)"), ("dark", "rgb(255, 181, 156)")):
            page = opened(viewport=PHONE, color_scheme=color_scheme)
            wait_until(lambda page=page: is_shown(page, site), within=20, what="the site has seen the flag")
            kept(page, f"brand-{color_scheme}")
            assert page.get_by_role("img", name="Acme Shoes").is_visible()
            assert page.evaluate("getComputedStyle(document.querySelector('main a')).color") == accent
            assert page.get_by_role("link").all_inner_texts() == ["status.example.com", "help@example.com"]
            assert violations(page) == []
            assert overflow(page) == []


def is_shown(page: Page, site: Site) -> bool:
    answer = page.goto(site.url)
    return answer is not None and answer.status == 503


def test_nothing_on_it_asks_the_server_again(down: Opened, site: Site) -> None:
    page = down()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site.url)
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith("data:")] == [site.url]


def is_up(site: Site) -> bool:
    with suppress(urllib.error.HTTPError), urllib.request.urlopen(site.url, timeout=10) as answer:
        return bool(answer.status == 200)
    return False


def send(page: Page, site: Site) -> None:
    """As a form of the site would send it."""
    page.set_content(f'<form method="post" action="{site.url}"><button name="a" value="b">Send</button></form>')
    with page.expect_navigation():
        page.get_by_role("button", name="Send").click()


def test_writing_is_refused_in_other_words(down: Opened, site: Site, kept: Callable[..., None]) -> None:
    page = down()
    site.flag.write_text("read_only: true\n")
    wait_until(lambda: is_up(site), within=10, what="reading goes on")
    page.goto("about:blank")
    send(page, site)
    kept(page, "down-read-only")
    assert page.get_by_role("heading", name="Changes are paused").is_visible()
    assert violations(page) == []


def test_what_was_sent_is_said_to_be_lost_and_is_sent_again_by_the_page_that_was_kept_open(
    down: Opened, site: Site, kept: Callable[..., None]
) -> None:
    page = down(viewport=PHONE)
    page.goto("about:blank")
    send(page, site)
    kept(page, "down-sent")
    assert page.get_by_text("What you have just sent was not saved.").is_visible()
    assert violations(page) == []
    assert overflow(page) == []
    site.flag.unlink()
    wait_until(lambda: is_up(site), within=10, what="the site is back")
    with page.expect_request(lambda request: request.is_navigation_request()) as sent:
        page.reload()
    assert (sent.value.method, sent.value.post_data) == ("POST", "a=b")


@pytest.mark.parametrize("locale", ["en-GB", "de"])
def test_a_part_of_the_site_says_which_and_leads_to_the_rest(
    opened: Opened, site: Site, kept: Callable[..., None], locale: str
) -> None:
    site.flag.write_text("paths: [/shop, /cart]\nend: 2099-12-01 04:00\n")
    page = opened(viewport=PHONE, locale=locale)

    def is_down() -> bool:
        answer = page.goto(f"{site.url}shop/shoes")
        return answer is not None and answer.status == 503

    wait_until(is_down, within=10, what="the site has seen the flag")
    kept(page, f"down-part-{locale}")
    assert page.locator("code").all_inner_texts() == ["/shop", "/cart"]
    assert violations(page) == []
    assert overflow(page) == []
    with page.expect_navigation():
        page.get_by_role("link").click()
    assert page.url == site.url
    assert page.get_by_role("heading", name="The site is up").is_visible()
