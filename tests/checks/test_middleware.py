"""What is reported of the place of the middleware, by the real middlewares and subclasses of them."""

import pytest
import pytest_django
from corsheaders.middleware import CorsMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.middleware.cache import FetchFromCacheMiddleware
from whitenoise.middleware import WhiteNoiseMiddleware

from downtime.middleware import DowntimeMiddleware
from tests.support.system_checks import found, ids

OURS = "downtime.middleware.DowntimeMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
USERS = "django.contrib.auth.middleware.AuthenticationMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"
CORS = "corsheaders.middleware.CorsMiddleware"
WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
SITE = "django.contrib.sites.middleware.CurrentSiteMiddleware"
REMOTE = "django.contrib.auth.middleware.PersistentRemoteUserMiddleware"
UPDATE = "django.middleware.cache.UpdateCacheMiddleware"
FETCH = "django.middleware.cache.FetchFromCacheMiddleware"
HERE = "tests.checks.test_middleware"


class Ours(DowntimeMiddleware):
    pass


class Sessions(SessionMiddleware):
    pass


class Users(AuthenticationMiddleware):
    pass


class Messages(MessageMiddleware):
    pass


class Cors(CorsMiddleware):
    pass


class StaticFiles(WhiteNoiseMiddleware):
    pass


class PageCache(FetchFromCacheMiddleware):
    pass


def function(get_response: object) -> object:
    return get_response


STAFF, SUPERUSER = "downtime.exemptions.is_staff", "downtime.exemptions.is_superuser"


@pytest.mark.parametrize(
    ("middleware", "callables", "expected"),
    [
        ([SESSIONS, USERS, OURS], [STAFF], []),
        ([SECURITY, SESSIONS, USERS, OURS], [SUPERUSER, STAFF], []),
        ([SESSIONS, USERS, OURS], ["tests.test_exemptions.yes"], []),
        ([SESSIONS, USERS, OURS], [], ["W005"]),
        ([OURS], ["tests.test_exemptions.yes"], []),
        ([OURS, SESSIONS, USERS], [STAFF], ["W010"]),
        ([SESSIONS, OURS, USERS], [SUPERUSER], ["W010"]),
        ([OURS], ["tests.test_exemptions.yes", STAFF], ["W010"]),
        ([f"{HERE}.Sessions", f"{HERE}.Users", OURS], [STAFF], []),
        ([f"{HERE}.Sessions", OURS], [STAFF], ["W010"]),
        (["no.such.Middleware", OURS], [STAFF], ["W010"]),
    ],
)
def test_who_asks_for_users_has_their_middleware_above(
    settings: pytest_django.Settings, middleware: list[str], callables: list[str], expected: list[str]
) -> None:
    settings.MIDDLEWARE, settings.DOWNTIME_EXEMPT_IF = middleware, callables
    assert ids() == expected


@pytest.mark.parametrize(
    ("middleware", "expected"),
    [
        ([OURS], []),
        ([SECURITY, CORS, WHITENOISE, OURS, SESSIONS, USERS], []),
        ([SESSIONS, OURS, USERS], ["W005"]),
        ([SESSIONS, USERS, OURS], ["W005"]),
        (["django.contrib.messages.middleware.MessageMiddleware", OURS], ["W005"]),
        (["django.contrib.auth.middleware.LoginRequiredMiddleware", OURS], ["W005"]),
        ([OURS, SESSIONS, OURS], ["W004"]),
        ([SESSIONS, OURS, OURS], ["W004", "W005"]),
        ([SESSIONS], ["W003"]),
        ([], ["W003"]),
        ([f"{HERE}.Ours", SESSIONS], []),
        ([f"{HERE}.Ours", OURS], ["W004"]),
        ([f"{HERE}.Sessions", OURS], ["W005"]),
        ([f"{HERE}.Users", OURS], ["W005"]),
        ([f"{HERE}.Messages", OURS], ["W005"]),
        ([SITE, OURS], ["W005"]),
        ([REMOTE, OURS], ["W005"]),
        ([OURS, SITE, REMOTE, f"{HERE}.Sessions", f"{HERE}.Users", f"{HERE}.Messages"], []),
        ([OURS, CORS], ["W012"]),
        ([OURS, WHITENOISE], ["W012"]),
        ([OURS, f"{HERE}.Cors", f"{HERE}.StaticFiles"], ["W012", "W012"]),
        ([f"{HERE}.Cors", f"{HERE}.StaticFiles", OURS], []),
        ([UPDATE, OURS, FETCH], []),
        ([OURS, UPDATE, f"{HERE}.PageCache"], []),
        ([UPDATE, FETCH, OURS], ["W021"]),
        ([UPDATE, f"{HERE}.PageCache", OURS], ["W021"]),
        ([UPDATE, SESSIONS, FETCH, OURS], ["W005", "W021"]),
        ([f"{HERE}.function", "no.such.Middleware", "tests.broken", OURS, "no.such.Middleware", "nonsense"], []),
    ],
)
@pytest.mark.parametrize("kind", [list, tuple])
def test_the_middleware_is_there_once_and_above_sessions_and_users(
    settings: pytest_django.Settings, middleware: list[str], expected: list[str], kind: type
) -> None:
    settings.MIDDLEWARE = kind(middleware)
    assert ids() == expected


def test_what_stands_above_the_middleware_is_named(settings: pytest_django.Settings) -> None:
    settings.MIDDLEWARE = [SESSIONS, SECURITY, USERS, OURS]
    [message] = found()
    assert f"{SESSIONS}, {USERS}" in message.msg
    assert SECURITY not in message.msg


@pytest.mark.parametrize("name", [CORS, WHITENOISE, f"{HERE}.Cors", f"{HERE}.StaticFiles"])
def test_what_stands_below_the_middleware_is_named_and_where_to_put_it(
    settings: pytest_django.Settings, name: str
) -> None:
    settings.MIDDLEWARE = [SECURITY, OURS, name]
    [message] = found()
    assert f"'{name}' is below '{OURS}', so " in message.msg
    assert message.hint == f"Put '{name}' above '{OURS}'."


@pytest.mark.parametrize("name", [FETCH, f"{HERE}.PageCache"])
def test_a_page_cache_above_the_middleware_is_named_and_where_to_put_it(
    settings: pytest_django.Settings, name: str
) -> None:
    settings.MIDDLEWARE = [UPDATE, name, OURS]
    [message] = found()
    assert f"'{name}' is above '{OURS}', so " in message.msg
    assert message.hint == f"Put '{name}' below it."
