"""The app beside django-maintenance-mode over HTTP, in one run: up and down, each to the same references."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.benchmarks import schedules
from tests.benchmarks.django_site import APP, EMPTY, SAME
from tests.benchmarks.exchange import Answer
from tests.benchmarks.figures import at_least, figure, tell
from tests.benchmarks.load import recorded, served, throughput
from tests.support.guarded import ask
from tests.support.harness import Running
from tests.support.waiting import wait_until

_PEER, _VERSION = "django-maintenance-mode", "0.23.0"
_PACKAGES = (f"{_PEER}=={_VERSION}", "python-fsutil")
_ROUNDS = 7
_DOWN = "message: Back soon."


def beside(server: str) -> None:
    """Under that server; each is switched by its file while it runs, as it comes by default."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        folder = Path(name)
        if not _is_installed(packages := folder / "packages"):
            return

        def start(name: str, middleware: str, **settings: object) -> Running:
            site = served(folder / name, server, schedules.ahead(1), middleware, packages=packages, **settings)
            return running.enter_context(site)[1]

        flag, state = folder / "ours" / "watched" / "downtime.flag", folder / "state"
        state.write_text("0")
        ours = start("ours", APP)
        theirs = start(
            "theirs",
            "maintenance_mode.middleware.MaintenanceModeMiddleware",
            INSTALLED_APPS=["maintenance_mode"],
            MAINTENANCE_MODE_STATE_FILE_PATH=str(state),
        )
        flag.write_text(_DOWN)
        wait_until(lambda: ask(ours.port).status == 503, what="it is down")
        same = start("same", SAME, BENCHMARK_ANSWER=recorded(ours))
        flag.unlink()
        _tell(f"{server}, up", ours, theirs, start("empty", EMPTY), 200)
        flag.write_text(_DOWN)
        state.write_text("1")
        _tell(f"{server}, down", ours, theirs, same, 503)


def _is_installed(target: Path) -> bool:
    """Whether the peer could be installed there; it says so if not."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), *_PACKAGES]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        print(f"beside {_PEER}: left out, as it can't be installed: {ran.stderr.strip()[-200:]}", flush=True)
    return ran.returncode == 0


def _tell(what: str, ours: Running, theirs: Running, reference: Running, status: int) -> None:
    """Tells how both compare with the reference, once all three answer with that status."""
    for server in (ours, theirs, reference):
        wait_until(lambda: ask(server.port).status == status, what=f"it answers {status}")  # noqa: B023
    measured = [throughput(server, partial(_has_status, status)) for server in (ours, theirs, reference)]
    rounds = [[each() for each in measured] for _ in range(_ROUNDS + 1)][1:]
    peer = figure(peer / reference for _, peer, reference in rounds)
    note = "of an empty middleware" if status == 200 else "of a middleware that builds the same 503 as ours"
    tell(f"beside {_PEER}, {what}: its", peer, note=f"{_VERSION}, {note}", digits=2)
    own = figure(own / reference for own, _, reference in rounds)
    tell(f"beside {_PEER}, {what}: ours", own, "", at_least(peer.median), digits=2)


def _has_status(status: int, answer: Answer) -> bool:
    return answer.status == status
