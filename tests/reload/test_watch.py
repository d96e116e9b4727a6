import os
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from watchdog.events import FileCreatedEvent
from watchdog.observers.polling import PollingObserver

from downtime.reload.watch import _MOST_UNRELATED, Watch, _Handler
from tests.support.heard import Heard
from tests.support.waiting import wait_until

Start = Callable[..., Watch]


@pytest.fixture
def start(heard: Heard) -> Iterator[Start]:
    """Starts a watch of these paths, which ends with the test."""
    watches: list[Watch] = []

    def start(*paths: Path) -> Watch:
        names: dict[str, list[str]] = {}
        for path in paths:
            names.setdefault(str(path.parent), []).append(path.name)
        watches.append(Watch(names, heard.note))
        return watches[-1]

    yield start
    for watch in watches:
        watch.stop()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A path in a folder of its own; the folder `aside` lies beside that."""
    (tmp_path / "aside").mkdir()
    (tmp_path / "watched").mkdir()
    return tmp_path / "watched" / "file"


def nothing(path: Path) -> None:
    """The file is not there."""


def written(path: Path) -> None:
    path.write_text("old")


def aside(path: Path) -> Path:
    return path.parent.parent / "aside" / "file"


def touched(path: Path) -> None:
    """As `touch` does."""
    with path.open("a"):
        os.utime(path)


def replaced(path: Path) -> None:
    beside = path.with_suffix(".tmp")
    beside.write_text("new")
    os.replace(beside, path)


def moved_in(path: Path) -> None:
    aside(path).write_text("new")
    os.replace(aside(path), path)


def linked_anew(path: Path) -> None:
    beside = path.with_suffix(".tmp")
    beside.symlink_to("elsewhere")
    os.replace(beside, path)


CHANGES: dict[str, tuple[Callable[[Path], object], Callable[[Path], object], bool]] = {
    # what was there, what happens, and whether inotify tells that it is finished
    "created": (nothing, lambda path: path.write_text("new"), True),
    "touched": (nothing, Path.touch, True),
    "touched again": (written, touched, True),
    "rewritten in place": (written, lambda path: path.write_text("newer"), True),
    "replaced": (written, replaced, True),
    "moved in": (nothing, moved_in, True),
    "moved in over another": (written, moved_in, True),
    "moved out": (written, lambda path: path.rename(aside(path)), False),
    "renamed": (written, lambda path: path.rename(path.with_suffix(".old")), False),
    "removed": (written, Path.unlink, False),
    "a folder": (nothing, Path.mkdir, False),
    "a folder removed": (Path.mkdir, Path.rmdir, False),
    "a dangling link": (nothing, lambda path: path.symlink_to("nowhere"), False),
    "another link": (lambda path: path.symlink_to("nowhere"), linked_anew, True),
    "a hard link": (nothing, lambda path: (aside(path).touch(), path.hardlink_to(aside(path))), False),
}


@pytest.mark.parametrize(("before", "change", "is_finished"), CHANGES.values(), ids=CHANGES)
def test_every_kind_of_change_is_heard_of(
    path: Path,
    start: Start,
    heard: Heard,
    before: Callable[[Path], object],
    change: Callable[[Path], object],
    is_finished: bool,
) -> None:
    before(path)
    start(path)
    change(path)
    wait_until(lambda: bool(heard.of(path)), within=5, what="the change is heard of")
    if is_finished:
        wait_until(lambda: True in heard.of(path), within=5, what="it is heard that the change is finished")
    else:
        assert True not in heard.of(path)


def test_a_file_is_not_finished_before_its_writer_has_closed_it(path: Path, start: Start, heard: Heard) -> None:
    marker = path.with_name("marker")
    path.write_text("old")
    start(path, marker)
    with path.open("w") as file:
        file.write("new")
        file.flush()
        marker.touch()
        wait_until(lambda: True in heard.of(marker), within=5, what="the marker is heard of")
        assert True not in heard.of(path)
    wait_until(lambda: True in heard.of(path), within=5, what="the close is heard of")


def test_what_happens_beside_the_file_wakes_nobody(path: Path, start: Start, heard: Heard) -> None:
    path.write_text("old")
    marker = path.with_name("marker")
    start(path, marker)
    for _ in range(50):
        path.read_text()
        path.with_name("other").write_text("x")
        path.with_name("other").unlink()
    marker.touch()
    wait_until(lambda: bool(heard.of(marker)), within=5, what="the marker is heard of")
    assert heard.of(path) == []
    assert {place for place, _ in heard} == {str(marker)}


def test_files_in_several_folders_are_watched_at_once(path: Path, start: Start, heard: Heard) -> None:
    other = aside(path)
    start(path, other)
    path.touch()
    other.touch()
    wait_until(lambda: bool(heard.of(path) and heard.of(other)), within=5, what="both are heard of")


def test_a_watch_leaves_no_thread(path: Path, start: Start) -> None:
    before = set(threading.enumerate())
    watch = start(path)
    started = set(threading.enumerate()) - before
    assert started
    assert all(thread.daemon for thread in started)
    assert watch.is_healthy()
    watch.stop()
    assert not watch.is_healthy()
    wait_until(lambda: not any(map(threading.Thread.is_alive, started)), within=5, what="its threads are gone")
    watch.stop()


def test_a_folder_that_is_not_there_can_not_be_watched(path: Path, start: Start) -> None:
    before = set(threading.enumerate())
    with pytest.raises(OSError, match="No such file"):
        start(path.parent / "missing" / "file")
    with pytest.raises(OSError, match="No such file"):
        start(path, path.parent / "missing" / "file")
    wait_until(lambda: set(threading.enumerate()) == before, within=5, what="no thread is left")


def test_a_watch_whose_folder_is_gone_is_not_healthy(path: Path, start: Start) -> None:
    watch = start(path)
    path.parent.rmdir()
    wait_until(lambda: not watch.is_healthy(), within=5, what="the watch is not healthy")


def test_a_watch_beside_too_much_is_given_up(path: Path, start: Start, heard: Heard) -> None:
    before = set(threading.enumerate())
    watch = start(path)
    other = path.with_name("other")

    def is_given_up() -> bool:
        for _ in range(100):
            other.touch()
            other.unlink()
        return watch.is_flooded

    wait_until(is_given_up, within=10, what="the watch is given up")
    wait_until(lambda: set(threading.enumerate()) == before, within=5, what="no thread is left")
    assert not watch.is_healthy()
    assert heard == []


def test_what_comes_and_goes_beside_the_file_at_times_is_borne(
    path: Path, start: Start, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many events as are too much within seconds, each a minute after the other."""
    minutes = count(0, 60)
    monkeypatch.setattr("downtime.reload.watch.time", SimpleNamespace(monotonic=lambda: next(minutes)))
    handler = _Handler({str(path)}, heard.note, lambda: pytest.fail("it was given up"))
    for _ in range(3 * _MOST_UNRELATED):
        handler.dispatch(FileCreatedEvent(str(path.with_name("other"))))
    assert heard == []


def test_where_there_is_no_inotify_the_observer_of_the_system_is_used(
    path: Path, start: Start, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("downtime.reload.watch.Observer", PollingObserver)
    assert start(path).kind == "PollingObserver"
    path.touch()
    wait_until(lambda: bool(heard.of(path)), within=5, what="the file is heard of")


def test_the_log_can_name_its_kind(path: Path, start: Start) -> None:
    assert start(path).kind in ("InotifyObserver", "FSEventsObserver", "WindowsApiObserver", "PollingObserver")
