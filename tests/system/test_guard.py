"""A site that is down and can't be loaded is answered for by the guard, under every server, until it is up again."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.guarded import BREAKS, DOWN, REFUSED, GuardedSite, Visitors, ask, ask_at_once
from tests.support.harness import Running, do_all_watch, serving
from tests.support.programs import SERVERS
from tests.support.waiting import wait_until

# runserver loads the project before wsgi.py is asked.
GUARDED = [name for name in SERVERS if name != "runserver"]
RELOADING = [name for name in GUARDED if SERVERS[name].reloads]
FAMILIES = ["gunicorn sync", "gunicorn gthread --preload", "uvicorn", "uWSGI --lazy-apps"]
# Of which the second one is used by the first requests, and each worker loads the site for itself.
WORKERS = 2
# Seconds. On an idle machine it takes less than one; others have other things to do.
SOON = 6.0
BACK_WITHIN = 30.0


@pytest.fixture
def site(tmp_path: Path) -> GuardedSite:
    """It may take two seconds to be loaded."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)  # Apache runs as another user
    return GuardedSite(tmp_path, timeout=4)


@contextmanager
def broken(site: GuardedSite, name: str, how: str) -> Iterator[Running]:
    """The server over the site, which can't be loaded and is down."""
    site.breaks(how)
    with serving(site, name, workers=WORKERS, has_clean_log=False) as server:
        yield server


def come_back(server: Running, *others: int) -> float:
    """Seconds until the first 200; returns when every worker has loaded the site. All get 200 or 503."""
    begun, first = time.monotonic(), 0.0
    workers: set[str] = set()
    while len(workers) < server.count:
        assert time.monotonic() - begun < BACK_WITHIN, f"only {workers} of {server.count} workers have come back"
        for reply in ask_at_once(server.port):
            assert reply.status in (200, 503, *others), reply
            if reply.status == 200:
                first = first or time.monotonic() - begun
                workers.add(reply.headers["x-worker"])
    if server.server.watches:  # uWSGI without threads can't end a worker in which one is just starting
        wait_until(lambda: do_all_watch(server, workers), what="every worker watches")
    return first


def until_all_refuse(server: Running) -> None:
    """Returns once every worker does."""
    wait_until(
        lambda: all(reply.status == 503 for _ in range(3) for reply in ask_at_once(server.port)),
        within=20,
        what="every worker refuses",
    )


