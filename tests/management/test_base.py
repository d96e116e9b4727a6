"""What all commands share: no database, no system checks, waiting, and errors as one line."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_django
from django.core.management import call_command, load_command_class

from downtime.files import parser
from downtime.files.disk import fingerprint
from downtime.fleet.channel import Channel
from downtime.fleet.publisher import publish
from downtime.management.base import DowntimeCommand
from downtime.management.output import CommandError
from tests.support.commands import NAMED, NEW, UPGRADE, refusal, run, status, told
from tests.support.programs import ROOT
from tests.support.texts import BERLIN

COMMANDS = [path.stem for path in sorted((ROOT / "downtime/management/commands").glob("downtime_*.py"))]


@pytest.mark.parametrize(
    ("command", "arguments", "periods", "rechecks"),
    [
        ("downtime_start", [], "", 1),
        ("downtime_start", ["--no-wait"], "", 0),
        ("downtime_end", [], "", 1),
        ("downtime_end", [], UPGRADE, 2),
        ("downtime_end", ["--no-wait"], UPGRADE, 0),
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


@pytest.mark.parametrize("recheck", [1e11, -1, "1"])
def test_a_wrong_recheck_keeps_no_command_from_its_end(
    settings: pytest_django.Settings, flag: Path, slept: list[float], recheck: object
) -> None:
    settings.DOWNTIME_RECHECK = recheck
    run("downtime_start")
    run("downtime_end")
    assert slept == [1.05, 1.05]


def test_a_command_whose_output_nobody_reads_does_what_it_is_asked(flag: Path, schedule: Path) -> None:
    schedule.write_text(UPGRADE)
    flag.touch()
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as output:
        call_command("downtime_end", stdout=output)
    assert run("downtime_status").startswith("The site is up.\n")


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_command_whose_output_is_closed_from_the_start_does_what_it_is_asked(
    flag: Path, schedule: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """As by `>&-` or `2>&-`, when Python has None in its place."""
    schedule.write_text(UPGRADE)
    monkeypatch.setattr(f"sys.{name}", None)

    def call(command: str, *arguments: str) -> None:
        load_command_class("downtime", command).run_from_argv(["manage.py", command, *arguments])

    call("downtime_start", "--for", "2h", "--no-wait")  # it warns of an overlap
    call("downtime_page", "--to", "-")
    assert flag.exists()
    schedule.write_text("periods: [{start: soon}]")
    with pytest.raises(SystemExit) as end:
        call("downtime_end", "--no-wait")
    assert end.value.code == 1
    assert not flag.exists()


def test_an_output_that_can_not_be_written_is_an_error_that_says_what_was_done(flag: Path) -> None:
    """A disk that is full of logs is what takes sites down."""
    with (
        suppress(OSError),  # as it is closed
        open("/dev/full", "w", encoding="utf-8") as full,
        pytest.raises(CommandError) as error,
    ):
        call_command("downtime_start", stdout=full)
    said = "the output can't be written: No space left on device; it begins with 'Raised the flag "
    assert str(error.value).startswith(said)
    assert flag.exists()


@pytest.mark.parametrize("command", [("downtime_start",), ("downtime_schedule", "x", "--start", "now", "--for", "1h")])
def test_a_command_line_of_another_encoding_is_refused_or_written_as_well_as_it_can_be(
    command: tuple[str, ...], flag: Path, schedule: Path
) -> None:
    """What is no character can't be in a file; a path that is not understood there would take the whole site down."""
    for option, value in (("--path", "/caf\udce9"), ("--redirect", "/caf\udce9")):
        assert refusal(*command, option, value).startswith(f"{option} is '/caf\\udce9'; it must be a ")
        assert not flag.exists()
        assert not schedule.exists()
    run(*command, "--message", "caf\udce9")
    assert [active["message"] for active in status()["active"]] == ["caf?"]


