"""manage.py downtime_link, and the link that it prints, opened while the site is down."""

import re
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_django
from django.core.management import CommandError, call_command
from django.http import response
from django.test import Client

from downtime.http import bypass
from tests.support.clock import Clock
from tests.support.requests import Ask


def link(*arguments: str) -> str:
    """What the command prints."""
    output = StringIO()
    call_command("downtime_link", *arguments, stdout=output, stderr=StringIO())
    return output.getvalue().strip()


@pytest.mark.parametrize(
    ("arguments", "start"),
    [
        ([], "https://www.example.com/?downtime_bypass=28800."),
        (["--hours", "2"], "https://www.example.com/?downtime_bypass=7200."),
        (["--hours", "720"], "https://www.example.com/?downtime_bypass=2592000."),
        (["--url", "http://127.0.0.1:8000/shop/?a=b"], "http://127.0.0.1:8000/shop/?a=b&downtime_bypass=28800."),
        (["--url", "https://example.org"], "https://example.org/?downtime_bypass=28800."),
    ],
)
def test_the_command_prints_a_link(settings: pytest_django.Settings, arguments: list[str], start: str) -> None:
    settings.ALLOWED_HOSTS = [".example.com", "*", "localhost", "[::1]", "www.example.com", "example.net"]
    assert link(*arguments).startswith(start)


def test_the_link_of_a_developer_leads_to_runserver(settings: pytest_django.Settings) -> None:
    settings.DEBUG = True
    assert link().startswith("http://127.0.0.1:8000/?")


def test_the_command_says_until_when_the_link_lasts_beside_the_link() -> None:
    assert re.search(r"(?m)passes until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d CES?T\.$", said_beside_the_link())


def said_beside_the_link() -> str:
    said = StringIO()
    call_command("downtime_link", "--url", "https://example.com/", stdout=StringIO(), stderr=said)
    return said.getvalue()


