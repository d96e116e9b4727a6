"""Prints what the app costs, as ratios within one run: python -m tests.benchmarks

Two things are always measured in turns, round by round, in CPU time, and the median of the rounds' ratios is printed,
with its quartiles. Each line has a process of its own."""

from __future__ import annotations

import gc
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any
from zoneinfo import ZoneInfo

import django
import yaml
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory

from downtime.files.parser import parse
from downtime.standin.answers import Answers
from downtime.standin.loader import Loader
from downtime.standin.options import checked
from downtime.standin.wsgi_standin import StandIn
from tests.benchmarks import fleet, servers
from tests.benchmarks.parts import PAGE

_ROUNDS = 800
_REQUESTS = 200
_HERE = "tests.benchmarks.parts"
_APP = "downtime.middleware.DowntimeMiddleware"


def up(periods: int) -> None:
    """A request through the app while the site is up, to the same through an empty middleware."""
    with _site(_schedule(periods)):
        empty, app = _requests(f"{_HERE}.Empty"), _requests(_APP)
        ratio, nanoseconds = _compared(app, empty, _REQUESTS)
        print(f"up, {periods:,} periods: {ratio} of an empty middleware, {nanoseconds:+.0f} ns a request")


def down() -> None:
    """The throughput while the site is down, to that of a middleware that returns a prebuilt page with 503."""
    with _site(_schedule(1), flag="message: Back soon."):
        prebuilt, app = _requests(f"{_HERE}.Prebuilt"), _requests(_APP)
        ratio, nanoseconds = _compared(prebuilt, app, _REQUESTS)
        print(f"down: {ratio} of the throughput of a prebuilt 503, {-nanoseconds:+.0f} ns a request")


def standing_in() -> None:
    """The throughput of the guard's stand-in, to that of a Django middleware that returns a prebuilt page with 503."""
    with _site(_schedule(1), flag="message: Back soon."):
        page = Path(settings.BASE_DIR, "downtime.html")
        page.write_bytes(PAGE)
        options = checked(Path(settings.BASE_DIR, "downtime.flag"), None, None, page, None, 20, _unloadable)
        stand_in = StandIn(Answers(options), Loader(options))
        prebuilt, own = _requests(f"{_HERE}.Prebuilt"), _answers(stand_in)
        ratio, _ = _compared(prebuilt, own, _REQUESTS)
        taken = quantiles(own() / _REQUESTS * 1e6 for _ in range(100))
        print(f"stand-in: {ratio} times the throughput of a prebuilt 503, {taken[1]:.1f} µs an answer")


def _unloadable() -> None:
    raise NotImplementedError


def reading(periods: int) -> None:
    """Reading a schedule, to what PyYAML's C compose alone takes on it."""
    text, zone = _schedule(periods), ZoneInfo("Europe/Berlin")
    ratio, _ = _compared(
        _once(lambda: parse(text, zone)), _once(lambda: yaml.compose(text, Loader=yaml.CSafeLoader)), 1, rounds=10
    )
    print(f"reading {periods:,} periods: {ratio} of PyYAML's C compose")


def _compared(
    one: Callable[[], float], other: Callable[[], float], count: int, rounds: int = _ROUNDS
) -> tuple[str, float]:
    one(), other()
    taken = []
    for number in range(rounds):  # each goes first as often, so that a drift of the machine favours neither
        first, second = (one, other) if number % 2 else (other, one)
        times = first(), second()
        taken.append(times if number % 2 else times[::-1])
    low, median, high = quantiles(a / b for a, b in taken)
    differences = sorted((a - b) / count * 1e9 for a, b in taken)
    return f"{median:.3f} ({low:.3f} to {high:.3f})", differences[len(differences) // 2]


def _once(work: Callable[[], object]) -> Callable[[], float]:
    def measured() -> float:
        gc.collect()
        start = time.process_time()
        work()
        return time.process_time() - start

    return measured


def _requests(middleware: str) -> Callable[[], float]:
    settings.MIDDLEWARE = [middleware]
    handler = WSGIHandler()
    environ = RequestFactory(headers={"accept": "text/html", "accept-language": "de"})._base_environ(PATH_INFO="/")

    def measured() -> float:
        start = time.process_time()
        for _ in range(_REQUESTS):
            handler(environ.copy(), _start_response).close()
        return time.process_time() - start

    return measured


def _answers(application: Any) -> Callable[[], float]:
    environ = RequestFactory(headers={"accept": "text/html", "accept-language": "de"})._base_environ(PATH_INFO="/")

    def measured() -> float:
        start = time.process_time()
        for _ in range(_REQUESTS):
            application(environ, _start_response)
        return time.process_time() - start

    return measured


def _start_response(status: str, headers: list[tuple[str, str]]) -> None:
    pass


@contextmanager
def _site(schedule: str, flag: str | None = None) -> Iterator[None]:
    """A Django site in this process, with the app's default settings."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "downtime.yml").write_text(schedule)
        if flag is not None:
            Path(folder, "downtime.flag").write_text(flag)
        settings.configure(
            BASE_DIR=folder,
            ALLOWED_HOSTS=["*"],
            INSTALLED_APPS=["downtime"],
            ROOT_URLCONF=_HERE,
            TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        )
        django.setup()
        yield


def _schedule(periods: int) -> str:
    entries = (
        f"- name: period-{number}\n"
        f"  start: {2100 + number % 800}-12-01 02:00\n"
        f"  end: {2100 + number % 800}-12-01 04:00\n"
        "  message: We are moving to faster disks.\n"
        for number in range(periods)
    )
    return "periods:\n" + "".join(entries)


_LINES: dict[str, Callable[[], None]] = {
    "up": lambda: up(1),
    "up-many": lambda: up(100_000),
    "down": down,
    "stand-in": standing_in,
    "stand-in-uvicorn": servers.standing_in_under_uvicorn,
    "boot": servers.boot,
    "reading": lambda: reading(10_000),
    "fleet": fleet.fleet,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or _LINES:
        if len(sys.argv) == 2:
            _LINES[name]()
        else:
            subprocess.run([sys.executable, "-m", "tests.benchmarks", name], check=True)
