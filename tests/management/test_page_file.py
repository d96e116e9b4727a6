"""The page in a file: what it speaks of, and what must not go wrong on the way to it."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from io import StringIO
from itertools import groupby
from pathlib import Path

import pytest
import pytest_django

from downtime.http.built_in_page import built_in_page
from downtime.http.prerendered import prerender
from downtime.management.base import DowntimeCommand
from downtime.management.page_file import NEUTRAL, Report, Subject, keep, subject_of, tell
from downtime.schedule.periods import ALWAYS, NEVER, Period, Schedule, Window
from tests.support.programs import ROOT
from tests.support.refusals import START

NOW = datetime(2026, 12, 1, 2, tzinfo=timezone.utc)
LATER = NOW + timedelta(hours=2)
WHOLE = Period(START, message="Back at four.")
ENDS = Period(START, LATER, message="Back at four.")
SHOP, READ_ONLY = Period(START, paths=("/shop",)), Period(START, read_only=True)
AFTER = Period(LATER, LATER + timedelta(hours=1))
OVER = Period(START, NOW, message="It is over.")

SUBJECTS: dict[str, tuple[list[Period], list[Period], Period | None, datetime]] = {
    "nothing": ([], [], None, NEVER),
    "a flag": ([WHOLE], [], WHOLE, NEVER),
    "a flag with an end": ([ENDS], [], ENDS, LATER),
    "a flag that covers the site by its paths": ([Period(START, paths=("",))], [], Period(START, paths=("",)), NEVER),
    "the next period begins as the flag lets go": ([ENDS], [AFTER], ENDS, AFTER.end),
    "a flag that has expired": ([OVER], [], None, NEVER),
    "a part": ([SHOP], [], None, NEVER),
    "writing": ([READ_ONLY], [], None, NEVER),
    "a part, and by another flag everything": ([SHOP, READ_ONLY, ENDS], [], ENDS, LATER),
    "the first of several": ([ENDS, WHOLE], [], ENDS, NEVER),
    "a period of the schedule alone": ([], [Period(START, message="We are moving.")], None, NEVER),
}


@pytest.mark.parametrize(("flags", "periods", "period", "release"), SUBJECTS.values(), ids=SUBJECTS)
def test_the_page_speaks_of_a_raised_flag_that_refuses_everything_or_is_neutral(
    flags: list[Period], periods: list[Period], period: Period | None, release: datetime
) -> None:
    subject = subject_of(Schedule(tuple(periods)).at(NOW, flags))
    if period is None:
        assert subject == NEUTRAL
    else:
        assert (subject.window.period, subject.release) == (period, release)


MESSAGE = Subject(Window(ALWAYS, -1, NEVER, WHOLE), NEVER)


def kept(subject: Subject = MESSAGE) -> Report:
    return keep(lambda: subject)


def test_page_and_problem_details_are_kept_whole(page: Path, twin: Path) -> None:
    for subject in (MESSAGE, NEUTRAL, MESSAGE):
        assert kept(subject) == Report((str(page), str(twin)))
        rendered = prerender(*subject)
        assert (page.read_bytes(), twin.read_bytes()) == (rendered.page, rendered.problem)
    assert sorted(os.listdir(page.parent)) == ["downtime.html", "downtime.json"]


def test_nothing_is_asked_or_written_without_the_setting(tmp_path: Path) -> None:
    def asked() -> Subject:
        raise AssertionError

    assert keep(asked) == Report()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o777])
def test_a_new_page_can_be_read_by_whoever_may_enter_its_folder(page: Path, twin: Path, umask: int) -> None:
    page.parent.chmod(0o711)
    before = os.umask(umask)
    try:
        kept()
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (page, twin)] == [0o644, 0o644]


def test_a_page_keeps_its_mode_and_the_link_that_leads_to_it(page: Path, twin: Path, tmp_path: Path) -> None:
    target = tmp_path / "shared.html"
    target.write_text("old")
    target.chmod(0o640)
    page.symlink_to(target)
    twin.write_text("old")
    twin.chmod(0o604)
    kept()
    assert page.is_symlink()
    assert target.read_bytes() == prerender(*MESSAGE).page
    assert [stat.S_IMODE(path.stat().st_mode) for path in (target, twin)] == [0o640, 0o604]


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link_to_pipe(path: Path) -> None:
    os.mkfifo(path.parent / "pipe")
    path.symlink_to("pipe")


def folder(path: Path) -> None:
    path.mkdir()


def loop(path: Path) -> None:
    path.symlink_to(path.name)


IN_ITS_PLACE = {
    "pipe": (pipe, "it is a pipe, a device or the like: remove it, or name another file; nothing was changed"),
    "link to a pipe": (link_to_pipe, "it is a pipe, a device or the like: remove it, or name another file; "),
    "folder": (folder, "Is a directory; a folder is in its place: remove it first"),
    "loop": (loop, "Too many levels of symbolic links; nothing was changed"),
}


@pytest.mark.parametrize(("make", "reason"), IN_ITS_PLACE.values(), ids=IN_ITS_PLACE)
@pytest.mark.parametrize("name", ["downtime.html", "downtime.json"])
def test_what_is_in_the_place_of_one_stays_and_is_told_and_the_other_is_written(
    page: Path, twin: Path, name: str, make: Callable[[Path], None], reason: str
) -> None:
    make(page.with_name(name))
    before = page.with_name(name).lstat()
    report = kept()
    [trouble] = report.troubles
    assert f"{name if make is not link_to_pipe else 'pipe'} can't be written: {reason}" in trouble
    assert report.written == tuple(str(path) for path in (page, twin) if path.name != name)
    assert page.with_name(name).lstat().st_ino == before.st_ino
    assert list(page.parent.glob(".*.tmp")) == []


def test_a_folder_that_is_not_there_is_told(page: Path, twin: Path) -> None:
    page.parent.rmdir()
    reason = "can't be written: No such file or directory; make its folder first"
    assert kept() == Report(troubles=(f"{page} {reason}", f"{twin} {reason}"))


def test_a_page_that_can_not_be_rendered_is_the_built_in_one_and_that_is_told(
    settings: pytest_django.Settings, page: Path, twin: Path
) -> None:
    settings.DOWNTIME_TEMPLATE = "no/such/template.html"
    report = kept()
    assert report == Report(
        (str(page), str(twin)),
        ("The page is the built-in one, as the template no/such/template.html can't be rendered; the log says why",),
    )
    assert page.read_text() == built_in_page("Back at four.", was_sent=False)


def test_whatever_goes_wrong_is_told_and_not_raised(settings: pytest_django.Settings, page: Path) -> None:
    settings.DEFAULT_CHARSET = "ascii"
    message = Subject(Window(ALWAYS, -1, NEVER, Period(message="Größer")), NEVER)
    [trouble] = kept(message).troubles
    assert trouble.startswith(f"The page can't be kept in {page}: UnicodeEncodeError: 'ascii' codec can't encode")
    assert not page.exists()


def test_code_of_the_site_that_wants_to_exit_ends_nobody_else(page: Path) -> None:
    [trouble] = keep(lambda: sys.exit("no page")).troubles
    assert trouble == f"The page can't be kept in {page}: SystemExit: no page"


KILLED_AT_MANY_CALLS = """
import os, signal, sys
from downtime.management.page_file import write

