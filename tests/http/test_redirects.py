from pathlib import Path

import pytest
import pytest_django
from django.test import Client, RequestFactory

from downtime.exemptions import Exemptions
from downtime.http.redirects import is_own, is_target
from tests.support.requests import request_for


@pytest.mark.parametrize(
    ("redirect", "path", "script", "is_it"),
    [
        ("/upgrade/", "/upgrade/", "", True),
        ("/upgrade/", "/upgrade", "", True),
        ("/", "///", "", False),
        ("/upgrade/", "/upgrade/x", "", False),
        ("/upgrade/", "//upgrade/", "", False),
        ("/upgrade/?from=downtime", "/upgrade/", "", True),
        ("/upgrade/#now", "/upgrade/", "", True),
        ("/w%C3%A4rter", "/wärter", "", True),
        ("/wärter", "/wärter", "", True),
        ("/site/upgrade/", "/upgrade/", "/site", True),
        ("/upgrade/", "/upgrade/", "/site", False),
        ("http://example.com/upgrade/", "/upgrade/", "", True),
        ("https://EXAMPLE.com/upgrade/", "/upgrade/", "", True),
        ("//example.com/upgrade/", "/upgrade/", "", True),
        ("https://example.com", "/", "", True),
        ("https://example.com:443/upgrade/", "/upgrade/", "", True),
        ("http://example.com:80/upgrade/", "/upgrade/", "", True),
        ("https://example.com/upgrade/", "/x", "", False),
        ("https://status.example.com/upgrade/", "/upgrade/", "", False),
        ("https://status.example.com/", "/", "", False),
        ("https://example.com:8443/upgrade/", "/upgrade/", "", False),
    ],
)
def test_the_target_of_a_redirect_is_exempt_on_this_site(
    settings: pytest_django.Settings, redirect: str, path: str, script: str, is_it: bool
) -> None:
    settings.ALLOWED_HOSTS = ["example.com"]
    request = request_for(path, script=script)
    assert is_target(request, redirect) is is_it
    assert Exemptions().has_path(request, redirect) is is_it


def test_a_host_that_is_not_allowed_is_not_this_site(settings: pytest_django.Settings) -> None:
    settings.ALLOWED_HOSTS = ["example.com"]
    request = request_for("/upgrade/", host="evil.example")
    assert not is_target(request, "https://evil.example/upgrade/")


def test_a_request_without_a_path_is_for_no_page() -> None:
    """OPTIONS * has none, and Django's guess at one is /*."""
    assert not is_target(request_for("*"), "/*")


def test_a_redirect_that_is_no_url_has_no_target() -> None:
    assert not is_target(RequestFactory().get("/"), "http://[")


@pytest.mark.parametrize("path", ["/upgrade", "/upgrade/"])
@pytest.mark.parametrize("redirect", ["/upgrade", "/upgrade/"])
def test_a_redirect_between_the_spellings_of_its_target_can_not_loop(path: str, redirect: str) -> None:
    assert Exemptions().has_path(RequestFactory().get(path), redirect)


@pytest.mark.parametrize(
    ("allowed", "redirect", "own"),
    [
        (["example.com"], "/upgrade/", True),
        (["example.com"], "https://example.com/upgrade/", True),
        (["Example.com"], "https://EXAMPLE.com:8443/upgrade/", True),
        (["[::1]"], "http://[::1]:8000/upgrade/", True),
        (["example.com"], "https://status.example.com/", False),
        ([".example.com"], "https://status.example.com/", False),
        (["*"], "https://status.example.com/", False),
        ([], "http://localhost/upgrade/", False),
    ],
)
def test_a_host_is_this_site_where_it_is_named_in_full(
    settings: pytest_django.Settings, allowed: list[str], redirect: str, own: bool
) -> None:
    settings.ALLOWED_HOSTS = allowed
    assert is_own(redirect) is own


@pytest.mark.parametrize("allowed", ["*", ".example.com"])
def test_the_host_of_a_status_page_lets_nobody_in_and_loops_nobody(
    client: Client, settings: pytest_django.Settings, flag: Path, allowed: str
) -> None:
    settings.ALLOWED_HOSTS = [allowed]
    settings.DOWNTIME_URL_REDIRECT = "https://status.example.com/"
    flag.touch()
    assert client.get("/", headers={"host": "www.example.com"}).status_code == 302
    assert client.get("/", headers={"host": "status.example.com"}).status_code == 503
