"""What nobody may get by: requests and messages that are forged, malformed or huge, on a site that is down."""

import asyncio
import gc
import json
import re
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, unquote_to_bytes, urljoin, urlsplit

import pytest
import pytest_django
from django.core import signing
from django.http import HttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path, re_path
from django.utils.html import escape

from downtime.decorators import downtime_exempt
from downtime.http import bypass
from tests.urls import echo

Headers = Sequence[tuple[str, str]]
Send = Callable[..., HttpResponse]

HOUR = 3600
DOWN = "periods:\n  - start: 2020-01-01\n"
READ_ONLY = "read_only: true\n"
MARKUP = "<script>attack()</script>"

urlpatterns = [path("health/", downtime_exempt(echo)), re_path("", echo)]


@pytest.fixture(scope="module", autouse=True)
def site() -> Iterator[None]:
    """A site with something of each kind that is exempt."""
    exempt: dict[str, Any] = {
        "DOWNTIME_EXEMPT_EXACT_URLS": ["/healthz"],
        "DOWNTIME_EXEMPT_IPS": ["192.0.2.0/24", "2001:db8::/32", "fe80::/10"],
    }
    with override_settings(ROOT_URLCONF=__name__, **exempt):
        yield


@pytest.fixture(scope="module")
def clients(site: None) -> dict[str, Client | AsyncClient]:
    """One process for all the attacks, so that what one leaves behind would help the next."""
    return {"client": Client(), "async_client": AsyncClient()}


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """One for all, as a server has it; a new one for each request takes as long as all the rest of it."""
    with ThreadPoolExecutor(1) as executor, closing(asyncio.new_event_loop()) as loop:
        loop.set_default_executor(executor)
        yield loop


@pytest.fixture(autouse=True)
def down(flag: Path) -> None:
    flag.touch()


@pytest.fixture(params=["client", "async_client"])
def send(
    request: pytest.FixtureRequest,
    clients: dict[str, Any],
    loop: asyncio.AbstractEventLoop,
    caplog: pytest.LogCaptureFixture,
) -> Send:
    """Sends what a server would hand over for a target, and no answer to that is a failure of ours.

    Unlike `ask` it can repeat a header, and name the peer and a script prefix; no path and no query is made proper."""
    client = clients[request.param]

    def wsgi(
        target: str, method: str = "GET", *, headers: Headers = (), peer: str = "127.0.0.1", script: str = ""
    ) -> HttpResponse:
        given: dict[str, str] = {}
        for name, value in headers:
            key = f"HTTP_{name.upper().replace('-', '_')}"
            given[key] = f"{given[key]},{value}" if key in given else value
        asked, _, query = target.partition("?")
        response: HttpResponse = client.request(
            REQUEST_METHOD=method,
            PATH_INFO=unquote_to_bytes(asked).decode("latin-1"),
            QUERY_STRING=query,
            REMOTE_ADDR=peer,
            SCRIPT_NAME=script,
            **given,
        )
        return response

    async def asgi(
        target: str, method: str = "GET", *, headers: Headers = (), peer: str = "127.0.0.1", script: str = ""
    ) -> HttpResponse:
        # The client adds an empty cookie header, which Django joins by a comma.
        cookies = [("cookie", ",".join(value for name, value in headers if name == "cookie") + "; end=")]
        others = [(name, value) for name, value in headers if name != "cookie"]
        given = [] if "host" in dict(headers) else [(b"host", b"testserver")]
        asked, _, query = target.partition("?")
        response: HttpResponse = await client.request(
            method=method,
            path=script + unquote(asked),
            query_string=query,
            client=[peer, 4711],
            root_path=script,
            headers=given + [(name.encode(), value.encode("latin-1")) for name, value in [*others, *cookies]],
        )
        return response

    def through_asgi(*args: Any, **more: Any) -> HttpResponse:
        return loop.run_until_complete(asgi(*args, **more))

    sent: Send = through_asgi if isinstance(client, AsyncClient) else wsgi

    def send(*args: Any, **more: Any) -> HttpResponse:
        client.cookies.clear()
        answer = sent(*args, **more)
        assert answer.status_code in (200, 302, 503)
        assert not [record.message for record in caplog.records if record.exc_info], "a traceback for each such request"
        assert all(value.isprintable() for value in answer.headers.values())
        return answer

    return send


def assert_refused(answer: HttpResponse, leads_to: str = "") -> None:
    """The answer is that of a site that is down, and holds nothing of the request."""
    assert answer.status_code == (302 if leads_to else 503)
    assert answer["X-Downtime"] == "planned"
    assert answer.get("Location", "") == leads_to
    assert not answer.cookies
    assert not answer.content.startswith(b"up: ")
    assert b"attack" not in answer.content.lower()
    assert "attack" not in str(answer.headers).lower()


def assert_passed(answer: HttpResponse) -> None:
    """The site itself has answered."""
    assert answer.status_code == 200
    assert answer.content.startswith(b"up: ")
    assert "X-Downtime" not in answer


def assert_decided(answer: HttpResponse, passes: bool) -> None:
    (assert_passed if passes else assert_refused)(answer)


# Paths

