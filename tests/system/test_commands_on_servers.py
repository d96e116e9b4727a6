"""Once a command has exited, no worker of a real server decides by the old state."""

import subprocess
import time
from collections.abc import Callable

import pytest

from tests.support.harness import Running, Site, finished, serving

WORKERS = 8
REQUESTS = 2000


# Workers that watch, and workers in which no thread can.
@pytest.mark.parametrize("name", ["gunicorn sync", "gunicorn gevent"])
def test_no_worker_lags_behind_a_command(site: Site, measured: Callable[[str, float], None], name: str) -> None:
    """2,000 requests from the instant at which each command has exited are right.

    At last `downtime_end` ends a period, for which every worker has to read the schedule.
    """
    with serving(site, name, workers=WORKERS) as server:
        server.meet()
        measured(f"{name}, downtime_start", switched(server, site, "downtime_start"))
        assert_all_answer(server, 503)
        measured(f"{name}, downtime_end", switched(server, site, "downtime_end"))
        assert_all_answer(server, 200)
        site.schedule.write_text("periods:\n  - start: 2020-01-01\n")
        server.until_all(503)
        measured(f"{name}, downtime_end, a period", switched(server, site, "downtime_end"))
        assert_all_answer(server, 200)


def switched(server: Running, site: Site, *arguments: str) -> float:
    """Seconds that a command took, while the workers were busy all the time."""
    begun = time.monotonic()
    command = site.start_manage(*arguments)
    busy_until_ended(server, command)
    finished(command)
    return time.monotonic() - begun


def busy_until_ended(server: Running, command: subprocess.Popen[str]) -> None:
    """Ask without a pause until the command has exited."""
    while command.poll() is None:
        server.round()


def assert_all_answer(server: Running, status: int) -> None:
    """Each of the workers answers so, and nobody otherwise."""
    answers = server.first_answers() + server.rounds(REQUESTS)
    assert {answer.status for answer in answers} == {status}
