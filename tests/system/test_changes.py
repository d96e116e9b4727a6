"""Every way in which people and their tools change the files is seen, whatever watches them."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_django

from downtime import live
from tests.support.processes import is_down
from tests.support.programs import require
from tests.support.texts import OPEN
from tests.support.waiting import wait_until

RECHECK = 0.4
AHEAD = "periods:\n  - start: 2999-01-01\n"  # as long as the other, to the byte
BOTH = f"{AHEAD}  - start: 2020-01-01\n"

Way = Callable[[Path, Path], object]


def run(*command: object, folder: Path | None = None) -> None:
    """Runs a tool that has to be there and to succeed."""
    require(str(command[0]))
    subprocess.run([*map(str, command)], cwd=folder, check=True, capture_output=True, timeout=20)


def beside(path: Path, text: str) -> Path:
    """A file with that text in the folder of the path."""
    new = path.with_name("new")
    new.write_text(text)
    return new


def copied_in_place(path: Path, aside: Path) -> None:
    """With the same size, and the time of the file that it takes the place of."""
    new = beside(path, OPEN)
    run("touch", "-r", path, new)
    run("cp", "-p", new, path)


def synchronized(*options: str) -> Way:
    def change(path: Path, aside: Path) -> None:
        new = aside / path.name
        new.write_text(OPEN)
        run("touch", "-r", path, new)
        run("rsync", "-t", "--checksum", *options, new, path)

    return change


def edited_in_vim(backupcopy: str) -> Way:
    def change(path: Path, aside: Path) -> None:
        setting = f"set backup writebackup backupcopy={backupcopy}"
        run("vim", "-u", "NONE", "-es", "-c", setting, "-c", "%s/2999/2020/", "-c", "wq", path)

    return change


def committed(path: Path, aside: Path) -> None:
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@example.com")
    run(*git, "init", "--initial-branch=up", folder=path.parent)
    run(*git, "add", path.name, folder=path.parent)
    run(*git, "commit", "--message=up", folder=path.parent)
    run(*git, "checkout", "-b", "down", folder=path.parent)
    path.write_text(OPEN)
    run(*git, "commit", "--all", "--message=down", folder=path.parent)
    run(*git, "checkout", "up", folder=path.parent)


def rewritten_twice(path: Path, aside: Path) -> None:
    """Within one tick of a coarse clock, the last one counting."""
    path.write_text(BOTH.replace("2020", "2998"))
    path.write_text(BOTH)


def linked(path: Path, aside: Path) -> None:
    """The file is a link to one in another folder."""
    (aside / "real").write_text(AHEAD)
    path.unlink()
    path.symlink_to(aside / "real")


def released(path: Path, aside: Path) -> None:
    """The file's folder is a link to one of two releases."""
    for release, text in (("1", AHEAD), ("2", OPEN)):
        (aside / release).mkdir()
        (aside / release / path.name).write_text(text)
    path.unlink()
    path.parent.rmdir()
    path.parent.symlink_to(aside / "1")


def switched(path: Path, aside: Path) -> None:
    """As capistrano does it."""
    run("ln", "-s", aside / "2", path.parent.with_name("next"))
    run("mv", "-T", path.parent.with_name("next"), path.parent)


def volume(path: Path, aside: Path) -> None:
    """The folder is laid out as the kubelet does it for a ConfigMap."""
    (path.parent / "..1").mkdir()
    path.rename(path.parent / "..1" / path.name)
    (path.parent / "..data").symlink_to("..1")
    path.symlink_to(f"..data/{path.name}")


def swapped(path: Path, text: str | None, *, key: str) -> None:
    """The ConfigMap gets another content: a new folder, one rename, and the old one is gone."""
    old = os.readlink(path.parent / "..data")
    new = path.parent / f"..{int(old[2:]) + 1}"
    new.mkdir()
    for kept in (path.parent / old).iterdir():
        if kept.name != key:
            (new / kept.name).write_text(kept.read_text())
    if text is not None:
        (new / key).write_text(text)
    (path.parent / "..data_tmp").symlink_to(new.name)
    os.replace(path.parent / "..data_tmp", path.parent / "..data")
    shown = path.parent / key
    if text is not None and not shown.is_symlink():
        shown.symlink_to(f"..data/{key}")
    if text is None:
        shown.unlink()
    run("rm", "-r", path.parent / old)


