"""While up, a request leaves the disk alone."""

import time
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.harness import Site, serving
from tests.support.programs import require
from tests.support.waiting import wait_until

pytestmark = pytest.mark.alone

LOOKING = {"stat", "lstat", "newfstatat", "statx", "readlink", "readlinkat"}
A_LOOK_TAKES = 0.1  # seconds, under strace
LASTS = 3.0  # seconds in which the calls are counted
SETTLES = 3.0  # seconds after which the watch runs, and young files have been read for good
REQUESTS = 1000
STRACE = ("strace", "-D", "-f", "--seccomp-bpf", "-ttt", "-s", "4096", "-e", "trace=file", "-o")


class Call(NamedTuple):
    """A system call, and when it was made by the wall clock."""

    moment: float
    name: str


def test_while_up_a_worker_looks_at_its_files_once_a_second(site: Site) -> None:
    """strace sees one look at each file a second and nothing else, whatever is asked."""
    require("strace")
    site.schedule.write_text("periods:\n  - start: 2999-01-01\n")
    traced = site.folder / "strace.log"
    with serving(site, "gunicorn sync", workers=1, under=(*STRACE, str(traced))) as server:
        server.meet()
        server.rounds_for(SETTLES)
        begun = time.time()
        answers = server.rounds_for(LASTS)
        ended = time.time()
    wait_until(lambda: "+++ exited" in traced.read_text(), within=5.0, what="strace has ended")
    assert len(answers) >= REQUESTS
    assert {answer.status for answer in answers} == {200}
    for path in (site.schedule, site.flag):
        calls = [call for call in calls_on(path, traced) if begun <= call.moment < ended]
        assert {call.name for call in calls} <= LOOKING
        assert 1 <= looks(calls) <= int(ended - begun) + 1


def calls_on(path: Path, traced: Path) -> list[Call]:
    """The system calls that named a file."""
    fields = [line.split() for line in traced.read_text().splitlines() if path.name in line]
    return [Call(float(moment), call.split("(")[0]) for _, moment, call, *_ in fields]


def looks(calls: list[Call]) -> int:
    """How many looks these calls are: one goes through the links on the way, then to the file."""
    moments = [float("-inf"), *(call.moment for call in calls)]
    return sum(later - earlier > A_LOOK_TAKES for earlier, later in pairwise(moments))
