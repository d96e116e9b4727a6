import asyncio
import json
import logging
import os
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import django
import pytest
import pytest_django
from asgiref.sync import async_to_sync, iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.test import AsyncClient, Client, RequestFactory
from django.urls import path, re_path
from django.utils.decorators import sync_and_async_middleware
from django.utils.module_loading import import_string

from downtime.decorators import downtime_exempt
from downtime.http import bypass, htmx, throttled_log
from downtime.http.built_in_page import BUILT_IN_PAGE, built_in_page
from downtime.http.site_code import LOST_MARK
from downtime.middleware import DowntimeMiddleware
from downtime.schedule.occurrence import Occurrence
from tests.http import test_marks
from tests.support.clock import Clock
from tests.support.requests import Ask
from tests.support.texts import OPEN


@pytest.fixture(params=["sync", "async"])
def served(request: pytest.FixtureRequest) -> Callable[[HttpRequest], HttpResponse]:
    """The middleware alone, over a site that answers with 'up'."""
    if request.param == "sync":
        return DowntimeMiddleware(lambda request: HttpResponse("up"))  # type: ignore[return-value]

    async def up(request: HttpRequest) -> HttpResponseBase:
        return HttpResponse("up")

    return async_to_sync(DowntimeMiddleware(up))  # type: ignore[arg-type]


PARTS = """
periods:
  - {start: 2020-01-01, paths: [/shop], message: shop}
  - {start: 2020-01-01, paths: [/forum, /wiki/], read_only: true, message: forum}
  - {start: 2020-01-01, enabled: false}
  - {start: 2020-01-01, end: 2020-01-02}
  - {start: 2999-01-01}
"""


UPDATE_CACHE = "django.middleware.cache.UpdateCacheMiddleware"
FROM_CACHE = "django.middleware.cache.FetchFromCacheMiddleware"
OURS = "downtime.middleware.DowntimeMiddleware"


@pytest.fixture
def empty_cache() -> Iterator[None]:
    """The cache of the site, without what other tests have put there."""
    cache.clear()
    yield
    cache.clear()


@pytest.mark.parametrize(
    ("middleware", "while_down"),
    [
        ([UPDATE_CACHE, OURS, FROM_CACHE], 503),
        ([OURS, UPDATE_CACHE, FROM_CACHE], 503),
        ([UPDATE_CACHE, FROM_CACHE, OURS], 200),
    ],
    ids=["between", "above both", "below both"],
)
@pytest.mark.usefixtures("empty_cache")
def test_only_a_page_cache_above_the_middleware_shows_pages_while_the_site_is_down(
    ask: Ask, settings: pytest_django.Settings, flag: Path, middleware: list[str], while_down: int
) -> None:
    settings.MIDDLEWARE, settings.DOWNTIME_RECHECK = middleware, 0
    assert ask("/").status_code == 200
    flag.touch()
    assert [ask("/").status_code, ask("/not-yet-cached").status_code] == [while_down, 503]
    flag.unlink()
    assert [ask("/").status_code, ask("/not-yet-cached").status_code] == [200, 200]


@pytest.mark.parametrize(
    ("written", "method", "path", "status"),
    [
        ("", "GET", "/", 200),
        ("", "POST", "/shop", 200),
        (OPEN, "GET", "/", 503),
        (OPEN, "POST", "/shop", 503),
        (OPEN, "GET", "/admin", 200),
        (OPEN, "POST", "/admin/login/?next=/x", 200),
        (OPEN, "GET", "/%61dmin", 200),
        (OPEN, "GET", "/administrator", 503),
        (OPEN, "GET", "//admin", 503),
        (OPEN, "GET", "/admin/../x", 503),
        (OPEN, "GET", "/admin/%2e%2e/x", 503),
        (OPEN, "GET", "/%2561dmin", 503),
        (OPEN, "GET", "/x?/admin", 503),
        (OPEN, "GET", "/healthz", 200),
        (OPEN, "GET", "/healthz/", 503),
        (OPEN, "GET", "/upgrade/", 200),
        (OPEN, "GET", "/upgrade/now", 503),
        (PARTS, "GET", "/", 200),
        (PARTS, "GET", "/shop", 503),
        (PARTS, "GET", "/shop/1", 503),
        (PARTS, "GET", "/shopping", 200),
        (PARTS, "GET", "//shop", 503),
        (PARTS, "GET", "/./shop", 503),
        (PARTS, "GET", "/x/../shop", 503),
        (PARTS, "GET", "/forum", 200),
        (PARTS, "HEAD", "/forum", 200),
        (PARTS, "OPTIONS", "/forum", 200),
        (PARTS, "POST", "/forum", 503),
        (PARTS, "PUT", "/wiki", 503),
        (PARTS, "DELETE", "/wiki/a", 503),
        (PARTS, "TRACE", "/wiki/a", 503),
        (PARTS, "POST", "/wikipedia", 200),
    ],
)
@pytest.mark.parametrize("recheck", [0, 400], ids=["look", "from memory"])
def test_who_passes_and_who_is_refused(
    ask: Ask,
    settings: pytest_django.Settings,
    schedule: Path,
    written: str,
    method: str,
    path: str,
    status: int,
    recheck: int,
) -> None:
    settings.DOWNTIME_EXEMPT_EXACT_URLS, settings.DOWNTIME_RECHECK = ["/healthz"], recheck
    schedule.write_text(written.replace("01-01\n", "01-01\n    redirect: /upgrade/\n"))
    for _ in range(2):
        answer = ask(path, method)
        assert answer.status_code == (302 if written == OPEN and status == 503 else status)


@pytest.mark.parametrize("kind", ["flag", "schedule"])
def test_a_site_goes_down_and_comes_back(ask: Ask, schedule: Path, flag: Path, kind: str) -> None:
    file = {"flag": flag, "schedule": schedule}[kind]
    for _ in range(2):
        assert ask("/a").content == b"up: /a"
        file.write_text(OPEN if kind == "schedule" else "")
        assert ask("/a").status_code == 503
        file.unlink()
    assert ask("/a").content == b"up: /a"


