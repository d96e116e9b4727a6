import errno
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count, pairwise
from pathlib import Path

import pytest

from downtime.reload import watch  # noqa: F401  # so that no thread of a test has to import it
from downtime.reload.deferred_log import DeferredLog
from downtime.reload.supervisor import Supervisor, WatchOptions, can_run_threads, prepare
from tests.support.heard import Heard
from tests.support.limits import no_descriptor_left
from tests.support.nasty_texts import is_harmless
from tests.support.programs import ROOT, require
from tests.support.waiting import wait_until

Keep = Callable[..., Supervisor]


class TellingSupervisor(Supervisor):
    """Says at once what a look would say after it."""

    def keep(self, now: float) -> bool:
        try:
            return super().keep(now)
        finally:
            self._log.say()


@pytest.fixture
def keep(heard: Heard) -> Iterator[Keep]:
    """Makes a supervisor for these paths, which is closed with the test."""
    supervisors: list[Supervisor] = []

    def keep(*paths: Path, way: str = "auto") -> Supervisor:
        options = WatchOptions(tuple(map(str, paths)), way)
        supervisors.append(TellingSupervisor(options, heard.note, DeferredLog()))
        return supervisors[-1]

    yield keep
    for supervisor in supervisors:
        supervisor.close()


def until_healthy(supervisor: Supervisor, heard: Heard, *, ahead: float = 0.0) -> None:
    """Returns once the watch is on, with nothing heard so far."""
    wait_until(lambda: supervisor.keep(time.monotonic() + ahead), within=5, what="a healthy watch is on every place")
    heard.clear()


def until_heard(heard: Heard, path: Path) -> None:
    wait_until(lambda: str(path) in dict(heard), within=5, what=f"{path} is heard of")


def until_finished(heard: Heard, path: Path) -> None:
    wait_until(lambda: (str(path), True) in heard, within=5, what=f"{path} is told as finished")
    heard.clear()


def written(path: Path, text: str = "new") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def linked(path: Path, target: str) -> None:
    """As `ln -sfn` does, at once."""
    beside = path.with_name("beside")
    beside.symlink_to(target)
    os.replace(beside, path)


# Where a path can be made to lead elsewhere: what was there below the folder, and what changes.
PLACES: dict[str, tuple[Callable[[Path], object], Callable[[Path], object]]] = {
    "a file": (
        lambda top: written(top / "file", "old"),
        lambda top: written(top / "file"),
    ),
    "no file yet": (
        lambda top: None,
        lambda top: written(top / "file"),
    ),
    "a link to a file elsewhere, rewritten": (
        lambda top: (written(top / "elsewhere/real", "old"), (top / "file").symlink_to("elsewhere/real")),
        lambda top: written(top / "elsewhere/real"),
    ),
    "a link that is made to lead elsewhere": (
        lambda top: (written(top / "a"), written(top / "b"), (top / "file").symlink_to("a")),
        lambda top: linked(top / "file", "b"),
    ),
    "a link whose target is not there yet": (
        lambda top: ((top / "elsewhere").mkdir(), (top / "file").symlink_to("elsewhere/real")),
        lambda top: written(top / "elsewhere/real"),
    ),
    "links that follow one another": (
        lambda top: (written(top / "x/y/c"), (top / "x/b").symlink_to("y/c"), (top / "file").symlink_to("x/b")),
        lambda top: written(top / "x/y/c"),
    ),
    "a Kubernetes volume": (
        lambda top: (
            written(top / "..1/file", "old"),
            (top / "..data").symlink_to("..1"),
            (top / "file").symlink_to("..data/file"),
        ),
        lambda top: (written(top / "..2/file"), linked(top / "..data", "..2")),
    ),
}


