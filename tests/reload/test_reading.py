import threading
import time
from concurrent.futures import CancelledError
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from downtime.files import disk
from downtime.files.parser import Parsed, parse_bytes
from downtime.files.schedule_file import load_schedule
from downtime.reload import reading
from downtime.reload.reading import Read, Reader, is_long
from tests.support.texts import BERLIN
from tests.support.waiting import wait_until

PADDING = "# a long comment\n" * 1_100
ONE = "periods: [{start: 2026-12-01, name: one}]\n"
TWO = "periods: [{start: 2026-12-01, name: two}]\n"


def names(read: Read | None) -> list[str]:
    """The names of the periods that were read."""
    assert read is not None
    return [period.name for period in read.loaded.parsed.schedule.periods]


def now(reader: Reader, path: Path) -> Read:
    """What is read at once."""
    read = reader.read(disk.fingerprint(str(path)), None, by=0.0)
    assert read is not None
    return read


@pytest.fixture
def reader(schedule: Path) -> Reader:
    """One that has read a long schedule."""
    schedule.write_text(ONE + PADDING)
    reader = Reader(str(schedule), BERLIN)
    assert names(now(reader, schedule)) == ["one"]
    return reader


def test_a_file_is_long_from_16_kib_on(tmp_path: Path) -> None:
    path = tmp_path / "downtime.yml"
    path.write_bytes(b"#" * 16 * 1024)
    assert not is_long(disk.fingerprint(str(path)))
    path.write_bytes(b"#" * (16 * 1024 + 1))
    assert is_long(disk.fingerprint(str(path)))
    assert not is_long(None)


def test_a_reading_tells_when_it_began(reader: Reader, schedule: Path) -> None:
    before = time.monotonic(), time.time_ns()
    read = now(reader, schedule)
    assert before[0] <= read.at <= time.monotonic()
    assert before[1] <= read.at_ns <= time.time_ns()


