import asyncio
import os
import re
import threading
import unittest
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import pytest_django
from django.http import HttpRequest, HttpResponse
from django.template import RequestContext, Template
from django.test import AsyncClient, Client, RequestFactory, SimpleTestCase
from django.utils.safestring import mark_safe
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from downtime import live
from downtime.test import site_down
from tests.support.project import Project
from tests.support.requests import Ask

PAGE = "/admin/downtime/period/"


@pytest.fixture(autouse=True)
def rarely_looks(settings: pytest_django.Settings) -> None:
    """So that whatever counts at once has not waited for a look that was due anyway."""
    settings.DOWNTIME_RECHECK = 3_600


def messages() -> list[str]:
    return [occurrence.message for occurrence in live.active()]


# What the site tells


def test_each_request_is_refused_within_and_none_before_or_afterwards(ask: Ask) -> None:
    assert ask("/").status_code == 200
    with site_down(message="Back at four."):
        refused = ask("/")
        assert refused.status_code == 503
        assert "Back at four." in refused.text
    assert ask("/").status_code == 200


@pytest.mark.parametrize("without", ["DOWNTIME_FLAG_FILE", "both"])
def test_it_needs_no_flag_and_no_schedule(
    settings: pytest_django.Settings, tmp_path: Path, client: Client, without: str
) -> None:
    settings.DOWNTIME_FLAG_FILE = []
    if without == "both":
        settings.DOWNTIME_SCHEDULE_FILE = tmp_path / "no" / "folder" / "downtime.yml"
    with site_down():
        assert client.get("/").status_code == 503
    assert client.get("/").status_code == 200
    assert list(tmp_path.iterdir()) == []


def test_all_that_a_flag_can_say_reaches_the_answer(client: Client) -> None:
    with site_down(end=datetime.now(timezone.utc) + timedelta(hours=1)):
        assert 3590 < int(client.get("/")["Retry-After"]) <= 3600
    with site_down(retry_after=120):
        assert client.get("/")["Retry-After"] == "120"
    with site_down(redirect="https://status.example.com/"):
        assert client.get("/")["Location"] == "https://status.example.com/"
    with site_down(read_only=True):
        assert [client.get("/").status_code, client.post("/").status_code] == [200, 503]
    with site_down(paths=["/search/", "/shop"]):
        assert [client.get(path).status_code for path in ("/", "/search", "/shop/1")] == [200, 503, 503]


def test_a_message_may_be_a_text_of_any_class(client: Client) -> None:
    with site_down(message=mark_safe("Back at <b>four</b>.")):
        assert "Back at &lt;b&gt;four&lt;/b&gt;." in client.get("/").text


def test_code_outside_of_requests_is_told_at_once() -> None:
    assert not live.is_down()
    with site_down(message=" Back at four. ", paths=["/shop"]):
        current = live.current_period()
        assert live.is_down()
        assert current is not None
        assert (current.message, current.paths, current.name) == ("Back at four.", ("/shop",), "")
        assert current.start is not None
        assert timedelta(0) <= datetime.now(timezone.utc) - current.start < timedelta(seconds=60)
    assert not live.is_down()
    assert live.current_period() is None


def test_templates_are_told_without_a_request() -> None:
    request = RequestContext(RequestFactory().get("/"))
    banner = Template("{% load downtime %}{% downtime_banner %}")
    with site_down(message="Back at four.", read_only=True):
        assert messages() == ["Back at four."]
        assert "Back at four." in banner.render(request)
    assert messages() == []
    assert "Back at four." not in banner.render(request)


SEEN: list[str] = []


def passes_if_told(request: HttpRequest) -> bool:
    SEEN.append(request.downtime.message)  # type: ignore[attr-defined]
    return True


def test_exemptions_see_it_as_request_downtime(settings: pytest_django.Settings, client: Client) -> None:
    settings.DOWNTIME_EXEMPT_IF = [f"{__name__}.passes_if_told"]
    SEEN.clear()
    with site_down(message="Back at four."):
        assert client.get("/").status_code == 200
    assert SEEN == ["Back at four."]


def test_the_feed_and_the_admin_page_tell_it(settings: pytest_django.Settings, superuser: Client) -> None:
    with site_down(message="Back at four."):
        settings.ROOT_URLCONF = "downtime.urls"
        assert superuser.get("/status.json").json()["state"] == "down"
        settings.ROOT_URLCONF = "tests.admin_urls"
        status = superuser.get(f"{PAGE}state/").json()["status"]
        assert status.startswith("The site is down · since ")
        assert status.endswith(" · because of <site_down() of downtime.test> · Back at four.")
        assert "because of &lt;site_down() of downtime.test&gt;" in superuser.get(PAGE).text


