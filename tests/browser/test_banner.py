"""The banner as a visitor of the sample's home page sees it."""

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
    from playwright.sync_api import Page

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
    site.schedule.write_text(f"periods:\n{schedule}")

    def is_there() -> bool:
        page.goto(site.url)
        return page.locator(".downtime-banner").count() == 1

    wait_until(is_there, within=10, what="the banner is there")
    return page.locator(".downtime-banner").inner_text()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_everybody_can_read_it(
    opened: Opened, site: Site, kept: Callable[..., None], viewport: dict[str, int], request: pytest.FixtureRequest
) -> None:
    page = opened(viewport=viewport)
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


def test_a_front_end_shows_what_is_planned_as_the_readme_says(opened: Opened, site: Site) -> None:
    page = opened(locale="en-GB", timezone_id="UTC")
    until_nothing_is_planned(site)
    site.schedule.write_text("periods: [{start: 2031-11-27T01:00Z, duration: 2h}]\n")
    wait_until(lambda: "2031-11-27" in str(state_of(site)["upcoming"]), within=10, what="the schedule is read")
    page.goto(site.url)
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p id=planned></p>')")
    page.add_script_tag(content=block("status.upcoming").text, type="module")
    page.get_by_text("Maintenance: 27/11/2031, 01:00:00").wait_for()
