import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from downtime.standin.probe import CannotFork, probe
from tests.support.programs import posix_module, require

resource = posix_module("resource")


def test_what_works_in_the_child_leaves_nothing_in_this_process(tmp_path: Path) -> None:
    """Whatever it has imported or changed there."""
    tried = tmp_path / "tried"
    before = set(sys.modules)

    def load() -> None:
        import wave  # noqa: F401

        tried.write_text(str(os.getpid()))

    sys.modules.pop("wave", None)
    assert probe(load, 5) is None
    assert int(tried.read_text()) != os.getpid()
    assert set(sys.modules) <= before


@contextmanager
def many_files_open(count: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * count), hard))
    files = [os.open(os.devnull, os.O_RDONLY) for _ in range(count)]
    try:
        yield
    finally:
        for file in files:
            os.close(file)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def raising(error: BaseException) -> NoReturn:
    raise error


@pytest.mark.parametrize(
    "error",
    [
        ImportError("No module named 'shop'"),
        SystemExit(3),
        KeyboardInterrupt(),
        GeneratorExit(),
        RuntimeError("x" * 99_999),
    ],
    ids=["ImportError", "SystemExit", "KeyboardInterrupt", "GeneratorExit", "a long message"],
)
def test_whatever_is_raised_comes_back_as_its_traceback(error: BaseException) -> None:
    why = probe(lambda: raising(error), 5)
    assert why is not None
    assert str(error)[-100:] in why
    assert len(why) <= 50_000


def test_a_message_of_any_characters_comes_back() -> None:
    why = probe(lambda: raising(ValueError("\udcff \0 é")), 5)
    assert why is not None
    assert "é" in why


def hang_in_python() -> None:
    time.sleep(60)


def hang_for_good() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    time.sleep(60)


def test_a_load_that_hangs_tells_where() -> None:
    begun = time.monotonic()
    why = probe(hang_in_python, 0.2)
    assert time.monotonic() - begun < 30
    assert why is not None
    assert "hang_in_python" in why
    assert "longer than the timeout" in why


def test_it_tells_where_a_load_hangs_in_a_thread_that_blocks_signals() -> None:
    """As those of uWSGI do."""
    whys: list[str | None] = []

    def run() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        whys.append(probe(hang_in_python, 0.2))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert "hang_in_python" in str(whys[0])


def test_a_load_that_takes_no_notice_of_its_alarm_is_killed() -> None:
    why = probe(hang_for_good, 0.1)
    assert why == "the load did not finish within 0.1 seconds, or its process ended before that"


def test_a_load_that_ends_its_process_has_failed() -> None:
    assert probe(lambda: os._exit(0), 5) == "the load did not finish within 5 seconds, or its process ended before that"


def test_a_load_that_leaves_a_process_behind_is_not_waited_for() -> None:
    """As a load may fork too, and what it forked keeps the pipe open."""

    def load() -> None:
        if os.fork() == 0:
            time.sleep(3)
            os._exit(0)

    begun = time.monotonic()
    assert probe(load, 10) is None
    assert time.monotonic() - begun < 3


def test_no_child_is_left_whoever_waits_for_it() -> None:
    before = signal.signal(signal.SIGCHLD, lambda *_: os.waitpid(-1, os.WNOHANG))
    try:
        assert probe(lambda: None, 5) is None
    finally:
        signal.signal(signal.SIGCHLD, before)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_no_handler_of_the_server_runs_in_the_child(tmp_path: Path) -> None:
    called = tmp_path / "called"
    before = signal.signal(signal.SIGTERM, lambda *_: called.touch())
    try:
        why = probe(lambda: os.kill(os.getpid(), signal.SIGTERM), 5)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert why is not None
    assert "its process ended before that" in why
    assert not called.exists()


def test_it_works_from_a_thread() -> None:
    results: list[str | None] = []
    thread = threading.Thread(target=lambda: results.append(probe(lambda: None, 5)))
    thread.start()
    thread.join()
    assert results == [None]


@pytest.mark.parametrize("error", [BlockingIOError(11, "Resource temporarily unavailable"), RuntimeError("no fork")])
def test_a_fork_that_is_refused_leaves_no_pipe_open(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(os, "fork", lambda: raising(error))
    before = os.listdir("/proc/self/fd")
    with pytest.raises(CannotFork):
        probe(lambda: None, 5)
    assert os.listdir("/proc/self/fd") == before


def test_it_works_in_a_process_that_has_many_files_open() -> None:
    """As a server of many connections: select() would refuse the descriptor of the pipe."""
    with many_files_open(1100):
        assert probe(lambda: None, 5) is None


def test_where_there_is_no_fork_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    with pytest.raises(CannotFork):
        probe(lambda: None, 5)


PARENT = """
import signal, time
from downtime.standin.probe import probe
def load():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    print("loading", flush=True)
    time.sleep(120)
probe(load, 60)
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL], ids=lambda sent: sent.name)
def test_a_probe_that_is_interrupted_leaves_no_child(sent: signal.Signals) -> None:
    """It would keep the port of the server."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert parent.stdout is not None
    parent.stdout.readline()
    parent.send_signal(sent)
    parent.communicate(timeout=30)  # it waits for as long as one of them has the pipe open
    assert parent.returncode != 0


GREENLETS = """
from gevent import monkey
monkey.patch_all()
import gevent, os, sys, time
from downtime.standin.probe import probe

def serve():
    while True:
        gevent.sleep(0.01)
        if os.getpid() != parent:
            os.write(2, b"a greenlet of the parent runs in the child")

def load():
    time.sleep(0.2)
    if len(sys.argv) > 1:
        raise SystemExit("broken")

parent = os.getpid()
gevent.spawn(serve)
gevent.sleep(0.05)
print(probe(load, 5))
print(probe(lambda: time.sleep(60), 0.2))
"""


@pytest.mark.system
@pytest.mark.parametrize("arguments", [[], ["broken"]], ids=["works", "fails"])
def test_under_gevent_no_greenlet_of_the_parent_runs_in_the_child(arguments: list[str]) -> None:
    """It would take requests, which end with the child."""
    require("gevent")
    command = [sys.executable, "-c", GREENLETS, *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert ran.stderr == ""
    first, _, last = ran.stdout.partition("\n" if not arguments else "SystemExit: broken\n")
    assert first == "None" or arguments
    assert "longer than the timeout" in last


EVENTLET = """
import sys
sys.modules["gevent"] = None
import eventlet
eventlet.monkey_patch()
from downtime.standin.probe import probe
print(probe(lambda: None, 5))
"""


@pytest.mark.system
def test_it_works_under_eventlet_without_gevent() -> None:
    require("eventlet")
    command = [sys.executable, "-W", "ignore", "-c", EVENTLET]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout == "None\n"
