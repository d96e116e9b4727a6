"""downtime_check, of the schedule of the project and of any file."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.support.commands import refusal, run
from tests.support.programs import ROOT


def exit_code(*arguments: str) -> Any:
    with pytest.raises(SystemExit) as caught:
        run("downtime_check", *arguments)
    return caught.value.code


def test_check_prints_each_problem_with_its_place_and_exits_with_1(
    schedule: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "periods:\n" + "  - start: soon\n" * 25 + "zone: x\n"
    (schedule.parent / "other.yml").write_text(source)
    monkeypatch.chdir(schedule.parent)
    with pytest.raises(SystemExit) as caught:
        call_command("downtime_check", "other.yml")
    assert caught.value.code == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 26
    assert all(
        re.match(rf"other\.yml:{number}: start is 'soon'; it must be", line)
        for number, line in enumerate(lines[:-1], 2)
    )
    assert lines[-1].startswith("other.yml:27: 'zone' is not a key of the schedule; did you mean timezone?")
    assert exit_code("other.yml") == 1


def test_check_prints_what_applies_when(schedule: Path) -> None:
    schedule.write_text(
        "periods:\n"
        "- {name: now, start: 2020-01-01, message: Soon., paths: [/a]}\n"
        "- {start: 2099-01-01, end: 2099-01-02, read_only: true}\n"
        "- {name: over, start: 2020-01-01, end: 2020-01-02}\n"
        "- {name: later, start: 2099-01-01, enabled: false}\n"
    )
    assert run("downtime_check").splitlines() == [
        f"{schedule} has no problem; it has 4 periods.",
        "Active now:",
        "  now: since 2020-01-01 00:00:00 CET, without a known end, only below /a: Soon.",
        "Coming:",
        "  the period on line 3: from 2099-01-01 00:00:00 CET to 2099-01-02 00:00:00 CET, reading passes",
    ]


def test_check_needs_no_setting_but_the_app(tmp_path: Path) -> None:
    """Not even where the schedule of the project is: CI and git hooks name the file."""
    (tmp_path / "bare.py").write_text("INSTALLED_APPS = ['downtime']\nUSE_TZ = True\n")
    (tmp_path / "sound.yml").write_text("timezone: UTC\nperiods: [{start: 2099-01-01, name: later}]\n")
    (tmp_path / "unsound.yml").write_text("timezone: UTC\nperiods:\n  - {start: 2099-01-01, name: 'no', end: never}\n")
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "bare", "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}

    def check(name: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "django", "downtime_check", name]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    sound, unsound = check("sound.yml"), check("unsound.yml")
    assert (sound.returncode, sound.stderr) == (0, "")
    assert "  later: from 2098-12-31 18:00:00 CST without a known end\n" in sound.stdout
    assert (unsound.returncode, unsound.stderr) == (1, "")
    assert unsound.stdout.startswith("unsound.yml:3: end is 'never'; it must be an ISO 8601 date")


def test_check_of_an_empty_and_of_a_missing_schedule(schedule: Path, tmp_path: Path) -> None:
    assert run("downtime_check").splitlines()[0] == f"{schedule} is not there, which means no periods."
    schedule.touch()
    assert run("downtime_check", str(schedule)).splitlines() == [
        f"{schedule} has no problem; it has 0 periods.",
        "Nothing is active now, and nothing is coming.",
    ]
    assert refusal("downtime_check", str(tmp_path / "none")) == f"{tmp_path / 'none'} is not there; name a file that is"