@pytest.mark.parametrize(("before", "change"), PLACES.values(), ids=PLACES)
def test_a_change_on_the_way_to_the_file_is_a_change_of_the_file(
    tmp_path: Path,
    keep: Keep,
    heard: Heard,
    before: Callable[[Path], object],
    change: Callable[[Path], object],
) -> None:
    before(tmp_path)
    supervisor = keep(tmp_path / "file")
    until_healthy(supervisor, heard)
    change(tmp_path)
    until_heard(heard, tmp_path / "file")


def test_a_folder_behind_a_link_is_watched_and_so_is_the_link(tmp_path: Path, keep: Keep, heard: Heard) -> None:
    """As capistrano lays out its releases."""
    for release in ("1", "2"):
        written(tmp_path / "releases" / release / "file")
    (tmp_path / "current").symlink_to("releases/1")
    path = tmp_path / "current" / "file"
    supervisor = keep(path)
    until_healthy(supervisor, heard)
    path.write_text("newer")
    until_finished(heard, path)
    linked(tmp_path / "current", "releases/2")
    until_finished(heard, path)
    until_healthy(supervisor, heard, ahead=1000)
    path.write_text("newest")
    until_finished(heard, path)


def test_a_swap_of_a_kubernetes_volume_is_told_as_finished(tmp_path: Path, keep: Keep, heard: Heard) -> None:
    before, change = PLACES["a Kubernetes volume"]
    before(tmp_path)
    until_healthy(keep(tmp_path / "file"), heard)
    change(tmp_path)
    until_finished(heard, tmp_path / "file")


def test_each_change_is_told_of_the_paths_that_it_concerns(tmp_path: Path, keep: Keep, heard: Heard) -> None:
    one, two, link = tmp_path / "one", tmp_path / "two", tmp_path / "link"
    link.symlink_to("one")
    until_healthy(keep(one, two, link), heard)
    one.touch()
    until_heard(heard, one)
    until_heard(heard, link)
    assert str(two) not in dict(heard)


def test_each_path_is_told_of_once_its_watch_is_on(tmp_path: Path, keep: Keep, heard: Heard) -> None:
    """What changed before has to be looked for."""
    supervisor = keep(tmp_path / "one", tmp_path / "two")
    wait_until(lambda: supervisor.keep(time.monotonic()), within=5, what="the watch is on")
    assert heard == [(str(tmp_path / "one"), False), (str(tmp_path / "two"), False)]


def test_a_folder_that_comes_later_is_watched(tmp_path: Path, keep: Keep, heard: Heard) -> None:
    path = tmp_path / "later" / "deep" / "file"
    supervisor = keep(path)
    until_healthy(supervisor, heard)
    path.parent.mkdir(parents=True)
    until_heard(heard, path)
    heard.clear()
    assert not supervisor.keep(0)
    until_healthy(supervisor, heard, ahead=1000)
    path.touch()
    until_heard(heard, path)


def test_a_folder_that_is_made_again_is_watched_again(tmp_path: Path, keep: Keep, heard: Heard) -> None:
    path = tmp_path / "deep" / "file"
    path.parent.mkdir()
    supervisor = keep(path)
    until_healthy(supervisor, heard)
    path.parent.rmdir()
    path.parent.mkdir()
    times = count(time.monotonic(), 1000)

    def is_heard_of() -> bool:
        # Where the new folder has the old one's inode, its watch may seem healthy for a moment.
        if supervisor.keep(next(times)):
            path.touch()
            path.unlink()
        return (str(path), True) in heard

    wait_until(is_heard_of, within=5, what="a file in the new folder is heard of")


def test_a_watch_is_started_by_a_thread_and_never_by_the_caller(tmp_path: Path, keep: Keep, heard: Heard) -> None:
    before = set(threading.enumerate())
    supervisor = keep(tmp_path / "file")
    assert set(threading.enumerate()) == before
    assert not supervisor.keep(time.monotonic())
    until_healthy(supervisor, heard)
    started = set(threading.enumerate()) - before
    assert started
    assert all(thread.daemon for thread in started)
    for _ in range(100):
        assert supervisor.keep(time.monotonic())
    assert set(threading.enumerate()) - before <= started


