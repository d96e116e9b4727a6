"""What downtime_status tells people of its own accord: colours, the next ten, the files and the next step."""

import os
import re
import shlex
import struct
import subprocess
import sys
import time
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import pytest_django
from django.core.management import call_command

from downtime.management.table import display_width
from tests.support.commands import Terminal, on_terminal, run
from tests.support.programs import ROOT, posix_module

fcntl = posix_module("fcntl")
pty = posix_module("pty")
termios = posix_module("termios")

RED, GREEN, YELLOW, PLAIN = "\x1b[31;1m", "\x1b[32;1m", "\x1b[33;1m", "\x1b[0m"


@pytest.fixture(autouse=True)
def _colors(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if nobody had asked for others."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("DJANGO_COLORS", "dark")


@pytest.mark.parametrize(
    ("content", "periods", "painted"),
    [
        (None, "", f"is {GREEN}up{PLAIN}."),
        ("", "", f"is {RED}down{PLAIN}, since"),
        ("read_only: true", "", f"is {YELLOW}read-only{PLAIN}, since"),
        ("paths: [/down]", "", f"is {YELLOW}down{PLAIN} (/down), since"),
        (None, "periods: [{start: soon}]", f"is {YELLOW}unknown{PLAIN}: "),
    ],
    ids=["up", "down", "read-only", "partly", "unknown"],
)
def test_on_a_terminal_the_word_for_the_state_has_a_colour(
    flag: Path, schedule: Path, content: str | None, periods: str, painted: str
) -> None:
    schedule.write_text(periods)
    if content is not None:
        flag.write_text(content)
    first = on_terminal("downtime_status").splitlines()[0]
    assert painted in first
    assert first.count("\x1b") == 2


def test_the_colours_are_those_of_django(flag: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flag.touch()
    monkeypatch.setenv("DJANGO_COLORS", "error=magenta")
    assert "is \x1b[35mdown\x1b[0m" in on_terminal("downtime_status")
    monkeypatch.setenv("DJANGO_COLORS", "nocolor")
    assert "\x1b" not in on_terminal("downtime_status")


@pytest.mark.parametrize(
    ("arguments", "variable", "to_terminal", "has_colors"),
    [
        ((), "", True, True),
        ((), "", False, False),
        (("--no-color",), "", True, False),
        ((), "1", True, False),
        (("--force-color",), "", False, True),
        (("--force-color",), "1", True, True),
    ],
    ids=["a terminal", "a pipe", "--no-color", "NO_COLOR", "--force-color", "--force-color and NO_COLOR"],
)
def test_colours_are_for_terminals_unless_somebody_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], variable: str, to_terminal: bool, has_colors: bool
) -> None:
    monkeypatch.setenv("NO_COLOR", variable)
    told = (on_terminal if to_terminal else run)("downtime_status", *arguments)
    assert ("\x1b" in told) is has_colors
    assert "\x1b" not in run("downtime_status", "--json")


def test_what_is_wrong_stands_out(schedule: Path) -> None:
    schedule.write_text("periods: [{start: soon}]")
    assert f"\n\n{RED}Problems{PLAIN}:\n  {schedule}:1: start is 'soon'" in on_terminal("downtime_status")


def many(number: int) -> str:
    start = datetime(2997, 1, 1, tzinfo=timezone.utc)
    days = (start + timedelta(days=day) for day in range(number))
    return "periods:\n" + "".join(f"- {{name: p{n}, start: {day:%Y-%m-%d}}}\n" for n, day in enumerate(days))


@pytest.mark.parametrize(("number", "more"), [(10, None), (11, "and 1 more; "), (300, "and 290 more; ")])
def test_the_next_ten_are_told_and_how_many_more_there_are(schedule: Path, number: int, more: str | None) -> None:
    schedule.write_text(many(number))
    told = run("downtime_status")
    assert re.findall(r"  (p\d+)  ", told) == [f"p{n}" for n in range(min(number, 10))]
    assert (f"\n{more}--all shows them\n" in told) if more else "more" not in told
    whole = run("downtime_status", "--all")
    assert re.findall(r"  (p\d+) +everything", whole) == [f"p{n}" for n in range(number)]
    assert "more" not in whole


def test_a_row_fits_on_the_terminal_and_is_whole_in_a_pipe(schedule: Path) -> None:
    schedule.write_text(f"periods: [{{start: 2999-01-01, message: {'long ' * 50}}}]")
    for columns in (80, 120):
        row = on_terminal("downtime_status", columns=columns).splitlines()[3]
        assert len(row) <= columns
        assert row.endswith("…")
    assert "long long long" in run("downtime_status").splitlines()[3]
    assert len(run("downtime_status").splitlines()[3]) > 250


def looked_at() -> list[str]:
    """What is told of each file, without the time of its last change."""
    _, _, files = run("downtime_status").partition("\nLooked at:\n")
    return re.sub(r"\d+ \w+ ago", "… ago", files).partition("\n\n")[0].splitlines()


