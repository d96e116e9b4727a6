"""What commands do to the schedule, whatever else goes on: others at the same time, a kill, a disk that refuses."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from downtime.files.parser import parse
from tests.management.test_commands import refusal, run
from tests.support.harness import Site, finished
from tests.support.programs import ROOT, require
from tests.support.texts import BERLIN

OLD = "# top\nperiods:\n  # of one\n  - name: one\n    start: 2020-01-01  # long ago\n\n# end\n"
NEW = ("downtime_schedule", "new", "--start", "2099-01-01", "--for", "2h")
COMMANDS = [NEW, ("downtime_cancel", "one"), ("downtime_end",)]
AT_ONCE = 32


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.schedule.write_text(OLD)
    return site


def names(text: str) -> list[str]:
    parsed = parse(text, BERLIN)
    assert not parsed.problems
    return [period.name for period in parsed.schedule.periods]


def test_of_many_commands_at_the_same_time_no_edit_is_lost(site: Site) -> None:
    """Half of them schedule a period, the others cancel one with its comment."""
    old = [f"old{number}" for number in range(AT_ONCE // 2)]
    new = [f"new{number}" for number in range(AT_ONCE // 2)]
    items = [f"  # of {name}\n  - name: {name}  # {name}\n    start: 2099-01-01\n" for name in old]
    site.schedule.write_text(
        "# top\nperiods:  # all\n" + "".join(items[:8]) + "  # kept\n\n" + "".join(items[8:]) + "# end\n"
    )
    running = [site.start_manage("downtime_cancel", name) for name in old]
    running += [site.start_manage("downtime_schedule", name, *NEW[2:]) for name in new]
    for command in running:
        finished(command, within=60)
    text = site.schedule.read_text()
    assert sorted(names(text)) == sorted(new)
    assert re.findall("#.*", text) == ["# top", "# all", "# kept", "# end"]
    assert sorted(os.listdir(site.watched)) == [".downtime.yml.lock", "downtime.yml"]


# Killed

FORKING = """
import json, os, re, select, signal, subprocess, sys, time
from types import SimpleNamespace
from zoneinfo import ZoneInfo
import django.core.files.locks  # as it is imported late, and its system calls are not ours
from downtime.files import atomic_write
from downtime.edits.add import add
from downtime.edits.splices import open_text
from downtime.files.schedule_file import rewrite

path, log, old = sys.argv[1:]
KEYS = {"name": "new", "start": "2099-01-01", "duration": "2h"}

def edit(text):
    return add(open_text(text, ZoneInfo("UTC")), KEYS)

def forked(begin):
    pid = os.fork()
    if pid == 0:
        begin()
        rewrite(path, edit)
        os._exit(0)
    return pid

def reset():
    for name in os.listdir(os.path.dirname(path)):
        if name != ".downtime.yml.lock":
            os.unlink(os.path.join(os.path.dirname(path), name))
    with open(path, "w") as file:
        file.write(old)

def found():
    with open(path) as file:
        text = file.read()
    left = [name for name in os.listdir(os.path.dirname(path)) if name.endswith(".tmp")]
    with atomic_write.locked(path, timeout=0):
        kind = {old: "old", edit(old).text: "new"}.get(text, "broken")
    rewrite(path, lambda text: SimpleNamespace(text=text + "# another\\n"))
    with open(path) as file:
        assert file.read() == text + "# another\\n"
    assert sorted(os.listdir(os.path.dirname(path))) == [".downtime.yml.lock", "downtime.yml"]
    return kind, len(left)
"""

AT_EACH_CALL = (
    FORKING
    + """
def traced(*options):
    reset()
    reader, writer = os.pipe()
    pid = forked(lambda: select.select([reader], [], []))
    strace = subprocess.Popen(["strace", "-o", log, *options, "-p", str(pid)], stderr=subprocess.DEVNULL)
    while "TracerPid:\\t0\\n" in open(f"/proc/{pid}/status").read():
        assert strace.poll() is None, "strace can't follow the process"
    os.write(writer, b"x")
    status = os.waitpid(pid, 0)[1]
    strace.wait()
    os.close(reader)
    os.close(writer)
    return status

# Waiting, memory, which may be asked for or not, and the end.
OTHERS = ("select", "pselect6", "restart_syscall", "brk", "mmap", "munmap", "mremap", "madvise", "exit_group")
edit(old)
assert traced() == 0
calls = re.findall(r"^(\\w+)\\(", open(log).read(), re.MULTILINE)
results, counts = [], {}
for call in calls:
    counts[call] = counts.get(call, 0) + 1
    if call not in OTHERS:
        status = traced("-e", f"inject={call}:signal=KILL:when={counts[call]}")
        results.append([call, status, *found()])