def test_nothing_is_logged_of_it(caplog: pytest.LogCaptureFixture, flag: Path) -> None:
    """A suite prints what it logs, and enters it hundreds of times."""
    with site_down():
        assert live.is_down()
        flag.touch()
        live.current.expire()
        live.answer()
        flag.unlink()
        live.current.expire()
        live.answer()
    assert [message.partition(",")[0] for message in caplog.messages] == ["the site is down", f"flag {flag} is over"]


def test_it_comes_before_a_flag_and_the_schedule_and_leaves_both_as_they_are(flag: Path, schedule: Path) -> None:
    flag.write_text("of the flag")
    schedule.write_text("periods: [{start: 2020-01-01, message: of the schedule}]")
    with site_down(message="of the test"):
        assert messages() == ["of the test", "of the flag", "of the schedule"]
    assert messages() == ["of the flag", "of the schedule"]


def test_a_site_that_is_up_costs_no_more_after_it(client: Client) -> None:
    with site_down():
        pass
    assert live.current.snapshot.up_until > live.time.monotonic() + 60


# How it is used


@site_down(message="decorated")
def decorated(client: Client, *, path: str) -> HttpResponse:
    """Says so."""
    return client.get(path)


@site_down(message="decorated")
async def decorated_async(client: AsyncClient, *, path: str) -> HttpResponse:
    await asyncio.sleep(0)
    return await client.get(path)


@site_down()
def counted_down(depth: int) -> list[int]:
    return [len(live.active()), *(counted_down(depth - 1) if depth else [])]


def test_it_decorates_a_function_and_leaves_its_name_and_arguments(client: Client) -> None:
    assert decorated(client, path="/a").status_code == 503
    assert (decorated.__name__, decorated.__doc__) == ("decorated", "Says so.")
    assert not live.is_down()


async def test_it_decorates_an_async_function_for_as_long_as_it_is_awaited(async_client: AsyncClient) -> None:
    waiting = decorated_async(async_client, path="/a")
    assert not live.is_down()
    assert (await waiting).status_code == 503
    assert not live.is_down()


async def test_it_is_an_async_context_manager_too(async_client: AsyncClient) -> None:
    async with site_down():
        assert (await async_client.get("/")).status_code == 503
    assert (await async_client.get("/")).status_code == 200


def test_a_function_that_calls_itself_enters_it_each_time() -> None:
    assert counted_down(3) == [1, 2, 3, 4]
    assert not live.is_down()


def test_the_same_object_is_entered_again_and_within_itself() -> None:
    down = site_down()
    for _ in range(2):
        with down, down:
            assert len(live.active()) == 2
        assert not live.is_down()


def test_an_exception_leaves_it() -> None:
    with pytest.raises(ZeroDivisionError), site_down():
        1 / 0  # noqa: B018
    assert not live.is_down()


@site_down(message="of the class")
class Decorated(SimpleTestCase):
    found: list[tuple[str, list[str]]] = []

    def setUp(self) -> None:
        self.found.append(("setUp", messages()))
        self.addCleanup(lambda: self.found.append(("cleanup", messages())))

    def test_sync(self) -> None:
        self.found.append(("test", messages()))
        assert self.client.get("/").status_code == 503

    async def test_async(self) -> None:
        self.found.append(("test", messages()))
        assert (await self.async_client.get("/")).status_code == 503

    @site_down(message="of the method")
    def test_method(self) -> None:
        self.found.append(("test", messages()[1:]))
        self.assertContains(self.client.get("/"), "of the method", status_code=503)


class Inherited(Decorated):
    pass


@site_down(message="of the class")
class Plain(unittest.TestCase):
    def test_plain(self) -> None:
        assert messages() == ["of the class"]


@pytest.mark.parametrize(("case", "count"), [(Decorated, 3), (Inherited, 3), (Plain, 1)])
def test_it_decorates_a_test_case_from_setup_to_the_last_cleanup(case: type[unittest.TestCase], count: int) -> None:
    Decorated.found.clear()
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case)(result)
    assert (result.testsRun, result.errors, result.failures) == (count, [], [])
    assert all(found == ["of the class"] for _, found in Decorated.found)
    assert not live.is_down()


