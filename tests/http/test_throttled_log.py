import io
from collections.abc import Iterator

import pytest

from downtime.http import throttled_log
from downtime.http.throttled_log import ThrottledLogger
from tests.support.logs import broken_filter


def test_the_same_is_said_at_most_every_ten_seconds(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("downtime.http.throttled_log.monotonic", lambda: now)
    logger = ThrottledLogger("downtime.test")
    for _ in range(25):
        try:
            raise RuntimeError("broken")
        except RuntimeError:
            logger.exception("%s failed", "this")
            logger.exception("%s failed", "that")
        logger.warning("beware")
        now += 1
    messages = [record.message for record in caplog.records]
    assert [messages.count(message) for message in ("this failed", "that failed", "beware")] == [3, 3, 3]
    assert caplog.text.count("RuntimeError: broken") == 6


def test_another_exception_is_another_thing(caplog: pytest.LogCaptureFixture) -> None:
    for error in (KeyError, ValueError, KeyError):
        try:
            raise error
        except (KeyError, ValueError):
            ThrottledLogger("downtime.test").exception("this failed")
    assert len(caplog.records) == 2


def test_what_was_said_does_not_grow_without_bound(caplog: pytest.LogCaptureFixture) -> None:
    for number in range(250):
        ThrottledLogger("downtime.test").warning(f"number {number}")
    assert len(caplog.records) == 250
    assert len(throttled_log._silent_until) <= 100


@pytest.fixture
def raising_filter() -> Iterator[None]:
    with broken_filter("downtime.test"):
        yield


@pytest.mark.usefixtures("raising_filter")
def test_what_logging_raises_goes_to_standard_error_and_no_further(capsys: pytest.CaptureFixture[str]) -> None:
    ThrottledLogger("downtime.test").warning("this failed")
    assert "RuntimeError: the filter is broken" in capsys.readouterr().err


@pytest.mark.usefixtures("raising_filter")
def test_a_closed_standard_error_is_no_error_of_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr("sys.stderr", closed)
    ThrottledLogger("downtime.test").warning("this failed")
