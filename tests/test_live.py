import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import pytest_django

from downtime import live
from tests.support.clock import Clock
from tests.support.processes import is_down
from tests.support.programs import ROOT
from tests.support.snapshot import at, seconds_fresh, until_watch_counts


@pytest.mark.parametrize("raised", [False, True], ids=["up", "down"])
def test_an_answer_comes_from_memory_until_its_deadline(
    settings: pytest_django.Settings, flag: Path, clock: Clock, file_accesses: list[str], raised: bool
) -> None:
    settings.DOWNTIME_RECHECK = 400
    if raised:
        flag.touch()
    assert is_down() is raised
    file_accesses.clear()
    for _ in range(100):
        assert is_down() is raised
    assert file_accesses == []
    clock.passes(100)
    live.answer()
    assert file_accesses


def test_what_was_loaded_is_looked_at_once_more_at_the_first_request(
    settings: pytest_django.Settings, flag: Path
) -> None:
    """A master that loads the app and forks its workers much later must not hand them an old answer."""
    settings.DOWNTIME_RECHECK = 400
    live.load()
    assert seconds_fresh() < 0
    flag.touch()
    assert is_down()


def test_loading_starts_no_thread(settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_WATCH = "auto"
    settings.DOWNTIME_RECHECK = 3_600
    before = threading.active_count()
    live.load()
    assert threading.active_count() == before


# Processes


def test_a_process_is_known_by_its_pid(flag: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """uWSGI forks without telling Python, so that nothing but the pid can tell."""
    live.load()
    parents = live.current
    monkeypatch.setattr(os, "getpid", lambda: -5)
    flag.touch()
    assert is_down()
    assert live.current is not parents
    assert not parents.snapshot.answer.active


@pytest.mark.parametrize(
    "code",
    [
        "import downtime.middleware",
        "import django; django.setup()",
        "import django; django.setup(); from django.core.management import call_command; call_command('check')",
    ],
    ids=["import", "setup", "command"],
)
def test_no_process_watches_before_its_first_request(code: str, tmp_path: Path) -> None:
    after = "; import sys, threading; print('watchdog' in sys.modules, threading.active_count())"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.bare_settings"}
    command = [sys.executable, "-c", code + after]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.endswith("False 1\n")


def test_a_running_watch_does_not_delay_the_end_of_a_process(tmp_path: Path) -> None:
    code = (
        "import django, logging, time; django.setup()\n"
        "from downtime import live\n"
        "class Watching(logging.Handler):\n"
        "    def emit(self, record): print(record.getMessage().split()[0], flush=True)\n"
        "logging.getLogger('downtime.reload').setLevel('INFO')\n"
        "logging.getLogger('downtime.reload').addHandler(Watching())\n"
        "live.answer()\n"
        "live.current._supervisor._thread.join()\n"
        "print(time.monotonic())\n"
    )
    settings = tmp_path / "watching_settings.py"
    settings.write_text("from tests.bare_settings import *\nDOWNTIME_WATCH = 'auto'\nDOWNTIME_RECHECK = 1\n")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(tmp_path))),
        "DJANGO_SETTINGS_MODULE": "watching_settings",
    }
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=30)
    kind, ending = ran.stdout.split()
    assert kind.endswith("Observer")
    assert time.monotonic() - float(ending) < 2
    assert ran.stderr == ""


# For other code


def test_other_code_is_told_whether_the_site_is_down_and_why(schedule: Path, flag: Path) -> None:
    assert (live.is_down(), live.current_period()) == (False, None)
    schedule.write_text("periods:\n  - {start: 2020-01-01, end: 2999-01-01, name: disks, read_only: true}\n")
    period = live.current_period()
    assert live.is_down()
    assert period is not None
    assert (period.name, period.read_only) == ("disks", True)
    assert str(period.end) == "2999-01-01 00:00:00+01:00"
    flag.write_text("Back at four.")
    period = live.current_period()
    assert period is not None
    assert (period.message, period.end) == ("Back at four.", None)


def test_other_code_is_answered_from_memory_while_the_deadline_lasts(
    settings: pytest_django.Settings, flag: Path, file_accesses: list[str]
) -> None:
    settings.DOWNTIME_RECHECK = 400
    flag.touch()
    assert live.is_down()
    file_accesses.clear()
    for _ in range(100):
        assert live.is_down()
        assert live.overview().answer.active
    assert file_accesses == []


def test_an_overview_is_all_of_one_look(schedule: Path, flag: Path) -> None:
    schedule.write_text("periods:\n  - {start: 2020-01-01, name: now}\n  - {start: 2999-01-01, name: late}\n")
    flag.write_text("Back at four.")
    found = live.overview()
    assert [window.period.name for window in found.answer.active] == ["", "now"]
    assert [window.period.name for window in found.upcoming] == ["late"]
    assert [period.name for period in found.schedule.periods] == ["now", "late"]
    assert [raised.path for raised in found.flags] == [str(flag)]
    assert (found.known_schedule.path, found.known_schedule.problems) == (str(schedule), ())
    assert [known.path for known in found.known_flags] == [str(flag)]


def test_an_overview_follows_the_files(schedule: Path, flag: Path) -> None:
    assert not live.overview().answer.active
    flag.touch()
    assert live.overview().answer.active
    flag.unlink()
    assert not live.overview().answer.active


def test_other_code_starts_no_watch_but_keeps_one_that_requests_have_started(
    settings: pytest_django.Settings, clock: Clock
) -> None:
    settings.DOWNTIME_WATCH = "auto"
    settings.DOWNTIME_RECHECK = 1.0
    before = set(threading.enumerate())
    live.is_down()
    live.overview()
    assert set(threading.enumerate()) == before
    assert seconds_fresh() <= 0.25
    until_watch_counts()
    live.current.expire()
    live.is_down()
    assert seconds_fresh() > 0.5


def test_templates_are_told_from_memory_alone(schedule: Path, flag: Path, file_accesses: list[str]) -> None:
    schedule.write_text("periods:\n  - {start: 2999-02-01, name: b}\n  - {start: 2999-01-01, name: a}\n")
    flag.write_text("Back at four.")
    assert (live.active(), live.upcoming()) == ([], [])
    live.answer()
    file_accesses.clear()
    for _ in range(3):
        assert [period.message for period in live.active()] == ["Back at four."]
        assert [period.name for period in live.upcoming()] == ["a", "b"]
        live.current.expire()
    assert file_accesses == []


def test_a_period_that_has_begun_is_to_come_no_longer(schedule: Path, clock: Clock) -> None:
    schedule.write_text(f"periods:\n  - {{start: '{at(10)}', name: soon}}\n  - {{start: 2999-01-01, name: late}}\n")
    live.answer()
    assert [period.name for period in live.upcoming()] == ["soon", "late"]
    clock.passes(12)
    live.answer()
    assert [period.name for period in live.upcoming()] == ["late"]
    assert [period.name for period in live.active()] == ["soon"]
