"""A request that is running as the site goes down is finished, and a graceful reload waits for it."""

import signal
from pathlib import Path

import pytest

from tests.support.harness import ENDS_WITHIN, Site, gone, is_alive, received, serving
from tests.support.waiting import wait_until

URLS = "tests.support.site.held"


@pytest.mark.parametrize("name", ["gunicorn sync", "gunicorn gthread", "gunicorn asgi"])
def test_a_running_request_outlives_downtime_start_and_a_graceful_reload_waits_for_it(
    tmp_path: Path, name: str
) -> None:
    """So it is enough to wait for the old workers: once they have ended, all has been written."""
    site = Site(tmp_path, settings={"ROOT_URLCONF": URLS, "HELD_FOLDER": str(tmp_path)})
    with serving(site, name, workers=2) as server:
        server.meet()
        with server.connect("/held") as running:
            wait_until((tmp_path / "begun").exists, within=10, what="the request is running")
            worker = int((tmp_path / "begun").read_text())
            site.manage("downtime_start")
            assert {answer.status for answer in server.rounds(20)} == {503}
            assert not (tmp_path / "written").exists()
            server.signal(signal.SIGHUP)
            others = server.workers - {worker}
            gone(others, within=ENDS_WITHIN)
            assert is_alive(worker)
            assert not (tmp_path / "written").exists()
            (tmp_path / "go").touch()
            [answer] = received([running])
        assert (answer.status, answer.worker) == (200, worker)
        assert b"It was written." in answer.body
        gone([worker], within=ENDS_WITHIN)
        assert (tmp_path / "written").exists()
        server.meet(besides=others | {worker})
        assert server.ask().status == 503
