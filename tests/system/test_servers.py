"""Under every server, every worker follows every switch within the bound, and none goes back."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.harness import Running, Site, serving
from tests.support.programs import SERVERS
from tests.support.texts import OPEN

RECHECK = 1.0  # the site's, which is the default
IDLES = 1.5  # seconds without any request
FAR_AHEAD = "periods:\n  - start: 2999-01-01\n"

Latencies = Callable[[str, str, float], None]


def touched(path: Path, aside: Path, text: str) -> None:
    """As `touch` makes an empty file."""
    path.touch()


def replaced(path: Path, aside: Path, text: str) -> None:
    """As an editor does it, beside the file."""
    beside = path.with_suffix(".new")
    beside.write_text(text)
    os.replace(beside, path)


def moved_in(path: Path, aside: Path, text: str) -> None:
    """As `mv` does it, from another folder."""
    beside = aside / path.name
    beside.write_text(text)
    os.replace(beside, path)


def rewritten(path: Path, aside: Path, text: str) -> None:
    """As `echo >` does it."""
    path.write_text(text)


def removed(path: Path, aside: Path, text: str) -> None:
    """As `rm` does it."""
    path.unlink()


Way = Callable[[Path, Path, str], None]
# How the site is taken down, and how it comes back. A schedule that is gone has to stay so for a second.
FLAG: tuple[tuple[Way, Way], ...] = ((touched, removed), (replaced, removed), (moved_in, removed)) * 2
FLAG += ((rewritten, removed),)
SCHEDULE: tuple[tuple[Way, Way], ...] = ((replaced, replaced), (moved_in, moved_in), (rewritten, rewritten)) * 2
SCHEDULE += ((moved_in, removed),)


@pytest.mark.parametrize("name", SERVERS)
def test_every_worker_of_every_server_follows_every_switch(site: Site, latencies: Latencies, name: str) -> None:
    """The flag within the recheck, the schedule within two; after an idle time with each worker's first answer."""
    with serving(site, name) as server:
        assert {answer.status for answer in server.meet()} == {200}
        for path, ways, bound in ((site.flag, FLAG, RECHECK), (site.schedule, SCHEDULE, 2 * RECHECK)):
            switched = "flag" if path == site.flag else "schedule"
            for there, back in ways:
                there(path, site.folder, OPEN)
                latencies(name, switched, server.until_all(503, within=bound))
                back(path, site.folder, FAR_AHEAD)
                latencies(name, switched, server.until_all(200, within=bound))
            assert_right_after_an_idle_time(server, path, site.folder)


def assert_right_after_an_idle_time(server: Running, path: Path, aside: Path) -> None:
    """Each worker's first answer after one is right, in both directions."""
    for way, text, status in ((replaced, OPEN, 503), (removed, "", 200)):
        way(path, aside, text)
        time.sleep(IDLES)
        assert {answer.status for answer in server.first_answers()} == {status}
