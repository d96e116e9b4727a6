import pytest
import pytest_django
from django.http import HttpRequest
from django.test import RequestFactory

from downtime.exemptions import Exemptions, is_target


def request_for(path_info: str, *, script: str = "", host: str = "example.com") -> HttpRequest:
    """A request as the server hands it over: the path is decoded already, and its bytes are latin-1 (PEP 3333)."""
    path = path_info.encode().decode("latin-1")
    return RequestFactory().get("/", PATH_INFO=path, SCRIPT_NAME=script, headers={"host": host})


@pytest.mark.parametrize(
    ("path", "passes"),
    [
        ("/admin", True),
        ("/admin/", True),
        ("/admin/login/", True),
        ("/admin/.hidden", True),
        ("/admin/...", True),
        ("/", False),
        ("/administrator", False),
        ("/admin.php", False),
        ("/Admin", False),
        ("//admin", False),
        ("//admin/", False),
        ("/admin//", False),
        ("/admin/../x", False),
        ("/admin/..", False),
        ("/admin/./x", False),
        ("/x/../admin", False),
        ("/./admin", False),
        ("/%61dmin", False),
        ("/admin%2f..%2fx", False),
        ("/x/admin", False),
        ("/admin\\..\\x", False),
        ("", False),
    ],
)
def test_a_prefix_exempts_whole_segments_of_plain_paths(path: str, passes: bool) -> None:
    assert Exemptions.of_settings().has(request_for(path), "") is passes


@pytest.mark.parametrize("prefix", ["/hooks", "/hooks/", "/hooks//"])
@pytest.mark.parametrize(("path", "passes"), [("/hooks", True), ("/hooks/a", True), ("/hooksmith", False)])
def test_a_closing_slash_of_a_prefix_means_nothing(
    settings: pytest_django.Settings, prefix: str, path: str, passes: bool
) -> None:
    settings.DOWNTIME_EXEMPT_PATHS = [prefix]
    assert Exemptions.of_settings().has(request_for(path), "") is passes


def test_the_default_prefix_goes_with_a_setting_of_ones_own(settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_EXEMPT_PATHS = ()
    assert not Exemptions.of_settings().has(request_for("/admin"), "")


@pytest.mark.parametrize(
    ("path", "passes"),
    [
        ("/healthz", True),
        ("/healthz/", False),
        ("/healthz/x", False),
        ("//healthz", False),
        ("/Healthz", False),
        ("//as/../written", True),
    ],
)
def test_an_exact_url_exempts_that_path_as_written(settings: pytest_django.Settings, path: str, passes: bool) -> None:
    settings.DOWNTIME_EXEMPT_EXACT_URLS = ["/healthz", "//as/../written"]
    assert Exemptions.of_settings().has(request_for(path), "") is passes


@pytest.mark.parametrize(
    ("script", "path", "passes"),
    [("/site", "/admin", True), ("/admin", "/x", False), ("/admin", "/", False), ("/site", "/site/admin", False)],
)
def test_the_script_prefix_is_no_part_of_the_path(script: str, path: str, passes: bool) -> None:
    assert Exemptions.of_settings().has(request_for(path, script=script), "") is passes


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
def test_the_target_of_a_redirect_is_exempt_on_this_site(redirect: str, path: str, script: str, is_it: bool) -> None:
    request = request_for(path, script=script)
    assert is_target(request, redirect) is is_it
    assert Exemptions.of_settings().has(request, redirect) is is_it


def test_a_host_that_is_not_allowed_is_not_this_site(settings: pytest_django.Settings) -> None:
    settings.ALLOWED_HOSTS = ["example.com"]
    request = request_for("/upgrade/", host="evil.example")
    assert not is_target(request, "https://evil.example/upgrade/")


@pytest.mark.parametrize("prefix", ["/", "//"])
def test_no_prefix_exempts_the_whole_site(settings: pytest_django.Settings, prefix: str) -> None:
    settings.DOWNTIME_EXEMPT_PATHS = [prefix]
    assert not Exemptions.of_settings().has(RequestFactory().get("/shop"), "")


@pytest.mark.parametrize("path", ["/upgrade", "/upgrade/"])
@pytest.mark.parametrize("redirect", ["/upgrade", "/upgrade/"])
def test_a_redirect_between_the_spellings_of_its_target_can_not_loop(path: str, redirect: str) -> None:
    assert Exemptions.of_settings().has(RequestFactory().get(path), redirect)
