"""What a visitor would get, as the page of the admin tells it."""

import re
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import pytest
import pytest_django
from django.test import Client

PAGE = "/admin/downtime/period/visit/"
SCHEDULE = """
timezone: Europe/Berlin
periods:
  - {name: move, start: 2098-12-01 02:00, end: 2098-12-01 04:00, paths: [/shop]}
  - {name: away, start: 2098-12-02, duration: 1h, redirect: "https://status.example.com/"}
"""


def asked(
    client: Client, path: str = "/shop", method: str = "GET", at: str = "2098-12-01T03:00", **headers: str
) -> str:
    """What can be read on the page about that request."""
    answer = client.get(PAGE, {"path": path, "method": method, "at": at}, headers=headers)
    assert answer.status_code == 200
    page = answer.content.decode().partition('id="content-main"')[2]
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", page).split()))


@pytest.fixture(autouse=True)
def planned(schedule: Path) -> None:
    schedule.write_text(SCHEDULE)


def test_nothing_is_told_before_something_is_asked(staff: Client) -> None:
    page = staff.get(PAGE).content.decode()
    assert 'name="path" value="/"' in page
    assert "PASSES" not in page
    assert "This field is required" not in page


def test_a_request_is_refused_by_the_period_that_covers_it(staff: Client) -> None:
    found = asked(staff)
    assert "REFUSED GET /shop It is covered by move, until Dec. 1, 2098 04:00." in found
    assert "The visitor gets the down page, with status 503." in found
    assert "Exemptions by who asks (address, bypass link, DOWNTIME_EXEMPT_IF) were not asked." in found
    assert "The view tests.urls.echo, which answers that path, is not marked with @downtime_exempt." in found
    assert "See the page" in found


@pytest.mark.parametrize(
    ("path", "at"),
    [("/", "2098-12-01T03:00"), ("/shop", "2098-12-01T04:00"), ("/shop", "")],
    ids=["path", "time", "now"],
)
def test_another_path_or_moment_passes(staff: Client, path: str, at: str) -> None:
    found = asked(staff, path, at=at)
    assert f"PASSES GET {path} No period covers this request." in found
    assert "is not marked with @downtime_exempt" in found


def test_the_moment_is_in_the_zone_of_the_viewer(staff: Client, settings: pytest_django.Settings) -> None:
    settings.TIME_ZONE = "UTC"
    assert "REFUSED" in asked(staff, at="2098-12-01T01:00")
    assert "PASSES" in asked(staff, at="2098-12-01T03:00")


def test_what_exempts_the_path_is_named(staff: Client, settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_EXEMPT_EXACT_URLS = ["/shop"]
    found = asked(staff)
    assert (
        "PASSES GET /shop It is covered by move, until Dec. 1, 2098 04:00. DOWNTIME_EXEMPT_EXACT_URLS lets it" in found
    )
    found = asked(staff, at="")
    assert "In a downtime of the whole site, DOWNTIME_EXEMPT_EXACT_URLS would let it through." in found
    settings.DOWNTIME_URL_REDIRECT = "/shop/cart"
    assert "the redirect, which leads to that very path, lets it through." in asked(staff, "/shop/cart")


def test_a_visitor_is_sent_away_or_gets_what_the_site_says_itself(
    staff: Client, settings: pytest_django.Settings
) -> None:
    found = asked(staff, "/", at="2098-12-02T00:30")
    assert "The visitor is sent to https://status.example.com/." in found
    assert "See the page" not in found.partition("The down page")[0]
    settings.DOWNTIME_VIEW = "tests.urls.echo"
    assert "The visitor gets what DOWNTIME_VIEW returns." in asked(staff)


def test_a_flag_without_end_counts_at_any_time(staff: Client, flag: Path) -> None:
    flag.write_text("read_only: true")
    assert f"It is covered by {flag}, end not known." in asked(staff, "/x", "POST", at="")
    assert "PASSES" in asked(staff, "/x", at="")


def see_the_page(client: Client, at: str) -> str:
    """The page to which the answer leads."""
    html = client.get(PAGE, {"path": "/x", "method": "GET", "at": at}).content.decode()
    [href] = re.findall(r'href="(\.\./preview/[^"]*)"', html)
    preview = client.get(urljoin(PAGE, unescape(href)))
    assert preview.status_code == 200
    return preview.content.decode()


def test_the_page_of_a_flag_is_its_own_also_when_others_will_be_over(
    staff: Client, flag: Path, settings: pytest_django.Settings
) -> None:
    other = flag.with_name("other.flag")
    settings.DOWNTIME_FLAG_FILE = [flag, other]
    other.write_text("message: The other one.\n")
    flag.write_text("message: Over by then.\nend: 2098-01-01\n")
    assert "The other one." in see_the_page(staff, "2098-12-01T03:00")
    assert "Over by then." in see_the_page(staff, "")


def test_the_page_of_the_thousandth_period_is_found_whatever_separates_thousands(
    staff: Client, schedule: Path, settings: pytest_django.Settings
) -> None:
    settings.USE_THOUSAND_SEPARATOR = True
    schedule.write_text("periods:\n" + "  - start: 2099-01-01\n" * 1000 + "  - {start: 2020-01-01, message: This.}\n")
    assert "This." in see_the_page(staff, "")


def test_a_state_in_doubt_is_told(staff: Client, schedule: Path) -> None:
    asked(staff)
    schedule.write_text("periods: [{start: soon}]")
    found = asked(staff)
    assert "REFUSED" in found
    assert "It is covered by move, end not known." in found
    assert "This is what applies in this process; the state of the site is in doubt." in found


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"path": "https://example.com/x"}, "Give a path of this site such as /search"),
        ({"path": ""}, "This field is required."),
        ({"at": "soon"}, "Give a date and a time such as 2026-12-01 02:30."),
        ({"at": "2098-03-30T02:30"}, "Give a date and a time such as 2026-12-01 02:30."),
        ({"at": "9999-12-31T23:59"}, "Give a date and a time such as 2026-12-01 02:30."),
        ({"method": "BREW"}, "BREW is not one of the available choices."),
    ],
    ids=["no path", "empty", "no time", "a skipped hour", "too late", "no method"],
)
def test_what_can_not_be_asked_is_told_beside_its_field(staff: Client, values: dict[str, str], said: str) -> None:
    found = asked(staff, **values)
    assert said in found
    assert "REFUSED" not in found


def test_no_text_becomes_markup(staff: Client, schedule: Path) -> None:
    evil = "<script>alert(1)</script>"
    schedule.write_text(f"periods: [{{name: '{evil}', start: 2020-01-01}}]")
    page = staff.get(PAGE, {"path": f"/{evil}", "method": "GET"}).content.decode()
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") > 2


def test_it_is_in_the_language_of_the_viewer(staff: Client) -> None:
    assert "ABGEWIESEN GET /shop" in asked(staff, **{"accept-language": "de"})
