"""The down page that comes back by itself, and tells the end in the visitor's own zone and words."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import Site
from tests.browser.test_down_page import is_up, send
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

Opened = Callable[..., "Page"]

COMES_BACK = "No need to reload: this page comes back by itself."
WILL_TELL = "This line will tell you when the site is back."
BACK = "The site is back."
LONGEST_PAUSE = 51_000
"""Milliseconds within which a page asks that knows of no end, with some room."""
END = "end: 2099-12-01T04:00Z\n"
"""Of a flag: 05:00 in the zone of the sample site."""


@pytest.fixture
def waiting(site: Site, opened: Opened) -> Opened:
    """Opens a window on the site, which is down, with a clock that the test moves: waiting("flag", at="…Z")."""

    def waiting(flag: str = "", *, at: str | None = None, **options: Any) -> Page:
        site.flag.write_text(flag)
        wait_until(lambda: not is_up(site), within=20, what="the site has seen the flag")
        page = opened(**options)
        page.clock.install(time=at)
        page.add_init_script(COUNTING)
        page.goto(site.url)
        return page

    return waiting


COUNTING = """{
    const own = window.setTimeout;
    window.planned = 0;
    window.setTimeout = (call, pause) => { window.planned++; return own(call, pause); };
}"""


def forward(page: Page) -> None:
    """Lets the time pass until the script asks, once it has planned to."""
    wait_until(lambda: page.evaluate("planned") > 0, within=20, what="the script has planned its next question")
    page.evaluate("planned = 0")
    page.clock.fast_forward(LONGEST_PAUSE)


def asks(page: Page) -> int:
    """The status of the answer when the page asks."""
    with page.expect_response(lambda answer: answer.request.method == "HEAD") as asked:
        forward(page)
    return asked.value.status


def sent(page: Page) -> list[str]:
    """The methods of the requests of the page from now on."""
    methods: list[str] = []
    page.on("request", lambda request: methods.append(request.method))
    return methods


def repaired(site: Site) -> None:
    site.flag.unlink()
    wait_until(lambda: is_up(site), within=20, what="the site is back")


def line(page: Page) -> str:
    return page.locator("[role=status]").inner_text()


def test_it_comes_back_when_the_site_does_and_not_before(waiting: Opened, site: Site) -> None:
    page = waiting()
    assert line(page) == COMES_BACK
    methods = sent(page)
    for _ in range(3):
        assert asks(page) == 503
    repaired(site)
    forward(page)
    page.get_by_role("heading", name="The site is up").wait_for()
    assert methods[:5] == ["HEAD"] * 4 + ["GET"]
    assert set(methods[5:]) <= {"GET"}


ANSWERS: dict[str, tuple[dict[str, Any], bool]] = {
    "a redirect": ({"status": 302, "headers": {"Location": "/elsewhere/"}}, True),
    "not found": ({"status": 404}, True),
    "a proxy's 502": ({"status": 502}, False),
    "the down page of a view with another status": ({"status": 200, "headers": {"X-Downtime": "planned"}}, False),
}


@pytest.mark.parametrize(("answer", "is_back"), ANSWERS.values(), ids=ANSWERS)
def test_what_counts_as_back(waiting: Opened, answer: dict[str, Any], is_back: bool) -> None:
    page = waiting()

    def answered(route: Route) -> None:
        if route.request.method == "HEAD":
            route.fulfill(**answer)
        else:
            route.fulfill(status=200, body="<h1>Reloaded</h1>")

    page.route("**/*", answered)
    forward(page)
    if is_back:
        page.get_by_role("heading", name="Reloaded").wait_for()
    else:
        assert asks(page) == answer["status"]
        assert line(page) == COMES_BACK


def test_it_goes_on_asking_if_nobody_answers(waiting: Opened) -> None:
    page = waiting()
    page.route("**/*", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        forward(page)
    page.unroute("**/*")
    assert asks(page) == 503


HIDE = """hidden => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_it_does_not_ask_while_it_is_hidden_and_does_as_soon_as_it_is_seen(waiting: Opened) -> None:
    page = waiting()
    methods = sent(page)
    page.evaluate(HIDE, True)
    forward(page)
    for _ in range(5):
        page.clock.fast_forward(LONGEST_PAUSE)
    assert methods == []
    with page.expect_response(lambda answer: answer.request.method == "HEAD"):
        page.evaluate(HIDE, False)
    assert methods == ["HEAD"]


def pauses(page: Page, count: int = 500) -> list[float]:
    """Milliseconds until the first question, as that many visitors wait who open the page at once."""
    found: list[float] = page.evaluate(
        """count => {
            const script = document.querySelector("script").textContent, pauses = [], own = window.setTimeout;
            window.setTimeout = (call, pause) => pauses.push(pause);
            for (let visitor = 0; visitor < count; visitor++) (0, eval)(script);
            window.setTimeout = own;
            return pauses;
        }""",
        count,
    )
    assert len(found) == len(set(found)) == count
    return found


def test_ten_thousand_visitors_ask_at_most_500_times_a_second(waiting: Opened) -> None:
    """Also if all of them have opened the page at the same moment; here, with the pauses that the script chooses."""
    found = pauses(waiting(), count=10_000)
    seconds: Counter[int] = Counter()
    chance = random.Random(1)
    for pause in found:
        at = pause / 1000
        while at < 300:
            seconds[int(at)] += 1
            at += chance.choice(found) / 1000
    assert max(seconds.values()) <= 500
    assert sum(seconds.values()) > 10_000 * 300 / 60