REFUSED = {
    "another path": "/shop",
    "two slashes": "//admin",
    "three slashes": "///admin/",
    "two slashes below": "/admin//shop",
    "two slashes at the end": "/admin//",
    "encoded slash": "/%2fadmin",
    "encoded slashes": "%2f%2fadmin",
    "two slashes before an exact URL": "//healthz",
    "two slashes before a marked view": "//health/",
    "two slashes after a marked view": "/health//",
    "dot segments": "/admin/../shop",
    "dot segment": "/admin/./shop",
    "dot segments at the end": "/admin/..",
    "dot segment before": "/./admin",
    "dot segments before": "/shop/../admin",
    "dot segments before an exact URL": "/shop/../healthz",
    "dot segments after a marked view": "/health/../shop",
    "above the root": "/../../admin",
    "many dot segments": "/admin" + "/.." * 2_000,
    "encoded dots": "/admin/%2e%2e/shop",
    "encoded dots and slashes": "/admin%2F%2E%2E%2Fshop",
    "half encoded dots": "/admin/.%2e/shop",
    "dot segment with parameters": "/shop;/../admin",
    "twice encoded letter": "/%2561dmin",
    "twice encoded slash": "/%252fadmin",
    "twice encoded dots": "/shop/%252e%252e/admin",
    "thrice encoded": "/%25252561dmin",
    "overlong slash": "/%c0%afadmin",
    "overlong letter": "/%c1%a1dmin",
    "overlong dots": "/shop/%c0%ae%c0%ae/admin",
    "overlong in three bytes": "/%e0%80%afadmin",
    "overlong exact URL": "/health%c1%ba",
    "invalid UTF-8 before": "/%ff/admin",
    "invalid UTF-8 after": "/admin%ff",
    "lone continuation": "/%80admin",
    "cut UTF-8": "/admin%e2%82",
    "surrogate": "/admin%ed%a0%80",
    "UTF-16": "/%u0061dmin",
    "byte order mark": "/%ef%bb%bfadmin",
    "no hexadecimal": "/%zzadmin",
    "cut encoding": "/admin%",
    "semicolon": "/admin;",
    "semicolon with a name": "/admin;x=1/shop",
    "semicolon before": "/;/admin",
    "semicolon after an exact URL": "/healthz;x=1",
    "semicolon after a marked view": "/health;/",
    "capital": "/Admin",
    "capitals": "/ADMIN/",
    "encoded capital": "/%41dmin",
    "capital exact URL": "/Healthz",
    "capital marked view": "/HEALTH/",
    "full-width letter": "/%ef%bd%81dmin",
    "dotless i": "/adm%c4%b1n",
    "soft hyphen": "/ad%c2%admin",
    "right-to-left mark": "/%e2%80%aeadmin",
    "NUL after": "/admin%00",
    "NUL before": "/%00/admin",
    "NUL and dots": "/admin%00/../shop",
    "NUL after an exact URL": "/healthz%00",
    "NUL alone": "%00",
    "line feed after": "/admin%0a",
    "line feed after an exact URL": "/healthz%0a",
    "line feed after a marked view": "/health/%0a",
    "space after": "/admin%20",
    "space before": "/%20admin",
    "tab before": "%09/admin",
    "line break": "/shop%0d%0aX-Attack:%20a",
    "backslash": "/%5cadmin",
    "backslash as the only separator": "%5cadmin",
    "backslashes after": "/admin%5c..%5cshop",
    "dot after": "/admin.",
    "wildcard": "/*",
    "asterisk": "*",
    "empty": "",
    "no slash": "admin",
    "no slash before dots": "../admin",
    "absolute form": "http://testserver/shop",
    "absolute form of another host": "http://attack.example/shop",
    "absolute form with an exempt host": "http://admin/shop",
    "absolute form twice": "/http://testserver/admin",
    "authority form": "testserver:80",
    "query": "/shop?/admin",
    "query that climbs": "/shop?/../../admin",
    "encoded query": "/shop%3f/admin",
    "encoded query after": "/admin%3f",
    "fragment": "/shop%23/admin",
    "markup": f"/{quote(MARKUP)}",
    "markup in the query": f"/?{MARKUP}={MARKUP}",
    "template syntax": "/%7b%7b%20attack%20%7d%7d",
    "8 kB": "/" + "a" * 8_192,
    "100 kB": "/" + "a" * 100_000,
    "100 kB before": "/" + "a" * 100_000 + "/admin",
    "100 kB of slashes": "/" * 100_000 + "admin",
    "100 kB of dots": "/shop" + "/.." * 33_000 + "/admin",
    "100 kB encoded": "/admin" + "%2e" * 100_000,
    "100 kB of words": "/" + "a-" * 50_000,
    "100 kB of query": "/?" + "a=attack&" * 11_000,
}

EXEMPT = {
    "prefix": "/admin",
    "below the prefix": "/admin/login/?next=//attack.example",
    "encoded prefix": "/%61%64min/",
    "absolute URL in the query": "/admin?http://testserver/shop",
    "exact URL": "/healthz?/shop",
    "marked view": "/health/",
    "dots that are no segment": "/admin/..;/shop",
    "twice encoded dots below": "/admin/%252e%252e/shop",
    "overlong dots below": "/admin/%c0%ae%c0%ae/shop",
    "100 kB below": "/admin/" + "a" * 100_000,
}


@pytest.mark.parametrize("target", REFUSED.values(), ids=REFUSED)
def test_no_spelling_of_a_path_gets_by(send: Send, target: str) -> None:
    assert_refused(send(target))
    answer = send(target, "POST", headers=[("accept", "application/json")])
    assert_refused(answer)
    assert json.loads(answer.content)["status"] == 503


@pytest.mark.parametrize("target", EXEMPT.values(), ids=EXEMPT)
def test_an_exempt_path_passes_as_django_itself_reads_it(send: Send, target: str) -> None:
    """Django decodes once and folds nothing: what it would look up below the prefix is below it."""
    assert_passed(send(target))


@pytest.mark.parametrize(
    ("script", "target", "passes"),
    [
        ("/site", "/admin", True),
        ("/site", "/healthz", True),
        ("/site", "/shop", False),
        ("/site", "/site/admin", False),
        ("/site", "/../admin", False),
        ("/site", "//admin", False),
        ("/admin", "/shop", False),
        ("/admin", "/", False),
        ("/admin", "", False),
        ("/admin/", "/shop", False),
        ("/admin/..", "/shop", False),
        ("//admin", "/shop", False),
        ("/healthz", "", False),
        ("/health/", "/", False),
    ],
)
def test_a_script_prefix_exempts_nothing(send: Send, script: str, target: str, passes: bool) -> None:
    assert_decided(send(target, script=script), passes)


@pytest.mark.parametrize(
    "target",
    ["/shop", "//shop", "/./shop", "/x/../shop", "/%2e/shop", "/x%2f..%2fshop", "/shop/", "/shop//", "/../shop"],
)
def test_no_spelling_gets_by_where_only_a_part_is_down(send: Send, flag: Path, target: str) -> None:
    flag.write_text("paths: [/shop]\n")
    assert_refused(send(target))
    assert_passed(send("/forum"))


