import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import FrameType

import pytest

from downtime.files.atomic_write import (
    CannotWrite,
    remove_unfollowed,
    replace,
    replace_followed,
    replace_unfollowed,
    sweep,
    temporary_name,
)
from downtime.files.trusted_path import unfollowed
from tests.support.programs import posix_module

resource = posix_module("resource")

NOBODY = 65534


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_a_replaced_file_keeps_its_mode_and_a_reader_of_the_old_one_keeps_that(file: Path) -> None:
    file.chmod(0o641)
    with file.open("rb") as reader:
        replace_unfollowed(str(file), b"new")
        assert reader.read() == b"old"
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o641
    assert names(file.parent) == ["downtime.yml"]


@pytest.mark.usefixtures("as_root")
def test_a_replaced_file_keeps_its_owner(file: Path) -> None:
    os.chown(file, 1234, 5678)
    file.chmod(0o600)
    replace_unfollowed(str(file), b"new")
    status = file.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (1234, 5678, 0o600)


@pytest.mark.parametrize(
    ("umask", "folder", "mode"),
    [
        (0o022, 0o755, 0o644),
        (0o027, 0o755, 0o644),
        (0o077, 0o755, 0o644),
        (0o077, 0o750, 0o640),
        (0o077, 0o700, 0o600),
        (0o002, 0o755, 0o664),
        (0o777, 0o711, 0o644),
    ],
)
def test_a_new_file_can_be_read_by_whoever_may_enter_its_folder(file: Path, umask: int, folder: int, mode: int) -> None:
    new = file.with_name("new")
    file.parent.chmod(folder)
    before = os.umask(umask)
    try:
        replace_unfollowed(str(new), b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE(new.stat().st_mode) == mode


@pytest.mark.parametrize("target", ["downtime.yml", "nowhere", "folder", "link"])
def test_a_link_is_replaced_and_what_it_leads_to_is_left_alone(file: Path, target: str) -> None:
    link = file.with_name("link")
    link.symlink_to(target)
    link.with_name("folder").mkdir()
    before = names(file.parent)
    replace_unfollowed(str(link), b"new")
    assert not link.is_symlink()
    assert link.read_bytes() == b"new"
    assert file.read_bytes() == b"old"
    assert names(file.parent) == before


@pytest.mark.parametrize("content", [b"old", None], ids=["a file", "nothing yet"])
def test_a_link_that_is_followed_stays_and_its_target_is_replaced(
    file: Path, tmp_path: Path, content: bytes | None
) -> None:
    file.unlink()
    (tmp_path / "between").symlink_to("target")
    file.symlink_to("../between")
    if content is not None:
        (tmp_path / "target").write_bytes(content)
        (tmp_path / "target").chmod(0o640)
    replace_followed(str(file), b"new")
    assert file.is_symlink()
    assert (tmp_path / "between").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"
    assert content is None or stat.S_IMODE((tmp_path / "target").stat().st_mode) == 0o640
    assert names(tmp_path) == ["between", "folder", "target"]


NO_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "folder": (Path.mkdir, "Is a directory; a folder is in its place: remove it first"),
    "pipe": (os.mkfifo, "it is a pipe, a device or the like: remove it, or name another file; nothing was changed"),
    "device": (
        lambda path: path.symlink_to("/dev/null"),
        "it is a pipe, a device or the like: remove it, or name another file; nothing was changed",
    ),
}


@pytest.mark.parametrize(("make", "reason"), NO_FILES.values(), ids=NO_FILES)
def test_what_is_no_file_is_not_replaced_and_not_waited_for(
    file: Path, make: Callable[[Path], object], reason: str
) -> None:
    file.unlink()
    make(file)
    before = file.stat()
    with pytest.raises(CannotWrite) as error:
        replace_followed(str(file), b"new")
    assert str(error.value) == f"{os.path.realpath(file)} can't be written: {reason}"
    assert file.stat() == before
    assert names(file.parent) == ["downtime.yml"]


def test_a_replaced_file_takes_the_old_leftovers_of_killed_writers_away(file: Path) -> None:
    old, young = (file.with_name(temporary_name(file.name)) for _ in range(2))
    old.touch()
    os.utime(old, (0, 0))
    young.touch()
    replace_followed(str(file), b"new")
    assert names(file.parent) == sorted([file.name, young.name])


def test_a_path_is_taken_from_the_current_folder(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    replace_unfollowed("downtime.yml", b"new")
    assert file.read_bytes() == b"new"


def full(folder: Path) -> Path:
    (folder / "full").mkdir()
    (folder / "full" / "x").touch()
    return folder / "full"


NOT_WRITABLE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing folder": (lambda folder: folder / "none" / "x", "No such file or directory; make its folder first"),
    "below a file": (
        lambda folder: folder / "downtime.yml" / "x",
        "Not a directory; a part of that path is not a folder: correct the path in the settings",
    ),
    "folder": (full, "Is a directory; a folder is in its place: remove it first"),
    "long name": (lambda folder: folder / ("x" * 250), "File name too long; nothing was changed"),
}


