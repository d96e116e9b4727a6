"""A worker whose watch runs ends as soon as one without the app, whatever ends it."""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median

import pytest

from tests.support.harness import STARTS_WITHIN, Running, Site, do_all_watch, gone, is_alive, received, serving
from tests.support.programs import SERVERS
from tests.support.waiting import wait_until

WORKERS = 2
MOST_PAIRS = 24
# Seconds. gunicorn looks every tenth of a second whether its workers have ended; others look around once a second, so
# that it may take some pairs to tell.
NOISE = 0.25
ENDS_WITHIN = 15.0
MOST_REQUESTS = 60
BETWEEN_REQUESTS = 0.05  # seconds, so that one worker has not served enough before another has started
RELOADING = [name for name, server in SERVERS.items() if server.reloads]
RECYCLING = {
    "gunicorn sync": "--max-requests={}",
    "gunicorn gthread": "--max-requests={}",
    "gunicorn gevent": "--max-requests={}",
    "gunicorn asgi": "--max-requests={}",
    "uvicorn --workers": "--limit-max-requests={}",
    "hypercorn": "--max-requests={}",
    "uWSGI": "--max-requests={}",
}

Measure = Callable[[str, float], None]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("name", SERVERS)
def test_a_server_ends_as_soon_as_without_the_app(
    tmp_path: Path, measured: Measure, name: str, number: signal.Signals
) -> None:
    assert_no_later(tmp_path, measured, name, number.name, lambda server: server.end(number))


@pytest.mark.parametrize("name", RELOADING)
def test_the_old_workers_end_as_soon_as_without_the_app(tmp_path: Path, measured: Measure, name: str) -> None:
    assert_no_later(tmp_path, measured, name, "SIGHUP", reloaded)


@pytest.mark.parametrize("name", RECYCLING)
def test_a_worker_that_has_served_enough_ends_as_soon_as_without_the_app(
    tmp_path: Path, measured: Measure, name: str
) -> None:
    assert_no_later(tmp_path, measured, name, "max requests", recycled, RECYCLING[name].format(MOST_REQUESTS))


def assert_no_later(
    folder: Path, measured: Measure, name: str, cause: str, ended: Callable[[Running], float], *options: str
) -> None:
    """The median of the seconds is no greater than without the app, as soon as enough pairs were measured to tell."""
    pairs: list[tuple[float, float]] = []
    for number in count(1):
        with side_by_side(folder / str(number), name, *options) as (with_app, without):
            if number % 2:
                pairs.append((ended_at_some_moment(with_app, ended), ended_at_some_moment(without, ended)))
            else:
                pairs.append((ended_at_some_moment(without, ended), ended_at_some_moment(with_app, ended))[::-1])
        medians = [median(seconds) for seconds in zip(*pairs, strict=True)]
        if medians[0] <= medians[1] + NOISE:
            break
        assert number < MOST_PAIRS, pairs
    for seconds in pairs:
        measured(f"{name}, {cause}, with the app", seconds[0])
        measured(f"{name}, {cause}, without", seconds[1])


def ended_at_some_moment(server: Running, ended: Callable[[Running], float]) -> float:
    """The seconds that it takes to end from some moment on, as uvicorn looks whether to end every half a second."""
    time.sleep(random.uniform(0, 0.5))
    return ended(server)


@contextmanager
def side_by_side(folder: Path, name: str, *options: str) -> Iterator[tuple[Running, Running]]:
    """Two servers that have answered: one with the app, which watches, and one without."""
    sites = []
    for kind in ("with", "without"):
        (folder / kind).mkdir(parents=True)
        sites.append(Site(folder / kind, app=kind == "with"))
    with (
        serving(sites[0], name, workers=WORKERS, options=options) as with_app,
        serving(sites[1], name, workers=WORKERS, options=options) as without,
    ):
        without.meet()
        with_app.meet()
        if SERVERS[name].watches:
            wait_until(lambda: do_all_watch(with_app, with_app.workers), within=5.0, what="every worker watches")
        yield with_app, without


def reloaded(server: Running) -> float:
    """Seconds from SIGHUP until every old worker has ended."""
    old = set(server.workers)
    begun = time.monotonic()
    server.signal(signal.SIGHUP)
    gone(old, within=ENDS_WITHIN)
    seconds = time.monotonic() - begun
    server.meet(besides=old)
    return seconds


def recycled(server: Running) -> float:
    """Seconds from the last answer of a worker until it has ended, for the slower of them."""
    answered, begun = dict.fromkeys(server.workers, time.monotonic()), time.monotonic()
    served = Counter(dict.fromkeys(answered, MOST_REQUESTS))
    with ends_of(answered) as ended:
        while len(ended) < len(answered):
            # uvicorn's parent may wait for a sign of one that ends, for five seconds, before it starts another.
            for answer in received([server.connect() for _ in range(4)], may_drop=True):
                served[answer.worker] += 1
                if answer.worker in answered:
                    answered[answer.worker] = answer.moment
            assert time.monotonic() - begun < ENDS_WITHIN, f"{set(answered) - set(ended)} go on serving."
    seconds = max(moment - answered[worker] for worker, moment in ended.items())
    wait_until(lambda: are_far_from_ending(server, served), within=STARTS_WITHIN, what="new workers answer")
    return seconds


@contextmanager
def ends_of(workers: Iterable[int]) -> Iterator[dict[int, float]]:
    """When each of the workers has ended, as soon as it has, even while nobody answers."""
    ended: dict[int, float] = {}
    left, is_over = set(workers), threading.Event()

    def look() -> None:
        while left and not is_over.wait(0.005):
            for worker in [worker for worker in left if not is_alive(worker)]:
                left.discard(worker)
                ended[worker] = time.monotonic()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield ended
    finally:
        is_over.set()
        thread.join()


def are_far_from_ending(server: Running, served: Counter[int]) -> bool:
    """Whether after one more request all workers are still far from having served enough.

    gunicorn's arbiter never ends a worker that it has just started: the worker loses the signal (its own race)."""
    served.update(answer.worker for answer in received([server.connect()], may_drop=True))
    server.workers = {worker for worker, count in served.items() if count <= MOST_REQUESTS / 2 and is_alive(worker)}
    time.sleep(BETWEEN_REQUESTS)
    return len(server.workers) == server.count
