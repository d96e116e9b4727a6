import pytest
import pytest_django
from django.conf.urls.i18n import i18n_patterns
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, set_urlconf
from django.views.generic import View

from downtime.decorators import downtime_exempt
from downtime.http.site_code import Routes, call
from tests.support.requests import request_for

# Callables by dotted path


def twice(number: int) -> int:
    return 2 * number


async def twice_async(number: int) -> int:
    return 2 * number


class Twice:
    async def __call__(self, number: int) -> int:
        return 2 * number


instance = Twice()


@pytest.mark.parametrize("name", ["twice", "twice_async", "instance"])
def test_what_is_called_may_be_sync_or_async(name: str) -> None:
    assert call(f"tests.http.test_site_code.{name}", 4) == 8


@pytest.mark.parametrize("name", ["nowhere", "no.such.module", "tests.http.test_site_code.nothing", "tests..x", ""])
def test_what_is_not_there_raises_import_error(name: str) -> None:
    with pytest.raises(ImportError):
        call(name)


# The URLconf


def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("up")


async def async_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("up")


class ClassView(View):
    pass


class Patterns:
    """A URLconf with views that are marked, and others."""

    urlpatterns = [
        path("health/", downtime_exempt(view)),
        path("plain/", view),
        path("async/", downtime_exempt(async_view)),
        path("class/", downtime_exempt(ClassView.as_view())),
        path("number/<int:number>/", downtime_exempt(view)),
        path("below/", include([path("health/", downtime_exempt(view)), path("plain/", view)])),
        *i18n_patterns(path("status/", downtime_exempt(view)), path("home/", view)),
    ]


@pytest.fixture
def urlconf(settings: pytest_django.Settings) -> None:
    settings.ROOT_URLCONF = Patterns


@pytest.mark.usefixtures("urlconf")
@pytest.mark.parametrize(
    ("asked", "passes"),
    [
        ("/health/", True),
        ("/async/", True),
        ("/class/", True),
        ("/number/5/", True),
        ("/below/health/", True),
        ("/en/status/", True),
        ("/de/status/", True),
        ("/plain/", False),
        ("/health", False),
        ("//health/", False),
        ("/health//", False),
        ("/plain/../health/", False),
        ("/health/../plain/", False),
        ("/Health/", False),
        ("/health/;x", False),
        ("/number/x/", False),
        ("/below/plain/", False),
        ("/en/home/", False),
        ("/xx/status/", False),
        ("/nowhere/", False),
        ("/" + "x" * 100_000, False),
        ("/number/" + "5" * 1000 + "/", True),
        ("", False),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_view_that_is_marked_passes_where_django_would_call_it(asked: str, passes: bool) -> None:
    for _ in range(2):
        assert Routes().has_exempt_view(request_for(asked)) is passes


@pytest.mark.usefixtures("urlconf")
def test_a_urlconf_of_the_request_counts() -> None:
    routes, request = Routes(), request_for("/health/")
    assert routes.has_exempt_view(request)
    request.urlconf = "tests.urls"  # type: ignore[attr-defined]
    assert not routes.has_exempt_view(request)


@pytest.mark.usefixtures("urlconf")
def test_a_urlconf_that_something_has_left_to_the_thread_counts_for_nothing() -> None:
    """Nor does it for Django."""
    set_urlconf("tests.urls")
    try:
        assert Routes().has_exempt_view(request_for("/health/"))
    finally:
        set_urlconf(None)


@pytest.mark.parametrize("urlconf", ["no.such.urlconf", "tests.settings"])
def test_a_urlconf_that_can_not_be_loaded_exempts_nothing_and_is_logged_seldom(
    settings: pytest_django.Settings, caplog: pytest.LogCaptureFixture, urlconf: str
) -> None:
    settings.ROOT_URLCONF = urlconf
    routes = Routes()
    assert not any(routes.has_exempt_view(request_for(f"/{number}")) for number in range(3))
    assert [record.message for record in caplog.records] == ["the URLconf can't be asked which view is exempt; none is"]


def test_a_urlconf_that_fails_slowly_is_left_alone_for_ten_times_as_long(
    settings: pytest_django.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one may that asks a dead database while it is imported: the down page must not wait for it."""
    now = 1000.0
    tries: list[float] = []

    class Slow:
        @property
        def urlpatterns(self) -> list[object]:
            nonlocal now
            tries.append(now)
            now += 5
            raise RuntimeError("no connection")

    monkeypatch.setattr("downtime.http.site_code.monotonic", lambda: now)
    settings.ROOT_URLCONF = Slow()
    routes = Routes()
    for _ in range(70):
        assert not routes.has_exempt_view(request_for("/"))
        now += 1
    assert tries == [1000.0, 1055.0]


def test_what_is_kept_of_paths_does_not_grow_without_bound() -> None:
    routes = Routes()
    for number in range(600):
        routes.has_exempt_view(request_for(f"/{number}"))
        routes.has_exempt_view(request_for("/" + "x" * (501 + number)))
    assert routes._kept.cache_info().currsize == 500
