"""A flag, a clock or a schedule switches every worker of a real server."""

import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.support.harness import Answer, Running, Site, is_alive, serving
from tests.support.programs import SERVERS
from tests.support.texts import OPEN
from tests.support.waiting import wait_until

pytestmark = pytest.mark.alone

Measure = Callable[[str, float], None]

# One server whose workers watch, one whose workers can't, one that is async.
CHOSEN = ("gunicorn sync", "gunicorn gevent", "uvicorn")
WATCHING = [name for name, server in SERVERS.items() if server.watches]
RELOADING = [name for name, server in SERVERS.items() if server.reloads]
WORKERS = 2
FAR_AHEAD = "periods:\n  - start: 2999-01-01\n"
DAMAGED = {
    "broken YAML": b"periods:\n  - start: [2020-01-01\n",
    "no period": b"periods:\n  - begin: 2020-01-01\n",
    "garbage": bytes(range(256)) * 20,
    "deep nesting": b"[" * 100_000,
    "two documents": b"--- 1\n--- 2\n",
    "deep mapping": b"? " * 100_000,
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.smoke] if name == "gunicorn sync" else []) for name in WATCHING]
)
def test_a_watcher_alone_takes_every_worker_along(lazy_site: Site, measured: Measure, name: str) -> None:
    """No recheck is due in that time, so each worker has learnt it from its watcher."""
    with serving(lazy_site, name, workers=WORKERS) as server:
        server.meet()
        lazy_site.flag.touch()
        measured(f"{name}, touch, watcher alone", server.until_all(503))
        lazy_site.flag.unlink()
        measured(f"{name}, rm, watcher alone", server.until_all(200))


@pytest.mark.parametrize("name", RELOADING)
def test_a_worker_that_starts_while_the_flag_is_there_is_down_from_its_first_request(
    site: Site, measured: Measure, name: str
) -> None:
    """So it is at the start of a server and after SIGHUP; old workers end in time."""
    site.flag.touch()
    with serving(site, name, workers=WORKERS) as server:
        answers = server.meet()
        answers += server.reload()
        assert {answer.status for answer in answers} == {503}
        site.flag.unlink()
        server.until_all(200)
        begun = time.monotonic()
        server.end()
        measured(f"{name}, SIGTERM to end", time.monotonic() - begun)


def test_runserver_goes_on_following_the_flag_after_it_has_reloaded_the_code(site: Site) -> None:
    code = site.folder / "reloaded_settings.py"
    code.write_text("from tests.support.site.settings import *\n")
    site.environment["PYTHONPATH"] += f"{os.pathsep}{site.folder}"
    site.environment["DJANGO_SETTINGS_MODULE"] = code.stem
    with serving(site, "runserver") as server:
        server.meet()
        site.flag.touch()
        server.until_all(503)
        old = set(server.workers)

        def has_reloaded() -> bool:
            os.utime(code)  # again, as the reloader may not have looked at the file for its first time yet
            return not any(map(is_alive, old))

        wait_until(has_reloaded, within=10.0, what="the old process has ended")
        wait_until(server.is_listening, within=10.0, what="the server listens again")
        assert {answer.status for answer in server.meet(besides=old)} == {503}
        site.flag.unlink()
        server.until_all(200)


@pytest.mark.parametrize("name", CHOSEN)
def test_a_period_switches_the_site_at_both_instants(lazy_site: Site, measured: Measure, name: str) -> None:
    """By the clock alone: no file changes, and no recheck is due in that time."""
    first = datetime.now(timezone.utc).replace(microsecond=0)
    starts = [first + timedelta(seconds=2 + 4 * count) for count in range(20)]
    periods = [f"  - {{start: {at(start)}, duration: 2s}}\n" for start in starts]
    write(lazy_site.schedule, "periods:\n" + "".join(periods))
    with serving(lazy_site, name, workers=WORKERS) as server:
        server.meet()
        start = next(start for start in starts if start > datetime.now(timezone.utc))
        end = start + timedelta(seconds=2)
        strays(server, 200, until=start - timedelta(seconds=2))
        assert strays(server, 200, until=start) == []
        measured(f"{name}, start of a period", server.until_all(503, within=0.5))
        assert strays(server, 503, until=end) == []
        measured(f"{name}, end of a period", server.until_all(200, within=0.5))


@pytest.mark.parametrize("name", CHOSEN)
def test_a_damaged_schedule_never_ends_a_running_downtime(quick_site: Site, name: str) -> None:
    """Whatever replaces a good schedule, every answer stays a 503."""
    write(quick_site.schedule, OPEN)
    with serving(quick_site, name, workers=WORKERS) as server:
        answers = server.meet()
        for content in DAMAGED.values():
            beyond = len(server.log.read_text())
            quick_site.schedule.write_bytes(content)
            answers += until_logged(server, "has problems", beyond=beyond)
            answers += server.rounds(80)
        assert {answer.status for answer in answers} == {503}
        write(quick_site.schedule, FAR_AHEAD)
        server.until_all(200)


@pytest.mark.parametrize("damage", ["broken YAML", "garbage", "deep nesting"])
def test_a_server_starts_on_a_damaged_schedule(site: Site, damage: str) -> None:
    """It is up, and the flag still takes it down and brings it back."""
    site.schedule.write_bytes(DAMAGED[damage])
    with serving(site, "gunicorn sync", workers=WORKERS) as server:
        answers = server.meet()
        assert {answer.status for answer in answers} == {200}
        site.flag.touch()
        server.until_all(503)
        site.flag.unlink()
        server.until_all(200)


@pytest.mark.parametrize("name", ["gunicorn sync", "gunicorn gevent"])
def test_a_schedule_that_is_being_written_never_ends_a_running_downtime(site: Site, name: str) -> None:
    """Truncated, empty and half-written on the way: a state of it is never served."""
    write(site.schedule, OPEN)
    with serving(site, name, workers=WORKERS) as server:
        answers = server.meet()
        with site.schedule.open("w") as schedule:
            answers += server.rounds_for(0.1)
            for part in OPEN.split(" "):
                schedule.write(f"{part} ")
                schedule.flush()
                answers += server.rounds_for(0.1)
        answers += server.rounds_for(0.6)
        assert {answer.status for answer in answers} == {503}


def write(path: Path, text: str) -> None:
    """Replace a file atomically, as an editor does."""
    beside = path.with_suffix(".new")
    beside.write_text(text)
    os.replace(beside, path)


def at(moment: datetime) -> str:
    """A moment as the schedule spells it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def strays(server: Running, status: int, *, until: datetime) -> list[Answer]:
    """Every answer of another status, up to a moment of the clock."""
    found: list[Answer] = []
    while True:
        answers = server.round()
        if datetime.now(timezone.utc) >= until:
            return found
        found += [answer for answer in answers if answer.status != status]


def until_logged(server: Running, text: str, *, beyond: int = 0) -> list[Answer]:
    """Every answer until each worker has logged a line with that text beyond that place."""
    answers: list[Answer] = []

    def is_logged() -> bool:
        answers.extend(server.round())
        lines = [line for line in server.log.read_text()[beyond:].splitlines() if text in line]
        return all(any(f"[{worker}]" in line for line in lines) for worker in server.workers)

    wait_until(is_logged, within=5.0, what=f"every worker has logged {text!r}")
    return answers