page, twin = sys.argv[1:]
OLD, NEW = b"old" * 20_000, b"new" * 20_000

def killed_at(number):
    left = number

    def count(frame, event, argument):
        nonlocal left
        left -= event in ("call", "c_call")
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    pid = os.fork()
    if pid == 0:
        sys.setprofile(count)
        write({page: NEW, twin: NEW})
        sys.setprofile(None)
        os._exit(0)
    return os.waitpid(pid, 0)[1]

def state(path):
    with open(path, "rb") as file:
        return {OLD: "old", NEW: "new"}.get(file.read(), "broken")

number, status = 0, signal.SIGKILL
while status == signal.SIGKILL:
    number += 13  # at each call, one file alone is replaced in tests/files/test_atomic_write.py
    for name in os.listdir(folder := os.path.dirname(page)):
        os.unlink(os.path.join(folder, name))  # also what the last one has left
    for path in (page, twin):
        with open(path, "wb") as file:
            file.write(OLD)
    status = killed_at(number)
    print(state(page), state(twin))
"""


@pytest.mark.system
def test_whenever_a_command_is_killed_each_file_is_the_old_or_the_new_one(page: Path, twin: Path) -> None:
    command = [sys.executable, "-c", KILLED_AT_MANY_CALLS, str(page), str(twin)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "tests.bare_settings"}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    states = ran.stdout.splitlines()
    assert len(states) > 20
    assert [state for state, _ in groupby(states)] == ["old old", "new old", "new new"]


@pytest.mark.parametrize(
    ("report", "verbosity", "printed", "warned"),
    [
        (Report(), 1, "", ""),
        (Report(("a", "b")), 1, "Wrote the page to a and b.\n", ""),
        (Report(("a",), ("b can't",)), 1, "Wrote the page to a.\n", "b can't.\n"),
        (Report(("a",), ("b can't", "c\nneither")), 0, "", "b can't.\nc\\nneither.\n"),
    ],
    ids=["nothing", "both", "one", "success is silent"],
)
def test_a_report_is_a_line_and_its_troubles_are_one_each(
    report: Report, verbosity: int, printed: str, warned: str
) -> None:
    command = DowntimeCommand(stdout=StringIO(), stderr=StringIO(), no_color=True)
    command.verbosity = verbosity
    tell(command, report)
    assert (command.stdout.getvalue(), command.stderr.getvalue()) == (printed, warned)  # type: ignore[attr-defined]
