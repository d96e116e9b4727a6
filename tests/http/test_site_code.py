import logging
from collections.abc import Callable

import pytest
import pytest_django
from django.conf.urls.i18n import i18n_patterns
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, set_urlconf
from django.views.generic import View

from downtime.decorators import Mark, downtime_exempt
from downtime.http.event_loop import at_once
from downtime.http.marks import NO_MARK, ViewMark
from downtime.http.site_code import LOST_MARK, Routes, call, downtime_told, mark_at
from downtime.schedule.occurrence import Occurrence
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


def without_wraps(inner: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    return lambda request, number: inner(request)


marked = downtime_exempt(view)


class Patterns:
    """A URLconf with views that are marked, and others."""

    urlpatterns = [
        path("health/", downtime_exempt(view)),
        path("plain/", view),
        path("reading/", downtime_exempt(read_only=True)(view)),
        path("lost/<int:number>/", lambda request, number: marked(request)),
        path("closed/<int:number>/", without_wraps(marked)),
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
        ("/reading/", False),
        ("/lost/1/", False),
        ("/closed/1/", False),
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
        assert Routes().mark(request_for(asked)).passes(read_only=False) is passes


@pytest.mark.usefixtures("urlconf")
def test_a_urlconf_of_the_request_counts() -> None:
    routes, request = Routes(), request_for("/health/")
    assert routes.mark(request) == ViewMark(Mark.ALWAYS)
    request.urlconf = "tests.urls"  # type: ignore[attr-defined]
    assert routes.mark(request) == NO_MARK


@pytest.mark.usefixtures("urlconf")
def test_a_urlconf_that_something_has_left_to_the_thread_counts_for_nothing() -> None:
    """Nor does it for Django."""
    set_urlconf("tests.urls")
    try:
        assert Routes().mark(request_for("/health/")) == ViewMark(Mark.ALWAYS)
    finally:
        set_urlconf(None)


@pytest.mark.parametrize("urlconf", ["no.such.urlconf", "tests.settings"])
def test_a_urlconf_that_can_not_be_loaded_exempts_nothing_and_is_logged_seldom(
    settings: pytest_django.Settings, caplog: pytest.LogCaptureFixture, urlconf: str
) -> None:
    settings.ROOT_URLCONF = urlconf
    routes = Routes()
    assert {routes.mark(request_for(f"/{number}")) for number in range(3)} == {NO_MARK}
    told = "the URLconf can't be asked which views are exempt, so none is"
    assert [record.message for record in caplog.records] == [told]


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
        assert routes.mark(request_for("/")) == NO_MARK
        now += 1
    assert tries == [1000.0, 1055.0]


@pytest.mark.usefixtures("urlconf")
def test_a_mark_without_effect_is_logged_once_whatever_is_asked(caplog: pytest.LogCaptureFixture) -> None:
    routes = Routes()
    for number in range(3):
        assert routes.mark(request_for(f"/closed/{number}/")).lost == f"{__name__}.view"
    assert [record.getMessage() for record in caplog.records] == [LOST_MARK % f"{__name__}.view"]
    assert caplog.records[0].levelno == logging.WARNING


@pytest.mark.usefixtures("urlconf")
def test_a_mark_without_effect_is_logged_even_if_an_event_loop_comes_upon_it_first(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Right after a thread has found it, and before that has logged it."""
    routes, request = Routes(), request_for("/closed/1/")
    routes._kept("/closed/1/", None)
    assert at_once(routes.mark, request) is None
    routes.mark(request)
    assert [record.getMessage() for record in caplog.records] == [LOST_MARK % f"{__name__}.view"]


@pytest.mark.usefixtures("urlconf")
@pytest.mark.parametrize(
    ("asked", "mark"),
    [
        ("/health/", ViewMark(Mark.ALWAYS)),
        ("/reading/", ViewMark(Mark.READ_ONLY)),
        ("/plain/", NO_MARK),
        ("/closed/1/", ViewMark(None, f"{__name__}.view")),
        ("/nowhere/", NO_MARK),
    ],
)
def test_the_mark_at_a_path_can_be_asked_for(asked: str, mark: ViewMark) -> None:
    assert mark_at(asked) == mark


# request.downtime

DOWNTIME = Occurrence("", None, None, "", "", None, True, ())


def test_code_within_is_told_the_downtime_and_no_other() -> None:
    request = request_for("/")
    with downtime_told(request, DOWNTIME):
        assert request.downtime is DOWNTIME  # type: ignore[attr-defined]
    assert not hasattr(request, "downtime")


def test_the_downtime_goes_whatever_the_code_within_does() -> None:
    request = request_for("/")

    def failing() -> None:
        with downtime_told(request, DOWNTIME):
            del request.downtime  # type: ignore[attr-defined]
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    assert not hasattr(request, "downtime")


def test_what_the_site_calls_so_itself_comes_back() -> None:
    request = request_for("/")
    request.downtime = "ours"  # type: ignore[attr-defined]
    with downtime_told(request, DOWNTIME):
        assert request.downtime is DOWNTIME  # type: ignore[attr-defined]
    assert request.downtime == "ours"  # type: ignore[attr-defined]


def test_what_is_kept_of_paths_does_not_grow_without_bound() -> None:
    routes = Routes()
    for number in range(600):
        routes.mark(request_for(f"/{number}"))
        routes.mark(request_for("/" + "x" * (501 + number)))
    assert routes._kept.cache_info().currsize == 500
