"""The banner as a visitor of the sample's home page sees it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import DESKTOP, PHONE, Site, overflow, violations
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page

Opened = Callable[..., "Page"]


def planned(start: float, hours: float, more: str = "") -> str:
    """A period that starts that many hours from now."""
    moment = (datetime.now(timezone.utc) + timedelta(hours=start)).isoformat(timespec="seconds")
    return f"  - {{start: '{moment}', duration: {hours * 60:.0f}m{more}}}\n"


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