@pytest.mark.parametrize(("place", "reason"), NOT_WRITABLE.values(), ids=NOT_WRITABLE)
def test_where_nothing_can_be_written_the_error_says_where_and_why_and_what_to_do(
    file: Path, place: Callable[[Path], Path], reason: str
) -> None:
    path = place(file.parent)
    before = names(file.parent)
    with pytest.raises(CannotWrite) as caught:
        replace_unfollowed(str(path), b"new")
    assert str(caught.value) == f"{path} can't be written: {reason}"
    assert names(file.parent) == before
    assert file.read_bytes() == b"old"


def test_a_write_that_fails_half_way_leaves_the_old_file_and_nothing_else(file: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(CannotWrite, match="File too large; nothing was changed"):
            replace_unfollowed(str(file), b"new" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert names(file.parent) == ["downtime.yml"]
    assert file.read_bytes() == b"old"


def run(script: str, *arguments: str) -> str:
    """What a process of its own prints; it can use the modules, and `path`, its first argument."""
    head = "import os, signal, sys, json\nfrom downtime.files import atomic_write, lock\npath = sys.argv[1]\n"
    command = [sys.executable, "-c", head + script, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


AS_NOBODY = f"""
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid({NOBODY})
    os.setuid({NOBODY})
take_lock = lambda path, _: lock.locked(path).__enter__()
remove = lambda path, _: atomic_write.remove_unfollowed(path)
for write in (atomic_write.replace_unfollowed, take_lock, remove):
    try:
        write(path, b"new")
    except atomic_write.CannotWrite as error:
        print(error)
"""


def test_without_permission_the_error_says_who_may(public_folder: Path) -> None:
    file = public_folder / "downtime.yml"
    file.write_bytes(b"old")
    public_folder.chmod(0o555)
    reason = f"{file} can't be written: Permission denied; run the command as a user who may write to the file's folder"
    assert run(AS_NOBODY, str(file)).splitlines() == [reason] * 3
    assert names(public_folder) == ["downtime.yml"]


@pytest.mark.usefixtures("as_root")
def test_an_owner_that_cannot_be_kept_is_an_error_and_nothing_is_left_behind(public_folder: Path) -> None:
    file = public_folder / "downtime.yml"
    file.write_bytes(b"old")
    public_folder.chmod(0o777)
    script = AS_NOBODY.replace(
        "(atomic_write.replace_unfollowed, take_lock, remove)", "(atomic_write.replace_unfollowed,)"
    )
    assert run(script, str(file)) == (
        f"{file} can't be written: Operation not permitted; "
        "run the command as the file's owner, because the file keeps its owner\n"
    )
    assert names(public_folder) == ["downtime.yml"]
    assert file.read_bytes() == b"old"


KILLED_AT_EACH_CALL = """
def killed_at(number):
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        if event in ("call", "c_call", "return", "c_return"):
            calls += 1
            if calls == number:
                os.kill(os.getpid(), signal.SIGKILL)

    pid = os.fork()
    if pid == 0:
        sys.setprofile(count)
        atomic_write.replace_unfollowed(path, b"new" * 50_000)
        sys.setprofile(None)
        os._exit(0)
    return os.waitpid(pid, 0)[1]

found, number, status = [], 0, signal.SIGKILL
while status == signal.SIGKILL:
    number += 1
    with open(path, "wb") as file:
        file.write(b"old" * 50_000)
    status = killed_at(number)
    with open(path, "rb") as file:
        content = file.read()
    left = [name for name in os.listdir(os.path.dirname(path)) if name != "downtime.yml"]
    for name in left:
        os.unlink(os.path.join(os.path.dirname(path), name))
    found.append([status, {b"old" * 50_000: "old", b"new" * 50_000: "new"}.get(content, "broken"), left])
print(json.dumps(found))
"""


@pytest.mark.system
def test_whenever_it_is_killed_the_file_is_the_old_or_the_new_one(file: Path) -> None:
    found = json.loads(run(KILLED_AT_EACH_CALL, str(file)))
    contents = [content for _, content, _ in found]
    assert len(found) > 50
    assert contents == sorted(contents, reverse=True)
    assert set(contents) == {"old", "new"}
    assert [status for status, *_ in found] == [signal.SIGKILL] * (len(found) - 1) + [0]
    left = [name for *_, names in found for name in names]
    assert left
    assert all(name.startswith(".downtime.yml.") and name.endswith(".tmp") for name in left)
    assert max(len(names) for *_, names in found) == 1
    assert found[-1][2] == []


@pytest.mark.parametrize("kind", ["file", "link", "link to a folder", "link to nowhere", "folder", "pipe"])
def test_whatever_is_there_is_removed_and_what_it_leads_to_stays(tmp_path: Path, kind: str) -> None:
    path, other = tmp_path / "x", tmp_path / "other"
    match kind:
        case "file":
            path.touch()
        case "link":
            other.touch()
            path.symlink_to(other)
        case "link to a folder":
            other.mkdir()
            path.symlink_to(other)
        case "link to nowhere":
            path.symlink_to("nowhere")
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
    before = names(tmp_path)
    assert remove_unfollowed(str(path))
    assert names(tmp_path) == [name for name in before if name != "x"]
    assert not remove_unfollowed(str(path))


def test_what_cannot_be_removed_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    path = full(tmp_path)
    with pytest.raises(CannotWrite) as caught:
        remove_unfollowed(str(path))
    assert str(caught.value) == (
        f"{path} can't be written: Directory not empty; it is a folder that is not empty: remove it by hand"
    )


TEMPORARY = ".downtime.yml.0123456789ab.tmp"
OTHERS = [
    ".downtime.0123456789ab.tmp",
    ".downtime.yml.bak.tmp",
    ".downtime.yml.0123456789AB.tmp",
    ".downtime.yml.0123456789ab.tmp.tmp",
    ".downtime.yml.0123456789ab0.tmp",
    ".downtimeXyml.0123456789ab.tmp",
    ".downtime.flag.0123456789ab.tmp",
    "downtime.yml.0123456789ab.tmp",
]


def test_what_a_killed_writer_left_is_swept_away_and_nothing_else(file: Path) -> None:
    for name in (*OTHERS, TEMPORARY, "..downtime.yml.lock.0123456789ab.tmp"):
        file.with_name(name).touch()
    with closing(unfollowed(str(file))) as entry:
        sweep(entry)
    assert names(file.parent) == sorted([*OTHERS, "downtime.yml"])


def test_a_schedule_called_downtime_leaves_the_temporary_files_of_the_flag_alone(tmp_path: Path) -> None:
    names_of_flag = [temporary_name("downtime.flag") for _ in range(20)]
    for name in (*names_of_flag, temporary_name("downtime")):
        (tmp_path / name).touch()
    with closing(unfollowed(str(tmp_path / "downtime"))) as entry:
        sweep(entry)
    assert names(tmp_path) == sorted(names_of_flag)


@pytest.mark.parametrize(("age", "is_left"), [(3600, False), (61, False), (30, True), (-30, True)])
def test_a_flag_s_leftover_is_swept_away_once_nobody_can_be_writing_it(file: Path, age: float, is_left: bool) -> None:
    leftover = file.with_name(TEMPORARY)
    leftover.touch()
    os.utime(leftover, times=(0, time.time() - age))
    replace_unfollowed(str(file), b"new")
    assert leftover.exists() is is_left


def test_no_leftover_of_a_flag_that_was_lowered_meanwhile_is_swept_away(file: Path) -> None:
    file.with_name(TEMPORARY).touch()
    file.unlink()
    with closing(unfollowed(str(file))) as entry:
        sweep(entry, spared=60)
    assert names(file.parent) == [TEMPORARY]


KILLED_ON_THE_WAY = """
os.replace = lambda *args, **folders: os.kill(os.getpid(), signal.SIGKILL)
pid = os.fork()
if pid == 0:
    atomic_write.replace_unfollowed(path, b"")
assert os.waitpid(pid, 0)[1] == signal.SIGKILL
"""


def test_the_leftover_of_a_killed_raising_goes_with_a_later_one(file: Path) -> None:
    run(KILLED_ON_THE_WAY, str(file))
    [leftover] = [path for path in file.parent.iterdir() if path != file]
    replace_unfollowed(str(file), b"")
    assert leftover.exists()
    os.utime(leftover, times=(0, time.time() - 3600))
    replace_unfollowed(str(file), b"")
    assert names(file.parent) == ["downtime.yml"]


@pytest.mark.parametrize("line", range(1, 8))
def test_an_interrupt_at_any_line_leaves_no_temporary_file(tmp_path: Path, line: int) -> None:
    lines = 0

    def trace(frame: FrameType, event: str, argument: object) -> object:
        nonlocal lines
        if frame.f_code is not replace.__code__:
            return None
        lines += event == "line"
        if lines > line:
            sys.settrace(None)
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        with pytest.raises(KeyboardInterrupt):
            replace_unfollowed(str(tmp_path / "flag"), b"new")
    finally:
        sys.settrace(before)
    assert [path.name for path in tmp_path.iterdir() if path.name != "flag"] == []
