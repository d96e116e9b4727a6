"""Where no watch can work, requests keep the promise alone: a line says so, and nothing is leaked, spun or blocked."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from django.conf import settings

from downtime import live
from downtime.reload.deferred_log import DeferredLog
from downtime.reload.supervisor import Supervisor, WatchOptions
from tests.support.processes import (
    FLAG,
    SCHEDULE,
    has_said,
    is_down,
    open_descriptors,
    put,
    run,
    running_threads,
    until_seen,
    until_watched,
)
from tests.support.programs import require
from tests.support.texts import OPEN
from tests.support.waiting import wait_until

pytestmark = pytest.mark.alone

RECHECK = 0.4
AN_HOUR = 3_600
NO_WATCH = " no watch runs: "
# Root may list what it likes; without these two capabilities it is a user like others.
AS_ANY_USER = () if os.geteuid() else ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
LIMITS = Path("/proc/sys/user")


def keeps_the_promise(folder: Path, *, flag: Path | None = None, schedule: Path | None = None, rounds: int = 1) -> None:
    """No request that comes later than it may is decided by the old state; the files may be changed elsewhere."""
    flag, schedule = flag or folder / FLAG, schedule or folder / SCHEDULE
    assert not is_down()
    for _ in range(rounds):
        for raised in (True, False):
            put(flag, raised=raised)
            decided_by_new(raised, within=RECHECK)
        for text in (OPEN, ""):
            beside = schedule.with_name("beside")
            beside.write_text(text)
            beside.replace(schedule)
            decided_by_new(text == OPEN, within=2 * RECHECK)


def decided_by_new(expected: bool, *, within: float) -> None:
    """From that many seconds on, every request is told what is expected."""
    deadline = time.monotonic() + within
    turned: float | None = None
    while turned is None or time.monotonic() < turned + 0.05:
        asked = time.monotonic()
        if (told := is_down()) is not expected:
            assert turned is None, "it went back"
            assert asked < deadline, f"{asked - deadline:.3f} s after the last moment it was still {told}"
        elif turned is None:
            turned = time.monotonic()
        time.sleep(0.002)


def costs_nothing() -> None:
    """Neither a request nor a thread keeps a processor busy."""
    before = time.process_time()
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:
        live.answer()
        time.sleep(0.01)
    assert time.process_time() - before < 0.05


def leaves_nothing(folder: Path) -> None:
    """However often the watch is tried, no descriptor and no thread is left."""
    log = DeferredLog()
    options = WatchOptions((str(folder / FLAG), str(folder / SCHEDULE)), "auto")
    supervisor = Supervisor(options, lambda path, finished: None, log)
    later = count(time.monotonic(), 1000)

    def tried() -> tuple[int, int]:
        assert not supervisor.keep(next(later))
        log.say()
        if supervisor._thread is not None:
            supervisor._thread.join()
        return open_descriptors(), running_threads()

    first = [tried() for _ in range(2)][-1]
    for _ in range(20):
        last = tried()
    wait_until(lambda: running_threads() <= first[1], what="the threads of the last try have ended")
    assert last[0] <= first[0]


def lines_of(log: list[str], text: str) -> int:
    return sum(text in line for line in log)


# Used up


def without_a_watch(folder: Path) -> None:
    live.load()
    keeps_the_promise(folder)
    wait_until(lambda: is_down() or has_said(NO_WATCH.strip()), what="the log says so")
    costs_nothing()
    leaves_nothing(folder)


@pytest.mark.parametrize("limit", ["max_inotify_instances", "max_inotify_watches"])
def test_where_inotify_is_used_up_requests_keep_the_promise_and_one_line_says_so(tmp_path: Path, limit: str) -> None:
    log = run(without_a_watch, tmp_path, under=limited(limit), DOWNTIME_RECHECK=RECHECK)
    # The supervisor that is tried twenty times says it once as well.
    assert lines_of(log, NO_WATCH) == 2
    assert all("WARNING" in line for line in log if NO_WATCH in line)


def limited(limit: str) -> tuple[str, ...]:
    """Runs a program in a namespace of users whose limit is 0; nobody else's is touched."""
    require("unshare")
    return ("unshare", "--user", "--map-root-user", "sh", "-c", f'echo 0 >{LIMITS / limit} && exec "$@"', "sh")


