"""The page of the admin as a person sees it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from tests.browser.conftest import PHONE, Site, overflow, violations
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

Opened = Callable[..., "Page"]
WITHIN = 15_000  # milliseconds
BARS = ".downtime-lanes rect"


def planned(now: datetime) -> str:
    """A schedule with a period of each kind."""

    def at(hours: float) -> str:
        return f"{now + timedelta(hours=hours):%Y-%m-%d %H:%M}"

    nightly = (now + timedelta(hours=8)).astimezone(ZoneInfo("America/New_York"))
    return f"""timezone: UTC
periods:
  - name: storage-upgrade
    start: {at(30)}
    duration: 3h
    message: We are moving to faster disks.
  - name: catalogue-import
    start: {at(-1)}
    duration: 5h
    paths: [/catalogue]
    message: New prices are being loaded.
  - name: nightly-backup
    cron: "0 {nightly.hour} * * *"
    duration: 1h30m
    read_only: true
    timezone: America/New_York
  - name: archive-move
    start: {at(100)}
    duration: 18h
    read_only: true
  - name: last-year
    start: {at(-9000)}
    duration: 2h
  - name: switched-off
    enabled: false
    start: {at(24 * 30)}
"""


@pytest.fixture
def page(site: Site, logged_in: Opened) -> Page:
    """The page of a schedule with a period of each kind."""
    return with_schedule(site, logged_in())


def with_schedule(site: Site, page: Page) -> Page:
    """The page, once the site has read the schedule."""
    site.schedule.write_text(planned(datetime.now(timezone.utc)))
    reload_until(site, page, "storage-upgrade")
    return page


def reload_until(site: Site, page: Page, text: str) -> None:
    """Opens the page again until the site has seen what was written to its files."""

    def is_there() -> bool:
        page.goto(site.page)
        return text in page.content()

    wait_until(is_there, within=10, what=f"the page says {text!r}")


def names(page: Page) -> list[str]:
    """The names in the table, from top to bottom."""
    return page.locator("#result_list .field-name strong").all_inner_texts()


def follow(page: Page, link: Locator) -> None:
    """Clicks, and returns on the next page."""
    with page.expect_navigation():
        link.click()


def status(page: Page) -> str:
    return page.locator("#downtime-status").inner_text()


def word(page: Page) -> str:
    return page.locator("#downtime-word").inner_text()


def top(locator: Locator) -> float:
    """How many pixels below the top of the window it begins."""
    box = locator.bounding_box()
    assert box is not None
    return box["y"]


def test_it_is_found_from_the_index(site: Site, page: Page, kept: Callable[..., None]) -> None:
    page.goto(f"{site.url}admin/")
    follow(page, page.get_by_role("link", name="Periods").first)
    assert page.get_by_role("heading", name="Downtime", level=1).is_visible()
    assert status(page).startswith("A part of the site is down · /catalogue · since ")
    assert word(page) == "PARTLY"
    assert page.locator(BARS).count() >= 8
    kept(page, "admin")


def test_the_list_begins_in_the_window_below_the_state_and_the_picture(site: Site, page: Page) -> None:
    places = [top(page.locator(f"#downtime-{name}")) for name in ("state", "advice", "timeline", "list", "files")]
    assert places == sorted(places)
    row = page.locator("#result_list tbody tr").first
    assert top(row) < 900
    now = datetime.now(timezone.utc)
    line = "  - {{name: move-{0:03}, start: '{1:%Y-%m-%d %H:%M}', duration: 1h, paths: [/{0}]}}\n"
    site.schedule.write_text(
        planned(now) + "".join(line.format(number, now + timedelta(hours=3 + number)) for number in range(300))
    )
    reload_until(site, page, "move-040")
    assert page.locator(".downtime-picture > ul > li").count() == 12
    assert top(page.locator("#result_list")) < 900
    hidden = page.locator(".downtime-picture details li")
    assert hidden.first.is_hidden()
    page.get_by_text(re.compile(r"^Show \d+ more$")).click()
    assert hidden.first.is_visible()


def test_what_is_over_is_folded_and_can_be_unfolded(page: Page) -> None:
    assert "last-year" not in names(page)
    over = page.locator("#downtime-over").get_by_text("last-year", exact=True)
    assert over.is_hidden()
    page.get_by_text("What is over (1)").click()
    assert over.is_visible()


def test_a_bar_and_a_name_lead_to_their_row(page: Page) -> None:
    row = page.locator("#downtime-period-0")
    assert row.inner_text() == "storage-upgrade"
    lane = page.locator(".downtime-lanes li", has_text="storage-upgrade")
    for link in (lane.locator(".downtime-name"), lane.locator("rect")):
        page.goto(page.url.partition("#")[0])
        link.click()
        assert page.url.endswith("#downtime-period-0")
        assert 0 <= top(row) < 900


def test_a_click_on_a_column_orders_and_one_on_a_state_filters(page: Page) -> None:
    assert names(page)[0] == "catalogue-import"
    follow(page, page.locator("#result_list th.column-name a").last)
    assert names(page) == sorted(names(page))
    assert len(names(page)) == 5
    follow(page, page.get_by_role("link", name="coming", exact=True))
    assert names(page) == ["archive-move", "nightly-backup", "storage-upgrade"]
    follow(page, page.get_by_role("link", name="disabled", exact=True))
    assert names(page) == ["switched-off"]


def test_a_word_is_searched_for(page: Page) -> None:
    page.fill("#searchbar", "disks")
    follow(page, page.locator("#changelist-search [type=submit]"))
    assert names(page) == ["storage-upgrade"]


def test_another_view_of_the_picture_is_chosen(page: Page, kept: Callable[..., None]) -> None:
    for view in ("Day", "Month", "90 days", "Week"):
        follow(page, page.locator(".downtime-views").get_by_role("link", name=view, exact=True))
        assert page.locator(".downtime-views [aria-current]").inner_text() == view
        kept(page, f"timeline-{view.lower().replace(' ', '-')}")


def test_the_picture_shows_its_texts_and_stays_within_its_frame(page: Page) -> None:
    frame = page.locator(".downtime-lanes svg").first.bounding_box()
    assert frame is not None
    for bar in page.locator(BARS).all():
        box = bar.bounding_box()
        assert box is not None
        assert frame["x"] - 1 <= box["x"]
        assert box["x"] + box["width"] <= frame["x"] + frame["width"] + 1
    title = page.locator(f"{BARS} title").first.text_content() or ""
    assert re.match(r"catalogue-import: .+ to .+ \(/catalogue\)", title)
    page.get_by_text("As a list").click()
    listed = page.locator(".downtime-text li").all_inner_texts()
    assert listed[0] == title


def test_bars_stand_right_of_the_names_and_for_no_more_than_their_time(site: Site, page: Page) -> None:
    site.schedule.write_text('timezone: UTC\nperiods:\n  - {name: nightly, cron: "0 1 * * *", duration: 20m}\n')
    reload_until(site, page, "nightly")
    for view, seconds in {"Day": 86_400, "Month": 30 * 86_400, "90 days": 90 * 86_400}.items():
        follow(page, page.locator(".downtime-views").get_by_role("link", name=view, exact=True))
        frame, name = (page.locator(f".downtime-lanes {part}").bounding_box() for part in ("svg", ".downtime-name"))
        assert frame is not None
        assert name is not None
        assert name["x"] + name["width"] <= frame["x"] + 1
        bars = page.locator(BARS)
        widths = bars.evaluate_all("bars => bars.map(bar => bar.getBBox().width)")
        wide = [width for width in widths if width > 2]
        assert sum(wide) <= len(wide) * frame["width"] * 1200 / seconds + 0.1
        assert all(abs(width - 1) < 0.01 for width in widths if width <= 2)
    assert len(widths) >= 89


def test_what_is_active_has_another_colour_than_what_is_planned(page: Page) -> None:
    colours = "bars => bars.map(bar => getComputedStyle(bar).fill)"
    [active] = set(page.locator(f"{BARS}.downtime-running").evaluate_all(colours))
    [planned] = set(page.locator(f"{BARS}:not(.downtime-running)").evaluate_all(colours))
    assert active != planned
    assert page.locator(".downtime-now text").text_content() == "now"
    assert page.locator(".downtime-weekend").count() >= 1


def test_all_of_the_page_changes_without_a_reload_when_the_flag_is_dropped_and_lowered(
    site: Site, logged_in: Opened
) -> None:
    page = logged_in()
    page.evaluate("window.isTheSame = true")
    assert (word(page), status(page)) == ("UP", "The site is up")
    advice, picture = page.locator("#downtime-advice"), page.locator("#downtime-timeline")
    assert "Take the site down" in advice.inner_text()
    site.flag.write_text("Back at four.")
    page.locator("#downtime-state[data-state=down]").wait_for(timeout=WITHIN)
    assert word(page) == "DOWN"
    assert status(page).startswith("The site is down · since ")
    assert status(page).endswith(f"because of {site.flag} · Back at four.")
    assert "Bring the site back" in advice.inner_text()
    assert "Take the site down" not in advice.inner_text()
    assert str(site.flag) in picture.inner_text()
    assert advice.get_by_role("button").count() == 3
    site.flag.unlink()
    page.locator("#downtime-state[data-state=up]").wait_for(timeout=WITHIN)
    assert (word(page), status(page)) == ("UP", "The site is up")
    assert "Take the site down" in advice.inner_text()
    assert str(site.flag) not in picture.inner_text()
    assert page.evaluate("window.isTheSame")


def test_the_list_follows_a_schedule_that_changes_and_leaves_the_reader_where_he_is(site: Site, page: Page) -> None:
    page.evaluate("window.isTheSame = true")
    page.get_by_text("What is over (1)").click()
    page.locator("#downtime-over button").focus()
    site.schedule.write_text(
        planned(datetime.now(timezone.utc)) + "  - {name: another, start: 2020-01-01, duration: 1h}\n"
    )
    page.get_by_text("What is over (2)").wait_for(timeout=WITHIN)
    assert page.locator("#downtime-over").get_by_text("another", exact=True).is_visible()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").endswith("downtime_cancel last-year")
    # The same one also if others come above it, and so with what is unfolded.
    page.get_by_text("As a list").click()
    command = page.locator("#downtime-list [data-command$=storage-upgrade]")
    command.focus()
    hours = [datetime.now(timezone.utc) + timedelta(hours=hour) for hour in range(1, 12)]
    more = "".join(f"  - {{name: early-{hour.hour}, start: '{hour.isoformat()}', duration: 1m}}\n" for hour in hours)
    site.schedule.write_text(planned(datetime.now(timezone.utc)) + more)
    page.locator(".downtime-more").wait_for(timeout=WITHIN)
    assert page.evaluate("document.activeElement.dataset.command").endswith("downtime_cancel storage-upgrade")
    assert page.locator(".downtime-text").get_attribute("open") is not None
    assert page.locator(".downtime-more").get_attribute("open") is None
    rows = page.locator("#downtime-list tbody tr").count()
    assert page.locator("#downtime-pages").inner_text().strip().startswith(f"{rows} ")
    assert page.evaluate("window.isTheSame")


class Asked:
    """The requests for the state that a page sends, while its clock is put forward by hand."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0
        page.on("requestfinished", self._note)
        page.on("requestfailed", self._note)

    def _note(self, request: Any) -> None:
        self.count += request.url.endswith("/state/")

    def within(self, seconds: int) -> int:
        """How many came within so many seconds, a step of half a second after the other."""
        before = self.count
        for _ in range(2 * seconds):
            self.page.clock.run_for(500)
            self.page.wait_for_function("!window.isAsking")
        return self.count - before

    def hide(self, *, is_hidden: bool) -> None:
        """Tells the page that its tab went to the back, or came to the front."""
        self.page.evaluate(
            "is => { Object.defineProperty(document, 'hidden', {get: () => is, configurable: true});"
            " document.dispatchEvent(new Event('visibilitychange')); }",
            is_hidden,
        )


