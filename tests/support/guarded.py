"""A site whose wsgi.py and asgi.py use the guard, and which a test breaks and repairs while a server runs."""

from __future__ import annotations

import http.client
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.support.harness import Site

WSGI = """
import os

from downtime import guard

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guarded.settings")
application = guard.{interface}(
    flag_file=os.environ["SITE_FLAG"],
    schedule_file=os.environ["SITE_SCHEDULE"],
    time_zone="UTC",
    page_file=os.environ["SITE_PAGE"],
    timeout={timeout},
)
"""
SETTINGS = """
from tests.support.site.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "guarded"]
ROOT_URLCONF = "guarded.urls"
WSGI_APPLICATION = "guarded.wsgi.application"
DOWNTIME_EXEMPT_PATHS = ["/healthz"]
"""
APPS = """
from django.apps import AppConfig

class GuardedConfig(AppConfig):
    name = "guarded"

    def ready(self):
        {ready}
"""
BREAKS = {
    "settings": ("guarded/settings.py", "raise RuntimeError('broken settings')\n"),
    "exit in the settings": ("guarded/settings.py", "raise SystemExit(3)\n"),
    "ready": ("guarded/apps.py", APPS.format(ready="raise RuntimeError('broken ready')")),
    "hang": ("guarded/apps.py", APPS.format(ready="import time; time.sleep(3600)")),
    "no Django": ("shadow/django/__init__.py", "raise ImportError('no Django here')\n"),
    "no PyYAML": ("shadow/yaml/__init__.py", "raise ImportError('no PyYAML here')\n"),
}
SPOILING = """
import os, pathlib

tried = pathlib.Path({folder!r})
if (tried / str(os.getpid())).exists():
    raise RuntimeError("gone in between")
tried.mkdir(exist_ok=True)
(tried / str(os.getppid())).touch()
"""
DOWN = "periods:\n  - {start: 2020-01-01, end: 2099-01-01, message: Planned.}\n"
REFUSED = 0
"""The status of a request that was refused or not answered."""


class Reply(NamedTuple):
    """What a client got."""

    status: int
    headers: dict[str, str]
    body: str


class GuardedSite(Site):
    """The site; it is whole at first, and up."""

    package = "guarded.server"

    def __init__(self, folder: Path, *, timeout: float = 20) -> None:
        super().__init__(folder)
        self.page = folder / "downtime.html"
        self.project = folder / "project"
        self.environment |= {
            "PYTHONPATH": f"{self.project}/shadow:{self.project}:{self.environment['PYTHONPATH']}",
            "DJANGO_SETTINGS_MODULE": "guarded.settings",
            "SITE_PAGE": str(self.page),
        }
        self._sound = {
            "guarded/__init__.py": "",
            "guarded/server/__init__.py": "",
            "guarded/server/wsgi.py": WSGI.format(interface="wsgi", timeout=timeout),
            "guarded/server/asgi.py": WSGI.format(interface="asgi", timeout=timeout),
            "guarded/wsgi.py": "from guarded.server.wsgi import application\n",
            "guarded/settings.py": SETTINGS,
            "guarded/apps.py": APPS.format(ready="pass"),
            "guarded/urls.py": "from tests.support.site.urls import *\n",
            "shadow/.keep": "",
        }
        for name, text in self._sound.items():
            self._write(name, text)

    def _write(self, name: str, text: str) -> None:
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"{path.name}.new")
        new.write_text(text)
        new.replace(path)

    def breaks(self, how: str) -> None:
        """Breaks the site in that way, so it can't be loaded."""
        self._write(*BREAKS[how])

    def breaks_after_a_trial(self) -> None:
        """Makes a load work in a child of a process, and then fail in the process itself."""
        self._write("guarded/settings.py", SPOILING.format(folder=str(self.folder / "tried")) + SETTINGS)

    def prebuild(self) -> None:
        """Adds a middleware that answers every request with a prebuilt page and status 503."""
        self._write("guarded/settings.py", f"{SETTINGS}MIDDLEWARE = ['tests.benchmarks.parts.prebuilt']\n")

    def repair(self) -> None:
        """Makes the site whole again."""
        for name in ("django", "yaml"):
            shutil.rmtree(self.project / "shadow" / name, ignore_errors=True)
        for name in ("guarded/settings.py", "guarded/apps.py"):
            self._write(name, self._sound[name])


def ask(port: int, path: str = "/", method: str = "GET", *, within: float = 30, **headers: str) -> Reply:
    """What one request gets over a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=within)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read().decode())
    except (OSError, http.client.HTTPException):
        return Reply(REFUSED, {}, "")
    finally:
        connection.close()


def ask_at_once(port: int, count: int = 8) -> list[Reply]:
    """What that many requests get at the same time, so that no single worker takes all."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: ask(port), range(count)))


class Visitors:
    """The statuses that two threads get, request after request, and the seconds that the slowest took."""

    def __init__(self, port: int) -> None:
        self.statuses: Counter[int] = Counter()
        self.slowest = 0.0
        self._port = port
        self._is_over = threading.Event()

    def _ask(self) -> None:
        while not self._is_over.is_set():
            begun = time.monotonic()
            self.statuses[ask(self._port).status] += 1
            self.slowest = max(self.slowest, time.monotonic() - begun)
            time.sleep(0.01)

    @contextmanager
    def coming(self) -> Iterator[Counter[int]]:
        """Sends requests until the block ends, and counts the statuses."""
        threads = [threading.Thread(target=self._ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            yield self.statuses
        finally:
            self._is_over.set()
            for thread in threads:
                thread.join()