def until_there_is_room(folder: Path) -> None:
    live.load()
    wait_until(lambda: is_down() or has_said("no watch runs"), what="the log says so")
    (LIMITS / "max_inotify_instances").write_text("100")
    recovers(folder)


def recovers(folder: Path) -> None:
    """Given the chance by looks, a watch is started; from then on it is the watch that tells of changes."""

    def is_watched() -> bool:
        live.current.expire()
        live.answer()
        return live.current.snapshot.fresh_until - time.monotonic() > AN_HOUR / 4

    wait_until(is_watched, within=8, what="a watch is on again")
    for raised in (True, False, True, False):
        put(folder / FLAG, raised=raised)
        until_seen(raised=raised)


def test_once_inotify_has_room_again_the_watch_recovers(tmp_path: Path) -> None:
    log = run(until_there_is_room, tmp_path, under=limited("max_inotify_instances"), DOWNTIME_RECHECK=AN_HOUR)
    assert lines_of(log, NO_WATCH) == 1


def without_descriptors(folder: Path) -> None:
    """A flag needs none to be seen; a schedule is read once there are some again."""
    live.load()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for is_watched in (False, True):
        (folder / "beside").write_text(OPEN)
        free = os.dup(0)
        os.close(free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
        for change, is_raised in ((os.mkdir, True), (os.rmdir, False)):
            change(folder / FLAG)
            decided_by_new(is_raised, within=RECHECK)
        os.replace(folder / "beside", folder / SCHEDULE)
        wait_until(
            lambda: is_down() or has_said("can't be read: Too many open files"), what="the log tells of the schedule"
        )
        assert not is_down()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        decided_by_new(True, within=2 * RECHECK)
        (folder / SCHEDULE).unlink()
        decided_by_new(False, within=2 * RECHECK)
        if not is_watched:
            until_watched()


def test_a_process_without_a_free_descriptor_still_sees_the_flag_and_later_recovers(tmp_path: Path) -> None:
    log = run(without_descriptors, tmp_path, DOWNTIME_RECHECK=RECHECK)
    assert lines_of(log, NO_WATCH) <= 1


# Folders


def not_to_be_listed(folder: Path) -> None:
    (folder / "watched").chmod(0o311)
    without_a_watch(folder)


def test_where_the_folder_may_not_be_listed_the_watch_stands_down_with_one_line(tmp_path: Path) -> None:
    log = run(not_to_be_listed, tmp_path, under=AS_ANY_USER, DOWNTIME_RECHECK=RECHECK)
    assert lines_of(log, NO_WATCH) == 2  # as above
    assert lines_of(log, "Permission denied") == 2


def not_to_be_entered(folder: Path) -> None:
    """What can't be told stays as it was, until it can be told again."""
    watched = folder / "watched"
    live.load()
    for raised in (True, False):
        put(folder / FLAG, raised=raised)
        decided_by_new(raised, within=RECHECK)
        watched.chmod(0)
        deadline = time.monotonic() + 1.25 * RECHECK
        while time.monotonic() < deadline:
            assert is_down() is raised
        costs_nothing()
        watched.chmod(0o755)
    keeps_the_promise(folder)


def test_in_a_folder_that_can_not_be_entered_what_applied_before_stays(tmp_path: Path) -> None:
    log = run(not_to_be_entered, tmp_path, under=AS_ANY_USER, DOWNTIME_RECHECK=RECHECK)
    assert lines_of(log, NO_WATCH) <= 1


def missing_at_first(folder: Path) -> None:
    (folder / "watched").rmdir()
    live.load()
    until_watched()
    (folder / "watched").mkdir()
    keeps_the_promise(folder, rounds=2)


def removed_and_made_again(folder: Path) -> None:
    shutil.rmtree(folder / "watched")
    (folder / "watched").mkdir()


def renamed_with_another_in_its_place(folder: Path) -> None:
    (folder / "watched").rename(folder / f"old{time.monotonic_ns()}")
    (folder / "watched").mkdir()


def replaced_by_a_link(folder: Path) -> None:
    other = folder / f"other{time.monotonic_ns()}"
    other.mkdir()
    (folder / "watched").rename(folder / f"old{time.monotonic_ns()}")
    (folder / "watched").symlink_to(other)


def unlistable_for_a_while(folder: Path) -> None:
    (folder / "watched").chmod(0o311)
    live.current.expire()
    live.answer()
    (folder / "watched").chmod(0o755)


MISHAPS = [
    removed_and_made_again,
    renamed_with_another_in_its_place,
    unlistable_for_a_while,
    replaced_by_a_link,
]


def mishaps(folder: Path) -> None:
    """The flag and the schedule go with their folder, which is a change like any other."""
    live.load()
    until_watched()
    for mishap in MISHAPS:
        (folder / FLAG).touch()
        decided_by_new(True, within=RECHECK)
        mishap(folder)
        if mishap is not unlistable_for_a_while:
            decided_by_new(False, within=RECHECK)
        (folder / FLAG).unlink(missing_ok=True)
        decided_by_new(False, within=RECHECK)
        keeps_the_promise(folder)
    costs_nothing()


@pytest.mark.parametrize("body", [missing_at_first, mishaps], ids=["missing at first", "taken away in between"])
def test_whatever_becomes_of_the_folder_the_promise_is_kept(tmp_path: Path, body: Callable[[Path], None]) -> None:
    log = run(body, tmp_path, under=AS_ANY_USER, DOWNTIME_RECHECK=RECHECK)
    assert lines_of(log, NO_WATCH) <= 1


def mishaps_and_recoveries(folder: Path) -> None:
    live.load()
    recovers(folder)
    threads, descriptors = running_threads(), open_descriptors()
    for mishap in MISHAPS:
        mishap(folder)
        recovers(folder)
        # A link is one more place to watch, which takes one more instance of inotify in watchdog 6.
        more = 3 if mishap is replaced_by_a_link else 0
        wait_until(lambda: open_descriptors() <= descriptors + more, what=f"no descriptor is left by {mishap.__name__}")  # noqa: B023
        wait_until(lambda: running_threads() <= threads + more, what=f"no thread is left by {mishap.__name__}")  # noqa: B023


def test_whatever_became_of_the_folder_the_watch_recovers_and_leaves_nothing(tmp_path: Path) -> None:
    log = run(mishaps_and_recoveries, tmp_path, under=AS_ANY_USER, within=40, DOWNTIME_RECHECK=AN_HOUR)
    assert lines_of(log, NO_WATCH) <= 1


# A file system that does not tell


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[Path]:
    """What lies behind the mount that is the watched folder; changes made there are told to nobody."""
    require("bindfs")
    source, mount = tmp_path / "behind", tmp_path / "watched"
    source.mkdir()
    mount.mkdir()
    options = "attr_timeout=0,entry_timeout=0,negative_timeout=0"
    subprocess.run(["bindfs", "-o", options, source, mount], check=True)
    yield source
    subprocess.run(["fusermount", "-u", "-z", mount], check=False)


def changed_behind(folder: Path) -> None:
    live.load()
    until_watched()
    behind = folder / "behind"
    keeps_the_promise(folder, flag=behind / "downtime.flag", schedule=behind / "downtime.yml")
    costs_nothing()


def test_on_a_file_system_that_tells_of_nothing_requests_keep_the_promise(tmp_path: Path, behind: Path) -> None:
    log = run(changed_behind, tmp_path, DOWNTIME_RECHECK=RECHECK)
    assert lines_of(log, NO_WATCH) == 0


def goes_away(folder: Path) -> None:
    """As a network file system does whose server is gone: what applied stays, and a new mount is looked at at once."""
    live.load()
    until_watched()
    (folder / FLAG).touch()
    decided_by_new(True, within=RECHECK)
    [server] = [int(pid.name) for pid in Path("/proc").glob("[0-9]*") if is_bindfs(pid, folder)]
    os.kill(server, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{server}/exe").exists(), what="the file system is gone")
    deadline = time.monotonic() + 2 * RECHECK
    while time.monotonic() < deadline:
        assert is_down()
    costs_nothing()
    subprocess.run(["fusermount", "-u", "-z", folder / "watched"], check=True)
    decided_by_new(False, within=RECHECK)


def is_bindfs(process: Path, folder: Path) -> bool:
    try:
        command = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return command[0].endswith(b"bindfs") and os.fsencode(folder / "watched") in command


def test_a_file_system_whose_server_is_gone_changes_nothing_and_raises_nothing(tmp_path: Path, behind: Path) -> None:
    log = run(goes_away, tmp_path, DOWNTIME_RECHECK=RECHECK)
    assert lines_of(log, NO_WATCH) <= 1


HANGING_THREADS = 30


def hangs(folder: Path) -> None:
    """As a network file system does that is mounted hard; the second flag is on a disk that answers."""
    local = folder / "local" / "downtime.flag"
    local.parent.mkdir()
    settings.DOWNTIME_FLAG_FILE = [folder / FLAG, local]
    (folder / SCHEDULE).write_text(OPEN)
    live.load()
    assert is_down()
    [server] = [int(pid.name) for pid in Path("/proc").glob("[0-9]*") if is_bindfs(pid, folder)]
    os.kill(server, signal.SIGSTOP)
    answered: list[tuple[float, int]] = []

    def ask() -> None:
        begun = time.monotonic()
        active = live.answer().active
        answered.append((time.monotonic() - begun, len(active)))

    try:
        for number in range(HANGING_THREADS):
            if number == HANGING_THREADS // 2:
                local.touch()
            threading.Thread(target=ask, daemon=True).start()
            time.sleep(0.1)
        wait_until(lambda: len(answered) >= HANGING_THREADS - 1, within=5, what=f"all but one are answered: {answered}")
        assert len(answered) == HANGING_THREADS - 1
        assert max(seconds for seconds, _ in answered) < 2
        assert {active for _, active in answered[:10]} == {1}
        assert {active for _, active in answered[-10:]} == {2}
    finally:
        os.kill(server, signal.SIGCONT)
    wait_until(lambda: len(answered) == HANGING_THREADS, what="the one that hung is answered too")


def test_a_file_system_that_hangs_keeps_one_request_and_no_other(tmp_path: Path, behind: Path) -> None:
    run(hangs, tmp_path, DOWNTIME_RECHECK=RECHECK, DOWNTIME_WATCH="none")


# Without watchdog

WATCHDOG_IS_BROKEN = """
import sys
class Broken:
    def find_spec(self, name, path=None, target=None):
        if name == "watchdog" or name.startswith("watchdog."):
            raise {error}
sys.meta_path.insert(0, Broken())
"""


def without_watchdog(folder: Path) -> None:
    live.load()
    keeps_the_promise(folder)
    costs_nothing()


@pytest.mark.parametrize(
    "error",
    ["ImportError(\"No module named '_ctypes'\")", "PermissionError(13, 'Permission denied')", "SyntaxError('bad')"],
    ids=["ctypes is missing", "unreadable", "of another Python"],
)
def test_a_site_whose_watchdog_can_not_be_imported_starts_and_keeps_the_promise(tmp_path: Path, error: str) -> None:
    log = run(without_watchdog, tmp_path, first=WATCHDOG_IS_BROKEN.format(error=error), DOWNTIME_RECHECK=RECHECK)
    [line] = [line for line in log if NO_WATCH in line]
    assert "WARNING" in line
    assert "watchdog can't be imported" in line
    assert "this process does not try again" in line


# Without memory

ROOM = 10 * 1024 * 1024


def without_memory(folder: Path) -> None:
    """A schedule that needs more than there is hides no flag, and floods no log."""
    live.load()
    assert not is_down()
    in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + ROOM, resource.RLIM_INFINITY))
    (folder / SCHEDULE).write_text("periods:\n" + "  - {start: 2999-01-01, message: a longer text}\n" * 20_000)
    wait_until(lambda: is_down() or has_said("not enough memory"), within=20, what="the log says so")
    for _ in range(3):
        for raised in (True, False):
            put(folder / FLAG, raised=raised)
            decided_by_new(raised, within=RECHECK)
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    (folder / SCHEDULE).write_text(OPEN)
    wait_until(is_down, within=5, what="a schedule that fits is read")


