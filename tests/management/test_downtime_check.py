"""downtime_check, of the schedule of the project and of any file."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from django.core.management import call_command

from downtime.files.schedule_file import LARGEST
from tests.support.commands import refusal, run
from tests.support.programs import ROOT
from tests.support.readme import block


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
    lines = run("downtime_check").splitlines()
    assert lines[:2] == [
        f"{schedule} has no problem; it has 4 periods.",
        "By this schedule alone, a part of the site is down (/a), since 2020-01-01 00:00:00 CET, because of now; from "
        "2099-01-01 00:00:00 CET on, a part of the site is down (/a), because of now, and the rest of the site is "
        "read-only, because of the period on line 3; it is not known when everything passes again.",
    ]
    assert [re.split("  +", line) for line in lines[2:]] == [
        [""],
        ["ACTIVE", "WHEN", "PERIOD", "REFUSED", "MESSAGE"],
        [ANY, "2020-01-01 00:00 CET, no known end", "now", "/a", "Soon."],
        [""],
        ["COMING", "WHEN", "PERIOD", "REFUSED", "MESSAGE"],
        [ANY, "2099-01-01 00:00 to 2099-01-02 00:00 CET", "the period on line 3", "writing"],
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
    assert "  2098-12-31 18:00 CST, no known end  later   everything\n" in sound.stdout
    assert (unsound.returncode, unsound.stderr) == (1, "")
    assert unsound.stdout.startswith("unsound.yml:3: end is 'never'; it must be an ISO 8601 date")


def given(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """The content is what the standard input holds."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="ascii"))


def test_check_reads_the_standard_input(monkeypatch: pytest.MonkeyPatch, schedule: Path) -> None:
    schedule.write_text("of no interest: here")
    given(monkeypatch, "periods: [{start: 2020-01-01, message: Größer}]\n".encode())
    *lines, row = run("downtime_check", "-").splitlines()
    assert lines == [
        "<stdin> has no problem; it has 1 period.",
        "By this schedule alone, the site is down, since 2020-01-01 00:00:00 CET, without a known end, "
        "because of the period on line 1.",
        "",
        ANY,
    ]
    assert row.endswith("  2020-01-01 00:00 CET, no known end  the period on line 1  everything  Größer")
    given(monkeypatch, b"")
    assert run("downtime_check", "-").startswith("<stdin> has no problem; it has 0 periods.\n")


@pytest.mark.parametrize(
    ("content", "told_of_it"),
    [
        (b"periods:\n- start: soon\n", "<stdin>:2: start is 'soon'; it must be "),
        (b"\n\xff", "<stdin>:2: it is not UTF-8 text"),
        (b"periods: [", "<stdin>:1: it is not valid YAML"),
    ],
    ids=["a time", "no UTF-8", "no YAML"],
)
def test_check_names_the_lines_of_the_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: bytes, told_of_it: str
) -> None:
    given(monkeypatch, content)
    with pytest.raises(SystemExit) as end:
        call_command("downtime_check", "-")
    assert end.value.code == 1
    assert capsys.readouterr().out.startswith(told_of_it)


def test_check_reads_no_more_of_the_standard_input_than_a_schedule_can_have(monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/zero", encoding="ascii") as zeros:
        monkeypatch.setattr(sys, "stdin", zeros)
        assert refusal("downtime_check", "-").startswith(f"the standard input has more than {LARGEST} bytes")


def test_check_says_why_the_standard_input_can_not_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert refusal("downtime_check", "-") == "the standard input can't be read: it is closed"
    folder = os.open(tmp_path, os.O_RDONLY)
    with io.TextIOWrapper(io.BufferedReader(io.FileIO(os.dup(os.open(os.devnull, os.O_RDONLY))))) as stream:
        os.dup2(folder, stream.fileno())
        monkeypatch.setattr(sys, "stdin", stream)
        assert refusal("downtime_check", "-") == "the standard input can't be read: Is a directory"
    os.close(folder)


@pytest.mark.system
def test_a_git_hook_as_the_readme_shows_it_checks_what_is_staged_and_not_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "bare.py").write_text("INSTALLED_APPS = ['downtime']\nUSE_TZ = True\n")
    manage = "import sys\nfrom django.core.management import execute_from_command_line\n"
    (tmp_path / "manage.py").write_text(f"{manage}execute_from_command_line(sys.argv)\n")
    path = os.pathsep.join((os.path.dirname(sys.executable), os.environ["PATH"]))
    identity = {f"GIT_{who}_{what}": "a@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {**os.environ, **identity, "PATH": path, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "bare"}

    def git(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", *command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    assert git("init", "--quiet").returncode == 0
    script = tmp_path / ".git" / "hooks" / "pre-commit"
    script.parent.mkdir(exist_ok=True)
    script.write_text(block(".git/hooks/pre-commit").text)
    script.chmod(0o755)
    schedule = tmp_path / "downtime.yml"
    schedule.write_text("periods: [{start: soon}]\n")
    git("add", "downtime.yml")
    schedule.write_text("periods: []\n")
    refused = git("commit", "--message", "bad")
    assert refused.returncode == 1
    assert "<stdin>:1: start is 'soon'; it must be " in refused.stdout + refused.stderr
    git("add", "downtime.yml")
    schedule.write_text("periods: [{start: soon}]\n")
    taken = git("commit", "--message", "good")
    assert taken.returncode == 0, taken.stderr
    assert "no problem" not in taken.stdout + taken.stderr


def test_check_of_an_empty_and_of_a_missing_schedule(schedule: Path, tmp_path: Path) -> None:
    assert run("downtime_check").splitlines()[0] == f"{schedule} is not there, which means no periods."
    schedule.touch()
    assert run("downtime_check", str(schedule)).splitlines() == [
        f"{schedule} has no problem; it has 0 periods.",
        "By this schedule alone, the site is up.",
        "Nothing is active now, and nothing is coming.",
    ]
    assert refusal("downtime_check", str(tmp_path / "none")) == f"{tmp_path / 'none'} does not exist; check the name"
    (tmp_path / "link").symlink_to("none")
    assert refusal("downtime_check", str(tmp_path / "link")) == f"{tmp_path / 'link'} does not exist; check the name"


def test_check_takes_no_empty_name_for_the_schedule_of_the_project(schedule: Path) -> None:
    """As of a variable that a script in CI has not set."""
    assert refusal("downtime_check", "") == "a file without a name does not exist; check the name"