def test_a_closed_supervisor_leaves_no_thread(tmp_path: Path, keep: Keep) -> None:
    before = set(threading.enumerate())
    for _ in range(5):
        supervisor = keep(tmp_path / "file")
        supervisor.close()
        supervisor.keep(time.monotonic())
        supervisor.close()
        supervisor.close()
    wait_until(lambda: set(threading.enumerate()) == before, within=5, what="no thread is left")


def test_where_no_watch_can_run_it_is_tried_again_less_and_less_often(
    tmp_path: Path, keep: Keep, heard: Heard, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "downtime")
    tried: list[threading.Thread] = []
    start = threading.Thread.start

    def start_and_end(thread: threading.Thread) -> None:
        tried.append(thread)
        start(thread)
        thread.join()

    def gaps_in(seconds: range) -> list[int]:
        """How long it was between one try and the next."""
        times: list[int] = []
        with monkeypatch.context() as patched, no_descriptor_left():
            patched.setattr(threading.Thread, "start", start_and_end)
            for second in seconds:
                before = len(tried)
                assert not supervisor.keep(float(second))
                times += [second] * (len(tried) - before)
        return [later - earlier for earlier, later in pairwise(times)]

    supervisor = keep(tmp_path / "file")
    gaps = gaps_in(range(2000))
    assert gaps[:7] == [2, 4, 8, 16, 32, 64, 128]
    assert set(gaps[8:]) == {300}
    assert all(thread.daemon for thread in tried)
    [record] = caplog.records
    assert record.message.startswith("no watch runs: [Errno 24]")
    until_healthy(supervisor, heard, ahead=10_000)
    (tmp_path / "file").touch()
    until_heard(heard, tmp_path / "file")
    supervisor.close()
    soon = int(time.monotonic()) + 20_000
    assert gaps_in(range(soon, soon + 20)) == [2, 4, 8]


