"""Forks at any moment: the child answers rightly and watches for itself, and the parent goes on as before.

The processes would look at the files by themselves once in a quarter of a day: what they see, their watch told them.
"""

import mmap
import os
import select
import sys
import threading
import time
import traceback
from collections.abc import Callable
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path
from typing import NoReturn

import pytest

from downtime import live
from downtime.reload.process_state import ProcessState
from tests.support.processes import (
    FLAG,
    RECORDS,
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
from tests.support.texts import OPEN
from tests.support.waiting import wait_until

pytestmark = pytest.mark.alone

AN_HOUR = 3_600
CHILD_ENDS_WITHIN = 3.0
Say = Callable[[], object]
End = Callable[[int], NoReturn]


class Child:
    """A fork that does `body`, which may say that it has come so far, and then ends by `end`."""

    def __init__(self, body: Callable[[Say], object], end: End = sys.exit) -> None:
        self._reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._reader)
            code = 1
            try:
                body(lambda: os.write(writer, b"."))
                code = 0
            except SystemExit:  # a child of its own ends, which is no longer within this body
                raise
            except BaseException:
                traceback.print_exc()
            os.write(writer, b"!")
            end(code)
        os.close(writer)

    def heard(self, expected: bytes = b".", *, within: float = 30.0) -> None:
        """Returns once it has said so."""
        ready, _, _ = select.select([self._reader], [], [], within)
        said = os.read(self._reader, 1) if ready else b"nothing"
        assert said == expected, f"{self.pid} said {said!r}"

    def ended(self) -> None:
        """Returns once it has ended, which takes no time and has the exit code 0."""
        self.heard(b"!")
        os.close(self._reader)
        wait_until(self._has_ended, within=CHILD_ENDS_WITHIN, what=f"{self.pid} has ended")

    def _has_ended(self) -> bool:
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        assert status == 0
        return pid == self.pid


def follower(flag: Path) -> Callable[[Say], None]:
    """A child that is right at once, and then sees the flag go up and down twice through a watch of its own."""

    def follow(say: Say) -> None:
        assert is_down() is flag.exists()
        until_watched()
        say()
        for raised in (True, False, True, False):
            until_seen(raised=raised, who=f"the child {os.getpid()}")
            say()

    return follow


def all_see(flag: Path, *children: Child) -> None:
    """This process and its children see each switch through their own watches; so does this one after their end."""
    until_watched()
    for child in children:
        child.heard()
    for raised in (True, False, True, False):
        put(flag, raised=raised)
        until_seen(raised=raised, who="the parent")
        for child in children:
            child.heard()
    for child in children:
        child.ended()
    for raised in (True, False):
        put(flag, raised=raised)
        until_seen(raised=raised, who="the parent after its children's end")


# When it forks


def before_the_first_look(folder: Path) -> None:
    all_see(folder / FLAG, Child(follower(folder / FLAG)))


def after_loading(folder: Path) -> None:
    live.load()
    all_see(folder / FLAG, Child(follower(folder / FLAG)), Child(follower(folder / FLAG)))


def after_the_first_answer(folder: Path) -> None:
    live.load()
    assert not is_down()
    all_see(folder / FLAG, Child(follower(folder / FLAG)))


def while_it_watches(folder: Path) -> None:
    until_watched()
    all_see(folder / FLAG, Child(follower(folder / FLAG)))


def while_it_watches_and_the_child_ends_hard(folder: Path) -> None:
    until_watched()
    all_see(folder / FLAG, Child(follower(folder / FLAG), os._exit))


def from_a_thread(folder: Path) -> None:
    until_watched()
    children: list[Child] = []
    thread = threading.Thread(target=lambda: children.append(Child(follower(folder / FLAG), os._exit)))
    thread.start()
    thread.join()
    all_see(folder / FLAG, *children)


def after_the_watch_was_closed(folder: Path) -> None:
    until_watched()
    live.current.close()
    child = Child(follower(folder / FLAG))
    live.current.expire()
    live.answer()
    RECORDS.clear()
    wait_until(is_watched_again, what="the parent watches again")
    all_see(folder / FLAG, child)


def is_watched_again() -> bool:
    live.current.expire()
    live.answer()
    return has_said(" watches ")


def again_and_again(folder: Path) -> None:
    """Three generations below the first, all alive at once."""
    flag = folder / FLAG

    def generation(depth: int) -> Callable[[Say], None]:
        def live_on(say: Say) -> None:
            assert is_down() is flag.exists()
            until_watched()
            child = Child(generation(depth - 1)) if depth else None
            if child:
                child.heard()
            say()
            for raised in (True, False, True, False):
                until_seen(raised=raised, who=f"generation {depth} from the last")
                if child:
                    child.heard()
                say()
            if child:
                child.ended()

        return live_on

    until_watched()
    all_see(flag, Child(generation(2)))


