import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import pytest_django
from django.core.management import CommandError, load_command_class
from django.utils.timezone import get_default_timezone

from downtime import live
from tests.support.commands import refusal, run
from tests.support.programs import ROOT

COMMANDS = [path.stem for path in sorted((ROOT / "downtime/management/commands").glob("downtime_*.py"))]
OPEN = "periods:\n  - start: 2020-01-01 # at night\n    name: upgrade\n"
CRON = "periods:\n- cron: '* * * * *'\n  duration: 1m\n  name: often\n"


def status() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("downtime_status", "--json"))
    return found


def is_down() -> bool:
    """What a request is told."""
    return bool(live.answer().active)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """For how long commands have waited; nobody really does."""
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    return slept


# downtime_start


def test_start_takes_the_site_down_and_says_so(flag: Path) -> None:
    assert run("downtime_start") == f"Raised the flag {flag}: the site is down.\n"
    assert is_down()
    assert run("downtime_start") == f"Updated the flag {flag}: the site is down.\n"
    assert is_down()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], {"message": None, "end": None, "read_only": False, "paths": []}),
        (["--message", "Back at four."], {"message": "Back at four."}),
        (["--message", "no"], {"message": "no"}),
        (["--message", "end: soon"], {"message": "end: soon"}),
        (["--message", "  zwei\nZeilen: ü 🚧 "], {"message": "zwei\nZeilen: ü 🚧"}),
        (["--message", ""], {"message": None}),
        (["--until", "2099-12-01 04:00"], {"end": "2099-12-01T04:00:00+01:00"}),
        (["--until", "2099-12-01T04:00Z"], {"end": "2099-12-01T05:00:00+01:00"}),
        (["--until", "2099-07-01"], {"end": "2099-07-01T00:00:00+02:00"}),
        (["--read-only"], {"read_only": True}),
        (["--path", "/shop", "--path", "/wärter/"], {"paths": ["/shop", "/wärter"]}),
        (["--path", "/"], {"paths": ["/"]}),
        (["--no-wait"], {"message": None}),
    ],
    ids=repr,
)
def test_start_writes_what_it_is_asked(arguments: list[str], expected: dict[str, Any]) -> None:
    run("downtime_start", *arguments)
    found = status()
    [active] = found["active"]
    assert {key: active[key] for key in expected} == expected
    assert (found["down"], found["problems"]) == (True, [])


@pytest.mark.parametrize("option", [["--for", "1h30m"], ["--until", "+90m"]], ids=["for", "until"])
def test_start_counts_a_duration_from_now(option: list[str]) -> None:
    run("downtime_start", *option)
    [active] = status()["active"]
    length = datetime.fromisoformat(active["end"]) - datetime.now(timezone.utc)
    assert timedelta(minutes=89, seconds=50) < length <= timedelta(minutes=90, seconds=1)


def test_a_downtime_of_a_second_lasts_for_a_second_at_least() -> None:
    """An end that lies before the writing of the flag would be a problem, and the site would stay down."""
    before = datetime.now(timezone.utc)
    run("downtime_start", "--for", "1s", "--no-wait")
    found = status()
    assert found["problems"] == []
    assert datetime.fromisoformat(found["active"][0]["end"]) >= before + timedelta(seconds=1)


def test_start_sets_what_a_refused_visitor_gets(client: Any) -> None:
    run("downtime_start", "--retry-after", "600", "--redirect", "https://status.example.com/")
    assert client.get("/")["Location"] == "https://status.example.com/"
    assert client.get("/", headers={"accept": "application/json"})["Retry-After"] == "600"


def test_start_says_what_is_down(flag: Path) -> None:
    written = run("downtime_start", "--path", "/shop", "--path", "/wiki", "--read-only", "--until", "2099-12-01")
    what = "below /shop, /wiki for all but reading until 2099-12-01 00:00:00 CET"
    assert written == f"Raised the flag {flag}: the site is down {what}.\n"


def test_start_writes_the_flag_anew() -> None:
    run("downtime_start", "--message", "one", "--read-only")
    run("downtime_start", "--until", "2099-12-01")
    [active] = status()["active"]
    assert (active["message"], active["read_only"]) == (None, False)