@pytest.mark.parametrize(
    ("at", "least", "most"),
    [
        ("2099-12-01T00:00:00Z", 120, 240),
        ("2099-12-01T03:30:00Z", 30, 60),
        ("2099-12-01T03:50:00Z", 25, 50),
        ("2099-12-01T03:59:50Z", 0, 15),
        ("2099-12-01T05:00:00Z", 25, 50),
    ],
    ids=["far", "half an hour", "near", "at once", "past"],
)
def test_it_asks_less_often_if_the_end_is_far_and_within_five_seconds_of_it(
    waiting: Opened, at: str, least: float, most: float
) -> None:
    page = waiting(END, at=at)
    found = sorted(pause / 1000 for pause in pauses(page))
    assert least - 10 <= found[0]
    assert found[-1] <= most
    assert found[-1] - found[0] > (most - least) / 4
    if most == 15:  # each of them after the end, which is at most ten seconds ahead
        left = page.evaluate("Date.parse(document.querySelector('time').dateTime) - Date.now()") / 1000
        assert left - 0.1 <= found[0]
        assert found[-1] <= left + 15


ENDS = [
    ("2099-12-01T02:02:00Z", "America/New_York", "en-US", "today at 11:00 PM, in about 2 hours"),
    ("2099-12-01T02:02:00Z", "Asia/Tokyo", "en-GB", "today at 13:00, in about 2 hours"),
    ("2099-12-01T02:02:00Z", "Asia/Tokyo", "de-DE", "heute um 13:00 Uhr, in etwa 2 Stunden"),
    ("2099-11-30T21:02:00Z", "Europe/Paris", "fr-FR", "demain à 05:00, dans environ 7 heures"),
    ("2099-11-24T21:02:00Z", "Europe/Paris", "en-GB", "Tuesday, 1 December 2099 at 05:00, in about 6 days"),
    ("2099-12-01T03:48:30Z", "UTC", "de-DE", "heute um 04:00 Uhr, in 11 Minuten"),
    ("2099-12-01T04:00:01Z", "UTC", "en-GB", "any moment now"),
]


@pytest.mark.parametrize(("at", "zone", "locale", "shown"), ENDS)
def test_the_end_is_in_the_zone_and_the_words_of_the_visitor(
    waiting: Opened, at: str, zone: str, locale: str, shown: str
) -> None:
    page = waiting(END, at=at, timezone_id=zone, locale=locale)
    told = page.locator(".when time")
    assert told.inner_text().replace("\N{NARROW NO-BREAK SPACE}", " ") == shown
    assert "05:00 CET" in str(told.get_attribute("title"))


def test_past_the_end_it_is_any_moment(waiting: Opened) -> None:
    page = waiting(END, at="2099-12-01T03:59:00Z", locale="en-GB", timezone_id="UTC")
    assert page.locator(".when time").inner_text() == "today at 04:00, in 1 minute"
    page.clock.fast_forward(70_000)
    page.get_by_text("Expected back: any moment now").wait_for()


def test_without_script_it_tells_the_end_of_the_site_s_zone_and_promises_nothing(waiting: Opened) -> None:
    page = waiting(END, java_script_enabled=False)
    assert page.locator(".when").inner_text() == "Expected back: 1 Dec 2099 at 05:00 CET"
    assert not page.locator("[role=status]").is_visible()


def test_a_form_is_not_sent_again(waiting: Opened, site: Site) -> None:
    """The page says that the site is back, and a button opens the address by GET."""
    page = waiting()
    page.goto("about:blank")
    send(page, site)
    assert line(page) == WILL_TELL
    methods = sent(page)
    assert asks(page) == 503
    repaired(site)
    assert asks(page) == 200
    page.get_by_text(BACK, exact=True).wait_for()
    for _ in range(3):
        page.clock.fast_forward(LONGEST_PAUSE)
    assert methods == ["HEAD", "HEAD"]
    page.get_by_role("link", name="Open this page without sending anything").click()
    page.get_by_role("heading", name="The site is up").wait_for()
    assert "POST" not in methods


def test_a_page_file_that_a_front_server_shows_for_a_form_comes_back_by_get(waiting: Opened, site: Site) -> None:
    """As the file can't know what it is shown for."""
    page = waiting()
    html = page.content()
    page.route("**/*", lambda route: route.fulfill(status=503, body=html, content_type="text/html"))
    page.goto("about:blank")
    send(page, site)
    page.unroute("**/*")
    repaired(site)
    methods = sent(page)
    assert asks(page) == 200
    page.get_by_role("heading", name="The site is up").wait_for()
    assert "POST" not in methods


def test_a_site_that_is_read_only_is_not_waited_for(site: Site, opened: Opened) -> None:
    site.flag.write_text("read_only: true\n")
    page = opened()
    page.clock.install()

    def is_refused() -> bool:
        page.goto("about:blank")
        send(page, site)
        return page.get_by_role("heading", name="Changes are paused").is_visible()

    wait_until(is_refused, within=20, what="the site has seen the flag")
    methods = sent(page)
    page.clock.fast_forward(10 * LONGEST_PAUSE)
    assert methods == []
    page.get_by_role("link", name="Open this page without sending anything").click()
    page.get_by_role("heading", name="The site is up").wait_for()
