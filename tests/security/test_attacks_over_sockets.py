"""What nobody may get by where real servers read the requests, byte by byte as an attacker writes them."""

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import pytest
from django.conf import settings

from downtime.http import bypass
from tests.support.harness import ANSWERS_WITHIN, Running, Site, serving

pytestmark = pytest.mark.system

# One forking, one async and one threaded.
SERVERS = ("gunicorn sync", "runserver", "uvicorn")

HOUR = 3600
MARKUP = "<script>attack()</script>"
OWN_SCRIPT = b"<script>{"  # as that of the down page begins
SITE = b"The site is up."
TARGET = "/upgrade/"
MINE = "192.0.2.1"
SCHEDULE = f"""
periods:
  - {{start: 2020-01-01, paths: [/moved, /upgrade], redirect: {TARGET}}}
  - {{start: 2020-01-01, message: {json.dumps(MARKUP)}}}
"""
SETTINGS = {
    "DOWNTIME_EXEMPT_EXACT_URLS": ["/healthz"],
    "DOWNTIME_EXEMPT_IPS": ["192.0.2.0/24"],
    "DOWNTIME_PROXY_COUNT": 1,
}
# By default some servers take whoever asks from this host for a proxy of theirs, and believe it who it is.
TRUSTS_NOBODY = {"gunicorn sync": ["--forwarded-allow-ips=192.0.2.99"], "uvicorn": ["--no-proxy-headers"]}


class Reply(NamedTuple):
    """What came back until the server closed the connection: nothing where it did so at once, no head in HTTP/0.9."""

    raw: bytes

    @property
    def status(self) -> int:
        return int(self.raw.split(None, 2)[1]) if self.raw.startswith(b"HTTP/") else 0

    @property
    def headers(self) -> dict[str, str]:
        lines = self.raw.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One start for all the attacks; its log may show no traceback in the end."""
    site = Site(tmp_path_factory.mktemp("site"), settings={**SETTINGS, "SECRET_KEY": settings.SECRET_KEY})
    site.schedule.write_text(SCHEDULE)
    with serving(site, request.param, workers=1, options=TRUSTS_NOBODY.get(request.param, ())) as running:
        yield running


def sent(server: Running, raw: str) -> Reply:
    """What a server answers to these characters, each a byte; it may close before it has read all."""
    logged = len(server.log.read_text(errors="replace"))
    parts = []
    with socket.create_connection(("127.0.0.1", server.port), timeout=ANSWERS_WITHIN) as connection:
        with suppress(ConnectionError):
            connection.sendall(raw.encode("latin-1"))
        with suppress(ConnectionError):
            while part := connection.recv(65_536):
                parts.append(part)
    assert "Traceback" not in server.log.read_text(errors="replace")[logged:]
    return Reply(b"".join(parts))


def asking(target: str, *headers: str, method: str = "GET", host: str = "127.0.0.1") -> str:
    """A request that is well-formed but for what is given."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines)


def assert_refused(reply: Reply) -> None:
    """By the app, or by the server itself, which may also close the connection; and nothing of the request in it."""
    assert SITE not in reply.raw
    markup = reply.raw.lower().replace(OWN_SCRIPT, b"")
    assert b"<script" not in markup or reply.headers["content-type"] == "application/problem+json"
    assert b"\r\nx-attack" not in reply.raw.lower()
    if "x-worker" in reply.headers:  # Django answered
        assert reply.status in (302, 503)
        assert reply.headers["x-downtime"] == "planned"
        assert reply.headers.get("location", TARGET) == TARGET
        assert "set-cookie" not in reply.headers
    else:
        assert not reply.status or 400 <= reply.status < 500 or reply.status in (501, 505)


def assert_passed(reply: Reply) -> None:
    assert reply.status == 200
    assert SITE in reply.raw
    assert "x-downtime" not in reply.headers


