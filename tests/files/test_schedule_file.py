import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from downtime.files.atomic_write import CannotWrite
from downtime.files.disk import fingerprint
from downtime.files.lock import locked
from downtime.files.parser import Parsed
from downtime.files.schedule_file import load_schedule, parse_schedule, read_schedule, rewrite, take_over
from tests.support.programs import posix_module
from tests.support.texts import BERLIN

fcntl = posix_module("fcntl")


def problems(path: Path) -> list[str]:
    return [problem.located("downtime.yml") for problem in load_schedule(str(path), BERLIN).parsed.problems]


def test_a_schedule_is_read_with_its_fingerprint(schedule: Path) -> None:
    schedule.write_text("periods: [{start: 2026-12-01}]")
    loaded = load_schedule(str(schedule), BERLIN)
    assert (loaded.path, loaded.fingerprint, loaded.is_read) == (str(schedule), fingerprint(str(schedule)), True)
    assert len(loaded.parsed.schedule.periods) == 1


def test_a_missing_file_means_no_periods_and_reading_makes_none(schedule: Path) -> None:
    schedule.with_name("link").symlink_to("nowhere")
    for path in (schedule, schedule.parent / "none" / "x", schedule.with_name("link")):
        loaded = load_schedule(str(path), BERLIN)
        assert (loaded.fingerprint, loaded.parsed, loaded.is_read) == (None, Parsed(), True)
    assert os.listdir(schedule.parent) == ["link"]


def test_below_a_file_there_is_no_schedule(schedule: Path) -> None:
    schedule.touch()
    assert load_schedule(str(schedule / "x"), BERLIN).parsed == Parsed()


def test_an_empty_file_means_no_periods(schedule: Path) -> None:
    schedule.touch()
    loaded = load_schedule(str(schedule), BERLIN)
    assert loaded.parsed == Parsed()
    assert loaded.fingerprint is not None


def test_a_byte_order_mark_is_no_part_of_the_text(schedule: Path) -> None:
    schedule.write_bytes(b"\xef\xbb\xbfperiods: [{start: 2026-12-01}]\r\n")
    assert problems(schedule) == []


def test_a_file_that_is_not_utf_8_is_a_problem_on_the_line_where_that_shows(schedule: Path) -> None:
    schedule.write_bytes("periods:\n- start: 2026-12-01\n  message: Zurück\n".encode("latin-1"))
    assert problems(schedule) == ["downtime.yml:3: it is not UTF-8 text; save it as UTF-8"]
    schedule.write_bytes("periods: []\n".encode("utf-16"))
    assert problems(schedule) == ["downtime.yml:1: it is not UTF-8 text; save it as UTF-8"]
    assert load_schedule(str(schedule), BERLIN).is_read


def test_a_problem_says_where_it_is_as_editors_follow_it(schedule: Path) -> None:
    schedule.write_text("periods:\n- start: soon\n  x: 1\n")
    assert [line.partition("; ")[0] for line in problems(schedule)] == [
        "downtime.yml:2: start is 'soon'",
        "downtime.yml:3: 'x' is not a key of a period",
    ]


def test_what_is_no_file_is_a_problem_and_counts_as_not_read(schedule: Path) -> None:
    schedule.mkdir()
    assert problems(schedule) == ["downtime.yml:1: it can't be read: Is a directory"]
    schedule.rmdir()
    os.mkfifo(schedule)
    assert problems(schedule) == ["downtime.yml:1: it can't be read: it is not a regular file"]
    loaded = load_schedule(str(schedule), BERLIN)
    assert (loaded.is_read, loaded.fingerprint) == (False, fingerprint(str(schedule)))


def test_a_file_beyond_all_measure_is_a_problem_and_is_not_read(schedule: Path) -> None:
    schedule.touch()
    os.truncate(schedule, 2**40)
    assert problems(schedule) == [
        "downtime.yml:1: it can't be read: it has 1099511627776 bytes; at most 33554432 are read",
    ]


def test_a_path_that_cannot_be_looked_at_is_a_problem(schedule: Path) -> None:
    schedule.symlink_to(schedule.name)
    loaded = load_schedule(str(schedule), BERLIN)
    assert [problem.message for problem in loaded.parsed.problems] == [
        "it can't be read: Too many levels of symbolic links"
    ]
    assert (loaded.fingerprint, loaded.is_read) == (None, False)


class Text(NamedTuple):
    text: str


def upper(text: str) -> Text:
    return Text(text.upper())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a: b\n",
        b"a: b\r\nc: d\r\n",
        b"a: b\rc: d",
        b"\xef\xbb\xbfa: b\n",
        b"\xef\xbb\xbf\xef\xbb\xbfa",
        "a: ü🚧\x85\u2028\n".encode(),
    ],
)
def test_every_byte_but_those_of_the_edit_stays(schedule: Path, content: bytes) -> None:
    schedule.write_bytes(content)
    rewrite(str(schedule), lambda text: Text(text + "# end"))
    assert schedule.read_bytes() == content + b"# end"


def test_the_edit_is_given_the_text_without_the_byte_order_mark(schedule: Path) -> None:
    schedule.write_bytes(b"\xef\xbb\xbfa")
    seen = []
    rewrite(str(schedule), lambda text: seen.append(text) or Text("b"))  # type: ignore[func-returns-value]
    assert seen == ["a"]
    assert schedule.read_bytes() == b"\xef\xbb\xbfb"


