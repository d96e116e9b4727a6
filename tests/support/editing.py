"""Editors that change a schedule, and downtime_edit on a terminal of its own."""

import os
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.programs import ROOT, posix_module
from tests.support.waiting import wait_until

SOUND = "periods:\n  - name: new\n    start: 2099-01-01\n"
UNSOUND = "periods:\n  - name: new\n    start: soon\n"
OLD = "# one\r\nperiods: []\r\n"


def writes(text: str) -> str:
    return f"printf '{text}' > \"$1\"".replace("\n", "\\n").replace("\r", "\\r")


def copies(temporary: Path) -> list[Path]:
    return [path for path in temporary.rglob("*") if path.is_file()]


class Terminal:
    """The command on a terminal of its own."""

    def __init__(self, schedule: Path, flag: Path, folder: Path, settings: str = "") -> None:
        (folder / "terminal_settings.py").write_text(
            "from tests.bare_settings import *\n"
            f"DOWNTIME_SCHEDULE_FILE = {str(schedule)!r}\nDOWNTIME_FLAG_FILE = {str(flag)!r}\n{settings}"
        )
        path = os.pathsep.join((str(ROOT), str(folder)))
        pty = posix_module("pty")
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
        """Returns once the command has said that, after the part of its output that was matched before."""
        deadline = time.monotonic() + 30
        while text not in self._seen:
            ready, _, _ = select.select([self._ours], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"It does not say {text!r}: {self._seen}"
            try:
                self._seen += os.read(self._ours, 4096).decode()
            except OSError:  # how Linux reports that the other side is closed
                pytest.fail(f"It ended without saying {text!r}: {self._seen}")
        self._seen = self._seen.partition(text)[2]

    def waits(self) -> None:
        """Returns once the command is blocked, which it is when it waits for input.

        If a signal comes just before that read, Python sees it only at the next key or signal."""
        status = Path(f"/proc/{self._process.pid}/stat")
        wait_until(
            lambda: status.read_text().rpartition(")")[2].split()[0] == "S",
            within=30,
            what="the command waits for input",
        )

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def ends(self) -> int:
        return self._process.wait(30)

    def close(self) -> None:
        os.close(self._ours)
        self._process.kill()
        self._process.wait()
