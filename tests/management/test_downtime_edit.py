"""downtime_edit, with editors that are real programs, and on a real terminal."""

import os
import pty
import re
import select
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest

from tests.management.test_commands import refusal, run
from tests.support.programs import ROOT

SOUND = "periods:\n  - name: new\n    start: 2099-01-01\n"
UNSOUND = "periods:\n  - name: new\n    start: soon\n"
OLD = "# one\r\nperiods: []\r\n"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the copies are, which has to be empty where none is kept."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Sets $EDITOR to a shell script, to which the copy is $1; it can count on $LOG."""

    def editor(*lines: str, variable: str = "EDITOR") -> Path:
        program = tmp_path / f"{variable.lower()} of mine"
        program.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
        program.chmod(0o755)
        monkeypatch.setenv(variable, f"'{program}'")
        return program

    monkeypatch.delenv("VISUAL", raising=False)
    return editor


def writes(text: str) -> str:
    return f"printf '{text}' > \"$1\"".replace("\n", "\\n").replace("\r", "\\r")


def copies(temporary: Path) -> list[Path]:
    return [path for path in temporary.rglob("*") if path.is_file()]


def test_what_is_sound_is_taken_over_and_what_applies_is_told(
    schedule: Path, editor: Callable[..., Path], temporary: Path
) -> None:
    schedule.write_text(OLD)
    schedule.chmod(0o640)
    editor(writes(SOUND))
    assert run("downtime_edit").splitlines() == [
        f"Saved {schedule}.",
        "Coming:",
        "  new: from 2099-01-01 00:00:00 CET without a known end",
    ]
    assert schedule.read_text() == SOUND
    assert stat.S_IMODE(schedule.stat().st_mode) == 0o640
    assert os.listdir(temporary) == []


def test_the_editor_gets_a_copy_of_every_byte_that_nobody_else_can_read(
    schedule: Path, editor: Callable[..., Path], tmp_path: Path
) -> None:
    schedule.write_bytes(b"\xef\xbb\xbf" + OLD.encode() + b"# caf\xe9")
    editor(f'cp "$1" \'{tmp_path}/seen\'; stat -c \'%n %a\' "$1" "$(dirname "$1")" > \'{tmp_path}/modes\'')
    assert run("downtime_edit") == f"{schedule} was not changed.\n"
    assert (tmp_path / "seen").read_bytes() == schedule.read_bytes()
    copy, folder = (tmp_path / "modes").read_text().splitlines()
    assert re.search(r"/downtime\.yml \d+$", copy)
    assert folder.endswith(" 700")


def test_the_editor_of_the_screen_comes_first(schedule: Path, editor: Callable[..., Path]) -> None:
    editor("exit 3")
    editor(writes(SOUND), variable="VISUAL")
    run("downtime_edit")
    assert schedule.read_text() == SOUND


def test_without_a_name_the_editor_is_vi(
    schedule: Path, editor: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor(writes(SOUND)).rename(tmp_path / "vi")
    monkeypatch.delenv("EDITOR")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    run("downtime_edit")
    assert schedule.read_text() == SOUND


def test_a_missing_schedule_begins_with_a_comment_and_is_made(schedule: Path, editor: Callable[..., Path]) -> None:
    editor("true")
    assert run("downtime_edit") == f"{schedule} was not changed.\n"
    assert not schedule.exists()
    editor("echo 'periods: [{start: 2099-01-01}]' >> \"$1\"")
    run("downtime_edit")
    assert re.fullmatch(r"# .*\nperiods: .*\n", schedule.read_text())


def test_what_the_editor_leaves_beside_the_copy_goes_with_it(
    schedule: Path, editor: Callable[..., Path], temporary: Path
) -> None:
    editor('touch "$1~"', f"printf '{SOUND}' > \"$1.new\"".replace("\n", "\\n"), 'mv "$1.new" "$1"')
    run("downtime_edit")
    assert schedule.read_text() == SOUND
    assert os.listdir(temporary) == []


def test_a_file_with_problems_can_be_mended(schedule: Path, editor: Callable[..., Path]) -> None:
    schedule.write_text(UNSOUND)
    editor('sed -i s/soon/2099-01-01/ "$1"')
    run("downtime_edit")
    assert schedule.read_text() == SOUND


def test_without_a_terminal_what_is_unsound_is_refused_and_kept(
    schedule: Path, editor: Callable[..., Path], temporary: Path
) -> None:
    schedule.write_text(OLD)
    editor(writes(UNSOUND))
    told = refusal("downtime_edit")
    [copy] = copies(temporary)
    first, problem, last = told.splitlines()
    assert first == "The text has problems:"
    assert problem.startswith(f"{copy}:3: start is 'soon'; it must be an ISO 8601 date")
    assert last == f"{schedule} was left alone; what you wrote is kept in {copy}"
    assert copy.read_text() == UNSOUND
    assert schedule.read_text() == OLD.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("meanwhile", "left"),
    [
        ("echo '# theirs' >> '{}'", OLD + "# theirs\n"),
        ("rm '{}'", None),
        ("printf 'periods:' > '{}.x'; mv '{}.x' '{}'", "periods:"),
    ],
    ids=["changed", "removed", "replaced"],
)
def test_a_file_that_somebody_else_changed_meanwhile_is_left_to_them(
    schedule: Path, editor: Callable[..., Path], temporary: Path, meanwhile: str, left: str | None
) -> None:
    schedule.write_bytes(OLD.encode())
    editor(meanwhile.replace("{}", str(schedule)), writes(SOUND))
    told = refusal("downtime_edit")
    [copy] = copies(temporary)
    assert told == (
        f"{schedule} was changed by somebody else meanwhile, and is left as they made it; "
        f"what you wrote is kept in {copy}"
    )
    assert copy.read_text() == SOUND
    assert (schedule.read_bytes().decode() if schedule.exists() else None) == left