def test_start_raises_the_first_flag_of_a_list(settings: pytest_django.Settings, flag: Path, tmp_path: Path) -> None:
    settings.DOWNTIME_FLAG_FILE = [flag, tmp_path / "other"]
    run("downtime_start")
    assert flag.exists()
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("raised", [False, True], ids=["lowered", "raised"])
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--until", "soon"], "--until is 'soon'; it must be a time such as '2026-12-01 02:00', or '+2h'"),
        (["--until", "2020-01-01"], "--until is '2020-01-01'; it must be a time after now, which is 2"),
        (["--until", "2099-02-30"], "--until is '2099-02-30'; there is no such time"),
        (["--until", "2027-03-28 02:30"], "--until is '2027-03-28 02:30'; the clocks of Europe/Berlin skip"),
        (["--until", "+soon"], "--until is '+soon'; it must be a duration"),
        (["--until", ""], "--until is ''; it must be"),
        (["--for", "2"], "--for is '2'; it must be a duration"),
        (["--for", "0m"], "--for is '0m'; it must be a duration"),
        (["--for", "-1h"], "--for is '-1h'; it must be a duration"),
        (["--for", "99999d"], "--for is '99999d'; it must be a duration"),
        (["--for", ""], "--for is ''; it must be a duration"),
        (["--for", "1h", "--until", "2099-01-01"], "--until and --for are both given; give only one of them"),
        (["--retry-after", "0"], "--retry-after is '0'; it must be a whole number"),
        (["--retry-after", "1.5"], "--retry-after is '1.5'; it must be a whole number"),
        (["--retry-after", "soon"], "--retry-after is 'soon'; it must be a whole number"),
        (["--redirect", "javascript:alert(1)"], "--redirect is 'javascript:alert(1)'; it must be a URL"),
        (["--redirect", "status"], "--redirect is 'status'; it must be a URL"),
        (["--redirect", ""], "--redirect is ''; it must be a URL"),
        (["--message", "long " * 2_000], "--message is 'long long"),
        (["--path", "shop"], "--path is 'shop'; it must be a path prefix"),
        (["--path", "/shop", "--path", "/a/*"], "--path is '/a/*'; it must be a path prefix"),
        (["--path", ""], "--path is ''; it must be a path prefix"),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_start_refuses_bad_input_in_a_line_that_names_it_and_writes_nothing(
    flag: Path, arguments: list[str], named: str, raised: bool
) -> None:
    if raised:
        flag.write_text("as it was")
    arguments = [f"{option}={value}" for option, value in zip(arguments[::2], arguments[1::2], strict=True)]
    message = refusal("downtime_start", *arguments)
    assert message.startswith(named)
    assert "\n" not in message
    assert (flag.read_text() if flag.exists() else None) == ("as it was" if raised else None)


def folder_in_its_place(flag: Path) -> Path:
    flag.mkdir()
    return flag


def folder_missing(flag: Path) -> Path:
    return flag.parent / "missing" / "flag"


def no_folder(flag: Path) -> Path:
    (flag.parent / "text").touch()
    return flag.parent / "text" / "flag"


def loop(flag: Path) -> Path:
    (flag.parent / "loop").symlink_to("loop")
    return flag.parent / "loop" / "flag"


@pytest.mark.parametrize(
    ("prepared", "reason"),
    [
        (folder_in_its_place, "remove that first"),
        (folder_missing, "make its folder first"),
        (no_folder, "correct the path in the settings"),
        (loop, "can't be looked at"),
    ],
)
def test_start_says_why_a_flag_can_not_be_written(
    settings: pytest_django.Settings, flag: Path, prepared: Callable[[Path], Path], reason: str
) -> None:
    path = prepared(flag)
    settings.DOWNTIME_FLAG_FILE = path
    message = refusal("downtime_start")
    assert str(path) in message
    assert reason in message
    assert "\n" not in message
    assert list(flag.parent.glob(".*.tmp")) == []


# downtime_end


def test_end_brings_the_site_back_and_says_so(flag: Path) -> None:
    run("downtime_start")
    assert run("downtime_end") == f"Lowered the flag {flag}.\nThe site is up.\n"
    assert not is_down()


def test_end_has_nothing_to_end_where_the_site_is_up(schedule: Path) -> None:
    expected = "The site was not down; there was nothing to end.\n"
    assert run("downtime_end") == expected
    assert not schedule.exists()
    text = "periods: [{start: 2999-01-01}, {start: 2020-01-01, end: 2020-01-02}, {start: 2020-01-01, enabled: false}]"
    schedule.write_text(text)
    assert run("downtime_end") == expected
    assert schedule.read_text() == text


def test_end_lowers_whatever_flag_there_is(flag: Path) -> None:
    for make in (Path.mkdir, Path.touch, lambda path: path.symlink_to("nowhere")):
        make(flag)
        assert "The site is up." in run("downtime_end")
        assert not os.path.lexists(flag)