@pytest.mark.parametrize(
    "moment",
    [
        before_the_first_look,
        after_loading,
        after_the_first_answer,
        while_it_watches,
        while_it_watches_and_the_child_ends_hard,
        from_a_thread,
        after_the_watch_was_closed,
        again_and_again,
    ],
    ids=lambda moment: moment.__name__.replace("_", " "),
)
def test_after_a_fork_each_process_sees_every_change_through_a_watch_of_its_own(
    tmp_path: Path, moment: Callable[[Path], None]
) -> None:
    run(moment, tmp_path, DOWNTIME_RECHECK=AN_HOUR)


# In the middle of something


def remembers_nothing(folder: Path) -> None:
    until_watched()
    assert not is_down()
    reader, writer = os.pipe()

    def wait(say: Say) -> None:
        os.read(reader, 1)
        assert is_down()

    child = Child(wait)
    (folder / FLAG).touch()
    os.write(writer, b".")
    child.ended()


@pytest.mark.smoke
def test_a_child_does_not_go_on_with_what_its_parent_remembered(tmp_path: Path) -> None:
    run(remembers_nothing, tmp_path, DOWNTIME_RECHECK=AN_HOUR)


HALF_IMPORTED = ("downtime.reload.watch", "watchdog.events", "watchdog.utils", "watchdog.observers.api")


def while_watchdog_is_imported(folder: Path) -> None:
    """Forks for each of these modules, from a process in which that is half imported."""
    for module in HALF_IMPORTED:
        Child(lambda say, module=module: forks_within(module, folder)).ended()


def forks_within(module: str, folder: Path) -> None:
    sys.setswitchinterval(1e-5)
    live.load()
    assert not is_down()
    wait_until(lambda: module in sys.modules, what=f"{module} is being imported")

    def import_and_follow(say: Say) -> None:
        import downtime.reload.watch  # noqa: F401  # as any module of the site could be needed again

        follower(folder / FLAG)(say)

    all_see(folder / FLAG, Child(import_and_follow))


def test_a_fork_while_the_watch_is_being_started_leaves_nothing_half_imported(tmp_path: Path) -> None:
    assert all(map(find_spec, HALF_IMPORTED))
    run(while_watchdog_is_imported, tmp_path, DOWNTIME_RECHECK=AN_HOUR)


def while_the_watch_starts(folder: Path) -> None:
    """Forks at ten moments of the ten milliseconds in which a watch starts, with watchdog imported."""
    import downtime.reload.watch  # noqa: F401

    for step in range(10):
        Child(lambda say, step=step: forks_after(step / 1000, folder)).ended()


def forks_after(seconds: float, folder: Path) -> None:
    flag = folder / FLAG
    assert not is_down()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        pass

    def see(say: Say) -> None:
        assert not is_down()
        until_watched()
        say()
        until_seen(raised=True)
        say()

    child = Child(see)
    until_watched()
    child.heard()
    flag.touch()
    until_seen(raised=True)
    child.heard()
    child.ended()
    flag.unlink()
    until_seen(raised=False)


def test_a_fork_at_any_moment_of_the_watch_s_start_harms_neither_process(tmp_path: Path) -> None:
    run(while_the_watch_starts, tmp_path, DOWNTIME_RECHECK=AN_HOUR)


LONG = "periods:\n" + "  - {start: 2999-01-01}\n" * 5_000 + "  - {start: 2020-01-01}\n"


def while_a_thread_reads(folder: Path) -> None:
    """Forks while it is the turn of a thread, as its first look takes long."""
    schedule = folder / SCHEDULE
    schedule.write_text(LONG)
    reading = threading.Thread(target=lambda: until_seen(raised=True))
    reading.start()
    wait_until(is_locked, what="a thread reads the schedule")

    def answer(say: Say) -> None:
        assert is_locked(parents), "the fork came too late"
        assert is_down()
        until_watched()
        say()
        until_seen(raised=False, who="the child")

    parents = live.current
    child = Child(answer)
    until_seen(raised=True, who="the parent")
    reading.join()
    child.heard()
    until_watched()
    schedule.write_text("")
    until_seen(raised=False, who="the parent")
    child.ended()
    schedule.write_text(OPEN)
    until_seen(raised=True, who="the parent after its child's end")


