"""A real browser over the sample site."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import sample
from tests.support.browser import launched
from tests.support.programs import ROOT, require
from tests.support.sample import answers
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

SCREENSHOTS = Path(os.environ.get("SCREENSHOTS", ROOT / ".screenshots"))
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Every test of this folder is one of the whole system."""
    item.add_marker("system")


class Site:
    """The sample site as it is served, and its files."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.page = f"{url}admin/downtime/period/"
        self.schedule = folder / "downtime.yml"
        self.flag = folder / "downtime.flag"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a module."""
    require("axe_playwright_python")
    with launched() as browser:
        yield browser


ARABIC = {
    "Down for maintenance": "الموقع قيد الصيانة",
    "We are working on this site. Please come back in a little while.": "نعمل على هذا الموقع. يُرجى العودة بعد قليل.",
    "Expected back:": "العودة المتوقعة:",
    "%(day)s at %(time)s %(zone)s": "%(day)s %(time)s (%(zone)s)",
    "{day} at {time}, {relative}": "{day} {time}، {relative}",
    "about {number}": "نحو {number}",
    "No need to reload: this page comes back by itself.": "لا حاجة إلى إعادة التحميل: تعود هذه الصفحة تلقائيًا.",
    "The site is back.": "عاد الموقع.",
}
"""A catalogue of a project, in a language that is written from right to left."""


@contextmanager
def serving(folder: Path, settings: str = "") -> Iterator[Site]:
    """The sample site in that folder, with more settings, and with a catalogue of its own."""
    require("msgfmt")
    copy = sample.copied(folder)
    source = copy / "locale" / "ar" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n'
    source.write_text(head + "".join(f'\nmsgid "{text}"\nmsgstr "{arabic}"\n' for text, arabic in ARABIC.items()))
    subprocess.run(["msgfmt", "-o", source.with_suffix(".mo"), source], check=True)
    with (copy / "sample_site" / "settings.py").open("a") as file:
        file.write(f'\nLOCALE_PATHS = [BASE_DIR / "locale"]\n{settings}')
    with sample.served(copy) as url:
        wait_until(lambda: answers(url), within=20, what="the site answers")
        yield Site(url, copy)


@pytest.fixture(scope="module")
def served_site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One site for a module; where there is no browser, none is started."""
    with serving(tmp_path_factory.mktemp("browser")) as site:
        yield site


@pytest.fixture
def site(served_site: Site) -> Iterator[Site]:
    """The site, which is up and has nothing planned at first."""
    served_site.schedule.write_text("periods: []\n")
    served_site.flag.unlink(missing_ok=True)
    yield served_site
    served_site.flag.unlink(missing_ok=True)


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a fresh window: opened(viewport=PHONE, color_scheme="dark", locale="de"). An error in it fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def opened(**options: Any) -> Page:
        contexts.append(browser.new_context(**{"viewport": DESKTOP, "locale": "en-GB", **options}))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def logged_in(opened: Callable[..., Page], site: Site) -> Callable[..., Page]:
    """Opens a window that has logged in, as the user whom README.rst names."""

    def logged_in(**options: Any) -> Page:
        page = opened(**options)
        page.goto(site.page)
        page.fill("[name=username]", "demo")
        page.fill("[name=password]", "demo")
        page.click("[type=submit]")
        page.wait_for_url(site.page)
        return page

    return logged_in


@pytest.fixture
def kept() -> Callable[..., None]:
    """Keeps a screenshot of the whole page under that name."""

    def kept(page: Page, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        # Written here, as Playwright would leave a thread behind that writes it.
        (SCREENSHOTS / f"{name}.png").write_bytes(page.screenshot(full_page=True))

    return kept


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with the page, and where."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]


def overflow(page: Page) -> list[str]:
    """What makes the page wider than the window."""
    found: list[str] = page.evaluate(
        "() => { const root = document.documentElement, width = root.clientWidth;"
        " if (root.scrollWidth <= width) return [];"
        " const isOut = box => box.width && (box.left < -1 || box.right > width + 1);"
        " return [...document.body.querySelectorAll('*')].filter(part => isOut(part.getBoundingClientRect()))"
        " .map(part => part.outerHTML.slice(0, 100)); }"
    )
    return found
