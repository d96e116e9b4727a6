import os
import signal
import subprocess
import sys

import pytest

from downtime.standin.process_end import ProcessEnd

ALONE = """
import atexit
from downtime.standin.process_end import ProcessEnd
atexit.register(print, "cleaned up", flush=True)
ProcessEnd()()
"""
FORKED = """
import atexit, os, signal, sys, time
from downtime.standin.process_end import ProcessEnd
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
end = ProcessEnd()
if os.fork() == 0:
    time.sleep(0.2)  # in the parent, no signal may come within what Python does after a fork
    end()
time.sleep(30)
"""
UNASKED = """
import os, signal, sys, time
from downtime.standin.process_end import ProcessEnd
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
ProcessEnd()
if os.fork() == 0:
    sys.exit(0)
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(30)
"""


def test_a_child_ends_its_parent_too_which_has_the_same_exit_code(
    monkeypatch: pytest.MonkeyPatch, ended: list[int]
) -> None:
    """As it is for either of them, in one process."""
    signals = []
    monkeypatch.setattr(os, "kill", lambda *given: signals.append(given))
    end = ProcessEnd()
    end._exit()
    assert ended == [], "nobody has asked for it"
    end()
    assert (ended, signals) == ([1], [])
    monkeypatch.setattr(os, "getppid", os.getpid)
    end()
    assert (ended, signals) == ([1, 1], [(os.getpid(), signal.SIGTERM)])
    end._exit()
    assert ended == [1, 1, 1]
    end._was_asked[0] = 0


def test_a_child_that_may_send_no_signal_to_its_parent_ends_it_by_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, ended: list[int]
) -> None:
    """The master of gunicorn, which is root's under `--user`, ends if a worker ends with 3."""

    def refuse(*given: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    end = ProcessEnd()
    monkeypatch.setattr(os, "kill", refuse)
    monkeypatch.setattr(os, "getppid", os.getpid)
    end()
    assert ended == [3]
    end._was_asked[0] = 0


@pytest.mark.parametrize(
    ("program", "code"),
    [(ALONE, 1), (FORKED, 1), (UNASKED, 0)],
    ids=["the process itself", "the parent of a child that asks", "a parent that is stopped"],
)
def test_a_spoiled_process_ends_with_an_exit_code_after_which_it_is_started_again(program: str, code: int) -> None:
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (code, "")