def test_it_is_told_which_files_were_looked_at(
    schedule: Path, flag: Path, settings: pytest_django.Settings, tmp_path: Path
) -> None:
    other, loop = tmp_path / "other flag", tmp_path / "loop"
    loop.symlink_to(loop)
    settings.DOWNTIME_FLAG_FILE = [flag, other, loop / "flag"]
    flag.write_text("end: 2020-09-14")
    os.utime(flag, (1_600_000_000, 1_600_000_000))
    other.touch()
    schedule.write_text("periods: [{start: 2999-01-01}]")
    assert looked_at() == [
        f"  {schedule}: 1 period, changed … ago",
        f"  {flag}: raised … ago, but it has expired",
        f"  {other}: raised … ago",
        f"  {loop}/flag: it is not known whether it is raised",
    ]
    schedule.unlink()
    assert looked_at()[0] == f"  {schedule}: not there, so no periods"
    schedule.symlink_to(loop)
    assert looked_at()[0] == f"  {schedule}: it can't be read"


def test_a_schedule_that_can_not_be_read_is_not_counted_and_can_not_be_corrected(schedule: Path) -> None:
    schedule.mkdir()
    assert looked_at()[0] == f"  {schedule}: it can't be read"
    assert next_steps() == []


def test_a_flag_of_a_clock_that_is_ahead_is_raised_in_the_future(flag: Path) -> None:
    flag.touch()
    tomorrow = time.time() + 86_400
    os.utime(flag, (tomorrow, tomorrow))
    told = run("downtime_status")
    assert re.match(r"The site is down, since \S+ \S+ \S+ \(24 h in the future\), without", told)
    assert re.search("\nACTIVE .*\n24 h in the future  ", told)
    assert f"\n  {flag}: raised 24 h in the future\n" in told


def next_steps() -> list[str]:
    """The lines below the files."""
    _, _, files = run("downtime_status").partition("\nLooked at:\n")
    return files.partition("\n\n")[2].splitlines()


def test_a_site_that_is_up_needs_nothing(schedule: Path) -> None:
    schedule.write_text("periods: [{start: 2999-01-01}]")
    assert next_steps() == []


@pytest.mark.parametrize("periods", ["", "periods: [{start: 2020-01-01}]"], ids=["a flag", "a flag and a period"])
def test_the_command_that_brings_the_site_back_is_told_once(schedule: Path, flag: Path, periods: str) -> None:
    schedule.write_text(periods)
    flag.touch()
    assert next_steps() == ["Bring it back: manage.py downtime_end"]
    call_command("downtime_end", stdout=Terminal())
    assert next_steps() == []


def test_a_damaged_schedule_has_to_be_corrected_before_a_period_of_it_can_be_ended(schedule: Path) -> None:
    schedule.write_text("periods: [{start: soon}, {start: 2020-01-01}]")
    assert next_steps() == ["Correct the schedule: manage.py downtime_edit"]


def test_flags_that_downtime_end_leaves_alone_have_a_step_of_their_own(
    settings: pytest_django.Settings, tmp_path: Path, flag: Path, fleet: object
) -> None:
    other, of_fleet = tmp_path / "other flag", tmp_path / "downtime.fleet.flag"
    settings.DOWNTIME_FLAG_FILE = [flag, other]
    other.touch()
    of_fleet.touch()
    fleet_step = "Bring back the whole fleet: manage.py downtime_end --fleet"
    assert next_steps() == [f"Lower the other flag: rm {shlex.quote(str(other))}", fleet_step]
    other.unlink()
    other.symlink_to(tmp_path)
    assert next_steps() == [f"Lower the other flag: rm {shlex.quote(str(other))}", fleet_step]
    other.unlink()
    other.mkdir()
    (other / "file").touch()
    first, second = next_steps()
    assert (first, second) == (f"Lower the other flag: rm -r {shlex.quote(str(other))}", fleet_step)
    subprocess.run(first.partition(": ")[2], shell=True, check=True)
    assert not other.exists()


@pytest.mark.parametrize("columns", [80, 120])
def test_a_real_terminal_gets_colours_and_rows_that_fit_it(
    schedule: Path, flag: Path, tmp_path: Path, columns: int
) -> None:
    schedule.write_text(f"periods: [{{start: 2020-01-01, message: {'ディスク ' * 50}}}]", encoding="utf-8")
    (tmp_path / "its_settings.py").write_text(
        "from tests.bare_settings import *\n"
        f"DOWNTIME_SCHEDULE_FILE, DOWNTIME_FLAG_FILE = {str(schedule)!r}, {str(flag)!r}\n"
    )
    printed = printed_on_a_terminal(["downtime_status"], columns, str(tmp_path))
    first, _, _, row, *_ = printed.splitlines()
    assert first.startswith(f"The site is {RED}down{PLAIN}, since 2020-01-01 00:00:00 CET (for ")
    assert row.endswith("…")
    assert display_width(row) in (columns, columns - 1)


def printed_on_a_terminal(command: list[str], columns: int, folder: str) -> str:
    """What a command of its own process writes to a terminal of that width."""
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    paths = {"PYTHONPATH": os.pathsep.join((str(ROOT), folder)), "DJANGO_SETTINGS_MODULE": "its_settings"}
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen(
            [sys.executable, "-m", "django", *command],
            env={**environment, **paths, "PYTHONUTF8": "1"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        printed = b""
        with suppress(OSError):  # as Linux says that the other side has been closed
            while piece := terminal.read(4096):
                printed += piece
        assert process.wait(60) == 0
    return printed.decode()
