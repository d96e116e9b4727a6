import base64
from http.cookies import Morsel
from urllib.parse import parse_qs, quote, urljoin, urlsplit

import pytest
import pytest_django
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from downtime.http import bypass
from tests.support.clock import Clock

HOUR = 3600


@pytest.fixture(autouse=True)
def signed_by(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock by which tokens are signed and expire."""
    monkeypatch.setattr("django.core.signing.time", clock)
    return clock


def opening(path: str, token: str, *, query: str = "", secure: bool = False, method: str = "GET") -> HttpRequest:
    """A request that opens the link on that path, decoded as a server hands it over."""
    parameters = f"{query}{bypass.NAME}={token}"
    path = path.encode().decode("latin-1")
    return RequestFactory().generic(method, "/", QUERY_STRING=parameters, PATH_INFO=path, secure=secure)


def opened(request: HttpRequest) -> HttpResponse:
    response = bypass.exchange(request)
    assert response is not None
    return response


def carrying(cookie: str) -> HttpRequest:
    return RequestFactory().get("/", headers={"cookie": cookie})


def cookie_of(response: HttpResponse) -> "Morsel[str]":
    return response.cookies[bypass.NAME]


# Opening the link


def test_a_link_is_the_url_with_a_token() -> None:
    for base, start in {
        "https://example.com": "https://example.com/?downtime_bypass=",
        "https://example.com/": "https://example.com/?downtime_bypass=",
        "https://example.com/a?b=c": "https://example.com/a?b=c&downtime_bypass=",
    }.items():
        link = bypass.link(base, HOUR)
        assert link.startswith(start)
        [token] = parse_qs(urlsplit(link).query)[bypass.NAME]
        assert quote(token) == token
        assert opened(opening("/", token))
    assert bypass.link("https://example.com/#part", HOUR).endswith("#part")


def test_an_opened_link_sets_a_cookie_that_passes_and_leads_to_the_url_without_the_token() -> None:
    token = bypass.token(HOUR)
    response = opened(opening("/shop/", token, query="a=b&"))
    assert (response.status_code, response["Location"]) == (302, "/shop/?a=b")
    assert bypass.has_cookie(carrying(f"{bypass.NAME}={cookie_of(response).value}"))


@pytest.mark.parametrize(
    ("secure", "of_session", "flag"),
    [(True, False, True), (False, False, ""), (False, True, True)],
    ids=["https", "http", "TLS ends in front"],
)
def test_the_cookie_is_kept_from_scripts_and_other_sites_and_for_a_limited_time(
    settings: pytest_django.Settings, secure: bool, of_session: bool, flag: object
) -> None:
    settings.SESSION_COOKIE_SECURE = of_session
    cookie = cookie_of(opened(opening("/", bypass.token(HOUR), secure=secure)))
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", flag)
    assert (cookie["max-age"], cookie["path"], cookie["domain"]) == (HOUR, "/", "")


def test_the_token_goes_to_nobody_as_referer() -> None:
    assert opened(opening("/", bypass.token(HOUR)))["Referrer-Policy"] == "no-referrer"


def test_no_cache_keeps_the_answer_with_the_cookie() -> None:
    response = opened(opening("/", bypass.token(HOUR)))
    assert {"private", "no-store", "max-age=0"} <= set(response["Cache-Control"].split(", "))
    assert response["Vary"] == "Cookie"


@pytest.mark.parametrize(
    ("path", "query", "location"),
    [
        ("/", "", "/"),
        ("/a/b", "", "/a/b"),
        ("/a b/ä", "", "/a%20b/%C3%A4"),
        ("/a%2Fb", "", "/a%252Fb"),
        ("/a?b", "", "/a%3Fb"),
        ("/", "a=b&a=c%20d&e&", "/?a=b&a=c%20d&e"),
        ("/", "x=downtime_bypass&", "/?x=downtime_bypass"),
        ("/", "downtime_bypass=old&", "/"),
        ("/", "downtime%5Fbypass=old&", "/"),
        ("//evil.example", "", "/%2Fevil.example"),
        ("///evil.example", "", "/%2F/evil.example"),
        ("//////evil.example", "", "/%2F////evil.example"),
        ("/\\evil.example", "", "/%5Cevil.example"),
        ("\\\\evil.example", "", "/%5C%5Cevil.example"),
        ("/\t/evil.example", "", "/%09/evil.example"),
        ("/\r\nSet-Cookie: a=b", "", "/%0D%0ASet-Cookie:%20a%3Db"),
        ("\x00//evil.example", "", "/%00//evil.example"),
        ("https://evil.example/", "", "/https://evil.example/"),
        ("@evil.example", "", "/@evil.example"),
        (":80@evil.example", "", "/:80@evil.example"),
    ],
)
def test_the_link_leads_to_the_same_path_of_this_host(path: str, query: str, location: str) -> None:
    request = opening(path, bypass.token(HOUR), query=query)
    request.path = path  # as an ASGI server may hand it over, with no slash in front
    found = opened(request)["Location"]
    assert found == location
    assert urlsplit(urljoin("https://example.com/", found.replace("\\", "/"))).netloc == "example.com"


def test_a_script_prefix_stays() -> None:
    request = RequestFactory().get("/", {bypass.NAME: bypass.token(HOUR)}, SCRIPT_NAME="/site", PATH_INFO="/shop")
    assert opened(request)["Location"] == "/site/shop"


def test_a_token_that_a_mail_program_has_encoded_is_understood() -> None:
    token = "".join(f"%{ord(letter):02X}" for letter in bypass.token(HOUR))
    assert opened(opening("/", token))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_only_get_and_head_open_a_link(method: str) -> None:
    """A redirect would lose what is sent."""
    assert bypass.exchange(opening("/", bypass.token(HOUR), method=method)) is None
    assert bypass.exchange(opening("/", bypass.token(HOUR), method="HEAD")) is not None


# Which tokens count


def altered(token: str) -> dict[str, str]:
    """Tokens that resemble a valid one."""
    seconds, stamp, signature = token.split(".")
    mine = signing.TimestampSigner(salt="downtime.bypass", sep=".", key="of somebody else")
    other = signing.TimestampSigner(salt="another", sep=".")
    return {
        "empty": "",
        "nothing signed": "86400",
        "more seconds": f"{seconds}0.{stamp}.{signature}",
        "later": f"{seconds}.{signing.b62_encode(2_000_000_000)}.{signature}",
        "no signature": f"{seconds}.{stamp}.",
        "no stamp": f"{seconds}.{signature}",
        "cut": token[:-1],
        "longer": f"{token}A",
        "other case": token.swapcase(),
        "upside down": token[::-1],
        "other key": mine.sign("3600"),
        "other salt": other.sign("3600"),
        "other separator": signing.TimestampSigner(salt="downtime.bypass").sign("3600"),
        "signing.dumps": signing.dumps(3600, salt="downtime.bypass"),
        "base64": base64.b64encode(token.encode()).decode(),
        "huge": token + "A" * 100_000,
        "NUL": f"{token}\0",
        "no ASCII": "ü" * 40,
        "only dots": "." * 50,
    }


@pytest.mark.parametrize("kind", altered("1.a.b"))
def test_a_token_that_is_not_ours_counts_for_nothing(kind: str) -> None:
    token = altered(bypass.token(HOUR))[kind]
    request = RequestFactory().get("/")
    request.META["HTTP_COOKIE"] = f"{bypass.NAME}={token}"
    assert not bypass.has_cookie(request)
    request.META["QUERY_STRING"] = f"{bypass.NAME}={token}"
    assert bypass.exchange(request) is None


def test_a_token_counts_for_its_time_only(signed_by: Clock) -> None:
    cookie = carrying(f"{bypass.NAME}={bypass.token(HOUR)}")
    link = opening("/", bypass.token(HOUR))
    signed_by.passes(HOUR - 5)
    assert bypass.has_cookie(cookie)
    assert bypass.exchange(link) is not None
    signed_by.passes(10)
    assert not bypass.has_cookie(cookie)
    assert bypass.exchange(link) is None


def test_a_token_counts_on_every_host_with_the_key_also_after_a_change_of_it(settings: pytest_django.Settings) -> None:
    request = carrying(f"{bypass.NAME}={bypass.token(HOUR)}")
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another"
    assert not bypass.has_cookie(request)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert bypass.has_cookie(request)


def test_of_several_cookies_and_parameters_none_confuses() -> None:
    token, name = bypass.token(HOUR), bypass.NAME
    assert not bypass.has_cookie(carrying(f"{name}=a; {name}=b"))
    assert not bypass.has_cookie(carrying(f"other={token}; {name}x={token}; x{name}={token}"))
    assert not bypass.has_cookie(carrying(name))
    assert bypass.has_cookie(carrying(f"a=b; {name}={token}; c=d"))
    assert bypass.exchange(opening("/", "wrong", query=f"{name}={token}&")) is None
    assert bypass.exchange(opening("/", f"wrong&x{name}={token}")) is None
    assert bypass.exchange(RequestFactory().get(f"/?{name}")) is None
    assert bypass.exchange(RequestFactory().get(f"/?a={name}")) is None


def test_signatures_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[object] = []

    def noted(one: object, other: object) -> bool:
        compared.append(one)
        return one == other

    monkeypatch.setattr("django.core.signing.constant_time_compare", noted)
    token = bypass.token(HOUR)
    assert not bypass.has_cookie(carrying(f"{bypass.NAME}={token}x"))
    assert compared == [f"{token}x".rpartition(".")[2]]