@pytest.mark.parametrize("kind", ["flag", "schedule"])
def test_the_first_request_of_a_process_is_answered_rightly(ask: Ask, schedule: Path, flag: Path, kind: str) -> None:
    {"flag": flag, "schedule": schedule}[kind].write_text(OPEN)
    assert ask("/").status_code == 503


def test_the_files_are_read_before_the_first_request(
    settings: pytest_django.Settings, schedule: Path, file_accesses: list[str]
) -> None:
    settings.DOWNTIME_RECHECK = 60
    schedule.write_text(OPEN)
    middleware = DowntimeMiddleware(lambda request: HttpResponse())
    assert "open" in file_accesses
    file_accesses.clear()
    assert middleware(RequestFactory().get("/")).status_code == 503  # type: ignore[union-attr]
    assert "open" not in file_accesses


@pytest.mark.parametrize("path", ["/", "/%C3%A4", "/a/../b?c=d"])
def test_a_site_that_is_up_gets_its_requests_as_they_are(ask: Ask, path: str) -> None:
    answer = ask(path)
    assert answer.status_code == 200
    assert "X-Downtime" not in answer


def test_up_costs_no_file_access_while_the_deadline_lasts(
    served: Callable[[HttpRequest], HttpResponse],
    settings: pytest_django.Settings,
    clock: Clock,
    file_accesses: list[str],
) -> None:
    settings.DOWNTIME_RECHECK = 400
    request = RequestFactory().get("/")
    served(request)
    file_accesses.clear()
    for _ in range(100):
        assert served(request).content == b"up"
    assert file_accesses == []
    clock.passes(101)
    served(request)
    assert 0 < len(file_accesses) < 10


def test_down_costs_no_file_access_while_the_deadline_lasts(
    served: Callable[[HttpRequest], HttpResponse],
    settings: pytest_django.Settings,
    flag: Path,
    file_accesses: list[str],
) -> None:
    settings.DOWNTIME_RECHECK = 400
    flag.touch()
    request = RequestFactory().get("/")
    assert served(request).status_code == 503
    file_accesses.clear()
    for _ in range(100):
        assert served(request).status_code == 503
    assert file_accesses == []


def test_the_middleware_is_what_its_site_is() -> None:
    async def up(request: HttpRequest) -> HttpResponseBase:
        return HttpResponse()

    assert iscoroutinefunction(DowntimeMiddleware(up))
    assert not iscoroutinefunction(DowntimeMiddleware(lambda request: HttpResponse()))


