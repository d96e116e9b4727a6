"""A schedule of thousands of periods counts as soon as a short one, and nobody waits for it to be read."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.harness import Site, serving
from tests.support.waiting import wait_until

RECHECK = 1.0  # the site's, which is the default
IDLES = 1.5  # seconds without any request
_MANY = "".join(f"- {{name: n{number}, start: {2100 + number}-12-01 02:00, duration: 2h}}\n" for number in range(3_000))
# One of each kind; without --enable-threads, a thread of uWSGI runs only while a request is being answered.
KINDS = "gunicorn sync", "gunicorn gthread", "gunicorn gevent", "uvicorn", "uWSGI", "granian asgi"
UP = f"periods:\n{_MANY}- start: 2999-01-01\n"
DOWN = f"periods:\n{_MANY}- start: 2020-01-01\n"


def replaced(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    beside.write_text(text)
    os.replace(beside, path)


def rewritten(path: Path, text: str) -> None:
    path.write_text(text)


@pytest.mark.parametrize("name", KINDS)
def test_every_worker_of_every_server_follows_each_switch_of_a_long_schedule(site: Site, name: str) -> None:
    """Within two rechecks; after an idle time with each worker's first answer."""
    site.schedule.write_text(UP)
    with serving(site, name) as server:
        assert {answer.status for answer in server.meet()} == {200}
        for change in (replaced, rewritten):
            for text, status in ((DOWN, 503), (UP, 200)):
                change(site.schedule, text)
                server.until_all(status, within=2 * RECHECK)
        for text, status in ((DOWN, 503), (UP, 200)):
            replaced(site.schedule, text)
            time.sleep(IDLES)
            assert {answer.status for answer in server.first_answers()} == {status}


def test_steady_rewriting_keeps_no_state_from_counting(site: Site) -> None:
    """Each state is replaced while it is read, or soon after."""
    site.schedule.write_text(UP)
    is_over, text = threading.Event(), [UP]

    def rewrite() -> None:
        number = 0
        while not is_over.wait(0.05):
            number += 1
            replaced(site.schedule, f"{text[0]}# {number}\n")

    with serving(site, "gunicorn gthread") as server:
        server.meet()
        writer = threading.Thread(target=rewrite)
        writer.start()
        try:
            for state, status in ((DOWN, 503), (UP, 200), (DOWN, 503)):
                text[0] = state
                wait_until(
                    lambda status=status: all_answer(server.round, status), within=10, what=f"all answer {status}"
                )
        finally:
            is_over.set()
            writer.join()


def all_answer(ask: Callable[[], list[object]], status: int) -> bool:
    return {answer.status for answer in ask()} == {status}