@pytest.fixture
def asked(logged_in: Opened, site: Site) -> Asked:
    page = logged_in()
    # The clock is the page's, and so are the answers: whether one is on its way must not depend on the machine.
    page.add_init_script(
        "const fetched = window.fetch; window.isAsking = window.hasOverlapped = false;"
        "window.fetch = async (...all) => { window.hasOverlapped ||= window.isAsking; window.isAsking = true;"
        " try { return await fetched(...all); } finally { window.isAsking = false; } };"
    )
    page.clock.install()
    page.goto(site.page)
    return Asked(page)


def test_the_state_is_asked_for_every_five_seconds_and_not_while_nobody_looks(asked: Asked) -> None:
    assert asked.within(4) == 0
    assert asked.within(2) == 1
    assert 3 <= asked.within(20) <= 4
    asked.hide(is_hidden=True)
    assert asked.within(60) == 0
    asked.hide(is_hidden=False)
    assert asked.within(1) == 1
    asked.hide(is_hidden=True)
    asked.hide(is_hidden=False)
    assert asked.within(3) == 0


def test_while_the_site_does_not_answer_the_page_says_so_and_asks_ever_more_seldom(asked: Asked) -> None:
    page, silent = asked.page, asked.page.locator("#downtime-silent")
    page.route("**/state/", lambda route: route.abort())
    assert asked.within(6) == 1
    silent.wait_for(state="visible", timeout=WITHIN)
    assert status(page) == "The site is up"
    assert 3 <= asked.within(120) <= 4  # after 10, 20, 40 and 60 seconds
    page.unroute("**/state/")
    assert asked.within(60) >= 1
    silent.wait_for(state="hidden", timeout=WITHIN)
    assert 3 <= asked.within(20) <= 4