async def test_a_look_at_the_files_never_keeps_an_event_loop_waiting(
    async_client: AsyncClient,
    settings: pytest_django.Settings,
    schedule: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After an idle time a changed schedule has to hold still for a moment, for which the request waits alone."""
    monkeypatch.setattr(clock, "sleep", time.sleep)
    settings.DOWNTIME_RECHECK = 1.0
    assert (await async_client.get("/")).status_code == 200
    clock.passes(10)
    schedule.write_text(OPEN)
    request = asyncio.ensure_future(async_client.get("/"))
    ticks = 0
    while not request.done():
        await asyncio.sleep(0.01)
        ticks += 1
    assert request.result().status_code == 503
    assert ticks >= 10


# In the event loop


async def page(request: HttpRequest) -> HttpResponseBase:
    return HttpResponse("up")


@asynccontextmanager
async def no_thread_free() -> AsyncIterator[None]:
    """While the one thread is taken in which Django runs what may block."""
    release = threading.Event()
    taken = asyncio.ensure_future(sync_to_async(release.wait)())
    try:
        yield
    finally:
        release.set()
        await taken


async def is_answered_at_once(middleware: DowntimeMiddleware, request: HttpRequest) -> bool:
    """Whether it is answered while no thread is free; it is answered afterwards in any case."""
    async with no_thread_free():
        answer = asyncio.ensure_future(middleware(request))  # type: ignore[arg-type]
        for _ in range(20):
            await asyncio.sleep(0)
        is_done = answer.done()
    await answer
    return is_done


PART = "{paths: [/shop, /admin], end: 2099-01-01}"
AT_ONCE: dict[str, tuple[str, dict[str, Any], tuple[str, str], dict[str, str]]] = {
    "not covered": (PART, {}, ("GET", "/"), {}),
    "sent, not covered": (PART, {}, ("POST", "/"), {}),
    "reading": ("read_only: true", {}, ("GET", "/shop"), {}),
    "not plain": (PART, {}, ("GET", "//x"), {}),
    "page": ("Back soon.", {}, ("GET", "/shop"), {"accept": "text/html"}),
    "page of a part": (PART, {}, ("GET", "/shop/x"), {"accept": "text/html"}),
    "page of a part, not plain": (PART, {}, ("GET", "/x/../shop"), {}),
    "head": ("", {}, ("HEAD", "/shop"), {}),
    "sent": ("", {}, ("POST", "/shop"), {}),
    "JSON": (PART, {}, ("GET", "/shop"), {"accept": "application/json"}),
    "htmx": (PART, {}, ("GET", "/shop"), {"hx-request": "true"}),
    "redirect": ("", {"DOWNTIME_URL_REDIRECT": "/upgrade/"}, ("GET", "/shop"), {}),
    "redirect that can't be made": ("", {"DOWNTIME_URL_REDIRECT": "data:text/html,x"}, ("GET", "/shop"), {}),
    "exempt path": (PART, {}, ("GET", "/admin/x"), {}),
    "exempt view": ("", {"ROOT_URLCONF": "tests.test_middleware.MarkedPatterns"}, ("GET", "/marked"), {}),
    "exempt network": ("", {"DOWNTIME_EXEMPT_IPS": ["127.0.0.0/8"]}, ("GET", "/shop"), {}),
    "language": (
        "",
        {"MIDDLEWARE": ["django.middleware.locale.LocaleMiddleware"]},
        ("GET", "/shop"),
        {"accept-language": "de"},
    ),
}


@pytest.mark.parametrize(("written", "site", "asked", "headers"), AT_ONCE.values(), ids=AT_ONCE)
async def test_what_is_kept_is_decided_in_the_event_loop(
    settings: pytest_django.Settings,
    flag: Path,
    written: str,
    site: dict[str, Any],
    asked: tuple[str, str],
    headers: dict[str, str],
) -> None:
    settings.DOWNTIME_RECHECK = 400
    for name, value in site.items():
        setattr(settings, name, import_string(value) if name == "ROOT_URLCONF" else value)
    flag.write_text(written)
    middleware, request = DowntimeMiddleware(page), RequestFactory().generic(*asked, headers=headers)  # type: ignore[arg-type]
    assert not await is_answered_at_once(middleware, request)  # as it looks at the files
    first = await cast("Awaitable[HttpResponse]", middleware(request))
    assert await is_answered_at_once(middleware, request)
    again = await cast("Awaitable[HttpResponse]", middleware(request))
    assert (again.status_code, unhurried(again)) == (first.status_code, unhurried(first))
    alone = DowntimeMiddleware(lambda request: HttpResponse("up"))(request)
    assert isinstance(alone, HttpResponse)
    assert (again.status_code, unhurried(again)) == (alone.status_code, unhurried(alone))


def unhurried(response: HttpResponse) -> dict[str, str]:
    """The headers without those that tell the second."""
    return {name: value for name, value in response.items() if name not in ("Expires", "Retry-After")}


IN_A_THREAD: dict[str, tuple[dict[str, Any], str, dict[str, str]]] = {
    "view": ({"DOWNTIME_VIEW": "tests.test_middleware.sorry"}, "/shop", {}),
    "callable": ({"DOWNTIME_EXEMPT_IF": ["tests.test_exemptions.no"]}, "/shop", {}),
    "long path": ({}, "/" + "x" * 501, {}),
    "long query with a link": ({}, f"/shop?{bypass.NAME}=1&" + "%61&" * 16_000, {}),
    "long cookie": ({}, "/shop", {"cookie": f"{bypass.NAME}=1" + ";" * 64_000}),
    "URLconf that fails": ({"ROOT_URLCONF": "tests.urlconf_that_is_not_there"}, "/shop", {}),
}


@pytest.mark.parametrize(("site", "asked", "headers"), IN_A_THREAD.values(), ids=IN_A_THREAD)
async def test_what_may_block_never_runs_in_the_event_loop(
    settings: pytest_django.Settings, flag: Path, site: dict[str, Any], asked: str, headers: dict[str, str]
) -> None:
    settings.DOWNTIME_RECHECK = 400
    for name, value in site.items():
        setattr(settings, name, value)
    flag.touch()
    middleware, request = DowntimeMiddleware(page), RequestFactory().get(asked, headers=headers)  # type: ignore[arg-type]
    for _ in range(3):
        assert not await is_answered_at_once(middleware, request)


class CountedReads(dict[str, Any]):
    """The headers of a request that count how often the query is read, which each decision does once."""

    decisions = 0

    def get(self, name: str, default: Any = None) -> Any:
        self.decisions += name == "QUERY_STRING"
        return super().get(name, default)


@pytest.mark.parametrize(
    "site",
    [{"DOWNTIME_VIEW": f"{__name__}.sorry"}, {"DOWNTIME_EXEMPT_IF": ["tests.test_exemptions.no"]}, {}],
    ids=["view", "callable", "neither"],
)
async def test_a_request_is_decided_once_if_code_of_the_site_is_asked(
    settings: pytest_django.Settings, flag: Path, site: dict[str, Any]
) -> None:
    """And not in the event loop first."""
    settings.DOWNTIME_RECHECK = 400
    flag.touch()
    middleware = DowntimeMiddleware(page)  # type: ignore[arg-type]
    for name, value in site.items():
        setattr(settings, name, value)
    for _ in range(3):
        request = RequestFactory().get("/shop")
        request.META = counted = CountedReads(request.META)
        assert (await cast("Awaitable[HttpResponse]", middleware(request))).status_code == 503
        assert counted.decisions == 1


async def test_what_was_not_prepared_yet_is_prepared_in_a_thread(settings: pytest_django.Settings, flag: Path) -> None:
    """Without LocaleMiddleware too, with which the choice of a language comes to a thread before."""
    settings.DOWNTIME_RECHECK = 400
    flag.touch()
    middleware = DowntimeMiddleware(page)  # type: ignore[arg-type]
    for method in ("GET", "POST"):
        for accept in ("application/json", "text/html"):
            request = RequestFactory().generic(method, "/shop", headers={"accept": accept})
            assert not await is_answered_at_once(middleware, request)
            assert await is_answered_at_once(middleware, request)


async def test_a_setting_that_a_test_overrides_is_read_in_a_thread(
    settings: pytest_django.Settings, flag: Path
) -> None:
    """Also once another middleware has looked at the files, so that what they say is kept."""
    flag.touch()
    middleware, other = DowntimeMiddleware(page), DowntimeMiddleware(page)  # type: ignore[arg-type]
    settings.DOWNTIME_RECHECK = 400
    await cast("Awaitable[HttpResponse]", other(RequestFactory().get("/shop")))
    request = RequestFactory().get("/admin/")
    assert not await is_answered_at_once(middleware, request)
    assert await is_answered_at_once(middleware, request)


@pytest.mark.parametrize(
    "changed",
    [
        {"path": "/other"},
        {"HTTP_ACCEPT": "application/json"},
        {"HTTP_ACCEPT_LANGUAGE": "fr"},
        {"HTTP_COOKIE": "django_language=nl"},
        {"REQUEST_METHOD": "POST"},
    ],
    ids=["path", "JSON", "language", "cookie", "sent"],
)
@pytest.mark.usefixtures("with_locale")
async def test_what_nobody_has_asked_for_is_made_in_a_thread_and_then_kept(
    settings: pytest_django.Settings, flag: Path, changed: dict[str, str]
) -> None:
    settings.DOWNTIME_RECHECK = 400
    flag.touch()
    middleware = DowntimeMiddleware(page)  # type: ignore[arg-type]
    await cast("Awaitable[HttpResponse]", middleware(RequestFactory().get("/shop")))
    assert await is_answered_at_once(middleware, RequestFactory().get("/shop"))
    more = {"path": "/shop", **changed}
    path = more.pop("path")
    assert not await is_answered_at_once(middleware, RequestFactory().get(path, **more))
    assert await is_answered_at_once(middleware, RequestFactory().get(path, **more))


async def test_the_log_is_written_in_a_thread(
    settings: pytest_django.Settings, flag: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As its handlers may block."""
    settings.DOWNTIME_RECHECK = 400
    flag.touch()
    middleware, request = DowntimeMiddleware(page), RequestFactory().get("/shop")  # type: ignore[arg-type]
    await cast("Awaitable[HttpResponse]", middleware(request))
    middleware._refusals._redirect = "http://["
    throttled_log._silent_until.clear()
    assert not await is_answered_at_once(middleware, request)
    assert await is_answered_at_once(middleware, request)
    [record] = [record for record in caplog.records if record.name == "downtime.middleware"]
    assert record.getMessage() == "the answer to a refused request failed; the built-in page is shown"
    assert record.thread != threading.get_ident()


@pytest.mark.parametrize("path", ["/shop", "/elsewhere"], ids=["covered", "not covered"])
@pytest.mark.parametrize("recheck", [0, 400], ids=["look", "from memory"])
def test_a_bypass_link_is_exchanged_wherever_it_leads_while_a_part_is_down(
    served: Callable[[HttpRequest], HttpResponse],
    settings: pytest_django.Settings,
    flag: Path,
    path: str,
    recheck: int,
) -> None:
    settings.DOWNTIME_RECHECK = recheck
    flag.write_text("paths: [/shop]")
    for _ in range(2):
        answer = served(RequestFactory().get(f"{path}?a=1&{bypass.NAME}={bypass.token(60)}"))
        assert (answer.status_code, answer["Location"], bypass.NAME in answer.cookies) == (302, f"{path}?a=1", True)
    assert served(RequestFactory().get(f"/elsewhere?{bypass.NAME}=forged")).content == b"up"


@pytest.mark.parametrize(("path", "status"), [("/shop", 503), ("/elsewhere", 200)], ids=["covered", "not covered"])
def test_a_bypass_link_that_can_not_be_checked_changes_nothing(
    served: Callable[[HttpRequest], HttpResponse],
    settings: pytest_django.Settings,
    flag: Path,
    caplog: pytest.LogCaptureFixture,
    path: str,
    status: int,
) -> None:
    settings.DOWNTIME_RECHECK, settings.SECRET_KEY = 400, ""
    flag.write_text("paths: [/shop]")
    for _ in range(2):
        assert served(RequestFactory().get(f"{path}?{bypass.NAME}=1.2.3")).status_code == status
    assert caplog.text.count("the answer to a refused request failed") == 1


async def test_requests_at_the_same_time_are_each_refused(async_client: AsyncClient, flag: Path) -> None:
    flag.write_text("Back at four.")
    answers = await asyncio.gather(*(async_client.get(f"/{number}") for number in range(20)))
    assert {answer.status_code for answer in answers} == {503}
    assert len({answer.content for answer in answers}) == 1


def test_head_is_answered_without_a_body(served: Callable[[HttpRequest], HttpResponse], flag: Path) -> None:
    flag.touch()
    answer = served(RequestFactory().head("/"))
    assert (answer.status_code, answer.content) == (503, b"")
    assert int(answer["Content-Length"]) > 0


def test_the_flag_comes_first_then_the_order_of_the_file(ask: Ask, schedule: Path, flag: Path) -> None:
    schedule.write_text(PARTS.replace("/forum", "/shop") + "  - {start: 2020-01-01, message: last}\n")
    messages = {"/": "last", "/shop": "shop"}
    for asked, message in messages.items():
        assert message in ask(asked).content.decode()
    flag.write_text("{message: flag, paths: [/shop]}")
    assert "flag" in ask("/shop").content.decode()
    assert "last" in ask("/").content.decode()


def test_retry_after_looks_through_periods_that_follow_one_another(ask: Ask, flag: Path, schedule: Path) -> None:
    flag.write_text("duration: 100s")
    schedule.write_text("periods:\n  - {start: 2020-01-01, end: 2099-01-01, paths: [/shop]}\n")
    assert int(ask("/")["Retry-After"]) <= 100
    assert int(ask("/shop")["Retry-After"]) > 100_000


def test_a_redirect_leads_to_a_page_that_passes(ask: Ask, settings: pytest_django.Settings, flag: Path) -> None:
    settings.DOWNTIME_URL_REDIRECT = "/upgrade/"
    flag.touch()
    answer = ask("/shop")
    assert (answer.status_code, answer["Location"]) == (302, "/upgrade/")
    assert ask(answer["Location"]).content == b"up: /upgrade/"


def test_a_setting_that_a_test_overrides_counts_at_once(ask: Ask, settings: pytest_django.Settings, flag: Path) -> None:
    settings.DOWNTIME_RECHECK = 60
    flag.touch()
    assert ask("/shop").status_code == 503
    settings.DOWNTIME_EXEMPT_PATHS = ["/shop"]
    assert ask("/shop").status_code == 200
    settings.DOWNTIME_FLAG_FILE = flag.with_suffix(".other")
    assert ask("/").status_code == 200


class Counted(list[str]):
    """Exempt paths that count how often they are read."""

    reads = 0

    def __iter__(self) -> Iterator[str]:
        self.reads += 1
        return super().__iter__()


def test_a_setting_that_a_test_overrides_costs_nothing_for_each_client_of_the_suite(
    settings: pytest_django.Settings, flag: Path
) -> None:
    middlewares = [DowntimeMiddleware(lambda request: HttpResponse("up")) for _ in range(20)]
    flag.touch()
    settings.DOWNTIME_EXEMPT_PATHS = paths = Counted(["/shop"])
    assert paths.reads == 0
    statuses = [middlewares[0](RequestFactory().get(path)).status_code for path in ("/shop", "/")]  # type: ignore[union-attr]
    assert statuses == [200, 503]
    assert 0 < paths.reads < 5


def test_a_planned_503_is_not_logged_and_mails_nobody(
    ask: Ask,
    settings: pytest_django.Settings,
    flag: Path,
    caplog: pytest.LogCaptureFixture,
    mailoutbox: list[EmailMessage],
) -> None:
    settings.ADMINS = ["a@example.com"] if django.VERSION >= (6, 0) else [("A", "a@example.com")]
    flag.touch()
    with caplog.at_level(logging.DEBUG, logger="django"):
        assert ask("/").status_code == 503
        assert ask("/", headers={"accept": "application/json"}).status_code == 503
    assert [record for record in caplog.records if record.name.startswith("django")] == []
    assert mailoutbox == []


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "http://["])
def test_a_redirect_that_can_not_be_made_is_never_a_500(
    served: Callable[[HttpRequest], HttpResponse],
    settings: pytest_django.Settings,
    flag: Path,
    caplog: pytest.LogCaptureFixture,
    url: str,
) -> None:
    settings.DOWNTIME_URL_REDIRECT = url
    flag.write_text("Back at four.")
    answer = served(RequestFactory().get("/"))
    assert (answer.status_code, answer.content.decode()) == (503, built_in_page("Back at four.", was_sent=False))
    assert answer["X-Downtime"] == "planned"
    assert served(RequestFactory().head("/")).content == b""
    assert "the answer to a refused request failed" in caplog.text