@pytest.mark.parametrize(
    ("arguments", "kind", "sentence"),
    [
        ({"message": decorated}, TypeError, r"message is <function .*; write @site_down\(\) to decorate without one"),
        ({"message": None}, TypeError, "message is None; it must be text"),
        ({"read_only": 1}, TypeError, "read_only is 1; it must be True or False"),
        (
            {"paths": "/shop"},
            TypeError,
            r"paths is '/shop'; it must be a list of path prefixes, such as \[\"/search\"\]",
        ),
        ({"paths": 5}, TypeError, "paths is 5; it must be a list of path prefixes"),
        ({"paths": [5]}, TypeError, "an entry of paths is 5; it must be text"),
        ({"paths": []}, ValueError, r"paths is \[\]; it must be .*, or be left out to cover the whole site"),
        ({"paths": ["shop"]}, ValueError, "an entry of paths is 'shop'; it must be a path prefix such as /search"),
        ({"end": "16:00"}, TypeError, "end is '16:00'; it must be an aware datetime"),
        ({"end": datetime(2030, 1, 1)}, ValueError, r"end is datetime.datetime\(.*; it must be an aware datetime"),
        ({"retry_after": "5"}, TypeError, "retry_after is '5'; it must be a whole number of seconds, such as 600"),
        ({"retry_after": True}, TypeError, "retry_after is True; it must be a whole number of seconds, such as 600"),
        ({"retry_after": -1}, ValueError, "retry_after is '-1'; it must be a whole number of seconds from 1 to"),
        ({"redirect": "status"}, ValueError, "redirect is 'status'; it must be a URL such as https://"),
        ({"redirect": None}, TypeError, "redirect is None; it must be text"),
        ({"redirect": 5}, TypeError, "redirect is 5; it must be text"),
    ],
    ids=lambda value: re.sub(r" at 0x\w+", "", str(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_argument_is_refused_at_once(arguments: dict[str, Any], kind: type[Exception], sentence: str) -> None:
    with pytest.raises(kind, match=f"^{sentence}"):
        site_down(**arguments)
    assert not live.is_down()


class NoTestCase:
    pass


def generator() -> Iterator[None]:
    yield


@pytest.mark.parametrize(
    ("decorated", "sentence"),
    [
        (NoTestCase, "decorates the class NoTestCase, which is no unittest.TestCase; decorate its methods instead"),
        (contextmanager(generator), "decorates generator, a generator, .*"),
        (generator, "decorates generator, a generator, .*; write `with site_down\\(\\):` around its yield"),
        (5, "Cannot decorate object of type <class 'int'>"),
    ],
)
def test_what_it_could_not_take_down_is_not_decorated(decorated: Any, sentence: str) -> None:
    with pytest.raises(TypeError, match=sentence):
        site_down()(decorated)


def test_what_is_said_later_is_taken_too() -> None:
    redirect: Any = format_lazy("https://{}/", "status.example.com")
    with site_down(message=gettext_lazy("Saturday"), redirect=redirect):  # type: ignore[arg-type]
        [period] = live.active()
        assert (period.message, period.redirect) == ("Saturday", "https://status.example.com/")


def test_an_end_that_is_over_by_then_takes_nothing_down() -> None:
    late = site_down(end=datetime.now(timezone.utc) - timedelta(seconds=1))
    with pytest.raises(ValueError, match=r"^end is 20.*, which is over; it must be a time to come"), late:
        pass
    assert not live.is_down()


class Interrupting(os.PathLike[str]):
    def __fspath__(self) -> str:
        raise KeyboardInterrupt


def test_nothing_stays_down_if_it_is_interrupted(settings: pytest_django.Settings, flag: Path) -> None:
    settings.DOWNTIME_FLAG_FILE = Interrupting()
    with pytest.raises(KeyboardInterrupt):
        site_down().enable()
    settings.DOWNTIME_FLAG_FILE = flag
    assert not live.is_down()


# Several at once


def test_two_can_be_left_in_the_order_in_which_they_were_entered(client: Client) -> None:
    first, second = site_down(message="first"), site_down(message="second")
    first.enable()
    second.enable()
    assert messages() == ["second", "first"]
    first.disable()
    assert "second" in client.get("/").text
    second.disable()
    assert client.get("/").status_code == 200


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 2)), max_size=30))
def test_any_order_of_entering_and_leaving_in_any_thread_leaves_what_a_model_says(
    steps: list[tuple[int, bool, int]],
) -> None:
    """The model is a list, newest first; whoever leaves takes out the newest of the same object."""
    downs, model = [site_down(message=str(number)) for number in range(4)], list[str]()
    threads = [ThreadPoolExecutor(1) for _ in range(3)]
    try:
        for number, enters, thread in steps:
            if enters:
                threads[thread].submit(downs[number].enable).result()
                model.insert(0, str(number))
            elif str(number) in model:
                threads[thread].submit(downs[number].disable).result()
                model.remove(str(number))
            assert messages() == model
            current = live.current_period()
            assert (current.message if current else None) == next(iter(model), None)
            assert Client().get("/").status_code == (503 if model else 200)
    finally:
        for number in model:
            downs[int(number)].disable()
        for pool in threads:
            pool.shutdown()