def test_a_file_that_somebody_else_made_meanwhile_is_left_to_them(schedule: Path, editor: Callable[..., Path]) -> None:
    editor(f"printf 'periods:' > '{schedule}'", writes(SOUND))
    assert "was changed by somebody else meanwhile" in refusal("downtime_edit")
    assert schedule.read_text() == "periods:"


FAILING = {
    "ends with an error": ("exit 3", "the editor {!r} ended with 3, so that nothing was taken over"),
    "removes the copy": ('rm "$1"', "No such file or directory: '{1}'; what the editor left is in"),
    "makes a folder of it": ('rm "$1"; mkdir "$1"', "Is a directory: '{1}'; what the editor left is in"),
}


@pytest.mark.parametrize(("line", "reason"), FAILING.values(), ids=FAILING)
def test_an_editor_that_fails_changes_nothing(
    schedule: Path, editor: Callable[..., Path], temporary: Path, line: str, reason: str
) -> None:
    schedule.write_bytes(OLD.encode())
    program = editor(line)
    told = refusal("downtime_edit")
    copy = next((folder / "downtime.yml" for folder in temporary.iterdir()), None)
    assert reason.format(f"'{program}'", copy) in told
    assert schedule.read_bytes() == OLD.encode()


def test_what_an_editor_wrote_before_it_failed_is_kept(
    schedule: Path, editor: Callable[..., Path], temporary: Path
) -> None:
    editor(writes(SOUND), "exit 1")
    assert refusal("downtime_edit").endswith(f"; what you wrote is kept in {copies(temporary)[0]}")