DAMAGED = {
    "a tab": b"periods:\n\t- start: 2020-01-01\n",
    "no UTF-8": b"\xff\xfe\x00",
    "NUL": b"periods:\x00",
    "code": b"!!python/object/apply:os.abort []",
    "an alias bomb": b"a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nperiods: *c\n",
    "deep nesting": b"[" * 10_000,
    "a number": b"periods: 5\n",
    "an impossible date": b"periods:\n  - start: 2026-02-30\n",
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
@pytest.mark.parametrize("is_down", [False, True], ids=["up", "down"])
def test_a_damaged_schedule_changes_nothing(ask: Ask, schedule: Path, content: bytes, is_down: bool) -> None:
    schedule.write_text(OPEN if is_down else "periods: []\n")
    before = ask("/").status_code
    schedule.write_bytes(content)
    assert ask("/").status_code == before == (503 if is_down else 200)


FLAGS: dict[str, Callable[[Path], object]] = {
    "empty": Path.touch,
    "a text": partial(Path.write_text, data="Back at four."),
    "a folder": Path.mkdir,
    "a dangling link": partial(Path.symlink_to, target="nowhere"),
    "a link to itself": lambda flag: flag.symlink_to(flag),
    "a pipe": lambda flag: os.mkfifo(flag),
    "binary": partial(Path.write_bytes, data=bytes(range(256))),
    "big": partial(Path.write_bytes, data=b"x" * 200_000),
    **{name: partial(Path.write_bytes, data=content) for name, content in DAMAGED.items()},
}


@pytest.mark.parametrize("make", FLAGS.values(), ids=FLAGS)
def test_a_flag_counts_whatever_it_is(ask: Ask, flag: Path, make: Callable[[Path], object]) -> None:
    assert ask("/").status_code == 200
    make(flag)
    answer = ask("/")
    assert answer.status_code == 503
    assert "Down for maintenance" in answer.content.decode()


def test_the_json_of_a_recurring_period_names_the_start_of_its_occurrence(client: Client, schedule: Path) -> None:
    schedule.write_text("periods: [{cron: '0 0 1 * *', duration: 40d, start: 2020-01-01}]")
    started = client.get("/", headers={"accept": "application/json"}).json()["start"]
    assert started > "2026-01-01"
    assert "-01T00:00:00+" in started


@pytest.mark.parametrize("path", ["/shop", "/admin", "/elsewhere"], ids=["refused", "exempt", "not covered"])
def test_a_valid_link_is_exchanged_for_the_cookie_while_anything_is_down(ask: Ask, flag: Path, path: str) -> None:
    link = f"{path}?{bypass.NAME}={bypass.token(60)}"
    assert ask(link).status_code == 200
    flag.write_text("paths: [/shop, /admin]")
    response = ask(link)
    assert (response.status_code, response["Location"], bypass.NAME in response.cookies) == (302, path, True)


@pytest.mark.parametrize(
    ("exempt", "has_cookie", "is_personal"),
    [
        ({}, True, True),
        ({"DOWNTIME_EXEMPT_IPS": ["127.0.0.1"]}, False, True),
        ({"DOWNTIME_EXEMPT_IF": ["tests.test_exemptions.async_yes"]}, False, True),
        ({"DOWNTIME_EXEMPT_EXACT_URLS": ["/shop"]}, False, False),
        ({"DOWNTIME_EXEMPT_EXACT_URLS": ["/shop"]}, True, False),
        ({"DOWNTIME_EXEMPT_PATHS": ["/shop"]}, False, False),
        ({"DOWNTIME_URL_REDIRECT": "/shop"}, False, False),
    ],
    ids=["cookie", "address", "callable", "exact URL", "exact URL and cookie", "prefix", "redirect"],
)
def test_what_one_client_alone_may_see_is_kept_from_shared_caches(
    ask: Ask,
    settings: pytest_django.Settings,
    flag: Path,
    exempt: dict[str, Any],
    has_cookie: bool,
    is_personal: bool,
) -> None:
    for name, value in exempt.items():
        setattr(settings, name, value)
    cookie = f"{bypass.NAME}={bypass.token(60)}" if has_cookie else ""
    assert "Cache-Control" not in ask("/shop", cookie=cookie)
    flag.touch()
    answer = ask("/shop", cookie=cookie)
    assert answer.content == b"up: /shop"
    assert (answer.get("Cache-Control"), answer.get("Vary")) == (("private", "Cookie") if is_personal else (None, None))


# What a site tells a cache in front


@pytest.mark.parametrize("by", ["address", "view"])
def test_no_word_to_a_cache_in_front_undoes_private_or_no_store(
    ask: Ask, settings: pytest_django.Settings, flag: Path, by: str
) -> None:
    """Neither on what an exempt client alone may see, nor on the answer of a view of the site's own."""
    settings.ROOT_URLCONF = CachedPatterns
    settings.MIDDLEWARE = [*settings.MIDDLEWARE]
    targeted = {"CDN-Cache-Control", "Surrogate-Control", "X-Accel-Expires"}
    assert targeted <= set(ask("/").headers)
    settings.DOWNTIME_EXEMPT_IPS = ["127.0.0.1"] if by == "address" else []
    settings.DOWNTIME_VIEW = None if by == "address" else f"{__name__}.cached"
    flag.touch()
    answer = ask("/")
    assert answer.content == b"for ten minutes"
    assert not targeted & set(answer.headers)
    assert "private" in answer["Cache-Control"]


def cached(request: HttpRequest, *args: object) -> HttpResponse:
    words = {"CDN-Cache-Control": "max-age=600", "Surrogate-Control": "max-age=600", "X-Accel-Expires": "600"}
    return HttpResponse("for ten minutes", headers={"Cache-Control": "public, max-age=60", **words})


class CachedPatterns:
    urlpatterns = [re_path("", cached)]


# Scripts

PAGE, JSON = "text/html", "application/problem+json"
FETCH = {"sec-fetch-dest": "empty", "accept": "*/*"}


@pytest.mark.parametrize(
    ("method", "headers", "content_type"),
    [
        ("GET", FETCH, JSON),
        ("POST", {**FETCH, "content-type": "application/json"}, JSON),
        ("POST", {"accept": "*/*", "content-type": "application/json"}, JSON),
        ("POST", {"x-requested-with": "XMLHttpRequest"}, JSON),
        ("POST", {"content-type": "application/x-www-form-urlencoded"}, PAGE),
        ("GET", {"sec-fetch-dest": "document", "accept": "text/html,*/*;q=0.8"}, PAGE),
        ("GET", {"sec-fetch-dest": "empty", "accept": "text/html"}, PAGE),
        ("GET", {"accept": "*/*"}, PAGE),
        ("GET", {**FETCH, "hx-request": "true"}, PAGE),
    ],
    ids=["fetch", "fetch of JSON", "requests", "XMLHttpRequest", "form", "browser", "fetch of HTML", "curl", "htmx"],
)
@pytest.mark.parametrize("redirect", [None, "/upgrade/"], ids=["no redirect", "redirect"])
def test_a_script_gets_json_and_a_navigation_the_page_or_the_redirect(
    ask: Ask,
    settings: pytest_django.Settings,
    flag: Path,
    method: str,
    headers: dict[str, str],
    content_type: str,
    redirect: str | None,
) -> None:
    settings.DOWNTIME_URL_REDIRECT = redirect
    flag.touch()
    given = {name: value for name, value in headers.items() if name != "content-type"}
    answer = ask("/shop", method, headers=given, data="{}", content_type=headers.get("content-type", "text/plain"))
    is_redirected = redirect is not None and content_type == PAGE and "hx-request" not in headers
    assert answer.status_code == (302 if is_redirected else 503)
    if not is_redirected:
        assert answer["Content-Type"].partition(";")[0] == content_type
    varies_by = {name.lower() for name in answer["Vary"].split(", ")}
    assert {"accept", *headers} - {"cookie"} <= varies_by


@pytest.mark.parametrize(
    ("written", "path", "state"),
    [
        ("", "/", "down"),
        ("read_only: true", "/", "read-only"),
        ("paths: [/shop]", "/shop", "down"),
        ("{paths: [/shop], read_only: true}", "/shop/a", "read-only"),
    ],
    ids=["down", "read-only", "part", "part read-only"],
)
def test_json_tells_the_state_of_the_request(ask: Ask, flag: Path, written: str, path: str, state: str) -> None:
    flag.write_text(written)
    answer = ask(path, "POST", headers={"accept": "application/json"})
    assert json.loads(answer.content)["state"] == state


# htmx

HTMX = {"hx-request": "true", "sec-fetch-site": "same-origin"}
BOTH = "periods:\n  - {start: 2020-01-01, paths: [/part, /shop]}\n  - {start: 2020-01-01, read_only: true}\n"


@pytest.mark.parametrize(
    ("written", "method", "page", "is_refreshed"),
    [
        ("periods: [{start: 2020-01-01}]", "GET", "http://testserver/", True),
        ("periods: [{start: 2020-01-01}]", "POST", "http://testserver/shop", True),
        ("periods: [{start: 2020-01-01}]", "GET", "", True),
        ("periods: [{start: 2020-01-01}]", "GET", "http://testserver/admin/", False),
        ("periods: [{start: 2020-01-01}]", "GET", "http://testserver/marked", False),
        ("periods: [{start: 2020-01-01, paths: [/part]}]", "GET", "http://testserver/", False),
        (BOTH, "GET", "http://testserver/shop/", True),
        (BOTH, "POST", "http://testserver/", False),
        ("periods: [{start: 2020-01-01, read_only: true}]", "POST", "http://testserver/", False),
    ],
    ids=["down", "POST", "no page", "exempt page", "marked page", "page up", "part", "other part", "read-only"],
)
def test_htmx_is_told_to_load_its_page_anew_only_if_that_leads_to_the_down_page(
    ask: Ask,
    settings: pytest_django.Settings,
    schedule: Path,
    written: str,
    method: str,
    page: str,
    is_refreshed: bool,
) -> None:
    """Else the page would send the same request again, for ever."""
    settings.ROOT_URLCONF = MarkedPatterns
    schedule.write_text(written)
    answer = ask("/part", method, headers={**HTMX, "hx-current-url": page})
    assert (answer.status_code, answer.get("HX-Refresh")) == (503, "true" if is_refreshed else None)
    again = ask("/part", method, headers={**HTMX, "hx-current-url": page}, cookie=f"{htmx.COOKIE}=1")
    assert "HX-Refresh" not in again


def test_nobody_but_htmx_is_told_so(ask: Ask, flag: Path) -> None:
    flag.touch()
    answer = ask("/", headers={"hx-current-url": "http://testserver/"})
    assert ("HX-Refresh" in answer, htmx.COOKIE in answer.cookies) == (False, False)


def test_a_redirect_does_not_land_in_a_part_of_a_page(ask: Ask, settings: pytest_django.Settings, flag: Path) -> None:
    settings.DOWNTIME_URL_REDIRECT = "/upgrade/"
    flag.touch()
    assert ask("/shop").status_code == 302
    for headers in (HTMX, {"turbo-frame": "cart", "accept": "text/html"}):
        answer = ask("/shop", headers=headers)
        assert (answer.status_code, answer["Content-Type"]) == (503, "text/html; charset=utf-8")


def test_a_view_of_ones_own_may_leave_the_word_to_htmx_to_the_app(
    ask: Ask, settings: pytest_django.Settings, flag: Path
) -> None:
    settings.DOWNTIME_VIEW = f"{__name__}.sorry"
    flag.touch()
    assert ask("/shop", headers=HTMX)["HX-Refresh"] == "true"
    answer = ask("/own", headers=HTMX)
    assert (answer["HX-Retarget"], "HX-Refresh" in answer) == ("#error", False)


def sorry(request: HttpRequest, period: Occurrence) -> HttpResponse:
    assert request.downtime is period  # type: ignore[attr-defined]
    return HttpResponse("sorry", status=503, headers={"HX-Retarget": "#error"} if request.path == "/own" else {})


# A view that only reads


def test_a_view_that_only_reads_passes_a_read_only_period_and_no_other(
    ask: Ask, settings: pytest_django.Settings, flag: Path, schedule: Path
) -> None:
    settings.ROOT_URLCONF = MarkedPatterns
    flag.write_text("read_only: true")
    assert ask("/login", "POST").content == b"up: /login"
    assert ask("/part", "POST").status_code == 503
    schedule.write_text(OPEN)
    assert ask("/login", "POST").status_code == 503
    flag.write_text("")
    schedule.unlink()
    assert ask("/login", "POST").status_code == 503


@pytest.mark.parametrize(("do", "status"), [("", 200), ("tenant", 503), ("rewrite", 503)])
def test_only_a_view_that_only_reads_is_heard_whatever_a_middleware_below_does(
    ask: Ask, settings: pytest_django.Settings, flag: Path, do: str, status: int
) -> None:
    settings.ROOT_URLCONF = MarkedPatterns
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.Tenants"]
    flag.write_text("read_only: true")
    assert ask("/login", "POST", headers={"x-do": do}).status_code == status


def up(request: HttpRequest) -> HttpResponse:
    assert not hasattr(request, "downtime")
    return HttpResponse(f"up: {request.path}")


class MarkedPatterns:
    urlpatterns = [
        path("marked", downtime_exempt(up)),
        path("login", downtime_exempt(read_only=True)(up)),
        re_path("", up),
    ]


def reads(request: HttpRequest) -> bool:
    return request.downtime.read_only and request.path_info == "/graphql"  # type: ignore[attr-defined]


async def async_reads(request: HttpRequest) -> bool:
    return reads(request)


@pytest.mark.parametrize("name", ["reads", "async_reads"])
def test_a_callable_that_asks_for_the_downtime_lets_a_post_pass_that_only_reads(
    ask: Ask, settings: pytest_django.Settings, flag: Path, schedule: Path, name: str
) -> None:
    """And no other: not in a part of the site that is down beside it, nor while the whole site is down beneath it."""
    settings.ROOT_URLCONF = MarkedPatterns
    settings.DOWNTIME_EXEMPT_IF = [f"{__name__}.{name}"]
    flag.write_text("read_only: true")
    assert ask("/graphql", "POST").content == b"up: /graphql"
    assert ask("/part", "POST").status_code == 503
    schedule.write_text("periods: [{start: 2020-01-01, paths: [/graphql]}]")
    assert ask("/graphql", "POST").status_code == 503
    schedule.write_text(OPEN)
    assert ask("/graphql", "POST").status_code == 503


# Marks that have no effect


@pytest.mark.parametrize(
    ("asked", "status", "lost"),
    [
        ("/above", 200, ""),
        ("/below", 503, "below_api_view"),
        ("/class", 200, ""),
        ("/api/hook", 503, "hook"),
    ],
)
def test_a_mark_that_is_lost_in_a_framework_is_told_while_the_site_is_down(
    ask: Ask,
    settings: pytest_django.Settings,
    flag: Path,
    caplog: pytest.LogCaptureFixture,
    asked: str,
    status: int,
    lost: str,
) -> None:
    settings.ROOT_URLCONF = FrameworkPatterns
    settings.REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": [], "UNAUTHENTICATED_USER": None}
    assert ask(asked, "POST").status_code == 200
    assert "downtime_exempt" not in caplog.text
    flag.write_text("read_only: true")
    for _ in range(3):
        assert ask(asked, "POST").status_code == status
    told = [record.getMessage() for record in caplog.records if record.name.startswith("downtime.http.site_code")]
    assert told == ([LOST_MARK % f"tests.http.test_marks.{lost}"] if lost else [])


class FrameworkPatterns:
    urlpatterns = [
        path("above", test_marks.above_api_view),
        path("below", test_marks.below_api_view),
        path("class", test_marks.ReadingAPIView.as_view()),
        path("api/", test_marks.api.urls),
    ]


def other(request: HttpRequest) -> HttpResponse:
    return HttpResponse("of another tenant")


class Patterns:
    """The URLconf of a project: its view is marked."""

    urlpatterns = [
        path("hooks", downtime_exempt(lambda request: HttpResponse("up: marked"))),
        re_path("", other),
    ]


class TenantPatterns:
    urlpatterns = [re_path("", other)]


class Tenants:
    """A middleware that chooses a URLconf, changes the path or answers, by a header."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        match request.headers.get("x-do"):
            case "tenant":
                request.urlconf = TenantPatterns  # type: ignore[attr-defined]
            case "rewrite":
                request.path_info = "/rewritten"
        return self.get_response(request)


@pytest.mark.parametrize(
    ("do", "content"), [("", b"up: marked"), ("tenant", BUILT_IN_PAGE.encode()), ("rewrite", BUILT_IN_PAGE.encode())]
)
def test_only_a_view_that_is_marked_is_heard_whatever_a_middleware_below_does(
    ask: Ask,
    settings: pytest_django.Settings,
    flag: Path,
    caplog: pytest.LogCaptureFixture,
    do: str,
    content: bytes,
) -> None:
    settings.ROOT_URLCONF = Patterns
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.Tenants"]
    flag.touch()
    assert ask("/hooks", "POST", headers={"x-do": do}).content == content
    assert ask("/", headers={"x-do": do}).status_code == 503
    assert ("led a request to a view that is not exempt" in caplog.text) is bool(do)


def test_a_path_is_resolved_only_while_the_site_is_down(
    served: Callable[[HttpRequest], HttpResponse], settings: pytest_django.Settings, flag: Path
) -> None:
    settings.ROOT_URLCONF = "tests.urlconf_that_is_not_there"
    request = RequestFactory().get("/shop")
    assert served(request).content == b"up"
    assert throttled_log._silent_until == {}
    flag.touch()
    assert served(request).status_code == 503
    assert len(throttled_log._silent_until) == 1


def test_what_a_middleware_below_answers_itself_is_no_view_s(
    ask: Ask, settings: pytest_django.Settings, flag: Path
) -> None:
    settings.ROOT_URLCONF = Patterns
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.teapot"]
    flag.touch()
    assert ask("/hooks").status_code == 418


@sync_and_async_middleware
def teapot(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    def sync(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=418)

    async def asynchronous(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=418)

    return asynchronous if iscoroutinefunction(get_response) else sync


def test_a_failure_at_every_request_is_logged_seldom(
    client: Client, settings: pytest_django.Settings, flag: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DOWNTIME_URL_REDIRECT = "http://["
    caplog.set_level("ERROR")
    flag.touch()
    for _ in range(5):
        assert client.get("/shop").status_code == 503
    assert len(caplog.records) == 1
    settings.DOWNTIME_EXEMPT_IPS = ["127.0.0.1"]
    assert client.get("/shop").status_code == 200


def test_the_exemptions_are_asked_by_their_cost(
    client: Client, settings: pytest_django.Settings, flag: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What may ask a database comes last, and is not asked where something before it has let the request pass."""
    settings.DOWNTIME_EXEMPT_IF = ["tests.test_exemptions.failing"]
    settings.DOWNTIME_EXEMPT_IPS = ["127.0.0.1"]
    caplog.set_level("ERROR")
    flag.touch()
    assert client.get("/shop").status_code == 200
    settings.DOWNTIME_EXEMPT_IPS = []
    settings.DOWNTIME_EXEMPT_PATHS = ["/shop"]
    assert client.get("/shop").status_code == 200
    assert caplog.records == []
    assert client.get("/").status_code == 503
    assert [record.levelname for record in caplog.records] == ["ERROR"]


# What a visitor is told


LOCALE_MIDDLEWARE = "django.middleware.locale.LocaleMiddleware"
LANGUAGES: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "the cookie": ({}, {"cookie": "django_language=de"}, "de", "Wegen Wartung nicht erreichbar"),
    "the path": ({}, {"path": "/de/shop"}, "de", "Wegen Wartung nicht erreichbar"),
    "no texts": ({}, {"accept": "ar"}, "en", "Down for maintenance"),
    "no texts first": ({}, {"accept": "it-CH, de-CH;q=0.9"}, "de", "Wegen Wartung nicht erreichbar"),
    "no choice": (
        {"LANGUAGE_CODE": "de", "MIDDLEWARE": ["downtime.middleware.DowntimeMiddleware"]},
        {"accept": "fr"},
        "de",
        "Wegen Wartung nicht erreichbar",
    ),
}


