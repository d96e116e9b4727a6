import os
import time
from datetime import timezone
from pathlib import Path

import pytest

from downtime.reload.deferred_log import DeferredLog
from downtime.reload.flag_tracker import FlagTracker
from downtime.reload.schedule_tracker import ReadState
from tests.support.clock import Clock
from tests.support.limits import no_descriptor_left
from tests.support.logs import levels_of
from tests.support.nasty_texts import is_harmless

pytestmark = pytest.mark.usefixtures("log_all")

LOG = DeferredLog()


def message(tracked: FlagTracker, *, max_age: float | None = None) -> str | None:
    """The message of the flag after a look at it; None if it is not raised."""
    tracked.look(timezone.utc, max_age=max_age)
    LOG.say()
    return None if tracked.flag is None else tracked.flag.period.message


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "folder" / "flag"
    path.parent.mkdir()
    return path


@pytest.fixture
def tracked(path: Path) -> FlagTracker:
    return FlagTracker(str(path), LOG)


def test_a_flag_is_raised_rewritten_and_lowered(tracked: FlagTracker, path: Path) -> None:
    assert message(tracked) is None
    path.write_text("a")
    assert message(tracked) == "a"
    path.write_text("a, later")
    assert message(tracked) == "a, later"
    path.unlink()
    assert message(tracked) is None


def test_a_flag_that_stays_as_it_is_stays_the_same_period(tracked: FlagTracker, path: Path) -> None:
    path.write_text("a")
    message(tracked)
    flag = tracked.flag
    assert flag is not None
    for _ in range(3):
        message(tracked)
        assert tracked.flag is flag


def test_a_folder_that_is_gone_holds_no_flag(tracked: FlagTracker, path: Path) -> None:
    path.write_text("a")
    assert message(tracked) == "a"
    path.parent.rename(path.parent.with_name("other"))
    assert message(tracked) is None


@pytest.mark.parametrize("text", [None, "a"], ids=["not raised", "raised"])
def test_a_flag_that_can_not_be_looked_at_counts_as_before(
    tracked: FlagTracker, path: Path, tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture, text: str | None
) -> None:
    if text is not None:
        path.write_text(text)
    assert message(tracked) == text
    levels_of(caplog)
    for _ in range(2):
        path.parent.rename(tmp_path / "aside")
        path.parent.symlink_to(path.parent)
        assert [message(tracked) for _ in range(3)] == [text] * 3
        assert levels_of(caplog) == ["ERROR"]
        path.parent.unlink()
        (tmp_path / "aside").rename(path.parent)
        assert message(tracked) == text
        assert levels_of(caplog) == []
        clock.passes(10)


def test_a_flag_that_could_not_be_read_is_read_again_and_counts_for_the_whole_site_meanwhile(
    tracked: FlagTracker, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_text("paths: [/shop]\nmessage: a\n")
    with no_descriptor_left():
        assert [message(tracked) for _ in range(3)] == [""] * 3
        assert tracked.flag is not None
        assert tracked.flag.period.is_whole
        assert "Too many open files" in tracked.known.problems[0].message
    assert levels_of(caplog) == ["WARNING"]
    assert message(tracked) == "a"
    assert tracked.flag.period.paths == ("/shop",)
    assert tracked.known.problems == ()


def test_a_rewritten_flag_that_can_not_be_read_counts_for_the_whole_site(tracked: FlagTracker, path: Path) -> None:
    path.write_text("paths: [/shop]\n")
    message(tracked)
    path.write_text("paths: [/shop, /cart]\n")
    with no_descriptor_left():
        message(tracked)
        assert tracked.flag is not None
        assert tracked.flag.period.is_whole
    message(tracked)
    assert tracked.flag.period.paths == ("/shop", "/cart")


@pytest.mark.parametrize("text", [None, "a"], ids=["not raised before", "raised before"])
def test_whatever_reading_raises_the_flag_counts_and_is_read_again(
    tracked: FlagTracker, path: Path, text: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if text is not None:
        path.write_text(text)
        message(tracked)
    path.write_text("b, later")

    def broken(path: str, *args: object) -> int:
        raise SystemError("error return without exception set")

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", broken)
        for _ in range(3):
            with pytest.raises(SystemError):
                message(tracked)
            assert tracked.flag is not None
            assert tracked.flag.period.message == (text or "")
    assert message(tracked) == "b, later"


def test_a_flag_that_is_no_text_is_not_read_again(
    tracked: FlagTracker, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(b"\xff")
    message(tracked)
    monkeypatch.setattr(os, "open", lambda *args: pytest.fail("it was read again"))
    message(tracked)
    assert len(tracked.known.problems) == 1


def test_what_is_not_understood_in_a_flag_is_logged_once_for_each_change(
    tracked: FlagTracker, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_text("end: soon\nmessage: a\n")
    assert [message(tracked) for _ in range(3)] == ["a"] * 3
    assert levels_of(caplog) == ["WARNING"]
    path.write_text("end: later\nmessage: a\n")
    assert message(tracked) == "a"
    assert f"{path}:1: end is 'later'" in caplog.records[-1].message


def test_the_age_of_a_flag_counts_from_its_last_write(tracked: FlagTracker, path: Path) -> None:
    path.touch()
    os.utime(path, (1000, 1000))
    message(tracked, max_age=60)
    assert tracked.flag is not None
    assert tracked.flag.period.end.timestamp() == 1060
    path.touch()
    message(tracked, max_age=60)
    assert tracked.flag.period.end.timestamp() > time.time()


def test_what_is_known_of_a_flag_is_of_its_last_reading(tracked: FlagTracker, path: Path, clock: Clock) -> None:
    path.write_text("message: Soon.\nnonsense: 1\n")
    message(tracked)
    known = tracked.known
    assert (known.path, len(known.problems)) == (str(path), 1)
    assert known.read_at == pytest.approx(clock.time(), abs=1)
    clock.passes(10)
    message(tracked)
    assert tracked.known == known
    path.unlink()
    message(tracked)
    assert tracked.known == ReadState(str(path))


def test_no_path_or_text_begins_a_line_of_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "a\n::error::\x1b"
    folder.mkdir()
    (folder / "loop").symlink_to("loop")
    (folder / "flag").write_text("message: *\x9b\n")
    message(FlagTracker(str(folder / "flag"), LOG))
    message(FlagTracker(str(folder / "loop" / "flag"), LOG))
    assert len(caplog.records) == 2
    assert all(is_harmless(record.getMessage()) and "\n" not in record.getMessage() for record in caplog.records)
