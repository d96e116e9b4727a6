import os
import signal
import subprocess
from pathlib import Path

import pytest

from downtime.files.lock_holder import describe, holder
from tests.support.programs import posix_module

fcntl = posix_module("fcntl")


def test_the_holder_of_a_lock_is_known(file: Path) -> None:
    with file.open("rb") as opened:
        assert holder(file.stat()) == 0
        fcntl.flock(opened, fcntl.LOCK_EX)
        assert holder(file.stat()) == os.getpid()
        assert holder(file.parent.stat()) == 0
    assert holder(file.stat()) == 0


def test_where_the_system_does_not_tell_nobody_is_named(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*args: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)
    assert holder(file.stat()) == 0
    assert describe(0) == "another command"
    assert describe(4711) == "process 4711"


def test_a_process_is_called_by_its_number_and_its_command_line_without_control_characters() -> None:
    command = ["sh", "-c", "echo ready; read line  # \x1b[2J"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        told = describe(process.pid)
        assert told == f"process {process.pid} ('sh -c echo ready; read line  # \\x1b[2J')"
        assert "\x1b" not in told
        process.send_signal(signal.SIGSTOP)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert describe(process.pid) == f"process {process.pid}"