def test_a_schedule_that_needs_more_memory_than_there_is_hides_no_flag(tmp_path: Path) -> None:
    log = run(without_memory, tmp_path, within=90, DOWNTIME_RECHECK=RECHECK, DOWNTIME_WATCH="none")
    assert lines_of(log, "has problems (1)") == 1


# Green threads

PATCHES = {
    "gevent": "import gevent.monkey; gevent.monkey.patch_all()",
    "eventlet": "import warnings; warnings.simplefilter('ignore'); import eventlet; eventlet.monkey_patch()",
}
LONGEST_GAP = 0.05


class Ticking:
    """A green thread beside the requests; the longest time, in seconds, for which it had to wait for its turn."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._is_over = False
        self._thread = threading.Thread(target=self._tick)
        self._thread.start()

    def _tick(self) -> None:
        last = time.monotonic()
        while not self._is_over:
            time.sleep(0.001)
            now = time.monotonic()
            self.longest, last = max(self.longest, now - last), now

    def stop(self) -> float:
        self._is_over = True
        self._thread.join()
        return self.longest


def patched(folder: Path) -> None:
    live.load()
    threads = running_threads()
    ticking = Ticking()
    keeps_the_promise(folder)
    # After an idle time a request waits for a schedule to hold still, and nobody else with it.
    time.sleep(2 * RECHECK)
    (folder / SCHEDULE).write_text(OPEN)
    waiting = [threading.Thread(target=is_down) for _ in range(5)]
    for thread in waiting:
        thread.start()
    for thread in waiting:
        thread.join()
    assert is_down()
    longest = ticking.stop()
    assert longest < LONGEST_GAP, f"the loop stood still for {longest:.3f} s"
    assert running_threads() == threads == 1
    assert "watchdog" not in sys.modules
    (folder / SCHEDULE).unlink()
    decided_by_new(False, within=2 * RECHECK)
    costs_nothing()


@pytest.mark.parametrize("library", PATCHES)
def test_under_patched_threads_no_watch_runs_and_no_loop_is_blocked(tmp_path: Path, library: str) -> None:
    require(library)
    log = run(patched, tmp_path, first=PATCHES[library], DOWNTIME_RECHECK=RECHECK)
    [line] = [line for line in log if NO_WATCH in line]
    assert "threads are patched" in line
    assert "INFO" in line


def patched_late(folder: Path) -> None:
    """As with a server that loads the app, and patches afterwards."""
    live.load()
    import gevent.monkey

    gevent.monkey.patch_all()
    patched_requests(folder)


def patched_requests(folder: Path) -> None:
    keeps_the_promise(folder)
    time.sleep(2 * RECHECK)
    (folder / SCHEDULE).write_text(OPEN)
    told: list[bool] = []
    waiting = [threading.Thread(target=lambda: told.append(is_down())) for _ in range(5)]
    for thread in waiting:
        thread.start()
    for thread in waiting:
        thread.join()
    assert told == [True] * 5


def test_requests_wait_for_one_another_even_where_threads_were_patched_after_loading(tmp_path: Path) -> None:
    require("gevent")
    log = run(patched_late, tmp_path, DOWNTIME_RECHECK=RECHECK)
    assert lines_of(log, NO_WATCH) == 1