def test_what_the_edit_returned_is_returned(schedule: Path) -> None:
    schedule.write_text("a")
    edit = Text("b")
    assert rewrite(str(schedule), lambda text: edit) is edit


def test_a_text_that_stays_is_not_written(schedule: Path) -> None:
    schedule.write_text("a")
    before = fingerprint(str(schedule))
    rewrite(str(schedule), Text)
    assert fingerprint(str(schedule)) == before


def test_an_edit_that_refuses_leaves_the_file_untouched_and_the_lock_free(schedule: Path) -> None:
    schedule.write_text("a")
    before = fingerprint(str(schedule))
    with pytest.raises(ZeroDivisionError):
        rewrite(str(schedule), lambda text: Text(text * (1 // 0)))
    assert fingerprint(str(schedule)) == before
    with locked(str(schedule), timeout=0):
        assert schedule.read_text() == "a"


def test_a_link_stays_and_its_target_is_rewritten(schedule: Path) -> None:
    target = schedule.parent / "etc" / "target"
    target.parent.mkdir()
    target.write_text("a")
    schedule.symlink_to(target)
    rewrite(str(schedule), upper)
    assert schedule.is_symlink()
    assert target.read_text() == "A"
    assert sorted(os.listdir(schedule.parent)) == ["downtime.yml", "etc"]


def test_what_killed_writers_left_is_taken_away_and_nothing_else(schedule: Path) -> None:
    schedule.write_text("a")
    left = [".downtime.yml.0123456789ab.tmp", ".downtime.yml.ba9876543210.tmp"]
    others = [
        ".downtime.yml.x.tmp",
        ".downtime.flag.0123456789ab.tmp",
        "downtime.yml.tmp",
        ".downtime.yml.swp",
        ".downtime.yml2.x.tmp",
    ]
    for name in left + others:
        (schedule.parent / name).touch()
    rewrite(str(schedule), upper)
    assert sorted(os.listdir(schedule.parent)) == sorted([*others, "downtime.yml", ".downtime.yml.lock"])


def test_what_cannot_be_taken_away_is_in_nobody_s_way(schedule: Path) -> None:
    (schedule.parent / ".downtime.yml.x.tmp").mkdir()
    schedule.write_text("a")
    rewrite(str(schedule), upper)
    assert schedule.read_text() == "A"


def test_a_missing_file_is_made_where_that_is_wanted(schedule: Path) -> None:
    rewrite(str(schedule), Text, creates=True)
    assert not schedule.exists()
    rewrite(str(schedule), lambda text: Text(text + "a"), creates=True)
    assert schedule.read_text() == "a"
    rewrite(str(schedule), lambda text: Text(text + "b"), creates=True)
    assert schedule.read_text() == "ab"


def test_only_what_is_still_the_same_is_taken_over(schedule: Path) -> None:
    assert not take_over(str(schedule), b"", b"new")
    assert not schedule.exists()
    assert take_over(str(schedule), None, b"one")
    assert not take_over(str(schedule), None, b"two")
    assert not take_over(str(schedule), b"On", b"two")
    assert schedule.read_bytes() == b"one"
    assert take_over(str(schedule), b"one", b"\xff")
    assert schedule.read_bytes() == b"\xff"


def test_a_lock_that_cannot_be_had_is_an_error_in_a_sentence(schedule: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on some network file systems."""

    def flock(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    schedule.write_text("a")
    with pytest.raises(
        CannotWrite, match=r"\.downtime\.yml\.lock can't be locked: No locks available; the file system gives"
    ):
        rewrite(str(schedule), upper)
    assert schedule.read_text() == "a"


def missing(path: Path) -> None:
    pass


def latin(path: Path) -> None:
    path.write_bytes(b"caf\xe9")


def folder(path: Path) -> None:
    path.mkdir()


def huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 2**40)


@pytest.mark.parametrize(
    ("make", "error"),
    [(missing, FileNotFoundError), (latin, UnicodeDecodeError), (folder, IsADirectoryError), (huge, OSError)],
)
def test_what_cannot_be_read_is_an_error_and_is_not_written(
    schedule: Path, make: Callable[[Path], None], error: type[Exception]
) -> None:
    make(schedule)
    before = fingerprint(str(schedule))
    with pytest.raises(error):
        rewrite(str(schedule), upper)
    assert fingerprint(str(schedule)) == before


ADD = """
import sys
from types import SimpleNamespace
from downtime.files.schedule_file import rewrite
for number in range(25):
    rewrite(sys.argv[1], lambda text: SimpleNamespace(text=text + f"{sys.argv[2]}{number}\\n"))
"""


def test_edits_at_the_same_time_lose_nothing(schedule: Path) -> None:
    schedule.touch()
    writers = [subprocess.Popen([sys.executable, "-c", ADD, str(schedule), name]) for name in "abcd"]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    assert sorted(schedule.read_text().split()) == sorted(f"{name}{number}" for name in "abcd" for number in range(25))


def test_a_schedule_for_which_there_is_too_little_memory_can_be_read_later(schedule: Path) -> None:
    def fail() -> None:
        raise MemoryError

    schedule.write_text("periods: [{start: 2026-12-01}]\n")
    content = read_schedule(str(schedule))
    loaded = parse_schedule(content, BERLIN, pause=fail)
    assert not loaded.is_read
    assert "there is not enough memory for it; make it shorter" in loaded.parsed.problems[0].message
    assert parse_schedule(content, BERLIN, known=loaded).parsed.schedule.periods
