import io
import weakref
from collections.abc import Iterator

import pytest

from downtime.reload import deferred_log
from downtime.reload.deferred_log import DeferredLog, Trouble
from tests.support.logs import broken_filter, levels_of

pytestmark = pytest.mark.usefixtures("log_all")


@pytest.fixture
def raising_filter() -> Iterator[None]:
    with broken_filter("downtime.reload"):
        yield


def failed(log: DeferredLog, *arguments: object) -> None:
    try:
        raise MemoryError
    except MemoryError as error:
        log.failure(error, "%s failed", *arguments)


def test_messages_are_kept_until_they_are_said_once_and_in_order(caplog: pytest.LogCaptureFixture) -> None:
    log = DeferredLog()
    log.info("one %s", 1)
    log.warning("two")
    log.error("three")
    assert caplog.records == []
    log.say()
    log.say()
    assert [record.message for record in caplog.records] == ["one 1", "two", "three"]
    assert levels_of(caplog) == ["INFO", "WARNING", "ERROR"]


def test_the_same_failure_is_said_at_most_every_ten_seconds(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(deferred_log, "monotonic", lambda: now)
    log = DeferredLog()
    for _ in range(25):
        failed(log, "this")
        failed(log, "that")
        log.say()
        now += 1
    messages = [record.message for record in caplog.records]
    assert [messages.count(message) for message in ("this failed", "that failed")] == [3, 3]
    assert caplog.text.count("Traceback") == 6


def test_a_trouble_is_told_once_an_hour_while_it_lasts_and_every_ten_seconds_while_it_comes_and_goes(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(deferred_log, "monotonic", lambda: now)
    log = DeferredLog()
    trouble = Trouble(log)
    for _ in range(25):
        trouble.lasts("cause", "it lasts")
        trouble.is_over()
        now += 1
    log.say()
    assert levels_of(caplog) == ["ERROR"] * 3
    for _ in range(2 * 3600):
        trouble.lasts("cause", "it lasts")
        now += 1
    log.say()
    assert levels_of(caplog) == ["ERROR"] * 2
    trouble.lasts("another", "it lasts")
    log.say()
    assert levels_of(caplog) == ["ERROR"]


def test_a_failure_keeps_nothing_alive_that_the_failed_code_held() -> None:
    class Large:
        pass

    held: list[weakref.ref[Large]] = []

    def fail() -> None:
        large = Large()
        held.append(weakref.ref(large))
        raise MemoryError

    log = DeferredLog()
    try:
        fail()
    except MemoryError as error:
        log.failure(error, "failed")
    assert held[0]() is None


@pytest.mark.usefixtures("raising_filter")
def test_what_logging_raises_goes_to_standard_error_and_no_further(capsys: pytest.CaptureFixture[str]) -> None:
    log = DeferredLog()
    log.warning("one")
    log.warning("two")
    log.say()
    assert capsys.readouterr().err.count("RuntimeError: the filter is broken") == 2


@pytest.mark.usefixtures("raising_filter")
def test_a_closed_standard_error_is_no_error_of_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr("sys.stderr", closed)
    log = DeferredLog()
    log.warning("one")
    log.say()
