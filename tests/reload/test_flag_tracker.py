import os
import time
from datetime import timezone
from pathlib import Path

import pytest

from downtime.reload.flag_tracker import FlagTracker
from downtime.reload.schedule_tracker import ReadState
from tests.support.clock import Clock
from tests.support.logs import levels_of

pytestmark = pytest.mark.usefixtures("log_all")


def messages(tracked: FlagTracker, *, max_age: float | None = None) -> list[str]:
    """The messages of the raised flags after a look at them."""
    before = tracked.raised
    has_changed = tracked.look(timezone.utc, max_age=max_age)
    assert has_changed == (tracked.raised != before)
    return [raised.period.message for raised in tracked.raised]


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    return [tmp_path / "a" / "flag", tmp_path / "b" / "flag"]


@pytest.fixture
def flags(paths: list[Path]) -> FlagTracker:
    for path in paths:
        path.parent.mkdir()
    return FlagTracker(tuple(map(str, paths)))


def test_flags_are_raised_rewritten_and_lowered(
    flags: FlagTracker, paths: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    first, second = paths
    assert messages(flags) == []
    second.write_text("b")
    assert messages(flags) == ["b"]
    first.write_text("a")
    assert messages(flags) == ["a", "b"]
    second.write_text("b, later")
    assert messages(flags) == ["a", "b, later"]
    first.unlink()
    assert messages(flags) == ["b, later"]
    second.unlink()
    assert messages(flags) == []
    assert levels_of(caplog) == ["INFO"] * 5


def test_a_folder_that_is_gone_holds_no_flag(flags: FlagTracker, paths: list[Path]) -> None:
    paths[0].write_text("a")
    assert messages(flags) == ["a"]
    paths[0].parent.rename(paths[0].parent.with_name("c"))
    assert messages(flags) == []


def test_a_flag_that_can_not_be_looked_at_counts_as_before(
    flags: FlagTracker, paths: list[Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paths[0].write_text("a")
    assert messages(flags) == ["a"]
    levels_of(caplog)
    folder, other = (path.parent for path in paths)
    folder.rename(tmp_path / "aside")
    for _ in range(2):
        folder.symlink_to(folder)
        other.rmdir()
        other.symlink_to(other)
        assert [messages(flags) for _ in range(3)] == [["a"]] * 3
        assert levels_of(caplog) == ["WARNING", "WARNING"]
        folder.unlink()
        other.unlink()
        other.mkdir()
        (tmp_path / "aside").rename(folder)
        assert messages(flags) == ["a"]
        folder.rename(tmp_path / "aside")
    assert messages(flags) == []


def test_what_is_not_understood_in_a_flag_is_logged_once_for_each_change(
    flags: FlagTracker, paths: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    paths[0].write_text("end: soon\nmessage: a\n")
    assert [messages(flags) for _ in range(3)] == [["a"]] * 3
    assert levels_of(caplog) == ["INFO", "WARNING"]
    paths[0].write_text("end: later\nmessage: a\n")
    assert messages(flags) == ["a"]
    assert f"{paths[0]}:1: end is 'later'" in caplog.records[-1].message


def test_the_age_of_a_flag_counts_from_its_last_write(flags: FlagTracker, paths: list[Path]) -> None:
    paths[0].touch()
    os.utime(paths[0], (1000, 1000))
    messages(flags, max_age=60)
    [raised] = flags.raised
    assert raised.period.end.timestamp() == 1060
    paths[0].touch()
    messages(flags, max_age=60)
    [raised] = flags.raised
    assert raised.period.end.timestamp() > time.time()


def test_what_is_known_of_each_flag_is_of_its_last_reading(tmp_path: Path, clock: Clock) -> None:
    raised, other = tmp_path / "raised.flag", tmp_path / "other.flag"
    raised.write_text("message: Soon.\nnonsense: 1\n")
    tracked = FlagTracker((str(raised), str(other)))
    tracked.look(timezone.utc, max_age=None)
    first, second = tracked.known
    assert (first.path, len(first.problems), second) == (str(raised), 1, ReadState(str(other)))
    assert first.read_at == pytest.approx(clock.time(), abs=1)
    clock.passes(10)
    tracked.look(timezone.utc, max_age=None)
    assert tracked.known == [first, second]
    raised.unlink()
    tracked.look(timezone.utc, max_age=None)
    assert tracked.known == [ReadState(str(raised)), second]