def test_threads_that_enter_and_leave_at_once_each_have_their_own_part_down_at_once() -> None:
    """Whoever has entered is refused by the very next request, and passes by the very next one once he has left."""
    count, rounds = 8, 40
    barrier = threading.Barrier(count)

    def work(number: int) -> list[int]:
        down, client, codes = site_down(paths=[f"/{number}"]), Client(), []
        barrier.wait(30)
        for _ in range(rounds):
            with down:
                codes.append(client.get(f"/{number}/x").status_code)
            codes.append(client.get(f"/{number}/x").status_code)
        return codes

    with ThreadPoolExecutor(count) as pool:
        assert list(pool.map(work, range(count))) == [[503, 200] * rounds] * count
    assert not live.is_down()


def test_a_thread_that_runs_already_is_told_as_well() -> None:
    entered, asked = threading.Event(), threading.Event()

    def other() -> list[int]:
        codes = [Client().get("/").status_code]
        asked.set()
        entered.wait(30)
        return [*codes, Client().get("/").status_code]

    with ThreadPoolExecutor(1) as pool:
        codes = pool.submit(other)
        asked.wait(30)
        with site_down():
            entered.set()
            assert codes.result(30) == [200, 503]


def test_no_watch_is_started_by_it(settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_WATCH = "auto"
    before = set(threading.enumerate())
    with site_down():
        assert live.is_down()
    assert set(threading.enumerate()) == before


# Whole test suites

SUITE = """
from urllib.error import HTTPError
from urllib.request import urlopen

from django.test import LiveServerTestCase, SimpleTestCase

from downtime import live
from downtime.test import site_down


class LiveTest(LiveServerTestCase):
    def status(self):
        try:
            return urlopen(self.live_server_url + "/none").status
        except HTTPError as error:
            with error:
                return error.code

    def test_the_threads_of_the_server_are_told_at_once(self):
        for _ in range(20):
            self.assertEqual(self.status(), 404)
            with site_down():
                self.assertEqual(self.status(), 503)


@site_down(message="Back at four.")
class DownTest(SimpleTestCase):
    def test_the_page_is_shown(self):
        self.assertContains(self.client.get("/"), "Back at four.", status_code=503)

    async def test_async(self):
        self.assertContains(await self.async_client.get("/"), "Back at four.", status_code=503)


class UpTest(SimpleTestCase):
    def test_the_site_is_up(self):
        for _ in range(50):
            self.assertEqual(self.client.get("/none").status_code, 404)
            self.assertFalse(live.is_down())
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project.made(tmp_path / "site")
    project.write("example/tests.py", SUITE)
    return project


@pytest.mark.system
@pytest.mark.parametrize("options", ["", "--parallel 2"], ids=["one process", "two"])
def test_a_project_tests_with_it_by_manage_py(project: Project, options: str) -> None:
    printed = project.run(f"python -W error manage.py test {options}")
    assert "Ran 4 tests" in printed
    assert printed.splitlines()[-1].startswith(("OK", "Destroying"))


@pytest.mark.system
def test_a_project_tests_with_it_by_pytest_in_two_processes(project: Project) -> None:
    project.write(
        "pytest.ini",
        "[pytest]\nDJANGO_SETTINGS_MODULE = example.settings\nasyncio_default_fixture_loop_scope = function\n",
    )
    printed = project.run("python -m pytest -W error -p no:cacheprovider -n 2 --dist load example/tests.py")
    assert "4 passed" in printed


@pytest.mark.system
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_process_that_is_forked_within_stays_down(project: Project) -> None:
    code = dedent("""
        import os
        from django.test import Client
        from downtime.test import site_down

        with site_down():
            child = os.fork()
            if not child:
                os._exit(Client().get("/").status_code != 503)
            assert os.waitpid(child, 0)[1] == 0
        assert Client().get("/").status_code != 503
        print("told")
    """)
    project.write("forks.py", code)
    assert project.run("python manage.py shell < forks.py").endswith("told\n")