@pytest.mark.parametrize("status", [302, 403, 500, 502, 504])
def test_an_answer_that_tells_no_state_makes_it_ask_more_seldom_too(asked: Asked, status: int) -> None:
    """A server in front answers 504 while the site still waits."""
    headers = {"Location": "/"} if status == 302 else {}
    asked.page.route("**/state/", lambda route: route.fulfill(status=status, headers=headers))
    assert asked.within(6) == 1
    asked.page.locator("#downtime-silent").wait_for(state="visible", timeout=WITHIN)
    assert 1 <= asked.within(25) <= 2


class Waiting:
    """The requests for the state that wait for their answers."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.routes: list[Any] = []
        page.route("**/state/", lambda route: self.routes.append(route))

    def until(self, count: int) -> None:
        """Returns once that many have been sent."""

        def is_complete() -> bool:
            return self.page.evaluate("window.isAsking") and len(self.routes) == count

        wait_until(is_complete, what=f"{count} requests have been sent")


def test_a_request_that_gets_no_answer_is_never_given_up_nor_is_another_one_sent(asked: Asked) -> None:
    """Who waits for a lock of the database goes on waiting, whatever the browser does."""
    page, waiting = asked.page, Waiting(asked.page)
    page.clock.run_for(5000)
    waiting.until(1)
    assert page.locator("#downtime-silent").is_hidden()
    for _ in range(20):
        for is_hidden in (True, False):
            asked.hide(is_hidden=is_hidden)
        page.clock.run_for(30_000)
    assert page.locator("#downtime-silent").is_visible()
    assert page.evaluate("[window.isAsking, window.hasOverlapped]") == [True, False]
    assert (len(waiting.routes), asked.count) == (1, 0)


def test_after_an_answer_that_came_late_it_asks_as_before_and_after_none_in_a_minute(asked: Asked) -> None:
    page, waiting = asked.page, Waiting(asked.page)
    page.clock.run_for(5000)
    waiting.until(1)
    page.clock.run_for(30_000)
    waiting.routes[0].continue_()
    page.locator("#downtime-silent").wait_for(state="hidden", timeout=WITHIN)
    page.clock.run_for(5000)
    waiting.until(2)
    page.clock.run_for(30_000)
    waiting.routes[1].abort()
    page.wait_for_function("!window.isAsking")
    page.clock.run_for(50_000)
    assert not page.evaluate("window.isAsking")
    page.clock.run_for(10_000)
    waiting.until(3)


def test_whoever_has_logged_out_meanwhile_is_told_no_state(asked: Asked) -> None:
    asked.page.context.clear_cookies()
    asked.within(6)
    silent = asked.page.get_by_text("The site does not answer, or you are no longer logged in")
    silent.wait_for(state="visible", timeout=WITHIN)


def test_a_command_is_copied_by_a_click(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    row = page.locator("#result_list tr", has_text="storage-upgrade")
    button = row.get_by_role("button", name="Copy")
    box = button.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 24
    button.click()
    row.get_by_role("button", name="Copied").wait_for(timeout=WITHIN)
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "python manage.py downtime_cancel storage-upgrade"


def test_it_is_whole_without_scripts(site: Site, logged_in: Opened) -> None:
    page = with_schedule(site, logged_in(java_script_enabled=False))
    assert status(page).startswith("A part of the site is down")
    assert page.locator(BARS).count() >= 8
    assert page.get_by_role("button", name="Copy").count() == 0
    assert page.locator("#result_list .downtime-command").count() == 5
    assert page.locator("#downtime-over .downtime-command").count() == 1


def test_a_visit_is_tried_and_the_page_is_seen(site: Site, page: Page, kept: Callable[..., None]) -> None:
    follow(page, page.get_by_role("link", name="What would a visitor get?"))
    page.fill("[name=path]", "/catalogue/shoes")
    follow(page, page.get_by_role("button", name="Ask"))
    assert page.locator(".downtime-word").inner_text() == "REFUSED"
    kept(page, "admin-visit")
    assert violations(page) == []
    assert overflow(page) == []
    page.select_option("[name=language]", "de")
    follow(page, page.get_by_role("button", name="See the page"))
    assert page.locator("html").get_attribute("lang") == "de"
    assert page.get_by_text("New prices are being loaded.").is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('main')).borderTopWidth") == "1px"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"color_scheme": "dark"},
        {"locale": "de"},
        {"locale": "ar"},
        {"viewport": PHONE},
        {"viewport": PHONE, "color_scheme": "dark", "locale": "ar"},
    ],
    ids=["desktop", "dark", "German", "right to left", "phone", "phone, dark, right to left"],
)
def test_everybody_can_read_it(
    site: Site, logged_in: Opened, kept: Callable[..., None], options: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    page = with_schedule(site, logged_in(**options))
    site.flag.write_text("message: Soon.\nnonsense: 1\n")
    reload_until(site, page, "nonsense")
    page.get_by_role("button", name=re.compile(".*downtime_end")).first.wait_for(timeout=WITHIN)
    kept(page, f"admin-{re.sub(r'[^a-zA-Z]+', '-', request.node.callspec.id)}")
    assert violations(page) == []
    assert overflow(page) == []
