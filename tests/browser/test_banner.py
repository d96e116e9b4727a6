"""The banner as a visitor of the sample's home page sees it, who may hide it, and keep the page open."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import DESKTOP, PHONE, Site, overflow, violations
from tests.support.readme import block
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

Opened = Callable[..., "Page"]


def planned(start: float, hours: float, more: str = "") -> str:
    """A period that starts that many hours from now."""
    moment = (datetime.now(timezone.utc) + timedelta(hours=start)).isoformat(timespec="seconds")
    return f"  - {{start: '{moment}', duration: {hours * 60:.0f}m{more}}}\n"


def state_of(site: Site) -> dict[str, object]:
    """What the site tells of itself."""
    with urllib.request.urlopen(f"{site.url}downtime/status.json", timeout=10) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def until_nothing_is_planned(site: Site) -> None:
    """Returns once the site has forgotten what the test before this one had planned."""

    def has_nothing() -> bool:
        found = state_of(site)
        return (found["state"], found["upcoming"]) == ("up", [])

    wait_until(has_nothing, within=10, what="the site is up, and nothing is planned")


def banner_of(page: Page, site: Site, schedule: str) -> str:
    """The words of the banner, once the site has read the schedule."""
    until_nothing_is_planned(site)
    site.schedule.write_text(f"periods:\n{schedule}")

    def is_there() -> bool:
        page.goto(site.url)
        return page.locator(".downtime-banner").count() == 1

    wait_until(is_there, within=10, what="the banner is there")
    return page.locator(".downtime-banner").inner_text()


@pytest.mark.parametrize(
    "options",
    [{"viewport": DESKTOP}, {"viewport": PHONE, "color_scheme": "dark"}, {"forced_colors": "active"}],
    ids=["desktop", "dark phone", "forced colours"],
)
def test_everybody_can_read_it(
    opened: Opened, site: Site, kept: Callable[..., None], options: dict[str, object], request: pytest.FixtureRequest
) -> None:
    page = opened(**options)
    schedule = planned(-1, 2, ", read_only: true") + planned(5, 3, ", message: We are moving to faster disks.")
    words = banner_of(page, site, schedule)
    kept(page, f"banner-{request.node.callspec.id}")
    assert words.startswith("Changes are paused until ")
    assert "You can go on reading, but nothing that you send is saved." in words
    assert "Planned maintenance: " in words
    assert violations(page) == []
    assert overflow(page) == []


def test_it_is_in_the_language_of_the_visitor(opened: Opened, site: Site, kept: Callable[..., None]) -> None:
    page = opened(viewport=PHONE, locale="de")
    assert banner_of(page, site, planned(5, 3)).startswith("Geplante Wartung: ")
    kept(page, "banner-German")
    assert page.locator(".downtime-banner").get_attribute("lang") == "de"


def test_a_page_is_told_nothing_of_another_part(opened: Opened, site: Site) -> None:
    words = banner_of(opened(), site, planned(1, 1, ", paths: [/shop], message: of-shop") + planned(5, 3))
    assert "of-shop" not in words
    assert "Planned maintenance: " in words


# Hiding it

DISMISS = ".downtime-dismiss"
NOTICE = ".downtime-announcement"


def reloaded(page: Page) -> int:
    """How many notices are there on the page once it is loaded anew."""
    page.reload()
    return page.locator(NOTICE).count()


def test_what_is_coming_is_hidden_for_good_until_it_is_moved_and_what_is_running_never(
    opened: Opened, site: Site
) -> None:
    page = opened()
    running, coming = planned(-1, 2, ", read_only: true"), planned(5, 3)
    banner_of(page, site, running + coming)
    assert page.locator(NOTICE).count() == 2
    button = page.get_by_role("button", name="Hide this notice")
    button.focus()
    page.keyboard.press("Enter")
    assert page.locator(NOTICE).count() == 1
    assert button.count() == 0
    assert reloaded(page) == 1
    site.schedule.write_text(f"periods:\n{running}{planned(6, 3)}")
    wait_until(lambda: reloaded(page) == 2, within=10, what="the period that was moved is shown")
    page.locator(DISMISS).click()
    assert reloaded(page) == 1


def test_a_template_without_a_box_can_be_hidden_and_is_kept_up_to_date(opened: Opened, site: Site) -> None:
    """As a site may have one; the fragment that is fetched holds what this visitor has hidden too."""
    page = opened()
    page.clock.install()
    banner_of(page, site, planned(5, 3))
    site.schedule.write_text(f"periods:\n{planned(5, 3)}")
    without_box = "".join(
        f'<p class="downtime-announcement" data-downtime-id="{name}">{name}'
        '<button class="downtime-dismiss" hidden></button></p>'
        for name in ("one", "other")
    )

    def answered(route: Route) -> None:
        route.fulfill(body=without_box, content_type="text/html")

    page.route("**/banner.html?*", answered)
    with page.expect_response("**/banner.html?*"):
        page.clock.fast_forward(LONGEST_PAUSE)
    page.locator("[data-downtime-id=one] button").click()
    assert page.locator(NOTICE).all_inner_texts() == ["other"]
    without_box += "<p class='downtime-announcement'>down</p>"
    wait_until(lambda: forwarded(page, "down"), within=20, what="the banner says that the site is down")
    assert page.locator(NOTICE).all_inner_texts() == ["other", "down"]


def forwarded(page: Page, word: str) -> bool:
    """Whether the word is shown, after another look at the state if it is not."""
    if not page.get_by_text(word, exact=True).count():
        page.clock.fast_forward(LONGEST_PAUSE)
    return page.get_by_text(word, exact=True).count() == 1


WITHOUT_STORAGE = "Object.defineProperty(window, 'localStorage', {get() { throw new Error('forbidden'); }})"


def test_without_storage_it_is_hidden_until_the_next_page(opened: Opened, site: Site) -> None:
    page = opened()
    page.add_init_script(WITHOUT_STORAGE)
    banner_of(page, site, planned(5, 3))
    page.locator(DISMISS).click()
    assert page.locator(".downtime-banner").count() == 0
    assert reloaded(page) == 1


def test_without_script_the_words_are_there_and_no_button(opened: Opened, site: Site) -> None:
    page = opened(java_script_enabled=False)
    assert "Planned maintenance: " in banner_of(page, site, planned(5, 3))
    assert not page.locator(DISMISS).is_visible()


# A page that stays open

LONGEST_PAUSE = 75_000
"""Milliseconds within which a page asks for the state."""


@pytest.fixture
def open_page(opened: Opened, site: Site) -> tuple[Page, list[str]]:
    """A page on which the time goes by as the test says, and what it has asked for since it was loaded."""
    until_nothing_is_planned(site)
    page = opened()
    page.clock.install()
    page.route("**/*", lambda route: route.continue_())  # by which nothing comes from the cache of the browser
    page.goto(site.url)
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(site.url).partition("?")[0]))
    return page, asked


def test_it_appears_changes_and_goes_on_a_page_that_stays_open(
    open_page: tuple[Page, list[str]], site: Site, kept: Callable[..., None]
) -> None:
    page, asked = open_page
    banner = page.locator(".downtime-banner")
    assert banner.count() == 0
    site.schedule.write_text(f"periods:\n{planned(5, 3, ', message: New disks.')}")
    wait_until(lambda: state_of(site)["upcoming"] != [], within=10, what="the site has read the schedule")
    page.clock.fast_forward(LONGEST_PAUSE)
    banner.get_by_text("New disks.").wait_for()
    assert asked[:2] == ["downtime/status.json", "downtime/banner.html"]
    page.locator(DISMISS).click()
    assert banner.count() == 0
    site.flag.touch()
    wait_until(lambda: state_of(site)["state"] == "down", within=10, what="the site has seen the flag")
    page.clock.fast_forward(LONGEST_PAUSE)
    banner.get_by_text("The site is down for maintenance.").wait_for()
    kept(page, "banner-of-an-open-page")
    assert page.locator(DISMISS).count() == 0
    site.flag.unlink()
    wait_until(lambda: state_of(site)["state"] == "up", within=10, what="the site is up")
    page.clock.fast_forward(LONGEST_PAUSE)
    banner.wait_for(state="detached")


def test_nothing_is_asked_for_while_the_page_is_hidden(open_page: tuple[Page, list[str]]) -> None:
    page, asked = open_page
    hide = "isHidden => { Object.defineProperty(document, 'hidden', {value: isHidden, configurable: true});"
    hide += " document.dispatchEvent(new Event('visibilitychange')); }"
    page.evaluate(hide, True)
    page.clock.fast_forward(10 * LONGEST_PAUSE)
    assert asked == []
    with page.expect_response("**/status.json"):
        page.evaluate(hide, False)
        page.clock.fast_forward(1)
    assert asked.count("downtime/status.json") == 1


def test_a_page_of_a_site_without_the_feeds_asks_for_nothing(opened: Opened, site: Site) -> None:
    page = opened()
    page.clock.install()

    def without_feeds(route: object) -> None:
        answer = route.fetch()  # type: ignore[attr-defined]
        route.fulfill(response=answer, body=answer.text().replace("data-downtime-status", "data-nothing"))  # type: ignore[attr-defined]

    page.route(site.url, without_feeds)
    banner_of(page, site, planned(5, 3))
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.fast_forward(10 * LONGEST_PAUSE)
    page.locator(DISMISS).click()
    assert asked == []


# As the documentation says


def test_its_look_can_be_changed_as_the_readme_says(opened: Opened, site: Site) -> None:
    """By a style that stands above that of the banner."""
    page = opened()
    banner_of(page, site, planned(5, 3))
    colour = "getComputedStyle(document.querySelector('.downtime-banner')).backgroundColor"
    assert page.evaluate(colour) == "rgb(237, 244, 251)"
    head = "text => document.head.insertAdjacentHTML('afterbegin', `<style>${text}</style>`)"
    page.evaluate(head, block("--downtime-accent").text)
    assert page.evaluate(colour) == "rgb(255, 255, 255)"
    assert page.evaluate(colour.replace("backgroundColor", "borderInlineStartColor")) == "rgb(102, 51, 153)"


def test_a_front_end_shows_what_is_planned_as_the_readme_says(opened: Opened, site: Site) -> None:
    page = opened(locale="en-GB", timezone_id="UTC")
    until_nothing_is_planned(site)
    site.schedule.write_text("periods: [{start: 2031-11-27T01:00Z, duration: 2h}]\n")
    wait_until(lambda: "2031-11-27" in str(state_of(site)["upcoming"]), within=10, what="the schedule is read")
    page.goto(site.url)
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p id=planned></p>')")
    page.add_script_tag(content=block("status.upcoming").text, type="module")
    page.get_by_text("Maintenance: 27/11/2031, 01:00:00").wait_for()
