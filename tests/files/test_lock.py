"""The lock beside a file, with processes that hold it."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from downtime.files import atomic_write
from downtime.files.atomic_write import CannotWrite
from downtime.files.lock import locked


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


HOLD = """
import sys
from downtime.files.lock import locked
with locked(sys.argv[1]):
    print('held', flush=True)
    sys.stdin.read()
"""


def held(path: Path) -> subprocess.Popen[str]:
    """A process that holds the lock until its input ends."""
    command = [
        sys.executable,
        "-c",
        HOLD,
        str(path),
    ]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.mark.parametrize("end", ["by itself", "killed"])
def test_the_lock_keeps_other_processes_out_until_its_holder_ends(file: Path, end: str) -> None:
    with held(file) as process:
        begun = time.monotonic()
        with pytest.raises(CannotWrite) as caught, locked(str(file), timeout=0.1):
            pytest.fail("the lock is held twice")
        assert time.monotonic() - begun >= 0.1
        lock = file.with_name(".downtime.yml.lock")
        assert str(caught.value).startswith(f"{lock} has been held by process {process.pid} ('")
        assert str(caught.value).endswith("...') for 0.1 s; wait for it to end, or end it")
        if end == "killed":
            process.kill()
        else:
            assert process.stdin is not None
            process.stdin.close()
        with locked(str(file), timeout=30):
            assert process.wait(30) == {"killed": -signal.SIGKILL}.get(end, 0)


def test_the_lock_is_waited_for(file: Path) -> None:
    with held(file) as process:
        assert process.stdin is not None
        os.utime(file)
        waiter = subprocess.Popen(
            [
                sys.executable,
                "-c",
                HOLD,
                str(file),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        with waiter:
            with pytest.raises(subprocess.TimeoutExpired):
                waiter.wait(0.5)
            process.stdin.close()
            assert waiter.communicate(timeout=30)[0] == "held\n"


def test_the_lock_is_one_for_all_names_of_a_file_and_is_let_go_after_an_error(file: Path) -> None:
    link = file.parent.parent / "link"
    link.symlink_to(file)
    with suppress(ZeroDivisionError), locked(str(link)):
        with pytest.raises(CannotWrite), locked(str(file), timeout=0):
            pytest.fail("the lock is held twice")
        raise ZeroDivisionError
    with locked(str(file), timeout=0):
        assert names(file.parent) == [".downtime.yml.lock", "downtime.yml"]
    assert file.read_bytes() == b"old"


def test_a_lock_without_a_folder_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "none" / "downtime.yml"
    with pytest.raises(CannotWrite) as caught, locked(str(path)):
        pytest.fail("there is nothing to lock")
    assert str(caught.value) == f"{path} can't be written: No such file or directory; make its folder first"


def test_a_link_stays_and_its_target_is_what_is_locked_and_replaced(file: Path) -> None:
    elsewhere = file.parent.parent / "elsewhere"
    elsewhere.mkdir()
    first, second = elsewhere / "first", elsewhere / "second"
    first.symlink_to("second")
    second.symlink_to(file)
    with locked(str(first)) as entry:
        atomic_write.replace(entry, b"new")
    assert (os.readlink(first), os.readlink(second)) == ("second", str(file))
    assert file.read_bytes() == b"new"
    assert names(elsewhere) == ["first", "second"]
    assert names(file.parent) == [".downtime.yml.lock", "downtime.yml"]


def test_a_link_that_leads_nowhere_gets_the_file_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("new")
    with locked(str(tmp_path / "link")) as entry:
        atomic_write.replace(entry, b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "new").read_bytes() == b"new"


def test_a_link_in_a_circle_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(CannotWrite) as caught, locked(str(tmp_path / "loop")):
        pytest.fail("there is nothing to lock")
    assert str(caught.value) == (
        f"{tmp_path}/loop can't be written: Too many levels of symbolic links; nothing was changed"
    )


IN_TURN = """
import sys, time
from downtime.files.lock import locked
print('ready', flush=True)
sys.stdin.read()
with locked(sys.argv[1], timeout=1):
    time.sleep(0.4)
"""


@pytest.mark.system
def test_a_lock_that_changes_hands_is_waited_for_however_long_that_takes(file: Path) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    waiting = [subprocess.Popen([sys.executable, "-c", IN_TURN, str(file)], **pipes) for _ in range(8)]
    for process in waiting:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    for process in waiting:
        assert process.stdin is not None
        process.stdin.close()
    assert [process.wait(60) for process in waiting] == [0] * 8
    for process in waiting:
        assert process.stdout is not None
        process.stdout.close()


def test_a_lock_that_is_taken_by_something_else_meanwhile_is_given_up_for_the_new_one(file: Path) -> None:
    """Whoever waited for a lock that was replaced holds nothing."""
    lock = file.with_name(".downtime.yml.lock")
    with held(file) as process:
        lock.rename(lock.with_name("old"))
        with locked(str(file), timeout=0):
            assert lock.stat().st_ino != lock.with_name("old").stat().st_ino
        assert process.stdin is not None
        process.stdin.close()


def test_a_file_system_that_knows_no_modes_has_locks_all_the_same(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = file.with_name(".downtime.yml.lock")
    lock.touch(0o644)
    inode = lock.stat().st_ino
    monkeypatch.setattr(os, "fchmod", lambda descriptor, mode: None)
    before = os.umask(0)
    try:
        monkeypatch.setattr("downtime.files.lock._MODE", 0o644)
        with locked(str(file), timeout=0):
            assert lock.stat().st_ino == inode
    finally:
        os.umask(before)
    assert names(file.parent) == [".downtime.yml.lock", "downtime.yml"]
