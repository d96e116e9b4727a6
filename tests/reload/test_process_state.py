import io
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import pytest_django

from downtime import live
from downtime.schedule.periods import Schedule, Window
from tests.support.clock import Clock
from tests.support.nasty_texts import is_harmless
from tests.support.processes import is_down
from tests.support.snapshot import at, seconds_fresh, until_watch_counts
from tests.support.texts import OPEN
from tests.support.waiting import wait_until

NEXT_YEAR = "periods:\n  - start: 2999-01-01\n"
DAMAGED = "periods:\n  - {start: 2020-01-01}\n  - {start: soon}\n"


def names() -> list[str]:
    """The names of the periods that apply; a flag has none."""
    return [window.period.name for window in live.answer().active]


def replaced(path: Path, text: str) -> None:
    beside = path.with_suffix(".tmp")
    beside.write_text(text)
    os.replace(beside, path)


@pytest.fixture(autouse=True)
def _log_all(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "downtime")


@pytest.fixture
def watching(settings: pytest_django.Settings) -> None:
    """A process that watches, and that would look at the files by itself once in an hour."""
    settings.DOWNTIME_WATCH = "auto"
    settings.DOWNTIME_RECHECK = 3_600


# How long a snapshot holds


def test_without_a_watch_a_process_looks_four_times_as_often(settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_RECHECK = 3_600
    live.answer()
    assert 3_590 / 4 < seconds_fresh() <= 3_600 / 4
    settings.DOWNTIME_WATCH = "auto"
    until_watch_counts()
    assert 3_590 < seconds_fresh() <= 3_600


def test_the_state_changes_at_each_boundary_of_the_schedule(
    settings: pytest_django.Settings, schedule: Path, clock: Clock, file_accesses: list[str]
) -> None:
    settings.DOWNTIME_RECHECK = 3_600
    schedule.write_text(f"periods:\n  - start: {at(400)}\n    end: {at(800)}\n")
    os.utime(schedule, (0, 0))
    live.load()
    assert not is_down()
    assert 300 < seconds_fresh() <= 401
    clock.passes(300)
    assert not is_down()
    clock.passes(200)
    assert is_down()
    assert 200 < seconds_fresh() <= 301
    clock.passes(200)
    assert is_down()
    clock.passes(200)
    assert not is_down()


def test_a_flag_lets_go_at_its_end(settings: pytest_django.Settings, flag: Path, clock: Clock) -> None:
    settings.DOWNTIME_RECHECK = 3_600
    settings.DOWNTIME_FLAG_MAX_AGE = 100
    flag.touch()
    assert is_down()
    assert 50 < seconds_fresh() <= 100
    clock.passes(100)
    assert not is_down()


def test_a_jump_of_the_wall_clock_is_noticed_within_the_same_time(
    settings: pytest_django.Settings, schedule: Path, clock: Clock
) -> None:
    settings.DOWNTIME_RECHECK = 4
    schedule.write_text(f"periods:\n  - {{start: {at(3600)}, end: {at(7200)}}}\n")
    assert not is_down()
    for jump, is_active in ((3700, True), (-3700, False), (5000, True), (5000, False), (-5000, True)):
        clock.jumps(jump)
        clock.passes(1)
        assert is_down() is is_active


# Looking


def test_requests_at_the_same_time_look_once_and_all_are_right(
    settings: pytest_django.Settings, flag: Path, schedule: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DOWNTIME_RECHECK = 400
    looks: list[str] = []
    lstat = os.lstat

    def slow(path: str) -> os.stat_result:
        if path == str(flag):
            looks.append(path)
            time.sleep(0.05)
        return lstat(path)

    monkeypatch.setattr(os, "lstat", slow)
    live.load()
    assert len(looks) == 1
    flag.touch()
    answers: list[bool] = []
    threads = [threading.Thread(target=lambda: answers.append(is_down())) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 20
    assert len(looks) == 2


def test_a_change_that_is_told_of_during_a_look_is_looked_at_next(
    settings: pytest_django.Settings, flag: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DOWNTIME_RECHECK = 400
    lstat = os.lstat

    def overtaken(path: str) -> os.stat_result:
        try:
            return lstat(path)
        finally:
            if path == str(flag) and not flag.exists():
                flag.touch()
                live.current.expire()

    with monkeypatch.context() as patched:
        patched.setattr(os, "lstat", overtaken)
        live.load()
        flag.unlink()
        assert not is_down()
    assert is_down()


class Unusable(os.PathLike[str]):
    """A setting that raises, as a lazy one can."""

    def __fspath__(self) -> str:
        raise RuntimeError("no such secret")


@pytest.mark.parametrize("is_raised", [False, True], ids=["up", "down"])
def test_whatever_fails_the_last_answer_stays_and_the_failure_is_logged(
    settings: pytest_django.Settings, flag: Path, clock: Clock, caplog: pytest.LogCaptureFixture, is_raised: bool
) -> None:
    settings.DOWNTIME_RECHECK = 4
    if is_raised:
        flag.touch()
    assert is_down() is is_raised
    settings.DOWNTIME_FLAG_FILE = Unusable()
    clock.passes(1)
    assert [is_down() for _ in range(3)] == [is_raised] * 3
    assert (live.current.snapshot.up_until > clock.monotonic()) is not is_raised
    assert [record.levelname for record in caplog.records if record.exc_info] == ["ERROR"]
    assert "no such secret" in caplog.text
    assert 0 < seconds_fresh() <= 1
    for _ in range(20):
        clock.passes(1)
        assert is_down() is is_raised
    assert [record.levelname for record in caplog.records if record.exc_info] == ["ERROR"] * 3
    settings.DOWNTIME_FLAG_FILE = flag
    clock.passes(1)
    assert is_down() is is_raised


def test_a_process_that_can_not_look_from_the_start_is_up(settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_SCHEDULE_FILE = Unusable()
    live.load()
    assert not is_down()


def test_a_change_that_was_seen_before_a_failure_is_not_lost(
    schedule: Path, flag: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_down()
    flag.touch()
    schedule.write_text("")
    opened = os.open

    def out_of_memory(path: str, *args: int) -> int:
        if path == str(schedule):
            raise MemoryError
        return opened(path, *args)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", out_of_memory)
        live.answer()
    clock.passes(1)
    assert is_down()


def test_a_flag_counts_even_where_the_schedule_can_not_be_asked(
    schedule: Path, flag: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """And what the schedule said last does too, as long as it said."""
    schedule.write_text(
        f"periods:\n  - {{name: a, start: {at(-10)}, end: {at(100)}}}\n  - {{cron: 0 0 1 1 *, duration: 1h}}\n"
    )
    assert names() == ["a"]

    def broken(*args: object) -> None:
        raise OverflowError("date value out of range")

    with monkeypatch.context() as patched:
        patched.setattr("downtime.schedule.recurrence.CronSearch", broken)
        flag.touch()
        for _ in range(3):
            clock.passes(1)
            assert names() == ["", "a"]
        flag.unlink()
        clock.passes(1)
        assert names() == ["a"]
        clock.passes(100)
        assert names() == []
        assert f"{schedule} can't be asked what applies" in caplog.text
    schedule.write_text(OPEN)
    clock.passes(1)
    assert is_down()


def test_paths_that_change_are_followed(settings: pytest_django.Settings, schedule: Path, flag: Path) -> None:
    flag.touch()
    assert is_down()
    settings.DOWNTIME_FLAG_FILE = [flag.with_name("a"), flag.with_name("b")]
    assert not is_down()
    flag.with_name("b").touch()
    assert is_down()
    settings.DOWNTIME_FLAG_FILE = flag.with_name("c")
    schedule.with_name("other.yml").write_text(OPEN)
    assert not is_down()
    settings.DOWNTIME_SCHEDULE_FILE = schedule.with_name("other.yml")
    assert is_down()
    settings.DOWNTIME_SCHEDULE_FILE = schedule
    assert not is_down()


def test_a_time_zone_and_a_highest_age_that_change_count_at_once(
    settings: pytest_django.Settings, schedule: Path, flag: Path
) -> None:
    """As `override_settings` changes them in the tests of a project."""
    schedule.write_text("periods:\n  - start: 2020-01-01 12:00\n")
    flag.write_text("end: 2999-01-01 12:00\n")
    os.utime(flag, (time.time() - 1000, time.time() - 1000))
    settings.TIME_ZONE = "UTC"
    [raised, period] = live.answer().active
    settings.TIME_ZONE = "Asia/Tokyo"
    [raised_in_tokyo, period_in_tokyo] = live.answer().active
    assert raised.end - raised_in_tokyo.end == period.start - period_in_tokyo.start == timedelta(hours=9)
    settings.DOWNTIME_FLAG_MAX_AGE = 500
    assert len(live.answer().active) == 1


def test_flags_count_in_the_order_of_their_paths(settings: pytest_django.Settings, flag: Path) -> None:
    first, second = flag.with_name("a"), flag.with_name("b")
    settings.DOWNTIME_FLAG_FILE = [first, second]
    second.write_text("b")
    first.write_text("a")
    assert [window.period.message for window in live.answer().active] == ["a", "b"]
    assert [known.path for known in live.overview().known_flags] == [str(first), str(second)]
    first.unlink()
    assert [window.period.message for window in live.answer().active] == ["b"]


def test_no_flag_begins_a_line_of_the_log(
    settings: pytest_django.Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a\n::error::\x1b"
    settings.DOWNTIME_FLAG_FILE = path
    path.write_text("paths: ['/\u202e']\n")
    assert is_down()
    path.unlink()
    assert not is_down()
    messages = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(messages) == 2
    assert all(is_harmless(message) and "\n" not in message for message in messages)


# What runs during a look


class Asking(logging.Formatter):
    """Puts the state of the site before each line, as a site's own formatter, filter or error reporter may."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{'down' if live.is_down() else 'up'} {super().format(record)}"


@pytest.fixture
def asking_handler() -> Iterator[io.StringIO]:
    """What the log says, to a handler that asks whether the site is down."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    handler.setFormatter(Asking())
    logging.getLogger().addHandler(handler)
    yield said
    logging.getLogger().removeHandler(handler)


def in_a_thread(call: Callable[[], object]) -> None:
    """Calls it, and fails if it has not returned after five seconds."""
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(5)
    assert not thread.is_alive(), "it hangs"


def test_a_log_handler_may_ask_whether_the_site_is_down(
    flag: Path, schedule: Path, asking_handler: io.StringIO
) -> None:
    in_a_thread(is_down)
    flag.touch()
    schedule.write_text(DAMAGED)
    in_a_thread(is_down)
    flag.unlink()
    in_a_thread(is_down)
    assert "down the site is down, since " in asking_handler.getvalue()
    assert f"flag {flag} is over" in asking_handler.getvalue()


def test_the_thread_that_starts_a_watch_may_ask_whether_the_site_is_down(
    watching: None, asking_handler: io.StringIO
) -> None:
    in_a_thread(until_watch_counts)
    wait_until(lambda: " watches " in asking_handler.getvalue(), what="that thread has told of it")


class AskingPath(os.PathLike[str]):
    """A setting that asks whether the site is down, as a lazy one can."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __fspath__(self) -> str:
        live.is_down()
        return str(self._path)


def test_a_setting_may_ask_whether_the_site_is_down(settings: pytest_django.Settings, flag: Path) -> None:
    settings.DOWNTIME_FLAG_FILE = AskingPath(flag)
    flag.touch()
    answers: list[bool] = []
    in_a_thread(lambda: answers.append(is_down()))
    assert answers == [True]


def test_a_signal_handler_may_ask_whether_the_site_is_down(flag: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs on the thread of whatever it interrupts, be that a look at the files."""
    asked: list[bool] = []
    lstat = os.lstat

    def interrupted(path: str) -> os.stat_result:
        asked.append(is_down())
        return lstat(path)

    flag.touch()
    monkeypatch.setattr(os, "lstat", interrupted)
    in_a_thread(is_down)
    assert asked == [False]


# What fails or hangs


@pytest.mark.parametrize("call", ["stat", "open"])
def test_whatever_the_schedule_raises_a_flag_counts_and_the_log_says_so_once(
    schedule: Path, flag: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, call: str
) -> None:
    schedule.write_text(NEXT_YEAR)
    called = getattr(os, call)

    def broken(path: object, *args: Any, **kwargs: Any) -> Any:
        if path == str(schedule):
            raise SystemError("error return without exception set")
        return called(path, *args, **kwargs)

    monkeypatch.setattr(os, call, broken)
    assert not is_down()
    flag.touch()
    assert [is_down() for _ in range(20)] == [True] * 20
    flag.unlink()
    assert not is_down()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        f"{schedule} could not be looked at; what applied before still does"
    ]


def test_whatever_a_flag_raises_the_other_flags_and_the_schedule_count(
    settings: pytest_django.Settings, schedule: Path, flag: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = flag.with_name("a"), flag.with_name("b")
    settings.DOWNTIME_FLAG_FILE = [first, second]
    lstat = os.lstat

    def broken(path: str) -> os.stat_result:
        if path == str(first):
            raise MemoryError
        return lstat(path)

    monkeypatch.setattr(os, "lstat", broken)
    assert not is_down()
    second.write_text("b")
    schedule.write_text(OPEN)
    assert wait_until(lambda: len(live.answer().active) == 2, within=5, what="both count") >= 0


def test_whatever_else_a_look_raises_no_request_is_told_and_the_next_one_looks_again(
    flag: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def out_of_memory(*args: object) -> None:
        raise MemoryError

    assert not is_down()
    flag.touch()
    with monkeypatch.context() as patched:
        patched.setattr("downtime.reload.snapshot.Snapshot.until", out_of_memory)
        assert [is_down() for _ in range(5)] == [False] * 5
    assert is_down()
    assert caplog.text.count("the downtime files could not be looked at") == 1


class Nowhere(tzinfo):
    """A time zone in which no time can be told."""

    def utcoffset(self, moment: datetime | None) -> timedelta:
        raise OverflowError("date value out of range")


def test_a_flag_counts_even_if_it_can_not_be_worded_for_the_log(
    flag: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert not is_down()
    flag.touch()
    monkeypatch.setattr("downtime.reload.look_settings.get_default_timezone", Nowhere)
    assert live.answer().active
    assert [record.getMessage() for record in caplog.records if record.exc_info] == [
        "what has begun or ended can't be logged"
    ]


@contextmanager
def hanging_at(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One request hangs in its look at that path, as on a network file system whose server is gone."""
    hung, ending = threading.Event(), threading.Event()

    def hanging(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(called_with: object, *args: Any, **kwargs: Any) -> Any:
            if called_with == str(path):
                hung.set()
                ending.wait(30)
            return call(called_with, *args, **kwargs)

        return wrapper

    thread = threading.Thread(target=is_down, daemon=True)
    with monkeypatch.context() as patched:
        for name in ("stat", "lstat"):
            patched.setattr(os, name, hanging(getattr(os, name)))
        thread.start()
        try:
            assert hung.wait(5)
            yield
        finally:
            ending.set()
            thread.join(5)


def test_a_look_at_the_schedule_that_hangs_keeps_its_own_request_alone(
    schedule: Path, flag: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule.write_text(f"periods:\n  - {{start: {at(100)}, name: soon}}\n")
    assert names() == []
    with hanging_at(schedule, monkeypatch):
        assert names() == []
        flag.touch()
        assert names() == [""]
        flag.unlink()
        assert names() == []
        clock.passes(101)
        assert names() == ["soon"]


def test_a_look_at_a_flag_that_hangs_keeps_its_own_request_alone(
    settings: pytest_django.Settings, schedule: Path, flag: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = flag.parent / "remote" / "downtime.flag"
    settings.DOWNTIME_FLAG_FILE = [remote, flag]
    assert not is_down()
    with hanging_at(remote, monkeypatch):
        flag.touch()
        assert is_down()
        flag.unlink()
        replaced(schedule, OPEN)
        wait_until(is_down, within=5, what="the schedule counts")


def test_no_other_request_looks_into_a_folder_in_which_a_look_hangs(
    settings: pytest_django.Settings,
    watching: None,
    flag: Path,
    monkeypatch: pytest.MonkeyPatch,
    file_accesses: list[str],
) -> None:
    until_watch_counts()
    settings.DOWNTIME_FLAG_FILE = [flag, flag.with_name("other")]
    live.current.expire()
    with hanging_at(flag, monkeypatch):
        file_accesses.clear()
        assert [is_down() for _ in range(20)] == [False] * 20
        assert file_accesses == []


def test_an_overview_is_told_while_a_look_hangs(schedule: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule.write_text(OPEN)
    assert is_down()
    with hanging_at(schedule, monkeypatch):
        assert live.overview().answer.active


# The last good schedule


@pytest.mark.parametrize("content", [DAMAGED.replace("2020", "2999"), "periods: [", "\0"])
def test_a_damaged_schedule_ends_no_downtime_and_starts_none(schedule: Path, content: str) -> None:
    for good, expected in ((OPEN, True), (NEXT_YEAR, False)):
        replaced(schedule, good)
        assert is_down() is expected
        replaced(schedule, content)
        assert [is_down() for _ in range(5)] == [expected] * 5


def test_a_process_that_starts_on_a_damaged_schedule_applies_what_is_sound(schedule: Path) -> None:
    schedule.write_text(DAMAGED)
    assert is_down()
    schedule.write_text(DAMAGED.replace("2020", "2999"))
    assert not is_down()


def test_a_schedule_that_is_gone_holds_for_a_moment_and_then_is_gone(
    settings: pytest_django.Settings, schedule: Path, clock: Clock
) -> None:
    settings.DOWNTIME_RECHECK = 4
    schedule.write_text(OPEN)
    assert is_down()
    clock.passes(10)
    assert is_down()
    schedule.unlink()
    clock.passes(1.01)
    assert is_down()
    clock.passes(1.01)
    assert not is_down()


def test_a_new_schedule_counts_within_twice_the_recheck(
    settings: pytest_django.Settings, schedule: Path, clock: Clock
) -> None:
    settings.DOWNTIME_RECHECK = 4
    schedule.write_text(NEXT_YEAR)
    assert not is_down()
    clock.passes(10)
    assert not is_down()
    replaced(schedule, OPEN)
    passed = 0.0
    while not is_down():
        clock.passes(0.1)
        passed += 0.1
    assert 0.9 < passed < 2.2


def test_a_schedule_has_to_hold_still_however_long_the_look_has_taken_before(
    settings: pytest_django.Settings, schedule: Path, flag: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flag on a slow disk comes first, and the look of another request may have to be waited for."""
    settings.DOWNTIME_RECHECK = 400
    schedule.write_text(NEXT_YEAR)
    assert not is_down()
    clock.passes(100)
    assert not is_down()
    lstat = os.lstat

    def slow(path: str) -> os.stat_result:
        clock.passes(150)
        return lstat(path)

    with monkeypatch.context() as patched:
        patched.setattr(os, "lstat", slow)
        with schedule.open("w") as file:
            file.write("periods:\n  - start: 2020-01-01\n")
            file.flush()
            clock.passes(100)
            assert not is_down()
            file.write("    end: 2020-01-02\n")
        clock.passes(100)
        assert not is_down()


def test_a_look_in_between_postpones_nothing(settings: pytest_django.Settings, schedule: Path, clock: Clock) -> None:
    settings.DOWNTIME_RECHECK = 400
    assert not is_down()
    replaced(schedule, OPEN)
    clock.passes(101)
    assert not is_down()
    clock.passes(60)
    live.current.expire()
    assert not is_down()
    clock.passes(41)
    assert is_down()


# The watch


def test_a_change_is_seen_through_the_watch_alone(
    watching: None, caplog: pytest.LogCaptureFixture, schedule: Path, flag: Path
) -> None:
    until_watch_counts()
    for _ in range(3):
        flag.touch()
        wait_until(is_down, within=5, what="down by the flag")
        flag.unlink()
        wait_until(lambda: not is_down(), within=5, what="up by the flag")
        schedule.write_text(OPEN)
        wait_until(is_down, within=5, what="down by a rewritten schedule")
        replaced(schedule, NEXT_YEAR)
        wait_until(lambda: not is_down(), within=5, what="up by a replaced schedule")


def test_a_schedule_is_not_taken_over_before_its_writer_has_closed_it(
    watching: None, caplog: pytest.LogCaptureFixture, schedule: Path, flag: Path
) -> None:
    schedule.write_text(OPEN)
    until_watch_counts()
    with schedule.open("w") as file:
        file.write("periods:\n")
        file.flush()
        flag.write_text("a flag")
        wait_until(lambda: len(live.answer().active) == 2, within=5, what="the flag is seen")
        flag.unlink()
        wait_until(lambda: len(live.answer().active) == 1, within=5, what="the flag is gone")
        assert is_down()
        file.write("  - start: 2999-01-01\n")
    wait_until(lambda: not is_down(), within=5, what="the whole schedule is taken over")


def test_a_watch_is_started_at_the_first_request_and_only_once(
    settings: pytest_django.Settings, watching: None, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    before = threading.active_count()
    until_watch_counts()
    wait_until(lambda: " watches " in caplog.text, what="the thread that started the watch has told of it")
    for thread in threading.enumerate():
        if thread.name == "downtime-supervisor":
            thread.join(5)
    running = threading.active_count()
    assert running > before
    for _ in range(20):
        clock.passes(100_000)
        live.answer()
    assert threading.active_count() == running
    assert caplog.text.count(" watches ") == 1


def test_no_watch_is_started_where_none_is_wanted(settings: pytest_django.Settings, watching: None) -> None:
    settings.DOWNTIME_WATCH = "none"
    before = threading.active_count()
    live.answer()
    assert threading.active_count() == before


def test_no_watch_is_started_where_threads_are_not_real(
    watching: None, monkeypatch: pytest.MonkeyPatch, flag: Path, clock: Clock
) -> None:
    monkeypatch.setattr("_thread.start_new_thread", lambda *args: pytest.fail("a thread was started"))
    before = threading.active_count()
    assert not is_down()
    assert threading.active_count() == before
    flag.touch()
    clock.passes(3_600 / 4)
    assert is_down()


def test_settings_that_change_end_the_old_watch(
    settings: pytest_django.Settings, watching: None, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    before = threading.active_count()
    until_watch_counts()
    (tmp_path / "other").mkdir()
    settings.DOWNTIME_FLAG_FILE = tmp_path / "other" / "downtime.flag"
    live.current.expire()
    wait_until(lambda: bool(live.answer()) and "other" in caplog.text, within=5, what="the new place is watched")
    (tmp_path / "other" / "downtime.flag").touch()
    wait_until(is_down, within=5, what="down by the other flag")
    settings.DOWNTIME_WATCH = "none"
    live.current.expire()
    live.answer()
    wait_until(lambda: threading.active_count() == before, within=5, what="the watch has ended")


def test_a_dead_watch_costs_latency_and_never_truth(
    watching: None, caplog: pytest.LogCaptureFixture, clock: Clock, tmp_path: Path, flag: Path
) -> None:
    until_watch_counts()
    live.current.close()
    flag.touch()
    assert not is_down()
    clock.passes(3_600)
    assert is_down()


# A long schedule


LONG = "# a long comment\n" * 1_100


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads that have parsed what the schedule holds."""
    names: list[str] = []

    def told(content: bytes) -> Any:
        names.append(threading.current_thread().name)
        return sha256(content)

    monkeypatch.setattr("downtime.files.schedule_file.sha256", told)
    return names


def test_a_long_schedule_is_read_by_a_thread_even_if_no_request_comes(
    watching: None, caplog: pytest.LogCaptureFixture, schedule: Path, readers: list[str], clock: Clock
) -> None:
    schedule.write_text(NEXT_YEAR + LONG)
    until_watch_counts()
    readers.clear()
    replaced(schedule, OPEN + LONG)
    wait_until(is_read_ahead, within=5, what="a thread has begun to read it")
    clock.passes(1_000_000)  # else a request need not wait for it
    assert is_down()
    assert readers == ["downtime-reader"]


def test_a_long_schedule_is_read_by_a_thread_if_only_requests_look_for_it(
    settings: pytest_django.Settings, schedule: Path, readers: list[str], clock: Clock
) -> None:
    settings.DOWNTIME_RECHECK = 1
    schedule.write_text(NEXT_YEAR + LONG)
    assert not is_down()
    clock.passes(10)
    assert not is_down()
    readers.clear()
    replaced(schedule, OPEN + LONG)
    for _ in range(2):
        clock.passes(0.26)
        is_down()
    wait_until(is_down, within=5, what="what the thread has read counts")
    assert readers == ["downtime-reader"]


@pytest.mark.parametrize("reason", ["no request", "threads are not real", "an idle time"])
def test_a_long_schedule_is_read_at_once_for_other_code_without_threads_and_after_an_idle_time(
    settings: pytest_django.Settings,
    schedule: Path,
    readers: list[str],
    clock: Clock,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if reason == "threads are not real":
        monkeypatch.setattr("_thread.start_new_thread", lambda *args: pytest.fail("a thread was started"))
    settings.DOWNTIME_RECHECK = 1
    look = live.is_down if reason == "no request" else is_down
    schedule.write_text(NEXT_YEAR + LONG)
    assert not look()
    clock.passes(10)
    assert not look()
    replaced(schedule, OPEN + LONG)
    for seconds in (10,) if reason == "an idle time" else (0.26, 0.26):
        clock.passes(seconds)
        is_looked_at = look()
    assert is_looked_at
    assert set(readers) == {threading.current_thread().name}


def test_a_schedule_is_read_by_the_next_request_if_no_thread_is_to_be_had(
    watching: None, caplog: pytest.LogCaptureFixture, schedule: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, refused = threading.Thread.start, []

    def unless_ours(thread: threading.Thread) -> None:
        if thread.name == "downtime-reader":
            refused.append(thread.name)
            raise RuntimeError("can't start new thread")
        start(thread)

    schedule.write_text(NEXT_YEAR + LONG)
    until_watch_counts()
    monkeypatch.setattr(threading.Thread, "start", unless_ours)
    replaced(schedule, OPEN + LONG)
    wait_until(is_down, within=5, what="the request has read it")
    assert refused


def is_read_ahead() -> bool:
    """Whether a thread reads the schedule, or has read it for the next request."""
    schedule = live.current._schedule
    return schedule is not None and schedule._reader is not None and schedule._reader.is_reading


# What is to come


def test_what_is_to_come_is_asked_once_for_each_answer(schedule: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    upcoming = Schedule.upcoming

    def counted(schedule: Schedule, now: datetime) -> list[Window]:
        asked.append(now)
        return upcoming(schedule, now)

    monkeypatch.setattr(Schedule, "upcoming", counted)
    for text in (NEXT_YEAR, NEXT_YEAR.replace("2999", "2998")):
        replaced(schedule, text)
        for _ in range(5):
            live.answer()
            assert len(live.upcoming()) == 1
    assert len(asked) == 2