def test_end_ends_every_active_period_and_nothing_else(schedule: Path) -> None:
    tail = "  - {start: 2020-01-01, end: 2999-01-01}\n  - {start: 2999-01-01, name: later}\n"
    schedule.write_text(OPEN + tail)
    assert is_down()
    written = run("downtime_end")
    assert written == f"Ended upgrade in {schedule}.\nEnded the period on line 4 in {schedule}.\nThe site is up.\n"
    assert not is_down()
    found = status()
    assert [period["name"] for period in found["upcoming"]] == ["later"]
    assert found["problems"] == []
    lines = schedule.read_text().splitlines()
    assert lines[:2] == OPEN.splitlines()[:2]
    assert lines[-1] == tail.splitlines()[-1]


def test_end_ends_the_running_occurrence_of_a_repeating_period(schedule: Path) -> None:
    schedule.write_text(CRON.replace("* * * * *", "0 0 1 1 *").replace("1m", "366d"))
    assert "Ended the running occurrence of often in" in run("downtime_end")
    assert not is_down()
    assert [period["name"] for period in status()["upcoming"]] == ["often"]


def test_end_ends_flag_and_periods_together(schedule: Path, flag: Path) -> None:
    run("downtime_start")
    schedule.write_text(OPEN)
    assert run("downtime_end").splitlines()[:2] == [f"Lowered the flag {flag}.", f"Ended upgrade in {schedule}."]
    assert not is_down()