TARGETS = {
    "another path": "/shop",
    "nothing": "",
    "encoded slash": "/%2fadmin",
    "a host": "//127.0.0.1/admin",
    "two slashes below": "/admin//shop",
    "dot segments": "/admin/../shop",
    "encoded dot segments": "/admin/%2e%2e%2fshop",
    "dot segments before": "/shop/../admin",
    "twice encoded": "/%2561dmin",
    "overlong": "/%c0%afadmin",
    "overlong letter": "/%c1%a1dmin",
    "invalid UTF-8": "/admin%ff",
    "invalid UTF-8 as it is": "/admin\xff",
    "UTF-8 as it is": "/\xc3\xa4",
    "semicolon": "/admin;x=1",
    "capital": "/Admin",
    "NUL": "/admin%00",
    "NUL as it is": "/admin\0",
    "NUL first": "\0/admin",
    "line break": "/shop%0d%0aX-Attack:1",
    "carriage return": "/shop\r",
    "space": "/shop /admin",
    "tab": "/shop\t/admin",
    "backslash": "\\admin",
    "no slash": "admin",
    "no slash, and of the target": "up/grade/",
    "no slash before the target": "upgrade/",
    "asterisk": "*",
    "query": "?/admin",
    "query behind": "/shop?/admin",
    "fragment": "#/admin",
    "fragment behind": "/shop#/admin",
    "absolute": "http://127.0.0.1/shop",
    "absolute, of another host": "http://attack.example/shop",
    "absolute, exempt host": "http://admin/shop",
    "absolute, exempt user": "http:/admin@127.0.0.1/shop",
    "absolute, no host": "http:///shop",
    "absolute, other scheme": "gopher://127.0.0.1/shop",
    "absolute, dot segments": "http://127.0.0.1/admin/../shop",
    "absolute, open bracket": "http://[::1/shop",
    "authority": "127.0.0.1:80",
    "markup": f"/{MARKUP}",
    "encoded markup": "/%3Cscript%3Eattack()%3C/script%3E",
    "percent": "/%",
    "no hexadecimal": "/%zz",
    "redirected": "/moved",
    "redirected with dot segments": "/moved/../upgrade/",
    "below the target": "/upgrade/shop",
    "4 kB": "/" + "a" * 4_000,
    "4 kB of dots": "/admin" + "/.." * 1_300,
    "8 kB": "/" + "a" * 8_192,
    "8 kB of dots": "/admin" + "/.." * 2_600,
    "64 kB": "/" + "a" * 65_536,
    "1 MB": "/" + "a" * 1_000_000,
}


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_no_target_gets_by(server: Running, target: str) -> None:
    assert_refused(sent(server, asking(target)))


@pytest.mark.parametrize("target", ["//admin", "///admin", f"/{TARGET}", "/" * 4_000 + "admin"], ids=lambda t: t[:12])
def test_slashes_in_front_count_as_the_server_hands_them_over(server: Running, target: str) -> None:
    """The one of the standard library folds them (CVE-2021-28861), so that the site itself sees /admin."""
    reply = sent(server, asking(target))
    (assert_passed if server.server.name == "runserver" else assert_refused)(reply)