# Where a redirect leads to


@pytest.mark.parametrize(
    "target",
    [
        "//upgrade/",
        "/upgrade//",
        "/upgrade/../shop",
        "/upgrade/.",
        "/shop/../upgrade/",
        "/%2fupgrade/",
        "/%2575pgrade/",
        "/upgrade%00",
        "/upgrade;",
        "/Upgrade/",
        "/upgrade%3f",
        "/shop?/upgrade/",
        "up/grade/",
        "upgrade/",
        "upgrade//",
        "http://testserver/upgrade/",
    ],
)
def test_no_other_path_counts_as_the_target_of_the_redirect(
    send: Send, settings: pytest_django.Settings, target: str
) -> None:
    settings.DOWNTIME_URL_REDIRECT = "/upgrade/"
    assert_refused(send(target), "/upgrade/")
    assert_passed(send("/upgrade/"))


FORGED_HOSTS: dict[str, Sequence[str]] = {
    "another": ["attack.example"],
    "two": ["testserver", "attack.example"],
    "two, the other first": ["attack.example", "testserver"],
    "the same twice": ["testserver", "testserver"],
    "empty": [""],
    "port of another": ["attack.example:80"],
    "huge port": ["testserver:999999"],
    "no number": ["testserver:attack"],
    "userinfo": ["attack@testserver"],
    "userinfo of another": ["testserver:80@attack.example"],
    "path": ["testserver/attack"],
    "query": ["testserver?attack"],
    "fragment": ["testserver#attack"],
    "backslash": ["testserver\\attack"],
    "scheme": ["http://testserver"],
    "list": ["testserver, attack.example"],
    "space": ["test server"],
    "tab": ["testserver\t"],
    "NUL": ["testserver\0attack"],
    "open bracket": ["[::1"],
    "brackets": ["[attack]"],
    "IPv6 with a zone": ["[fe80::1%25attack]"],
    "dots": [".."],
    "longer": ["attack.testserver"],
    "ends alike": ["attacktestserver"],
    "no ASCII": ["\xe4ttack\xff"],
    "markup": [MARKUP],
    "8 kB": ["a" * 8_192],
    "64 kB": ["attack." * 9_000],
}


@pytest.mark.parametrize("hosts", FORGED_HOSTS.values(), ids=FORGED_HOSTS)
def test_a_forged_host_moves_no_redirect(send: Send, settings: pytest_django.Settings, hosts: Sequence[str]) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "example.com"]
    headers = [("host", host) for host in hosts]
    opened = send(f"/shop?{bypass.NAME}={bypass.token(HOUR)}", headers=headers)
    assert opened["Location"] == "/shop"
    assert not opened.cookies[bypass.NAME]["domain"]
    for redirect in ("/upgrade/", "https://example.com/upgrade/"):
        settings.DOWNTIME_URL_REDIRECT = redirect
        assert_refused(send("/shop", headers=headers), redirect)
    assert_refused(send("/upgrade/", headers=headers), redirect)


STATUS_PAGE = "https://status.example.com/"


@pytest.mark.parametrize(
    ("allowed", "redirect", "host", "target", "outcome"),
    [
        pytest.param(["*"], STATUS_PAGE, "status.example.com", "/", 503, id="any host"),
        pytest.param(["*"], STATUS_PAGE, "status.example.com", "", 503, id="any host, no path"),
        pytest.param(["*"], STATUS_PAGE, "STATUS.example.com:443", "/", 302, id="any host, its port"),
        pytest.param(["*"], STATUS_PAGE, "status.example.com.", "/", 302, id="any host, final dot"),
        pytest.param(["*"], STATUS_PAGE, "status.example.com", "/shop", 302, id="any host, another path"),
        pytest.param(["*"], STATUS_PAGE, "x@status.example.com", "/", 302, id="any host, userinfo"),
        pytest.param([".example.com"], STATUS_PAGE, "status.example.com", "/", 503, id="any below"),
        pytest.param([".example.com"], STATUS_PAGE, "attack.example", "/", 302, id="not below"),
        pytest.param(["example.com"], STATUS_PAGE, "status.example.com", "/", 302, id="not allowed"),
        pytest.param(["example.com"], "//example.com/upgrade/", "example.com", "/upgrade/", 200, id="of this site"),
        pytest.param(["example.com"], "//example.com/upgrade/", "attack.example", "/upgrade/", 302, id="of another"),
        pytest.param([".example.com"], "//example.com/upgrade/", "example.com", "/upgrade/", 503, id="of any below"),
        pytest.param([], "http://localhost/upgrade/", "localhost", "/upgrade/", 302, id="nothing allowed"),
    ],
)
def test_no_host_makes_a_page_of_this_site_the_target(
    send: Send,
    settings: pytest_django.Settings,
    allowed: list[str],
    redirect: str,
    host: str,
    target: str,
    outcome: int,
) -> None:
    settings.ALLOWED_HOSTS = allowed
    settings.DOWNTIME_URL_REDIRECT = redirect
    answer = send(target, headers=[("host", host)])
    if outcome == 200:
        assert_passed(answer)
    else:
        assert_refused(answer, redirect if outcome == 302 else "")


def test_a_host_that_a_client_adds_as_a_proxy_would_counts_for_nothing(
    send: Send, settings: pytest_django.Settings
) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "example.com"]
    settings.DOWNTIME_URL_REDIRECT = "https://example.com/upgrade/"
    for name in ("x-forwarded-host", "x-host", "x-original-host", "forwarded"):
        answer = send("/upgrade/", headers=[("host", "testserver"), (name, "example.com")])
        assert_refused(answer, "https://example.com/upgrade/")


# Addresses

MINE = "192.0.2.1"
THEIRS = "203.0.113.9"