def test_an_interrupt_is_a_sentence_after_what_was_done_is_told(
    settings: pytest_django.Settings,
    flag: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    settings.DOWNTIME_RECHECK = 0.5
    monkeypatch.setattr("time.sleep", interrupted)
    with pytest.raises(SystemExit) as end:
        load_command_class("downtime", "downtime_start").run_from_argv(["manage.py", "downtime_start"])
    assert end.value.code == 130
    printed = capsys.readouterr()
    assert printed.out == f"Raised the flag {flag}: the site is down.\n"
    assert printed.err == (
        "Interrupted. What is reported above is done, and each process notices it within 1 s; "
        "manage.py downtime_status shows what applies.\n"
    )


QUIET: dict[str, tuple[list[str], str]] = {
    "downtime_start": (["--for", "2h"], r"upgrade \(.*\) overlaps with the flag\.\n"),
    "downtime_end": ([], ""),
    "downtime_schedule": ([*NEW], r"upgrade \(.*\) overlaps with new\.\n"),
    "downtime_cancel": (["upgrade"], ""),
    "downtime_edit": ([], ""),
    "downtime_status": ([], ""),
    "downtime_check": ([], ""),
    "downtime_link": (["--url", "https://example.com/"], r"https://example\.com/\?downtime_bypass=\S+\n"),
    "downtime_page": (["--to", "-", "--json"], r"\{.*\}"),
    "downtime_follow": (["--once"], ""),
}
"""What each command is asked, and what it prints at -v 0."""


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_keeps_success_to_itself_if_it_is_asked_to(
    schedule: Path, flag: Path, fleet: Channel, editor: Callable[..., Path], command: str
) -> None:
    schedule.write_text(UPGRADE)
    flag.touch()
    publish(fleet, None, "anna")
    editor('echo >> "$1"')
    arguments, printed = QUIET[command]
    assert re.fullmatch(printed, run(command, *arguments, "-v", "0"))
    schedule.write_text(UPGRADE)
    assert len(run(command, *arguments)) > len(printed)


def test_a_command_that_is_to_be_quiet_tells_what_goes_wrong(schedule: Path, flag: Path) -> None:
    schedule.write_text("periods: [{start: soon}]")
    flag.touch()
    assert "start is 'soon'" in refusal("downtime_end", "-v", "0")
    assert refusal("downtime_start", "--for", "x", "-v", "0").startswith("--for is 'x'; ")
    assert refusal("downtime_cancel", "x", "-v", "0").startswith(f"{schedule} was not changed: ")
    assert told("downtime_check", "-v", "0").startswith(f"{schedule}:1: start is 'soon'; ")
    assert json.loads(run("downtime_status", "--json", "-v", "0"))["problems"] != []


LATIN_OR_LESS = {"ascii": r"Gr\u00f6\u00dfer \ud83d\udea7", "latin-1": r"Größer \ud83d\udea7", "utf-8": "Größer 🚧"}


@pytest.mark.parametrize(("encoding", "expected"), LATIN_OR_LESS.items(), ids=LATIN_OR_LESS)
def test_what_an_output_can_not_show_is_escaped(
    schedule: Path, fleet: Channel, editor: Callable[..., Path], encoding: str, expected: str
) -> None:
    """In every command, and JSON stays JSON."""
    publish(fleet, None, "anna")
    editor('echo >> "$1"')
    shown = {}
    for command, (arguments, _) in QUIET.items():
        schedule.write_text("periods:\n- {start: 2020-01-01, name: upgrade, message: Größer 🚧}\n", encoding="utf-8")
        options = {"downtime_schedule": ["--message", "Größer 🚧"], "downtime_status": ["--json"]}.get(command, [])
        output = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        call_command(command, *arguments, *options, stdout=output, stderr=io.StringIO())
        shown[command] = output.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
    assert {command for command, text in shown.items() if expected in text} == {
        *("downtime_status", "downtime_check", "downtime_schedule", "downtime_edit")
    }
    assert json.loads(shown["downtime_status"])["active"][0]["message"] == "Größer 🚧"


@pytest.mark.parametrize(
    "environment",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}],
    ids=["PYTHONIOENCODING", "LC_ALL"],
)
@pytest.mark.parametrize("command", [["downtime_check"], ["downtime_status", "--json"], ["downtime_end"]], ids=" ".join)
@pytest.mark.system
def test_a_terminal_of_another_encoding_ends_no_command(
    tmp_path: Path, schedule: Path, flag: Path, environment: dict[str, str], command: list[str]
) -> None:
    schedule.write_text("periods:\n- {start: 2020-01-01, name: größer, message: Größer 🚧}\n", encoding="utf-8")
    files = f"DOWNTIME_SCHEDULE_FILE, DOWNTIME_FLAG_FILE = {str(schedule)!r}, {str(flag)!r}\n"
    (tmp_path / "its_settings.py").write_text(f"from tests.bare_settings import *\n{files}")
    paths = {"PYTHONPATH": os.pathsep.join((str(ROOT), str(tmp_path))), "DJANGO_SETTINGS_MODULE": "its_settings"}
    ran = subprocess.run(
        [sys.executable, "-m", "django", *command],
        env={**os.environ, **paths, **environment},
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert rb"gr\u00f6\u00dfer" in ran.stdout


def test_nobody_waits_where_nothing_was_changed(slept: list[float]) -> None:
    run("downtime_end")
    assert slept == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_runs_no_system_checks(command: str) -> None:
    assert load_command_class("downtime", command).requires_system_checks == []


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_shows_an_example(command: str) -> None:
    parser = load_command_class("downtime", command).create_parser("manage.py", command)
    assert "\n\nexamples:\n  " in parser.format_help()
    assert re.search(rf"\n  .*manage\.py {command}\b", parser.format_help())


IN_ONE_PROCESS = """
import contextlib, io, json, sys
from django.core.management import execute_from_command_line

for arguments in json.loads(sys.argv[1]):
    output, errors, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            execute_from_command_line(["manage.py", *arguments])
        except SystemExit as end:
            code = end.code
    print(json.dumps([code, output.getvalue(), errors.getvalue(), sorted(sys.modules)]))
"""


class Ran(NamedTuple):
    """What came of a command line, and which modules its process has loaded by then."""

    code: int
    output: str
    errors: str
    modules: list[str]


@pytest.fixture
def manage(tmp_path: Path, schedule: Path, flag: Path) -> Callable[..., list[Ran]]:
    """Runs command lines as manage.py does, all in one other process, where asking for a database is an error."""
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

    def manage(*command_lines: list[str]) -> list[Ran]:
        command = [sys.executable, "-c", IN_ONE_PROCESS, json.dumps(command_lines)]
        process = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
        assert (process.returncode, process.stderr) == (0, "")
        return [Ran(*json.loads(line)) for line in process.stdout.splitlines()]

    return manage


def test_no_command_asks_for_a_database_or_stops_at_an_error_in_the_settings(
    manage: Callable[..., list[Ran]], schedule: Path
) -> None:
    schedule.write_text(UPGRADE)
    check, *others = manage(
        ["check"],
        ["downtime_start", "--message", "Soon."],
        ["downtime_status", "--exit-code"],
        ["downtime_end"],
        ["downtime_status", "--exit-code"],
    )
    assert "E007" in check.errors
    assert [(ran.code, ran.errors) for ran in others] == [(0, ""), (3, ""), (0, ""), (0, "")]
    assert all(ran.output for ran in others)


def test_a_refusal_is_one_line_and_exit_code_1(manage: Callable[..., list[Ran]], flag: Path) -> None:
    [ran] = manage(["downtime_start", "--until", "yesterday"])
    assert (ran.code, ran.output) == (1, "")
    assert re.fullmatch(r"CommandError: --until is 'yesterday'; it must be .*\n", ran.errors)
    assert not flag.exists()


def test_no_command_loads_what_requests_need(manage: Callable[..., list[Ran]]) -> None:
    """They edit the files, and each process sees that by itself; downtime_follow ends, as there is no fleet."""
    names = {"downtime.live", "downtime.reload.supervisor", "watchdog", "downtime.middleware"}
    assert all(map(find_spec, names))
    # To render a template, Django imports the tags of all apps, and the page's language depends on MIDDLEWARE.
    rendering = {"downtime_page": names - {"watchdog"}}
    arguments = {
        "downtime_schedule": ["new", "--start", "+1h", "--for", "2h"],
        "downtime_cancel": ["new"],
        "downtime_link": ["--url", "https://example.com/"],
        "downtime_page": ["--to", "-"],
    }
    commands = sorted(COMMANDS, key=lambda name: (name in rendering, name != "downtime_schedule"))
    results = manage(*([command, *arguments.get(command, ())] for command in commands))
    loaded = {command: names & {*ran.modules} for command, ran in zip(commands, results, strict=True)}
    assert loaded == {command: rendering.get(command, set()) for command in commands}
    assert [ran.code for ran in results] == [1 if command == "downtime_follow" else 0 for command in commands]
    # That of the log, as the template is missing.
    assert {command for command, ran in zip(commands, results, strict=True) if "Traceback" in ran.errors} == {
        *rendering
    }


@pytest.mark.parametrize("command", [("downtime_schedule", *NEW), ("downtime_cancel", "one")], ids=lambda args: args[0])
def test_a_file_with_problems_is_not_edited_and_they_are_shown(schedule: Path, command: tuple[str, ...]) -> None:
    schedule.write_text(NAMED + "  - start: soon\n" * 25)
    before = fingerprint(str(schedule))
    first, *lines = refusal(*command).splitlines()
    assert first == f"{schedule} was not changed: it already has problems; correct them first"
    assert lines[0].startswith(f"{schedule}:5: start is 'soon'; it must be")
    assert lines[20:] == ["and 5 more, which manage.py downtime_check lists"]
    assert fingerprint(str(schedule)) == before


UNREADABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no UTF-8": (lambda path: path.write_bytes(b"caf\xe9"), "was not changed: it is not UTF-8 text; save it as UTF-8"),
    "a folder": (lambda path: path.mkdir(), "can't be read: Is a directory"),
    "a pipe": (lambda path: os.mkfifo(path), "can't be read: it is not a regular file"),
}


