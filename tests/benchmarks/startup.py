"""What the app adds to a worker's first answer, and to the worker."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks import schedules
from tests.benchmarks.django_site import APP
from tests.benchmarks.figures import at_most, figure, tell
from tests.support.harness import Site

_ROUNDS = 15
_ADDED = (("time", "ms", 60.0), ("resident memory", "MiB", 4.0), ("threads", "", 3.0), ("descriptors", "", 3.0))


def startup() -> None:
    """In processes with and without it, in turns, and the median of the differences."""
    with tempfile.TemporaryDirectory() as name:
        without, own = _site(Path(name, "without"), []), _site(Path(name, "with"), [APP])
        rounds = [(_started(without), _started(own)) for _ in range(_ROUNDS + 1)][1:]
    for number, (what, unit, bound) in enumerate(_ADDED):
        added = figure(own[number] - without[number] for without, own in rounds)
        bare = figure(without[number] for without, _ in rounds).median
        digits = 1 if unit else 0
        note = f"{bare:.{digits}f} without it"
        tell(f"start-up: {what} that the app adds", added, unit, at_most(bound), note=note, digits=digits)


def _site(folder: Path, middleware: Sequence[str]) -> Site:
    folder.mkdir()
    settings = {"MIDDLEWARE": middleware, "ROOT_URLCONF": "tests.benchmarks.parts", "ALLOWED_HOSTS": ["*"]}
    site = Site(folder, app=bool(middleware), settings=settings)
    site.schedule.write_text(schedules.ahead(10))
    return site


def _started(site: Site) -> list[float]:
    command = [sys.executable, "-m", "tests.benchmarks.first_answer"]
    ran = subprocess.run(command, env=site.environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    figures: list[float] = json.loads(ran.stdout)
    return figures