FORWARDED: dict[str, tuple[int, list[str], bool]] = {
    "no proxy": (0, [MINE], False),
    "no proxy, several": (0, [MINE, MINE], False),
    "no proxy, 1,000": (0, [f"{MINE}, " * 1_000], False),
    "one": (1, [MINE], True),
    "one, forged before": (1, [f"{MINE}, {THEIRS}"], False),
    "one, forged header before": (1, [MINE, THEIRS], False),
    "one, forged headers before": (1, [MINE] * 50 + [THEIRS], False),
    "one, forged without spaces": (1, [f"{MINE},{THEIRS}"], False),
    "one, garbage before": (1, [f"\xff\0,,{MARKUP},{MINE}"], True),
    "one, 1,000 forged": (1, [f"{MINE}, " * 1_000 + THEIRS], False),
    "one, 1,000 before": (1, [f"{THEIRS}, " * 1_000 + MINE], True),
    "one, 1,000 empty": (1, ["," * 1_000], False),
    "one, no header": (1, [], False),
    "one, empty": (1, [""], False),
    "one, empty after": (1, [f"{MINE},"], False),
    "one, empty header after": (1, [MINE, ""], False),
    "one, empty before": (1, [f",{MINE}"], True),
    "two, one entry": (2, [MINE], False),
    "two": (2, [f"{MINE}, {THEIRS}"], True),
    "two headers": (2, [MINE, THEIRS], True),
    "two, forged before": (2, [f"{MINE}, {THEIRS}, {MINE}"], False),
    "two, forged header before": (2, [MINE, f"{THEIRS}, {MINE}"], False),
    "two, empty before": (2, [f",{MINE}"], False),
    "two, empty between": (2, [f"{MINE},,{THEIRS}"], False),
    "two, 1,000 forged": (2, [f"{MINE}, " * 1_000 + f"{THEIRS}, {MINE}"], False),
    "spaces": (1, [f"  {MINE}\t "], True),
    "spaces inside": (1, ["192.0.2. 1"], False),
    "spaces between two": (1, [f"{MINE} {THEIRS}"], False),
    "many spaces between two": (1, [f"{MINE}{' ' * 200}{THEIRS}"], False),
    "no-break space": (1, [f"\xa0{MINE}"], False),
    "port": (1, [f"{MINE}:4711"], True),
    "port of another": (1, [f"{MINE}, {THEIRS}:4711"], False),
    "two ports": (1, [f"{MINE}:1:2"], False),
    "port too long": (1, [f"{MINE}:471100"], False),
    "empty port": (1, [f"{MINE}:"], False),
    "address as the port": (1, [f"{THEIRS}:{MINE}"], False),
    "userinfo": (1, [f"x@{MINE}"], False),
    "mapped": (1, [f"::ffff:{MINE}"], True),
    "mapped, hexadecimal": (1, ["::FFFF:c000:201"], True),
    "mapped, in brackets": (1, [f"[::ffff:{MINE}]:4711"], True),
    "mapped, of another": (1, [f"{MINE}, ::ffff:{THEIRS}"], False),
    "compatible": (1, [f"::{MINE}"], False),
    "NAT64": (1, [f"64:ff9b::{MINE}"], False),
    "6to4": (1, ["2002:c000:201::"], False),
    "IPv6": (1, ["2001:db8::1"], True),
    "IPv6 with a port": (1, ["[2001:db8::1]:443"], True),
    "IPv6, open bracket": (1, ["[2001:db8::1"], False),
    "IPv6, nested brackets": (1, ["[[2001:db8::1]]"], False),
    "zone": (1, ["fe80::1%eth0"], True),
    "zone that is an address": (1, [f"fe90::1%{MINE}, fec0::1%{MINE}"], False),
    "zone of IPv4": (1, [f"{MINE}%eth0"], False),
    "zone that is huge": (1, ["2001:db9::1%" + "a" * 64_000], False),
    "zone with markup": (1, [f"2001:db9::1%{MARKUP}"], False),
    "octal": (1, ["0300.0.2.1"], False),
    "leading zero": (1, ["192.0.2.01"], False),
    "one number": (1, ["3221225985"], False),
    "hexadecimal": (1, ["0xc0.0x00.0x02.0x01"], False),
    "superscript": (1, ["192.0.\xb2.1"], False),
    "short": (1, ["192.2.1"], False),
    "network": (1, ["192.0.2.0/24"], False),
    "NUL": (1, [f"{MINE}\0"], False),
    "quoted": (1, [f'"{MINE}"'], False),
    "as in Forwarded": (1, [f"for={MINE}"], False),
    "semicolon": (1, [f"{MINE};{THEIRS}"], False),
    "a name": (1, ["localhost"], False),
    "unknown": (1, [f"{MINE}, unknown"], False),
    "markup": (1, [MARKUP], False),
    "64 kB": (1, ["1" * 64_000], False),
    "64 kB of colons": (1, [":" * 64_000], False),
    "64 kB of brackets": (1, ["[" * 64_000], False),
}


@pytest.mark.parametrize(("proxies", "forwarded", "passes"), FORWARDED.values(), ids=FORWARDED)
def test_a_forged_x_forwarded_for_makes_nobody_exempt(
    send: Send, settings: pytest_django.Settings, proxies: int, forwarded: list[str], passes: bool
) -> None:
    settings.DOWNTIME_PROXY_COUNT = proxies
    headers = [("x-forwarded-for", value) for value in forwarded]
    assert_decided(send("/shop", headers=headers, peer=THEIRS), passes)


@pytest.mark.parametrize(
    ("proxies", "peer", "passes"),
    [
        (0, MINE, True),
        (0, f"::ffff:{MINE}", True),
        (0, THEIRS, False),
        (0, "", False),
        (0, "unix:", False),
        (0, "/run/192.0.2.1", False),
        (1, MINE, False),
        (2, MINE, False),
    ],
)
def test_the_peer_counts_where_no_proxy_is_ours(
    send: Send, settings: pytest_django.Settings, proxies: int, peer: str, passes: bool
) -> None:
    settings.DOWNTIME_PROXY_COUNT = proxies
    assert_decided(send("/shop", peer=peer), passes)


