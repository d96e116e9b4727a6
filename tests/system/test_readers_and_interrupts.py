"""Commands whose output nobody reads to its end, and commands that somebody interrupts while they wait."""

import os
import signal
import subprocess
import sys

import pytest

from tests.support.harness import Site
from tests.support.programs import ROOT

PERIODS = "periods:\n" + "".join(f"  - {{start: 2020-01-01, name: n{number}}}\n" for number in range(3_000))
COMMANDS = {
    "status": (["downtime_status", "--exit-code"], 3),
    "status in JSON": (["downtime_status", "--json"], 0),
    "check": (["downtime_check"], 0),
    "end": (["downtime_end", "--no-wait"], 0),
}


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize(("arguments", "code"), COMMANDS.values(), ids=COMMANDS)
def test_a_reader_who_leaves_changes_nothing(site: Site, arguments: list[str], code: int, unbuffered: str) -> None:
    """As `| head -1` does: the command does all that it was asked, says nothing of it, and keeps its exit code."""
    site.schedule.write_text(PERIODS)
    site.flag.touch()
    command = site.start_manage(*arguments, environment={"PYTHONUNBUFFERED": unbuffered})
    assert command.stdout is not None
    said = command.stdout.readline()
    command.stdout.close()
    assert command.wait(60) == code
    assert "Error" not in said
    if arguments[0] == "downtime_end":
        assert site.manage("downtime_status").startswith("The site is up.\n")


def test_the_errors_of_a_command_whose_reader_left_are_none(site: Site) -> None:
    site.schedule.write_text(PERIODS)
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "django", "downtime_status"]
    environment = site.environment
    ran = subprocess.run(command, cwd=ROOT, env=environment, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (ran.returncode, ran.stderr) == (0, b"")


WAITING = {
    "start": (["downtime_start", "--message", "Soon."], "Raised the flag"),
    "end": (["downtime_end"], "Lowered the flag"),
    "schedule": (["downtime_schedule", "new", "--start", "2020-01-01", "--end", "2099-01-01"], "Added to"),
    "cancel": (["downtime_cancel", "n1"], "Cancelled n1"),
}


@pytest.mark.parametrize(("arguments", "done"), WAITING.values(), ids=WAITING)
def test_ctrl_c_while_a_command_waits_ends_it_after_it_has_told_what_is_done(
    lazy_site: Site, arguments: list[str], done: str
) -> None:
    lazy_site.schedule.write_text("periods:\n  - {start: 2020-01-01, name: n1}\n")
    if arguments[0] == "downtime_end":
        lazy_site.flag.touch()
    command = lazy_site.start_manage(*arguments)
    assert command.stdout is not None
    assert command.stdout.readline().startswith(done)
    command.send_signal(signal.SIGINT)
    said, _ = command.communicate(timeout=60)
    assert command.returncode == 130
    assert said.splitlines()[-1].startswith(
        "Interrupted. What is reported above is done, and each process notices it within"
    )
    assert "Traceback" not in said
