"""The sample site runs, and its schedule shows what there is."""

import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from email.message import Message
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from downtime.parsing import Parsed, parse
from downtime.reading import KEYS
from tests.servers.harness import free_port, wait_until
from tests.servers.programs import ROOT

SCHEDULE = (ROOT / "sample_config" / "downtime.yml").read_text()
# The commented periods, and the comments that stand behind a line, as they would be without their mark.
UNCOMMENTED = re.sub(r"^(  )# (- name|  [a-z_]+:)", r"\1\2", SCHEDULE, flags=re.MULTILINE)


def parsed(text: str) -> Parsed:
    return parse(text, ZoneInfo("Europe/Berlin"))


def test_the_schedule_has_no_problem_and_takes_nothing_down() -> None:
    found = parsed(SCHEDULE)
    assert found.problems == ()
    assert len(found.schedule.periods) > 3
    now = datetime.now(timezone.utc)
    assert found.schedule.at(now).active == ()
    assert found.schedule.upcoming(now) == []


def test_what_is_commented_out_has_no_problem_either() -> None:
    found = parsed(UNCOMMENTED)
    assert found.problems == ()
    assert len(found.schedule.periods) == len(parsed(SCHEDULE).schedule.periods) + 1


@pytest.mark.parametrize("key", ["periods", *KEYS])
def test_the_schedule_shows_every_key(key: str) -> None:
    assert re.search(rf"^(?:  (?:- |  ))?{key}:", UNCOMMENTED, re.MULTILINE)


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A copy of the sample site, so that nothing is left in the checkout."""
    sample = tmp_path / "checkout" / "sample_config"
    ignored = shutil.ignore_patterns("*.flag", ".*", "__pycache__")
    shutil.copytree(ROOT / "sample_config", sample, ignore=ignored)
    (sample.parent / "downtime").symlink_to(ROOT / "downtime")
    return sample


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", "PYTHONPATH")}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1"}


def manage(sample: Path, *arguments: str) -> str:
    command = [sys.executable, str(sample / "manage.py"), *arguments]
    ran = subprocess.run(command, cwd=sample.parent, env=environment(), capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_checks_find_nothing(sample: Path) -> None:
    assert "no issues (0 silenced)" in manage(sample, "check", "--fail-level", "DEBUG")


@contextmanager
def served(sample: Path) -> Iterator[str]:
    """The URL at which `runserver` serves the site, as README.rst starts it."""
    port = free_port()
    command = [sys.executable, str(sample / "manage.py"), "runserver", str(port)]
    log = sample.parent / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=sample.parent,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield f"http://127.0.0.1:{port}/"
        assert "Traceback" not in log.read_text()
    finally:
        # The group is the server and the child that its reloader has started.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=10)


def answer(url: str, accept: str = "text/html") -> tuple[int, Message, str]:
    request = urllib.request.Request(url, headers={"Accept": accept})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.headers, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode()
    except OSError:
        return 0, Message(), ""


def test_the_site_goes_down_and_comes_back_as_the_readme_says(sample: Path) -> None:
    flag = sample / "downtime.flag"
    with served(sample) as url:
        wait_until(lambda: answer(url)[0] == 200, within=20, what="the site answers")
        flag.touch()
        wait_until(lambda: answer(url)[0] == 503, within=3, what="the site is down")
        status, headers, page = answer(url)
        assert (status, headers["X-Downtime"]) == (503, "planned")
        assert "Down for maintenance" in page
        assert answer(url, "application/json")[1].get_content_type() == "application/problem+json"
        flag.unlink()
        wait_until(lambda: answer(url)[0] == 200, within=3, what="the site is back")
        manage(sample, "downtime_start", "--message", "Back at four.")
        assert "Back at four." in answer(url)[2]
        manage(sample, "downtime_end")
        assert answer(url)[0] == 200


def test_the_first_period_can_be_tried_out_as_its_comment_says(sample: Path) -> None:
    schedule = sample / "downtime.yml"
    schedule.write_text(SCHEDULE.replace("enabled: false", "enabled: true", 1))
    assert "try-me" in manage(sample, "downtime_status")
    assert "The site is down." in manage(sample, "downtime_status")


def test_the_deploy_script_is_a_shell_script() -> None:
    script = ROOT / "sample_config" / "deploy.sh"
    assert os.access(script, os.X_OK)
    subprocess.run(["sh", "-n", str(script)], check=True)