def is_locked(state: ProcessState | None = None) -> bool:
    schedule = (state or live.current)._schedule
    return schedule is not None and schedule.turn._lock.locked()


def test_a_fork_while_it_is_the_turn_of_a_thread_blocks_nobody(tmp_path: Path) -> None:
    run(while_a_thread_reads, tmp_path, DOWNTIME_RECHECK=AN_HOUR)


def while_a_long_schedule_is_read(folder: Path) -> None:
    """Forks while a thread of the app reads what the watch has told of."""
    until_watched()
    schedule = folder / SCHEDULE
    schedule.write_text(LONG)

    def reader() -> threading.Thread | None:
        return next((thread for thread in threading.enumerate() if thread.name == "downtime-reader"), None)

    wait_until(lambda: reader() is not None, what="a thread reads the schedule")

    def answer(say: Say) -> None:
        assert is_down()
        until_watched()
        say()
        until_seen(raised=False, who="the child")

    child = Child(answer)
    assert reader() is not None, "the fork came too late"
    until_seen(raised=True, who="the parent")
    child.heard()
    schedule.write_text("")
    until_seen(raised=False, who="the parent")
    child.ended()
    schedule.write_text(LONG)
    until_seen(raised=True, who="the parent after its child's end")


def test_a_fork_while_a_thread_reads_a_long_schedule_harms_neither_process(tmp_path: Path) -> None:
    run(while_a_long_schedule_is_read, tmp_path, DOWNTIME_RECHECK=AN_HOUR)


# Under load

# Seconds; long enough for most children to get their first answer between two switches, even on a busy machine.
SWITCH_EVERY = 0.1


class Switcher:
    """Raises and lowers the flag in another process all the time, and counts; an odd count is a switch under way."""

    def __init__(self, flag: Path) -> None:
        self._memory = mmap.mmap(-1, 8)
        self._child = Child(lambda say: self._switch(flag))

    @property
    def count(self) -> int:
        return int.from_bytes(self._memory[:8], "little")

    def stop(self) -> None:
        self._memory[:8] = b"\xff" * 8
        self._child.ended()

    def _switch(self, flag: Path) -> None:
        count = 0
        while self.count == count:
            for count in (count + 1, count + 2):  # noqa: B020
                self._memory[:8] = count.to_bytes(8, "little")
                if count % 2:
                    put(flag, raised=not flag.exists())
            time.sleep(SWITCH_EVERY)
        flag.unlink(missing_ok=True)


def sixty_under_load(folder: Path) -> None:
    flag = folder / FLAG
    switcher = Switcher(flag)
    seen: list[bool] = [False]
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            if (answer := is_down()) is not seen[-1]:
                seen.append(answer)
            time.sleep(0.001)

    def follow(say: Say) -> None:
        before = switcher.count
        answer = is_down()
        if switcher.count == before and before % 2 == 0:
            assert answer is (before // 2 % 2 == 1)
            os.write(checked, b".")
        until_watched()
        for raised in (True, False, True, False):
            until_seen(raised=raised, who="a child under load")

    checks, checked = os.pipe()
    until_watched()
    threads = [threading.Thread(target=ask, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    ends: cycle[End] = cycle([sys.exit, os._exit])
    for _ in range(15):
        children = [Child(follow, end) for _, end in zip(range(4), ends, strict=False)]
        for child in children:
            child.ended()
    is_over.set()
    for thread in threads:
        thread.join()
    switches = switcher.count // 2
    switcher.stop()
    os.close(checked)
    assert len(seen) > switches / 4, f"of {switches} switches, the parent saw {len(seen)}"
    assert len(os.read(checks, 100)) > 20, "hardly any first answer could be checked"
    for raised in (True, False):
        put(flag, raised=raised)
        until_seen(raised=raised, who="the parent after all")


def test_sixty_forks_under_load_all_answer_watch_and_end(tmp_path: Path) -> None:
    run(sixty_under_load, tmp_path, within=120, DOWNTIME_RECHECK=AN_HOUR)


# What is left


def counts_what_it_inherits(folder: Path) -> None:
    until_watched()
    threads, descriptors = running_threads(), open_descriptors()

    def count(say: Say) -> None:
        until_watched()
        assert running_threads() == threads
        say()

    for _ in range(5):
        child = Child(count)
        child.heard()
        child.ended()
        assert (running_threads(), open_descriptors()) == (threads, descriptors)
    assert not has_said("no watch runs")


def test_children_leave_nothing_open_in_their_parent(tmp_path: Path) -> None:
    run(counts_what_it_inherits, tmp_path, DOWNTIME_RECHECK=AN_HOUR)