@pytest.mark.parametrize(("site", "sent", "code", "heading"), LANGUAGES.values(), ids=LANGUAGES)
def test_a_refused_visitor_is_spoken_to_as_by_the_site_itself(
    ask: Ask,
    settings: pytest_django.Settings,
    flag: Path,
    site: dict[str, Any],
    sent: dict[str, Any],
    code: str,
    heading: str,
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, LOCALE_MIDDLEWARE]
    settings.ROOT_URLCONF = "tests.support.language_urls"
    for name, value in site.items():
        setattr(settings, name, value)
    flag.write_text("end: 2099-12-01 04:00")
    headers = {"accept-language": sent.get("accept", "")}
    answer = ask(sent.get("path", "/"), cookie=sent.get("cookie", ""), headers=headers)
    page = answer.content.decode()
    assert (answer.status_code, answer["Content-Language"]) == (503, code)
    assert f'<html lang="{code}" dir="ltr">' in page
    assert f"<h1>{heading}</h1>" in page
    assert ("1. Dezember 2099" in page) is (code == "de")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_whoever_sent_something_to_a_site_that_is_down_is_told_that_it_was_not_saved(
    ask: Ask, flag: Path, method: str
) -> None:
    flag.write_text("Back at four.")
    assert "was not saved" in ask("/", method).content.decode()
    assert "was not saved" in ask("/", method, headers={"accept": "application/json"}).content.decode()
    assert "was not saved" not in ask("/").content.decode()