@pytest.mark.parametrize(
    ("of_flag", "of_schedule", "is_warned"),
    [
        (None, None, True),
        (None, "periods: [{start: 2999-01-01}]", True),
        ("", None, False),
        ("paths: [/shop]", None, False),
        (None, "periods: [{start: 2020-01-01, read_only: true}]", False),
        (None, "periods: [{start: 2020-13-01}]", False),
    ],
    ids=["up", "planned", "flag", "flag for a part", "read-only", "not known"],
)
def test_the_command_warns_that_the_site_is_up(
    flag: Path, schedule: Path, of_flag: str | None, of_schedule: str | None, is_warned: bool
) -> None:
    """Then the link sets no cookie, and its token is not taken out of the URL."""
    if of_flag is not None:
        flag.write_text(of_flag)
    if of_schedule is not None:
        schedule.write_text(of_schedule)
    assert ("The site is up, so the link lets nobody pass yet." in said_beside_the_link()) is is_warned


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--hours", "0"], "--hours is '0'; it must be a whole number of hours from 1 to 720"),
        (["--hours", "721"], "--hours is '721'"),
        (["--hours", "-1"], "--hours is '-1'"),
        (["--hours", "1.5"], "--hours is '1.5'"),
        (["--hours", "²"], "--hours is '²'"),
        (["--hours", "9" * 5000], "--hours is '999"),
        (["--hours", ""], "--hours is ''"),
        (["--url", "/shop/"], "--url is '/shop/'; it must be a whole URL of the site"),
        (["--url", "//example.com/"], "--url is '//example.com/'; it must be a whole URL"),
        (["--url", "example.com"], "--url is 'example.com'; it must be a whole URL"),
        (["--url", "ftp://example.com/"], "--url is 'ftp://example.com/'"),
        (["--url", "https://a b/"], "--url is 'https://a b/'"),
        (["--url", "http://["], "--url is 'http://['"),
        ([], "--url is needed, as ALLOWED_HOSTS names no host in full"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_the_command_does_not_understand_it_refuses_with_what_is_allowed(
    settings: pytest_django.Settings, arguments: list[str], reason: str
) -> None:
    settings.ALLOWED_HOSTS = ["*", ".example.com"]
    with pytest.raises(CommandError) as error:
        link(*arguments)
    assert str(error.value).startswith(reason)


def test_without_a_key_no_link_can_be_signed(settings: pytest_django.Settings) -> None:
    settings.SECRET_KEY = ""
    with pytest.raises(CommandError, match=r"^no link can be signed: The SECRET_KEY setting must not be empty"):
        link("--url", "https://example.com/")


def test_who_opens_the_link_passes_and_nobody_else(client: Client, flag: Path, clock: Clock) -> None:
    flag.touch()
    assert client.get("/shop/").status_code == 503
    url = urlsplit(link("--url", "http://testserver/shop/?a=b"))
    answer = client.get(f"{url.path}?{url.query}")
    assert (answer.status_code, answer["Location"]) == (302, "/shop/?a=b")
    assert client.get(answer["Location"]).content == b"up: /shop/"
    assert client.post("/shop/").content == b"up: /shop/"
    assert Client().get("/shop/").status_code == 503
    client.cookies.clear()
    assert client.get("/shop/").status_code == 503


@pytest.mark.parametrize("path", ["/", "/admin/", "/upgrade/", "/not/covered"])
def test_the_link_may_be_opened_on_any_path(ask: Ask, settings: pytest_django.Settings, flag: Path, path: str) -> None:
    settings.DOWNTIME_URL_REDIRECT = "/upgrade/"
    flag.write_text("paths: [/shop, /upgrade, /admin]")
    answer = ask(f"{path}?{bypass.NAME}={bypass.token(60)}")
    assert (answer.status_code, answer["Location"], bypass.NAME in answer.cookies) == (302, path, True)


def test_the_link_lets_write_while_a_period_is_read_only(client: Client, flag: Path) -> None:
    flag.write_text("read_only: true")
    assert client.post("/shop/").status_code == 503
    assert client.get(f"/shop/?{bypass.NAME}={bypass.token(60)}").status_code == 302
    assert client.post("/shop/").status_code == 200


def test_while_the_site_is_up_a_link_is_a_plain_request(ask: Ask) -> None:
    answer = ask(f"/shop/?{bypass.NAME}={bypass.token(60)}")
    assert (answer.content, bypass.NAME in answer.cookies) == (b"up: /shop/", False)


@pytest.mark.parametrize("token", ["", "x", "28800.x.y"])
@pytest.mark.parametrize("place", ["link", "cookie"])
def test_a_wrong_token_gets_the_same_answer_as_none(ask: Ask, flag: Path, token: str, place: str) -> None:
    flag.touch()
    plain = ask("/")
    answer = ask(f"/?{bypass.NAME}={token}") if place == "link" else ask("/", cookie=f"{bypass.NAME}={token}")
    assert (answer.status_code, answer.content, answer.headers) == (503, plain.content, plain.headers)


def test_without_a_key_a_site_stays_down_and_what_passes_goes_on(
    ask: Ask, settings: pytest_django.Settings, flag: Path
) -> None:
    settings.SECRET_KEY = ""
    flag.write_text("paths: [/shop]")
    assert ask(f"/shop?{bypass.NAME}=x").status_code == 503
    assert ask("/shop", cookie=f"{bypass.NAME}=x").status_code == 503
    assert ask(f"/?{bypass.NAME}=x").status_code == 200


def test_a_link_on_a_url_that_is_too_long_to_redirect_to_sets_no_cookie(ask: Ask, flag: Path) -> None:
    """Django before 5.2.8 redirects to a URL of any length."""
    expected = (503, False) if hasattr(response, "MAX_URL_REDIRECT_LENGTH") else (302, True)
    flag.touch()
    answer = ask(f"/{'x' * 20_000}?{bypass.NAME}={bypass.token(60)}")
    assert (answer.status_code, bypass.NAME in answer.cookies) == expected