def assert_down(server: Running, requests: int = 20) -> None:
    """Every request gets 503, on exempt paths too."""
    assert {ask(server.port, path).status for path in ("/", "/healthz") for _ in range(requests // 2)} == {503}


@pytest.mark.parametrize("name", GUARDED)
def test_a_site_that_does_not_load_is_down_until_it_is_repaired_and_up(site: GuardedSite, name: str) -> None:
    """Broken at boot; repaired while it is down; then reloaded while it is down and broken again, where that works."""
    site.flag.write_text("Faster disks.")
    with broken(site, name, "ready") as server:
        until_all_refuse(server)
        assert_down(server)
        assert "Faster disks." in ask(server.port).body
        site.repair()
        assert_down(server)
        site.flag.unlink()
        assert come_back(server) < SOON
        if name in RELOADING:
            site.schedule.write_text(DOWN)
            until_all_refuse(server)
            site.breaks("settings")
            with Visitors(server.port).coming() as statuses:
                server.signal(signal.SIGHUP)
                wait_until(lambda: ask(server.port, "/healthz").status == 503, within=20, what="a stand-in answers")
                time.sleep(1)
            assert set(statuses) <= ({503, REFUSED} if "granian" in name or "uWSGI" in name else {503}), statuses
            site.repair()
            site.schedule.write_text("periods: []\n")
            come_back(server)


@pytest.mark.parametrize("how", [how for how in BREAKS if how != "ready"])
@pytest.mark.parametrize("name", FAMILIES)
def test_whatever_keeps_the_site_from_loading_it_is_down_by_flag(site: GuardedSite, name: str, how: str) -> None:
    site.flag.touch()
    with broken(site, name, how) as server:
        assert_down(server, requests=6)
        site.repair()
        site.flag.unlink()
        assert come_back(server) < SOON


@pytest.mark.parametrize("name", FAMILIES)
def test_a_schedule_alone_takes_a_site_down_that_does_not_load(site: GuardedSite, name: str) -> None:
    site.schedule.write_text(DOWN)
    with broken(site, name, "no Django") as server:
        assert_down(server, requests=6)
        reply = ask(server.port, accept="application/json")
        assert '"end": "2099-01-01T00:00:00+00:00"' in reply.body
        assert int(reply.headers["retry-after"]) > 1_000_000
        site.repair()
        site.schedule.write_text("periods: []\n")
        come_back(server)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_site_that_is_repaired_after_it_is_up_is_loaded_within_two_seconds(site: GuardedSite, name: str) -> None:
    site.flag.touch()
    with broken(site, name, "settings") as server:
        until_all_refuse(server)
        site.flag.unlink()
        wait_until(lambda: ask(server.port).status == 500, within=20, what="the site is up and broken")
        wait_until(lambda: "broken settings" in server.log.read_text(), what="its traceback is in the log")
        site.repair()
        begun = time.monotonic()
        wait_until(lambda: ask(server.port).status == 200, within=BACK_WITHIN, what="the site answers")
        assert time.monotonic() - begun < 2 + SOON


def test_workers_that_have_served_enough_are_replaced_by_stand_ins(site: GuardedSite) -> None:
    """As in a deploy that takes long: gunicorn's master would end with the second worker that can't boot."""
    with serving(site, "gunicorn sync", workers=2, options=["--max-requests=20"], has_clean_log=False) as server:
        assert ask(server.port).status == 200
        site.flag.touch()
        until_all_refuse(server)
        site.breaks("no Django")
        with Visitors(server.port).coming() as statuses:
            wait_until(lambda: ask(server.port, "/healthz").status == 503, within=30, what="a stand-in answers")
            wait_until(lambda: statuses[503] > 150, within=30, what="each worker was replaced")
        assert set(statuses) == {503}
        site.repair()
        site.flag.unlink()
        come_back(server)


PREPARED = "<!DOCTYPE html><title>Prepared</title>\n"


def test_the_page_file_is_what_visitors_see(site: GuardedSite) -> None:
    site.page.write_text(PREPARED)
    site.flag.touch()
    with broken(site, "gunicorn sync", "no PyYAML") as server:
        assert ask(server.port).body == PREPARED


# What a server does when a load has spoiled a process: it starts another one, or ends with this exit code.
ANOTHER = -1
AFTER_A_SPOILED_LOAD = {
    **dict.fromkeys(["gunicorn sync", "gunicorn gthread", "gunicorn gevent", "gunicorn asgi"], ANOTHER),
    **dict.fromkeys(["uvicorn --workers", "uWSGI --lazy-apps", "mod_wsgi daemon"], ANOTHER),
    **dict.fromkeys(["gunicorn sync --preload", "gunicorn gthread --preload", "gunicorn gevent --preload"], 1),
    **dict.fromkeys(["uvicorn", "daphne", "waitress", "granian wsgi", "granian asgi"], 1),
    **dict.fromkeys(["hypercorn", "uWSGI", "uWSGI --enable-threads", "uWSGI gevent"], 0),
}


def test_of_every_server_it_is_known_what_it_does_after_a_spoiled_load() -> None:
    assert set(AFTER_A_SPOILED_LOAD) == set(GUARDED)


@pytest.mark.parametrize(("name", "code"), AFTER_A_SPOILED_LOAD.items())
def test_a_spoiled_process_answers_until_the_site_is_up_and_ends_then(site: GuardedSite, name: str, code: int) -> None:
    site.flag.touch()
    site.breaks_after_a_trial()
    with serving(site, name, workers=WORKERS, has_clean_log=False) as server:
        until_all_refuse(server)
        assert_down(server)
        assert "needs a new process" in server.log.read_text()
        site.repair()
        site.flag.unlink()
        if code == ANOTHER:
            come_back(server, REFUSED)  # by a worker that ends
            return

        def has_ended() -> bool:
            ask(server.port)
            return server.process.poll() is not None

        wait_until(has_ended, within=20, what="the server has ended")
        assert server.process.returncode == code
