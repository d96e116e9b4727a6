"""What the library requests gets, and what a real nginx in front makes of it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import requests

from downtime.http import bypass
from tests.support.harness import Running, Site, serving
from tests.support.nginx import in_front
from tests.support.readme import block

KINDS = {"page": {"Accept": "text/html"}, "JSON": {"Accept": "application/json"}}
OF_THE_MOMENT = {"connection", "transfer-encoding", "date", "server", "keep-alive", "expires", "retry-after"}
CACHED = "proxy_cache kept; proxy_cache_valid 200 10m;"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site that decides each request by its files."""
    settings = {"ROOT_URLCONF": "tests.support.site.pages", "SESSION_COOKIE_SECURE": True}
    return Site(tmp_path, recheck=0, settings=settings)


@pytest.fixture
def server(site: Site, request: pytest.FixtureRequest) -> Iterator[Running]:
    """That site, served by WSGI, or as a test asks."""
    with serving(site, getattr(request, "param", "gunicorn sync"), workers=1) as server:
        yield server


either = pytest.mark.parametrize("server", ["gunicorn sync", "uvicorn"], indirect=True)


def kept(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that a proxy has to hand on as they are."""
    return {name.lower(): value for name, value in headers.items() if name.lower() not in OF_THE_MOMENT}


def url_of(server: Running, path: str = "/api") -> str:
    return f"http://127.0.0.1:{server.port}{path}"


def get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers=headers, timeout=10, allow_redirects=False)


@either
def test_a_script_that_posts_json_gets_json(site: Site, server: Running) -> None:
    site.flag.write_text("message: Back at four.\nredirect: https://status.example.com/\n")
    answer = requests.post(url_of(server), json={"a": 1}, timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert (answer.json()["detail"], answer.json()["state"]) == (
        "Back at four.\nWhat was sent was not saved.",
        "down",
    )
    site.flag.write_text("read_only: true")
    assert requests.post(url_of(server), json={"a": 1}, timeout=10).json()["state"] == "read-only"
    assert requests.post(url_of(server), data={"a": 1}, timeout=10).headers["Content-Type"].startswith("text/html")


@either
@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_comes_through_the_lines_of_the_readme_as_it_is(site: Site, server: Running, kind: str) -> None:
    site.flag.write_text("duration: 2h")
    with in_front(site.folder / "nginx", [server.port], block("proxy_next_upstream").text) as url:
        through = get(f"{url}/api", **KINDS[kind])
        direct = get(url_of(server), **KINDS[kind])
    assert (through.status_code, through.content) == (503, direct.content)
    assert kept(through.headers) == kept(direct.headers)
    assert 0 < int(through.headers["Retry-After"]) <= 7200


def test_servers_that_are_down_are_not_given_up_by_the_lines_of_the_readme(site: Site, server: Running) -> None:
    site.flag.touch()
    with in_front(site.folder / "nginx", [server.port, server.port], block("proxy_next_upstream").text) as url:
        assert [get(url).status_code for _ in range(6)] == [503] * 6
        site.flag.unlink()
        assert get(f"{url}/part").status_code == 200


TRAPS = {
    "proxy_next_upstream": ("proxy_next_upstream error timeout http_503;", 502),
    "proxy_intercept_errors": ("proxy_intercept_errors on; error_page 503 /broken.html;", 503),
}


@pytest.mark.parametrize(("lines", "status"), TRAPS.values(), ids=TRAPS)
def test_other_lines_do_what_the_readme_says(site: Site, server: Running, lines: str, status: int) -> None:
    """So the warnings there are true."""
    site.flag.write_text("duration: 2h")
    with in_front(site.folder / "nginx", [server.port, server.port], lines) as url:
        get(url)
        answer = get(url, **KINDS["JSON"])
    assert answer.status_code == status
    assert "Retry-After" not in answer.headers
    assert "problem" not in answer.headers["Content-Type"]


def test_a_cache_in_front_shows_nobody_what_an_exempt_client_saw(site: Site, server: Running) -> None:
    """Whatever the site says to that cache alone."""
    site.flag.write_text("duration: 2h")
    with in_front(site.folder / "nginx", [server.port], CACHED) as url:
        opened = get(site.manage("downtime_link", "--url", f"{url}/cached").splitlines()[0])
        assert (opened.status_code, opened.headers["Referrer-Policy"]) == (302, "no-referrer")
        assert "; Secure" in opened.headers["Set-Cookie"]
        cookie = opened.headers["Set-Cookie"].partition(";")[0]
        assert get(f"{url}/cached", Cookie=cookie).text == "for ten minutes"
        assert get(f"{url}/cached").status_code == 503
        site.flag.unlink()
        assert get(f"{url}/cached").text == "for ten minutes"
        site.flag.touch()
        assert get(f"{url}/cached").text == "for ten minutes"  # so there is such a cache


def test_no_cache_in_front_keeps_the_down_page(site: Site, server: Running) -> None:
    site.flag.touch()
    with in_front(site.folder / "nginx", [server.port], f"{CACHED} proxy_cache_valid any 10m;") as url:
        assert get(f"{url}/part").status_code == 503
        site.flag.unlink()
        assert get(f"{url}/part").status_code == 200


def test_a_cache_that_does_not_heed_the_headers_shows_the_down_page_after_the_downtime(
    site: Site, server: Running
) -> None:
    """So the documented warning is true."""
    site.flag.touch()
    heedless = "proxy_ignore_headers Cache-Control Expires X-Accel-Expires Vary;"
    with in_front(site.folder / "nginx", [server.port], f"{CACHED} {heedless} proxy_cache_valid any 10m;") as url:
        assert get(f"{url}/part").status_code == 503
        site.flag.unlink()
        assert get(f"{url}/part").status_code == 503


def test_the_token_of_a_link_stands_in_the_access_log(site: Site, server: Running) -> None:
    """So the documentation says."""
    with in_front(site.folder / "nginx", [server.port], "") as url:
        get(f"{url}/part?{bypass.NAME}=secret")
    assert f"{bypass.NAME}=secret" in (site.folder / "nginx" / "access.log").read_text()