def test_where_no_thread_can_be_had_nothing_is_raised(
    tmp_path: Path,
    keep: Keep,
    heard: Heard,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "downtime")
    supervisor = keep(tmp_path / "file")

    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        assert not supervisor.keep(time.monotonic())
        assert not supervisor.keep(time.monotonic())
    assert "no watch runs: can't start new thread" in caplog.text
    until_healthy(supervisor, heard, ahead=1000)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_whatever_ends_the_thread_that_starts_a_watch_it_is_tried_again(
    tmp_path: Path, keep: Keep, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("watchdog.observers.api.BaseObserver.start", lambda self: sys.exit())
        supervisor = keep(tmp_path / "file")
        assert not supervisor.keep(time.monotonic())
        supervisor.close()
    until_healthy(supervisor, heard, ahead=1000)


def test_a_supervisor_that_never_ran_can_be_closed(tmp_path: Path, keep: Keep) -> None:
    keep(tmp_path / "file").close()


@pytest.mark.parametrize(
    ("way", "level", "says"),
    [
        ("auto", "INFO", "Observer watches {}"),
        ("none", "INFO", "no watch runs: DOWNTIME_WATCH is 'none'"),
    ],
)
def test_the_log_says_once_what_a_process_runs(
    tmp_path: Path, keep: Keep, caplog: pytest.LogCaptureFixture, way: str, level: str, says: str
) -> None:
    caplog.set_level(logging.INFO, "downtime")
    supervisor = keep(tmp_path / "file", way=way)
    wait_until(lambda: bool((supervisor.keep(time.monotonic()), caplog.records)[1]), within=5, what="something is said")
    assert [supervisor.keep(1e9 + second) for second in range(0, 2000, 100)] == [way != "none"] * 20
    [record] = caplog.records
    assert record.levelname == level
    assert says.format(tmp_path) in record.message


def test_no_folder_begins_a_line_of_the_log(tmp_path: Path, keep: Keep, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever may make a link in the folder of the schedule chooses the name of the folder that it leads to."""
    caplog.set_level(logging.INFO, "downtime")
    folder = tmp_path / "a\n::error::\x1b"
    folder.mkdir()
    (tmp_path / "downtime.yml").symlink_to(folder / "downtime.yml")
    supervisor = keep(tmp_path / "downtime.yml")
    wait_until(lambda: bool((supervisor.keep(time.monotonic()), caplog.records)[1]), within=5, what="something is said")
    [record] = caplog.records
    assert is_harmless(record.getMessage())
    assert "\n" not in record.getMessage()


def test_where_threads_are_patched_no_watch_runs_and_the_log_says_so_once(
    tmp_path: Path, keep: Keep, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "downtime")
    monkeypatch.setattr("_thread.start_new_thread", lambda *args: pytest.fail("a thread was started"))
    supervisor = keep(tmp_path / "file")
    assert not any(supervisor.keep(float(second)) for second in range(0, 2000, 100))
    [record] = caplog.records
    assert record.levelname == "INFO"
    assert "threads are patched" in record.message


def test_a_watch_that_was_given_up_is_not_started_again(
    tmp_path: Path, keep: Keep, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "downtime")
    supervisor = keep(tmp_path / "file")
    until_healthy(supervisor, heard)

    def is_given_up() -> bool:
        for _ in range(100):
            (tmp_path / "other").touch()
            (tmp_path / "other").unlink()
        return not supervisor.keep(time.monotonic())

    wait_until(is_given_up, within=10, what="the watch is given up")
    assert not any(supervisor.keep(time.monotonic() + second) for second in range(0, 2000, 100))
    # watchdog may log an error of its own, as it is stopped under constant events.
    [record] = [record for record in caplog.records if record.name.startswith("downtime")]
    reason = f"too many files come and go in {tmp_path}, so give the downtime files a folder of their own"
    assert reason in record.message


def test_where_inotify_is_used_up_the_watch_is_not_tried_again(
    tmp_path: Path, keep: Keep, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """watchdog 6.0.0 leaks three descriptors at each such try."""

    def used_up(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "inotify watch limit reached")

    monkeypatch.setattr("watchdog.observers.api.BaseObserver.start", used_up)
    supervisor = keep(tmp_path / "file")
    wait_until(lambda: bool((supervisor.keep(time.monotonic()), caplog.records)[1]), within=5, what="something is said")
    monkeypatch.undo()
    supervisor.close()
    assert not any(supervisor.keep(time.monotonic() + second) for second in range(0, 2000, 100))
    [record] = caplog.records
    assert "inotify watch limit reached; requests compare the files, and this process does not try" in record.message


@pytest.fixture
def without_watchdog(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that imports the watch finds it."""
    monkeypatch.setitem(sys.modules, "downtime.reload.watch", None)


@pytest.mark.usefixtures("without_watchdog")
def test_if_watchdog_can_not_be_imported_it_is_told_once_and_given_up(
    tmp_path: Path, keep: Keep, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "downtime")
    prepare("auto")
    assert caplog.records == []
    supervisor = keep(tmp_path / "file")
    wait_until(lambda: bool((supervisor.keep(time.monotonic()), caplog.records)[1]), within=5, what="something is said")
    monkeypatch.undo()
    supervisor.close()
    assert not any(supervisor.keep(time.monotonic() + second) for second in range(0, 2000, 100))
    [record] = caplog.records
    assert record.message.startswith("no watch runs: watchdog can't be imported: ")
    assert record.message.endswith("requests compare the files, and this process does not try again")


def test_threads_are_real_in_a_plain_process() -> None:
    assert can_run_threads()


def test_threads_are_not_real_under_gevent() -> None:
    require("gevent")
    code = (
        "import gevent.monkey; gevent.monkey.patch_all()\n"
        "from downtime.reload.supervisor import can_run_threads\n"
        "print(can_run_threads())"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
