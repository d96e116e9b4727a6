import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timezone
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from downtime.reload.deferred_log import DeferredLog
from downtime.reload.schedule_tracker import ScheduleTracker
from tests.support.clock import Clock
from tests.support.logs import levels_of
from tests.support.nasty_texts import is_harmless
from tests.support.texts import BERLIN
from tests.support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log_all")

LOG = DeferredLog()
STABLE_FOR = 1.0
RECHECK = 1.0
ONE = "periods:\n  - {start: 2020-01-01, name: one}\n"
TWO = f"{ONE}  - {{start: 2020-01-01, name: two}}\n"
PADDING = "# a long comment\n" * 1_100
DAMAGED = f"{ONE}  - {{start: 2020-02-30, name: two}}\n"


def looked(
    tracked: ScheduleTracker,
    *,
    stable_for: float = STABLE_FOR,
    finished: int | None = None,
    on_read: Callable[[], None] | None = None,
) -> list[str]:
    """The names of the periods that are in force after a look at the file."""
    if finished is not None:
        tracked.finished(finished)
    tracked.look(timezone.utc, stable_for=stable_for, recheck=RECHECK, on_read=on_read)
    LOG.say()
    return [period.name for period in tracked.schedule.periods]


@pytest.fixture
def tracked(schedule: Path, clock: Clock) -> ScheduleTracker:
    """The schedule `ONE`, which was read, and long ago."""
    schedule.write_text(ONE)
    tracked = ScheduleTracker(str(schedule), LOG)
    assert looked(tracked) == ["one"]
    clock.passes(10)
    assert looked(tracked) == ["one"]
    assert tracked.due == float("inf")
    return tracked


@pytest.mark.parametrize(
    ("content", "names"),
    [(None, []), ("", []), (ONE, ["one"]), (DAMAGED, ["one"]), ("periods: [", []), ("5", [])],
    ids=["missing", "empty", "good", "a period with a problem", "no YAML", "a number"],
)
def test_what_is_sound_applies_from_the_first_look(schedule: Path, content: str | None, names: list[str]) -> None:
    if content is not None:
        schedule.write_text(content)
    assert looked(ScheduleTracker(str(schedule), LOG)) == names


def test_a_change_is_taken_over_once_it_has_held_still(tracked: ScheduleTracker, schedule: Path, clock: Clock) -> None:
    for half in ("", "periods:\n", "periods:\n  - {start: 2020-01-01}\n", TWO):
        schedule.write_text(half)
        assert looked(tracked) == ["one"]
        clock.passes(0.6)
        assert looked(tracked) == ["one"]
    assert 0 < tracked.due - clock.monotonic() < 0.4
    clock.passes(0.4)
    assert looked(tracked) == ["one", "two"]


def test_a_change_is_taken_over_at_once_when_its_writer_has_finished(tracked: ScheduleTracker, schedule: Path) -> None:
    schedule.write_text(TWO)
    assert looked(tracked, finished=time.time_ns()) == ["one", "two"]


def test_a_writer_that_goes_on_has_not_finished(tracked: ScheduleTracker, schedule: Path) -> None:
    finished = time.time_ns()
    time.sleep(0.02)  # the kernel's clock ticks
    schedule.write_text(TWO)
    assert looked(tracked, finished=finished) == ["one"]


def test_that_a_writer_has_finished_counts_for_the_next_look_only(tracked: ScheduleTracker, schedule: Path) -> None:
    """A write that follows within the same tick of the clock would seem to be finished too."""
    assert looked(tracked, finished=time.time_ns() + 10_000_000_000) == ["one"]
    schedule.write_text(TWO)
    assert looked(tracked) == ["one"]


@pytest.mark.parametrize("is_long", [False, True], ids=["short", "long"])
def test_a_file_that_is_replaced_before_it_is_read_has_not_held_still(
    tracked: ScheduleTracker, schedule: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, is_long: bool
) -> None:
    padding, is_over = PADDING if is_long else "", threading.Event()
    schedule.write_text(padding)
    looked(tracked)
    opened = os.open

    def overtaken(path: str, *args: int) -> int:
        if path == str(schedule):
            schedule.write_text(TWO + padding)
        return opened(path, *args)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", overtaken)
        assert looked(tracked, finished=time.time_ns(), on_read=is_over.set) == ["one"]
    assert looked(tracked, on_read=is_over.set) == ["one"]
    assert not is_over.is_set(), "no thread reads what nobody wants"
    clock.passes(STABLE_FOR)
    assert looked(tracked) == ["one", "two"]


