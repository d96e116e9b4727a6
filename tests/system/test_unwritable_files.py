"""Commands that may not or can't write the schedule: a disk, a mount, a file system or permissions refuse it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.harness import Site
from tests.support.programs import ROOT, require
from tests.support.users import NOBODY, run_as_nobody

OLD = "# top\nperiods:\n  # of one\n  - name: one\n    start: 2020-01-01  # long ago\n\n# end\n"
NEW = ("downtime_schedule", "new", "--start", "2099-01-01", "--for", "2h")
COMMANDS = [NEW, ("downtime_cancel", "one"), ("downtime_end",)]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.schedule.write_text(OLD)
    return site


REFUSING = {
    "disk full": (
        "mount -t tmpfs -o size=4k none '{folder}' && cp '{copy}' '{schedule}'",
        "{schedule} can't be written: No space left on device; make room on that disk",
    ),
    "read-only mount": (
        "mount --bind '{folder}' '{folder}' && mount -o remount,ro,bind '{folder}'",
        "{schedule} can't be written: Read-only file system; "
        "it is on a read-only mount: change the file where it comes from",
    ),
    "single file": (
        "mount --bind '{copy}' '{schedule}'",
        "{schedule} can't be written: Device or resource busy; "
        "it is mounted as a single file: mount its folder instead, or change the file on the host",
    ),
}


@pytest.mark.parametrize(("mount", "reason"), REFUSING.values(), ids=REFUSING)
def test_a_disk_that_refuses_is_an_error_that_says_what_to_do_and_nothing_is_lost(
    site: Site, mount: str, reason: str
) -> None:
    require("unshare")
    copy = site.folder / "copy"
    shutil.copy(site.schedule, copy)
    places = {"folder": str(site.watched), "schedule": str(site.schedule), "copy": str(copy)}
    lines = [mount.format(**places)]
    for command in COMMANDS:
        quoted = " ".join(f"'{part}'" for part in command)
        lines.append(f"'{sys.executable}' -m django {quoted} 2>&1; echo \"exit $?\"")
    lines.append(f"cmp '{copy}' '{site.schedule}' && ls -A '{site.watched}'")
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", "\n".join(lines)],
        cwd=ROOT,
        env=site.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    told = f"CommandError: {reason.format(**places)}"
    *shown, left = [line for line in done.stdout.splitlines() if line != ".downtime.yml.lock"]
    *shown, still_down, ended = shown
    assert still_down.startswith("The site is still down, since ")
    assert [*shown, ended] == [told, "exit 1"] * len(COMMANDS)
    assert left == "downtime.yml"


def test_a_file_system_without_locks_is_an_error_that_says_what_to_do(site: Site) -> None:
    require("strace")
    traced = ["strace", "-qqf", "-o", os.devnull, "-e", "inject=flock:error=ENOLCK"]
    done = subprocess.run(
        [*traced, sys.executable, "-m", "django", *NEW],
        cwd=ROOT,
        env=site.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lock = site.watched / ".downtime.yml.lock"
    assert done.returncode == 1
    assert done.stderr == (
        f"CommandError: {lock} can't be locked: No locks available; "
        "the file system gives no locks: nothing was changed; put the file on another file system\n"
    )
    assert site.schedule.read_text() == OLD


@pytest.fixture
def public(as_root: None, public_folder: Path) -> Site:
    """A site in a folder that everybody can reach."""
    public_folder.chmod(0o755)
    site = Site(public_folder)
    site.schedule.write_text(OLD)
    return site


@pytest.mark.parametrize(
    ("mode", "owner", "reason"),
    [
        (0o755, 0, "Permission denied; run the command as a user who may write to the file's folder"),
        (0o777, 1234, "Operation not permitted; run the command as the file's owner, because the file keeps its owner"),
    ],
    ids=["folder", "owner"],
)
def test_who_may_not_write_is_told_who_may_and_nothing_is_lost(
    public: Site, mode: int, owner: int, reason: str
) -> None:
    public.watched.chmod(mode)
    os.chown(public.schedule, owner, owner)
    *told, still_down = run_as_nobody(public, COMMANDS)
    assert told == [f"{public.schedule} can't be written: {reason}"] * len(COMMANDS)
    assert still_down.startswith("The site is still down, since ")
    assert public.schedule.read_text() == OLD
    assert set(os.listdir(public.watched)) <= {"downtime.yml", ".downtime.yml.lock"}


def test_what_root_edits_stays_its_owner_s_who_can_edit_it_afterwards(public: Site) -> None:
    public.watched.chmod(0o777)
    os.chown(public.schedule, NOBODY, NOBODY)
    public.schedule.chmod(0o640)
    old = os.umask(0o077)
    try:
        public.manage(*NEW)
    finally:
        os.umask(old)
    status = public.schedule.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (NOBODY, NOBODY, 0o640)
    assert run_as_nobody(public, [("downtime_cancel", "new")]) == [f"Cancelled new in {public.schedule}."]
    assert public.schedule.read_text() == OLD