HEADERS = {
    "forged address before": ["X-Forwarded-For: 192.0.2.1, 203.0.113.9"],
    "forged header before": ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 203.0.113.9"],
    "1,000 forged": [f"X-Forwarded-For: {'192.0.2.1, ' * 600}203.0.113.9"],
    "1,000 forged headers": ["X-Forwarded-For: 192.0.2.1"] * 1_000 + ["X-Forwarded-For: 203.0.113.9"],
    "empty after": ["X-Forwarded-For: 192.0.2.1,"],
    "empty header after": ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-For:"],
    "underscores after": ["X-Forwarded-For: 203.0.113.9", "X_Forwarded_For: 192.0.2.1"],
    "underscores": ["X_Forwarded_For: 192.0.2.1"],
    "space before the colon": ["X-Forwarded-For: 203.0.113.9", "X-Forwarded-For : 192.0.2.1"],
    "folded": ["X-Forwarded-For: 192.0.2.1", " , 203.0.113.9"],
    "folded into another": ["X-Header: x", " X-Forwarded-For: 192.0.2.1", "\tX-Forwarded-For: 192.0.2.1"],
    "NUL in an address": ["X-Forwarded-For: 192.0.2.1\0"],
    "line feed in an address": ["X-Forwarded-For: 203.0.113.9\nX-Attack: 1"],
    "peer": ["Remote-Addr: 192.0.2.1", "REMOTE_ADDR: 192.0.2.1", "X-Real-IP: 192.0.2.1"],
    "script prefix": ["SCRIPT_NAME: /shop"],
    "script prefix that leads to the target": ["SCRIPT_NAME: /upgrade"],
    "script prefix of an exempt path": ["SCRIPT_NAME: /admin", "Script-Name: /admin"],
    "path": ["PATH_INFO: /admin", "Path-Info: /admin"],
    "rewritten path": ["X-Original-URL: /admin", "X-Rewrite-URL: /admin", "X-Forwarded-Prefix: /admin"],
    "forged cookie": [f"Cookie: {bypass.NAME}=3600.abc.def"],
    "forged cookies": [f"Cookie: {bypass.NAME}=x", f"Cookie: {bypass.NAME}=y; {bypass.NAME}=z"],
    "8 kB of cookie": [f"Cookie: {bypass.NAME}={'a' * 8_000}"],
    "8 kB of quotes": [f'Cookie: {bypass.NAME}="' + '\\"' * 4_000],
    "64 kB of cookie": [f"Cookie: {bypass.NAME}={'a' * 65_000}"],
    "control characters in a cookie": [f"Cookie: {bypass.NAME}=\x01\x7f\xff"],
    "Accept": [f"Accept: {MARKUP};q=nan, ;;=,/"],
    "Accept with bytes": ["Accept: \xff\xfe\x01"],
    "Accept with an encoded parameter": ["Accept: text/html; a*=UTF-8''%41"],
    "Accept with an encoded parameter of no encoding": ["Accept: text/html; a*=attack''%41"],
    "8 kB of Accept": [f"Accept: {'a/b;c=d,' * 1_000}"],
    "64 kB of Accept": [f"Accept: {'a/b;c=d,' * 8_000}"],
    "JSON": ["Accept: application/json"],
    "Accept-Language": [f"Accept-Language: ../../etc/passwd, {MARKUP};q=nan"],
    "8 kB of Accept-Language": [f"Accept-Language: {'de-' * 2_700}"],
    "markup": [f"User-Agent: {MARKUP}", f"Referer: {MARKUP}", f"{MARKUP}: x"],
    "1,000 headers": [f"X-Header-{number}: x" for number in range(1_000)],
    "1 MB": [f"X-Header: {'x' * 1_000_000}"],
    "no name": [": x"],
    "no colon": ["X-Header"],
    "upgrade": ["Connection: Upgrade", "Upgrade: attack"],
    "an awaited body": ["Expect: attack"],
    "a negative length": ["Content-Length: -1"],
    "no length": ["Content-Length: attack"],
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_no_header_gets_by(server: Running, headers: list[str]) -> None:
    assert_refused(sent(server, asking("/shop", *headers)))


HOSTS = {
    "another": "attack.example",
    "empty": "",
    "two": "127.0.0.1\r\nHost: attack.example",
    "userinfo": "attack@127.0.0.1",
    "port": "127.0.0.1:99999999",
    "garbage": "\xff[::1/attack?#\\",
    "markup": MARKUP,
    "list": "127.0.0.1, attack.example",
    "tab": "127.0.0.1\tattack.example",
    "NUL": "127.0.0.1\0attack.example",
    "forwarded": "127.0.0.1\r\nX-Forwarded-Host: attack.example",
    "8 kB": "a" * 8_000,
}


@pytest.mark.parametrize("target", ["/shop", "/moved", "http://attack.example/moved"])
@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
def test_no_host_gets_by_or_moves_the_redirect(server: Running, host: str, target: str) -> None:
    assert_refused(sent(server, asking(target, host=host)))


@pytest.mark.parametrize(
    "method",
    ["get", "GeT", "FOO", "foo", "POST", "post", "TRACE", "CONNECT", "OPTIONS", "*", "G\0T", "G T", "", "\xff", MARKUP]
    + [letter * times for letter in "Qq" for times in (100, 8_000)],
    ids=lambda method: ascii(method)[:20],
)
def test_no_method_gets_by(server: Running, method: str) -> None:
    assert_refused(sent(server, asking("/shop", method=method)))


HOST = "Host: 127.0.0.1\r\nConnection: close\r\n"
BYTES = {
    "HTTP/0.9": "GET /shop\r\n\r\n",
    "HTTP/1.0": "GET /shop HTTP/1.0\r\n\r\n",
    "HTTP/1.1 without a host": "GET /shop HTTP/1.1\r\nConnection: close\r\n\r\n",
    "HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/9.9": f"GET /shop HTTP/9.9\r\n{HOST}\r\n",
    "no version": f"GET /shop HTTP\r\n{HOST}\r\n",
    "TLS": "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n",
    "line feeds": f"GET /shop HTTP/1.1\n{HOST}\n\n",
    "empty lines before": f"\r\n\r\nGET /shop HTTP/1.1\r\n{HOST}\r\n",
    "space before": f" GET /shop HTTP/1.1\r\n{HOST}\r\n",
    "two in one": f"GET /shop HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /admin/../shop HTTP/1.1\r\n{HOST}\r\n",
    "two lengths": f"POST /shop HTTP/1.1\r\n{HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "chunks without end": f"POST /shop HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks of no length": f"POST /shop HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\nattack\r\n\r\n",
    "other encoding": f"POST /shop HTTP/1.1\r\n{HOST}Transfer-Encoding: attack\r\n\r\n",
    "form": f"POST /shop HTTP/1.1\r\n{HOST}Content-Length: 22\r\n\r\n_method=GET&{bypass.NAME[:10]}",
}


@pytest.mark.parametrize("raw", BYTES.values(), ids=BYTES)
def test_no_bytes_get_by(server: Running, raw: str) -> None:
    assert_refused(sent(server, raw))


# The bypass link

LINKS = {
    "a path": "/shop",
    "two slashes": "//attack.example",
    "three slashes": "///attack.example",
    "backslash": "/\\attack.example",
    "encoded backslash": "/%5cattack.example",
    "encoded slash": "/%2fattack.example",
    "line break": "/%0d%0aX-Attack:1",
    "tab": "/%09/attack.example",
    "NUL": "/%00/attack.example",
    "invalid UTF-8": "/%ff//attack.example",
    "absolute": "http://attack.example/shop",
    "absolute with two slashes": "http://127.0.0.1//attack.example",
    "no slash": "attack.example",
    "userinfo": "@attack.example",
    "markup": "/%3Cscript%3E",
    "4 kB": "//" + "a" * 4_000,
}


@pytest.mark.parametrize("query", ["LINK", "next=//attack.example&LINK&%0d%0aX-Attack:1=%0a"], ids=["alone", "more"])
@pytest.mark.parametrize("target", LINKS.values(), ids=LINKS)
def test_a_link_stays_on_this_host_and_drops_its_token(server: Running, target: str, query: str) -> None:
    token = bypass.token(HOUR)
    reply = sent(server, asking(f"{target}?{query.replace('LINK', f'{bypass.NAME}={token}')}"))
    if "x-worker" not in reply.headers:
        assert_refused(reply)
        return
    assert reply.status == 302
    assert SITE not in reply.raw
    assert reply.headers["set-cookie"].startswith(f"{bypass.NAME}={token};")
    assert b"\r\nx-attack" not in reply.raw.lower()
    location = reply.headers["location"]
    assert token not in location
    assert location.isascii()
    assert location.isprintable()
    url = urljoin("http://127.0.0.1/shop/", location.replace("\\", "/"))
    assert urlsplit(url)[:2] == ("http", "127.0.0.1")


@pytest.mark.parametrize("token", ["x", "3600.abc.def", "%00", MARKUP, "a" * 8_000], ids=lambda token: token[:20])
def test_a_forged_link_opens_nothing(server: Running, token: str) -> None:
    assert_refused(sent(server, asking(f"/shop?{bypass.NAME}={token}")))


# Who rightly passes


@pytest.mark.parametrize(
    "target", ["/admin", "/admin/%2561?/shop", "/%61dmin/", "/healthz", TARGET, f"{TARGET}?x=//attack.example"]
)
def test_an_exempt_path_passes(server: Running, target: str) -> None:
    assert_passed(sent(server, asking(target)))


@pytest.mark.parametrize("forwarded", [MINE, f"203.0.113.9,{MINE}", f"{MINE}:80", f"::ffff:{MINE}", f",,,{MINE}"])
def test_an_exempt_address_passes(server: Running, forwarded: str) -> None:
    assert_passed(sent(server, asking("/shop", f"X-Forwarded-For: {forwarded}")))


def test_a_valid_cookie_passes(server: Running) -> None:
    assert_passed(sent(server, asking("/shop", f"Cookie: a=b; {bypass.NAME}={bypass.token(HOUR)}")))