def nothing(path: Path, aside: Path) -> None:
    """The schedule lies there, and nothing applies yet."""


# What was done before, and what takes the site down. Where the kernel tells nobody, the recheck does alone.
CHANGES: dict[str, tuple[Way, Way]] = {
    "created": (lambda path, aside: path.unlink(), lambda path, aside: path.write_text(OPEN)),
    "rewritten in place": (nothing, lambda path, aside: path.write_text(OPEN)),
    "appended to": (nothing, lambda path, aside: run("sh", "-c", f"echo '  - start: 2020-01-01' >> {path}")),
    "replaced": (nothing, lambda path, aside: os.replace(beside(path, OPEN), path)),
    "cp -p": (nothing, copied_in_place),
    "rsync -t": (nothing, synchronized()),
    "rsync -t --inplace": (nothing, synchronized("--inplace")),
    "rewritten twice at once": (nothing, rewritten_twice),
    "sed -i": (nothing, lambda path, aside: run("sed", "-i", "s/2999/2020/", path)),
    "vim, by renaming": (nothing, edited_in_vim("no")),
    "vim, in place": (nothing, edited_in_vim("yes")),
    "git checkout": (committed, lambda path, aside: run("git", "checkout", "down", folder=path.parent)),
    "mv in": (nothing, lambda path, aside: ((aside / "new").write_text(OPEN), run("mv", aside / "new", path))),
    "a hard link": (
        lambda path, aside: path.unlink(),
        lambda path, aside: ((aside / "new").write_text(OPEN), run("ln", aside / "new", path)),
    ),
    "a link, its target rewritten": (linked, lambda path, aside: (aside / "real").write_text(OPEN)),
    "a link, its target replaced": (
        linked,
        lambda path, aside: os.replace(beside(aside / "real", OPEN), aside / "real"),
    ),
    "a linked folder": (released, lambda path, aside: os.replace(beside(path, OPEN), path)),
    "capistrano": (released, switched),
    "Kubernetes": (volume, lambda path, aside: swapped(path, OPEN, key=path.name)),
}
FLAGS: dict[str, tuple[Way, Way, Way]] = {
    "touch and rm": (nothing, lambda path, aside: run("touch", path), lambda path, aside: run("rm", path)),
    "mv in and out": (
        nothing,
        lambda path, aside: ((aside / "new").touch(), run("mv", aside / "new", path)),
        lambda path, aside: run("mv", path, aside / "old"),
    ),
    "a hard link": (
        nothing,
        lambda path, aside: ((aside / "new").touch(), run("ln", aside / "new", path)),
        lambda path, aside: path.unlink(),
    ),
    "a link whose target comes and goes": (
        nothing,
        lambda path, aside: path.symlink_to(aside / "flag"),
        lambda path, aside: path.unlink(),
    ),
    "a key of a ConfigMap": (
        lambda path, aside: volume(path.with_name("downtime.yml"), aside),
        lambda path, aside: swapped(path.with_name("downtime.yml"), "", key=path.name),
        lambda path, aside: swapped(path.with_name("downtime.yml"), None, key=path.name),
    ),
}


@pytest.fixture
def files(tmp_path: Path, settings: pytest_django.Settings) -> tuple[Path, Path, Path]:
    """The schedule, which says nothing for now, the flag beside it, and another folder."""
    folder, aside = tmp_path / "watched", tmp_path / "aside"
    folder.mkdir()
    aside.mkdir()
    settings.DOWNTIME_SCHEDULE_FILE = folder / "downtime.yml"
    settings.DOWNTIME_FLAG_FILE = folder / "downtime.flag"
    (folder / "downtime.yml").write_text(AHEAD)
    return folder / "downtime.yml", folder / "downtime.flag", aside


