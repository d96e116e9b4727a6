"""python -m downtime, in this process and, where that matters, in one of its own."""

import io
import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import downtime
from tests.support.nasty_texts import NASTY, is_harmless
from tests.support.programs import ROOT
from tests.support.readme import block

SOUND = "periods: [{start: 2026-12-01 02:00, name: a}]\n"
UNSOUND = "periods:\n- start: soon\n- {start: 2026-12-01, end: 2026-11-01}\n"
TOLD = ["start is 'soon'; it must be an ISO 8601 date", "end is '2026-11-01'; it must be a time after the start"]


class Ran(NamedTuple):
    """How a run ended, and what it printed."""

    code: object
    out: str
    err: str


class Program:
    """`python -m downtime` in this process, in a folder of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str, given: bytes | io.BytesIO = b"") -> Ran:
        self._monkeypatch.setattr(sys, "argv", ["-m", *arguments])
        self._monkeypatch.setattr(
            sys, "stdin", io.TextIOWrapper(given if isinstance(given, io.BytesIO) else io.BytesIO(given))
        )
        with pytest.raises(SystemExit) as caught:
            runpy.run_module("downtime", run_name="__main__")
        return Ran(caught.value.code, *self._capsys.readouterr())


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    monkeypatch.chdir(tmp_path)
    Path("sound.yml").write_text(SOUND)
    Path("unsound.yml").write_text(UNSOUND)
    return Program(monkeypatch, capsys)


def test_several_schedules_are_checked_as_the_guide_says(program: Program) -> None:
    command = block("staging/downtime.yml").text.split()
    assert command[:3] == ["python", "-m", "downtime"]
    for name in command[4:]:
        Path(name).parent.mkdir()
        Path(name).write_text(SOUND)
    assert program(*command[3:]) == (
        0,
        "".join(f"{name} has no problem; it has 1 period.\n" for name in command[4:]),
        "",
    )


def test_each_problem_is_told_with_its_place(program: Program) -> None:
    code, out, err = program("check", "unsound.yml")
    assert (code, err) == (1, "")
    assert [line[: len(told) + 15] for line, told in zip(out.splitlines(), TOLD, strict=True)] == [
        f"unsound.yml:2: {TOLD[0]}",
        f"unsound.yml:3: {TOLD[1]}",
    ]


def test_a_sound_schedule_is_told_with_its_periods_unless_nothing_is_to_be_said(program: Program) -> None:
    assert program("check", "sound.yml") == (0, "sound.yml has no problem; it has 1 period.\n", "")
    for quiet in ("-q", "--quiet"):
        assert program("check", quiet, "sound.yml") == program("check", "sound.yml", quiet) == (0, "", "")


def test_of_several_files_each_is_told_and_one_with_a_problem_is_enough_to_fail(program: Program) -> None:
    Path("empty.yml").touch()
    code, out, _ = program("check", "none.yml", "sound.yml", "unsound.yml", "empty.yml")
    assert code == 1
    assert [line.partition(" ")[0] for line in out.splitlines()] == [
        *("none.yml", "sound.yml", "unsound.yml:2:", "unsound.yml:3:", "empty.yml")
    ]
    assert len(program("check", "none.yml", "-q", "sound.yml", "unsound.yml").out.splitlines()) == 3
    assert program("check", "sound.yml", "empty.yml").code == 0


def test_a_hyphen_is_the_standard_input(program: Program) -> None:
    assert program("check", "-", given=SOUND.encode()) == (0, "<stdin> has no problem; it has 1 period.\n", "")
    code, out, _ = program("check", "-q", "-", given=b"periods:\n- \xff")
    assert (code, out) == (1, "<stdin>:2: it is not UTF-8 text; save it as UTF-8\n")


@pytest.mark.parametrize("name", ["none.yml", ""])
def test_a_file_that_is_not_there_is_told_in_a_sentence(program: Program, name: str) -> None:
    told = f"{name or 'a file without a name'} does not exist; check the name\n"
    assert program("check", "-q", name) == (1, told, "")
    assert program("check", "--format", "github", name) == (1, f"::error::{told}", "")


def test_a_file_that_can_not_be_read_is_told(program: Program) -> None:
    Path("folder").mkdir()
    assert program("check", "folder") == (1, "folder:1: it can't be read: Is a directory\n", "")


def test_github_gets_an_annotation_of_each_problem(program: Program) -> None:
    folder = Path("a,b: 100%")
    folder.mkdir()
    folder.joinpath("downtime.yml").write_text("periods: [{start: '50%'}]\n")
    code, out, _ = program("check", "--format=github", f"{folder}/downtime.yml", "sound.yml")
    assert code == 1
    first, second = out.splitlines()
    assert first.startswith(
        "::error file=a%2Cb%3A 100%25/downtime.yml,line=1::start is '50%25'; it must be an ISO 8601"
    )
    assert second == "sound.yml has no problem; it has 1 period."


@pytest.mark.parametrize("text", [text for text, _ in NASTY.values()], ids=NASTY)
def test_whatever_a_file_holds_and_is_called_no_terminal_and_no_ci_obeys(program: Program, text: str) -> None:
    name = f"{text}.yml"
    Path(name).write_bytes(f"{text}: [".encode("utf-8", "surrogateescape"))
    for choice in ("text", "github"):
        code, out, _ = program("check", f"--format={choice}", name)
        [line] = out.removesuffix("\n").split("\n")
        assert is_harmless(line.removeprefix("::error file=" if choice == "github" else ""))
        assert code == 1
    Path(name).write_text("")
    assert is_harmless(program("check", name).out.removesuffix("\n"))
    assert is_harmless(program(text).err.splitlines()[-1])


USAGE = {
    "nothing": ([], "say what to do: python -m downtime check FILE"),
    "another word": (["downtime_status"], "'downtime_status' is no command of python -m downtime; write python -m"),
    "a file alone": (
        ["downtime.yml"],
        "'downtime.yml' is no command of python -m downtime; write python -m downtime ch",
    ),
    "no file": (["check", "-q"], "name a file, or - for the standard input: python -m downtime check downtime.yml"),
    "another format": (["check", "--format", "xml", "a"], "argument --format: invalid choice: 'xml'"),
    "another option": (["check", "--fix", "a"], "unrecognized arguments: --fix"),
}


@pytest.mark.parametrize(("arguments", "told"), USAGE.values(), ids=USAGE)
def test_a_command_line_that_makes_no_sense_is_answered_by_what_to_write(
    program: Program, arguments: list[str], told: str
) -> None:
    code, out, err = program(*arguments)
    assert (code, out) == (2, "")
    usage, error = err.splitlines()
    assert usage == "usage: python -m downtime check [-q] [--format {text,github}] FILE [FILE ...]"
    assert error.startswith(f"python -m downtime: error: {told}")


def test_importing_it_checks_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert callable(runpy.run_path(str(ROOT / "downtime" / "__main__.py"))["main"])
    assert capsys.readouterr() == ("", "")


def test_the_version_is_told(program: Program) -> None:
    assert program("--version") == (0, f"{downtime.__version__}\n", "")


def test_the_help_names_the_zone_the_codes_and_examples(program: Program) -> None:
    code, out, _ = program("check", "--help")
    assert code == 0
    for told in ("count as UTC", "Exit code: 0", "git show :downtime.yml | python -m downtime check -"):
        assert told in out
    assert max(map(len, out.splitlines())) <= 100


def test_the_examples_of_the_help_are_command_lines_that_it_takes(program: Program) -> None:
    text = program("--help").out
    examples = [line.partition("python -m downtime ")[2].split() for line in text.splitlines() if "  python" in line]
    assert len(examples) == 3
    for arguments in examples:
        for path in map(Path, arguments[1:]):
            if path.suffix == ".yml":
                path.parent.mkdir(exist_ok=True)
                path.write_text(SOUND)
        assert program(*arguments).code == 0


class Interrupted(io.BytesIO):
    """An input at which somebody presses Ctrl-C."""

    def read(self, size: int | None = -1, /) -> bytes:
        signal.raise_signal(signal.SIGINT)
        return b""


def test_whoever_interrupts_it_gets_no_traceback(program: Program) -> None:
    assert program("check", "-", given=Interrupted()) == (130, "", "")


def test_an_output_that_is_closed_or_can_not_show_all_is_no_failure(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("ü.yml").write_text(SOUND)
    with open("told.txt", "w", encoding="ascii") as told:
        monkeypatch.setattr(sys, "stdout", told)
        assert program("check", "ü.yml").code == 0
    assert Path("told.txt").read_bytes() == b"\\xfc.yml has no problem; it has 1 period.\n"
    monkeypatch.setattr(sys, "stdout", None)
    assert program("check", "ü.yml").code == 0


def test_an_output_that_nobody_reads_is_no_failure_and_a_full_disk_is_one(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        assert program("check", "sound.yml") == (0, "", "")
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert program("check", "sound.yml") == (1, "", "the output can't be written: No space left on device\n")


WITHOUT = """
import runpy, sys
sys.modules.update(dict.fromkeys({missing!r}))
sys.argv[1:] = {arguments!r}
runpy.run_module("downtime", run_name="__main__")
"""


def run_without(missing: list[str], *arguments: str) -> Ran:
    """A run in a process that finds none of these modules, and has no settings."""
    code = WITHOUT.format(missing=missing, arguments=list(arguments))
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return Ran(ran.returncode, ran.stdout, ran.stderr)


@pytest.mark.usefixtures("program")
def test_it_needs_neither_django_nor_watchdog() -> None:
    told = "sound.yml has no problem; it has 1 period.\n"
    assert run_without(["django", "watchdog"], "check", "sound.yml") == (0, told, "")


@pytest.mark.usefixtures("program")
def test_without_cronsim_a_repeating_period_is_told_with_what_to_install() -> None:
    Path("cron.yml").write_text("periods: [{cron: 30 3 * * SUN, duration: 45m}]\n")
    code, out, err = run_without(["cronsim"], "check", "cron.yml")
    needed = "it needs the package cronsim; run pip install 'django-downtime[cron]', and restart the site"
    assert (code, out, err) == (1, f"cron.yml:1: cron is '30 3 * * SUN'; {needed}\n", "")
