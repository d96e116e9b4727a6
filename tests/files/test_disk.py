import errno
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from downtime.files import disk
from downtime.files.disk import Fingerprint, entry_fingerprint, fingerprint


def test_a_fingerprint_differs_for_whatever_was_done_to_the_file(file: Path) -> None:
    seen = [fingerprint(str(file))]

    def changed() -> None:
        seen.append(fingerprint(str(file)))

    file.write_bytes(b"new!")
    changed()
    os.utime(file, ns=(0, 1))
    changed()
    os.utime(file, ns=(0, 0))
    changed()
    other = file.with_name("other")
    other.write_bytes(b"new!")
    os.utime(other, ns=(0, 0))
    other.replace(file)
    changed()
    file.unlink()
    changed()
    assert len(set(seen)) == len(seen)
    assert seen[-1] is None


@pytest.mark.parametrize(
    ("seconds", "moment"),
    [
        (1_700_000_000.5, "2023-11-14T22:13:20.500000+00:00"),
        (2**38, "9892-03-08T12:26:40+00:00"),
        (-(2**38), "1970-01-01T00:00:00+00:00"),
    ],
    ids=["usual", "beyond the years of a datetime", "before the epoch"],
)
def test_whatever_time_a_file_has_there_is_a_moment_for_it(seconds: float, moment: str) -> None:
    assert Fingerprint(1, 1, 1, int(seconds * 1e9), 1).modified_at.isoformat() == moment


def test_a_fingerprint_is_that_of_what_the_links_lead_to(file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to("downtime.yml")
    assert fingerprint(str(link)) == fingerprint(str(file)) == entry_fingerprint(str(link))


@pytest.mark.parametrize("look", [fingerprint, entry_fingerprint])
def test_what_is_not_there_has_no_fingerprint(file: Path, look: Callable[[str], Fingerprint | None]) -> None:
    assert look(str(file.parent / "none")) is None
    assert look(str(file.parent / "none" / "none")) is None
    assert look(str(file / "below a file")) is None


def test_a_link_that_leads_nowhere_is_an_entry_but_no_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    assert fingerprint(str(tmp_path / "link")) is None
    assert entry_fingerprint(str(tmp_path / "link")) is not None
    assert entry_fingerprint(str(tmp_path / "loop")) is not None


@pytest.mark.parametrize("look", [fingerprint, entry_fingerprint])
def test_where_it_cannot_be_told_whether_there_is_a_file_that_is_an_error(
    tmp_path: Path, look: Callable[[str], Fingerprint | None]
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="Too many levels"):
        look(str(tmp_path / "loop" / "x"))
    with pytest.raises(OSError, match="File name too long"):
        look(str(tmp_path / ("x" * 300)))


def test_a_file_is_read_with_its_fingerprint(file: Path) -> None:
    assert disk.read(str(file), limit=3) == (b"old", fingerprint(str(file)))
    file.write_bytes(b"")
    assert disk.read(str(file), limit=3) == (b"", fingerprint(str(file)))


def test_what_is_no_regular_file_or_too_large_is_an_error_and_never_waited_for(file: Path) -> None:
    os.mkfifo(file.with_name("pipe"))
    (file.with_name("link")).symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(file.with_name("socket")))
        refused = {
            "pipe": "not a regular file",
            "link": "not a regular file",
            "socket": "No such device",
            ".": "Is a directory",
            "none": "No such file",
        }
        for name, reason in refused.items():
            with pytest.raises(OSError, match=reason):
                disk.read(str(file.parent / name), limit=100)
    with pytest.raises(OSError, match="it has 3 bytes; at most 2 are read"):
        disk.read(str(file), limit=2)


@pytest.mark.parametrize("name", [".", "pipe", "downtime.yml"])
def test_no_descriptor_is_left_open(file: Path, name: str) -> None:
    os.mkfifo(file.with_name("pipe"))
    before = os.listdir("/proc/self/fd")
    for _ in range(10):
        try:
            disk.read(str(file.parent / name), limit=2)
        except OSError:
            continue
    assert len(os.listdir("/proc/self/fd")) == len(before)


@contextmanager
def writes_during_the_reads(file: Path, count: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The file gets another content right after each of the first looks at it."""
    fstat, contents = os.fstat, [b"%d" % number * 9000 for number in range(count)]

    def then_write(descriptor: int) -> os.stat_result:
        found = fstat(descriptor)
        if contents:
            file.write_bytes(contents.pop(0))
        return found

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", then_write)
        yield


def test_a_file_that_changes_while_it_is_read_is_read_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with writes_during_the_reads(file, 2, monkeypatch):
        assert disk.read(str(file), limit=10_000) == (b"1" * 9000, fingerprint(str(file)))


def test_a_file_that_never_stops_changing_is_an_error(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with writes_during_the_reads(file, 100, monkeypatch), pytest.raises(OSError, match="it is being written"):
        disk.read(str(file), limit=10_000)


def test_a_file_whose_content_does_not_come_is_an_error(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """/proc/kmsg is a regular file to the system, and has no content, not even none, once it was read."""

    def nothing_yet(*args: object) -> bytes:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(os, "read", nothing_yet)
    with pytest.raises(BlockingIOError):
        disk.read(str(file), limit=100)


def test_a_long_file_is_read_whole_and_in_pieces(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = os.urandom(3 * 1024 * 1024 + 1)
    file.write_bytes(content)
    pieces: list[int] = []
    read = os.read
    monkeypatch.setattr(os, "read", lambda *args: (pieces.append(args[1]), read(*args))[1])
    assert disk.read(str(file), limit=len(content))[0] == content
    assert max(pieces) == 1024 * 1024


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.EACCES, "Permission denied"), "Permission denied"),
        (OSError("in its own words"), "in its own words"),
        (OSError(), "OSError"),
        (MemoryError(), "there is not enough memory for it"),
    ],
    ids=["of the system", "of a library", "without words", "memory"],
)
def test_there_is_always_a_reason(error: OSError | MemoryError, reason: str) -> None:
    assert disk.reason(error) == reason
