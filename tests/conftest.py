"""Each test has its own files and its own snapshot of them, and leaves no thread behind."""

import gc
import os
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import pytest_django
from asgiref.sync import async_to_sync
from django.http import HttpResponse
from django.test import AsyncClient, Client
from django.utils import timezone, translation

from downtime import live
from downtime.fleet.channel import Channel
from downtime.fleet.engine import Engine
from downtime.http import throttled_log
from downtime.reload import memory_flags
from tests.support.caches import cache_in
from tests.support.clock import CLOCKS, Clock
from tests.support.programs import IS_CI, IS_ROOT
from tests.support.requests import Ask
from tests.support.waiting import wait_until

# In CI the same examples each time, so that a run tells of the change and not of chance; elsewhere fewer and new ones.
hypothesis.settings.register_profile("downtime", deadline=None, derandomize=IS_CI, max_examples=100 if IS_CI else 30)
hypothesis.settings.load_profile("downtime")


def pytest_collection_finish() -> None:
    """Keeps the garbage collector from going through all collected tests again and again: a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


@pytest.fixture(params=["client", "async_client"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Sends a request: ask("/path", method="GET", cookie="", **more). The path goes out as it is written."""
    client = request.getfixturevalue(request.param)

    def ask(path: str, method: str = "GET", *, cookie: str = "", **more: Any) -> HttpResponse:
        client.cookies.load(cookie)
        response = client.generic(method, f"http://testserver{path}", **more)
        return async_to_sync(_awaited)(response) if isinstance(client, AsyncClient) else response

    return ask


async def _awaited(response: Awaitable[HttpResponse]) -> HttpResponse:
    return await response


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Where requests read the time."""
    clock = Clock()
    for name in CLOCKS:
        monkeypatch.setattr(name, clock.monotonic if name.endswith("monotonic") else clock)
    return clock


@pytest.fixture
def schedule(tmp_path: Path) -> Path:
    """Where the schedule is looked for; it is not there."""
    return tmp_path / "downtime.yml"


@pytest.fixture
def flag(tmp_path: Path) -> Path:
    """Where the flag is looked for; it is not raised."""
    return tmp_path / "downtime.flag"


@pytest.fixture
def fleet(settings: pytest_django.Settings, tmp_path: Path) -> Channel:
    """A fleet of this host, whose cache is a folder, as each process can reach that."""
    settings.CACHES = {**settings.CACHES, "fleet": cache_in(tmp_path / "cache")}
    settings.DOWNTIME_FLEET_CACHE = "fleet"
    settings.DOWNTIME_FLEET_FLAG_FILE = str(tmp_path / "downtime.fleet.flag")
    return Channel(Engine(settings.CACHES["fleet"]))


@pytest.fixture
def as_root() -> None:
    """Only root may give a file to another user; in CI every test has to run."""
    if not IS_ROOT:
        (pytest.fail if IS_CI else pytest.skip)("only root may give a file to another user")


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that everybody can reach; pytest's own are for one user only."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
        os.chmod(folder, 0o700)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with something in it, in a folder of its own."""
    path = tmp_path / "folder" / "downtime.yml"
    path.parent.mkdir()
    path.write_bytes(b"old")
    return path


@pytest.fixture(autouse=True)
def files_of_its_own(settings: pytest_django.Settings, schedule: Path, flag: Path) -> None:
    """No test meets the files of another, or of the checkout."""
    settings.DOWNTIME_SCHEDULE_FILE = schedule
    settings.DOWNTIME_FLAG_FILE = flag


@pytest.fixture(autouse=True)
def picture_of_its_own(files_of_its_own: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test starts like a new process, and a thread that outlives its watch is a failure."""
    before = set(threading.enumerate())
    monkeypatch.setattr(live, "_states", {})
    monkeypatch.setattr(live, "current", live.ProcessState())
    monkeypatch.setattr(throttled_log, "_silent_until", {})
    monkeypatch.setattr(memory_flags, "_raised", {})
    yield
    live.current.close()
    assert memory_flags.raised() == (), "a test that takes the site down in memory has to bring it back"
    wait_until(lambda: not _left(before), within=5, what=f"no thread is left; there were {_left(before)}")


def _left(before: set[threading.Thread]) -> list[threading.Thread]:
    # asgiref keeps one executor for as long as the process lives.
    return [thread for thread in set(threading.enumerate()) - before if "ThreadPoolExecutor" not in thread.name]


@pytest.fixture(autouse=True)
def language_of_its_own() -> Iterator[None]:
    """No test meets the language or the time zone that a request of another has left to this thread."""
    yield
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture
def with_locale(settings: pytest_django.Settings) -> None:
    """A site that speaks to each visitor in the language that he chose."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]


@pytest.fixture
def with_admin(settings: pytest_django.Settings, db: None) -> None:
    """A site that has the admin too, and a second one at /office/."""
    contrib = "django.contrib"
    settings.ROOT_URLCONF = "tests.admin_urls"
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        f"{contrib}.sessions.middleware.SessionMiddleware",
        "django.middleware.locale.LocaleMiddleware",
        f"{contrib}.auth.middleware.AuthenticationMiddleware",
        f"{contrib}.messages.middleware.MessageMiddleware",
    ]
    processors = [
        "django.template.context_processors.request",
        f"{contrib}.auth.context_processors.auth",
        f"{contrib}.messages.context_processors.messages",
    ]
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "OPTIONS": {"context_processors": processors}}]


@pytest.fixture
def staff(with_admin: None, client: Client) -> Client:
    """The browser of a staff user without any permission."""
    from django.contrib.auth.models import User

    client.force_login(User.objects.create_user("staff", is_staff=True))
    return client


@pytest.fixture
def superuser(with_admin: None) -> Client:
    """The browser of a superuser."""
    from django.contrib.auth.models import User

    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def file_accesses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The calls that touch a file of this test, as they come."""
    calls: list[str] = []

    def noted(name: str, call: Callable[..., object]) -> Callable[..., object]:
        def wrapper(path: object, *args: object, **kwargs: object) -> object:
            if str(path).startswith(str(tmp_path)):
                calls.append(name)
            return call(path, *args, **kwargs)

        return wrapper

    for name in ("stat", "lstat", "open", "readlink", "scandir", "listdir"):
        monkeypatch.setattr(os, name, noted(name, getattr(os, name)))
    return calls