@pytest.mark.parametrize(
    "name",
    [
        "forwarded",
        "x-real-ip",
        "x-client-ip",
        "true-client-ip",
        "cf-connecting-ip",
        "x-originating-ip",
        "x-forwarded",
        "x-forwarded-for-original",
        "remote-addr",
        "client-ip",
    ],
)
def test_no_other_header_names_the_client(send: Send, settings: pytest_django.Settings, name: str) -> None:
    for proxies in (0, 1):
        settings.DOWNTIME_PROXY_COUNT = proxies
        for value in (MINE, f"for={MINE}", f"{MINE}, {MINE}"):
            assert_refused(send("/shop", headers=[(name, value)], peer=THEIRS))


# The bypass link and its cookie


def made(seconds: object, *, ago: int = 0, salt: str = "downtime.bypass", key: str | None = None) -> str:
    """A token as it is signed, but with any moment, salt and key."""
    stamp = signing.b62_encode(int(time.time()) - ago)
    return signing.Signer(salt=salt, sep=".", key=key).sign(f"{seconds}.{stamp}")


FORGED: dict[str, Callable[[str], str]] = {
    "empty": lambda token: "",
    "a number": lambda token: "3600",
    "true": lambda token: "true",
    "first letter altered": lambda token: f"9{token[1:]}",
    "last letter altered": lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
    "other case": str.swapcase,
    "last letter cut": lambda token: token[:-1],
    "first letter cut": lambda token: token[1:],
    "half": lambda token: token[: len(token) // 2],
    "signature cut": lambda token: token.rpartition(".")[0],
    "empty signature": lambda token: token.rpartition(".")[0] + ".",
    "signature alone": lambda token: token.rpartition(".")[2],
    "more seconds": lambda token: f"9{token}",
    "negative seconds": lambda token: f"-{token}",
    "other moment": lambda token: ".".join([token.split(".")[0], "zzzzzz", token.split(".")[2]]),
    "no seconds": lambda token: token.partition(".")[2],
    "more dots": lambda token: token.replace(".", ".."),
    "signature twice": lambda token: f"{token}.{token.rpartition('.')[2]}",
    "padded": lambda token: f"{token}=",
    "space after": lambda token: f"{token} x",
    "NUL after": lambda token: f"{token}\0",
    "two with a comma": lambda token: f"{token},{token}",
    "no ASCII": lambda token: f"{token}\xe4",
    "full stop of another kind": lambda token: token.replace(".", "\xb7"),
    "encoded twice": lambda token: quote(quote(token).replace(".", "%2E")),
    "expired": lambda token: made(HOUR, ago=HOUR + 5),
    "expired long ago": lambda token: made(HOUR, ago=1_700_000_000),
    "valid for no time": lambda token: made(0),
    "valid for a time before": lambda token: made(-HOUR),
    "other key": lambda token: made(HOUR, key="of somebody else"),
    "empty key": lambda token: made(HOUR, key="x"),
    "other salt": lambda token: made(HOUR, salt="downtime"),
    "salt of sessions": lambda token: signing.dumps({"a": 1}, salt="django.contrib.sessions.SessionStore"),
    "no salt": lambda token: signing.TimestampSigner(sep=".").sign("3600"),
    "other separator": lambda token: signing.TimestampSigner(salt="downtime.bypass").sign("3600"),
    "without a moment": lambda token: signing.Signer(salt="downtime.bypass", sep=".", key="x").sign("3600"),
    "signing.dumps": lambda token: signing.dumps(HOUR, salt="downtime.bypass"),
    "digits that are no ASCII": lambda token: "\xb2" * 40,
    "200 letters": lambda token: "a" * 200,
    "200 dots": lambda token: "." * 200,
    "markup": lambda token: MARKUP,
    "template syntax": lambda token: "{{ attack }}.{% attack %}.x",
    "oversized": lambda token: token + "A" * 64_000,
    "oversized before": lambda token: "0" * 64_000 + token,
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_forged_token_lets_nobody_in(send: Send, forge: Callable[[str], str]) -> None:
    token = forge(bypass.token(HOUR))
    assert_refused(send("/shop", headers=[("cookie", f"{bypass.NAME}={token}")]))
    assert_refused(send(f"/shop?{bypass.NAME}={quote(token)}"))
    assert_refused(send(f"/shop?{bypass.NAME}={token}"))


COOKIES: dict[str, tuple[list[str], bool]] = {
    "alone": ([f"{bypass.NAME}=TOKEN"], True),
    "among others": ([f"a=b; {bypass.NAME}=TOKEN; c=d"], True),
    "with what others call attributes": ([f"$Version=1; {bypass.NAME}=TOKEN; $Path=/"], True),
    "64 kB of others before": (["a=b; " * 13_000 + f"{bypass.NAME}=TOKEN"], True),
    "twice": ([f"{bypass.NAME}=TOKEN; {bypass.NAME}=TOKEN"], True),
    "a forged one last": ([f"{bypass.NAME}=TOKEN; {bypass.NAME}=x"], False),
    "forged twice": ([f"{bypass.NAME}=x; {bypass.NAME}=y"], False),
    "forged 1,000 times": ([f"{bypass.NAME}=x; " * 1_000], False),
    "in two headers, forged last": ([f"{bypass.NAME}=TOKEN", f"{bypass.NAME}=x"], False),
    "in two headers, forged": ([f"{bypass.NAME}=x", f"{bypass.NAME}=y"], False),
    "other case": (["Downtime_Bypass=TOKEN"], False),
    "longer name": ([f"x{bypass.NAME}=TOKEN; {bypass.NAME}x=TOKEN"], False),
    "prefix": ([f"__Host-{bypass.NAME}=TOKEN"], False),
    "encoded name": (["downtime%5Fbypass=TOKEN"], False),
    "other name": (["sessionid=TOKEN"], False),
    "no value": ([bypass.NAME], False),
    "no name": (["=TOKEN"], False),
    "name as a value": ([f"a={bypass.NAME}=TOKEN"], False),
    "half quoted": ([f'{bypass.NAME}="TOKEN'], False),
    "comma": ([f"{bypass.NAME}=TOKEN,a=b"], False),
    "empty": ([""], False),
    "semicolons": ([";" * 64_000], False),
    "the name, 64 kB of it": ([bypass.NAME * 4_000], False),
    "quotes": ([f'{bypass.NAME}="' + '\\"' * 4_000], False),
    "octals": ([f'{bypass.NAME}="' + "\\377" * 15_000 + '"'], False),
    "control characters": ([f"{bypass.NAME}=\0\x01\x7f\xff"], False),
}


@pytest.mark.parametrize(("cookies", "passes"), COOKIES.values(), ids=COOKIES)
def test_only_a_cookie_with_a_valid_token_lets_in(send: Send, cookies: list[str], passes: bool) -> None:
    token = bypass.token(HOUR)
    assert_decided(send("/shop", headers=[("cookie", cookie.replace("TOKEN", token)) for cookie in cookies]), passes)


@pytest.mark.parametrize(
    "query",
    [
        "TOKEN",
        "Downtime_Bypass=TOKEN",
        "xdowntime_bypass=TOKEN",
        "downtime_bypassx=TOKEN",
        "downtime_bypass[]=TOKEN",
        "downtime_bypass=",
        "downtime_bypass",
        "downtime_bypass=TOKEN;a=b",
        "downtime_bypass=TOKEN,TOKEN",
        "downtime_bypass==TOKEN",
        "downtime_bypass=TOKEN&downtime_bypass=x",
        "downtime_bypass=TOKEN&downtime_bypass=",
        "downtime_bypass=TOKEN%00",
        "a=downtime_bypass=TOKEN",
        "downtime_bypass=x&" * 1_000,
        "downtime_bypass" * 4_000,
        "downtime_bypass=" + "%" * 64_000,
    ],
    ids=lambda query: query[:45],
)
def test_only_a_parameter_with_a_valid_token_opens_a_link(send: Send, query: str) -> None:
    assert_refused(send(f"/shop?{query.replace('TOKEN', bypass.token(HOUR))}"))


def test_a_token_counts_nowhere_else(send: Send) -> None:
    token = bypass.token(HOUR)
    assert_refused(send(f"/{bypass.NAME}={token}"))
    assert_refused(send(f"/shop?{bypass.NAME}={token}", "POST"))
    for name in ("authorization", "referer", "x-downtime-bypass", "downtime-bypass", "set-cookie", "cookie2"):
        assert_refused(send("/shop", headers=[(name, f"{bypass.NAME}={token}")]))


PATHS_OF_LINKS = {
    "root": "/",
    "a path": "/shop/",
    "two slashes": "//attack.example",
    "three slashes": "///attack.example",
    "many slashes": "/" * 500 + "attack.example",
    "backslash": "/\\attack.example",
    "encoded backslash": "/%5cattack.example",
    "encoded slash": "/%2fattack.example",
    "encoded slash first": "%2f/attack.example",
    "backslashes": "\\\\attack.example",
    "dots": "/..//attack.example",
    "dot": "/.//attack.example",
    "tab": "/%09/attack.example",
    "line feed": "/%0a/attack.example",
    "line break": "/%0d%0aSet-Cookie:%20attack=1",
    "NUL": "%00//attack.example",
    "next line": "/%c2%85/attack.example",
    "no-break space": "%c2%a0//attack.example",
    "URL": "https://attack.example/",
    "URL without its slashes": "https:attack.example",
    "script": "javascript:attack()",
    "data": "data:text/html,attack",
    "userinfo": "@attack.example/",
    "port": ":80@attack.example/",
    "domain": ".attack.example/",
    "query": "/%3f//attack.example",
    "fragment": "/%23//attack.example",
    "markup": f"/{quote(MARKUP)}",
    "markup as it is": f'/"{MARKUP}',
    "invalid UTF-8": "/%ff%c0%af//attack.example",
    "full-width slash": "/%ef%bc%8fattack.example",
    "fraction slash": "/%e2%81%84attack.example",
    "right-to-left mark": "/%e2%80%ae//attack.example",
    "a token": f"/{bypass.NAME}=x",
    "8 kB": "//" + "a" * 8_192,
}


def assert_leads_to_this_host(location: str) -> None:
    """As a browser reads it (https://url.spec.whatwg.org/#url-parsing), which takes a backslash for a slash."""
    assert location.isascii()
    assert location.isprintable()
    assert location.startswith("/")
    assert " " not in location
    url = urljoin("http://testserver/shop/", location.replace("\\", "/"))
    assert urlsplit(url)[:2] == ("http", "testserver")


QUERIES_OF_LINKS = [
    "LINK",
    "next=//attack.example&LINK",
    "LINK&next=https://attack.example&//attack.example",
    "//attack.example/&LINK",
    "%0d%0aSet-Cookie:x=1&LINK",
    "\r\nSet-Cookie: x=1&LINK",
    "downtime_bypass=x&LINK",
    "LINK&LINK&a=b&LINK",
    "&&&=&LINK&?",
    "LINK&%ff%00&\\attack.example",
    "LINK#//attack.example&LINK",
    f"{MARKUP}&LINK&{'a=b&' * 2_000}",
]


@pytest.mark.parametrize(
    ("target", "query"),
    [
        *(pytest.param(target, "a=b&LINK", id=name) for name, target in PATHS_OF_LINKS.items()),
        *(pytest.param("//attack.example", query, id=ascii(query)[1:30]) for query in QUERIES_OF_LINKS),
    ],
)
def test_a_link_stays_on_this_host_and_drops_its_token(send: Send, target: str, query: str) -> None:
    token = bypass.token(HOUR)
    answer = send(f"{target}?{query.replace('LINK', f'{bypass.NAME}={token}')}")
    assert answer.status_code == 302
    assert answer.content == b""
    assert list(answer.cookies) == [bypass.NAME]
    assert token not in str(answer.headers)
    assert_leads_to_this_host(answer["Location"])
    assert bypass.NAME not in parse_qs(urlsplit(answer["Location"]).query)
    assert_passed(send(answer["Location"], headers=[("cookie", f"{bypass.NAME}={answer.cookies[bypass.NAME].value}")]))


@pytest.mark.parametrize(
    ("script", "target"), [("/site", "//attack.example"), ("//attack.example", "/"), ("/\\attack.example", "/shop")]
)
def test_a_link_stays_on_this_host_below_a_script_prefix(send: Send, script: str, target: str) -> None:
    answer = send(f"{target}?{bypass.NAME}={bypass.token(HOUR)}", script=script)
    assert answer.status_code == 302
    assert_leads_to_this_host(answer["Location"])


# What else a client may send

ACCEPTS: dict[str, str] = {
    "empty": "",
    "one letter": "a",
    "commas": ",,,;,/,",
    "markup": MARKUP,
    "control characters": "\0\x01\x7f\xff",
    "quality that is no number": "application/json;q=nan, text/html;q=attack",
    "quality that is infinite": "application/json;q=inf",
    "quality that is huge": "application/json;q=1e400",
    "quality that is negative": "application/json;q=-1",
    "quality with 1,000 digits": "application/json;q=0." + "9" * 1_000,
    "many qualities": "application/json" + ";q=0.5" * 100,
    "open quote": 'application/json; a="',
    "backslashes": 'application/json; a="' + '\\"' * 400,
    "wildcards": "*/*/*, */, /*, *",
    "encoded parameter": "text/html; a*=UTF-8''%41",
    "encoded parameter of no encoding": "text/html; a*=attack''%41",
    "encoded parameter of another kind": "text/html; a*=base64''%41",
    "encoded parameter with NUL": "text/html; a*=\0''%41",
    "encoded parameter with a bad letter": "text/html; a*=ascii''%ff",
    "encoded parameter in UTF-16": "text/html; a*=utf-16''%ff",
    "encoded parameter of a name": "text/html; a*=idna''" + "%ff." * 100,
    "encoded parameter half": "text/html; a*='%41",
    "semicolons": ";" * 1_000,
    "deep": "a/b;" + "c=" * 400,
    "64 kB": "application/json, " * 3_600,
    "64 kB of markup": MARKUP * 2_600,
    "64 kB of semicolons": ";" * 64_000,
    "64 kB of quotes": 'a/b; c="' + '"' * 64_000,
}

LANGUAGES: dict[str, str] = {
    "empty": "",
    "commas": ",,;,-,",
    "markup": MARKUP,
    "wildcard": "*",
    "control characters": "\0\x01\x7f\xff",
    "path": "../../../../etc/passwd",
    "NUL": "de\0",
    "line break": "de\r\nX-Attack: a",
    "quality that is no number": "de;q=nan, fr;q=attack",
    "quality that is huge": "de;q=1e400",
    "regular expression": "(a+)+$",
    "many parts": "de" + "-a" * 200,
    "many languages": "de, " * 120,
    "no such": "xx-attack",
    "template": "{{ attack }}",
    "underscore": "de_DE@attack",
    "64 kB": "de-" * 21_000,
    "64 kB of languages": "aa, " * 16_000,
    "64 kB of one": "a" * 64_000,
}


@pytest.mark.parametrize("accept", ACCEPTS.values(), ids=ACCEPTS)
def test_no_accept_header_confuses(send: Send, accept: str) -> None:
    for headers in ([("accept", accept)], [("accept", "application/json"), ("accept", accept)]):
        answer = send("/shop", headers=headers)
        assert_refused(answer)
        assert answer["Content-Type"] in ("text/html; charset=utf-8", "application/problem+json")


@pytest.mark.usefixtures("with_locale")
@pytest.mark.parametrize("header", ["accept-language", "cookie", "path"])
@pytest.mark.parametrize("languages", LANGUAGES.values(), ids=LANGUAGES)
def test_no_choice_of_a_language_confuses(
    send: Send, settings: pytest_django.Settings, languages: str, header: str
) -> None:
    settings.ROOT_URLCONF = "tests.support.language_urls"
    value = f"django_language={languages}" if header == "cookie" else languages
    path = f"/{quote(languages)}/shop" if header == "path" else "/shop"
    for accept in ("text/html", "application/json"):
        answer = send(path, headers=[(header, value), ("accept", accept)])
        assert_refused(answer)
        assert answer["Content-Language"] in dict(settings.LANGUAGES)


@pytest.mark.parametrize(
    "name", ["user-agent", "referer", "origin", "x-requested-with", "content-type", "x-forwarded-proto", "x-attack"]
)
def test_no_other_header_confuses(send: Send, name: str) -> None:
    longest = 20 if name == "content-type" else 11_000  # Django 6.1 itself refuses a longer one with 400
    for value in ("", MARKUP, "\0\xff", "attack" * longest):
        assert_refused(send("/shop", headers=[(name, value)]))


@pytest.mark.usefixtures("with_locale")
def test_huge_headers_are_not_kept(send: Send) -> None:
    """Some servers take 64 kB: kept, a few hundred such requests would be some tens of megabytes in each process."""

    def headers(value: str) -> list[tuple[str, str]]:
        return [("accept", value), ("accept-language", value), ("cookie", f"django_language={value}")]

    def ask(number: int) -> None:
        value = f"{number}" * 64_000
        assert send(f"/{value}", headers=headers(value)).status_code == 503

    ask(0)
    tracemalloc.start()
    try:
        for number in range(1, 10):
            ask(number)
        # A thread that answered may hold the last request for a moment: then it is this small one.
        send("/")
        gc.collect()
        # Less than half a header for each request; what is kept of them on purpose takes 30 kB (measured).
        assert tracemalloc.get_traced_memory()[0] < 9 * 64_000 / 2
    finally:
        tracemalloc.stop()


METHODS = [
    "FOO",
    "foo",
    "PROPFIND",
    "CONNECT",
    "TRACE",
    "TRACK",
    "GETX",
    "XGET",
    "GET\0",
    "GET ",
    "",
    "*",
    "Q" * 64_000,
]
METHODS += [MARKUP, "\xff", "HEADS", "POST", "post", "PuT", "pAtCh", "DELETE"]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: ascii(method)[:20])
def test_no_method_gets_by(send: Send, flag: Path, method: str) -> None:
    assert_refused(send("/shop", method))
    flag.write_text(READ_ONLY)
    assert_refused(send("/shop", method))


@pytest.mark.parametrize("method", ["get", "GeT", "head", "HEAD", "options"])
def test_a_safe_method_passes_in_any_case_where_only_writing_is_down(send: Send, flag: Path, method: str) -> None:
    """As Django itself reads it: a view is given it in capitals."""
    assert_refused(send("/shop", method))
    flag.write_text(READ_ONLY)
    assert send("/shop", method).status_code == 200


@pytest.mark.parametrize("name", ["x-http-method-override", "x-http-method", "x-method-override"])
def test_no_header_stands_for_the_method(send: Send, flag: Path, name: str) -> None:
    flag.write_text(READ_ONLY)
    for value in ("GET", "HEAD"):
        assert_refused(send("/shop?_method=GET", "POST", headers=[(name, value)]))


# Messages

MESSAGES = {
    "script": MARKUP,
    "closes the page": f"</p></div></main></body></html>{MARKUP}",
    "an image": '<img src=x onerror="attack()">',
    "a comment": "<!-- attack --> --> ]]> ?>",
    "style": "</style><style>*{display:none}</style>",
    "title": "</title><script>attack()//",
    "quotes": '" \' ` onload=attack() x="',
    "entities": "&lt;script&gt; &#60;b&#62; &amp;lt; &nbsp",
    "a link": "javascript:attack() https://attack.example/?a&b",
    "template": "{{ 7|add:7 }} {% debug %} {% include 'downtime/downtime.html' %} {# attack #}",
    "open template": "{% if attack",
    "formats": "%s %(message)s {0} {message.__class__} $attack ${attack}",
    "right to left": "abc \u202egpj.attack \u2066\u2067\u200f def",
    "other letters": "\u0662 \U0001f468\u200d\U0001f469 z\u0335\u0321\u0353 \ufeff",
    "UTF-7": "+ADw-script+AD4-attack()+ADw-/script+AD4-",
    "full-width": "\uff1cscript\uff1eattack()\uff1c/script\uff1e",
    "a line for a log": "a\tb",
}

LONG = {
    "60 kB of markup": MARKUP * 2_400,
    "100 kB": "an attack" * 12_000,
    "100 kB of one word": "a" * 100_000,
    "100 kB of markup": MARKUP * 4_000,
    "100 kB of lines": "a\n" * 50_000 + "a",
    "100 kB of marks": "\u202e" * 100_000,
    "100 kB of braces": "{{" * 50_000,
}


class Elements(HTMLParser):
    """The tags of a page and their attributes, without those that a message has for its lines."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if (tag, attrs) not in [("p", []), ("br", [])]:
            self.found.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        if tag != "p":
            self.found.append((f"/{tag}", []))

    def handle_comment(self, data: str) -> None:
        self.found.append(("comment", []))


def text_of(message: str) -> str:
    """The message as YAML, which takes JSON."""
    return f"message: {json.dumps(message, ensure_ascii=False)}\n"


def put_in_flag(message: str, schedule: Path, flag: Path) -> None:
    flag.write_text(message, "utf-8")


def put_in_keys_of_flag(message: str, schedule: Path, flag: Path) -> None:
    flag.write_text(text_of(message), "utf-8")


def put_in_schedule(message: str, schedule: Path, flag: Path) -> None:
    schedule.write_text(f"{DOWN}    {text_of(message)}", "utf-8")
    flag.unlink(missing_ok=True)


# The schedule last, as a flag comes before it.
PUTS: list[Callable[[str, Path, Path], None]] = [put_in_flag, put_in_keys_of_flag, put_in_schedule]


def without_web_links(page: str) -> str:
    """The page with the text alone of what links to the web, as an address in a message does."""
    return re.sub(r'<a href="https?://[^"]*" rel="nofollow">(.*?)</a>', r"\1", page)


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_a_message_is_text_and_nothing_else(send: Send, schedule: Path, flag: Path, message: str) -> None:
    put_in_flag("harmless", schedule, flag)
    usual = Elements(send("/").content.decode())
    for put in PUTS:
        put(message, schedule, flag)
        page = without_web_links(send("/").content.decode())
        assert f'<div lang="en-us" dir="auto"><p>{escape(message)}</p></div>' in page
        assert Elements(page).found == usual.found
        problem = send("/", headers=[("accept", "application/json")])
        assert problem["Content-Type"] == "application/problem+json"
        assert json.loads(problem.content)["detail"] == message


@pytest.mark.parametrize("message", LONG.values(), ids=LONG)
def test_a_long_message_is_text_too(send: Send, schedule: Path, flag: Path, message: str) -> None:
    """A schedule may hold 100 kB; a flag of more than 64 KiB counts, but is not read."""
    for put in PUTS:
        put(message, schedule, flag)
        page = send("/")
        problem = send("/", headers=[("accept", "application/json")])
        assert (page.status_code, problem.status_code) == (503, 503)
        assert page.content.count(b"<script") == 1  # its own
        is_read = put is put_in_schedule or len(message) < 65_000
        assert (json.loads(problem.content)["detail"] == message) is is_read
        assert (len(page.content) > len(message)) is is_read


@pytest.mark.parametrize(
    "escaped", [r"\uD800", r"\uDC00attack", r"\0", r"\x1B[31m", r"\uFFFF", r"a\u2028b\u0085"], ids=ascii
)
@pytest.mark.parametrize("kind", ["flag", "schedule"])
def test_a_letter_that_can_not_be_sent_is_no_failure(
    send: Send, schedule: Path, flag: Path, kind: str, escaped: str
) -> None:
    put_in_schedule("harmless", schedule, flag)
    assert send("/").status_code == 503
    line = f'message: "{escaped}"\n'
    if kind == "flag":
        flag.write_text(line)
    else:
        schedule.write_text(f"{DOWN}    {line}")
    for accept in ("text/html", "application/json"):
        assert send("/", headers=[("accept", accept)]).status_code == 503
