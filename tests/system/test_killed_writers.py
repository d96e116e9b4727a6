"""Writers of the schedule that are killed, at each system call and by chance."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.harness import Site
from tests.support.programs import ROOT, require

OLD = "# top\nperiods:\n  # of one\n  - name: one\n    start: 2020-01-01  # long ago\n\n# end\n"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.schedule.write_text(OLD)
    return site


FORKING = """
import json, os, re, select, signal, subprocess, sys, time
from types import SimpleNamespace
from zoneinfo import ZoneInfo
import django.core.files.locks  # as it is imported late, and its system calls are not ours
from downtime.files.lock import locked
from downtime.edits.add import add
from downtime.edits.schedule_text import open_text
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
    with locked(path, timeout=0):
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
with locked(path):  # so that each process finds a lock that is made
    pass
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
    assert {"openat", "flock", "read", "write", "fsync", "renameat"} <= set(calls)
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