def seen(expected: bool, *, within: float) -> None:
    """Returns once it is so; no request that comes after these seconds may be told otherwise."""
    begun = time.monotonic()
    while True:
        asked = time.monotonic() - begun
        if is_down() is expected:
            return
        assert asked < within, f"not seen within {within} s"
        time.sleep(0.005)


@contextmanager
def looking(settings: pytest_django.Settings, watch: str) -> Iterator[float]:
    """A process that has looked, and watches in that way; gives the seconds for which it may lag behind."""
    settings.DOWNTIME_WATCH = watch.partition(" ")[0]
    settings.DOWNTIME_RECHECK = 3_600 if watch == "auto alone" else RECHECK

    def is_counted_on() -> bool:
        live.current.expire()
        live.answer()
        supervisor = live.current._supervisor
        return watch == "none" or (supervisor is not None and supervisor.keep(time.monotonic()))

    wait_until(is_counted_on, within=5, what="the watch runs")
    assert not is_down()
    yield 5.0 if watch == "auto alone" else RECHECK


WATCHES = ["auto alone", "auto", "none"]
# Nobody says of a link that it is finished, and this rsync sets the time after it has said so: they have to hold still.
HELD = ["a hard link", "rsync -t --inplace"]
SEEN = [
    pytest.param(*ways, watch, id=f"{name}-{watch}")
    for name, ways in CHANGES.items()
    for watch in WATCHES
    if watch != ("auto alone" if name in HELD else "auto")
]


@pytest.mark.parametrize(("before", "change", "watch"), SEEN)
def test_each_change_of_the_schedule_is_seen(
    settings: pytest_django.Settings, files: tuple[Path, Path, Path], before: Way, change: Way, watch: str
) -> None:
    """By the watch alone, or within two rechecks."""
    path, _, aside = files
    before(path, aside)
    with looking(settings, watch) as lag:
        change(path, aside)
        seen(True, within=2 * lag)


@pytest.mark.parametrize("watch", ["auto alone", "none"])
@pytest.mark.parametrize(("before", "down", "up"), FLAGS.values(), ids=FLAGS)
def test_each_change_of_the_flag_is_seen(
    settings: pytest_django.Settings, files: tuple[Path, Path, Path], before: Way, down: Way, up: Way, watch: str
) -> None:
    """By the watch alone, or within one recheck."""
    _, path, aside = files
    before(path, aside)
    with looking(settings, watch) as lag:
        for _ in range(2):
            down(path, aside)
            seen(True, within=lag)
            up(path, aside)
            seen(False, within=lag)


def written_slowly(path: Path, aside: Path) -> None:
    """Each part that is on the disk is a valid schedule, and another one."""
    with path.open("w") as file:
        for line in (*OPEN.splitlines(keepends=True), *("  - start: 2020-01-01\n",) * 6):
            file.write(line)
            file.flush()
            time.sleep(RECHECK / 8)


UNFINISHED: dict[str, tuple[Way, Way]] = {
    "written slowly": (nothing, written_slowly),
    "vim": (nothing, lambda path, aside: edited_in_vim("no")(path, aside)),
    "git checkout": (committed, lambda path, aside: run("git", "checkout", "down", folder=path.parent)),
}


@pytest.mark.parametrize("watch", ["auto", "none"])
@pytest.mark.parametrize(("before", "change"), UNFINISHED.values(), ids=UNFINISHED)
def test_half_a_file_is_never_served_and_the_finished_one_is(
    settings: pytest_django.Settings, files: tuple[Path, Path, Path], before: Way, change: Way, watch: str
) -> None:
    """A running downtime goes on while the file is empty, short of its periods, or gone for a moment."""
    path, _, aside = files
    before(path, aside)
    with looking(settings, watch) as lag:
        counts: list[int] = []
        changing = threading.Thread(target=change, args=(path, aside))
        changing.start()
        while changing.is_alive():
            live.answer()
            assert live.current._schedule is not None
            counts.append(len(live.current._schedule.schedule.periods))
            time.sleep(0.002)
        seen(True, within=2 * lag)
        assert live.current._schedule is not None
        assert set(counts) <= {1, len(live.current._schedule.schedule.periods)}
