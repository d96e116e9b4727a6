"""What a process pays for its watch, while nobody asks and while others write beside its files."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.programs import ROOT

pytestmark = pytest.mark.alone

LASTS = 2.0  # seconds for which it is measured
WARMS_UP = 0.6  # seconds after which a watch beside too much has been given up

WATCHES = """
import logging, sys, time, django
django.setup()
from downtime import live
class Told(logging.Handler):
    def emit(self, record): print(record.getMessage(), flush=True)
logging.getLogger("downtime.reload").addHandler(Told())
logging.getLogger("downtime.reload").setLevel("INFO")
live.load()
while not live.current._supervisor or not live.current._supervisor.keep(time.monotonic()):
    live.current.expire()
    live.answer()
    time.sleep(0.01)
sys.stdin.read()
"""

# Ten thousand times a second, what other programs do in the folder in which they are run.
WRITES = """
import sqlite3, sys, time, os
def log(file=open("app.log", "a")):
    file.write("a line\\n")
    file.flush()
def sqlite(database=sqlite3.connect("db.sqlite3", isolation_level=None)):
    database.execute("INSERT INTO t VALUES (1)")
def sessions():
    open("session", "w").close()
    os.unlink("session")
sqlite.__defaults__[0].execute("PRAGMA synchronous = off")
sqlite.__defaults__[0].execute("CREATE TABLE t (x)")
write, begun, count = globals()[sys.argv[1]], time.monotonic(), 0
while True:
    write()
    count += 1
    time.sleep(max(0.0, begun + count / 10_000 - time.monotonic()))
"""


class Watching:
    """A process that watches and that nobody asks."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def measured(self) -> tuple[float, float]:
        """Its share of a core, and how often it woke in a second."""
        before = self._spent()
        time.sleep(LASTS)
        seconds, wakes = (now - then for now, then in zip(self._spent(), before, strict=True))
        return seconds / LASTS, wakes / LASTS

    def _spent(self) -> tuple[float, int]:
        pid = self.process.pid
        # The clock of another process's processor time, as clock_getcpuclockid(3) makes it.
        seconds = time.clock_gettime((~pid << 3) | 2)
        lines = [
            line for status in Path(f"/proc/{pid}/task").glob("*/status") for line in status.read_text().splitlines()
        ]
        return seconds, sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))


Watch = Callable[[], Watching]


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    """Starts a process that watches the folder `watched`, with the flag in another one."""
    processes: list[subprocess.Popen[str]] = []
    for name in ("watched", "flags"):
        (tmp_path / name).mkdir()
    settings = tmp_path / "cost_settings.py"

    def watch() -> Watching:
        settings.write_text(
            "from tests.bare_settings import *\n"
            "DOWNTIME_WATCH = 'auto'\n"
            "DOWNTIME_RECHECK = 1.0\n"
            f"DOWNTIME_SCHEDULE_FILE = {str(tmp_path / 'watched' / 'downtime.yml')!r}\n"
            f"DOWNTIME_FLAG_FILE = {str(tmp_path / 'flags' / 'downtime.flag')!r}\n"
        )
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(tmp_path))),
            "DJANGO_SETTINGS_MODULE": "cost_settings",
            "PYTHONDEVMODE": "",
        }
        process = subprocess.Popen(
            [sys.executable, "-c", WATCHES],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout is not None
        assert " watches " in process.stdout.readline()
        time.sleep(WARMS_UP)
        return Watching(process)

    yield watch
    for process in processes:
        process.communicate(timeout=10)
        assert process.returncode == 0


@contextmanager
def written(folder: Path, kind: str) -> Iterator[None]:
    """Another process writes in that folder all the time."""
    with subprocess.Popen([sys.executable, "-c", WRITES, kind], cwd=folder) as process:
        time.sleep(WARMS_UP)
        try:
            yield
            assert process.poll() is None
        finally:
            process.kill()


def test_an_idle_process_wakes_at_most_once_a_second(tmp_path: Path, watch: Watch) -> None:
    """Beside ten thousand files, too, and it takes less than a thousandth of a core."""
    for number in range(10_000):
        (tmp_path / "watched" / str(number)).symlink_to("nowhere")
    watching = watch()
    share, wakes = watching.measured()
    assert share < 0.001
    assert wakes <= 0.5


@pytest.mark.parametrize("kind", ["log", "sqlite", "sessions"])
def test_a_busy_folder_costs_less_than_a_hundredth_of_a_core(tmp_path: Path, watch: Watch, kind: str) -> None:
    """The kernel filters writes; where too much is created and deleted, the watch is given up."""
    watching = watch()
    with written(tmp_path / "watched", kind):
        share, _ = watching.measured()
    assert share < 0.01


def test_a_busy_folder_costs_a_neighbour_of_it_nothing(tmp_path: Path, watch: Watch) -> None:
    """So a folder of its own keeps the watch, whatever happens beside that."""
    watching = watch()
    with written(tmp_path, "sqlite"):
        share, wakes = watching.measured()
    assert share < 0.001
    assert wakes <= 0.5
