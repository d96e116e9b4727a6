import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from downtime.schedule.occurrence import Occurrence
from downtime.standin.observer import ANY_DOWNTIME, PAUSE, Observer
from downtime.standin.options import Options
from tests.support.waiting import wait_until

MakeOptions = Callable[..., Options]


@pytest.fixture
def without_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """What reads the files can't be imported."""
    monkeypatch.setitem(sys.modules, "downtime.standin.meaning", None)


def test_the_files_are_looked_at_four_times_a_second(options: MakeOptions, flag: Path) -> None:
    observer = Observer(options())
    assert observer.downtime() is None
    assert not observer.is_due()
    flag.touch()
    assert observer.downtime() is None
    taken = wait_until(lambda: observer.downtime() is not None, what="the flag is seen")
    assert taken < 2 * PAUSE + 1
    seen = observer.downtime()
    assert observer.downtime() is seen
    wait_until(lambda: observer.downtime() is not seen, what="another look was taken")


def test_while_one_thread_looks_the_others_go_by_the_last_look(options: MakeOptions, flag: Path) -> None:
    observer = Observer(options())
    observer.downtime()
    wait_until(observer.is_due, what="another look is due")
    flag.touch()
    with observer._lock.own():
        assert observer.downtime() is None
    assert observer.downtime() is not None


@pytest.mark.usefixtures("without_yaml")
def test_without_pyyaml_the_presence_of_a_flag_counts(
    options: MakeOptions, flag: Path, caplog: pytest.LogCaptureFixture
) -> None:
    flag.write_text("read_only: true\n")
    observer = Observer(options())
    assert observer.downtime() == ANY_DOWNTIME
    first = observer.downtime()
    wait_until(lambda: observer.downtime() is not first, what="another look was taken")
    assert len(caplog.records) == 1, "the same cause is told once"
    assert "only the presence of a flag counts" in caplog.text
    flag.unlink()
    wait_until(lambda: observer.downtime() is None, what="the flag is gone")


WITHOUT_YAML = """
import sys
sys.modules["yaml"] = None
from downtime.standin.observer import ANY_DOWNTIME, Observer
from downtime.standin.options import checked
observer = Observer(checked(sys.argv[1], None, None, None, None, 20, print))
assert observer.downtime() == ANY_DOWNTIME
"""


def test_it_is_pyyaml_that_may_be_missing(flag: Path) -> None:
    flag.write_text("read_only: true\n")
    subprocess.run([sys.executable, "-c", WITHOUT_YAML, str(flag)], check=True, timeout=60)


def test_as_soon_as_pyyaml_is_there_the_files_are_read(
    options: MakeOptions, flag: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag.write_text("message: Faster disks.\n")
    observer = Observer(options())
    with monkeypatch.context() as context:
        context.setitem(sys.modules, "downtime.standin.meaning", None)
        assert observer.downtime() == ANY_DOWNTIME

    def is_read() -> bool:
        downtime = observer.downtime()
        return isinstance(downtime, Occurrence) and downtime.message == "Faster disks."

    wait_until(is_read, what="the message is known")


def test_a_flag_that_can_not_be_looked_at_counts_as_before(
    options: MakeOptions, flag: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "downtime.standin.meaning", None)
    flag.touch()
    observer = Observer(options())
    first = observer.downtime()
    assert first == ANY_DOWNTIME
    with monkeypatch.context() as context, caplog.at_level(logging.WARNING):

        def denied(path: str) -> os.stat_result:
            raise PermissionError(13, "Permission denied", path)

        context.setattr(os, "lstat", denied)
        wait_until(lambda: observer.downtime() is not first, what="another look was taken")
        assert observer.downtime() == ANY_DOWNTIME
    assert f"{flag} can't be looked at: Permission denied; it counts as before" in caplog.text


def test_two_threads_that_come_first_get_the_same_answer(options: MakeOptions, flag: Path) -> None:
    flag.touch()
    observer, answers = Observer(options()), []
    threads = [threading.Thread(target=lambda: answers.append(observer.downtime())) for _ in range(4)]
    with observer._lock.own():
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()
    assert all(answer is not None for answer in answers)