def test_what_was_read_ahead_is_not_parsed_again_before_anybody_wants_it(
    reader: Reader, schedule: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[bytes] = []

    def told(content: bytes, *args: Any, **kwargs: Any) -> Parsed:
        parsed.append(content)
        return parse_bytes(content, *args, **kwargs)

    monkeypatch.setattr("downtime.files.schedule_file.parse_bytes", told)
    for _ in range(3):
        schedule.write_text(TWO + PADDING)
        is_over = threading.Event()
        reader.read_ahead(is_over.set, time.time_ns())
        assert is_over.wait(5)
    assert names(now(reader, schedule)) == ["two"]
    assert len(parsed) == 1


@pytest.mark.parametrize("anchor", ["", "&a "], ids=["period by period", "as a whole"])
def test_content_that_is_known_is_not_parsed_again(schedule: Path, anchor: str) -> None:
    reader = Reader(str(schedule), BERLIN)
    texts = [f"periods: {anchor}[{{start: 2026-12-0{day}}}]\n" for day in (1, 1, 2, 1)]
    reads = []
    for text in texts:
        schedule.unlink(missing_ok=True)
        schedule.write_text(text)
        reads.append(now(reader, schedule))
    assert [read.loaded.parsed is reads[0].loaded.parsed for read in reads] == [True, True, False, False]
    assert reads[1].loaded.fingerprint != reads[0].loaded.fingerprint
    assert reads[3].loaded.parsed == reads[0].loaded.parsed


def test_a_long_file_is_read_by_a_thread_that_tells_of_its_end(reader: Reader, schedule: Path) -> None:
    schedule.write_text(TWO + PADDING)
    is_over = threading.Event()
    wanted, by = disk.fingerprint(str(schedule)), time.monotonic() + 60
    read = reader.read(wanted, is_over.set, by=by)
    assert read is None or is_over.is_set()
    assert is_over.wait(5)
    assert names(read or reader.read(wanted, None, by=by)) == ["two"]


def test_a_long_file_that_was_read_ahead_is_there_when_it_is_wanted(reader: Reader, schedule: Path) -> None:
    schedule.write_text(TWO + PADDING)
    is_over = threading.Event()
    reader.read_ahead(is_over.set, time.time_ns())
    assert is_over.wait(5)
    ahead = reader.read(disk.fingerprint(str(schedule)), None, by=time.monotonic() + 60)
    assert names(ahead) == ["two"]


def test_what_was_read_ahead_of_a_later_state_is_read_again_if_that_is_late(reader: Reader, schedule: Path) -> None:
    schedule.write_text(TWO + PADDING)
    is_over = threading.Event()
    reader.read_ahead(is_over.set, time.time_ns())
    assert is_over.wait(5)
    schedule.write_text(ONE)
    assert names(now(reader, schedule)) == ["one"]


@pytest.mark.parametrize("is_finished", [True, False])
def test_what_was_read_ahead_counts_after_the_file_has_changed_if_its_writer_had_finished_it(
    reader: Reader, schedule: Path, is_finished: bool
) -> None:
    finished_ns = time.time_ns()
    time.sleep(0.02)  # the kernel's clock ticks
    schedule.write_text(TWO + PADDING)
    is_over = threading.Event()
    reader.read_ahead(is_over.set, time.time_ns() if is_finished else finished_ns)
    assert is_over.wait(5)
    schedule.write_text(ONE + PADDING)
    read = reader.read(disk.fingerprint(str(schedule)), None, by=time.monotonic() + 60)
    assert names(read) == (["two"] if is_finished else ["one"])


def is_being_read() -> bool:
    return any(thread.name == "downtime-reader" for thread in threading.enumerate())


def test_only_one_thread_reads_ahead_and_only_what_is_long_and_there(
    reader: Reader, schedule: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on, opened, count = threading.Event(), reading.disk.os.open, [0]

    def held(*args: object) -> int:
        count[0] += 1
        assert goes_on.wait(5)
        return opened(*args)

    Reader(str(schedule), BERLIN).read_ahead(pytest.fail, time.time_ns())  # it has never been read
    with monkeypatch.context() as patched:
        patched.setattr("os.open", held)
        for _ in range(3):
            reader.read_ahead(lambda: None, time.time_ns())
        wait_until(lambda: count[0] == 1, what="a thread reads it")
        goes_on.set()
        wait_until(lambda: not is_being_read(), what="the thread has ended")
        assert count == [1]
    schedule.write_text(ONE)
    reader.read_ahead(pytest.fail, time.time_ns())
    schedule.unlink()
    reader.read_ahead(pytest.fail, time.time_ns())
    schedule.symlink_to(schedule.name)
    reader.read_ahead(pytest.fail, time.time_ns())
    assert not is_being_read()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(("error", "raised"), [(ZeroDivisionError, ZeroDivisionError), (SystemExit, CancelledError)])
def test_whatever_ends_a_reading_is_raised_where_it_is_wanted_as_an_error_of_its_own(
    reader: Reader,
    schedule: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException],
    raised: type[Exception],
) -> None:
    def fail(*args: object) -> int:
        raise error

    is_over = threading.Event()
    schedule.write_text(TWO + PADDING)
    with monkeypatch.context() as patched:
        patched.setattr("os.open", fail)
        reader.read_ahead(is_over.set, time.time_ns())
        assert is_over.wait(5)
    with pytest.raises(raised):
        now(reader, schedule)
    assert names(now(reader, schedule)) == ["two"]


def test_a_reading_rests_until_somebody_waits_for_it(
    reader: Reader, schedule: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests, waits = [0.0], threading.Event()

    def counted(seconds: float) -> None:
        rests.append(seconds)
        assert waits.wait(5)

    monkeypatch.setattr(reading, "time", SimpleNamespace(**{**vars(time), "sleep": counted}))
    schedule.write_text("periods:\n" + "- {start: 2026-12-01}\n" * 2_000)
    reader.read_ahead(lambda: None, time.time_ns())
    wait_until(lambda: len(rests) > 1, what="it rests")
    opener = threading.Timer(0.1, waits.set)
    opener.start()
    assert len(names(now(reader, schedule))) == 2_000
    assert len(rests) == 2
    opener.join()


def test_a_schedule_is_so_prepared_that_the_first_question_searches_nothing(schedule: Path) -> None:
    schedule.write_text(
        "periods:\n" + "- {cron: '0 3 * * *', duration: 1h}\n- {cron: '5 4 * * SUN', duration: 1h}\n" * 5
    )
    prepared = now(Reader(str(schedule), BERLIN), schedule).loaded.parsed.schedule
    assert sorted(prepared._next) == list(range(10))
    answer = prepared.at(datetime.now(timezone.utc))
    assert answer == load_schedule(str(schedule), BERLIN).parsed.schedule.at(answer.moment)


def test_what_a_schedule_raises_as_it_is_prepared_is_left_to_whoever_asks_it(
    schedule: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise OverflowError

    schedule.write_text("periods: [{cron: '0 3 * * *', duration: 1h}]\n")
    monkeypatch.setattr("downtime.schedule.recurrence.check_expression", lambda expression: None)
    monkeypatch.setattr("downtime.schedule.recurrence.CronSearch", fail)
    read = now(Reader(str(schedule), BERLIN), schedule)
    with pytest.raises(OverflowError):
        read.loaded.parsed.schedule.at(datetime.now(timezone.utc))