def test_end_says_why_the_site_is_still_down(settings: pytest_django.Settings, flag: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    settings.DOWNTIME_FLAG_FILE = [flag, other]
    flag.touch()
    other.touch()
    assert refusal("downtime_end") == f"The site is still down, because of: flag {other}"
    assert not flag.exists()
    assert other.exists()


def test_end_does_not_edit_a_schedule_with_problems(schedule: Path, flag: Path) -> None:
    text = f"{OPEN}  - start: soon\n"
    schedule.write_text(text)
    flag.touch()
    message = refusal("downtime_end")
    assert f"{schedule} has problems, so no period of it can be ended" in message
    assert f"{schedule}:4: start is 'soon'" in message
    assert schedule.read_text() == text
    assert not flag.exists()


def test_end_refuses_what_it_can_not_edit_safely(schedule: Path) -> None:
    text = "periods:\n  - {name: a, start: &s 2020-01-01, end: &e 2999-01-01}\n  - {name: b, start: *s, end: *e}\n"
    schedule.write_text(text)
    message = refusal("downtime_end")
    assert message.startswith(f"{schedule} was not changed: ")
    assert schedule.read_text() == text


def test_end_says_why_a_flag_can_not_be_lowered(flag: Path) -> None:
    flag.mkdir()
    (flag / "something").touch()
    message = refusal("downtime_end")
    assert message.startswith(f"{flag} can't be written: ")
    assert "remove that by hand" in message


def test_end_says_why_a_schedule_can_not_be_written(schedule: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule.write_text(OPEN)
    schedule.with_name(".downtime.yml.lock").mkdir()
    message = refusal("downtime_end")
    assert message.startswith(f"{schedule.with_name('.downtime.yml.lock')} can't be written: ")
    assert schedule.read_text() == OPEN


def test_end_says_that_a_schedule_is_gone_by_now(schedule: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule.write_text(OPEN)
    opened = os.open

    def overtaken(path: str, *args: int) -> int:
        if path.endswith(".lock"):
            schedule.unlink()
        return opened(path, *args)

    monkeypatch.setattr(os, "open", overtaken)
    assert refusal("downtime_end").startswith(f"{schedule} can't be read: ")


# Waiting


@pytest.mark.parametrize(
    ("command", "arguments", "periods", "rechecks"),
    [
        ("downtime_start", [], "", 1),
        ("downtime_start", ["--no-wait"], "", 0),
        ("downtime_end", [], "", 1),
        ("downtime_end", [], OPEN, 2),
        ("downtime_end", ["--no-wait"], OPEN, 0),
        ("downtime_status", [], "", 0),
    ],
)
def test_a_command_returns_once_no_process_can_lag_behind(
    settings: pytest_django.Settings,
    slept: list[float],
    flag: Path,
    schedule: Path,
    command: str,
    arguments: list[str],
    periods: str,
    rechecks: int,
) -> None:
    settings.DOWNTIME_RECHECK = 10
    flag.touch()
    schedule.write_text(periods)
    run(command, *arguments)
    assert rechecks * 10 <= sum(slept) <= rechecks * 10 + 1


def test_nobody_waits_where_nothing_was_changed(slept: list[float]) -> None:
    run("downtime_end")
    assert slept == []


# downtime_status


def test_status_tells_that_the_site_is_up() -> None:
    assert run("downtime_status") == "The site is up.\n"


def test_status_tells_since_when_why_until_when_what_comes_and_what_is_wrong(schedule: Path, flag: Path) -> None:
    flag.write_text("message: Faster disks.\nend: soon\n")
    os.utime(flag, (1_600_000_000, 1_600_000_000))
    schedule.write_text(
        "timezone: UTC\n"
        "periods:\n"
        "  - {start: 2020-01-01, end: 2099-01-01, name: long, read_only: true, paths: [/shop, /]}\n"
        "  - {start: 2999-01-01, name: later, message: Much.}\n"
        "  - {start: 2998-01-01, duration: 1d}\n"
        "  - {start: never}\n"
    )
    assert run("downtime_status").splitlines() == [
        f"The site is down, since 2020-09-13 14:26:40 CEST, without a known end, because of flag {flag}.",
        f"  flag {flag}: since 2020-09-13 14:26:40 CEST, without a known end: Faster disks.",
        "  long: since 2020-01-01 01:00:00 CET, until 2099-01-01 01:00:00 CET, only below /shop, /, reading passes",
        "Coming:",
        "  the period on line 5: from 2998-01-01 01:00:00 CET to 2998-01-02 01:00:00 CET",
        "  later: from 2999-01-01 01:00:00 CET without a known end: Much.",
        "Problems:",
        f"  {flag}:2: end is 'soon'; it must be an ISO 8601 date or date and time, such as 2026-12-01, "
        "2026-12-01 02:00 or 2026-12-01T02:00:30+01:00",
        f"  {schedule}:6: start is 'never'; it must be an ISO 8601 date or date and time, such as 2026-12-01, "
        "2026-12-01 02:00 or 2026-12-01T02:00:30+01:00",
    ]


def test_status_prints_one_json_object(schedule: Path, flag: Path) -> None:
    schedule.write_text(
        "periods:\n"
        "  - {start: 2020-01-01, end: 2099-07-01 12:00, name: long, message: Größer, read_only: true, paths: [/a]}\n"
        "  - {start: 2999-01-01T00:00:00Z}\n"
    )
    assert status() == {
        "down": True,
        "active": [
            {
                "name": "long",
                "start": "2020-01-01T00:00:00+01:00",
                "end": "2099-07-01T12:00:00+02:00",
                "message": "Größer",
                "read_only": True,
                "paths": ["/a"],
            }
        ],
        "upcoming": [
            {
                "name": None,
                "start": "2999-01-01T01:00:00+01:00",
                "end": None,
                "message": None,
                "read_only": False,
                "paths": [],
            }
        ],
        "problems": [],
        "schedule_file": str(schedule),
        "flag_files": [str(flag)],
    }
    assert "Größer" in run("downtime_status", "--json")


def test_status_tells_when_a_flag_was_raised(flag: Path) -> None:
    # A file's time is that of the kernel's last tick, up to some milliseconds ago.
    before = (datetime.now(timezone.utc) - timedelta(seconds=0.1)).replace(microsecond=0)
    flag.touch()
    [active] = status()["active"]
    assert before <= datetime.fromisoformat(active["start"]) <= datetime.now(timezone.utc)
    assert datetime.fromisoformat(active["start"]).utcoffset() == before.astimezone(get_default_timezone()).utcoffset()


def test_status_tells_which_occurrence_of_a_repeating_period_runs_and_which_comes(schedule: Path) -> None:
    schedule.write_text(CRON)
    found = status()
    [active], [upcoming] = found["active"], found["upcoming"]
    assert active["name"] == upcoming["name"] == "often"
    assert active["end"] == upcoming["start"]


@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["text", "JSON"])
def test_status_exits_with_3_where_the_site_is_down_if_asked(flag: Path, as_json: list[str]) -> None:
    assert run("downtime_status", "--exit-code", *as_json)
    flag.touch()
    assert run("downtime_status", *as_json)
    with pytest.raises(SystemExit) as end:
        run("downtime_status", "--exit-code", *as_json)
    assert end.value.code == 3


def test_status_changes_nothing(schedule: Path, flag: Path, tmp_path: Path) -> None:
    run("downtime_status")
    assert list(tmp_path.iterdir()) == []


def test_a_problem_of_a_schedule_that_can_not_be_read_is_told(schedule: Path) -> None:
    schedule.mkdir()
    assert f"{schedule}:1: it can't be read: Is a directory" in run("downtime_status")


# All of them


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_runs_no_system_checks(command: str) -> None:
    assert load_command_class("downtime", command).requires_system_checks == []


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_shows_an_example_and_the_readme_every_option(command: str) -> None:
    parser = load_command_class("downtime", command).create_parser("manage.py", command)
    assert f"manage.py {command}" in str(parser.description)
    base = load_command_class("django.core", "check").create_parser("manage.py", "check")
    shared = {option for action in base._actions for option in action.option_strings}
    options = {option for action in parser._actions for option in action.option_strings} - shared
    readme = (ROOT / "README.rst").read_text()
    shown = re.findall(rf"python manage\.py {command}\b(.*?)\n\n", readme, re.DOTALL)
    assert shown
    assert set(re.findall(r"--[a-z-]+", "".join(shown))) == options


@pytest.fixture
def manage(tmp_path: Path, schedule: Path, flag: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command in a process of its own, where asking for a database is an error."""
    (tmp_path / "no_database").mkdir()
    (tmp_path / "no_database" / "base.py").write_text("raise RuntimeError('a database was asked for')\n")
    (tmp_path / "site_settings.py").write_text(
        "from tests.bare_settings import *\n"
        f"DOWNTIME_SCHEDULE_FILE = {str(schedule)!r}\n"
        f"DOWNTIME_FLAG_FILE = {str(flag)!r}\n"
        "DATABASES = {'default': {'ENGINE': 'no_database'}}\n"
        "DOWNTIME_TEMPLATE = 'no/such/template.html'\n"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(tmp_path))),
        "DJANGO_SETTINGS_MODULE": "site_settings",
        "VISUAL": "true",
    }

    def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "django", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)

    return manage


def test_no_command_asks_for_a_database_or_stops_at_an_error_in_the_settings(
    manage: Callable[..., subprocess.CompletedProcess[str]], schedule: Path
) -> None:
    assert "E007" in manage("check").stderr
    schedule.write_text(OPEN)
    for arguments, code in [
        (["downtime_start", "--message", "Soon."], 0),
        (["downtime_status", "--exit-code"], 3),
        (["downtime_end"], 0),
        (["downtime_status", "--exit-code"], 0),
    ]:
        ran = manage(*arguments)
        assert (ran.returncode, ran.stderr) == (code, "")
        assert ran.stdout


def test_a_refusal_is_one_line_and_exit_code_1(
    manage: Callable[..., subprocess.CompletedProcess[str]], flag: Path
) -> None:
    ran = manage("downtime_start", "--until", "yesterday")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert re.fullmatch(r"CommandError: --until is 'yesterday'; it must be .*\n", ran.stderr)
    assert not flag.exists()


def test_no_command_loads_what_requests_need(
    manage: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """They edit the files, and each process sees that by itself."""
    names = {"downtime.live", "downtime.reload.supervisor", "watchdog", "downtime.middleware"}
    assert all(map(find_spec, names))
    with (tmp_path / "site_settings.py").open("a") as settings:
        settings.write(f"import atexit, sys; atexit.register(lambda: print({names!r} & set(sys.modules)))\n")
    arguments = {
        "downtime_schedule": ["new", "--start", "+1h", "--for", "2h"],
        "downtime_cancel": ["new"],
        "downtime_link": ["--url", "https://example.com/"],
    }
    for command in sorted(COMMANDS, key="downtime_schedule".__ne__):
        ran = manage(command, *arguments.get(command, ()))
        assert (ran.returncode, "Traceback" in ran.stderr) == (0, False)
        assert ran.stdout.endswith("set()\n")


def test_status_names_a_flag_that_it_can_not_look_at(settings: pytest_django.Settings, tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    settings.DOWNTIME_FLAG_FILE = loop / "flag"
    [problem] = json.loads(run("downtime_status", "--json"))["problems"]
    assert problem.startswith(f"{loop}/flag can't be looked at: ")


def test_end_tells_of_a_damaged_schedule_only_when_every_process_has_seen_that_the_flag_went(
    flag: Path, schedule: Path
) -> None:
    flag.touch()
    schedule.write_text("periods: [{start: 2020-01-01, finish: x}]")
    with pytest.raises(CommandError, match=f"{schedule}:1: 'finish' is not a key of a period"):
        run("downtime_end")
    assert not flag.exists()


def test_end_does_not_call_a_site_up_of_which_a_flag_can_not_be_looked_at(
    settings: pytest_django.Settings, flag: Path, tmp_path: Path
) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    settings.DOWNTIME_FLAG_FILE = [flag, loop / "flag"]
    flag.touch()
    with pytest.raises(CommandError, match=r"The site may still be down:\n.*loop/flag can't be looked at"):
        run("downtime_end")