print(json.dumps(results))
"""
)


def ran(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDEVMODE": ""}
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_killed_at_any_system_call_the_file_is_the_old_or_the_new_one_and_nobody_is_in_the_way(site: Site) -> None:
    require("strace")
    done = ran(AT_EACH_CALL, str(site.schedule), str(site.folder / "calls"), OLD)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    calls = [call for call, *_ in results]
    assert {"openat", "flock", "read", "write", "fsync", "rename"} <= set(calls)
    assert {status for _, status, *_ in results} == {signal.SIGKILL}
    kinds = [kind for *_, kind, _ in results]
    assert kinds == sorted(kinds, reverse=True)
    assert set(kinds) == {"old", "new"}
    assert {left for *_, left in results} == {0, 1}


BY_CHANCE = (
    FORKING
    + """
import random
results = []
random.seed(int(log))
for number in range(150):
    reset()
    pid = forked(lambda: None)
    time.sleep(random.random() * 0.004)
    os.kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    results.append([status, *found()])
print(json.dumps(results))
"""
)


def test_killed_by_chance_the_file_is_the_old_or_the_new_one_and_nobody_is_in_the_way(site: Site) -> None:
    done = ran(BY_CHANCE, str(site.schedule), "7", OLD)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert {kind for _, kind, _ in results} <= {"old", "new"}
    assert signal.SIGKILL in {status for status, *_ in results}


# Disks that refuse

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
    assert shown == [told, "exit 1"] * len(COMMANDS)
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
        "the file system has no lock to give: nothing was changed; put the file on another one\n"
    )
    assert site.schedule.read_text() == OLD


AS_NOBODY = """
import os, sys
import django
django.setup()
from django.core.management import call_command, load_command_class, CommandError
# Loaded by now, as nobody may not even be able to read the code.
commands = [(load_command_class("downtime", name), *arguments) for name, *arguments in commands]
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
for command in commands:
    try:
        call_command(*command)
    except CommandError as error:
        print(error)
"""


@pytest.fixture
def public(as_root: None, public_folder: Path) -> Site:
    """A site in a folder that everybody can reach."""
    public_folder.chmod(0o755)
    site = Site(public_folder)
    site.schedule.write_text(OLD)
    return site


def run_as_nobody(site: Site, commands: list[tuple[str, ...]]) -> list[str]:
    """What the commands say to a user who owns nothing, one after another."""
    script = f"commands = {commands!r}\n{AS_NOBODY}"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=site.environment, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("mode", "owner", "reason"),
    [
        (0o755, 0, "Permission denied; run the command as a user who may write to the file's folder"),
        (0o777, 1234, "Operation not permitted; run the command as the file's owner, whose ownership is kept"),
    ],
    ids=["folder", "owner"],
)
def test_who_may_not_write_is_told_who_may_and_nothing_is_lost(
    public: Site, mode: int, owner: int, reason: str
) -> None:
    public.watched.chmod(mode)
    os.chown(public.schedule, owner, owner)
    told = run_as_nobody(public, COMMANDS)
    assert told == [f"{public.schedule} can't be written: {reason}"] * len(COMMANDS)
    assert public.schedule.read_text() == OLD
    assert set(os.listdir(public.watched)) <= {"downtime.yml", ".downtime.yml.lock"}


def test_what_root_edits_stays_its_owner_s_who_can_edit_it_afterwards(public: Site) -> None:
    public.watched.chmod(0o777)
    os.chown(public.schedule, 65534, 65534)
    public.schedule.chmod(0o640)
    old = os.umask(0o077)
    try:
        public.manage(*NEW)
    finally:
        os.umask(old)
    status = public.schedule.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (65534, 65534, 0o640)
    assert run_as_nobody(public, [("downtime_cancel", "new")]) == [f"Cancelled new in {public.schedule}."]
    assert public.schedule.read_text() == OLD


@pytest.mark.parametrize("kind", ["one", "chained", "dangling"])
def test_a_link_stays_and_its_target_is_edited(schedule: Path, tmp_path: Path, kind: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    target = elsewhere / "target.yml"
    match kind:
        case "one":
            target.write_text(OLD)
            schedule.symlink_to(target)
        case "chained":
            target.write_text(OLD)
            (elsewhere / "between").symlink_to("target.yml")
            schedule.symlink_to("elsewhere/between")
        case "dangling":
            schedule.symlink_to("elsewhere/target.yml")
    links = [path for path in (schedule, elsewhere / "between") if path.is_symlink()]
    before = [os.readlink(link) for link in links]
    run(*NEW)
    assert [os.readlink(link) for link in links] == before
    assert not target.is_symlink()
    assert "new" in names(target.read_text())
    run("downtime_cancel", "new")
    assert target.read_text() == (OLD if kind != "dangling" else "")


def test_a_link_to_a_missing_folder_is_an_error_that_says_what_to_make(schedule: Path) -> None:
    schedule.symlink_to("none/downtime.yml")
    target = schedule.parent / "none" / "downtime.yml"
    assert refusal(*NEW) == f"{target} can't be written: No such file or directory; make its folder first"
    assert schedule.is_symlink()