def test_gone_has_to_hold_still_as_well(tracked: ScheduleTracker, schedule: Path, clock: Clock) -> None:
    schedule.unlink()
    assert looked(tracked, finished=time.time_ns()) == ["one"]
    clock.passes(0.6)
    assert looked(tracked) == ["one"]
    clock.passes(0.6)
    assert looked(tracked) == []


@pytest.mark.parametrize("change", [lambda path: path.write_text(TWO), Path.unlink], ids=["changed", "gone"])
def test_after_an_idle_time_a_change_is_waited_for(
    tracked: ScheduleTracker, schedule: Path, clock: Clock, change: Callable[[Path], object]
) -> None:
    """Else the first request would be decided by what has not been true for long."""
    change(schedule)
    clock.passes(1.5 * RECHECK)
    before = clock.monotonic()
    assert looked(tracked) == (["one", "two"] if schedule.exists() else [])
    assert RECHECK / 4 <= clock.monotonic() - before < RECHECK


def test_a_wait_for_the_writer_that_fails_is_made_again(
    tracked: ScheduleTracker, schedule: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule.write_text(TWO)
    clock.passes(100)
    stat, calls = os.stat, []

    def stale(path: Any, **kwargs: Any) -> os.stat_result:
        calls.append(path)
        if len(calls) == 2:
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        return stat(path, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", stale)
        assert looked(tracked) == ["one"]
    assert len(calls) == 2
    assert looked(tracked) == ["one", "two"]


@pytest.mark.parametrize("finished", [True, False], ids=["finished", "unchanged"])
def test_after_an_idle_time_nobody_waits_without_need(
    tracked: ScheduleTracker, schedule: Path, clock: Clock, finished: bool
) -> None:
    if finished:
        schedule.write_text(TWO)
    clock.passes(100)
    before = clock.monotonic()
    assert looked(tracked, finished=time.time_ns()) == (["one", "two"] if finished else ["one"])
    assert clock.monotonic() - before < RECHECK / 8


def test_after_an_idle_time_too_a_file_that_is_being_written_is_no_change(
    tracked: ScheduleTracker, schedule: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule.write_text("periods:\n")
    clock.passes(100)
    monkeypatch.setattr(clock, "sleep", lambda seconds: (clock.passes(seconds), schedule.write_text(TWO)))
    assert looked(tracked) == ["one"]
    clock.passes(STABLE_FOR)
    assert looked(tracked) == ["one", "two"]


def test_a_change_counts_within_two_rechecks_of_the_last_look_before_it(
    tracked: ScheduleTracker, schedule: Path, clock: Clock
) -> None:
    schedule.write_text(TWO)
    before = clock.monotonic()
    clock.passes(1.1 * RECHECK)
    assert looked(tracked) == ["one"]
    assert 0 <= before + 2 * RECHECK - tracked.due < 0.1
    clock.passes(0.9 * RECHECK)
    assert looked(tracked) == ["one", "two"]


def test_gone_for_a_moment_is_no_change(tracked: ScheduleTracker, schedule: Path, clock: Clock) -> None:
    """As when vim or git writes the file."""
    aside = schedule.rename(schedule.with_suffix(".aside"))
    assert looked(tracked) == ["one"]
    clock.passes(0.6)
    aside.rename(schedule)
    assert looked(tracked) == ["one"]
    clock.passes(0.6)
    assert looked(tracked) == ["one"]
    clock.passes(0.6)
    assert looked(tracked) == ["one"]


@pytest.mark.parametrize("content", [DAMAGED, "periods: [", "\0", "5"], ids=["a period", "no YAML", "NUL", "a number"])
def test_the_last_good_schedule_stays_whole_when_the_file_is_damaged(
    tracked: ScheduleTracker, schedule: Path, clock: Clock, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    schedule.write_text(content)
    looked(tracked)
    clock.passes(2)
    assert looked(tracked) == ["one"]
    assert f"{schedule}:" in caplog.records[0].message
    assert "the last good schedule stays" in caplog.records[0].message
    assert levels_of(caplog) == ["ERROR"]
    for _ in range(5):
        clock.passes(2)
        assert looked(tracked) == ["one"]
    assert levels_of(caplog) == []
    schedule.write_text(TWO)
    looked(tracked)
    clock.passes(2)
    assert looked(tracked) == ["one", "two"]
    assert levels_of(caplog) == ["INFO"]


def test_lines_that_only_moved_make_another_schedule_for_whoever_names_them(
    tracked: ScheduleTracker, schedule: Path, clock: Clock
) -> None:
    schedule.write_text(f"# Moved.\n{ONE}")
    seen = [tracked.schedule]
    for _ in range(4):
        clock.passes(1)
        looked(tracked)
        seen.append(tracked.schedule)
    assert len(set(map(id, seen))) == 2
    assert [period.line for period in tracked.schedule.periods] == [3]


def test_each_change_of_the_problems_is_logged_once(
    tracked: ScheduleTracker, schedule: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for content, levels in [
        (DAMAGED, ["ERROR"]),
        (f"{DAMAGED}# with a remark\n", ["ERROR"]),
        ("periods: [", ["ERROR"]),
        (TWO, ["INFO"]),
        (DAMAGED, ["ERROR"]),
    ]:
        schedule.write_text(content)
        looked(tracked)
        clock.passes(5)
        looked(tracked)
        clock.passes(5)
        looked(tracked)
        assert levels_of(caplog) == levels


def test_a_damage_that_lasts_is_logged_again_each_hour(
    tracked: ScheduleTracker, schedule: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    schedule.write_text(DAMAGED)
    for _ in range(25):
        looked(tracked)
        clock.passes(600)
    assert levels_of(caplog) == ["ERROR"] * 4  # at 10, 70, 130 and 190 minutes
    schedule.write_text(TWO)
    for _ in range(25):
        looked(tracked)
        clock.passes(600)
    assert levels_of(caplog) == ["INFO"]
    schedule.write_text(DAMAGED)
    looked(tracked)
    clock.passes(600)
    looked(tracked)
    assert levels_of(caplog) == ["ERROR"]


def test_the_log_does_not_grow_with_the_number_of_problems(schedule: Path, caplog: pytest.LogCaptureFixture) -> None:
    schedule.write_text("periods:\n" + "  - {start: x}\n" * 1000)
    looked(ScheduleTracker(str(schedule), LOG))
    assert "(101)" in caplog.records[0].message
    assert len(caplog.records[0].message.splitlines()) == 21


def test_a_file_that_can_not_be_looked_at_changes_nothing(
    tracked: ScheduleTracker, schedule: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    schedule.unlink()
    schedule.symlink_to(schedule)
    for _ in range(3):
        clock.passes(5)
        assert looked(tracked) == ["one"]
    assert levels_of(caplog) == ["ERROR"]
    schedule.unlink()
    schedule.write_text(TWO)
    looked(tracked)
    clock.passes(5)
    assert looked(tracked) == ["one", "two"]


def test_a_process_can_start_on_a_file_that_can_not_be_looked_at(schedule: Path, clock: Clock) -> None:
    schedule.symlink_to(schedule)
    tracked = ScheduleTracker(str(schedule), LOG)
    assert looked(tracked) == []
    assert tracked.due == float("inf")
    schedule.unlink()
    schedule.write_text(ONE)
    assert looked(tracked) == ["one"]


def test_a_second_write_within_a_tick_of_the_clock_is_not_lost(
    schedule: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On kernels before 6.13 it leaves no trace in the times of the file."""
    tick = time.time_ns()

    def coarse(call: Any) -> Any:
        def wrapper(*args: Any, **kwargs: Any) -> os.stat_result:
            status = call(*args, **kwargs)
            return os.stat_result(tuple(status), {"st_mtime_ns": tick, "st_ctime_ns": tick})

        return wrapper

    monkeypatch.setattr(os, "stat", coarse(os.stat))
    monkeypatch.setattr(os, "fstat", coarse(os.fstat))
    schedule.write_text(ONE)
    tracked = ScheduleTracker(str(schedule), LOG)
    assert looked(tracked, stable_for=0.25) == ["one"]
    schedule.write_text(ONE.replace("one", "two"))
    assert 0 < tracked.due - clock.monotonic() <= 0.5
    clock.passes(0.5)
    assert looked(tracked, stable_for=0.25) == ["two"]
    assert tracked.due == float("inf")


@pytest.mark.parametrize(
    ("contents", "problems", "is_ignored"),
    [([ONE], 0, False), ([DAMAGED], 1, False), ([ONE, DAMAGED], 1, True), ([ONE, DAMAGED, TWO], 0, False)],
    ids=["good", "damaged from the start", "damaged later", "mended"],
)
def test_what_is_known_of_the_schedule_is_of_its_last_reading(
    schedule: Path, clock: Clock, contents: list[str], problems: int, is_ignored: bool
) -> None:
    tracked = ScheduleTracker(str(schedule), LOG)
    assert (tracked.known.read_at, tracked.known.problems) == (None, ())
    for content in contents:
        clock.passes(10)
        schedule.write_text(content)
        looked(tracked)
        clock.passes(10)
        looked(tracked)
    assert tracked.known.read_at == pytest.approx(clock.time(), abs=11)
    assert tracked.known.modified_at is not None
    assert tracked.known.modified_at.timestamp() == pytest.approx(schedule.stat().st_mtime, abs=0.001)
    assert (len(tracked.known.problems), tracked.known.is_ignored) == (problems, is_ignored)


def test_no_path_or_text_begins_a_line_of_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "a\n::error::\x1b"
    path.write_text("a: *\x9b\n")
    looked(ScheduleTracker(str(path), LOG))
    (tmp_path / "a\nloop").symlink_to("a\nloop")
    looked(ScheduleTracker(str(tmp_path / "a\nloop" / "b"), LOG))
    assert [len(record.getMessage().splitlines()) for record in caplog.records] == [2, 1]
    assert all(is_harmless(record.getMessage()) for record in caplog.records)


# A long schedule is read on a thread


class Gate:
    """Holds each thread that parses a long schedule back until it is opened."""

    def __init__(self) -> None:
        self.is_open = threading.Event()
        self.is_over = threading.Event()
        self.is_used = False
        self.on_open: Callable[[], object] = lambda: None


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate()

    def held(content: bytes) -> Any:
        if threading.current_thread().name == "downtime-reader":
            gate.is_used = True
            assert gate.is_open.wait(10)
            gate.on_open()
        return sha256(content)

    monkeypatch.setattr("downtime.files.schedule_file.sha256", held)
    yield gate
    gate.is_open.set()


def begun(tracked: ScheduleTracker, gate: Gate, schedule: Path, text: str) -> None:
    """Writes the text, and has a thread begin to read it."""
    schedule.write_text(text + PADDING)
    assert looked(tracked, finished=time.time_ns(), on_read=gate.is_over.set) == ["one"]


def test_no_look_waits_for_a_long_schedule_that_a_thread_reads(
    tracked: ScheduleTracker, schedule: Path, clock: Clock, gate: Gate
) -> None:
    begun(tracked, gate, schedule, TWO)
    assert looked(tracked) == ["one"]
    assert 0 < tracked.due - clock.monotonic() <= 2 * RECHECK
    gate.is_open.set()
    assert gate.is_over.wait(5)
    assert looked(tracked) == ["one", "two"]
    assert gate.is_used


@pytest.mark.parametrize("looks_after", [[1.3], [1.0, 1.0]], ids=["an idle time", "its time is over"])
def test_a_long_schedule_is_waited_for_once_it_has_to_be_in_force(
    tracked: ScheduleTracker, schedule: Path, clock: Clock, gate: Gate, looks_after: list[float]
) -> None:
    begun(tracked, gate, schedule, TWO)
    for seconds in looks_after[:-1]:
        clock.passes(seconds)
        assert looked(tracked) == ["one"]
    clock.passes(looks_after[-1])
    opener = threading.Timer(0.2, gate.is_open.set)
    opener.start()
    assert looked(tracked) == ["one", "two"]
    opener.join()


def test_what_was_read_counts_although_the_file_has_been_replaced_meanwhile(
    tracked: ScheduleTracker, schedule: Path, clock: Clock, gate: Gate
) -> None:
    """Else a schedule that is rewritten again and again would never change."""
    begun(tracked, gate, schedule, TWO)
    gate.is_open.set()
    assert gate.is_over.wait(5)
    schedule.write_text(PADDING)
    assert looked(tracked) == ["one", "two"]
    clock.passes(STABLE_FOR)
    assert looked(tracked) == []


def test_what_its_writer_had_finished_counts_although_it_was_replaced_before_anybody_looked(
    tracked: ScheduleTracker, schedule: Path, clock: Clock, gate: Gate
) -> None:
    """However often it is rewritten: each state that the watch has had read is one that was there as a whole."""
    schedule.write_text(TWO + PADDING)
    tracked.finished(time.time_ns() + 10**10, gate.is_over.set)
    wait_until(lambda: gate.is_used, what="it is being parsed")
    schedule.write_text(PADDING)
    assert looked(tracked, finished=time.time_ns() + 10**10, on_read=gate.is_over.set) == ["one"]
    gate.is_open.set()
    assert gate.is_over.wait(5)
    assert looked(tracked) == ["one", "two"]
    clock.passes(STABLE_FOR)
    assert looked(tracked) == []


def test_what_a_reading_raises_is_raised_by_a_look_and_the_next_one_reads_again(
    tracked: ScheduleTracker, schedule: Path, gate: Gate
) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    begun(tracked, gate, schedule, TWO)
    gate.on_open = fail
    gate.is_open.set()
    assert gate.is_over.wait(5)
    with pytest.raises(ZeroDivisionError):
        looked(tracked)
    assert looked(tracked) == ["one", "two"]


def test_a_time_zone_counts_at_once_whatever_is_being_read(
    tracked: ScheduleTracker, schedule: Path, gate: Gate
) -> None:
    begun(tracked, gate, schedule, TWO)
    tracked.look(BERLIN, stable_for=STABLE_FOR, recheck=RECHECK, on_read=gate.is_over.set)
    assert [period.start.hour for period in tracked.schedule.periods] == [23, 23]
    gate.is_open.set()
    assert gate.is_over.wait(5)
    tracked.look(BERLIN, stable_for=STABLE_FOR, recheck=RECHECK, on_read=gate.is_over.set)
    assert [period.start.hour for period in tracked.schedule.periods] == [23, 23]


@pytest.mark.parametrize("padding", ["", PADDING], ids=["short", "long"])
def test_after_an_idle_time_the_last_state_counts_whatever_is_being_read(
    tracked: ScheduleTracker, schedule: Path, clock: Clock, gate: Gate, padding: str
) -> None:
    begun(tracked, gate, schedule, TWO)
    clock.passes(2 * RECHECK)
    schedule.write_text(TWO.replace("one", "three") + padding)
    opener = threading.Timer(0.2, gate.is_open.set)
    opener.start()
    assert looked(tracked, finished=time.time_ns() + 10**10, on_read=gate.is_over.set) == ["three", "two"]
    opener.join()


def test_a_state_counts_in_time_even_if_an_earlier_one_takes_long_to_read(
    tracked: ScheduleTracker, schedule: Path, clock: Clock, gate: Gate
) -> None:
    begun(tracked, gate, schedule, TWO)
    clock.passes(0.9)
    assert looked(tracked) == ["one"]
    schedule.write_text(TWO.replace("one", "three"))
    clock.passes(0.9)
    assert looked(tracked) == ["one"]
    gate.is_open.set()
    assert gate.is_over.wait(5)
    clock.passes(1.15)
    assert looked(tracked) == ["three", "two"]


@pytest.mark.parametrize("obstacle", ["short", "no thread", "once more"])
def test_a_schedule_is_read_at_once_if_that_takes_no_time_or_there_is_no_thread(
    tracked: ScheduleTracker, schedule: Path, gate: Gate, clock: Clock, obstacle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    if obstacle == "no thread":
        monkeypatch.setattr(threading.Thread, "start", refused)
    schedule.write_text(TWO + ("" if obstacle == "short" else PADDING))
    looked(tracked)
    finished = time.time_ns()
    if obstacle == "once more":
        assert looked(tracked, finished=finished) == ["one", "two"]
        clock.passes(2 * STABLE_FOR)
    assert looked(tracked, finished=finished, on_read=gate.is_over.set) == ["one", "two"]
    assert not gate.is_used


def test_equal_content_is_the_same_schedule_as_before(
    tracked: ScheduleTracker, schedule: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    before = tracked.schedule
    for content in (ONE, ONE, f"{ONE}# other\n"):
        schedule.write_text(content)
        assert looked(tracked, finished=time.time_ns()) == ["one"]
        assert (tracked.schedule is before) is (content == ONE)
        clock.passes(10)
    assert levels_of(caplog) == ["INFO"]