@pytest.mark.parametrize(
    ("name", "reason"),
    [("no-such-editor", "No such file or directory"), ("vi '", "No closing quotation"), ("/", "Permission denied")],
)
def test_an_editor_that_cannot_be_run_is_an_error_that_says_what_to_set(
    schedule: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    monkeypatch.setenv("VISUAL", name)
    assert refusal("downtime_edit") == f"the editor {name!r} can't be run: {reason}; name another one in VISUAL"
    assert not schedule.exists()
    assert os.listdir(temporary) == []


def test_a_schedule_that_cannot_be_read_is_not_edited(schedule: Path, editor: Callable[..., Path]) -> None:
    schedule.mkdir()
    editor("false")
    assert refusal("downtime_edit") == f"{schedule} can't be read: Is a directory"


def test_what_cannot_be_written_is_kept(schedule: Path, editor: Callable[..., Path], temporary: Path) -> None:
    schedule.symlink_to("none/downtime.yml")
    editor(writes(SOUND))
    told = refusal("downtime_edit")
    target = schedule.parent / "none" / "downtime.yml"
    assert told == (
        f"{target} can't be written: No such file or directory; make its folder first; "
        f"what you wrote is kept in {copies(temporary)[0]}"
    )


# On a terminal


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], int]]:
    """Types on the terminal that is the standard input."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        yield lambda text: os.write(ours, text.encode())
    os.close(ours)


def test_the_text_is_edited_until_it_is_sound(
    schedule: Path, editor: Callable[..., Path], types: Callable[[str], int]
) -> None:
    editor(f'if grep -q soon "$1"; then {writes(SOUND)}; else {writes(UNSOUND)}; fi')
    types("no\nE\n")
    assert re.search(r"(Edit again, or give up\? \[e/g\] ){2}Saved ", run("downtime_edit"))
    assert schedule.read_text() == SOUND


@pytest.mark.parametrize("typed", ["g\n", "Give up\n", "\x04"])
def test_giving_up_leaves_the_schedule_alone(
    schedule: Path, editor: Callable[..., Path], temporary: Path, types: Callable[[str], int], typed: str
) -> None:
    editor(writes(UNSOUND))
    types(typed)
    assert refusal("downtime_edit") == (
        f"given up; {schedule} was left alone; what you wrote is kept in {copies(temporary)[0]}"
    )
    assert not schedule.exists()


class Interrupted(StringIO):
    """A terminal on which Ctrl-C is typed."""

    def isatty(self) -> bool:
        return True

    def readline(self, size: int | None = -1) -> str:
        raise KeyboardInterrupt


def test_an_interrupt_at_the_question_is_giving_up(
    schedule: Path, editor: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Interrupted())
    editor(writes(UNSOUND))
    assert refusal("downtime_edit").startswith("given up; ")


class Terminal:
    """The command on a terminal of its own."""

    def __init__(self, schedule: Path, flag: Path, folder: Path) -> None:
        (folder / "terminal_settings.py").write_text(
            "from tests.bare_settings import *\n"
            f"DOWNTIME_SCHEDULE_FILE = {str(schedule)!r}\nDOWNTIME_FLAG_FILE = {str(flag)!r}\n"
        )
        path = os.pathsep.join((str(ROOT), str(folder)))
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            ["setsid", "--ctty", sys.executable, "-m", "django", "downtime_edit"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": "terminal_settings"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        self._seen = ""

    def says(self, text: str) -> None:
        """Returns when the command has said that, after all that it was seen to say before."""
        deadline = time.monotonic() + 30
        while text not in self._seen:
            ready, _, _ = select.select([self._ours], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"It does not say {text!r}: {self._seen}"
            try:
                self._seen += os.read(self._ours, 4096).decode()
            except OSError:  # as Linux says that the other side has been closed
                pytest.fail(f"It ended without saying {text!r}: {self._seen}")
        self._seen = self._seen.partition(text)[2]

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def ends(self) -> int:
        return self._process.wait(30)

    def close(self) -> None:
        os.close(self._ours)
        self._process.kill()
        self._process.wait()


@pytest.fixture
def terminal(schedule: Path, flag: Path, tmp_path: Path) -> Iterator[Callable[[], Terminal]]:
    opened: list[Terminal] = []

    def terminal() -> Terminal:
        opened.append(Terminal(schedule, flag, tmp_path))
        return opened[0]

    yield terminal
    for one in opened:
        one.close()


def test_on_a_terminal_the_problems_are_shown_and_the_text_can_be_edited_again(
    schedule: Path, editor: Callable[..., Path], tmp_path: Path, terminal: Callable[[], Terminal]
) -> None:
    schedule.write_text(OLD)
    editor(
        f"if [ -e '{tmp_path}/again' ]; then sed -i s/soon/2099-01-01/ \"$1\"; else {writes(UNSOUND)}; fi",
        f"touch '{tmp_path}/again'",
    )
    shown = terminal()
    shown.says("/downtime.yml:3: start is 'soon'; it must be")
    shown.says("Edit again, or give up? [e/g] ")
    shown.type("what?\n")
    shown.says("Edit again, or give up? [e/g] ")
    assert schedule.read_bytes() == OLD.encode()
    shown.type("e\n")
    shown.says(f"Saved {schedule}.")
    assert shown.ends() == 0
    assert schedule.read_text() == SOUND


@pytest.mark.parametrize("typed", ["g\n", "\x04", "\x03"], ids=["g", "end of input", "Ctrl-C"])
def test_on_a_terminal_one_can_give_up_and_what_was_written_is_kept(
    schedule: Path, editor: Callable[..., Path], temporary: Path, terminal: Callable[[], Terminal], typed: str
) -> None:
    schedule.write_text(OLD)
    editor(writes(UNSOUND))
    shown = terminal()
    shown.says("[e/g] ")
    shown.type(typed)
    shown.says(f"given up; {schedule} was left alone; what you wrote is kept in ")
    assert shown.ends() == 1
    assert schedule.read_bytes() == OLD.encode()
    assert [copy.read_text() for copy in copies(temporary)] == [UNSOUND]


def test_an_interrupt_in_the_editor_is_the_editor_s_alone(
    schedule: Path, editor: Callable[..., Path], terminal: Callable[[], Terminal]
) -> None:
    """In an editor, Ctrl-C is a key like any other."""
    editor("trap 'echo interrupted; trap - INT' INT", "echo ready", "while ! read line; do true; done", writes(SOUND))
    shown = terminal()
    shown.says("ready")
    shown.type("\x03")
    shown.says("interrupted")
    shown.type("go on\n")
    shown.says(f"Saved {schedule}.")
    assert shown.ends() == 0