def test_a_part_that_is_down_leads_to_the_rest_unless_that_is_down_too(ask: Ask, schedule: Path, flag: Path) -> None:
    flag.write_text("paths: [/shop]")
    page = ask("/shop").content.decode()
    assert '<code dir="ltr">/shop</code>' in page
    assert '<a href="/">' in page
    schedule.write_text(OPEN)
    page = ask("/shop").content.decode()
    assert "<h1>Down for maintenance</h1>" in page
    assert "<a " not in page


class Policy:
    """A middleware that sets the policy of the site, unless an answer has one, as those of Django and django-csp do."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", "default-src 'self'")
        return response


def test_the_style_of_the_page_is_allowed_under_a_strict_policy(
    ask: Ask, settings: pytest_django.Settings, flag: Path
) -> None:
    """As browsers read it: tests/browser/test_content_security_policy.py."""
    settings.MIDDLEWARE = [f"{__name__}.Policy", *settings.MIDDLEWARE]
    flag.touch()
    assert "style-src 'sha256-" in ask("/")["Content-Security-Policy"]
    flag.unlink()
    assert ask("/")["Content-Security-Policy"] == "default-src 'self'"


def test_a_setting_that_changes_while_another_is_read_is_not_missed(
    ask: Ask, settings: pytest_django.Settings, flag: Path
) -> None:
    """As in a suite with a live server, whose threads read settings while the test changes them."""

    class Changing(list[str]):
        def __iter__(self) -> Iterator[str]:
            settings.DOWNTIME_EXEMPT_EXACT_URLS = ["/healthz"]
            return super().__iter__()

    flag.touch()
    settings.DOWNTIME_EXEMPT_PATHS = Changing(["/admin"])
    assert ask("/").status_code == 503
    settings.DOWNTIME_EXEMPT_PATHS.clear()
    assert ask("/healthz").status_code != 503