@pytest.mark.parametrize("command", [("downtime_schedule", *NEW), ("downtime_cancel", "one")], ids=lambda args: args[0])
@pytest.mark.parametrize(("make", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_cannot_be_read_is_an_error_in_a_sentence(
    schedule: Path, command: tuple[str, ...], make: Callable[[Path], object], reason: str
) -> None:
    make(schedule)
    assert refusal(*command) == f"{schedule} {reason}"


OLD = "# top\nperiods:\n  # of one\n  - name: one\n    start: 2020-01-01  # long ago\n\n# end\n"


def test_a_state_never_looks_at_the_files_again(
    settings: pytest_django.Settings, tmp_path: Path, file_accesses: list[str]
) -> None:
    settings.DOWNTIME_FLAG_FILE = [str(tmp_path / ("x" * 300))]
    state = DowntimeCommand().state()
    file_accesses.clear()
    assert ["can't be looked at: File name too long" in problem for problem in state.problems()] == [True]
    assert state.why_not_up()[0].startswith("The state of the site is unknown: a flag can't be looked at, ")
    assert file_accesses == []


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
    run("downtime_schedule", *NEW)
    assert [os.readlink(link) for link in links] == before
    assert not target.is_symlink()
    assert "new" in [period.name for period in parser.parse(target.read_text(), BERLIN).schedule.periods]
    run("downtime_cancel", "new")
    assert target.read_text() == (OLD if kind != "dangling" else "")


def test_a_link_to_a_missing_folder_is_an_error_that_says_what_to_make(schedule: Path) -> None:
    schedule.symlink_to("none/downtime.yml")
    target = schedule.parent / "none" / "downtime.yml"
    assert (
        refusal("downtime_schedule", *NEW)
        == f"{target} can't be written: No such file or directory; make its folder first"
    )
    assert schedule.is_symlink()
