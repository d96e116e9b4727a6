"""Whoever is logged in, and waits while tables are locked, does not take the down page away from all others."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError

import pytest

from tests.support import browser, postgres
from tests.support.harness import Running, Site, finished, serving
from tests.support.postgres import Postgres
from tests.support.readme import block

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.alone

PAGE = "/admin/downtime/period/"
CONTRIB = "django.contrib"
APPS = ["admin", "auth", "contenttypes", "messages", "sessions", "staticfiles"]
PROCESSORS = ["django.template.context_processors.request", f"{CONTRIB}.auth.context_processors.auth"]
SETTINGS = {
    "INSTALLED_APPS": [*(f"{CONTRIB}.{app}" for app in APPS), "downtime"],
    "MIDDLEWARE": [
        "tests.support.site.middleware.WorkerMiddleware",
        "downtime.middleware.DowntimeMiddleware",
        f"{CONTRIB}.sessions.middleware.SessionMiddleware",
        f"{CONTRIB}.auth.middleware.AuthenticationMiddleware",
        f"{CONTRIB}.messages.middleware.MessageMiddleware",
    ],
    "TEMPLATES": [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": [*PROCESSORS, f"{CONTRIB}.messages.context_processors.messages"]},
        }
    ],
    "ROOT_URLCONF": "tests.support.site.admin_urls",
    "STATIC_URL": "/static/",
    "DOWNTIME_EXEMPT_PATHS": ["/admin", "/static"],
}
USER = {
    "DJANGO_SUPERUSER_USERNAME": "demo",
    "DJANGO_SUPERUSER_PASSWORD": "demo",
    "DJANGO_SUPERUSER_EMAIL": "demo@example.com",
}


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    """One server for the module; whoever comes first makes the tables."""
    with postgres.running() as database:
        yield database


@pytest.fixture
def admin_site(database: Postgres, tmp_path: Path) -> Site:
    """A site that is down for all but its admin, whose sessions and users are in the database."""
    site = Site(tmp_path, settings={**SETTINGS, "DATABASES": {"default": database.django}})
    site.manage("migrate", "--verbosity=0")
    with database.connect() as connection:
        connection.execute("DELETE FROM auth_user")
    finished(site.start_manage("createsuperuser", "--noinput", environment=USER))
    site.flag.touch()
    return site


@pytest.fixture
def opened() -> Iterator[Callable[[Running], Page]]:
    """Opens the admin page of the site in a browser, as a user who has logged in."""
    with browser.launched() as chromium:

        def opened(server: Running) -> Page:
            page = chromium.new_page()
            page.goto(f"http://127.0.0.1:{server.port}{PAGE}")
            page.fill("[name=username]", "demo")
            page.fill("[name=password]", "demo")
            page.click("[type=submit]")
            page.wait_for_url(f"**{PAGE}")
            return page

        yield opened


# Where each request that waits takes a whole worker of the two, and where it takes a connection to the database.
@pytest.mark.parametrize(("name", "seconds"), [("gunicorn sync", 35.0), ("uvicorn", 20.0)])
def test_while_tables_are_locked_an_open_tab_keeps_one_request_waiting_and_the_down_page_is_served(
    admin_site: Site,
    database: Postgres,
    opened: Callable[[Running], Page],
    measured: Callable[[str, float], None],
    name: str,
    seconds: float,
) -> None:
    patience = ["--timeout=300"] if name == "gunicorn sync" else []  # longer than any lock that the test holds
    with serving(admin_site, name, workers=2, options=patience) as server:
        page = opened(server)
        silent = page.locator("#downtime-silent")
        with database.locked("django_session"):
            waited, begun = [], time.monotonic()
            while time.monotonic() < begun + seconds:
                asked = time.monotonic()
                assert server.ask().status == 503
                measured(f"{name}, while an admin waits for a lock", time.monotonic() - asked)
                waited.append(database.waiting())
                time.sleep(0.2)
            assert max(waited) == waited[-1] == 1
            assert silent.is_visible()
        silent.wait_for(state="hidden", timeout=10_000)


def test_by_the_lock_timeout_of_the_readme_staff_wait_two_seconds_and_get_the_down_page(
    database: Postgres, tmp_path: Path, measured: Callable[[str, float], None]
) -> None:
    *names, last = SETTINGS["MIDDLEWARE"]
    above = {
        "MIDDLEWARE": [names[0], *names[2:], last, names[1]],
        "DOWNTIME_EXEMPT_IF": ["downtime.exemptions.is_staff"],
    }
    site = Site(tmp_path, settings={**SETTINGS, **above, "DATABASES": {"default": database.django}})
    site.manage("migrate", "--verbosity=0")
    site.flag.touch()
    with (
        role_changed(database, block("ALTER ROLE web").text),
        serving(site, "gunicorn sync", workers=2) as server,
        database.locked("django_session"),
    ):
        for _ in range(3):
            asked = time.monotonic()
            assert status_for_a_session(server) == 503
            waited = time.monotonic() - asked
            measured("gunicorn sync, staff, with lock_timeout", waited)
            assert 1.9 < waited < 8.0


@contextmanager
def role_changed(database: Postgres, statement: str) -> Iterator[None]:
    """The role of the web processes is as this statement leaves it."""
    with database.connect() as connection:
        connection.execute(statement)
        try:
            yield
        finally:
            connection.execute("ALTER ROLE web RESET ALL")


def status_for_a_session(server: Running) -> int:
    """The status of the answer to somebody who has a session."""
    url, headers = f"http://127.0.0.1:{server.port}/", {"Cookie": f"sessionid={'a' * 32}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as response:
            return int(response.status)
    except HTTPError as error:
        with error:
            return error.code
